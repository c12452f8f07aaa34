"""The tutorial's `engine`: the same networks and engines, by groups rather than layers."""

from enum import Enum
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, NotReadyError, ParameterError, shown
from ..network.graph import Network as CoreNetwork
from ..network.graph import Population, Projection
from ..network.neurons import Model
from ..network.plasticity import Plasticity
from ..network.synapses import Synapse
from ..plan.precision import Change, device_precision
from ..simulator import Simulator as CoreSimulator
from .results import SimulationResult

__all__ = ["Network", "SimulationMode", "Simulator", "recorded"]

# grid of event times where none is given, ms
GRID = 0.1


class Network(CoreNetwork):
    """Groups of neurons, and the connections between them."""

    def add_neuron_group(self, name: str, size: int, model: Union[str, Model] = "lif", **parameters: Any) -> Population:
        """A group of `size` neurons: lif, cubalif, alif, li, adex or izhikevich; or a source: rate, temporal, poisson.

        Parameters go by their usual names (tau_m, v_threshold, …), a number or one per neuron.
        """
        return self.add(name, size, model, **parameters)

    def connect(  # type: ignore[override]  # the third argument is more than a pattern
        self,
        pre: str,
        post: str,
        connectivity: Union[None, float, str] = None,
        probability: Optional[float] = None,
        weights: Any = None,
        synapses: Any = None,
        delay: Any = None,
        synapse: Optional[Synapse] = None,
        pattern: Optional[str] = None,
        plasticity: Union[None, str, Plasticity] = None,
    ) -> Projection:
        """Connect two groups.

        connectivity: the probability of a connection, 0 to 1 (default 1, all to all), or a pattern: feedforward,
        feedback, lateral, random, one_to_one. The rest as `neuroedge.Network.connect` takes it: weights in mV (a
        number, a matrix [pre, post], None for default weights), delay in ms, plasticity "stdp", "rstdp" or a rule.
        """
        if isinstance(connectivity, str):
            if pattern is not None:
                raise ParameterError(
                    f"connect: give connectivity or pattern, not both (got {connectivity!r}, {pattern!r})"
                )
            pattern = connectivity
        elif connectivity is not None:
            probability = _share(connectivity, probability)
        return super().connect(
            pre, post, "feedforward" if pattern is None else pattern, 1.0 if probability is None else probability,
            weights, synapses, delay, synapse, plasticity,
        )  # fmt: skip


def _share(connectivity: Any, probability: Optional[float]) -> float:
    if probability is not None:
        raise ParameterError(
            f"connect: give connectivity or probability, not both (got {shown(connectivity)}, {shown(probability)})"
        )
    if isinstance(connectivity, (list, tuple, np.ndarray)) or hasattr(connectivity, "tocoo"):
        raise ArgumentTypeError(
            f"connect: connectivity must be a probability or a pattern (got {shown(connectivity)}); give weights=matrix"
        )
    return checks.probability("connect", "connectivity", connectivity)


class SimulationMode(Enum):
    """How time passes. On one grid all modes give the same spikes, bit for bit.

    CLOCK_DRIVEN: every group in every tick. EVENT_DRIVEN: each only where something arrives. HYBRID: event-driven where
    a group's model allows it, clocked elsewhere.
    """

    CLOCK_DRIVEN = "clock"
    EVENT_DRIVEN = "event"
    HYBRID = "hybrid"


