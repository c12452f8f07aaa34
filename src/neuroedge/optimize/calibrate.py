"""The largest sums and potentials that a network meets on samples: what its bits must hold."""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ..network.connectivity import Connectivity
from ..network.graph import Network, Projection
from ..network.neurons import LI
from ..plan.recording import Recording
from ..simulator import Simulator
from .answers import Samples

__all__ = ["Largest", "largest"]

# what was seen of a reader's potential, and room for what was not
MARGIN = 1.25


class Largest(NamedTuple):
    """By population: |sum of weights| in a tick, mV [n]; of readers |potential − rest|, mV [n], with some room."""

    arrivals: Dict[str, np.ndarray]
    potentials: Dict[str, np.ndarray]


class _Rows:
    """A projection's synapses, ready to be summed by tick and target."""

    def __init__(self, projection: Projection, dt: float) -> None:
        c: Connectivity = projection.connectivity
        self.pre, self.post, self.indptr = projection.pre.name, projection.post.name, c.indptr
        self.weight, self.target = c.weight.astype(np.float64), c.targets().astype(np.int64)
        delay = 0.0 if c.delay is None else np.asarray(c.delay, float)
        self.delay = np.broadcast_to(np.maximum(1, np.rint(delay / dt)).astype(np.int64), self.target.shape)

    def add(self, sums: np.ndarray, ticks: np.ndarray, neurons: np.ndarray) -> None:
        """Add what spikes bring to sums [ticks, n]; what comes later is left out."""
        begin, count = self.indptr[neurons], self.indptr[neurons + 1] - self.indptr[neurons]
        ends = np.cumsum(count)
        which = np.repeat(begin - (ends - count), count) + np.arange(int(ends[-1]) if len(ends) else 0)
        when = np.repeat(ticks, count) + self.delay[which]
        here = when < len(sums)
        at = when[here] * sums.shape[1] + self.target[which[here]]
        sums += np.bincount(at, self.weight[which[here]], sums.size).reshape(sums.shape)


def largest(owner: str, network: Network, inputs: object, duration: int, dt: float) -> Largest:
    """Run samples [n, features] through the network in float32 and see how large sums and potentials get."""
    samples, rows = Samples(owner, network, inputs, duration, dt), _rows(network, dt)
    sizes = {name: p.size for name, p in network.populations.items() if not p.model.source}
    readers = [name for name in sizes if isinstance(network.populations[name].model, LI)]
    found = Largest({n: np.zeros(sizes[n]) for n in sizes}, {n: np.zeros(sizes[n]) for n in readers})
    simulator = Simulator(network, dt, precision="float32")
    for k in range(len(samples)):
        recording = samples.run(simulator, k, ("spikes", "potentials"), None)
        for name, seen in found.arrivals.items():
            np.maximum(seen, _sums(recording, rows, name, sizes[name], samples.ticks, dt), out=seen)
        for name, seen in found.potentials.items():
            model = network.populations[name].model
            above = np.abs(recording.potentials[name] - getattr(model, "v_rest", 0.0))
            np.maximum(seen, MARGIN * above.max(axis=0), out=seen)
    return found


def _rows(network: Network, dt: float) -> List[_Rows]:
    return [_Rows(projection, dt) for projection in network.projections.values()]


def _sums(recording: Recording, rows: List[_Rows], name: str, n: int, ticks: int, dt: float) -> np.ndarray:
    """The largest |sum| at each neuron of a population in one run."""
    sums = np.zeros((ticks, n))
    for row in rows:
        if row.post == name:
            row.add(sums, *_spikes(recording, row.pre, dt))
    return np.abs(sums).max(axis=0)


def _spikes(recording: Recording, name: str, dt: float) -> Tuple[np.ndarray, np.ndarray]:
    train = recording.spikes[name]
    return np.rint(train.times / dt).astype(np.int64) - 1, train.neurons.astype(np.int64)
