"""What a network answers to samples: the one place where samples become spikes and outputs become labels."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ..encoding.rate import regular_spikes, unit_values
from ..errors import ParameterError
from ..events import SpikeTrain
from ..learning.answers import classes_of
from ..learning.layout import Layout, layout_of
from ..network.graph import Network
from ..plan.recording import Recording
from ..simulator import Simulator

__all__ = ["Answers", "Samples", "answers"]


class Answers(NamedTuple):
    """labels: int64 [samples]. rates: {population: Hz of each neuron, mean over samples}. spikes: of neurons, without
    sources, in all. simulator: that ran them."""

    labels: np.ndarray
    rates: Dict[str, np.ndarray]
    spikes: int
    simulator: Simulator


class Samples:
    """Samples [n, features] of 0 … 1 as regular spikes for the inputs of a network, in order of their adding."""

    def __init__(self, owner: str, network: Network, inputs: object, duration: int, dt: float) -> None:
        self.layout: Layout = layout_of(network, dt)
        self.dt, self.duration = dt, duration
        self.ticks = duration + self.layout.travel
        sizes = [network.populations[name].size for name in self.layout.inputs]
        self._ends = np.cumsum([0, *sizes]).tolist()
        self.values = unit_values(owner, inputs, (-1, self._ends[-1]))
        if not len(self.values):
            raise ParameterError(f"{owner}: inputs must hold at least one sample (got none)")

    def __len__(self) -> int:
        return len(self.values)

    def spikes(self, k: int) -> Dict[str, Tuple[np.ndarray, np.ndarray]]:
        """{input: (ticks, neurons)} of sample k."""
        ticks, neurons = regular_spikes(self.values[k], self.duration)
        found = {}
        for name, first, end in zip(self.layout.inputs, self._ends[:-1], self._ends[1:]):
            mine = (neurons >= first) & (neurons < end)
            found[name] = ticks[mine], neurons[mine] - np.uint32(first)
        return found

    def run(self, simulator: Simulator, k: int, record: Tuple[str, ...], record_from: Optional[List[str]]) -> Recording:
        """Sample k from the start, until its last spikes have reached the output."""
        given = {name: SpikeTrain(who, (when + 1) * self.dt) for name, (when, who) in self.spikes(k).items()}
        simulator.reset()
        return simulator.run(self.ticks * self.dt, given, record=record, record_from=record_from)


def answers(samples: Samples, simulator: Simulator) -> Answers:
    """Labels that a network gives, and how it fires.

    A reader (`li`) answers with its highest mean potential, the lowest index of several; spiking neurons with the most
    spikes, of several that with the highest potential at the end.
    """
    output, plan = samples.layout.output, simulator.plan
    spiking = plan.models[plan.where(output)].spiking
    labels, totals = np.zeros(len(samples), np.int64), {name: np.zeros(plan.size(name)) for name in plan.names}
    for k in range(len(samples)):
        recording = samples.run(simulator, k, ("potentials",), [output])
        potentials = recording.potentials[output]
        score = recording.counts[output] if spiking else potentials.sum(axis=0)
        labels[k] = classes_of(score[None], potentials[-1:], spiking)[0]
        for name, total in totals.items():
            total += recording.counts[name]
    seconds = len(samples) * samples.ticks * samples.dt / 1000.0
    neurons = [name for name, model in zip(plan.names, plan.models) if not model.source]
    spikes = int(sum(totals[name].sum() for name in neurons))
    return Answers(labels, {name: total / seconds for name, total in totals.items()}, spikes, simulator)