class Simulator:
    """Runs a network in one of the modes, and keeps its state between calls.

    dt: grid of time in ms; None leaves it to `min_timestep` of each run.
    """

    def __init__(
        self, network: CoreNetwork, mode: SimulationMode = SimulationMode.HYBRID, dt: Optional[float] = None
    ) -> None:
        if not isinstance(network, CoreNetwork):
            raise ArgumentTypeError(f"Simulator: network must be a Network (got {type(network).__name__})")
        if not isinstance(mode, SimulationMode):
            names = ", ".join(str(m) for m in SimulationMode)
            raise ArgumentTypeError(f"Simulator: mode must be one of {names} (got {shown(mode)})")
        self.network, self.mode = network, mode
        self.dt = None if dt is None else checks.positive("Simulator", "dt", dt, "ms")
        self._event_threshold = 0.0
        # None: the one that the network was quantised for, else float32
        self._precision: Optional[str] = None
        self._core: Optional[CoreSimulator] = None
        if network.populations:
            # what cannot run in this mode is said at once
            self._simulator(GRID if self.dt is None else self.dt)

    def _simulator(self, dt: float) -> CoreSimulator:
        if self._core is None:
            if not self.network.populations:
                raise NotReadyError("the network has no groups yet: call add_neuron_group() first")
            self._core = CoreSimulator(
                self.network, dt, self.mode.value, self._precision, event_threshold=self._event_threshold
            )
        return self._core

    @property
    def simulator(self) -> CoreSimulator:
        """The simulator behind this one: snapshots, single steps, the plan."""
        return self._simulator(GRID if self.dt is None else self.dt)

    def set_event_threshold(self, event_threshold: float) -> None:
        """Deliver no synaptic event smaller than this share of threshold − rest of its target, and count it instead."""
        threshold = checks.not_negative("set_event_threshold", "event_threshold", event_threshold)
        if self._core is not None:
            self._core.set_event_threshold(threshold)
        self._event_threshold = threshold

    def set_precision(self, precision: str) -> Change:
        """Number format: "float32", "float16" (weights in half the bytes), or "int8" (weights in a quarter, and LIF and
        LI with delta synapses in integers, which are clocked: not in mode EVENT_DRIVEN). Any time; the state stays.
        Returns the bytes before and after."""
        change = Change(device_precision(precision), 0, 0)
        if self._core is not None:
            change = self._core.set_precision(precision)
        self._precision = precision
        return change

    def run(
        self,
        duration: float,
        min_timestep: Optional[float] = None,
        external_inputs: Optional[Mapping[str, Any]] = None,
        record_spikes: bool = True,
        record_potentials: bool = False,
        progress: bool = False,
        record_weights: bool = False,
        rewards: Optional[Sequence[Tuple[float, float]]] = None,
    ) -> SimulationResult:
        """Run for `duration` ms from where the last call ended; `reset()` starts over.

        min_timestep: the grid of event times, ms; by default the simulator's dt, or else 0.1. external_inputs: {group:
        events}, pairs (neuron, ms from the start of this call), a structured array, an encoder's result, or values
        for rate and temporal groups. rewards: pairs (ms from the start of this call, value) for what learns by them. In
        the result, names that say "layer" hold groups.
        """
        step = self._grid(min_timestep)
        checks.ticks_of("run", duration, step, "dt" if min_timestep is None else "min_timestep")
        record = recorded("run", spikes=record_spikes, potentials=record_potentials, weights=record_weights)
        checks.boolean("run", "progress", progress)
        inputs = checks.mapping("run", "external_inputs", external_inputs, "group: events")
        for name in inputs:
            checks.known("group", name, self.network.populations)
        core = self._simulator(step)
        run = core.run(duration, inputs, record=record, progress=progress, dt=step, rewards=rewards)
        return SimulationResult(run, "run")

    def _grid(self, min_timestep: Optional[float]) -> float:
        if min_timestep is None:
            return GRID if self.dt is None else self.dt
        step = checks.positive("run", "min_timestep", min_timestep, "ms")
        if self.dt is not None and step != self.dt:
            rule = f"min_timestep must be the simulator's dt = {self.dt:g} ms, the grid that its events fall on"
            raise ParameterError(f"run: {rule} (got {step:g}); leave one of them out")
        return step

    def reset(self) -> None:
        """Start over: time 0, potentials at their start, nothing pending."""
        if self._core is not None:
            self._core.reset()

    def __repr__(self) -> str:
        return f"Simulator({self.network!r}, {self.mode})"


def recorded(owner: str, **wanted: Any) -> List[str]:
    """Names of what is to be recorded, from arguments `record_…` that are True or False."""
    return [what for what, value in wanted.items() if checks.boolean(owner, f"record_{what}", value)]
