"""What a loop runs in each period: a network, a plan, a simulator, or what has `run_simulation`, behind one call."""

from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from ..events import SpikePattern, SpikeTrain
from ..network.graph import Network
from ..plan.plan import Plan
from ..simulator import Simulator
from .governor import LEVELS

__all__ = ["QUALITY", "Grade", "Runner"]

# largest step in ms, share of threshold − rest below which synaptic events are not delivered; as in the tutorial's API
QUALITY = {"high": (0.0, 0.0), "medium": (0.5, 0.005), "low": (1.0, 0.02)}

# events that may wait for later periods; beyond, the last go
_MOST = 1_000_000


class Grade:
    """Quality of a plain simulator: a level sets its step and event threshold, and the highest what it had."""

    def __init__(self, simulator: Simulator, simulate_ms: float) -> None:
        self._simulator, self._ms = simulator, simulate_ms
        self._dt, self._threshold = simulator.dt, simulator.plan.event_threshold
        self.level = LEVELS[0]

    def set_simulation_quality(self, level: str) -> None:
        """ "high", "medium" or "low"; the state stays."""
        step, threshold = QUALITY[checks.known("quality", level, QUALITY)]
        simulator = self._simulator
        # coarser, but never finer than it was, and whole in a period
        simulator.set_dt(self._dt if step <= self._dt else _divisor(self._ms, step, self._dt))
        simulator.set_event_threshold(max(self._threshold, threshold))
        self.level = level


class Runner:
    """Runs `network` for `simulate_ms` at a time. into: the population that events without a name go to, default the
    only one that no other feeds. dt: step in ms of a Network. record: what a Simulator records, record_from: of which
    populations, default all."""

    def __init__(
        self, network: Any, simulate_ms: float, into: Optional[str] = None, dt: Optional[float] = None,
        record: Sequence[str] = ("spikes",), record_from: Optional[Sequence[str]] = None,
    ) -> None:  # fmt: skip
        self.ms = checks.positive("Loop", "simulate_ms", simulate_ms, "ms")
        # a plan has one step and one event threshold, and so one quality
        self.fixed = isinstance(network, Plan)
        if isinstance(network, (Network, Plan)):
            network = Simulator(network, dt)
        elif dt is not None:
            raise ParameterError(f"Loop: dt is for a Network or a Plan (got dt = {shown(dt)} and {shown(network)})")
        self.network, self._plain = network, isinstance(network, Simulator)
        self._record = checks.names("Loop", "record", record)
        self._record_from = None if record_from is None else checks.names("Loop", "record_from", record_from)
        if self._plain:
            checks.ticks_of("Loop", self.ms, network.dt)
            names, projections = list(network.plan.names), list(network.plan.projections)
        elif callable(getattr(network, "run_simulation", None)):
            populations = getattr(getattr(network, "network", None), "populations", {})
            names, projections = list(populations), list(getattr(network.network, "projections", ()))
            # an API that wires itself does so at its first run, one after the other
            projections = projections or [f"{one}->{other}" for one, other in zip(names, names[1:])]
        else:
            rule = "network must be a Network, a Plan, a Simulator, or have run_simulation()"
            raise ArgumentTypeError(f"Loop: {rule} (got {shown(network)})")
        feeding, fed = _ends(projections)
        self._names, self._inputs = names, [name for name in names if name not in fed]
        # populations that feed no other
        self.read = [name for name in names if name not in feeding]
        self._into = None if into is None else checks.known("population", into, names)
        self._later: Dict[str, SpikeTrain] = {}
        # events that came for more time than could be kept
        self.lost = 0

    @property
    def governed(self) -> Any:
        """What a governor caps."""
        if self._plain:
            return Grade(self.network, self.ms)
        return self.network

    @property
    def waiting(self) -> int:
        """Events that came for later periods."""
        return sum(len(train) for train in self._later.values())

    def named(self, events: Any) -> Dict[str, Any]:
        """{population: events} of what an encoder gave."""
        if events is None:
            return {}
        if isinstance(events, dict):
            return events
        if self._into is None:
            if len(self._inputs) != 1:
                rule = "the encoder must give {population: events}, or `into` name one"
                raise ParameterError(f"Loop: {rule}: nothing feeds {', '.join(self._inputs) or 'none of them'}")
            self._into = self._inputs[0]
        return {self._into: events}

    def run(self, inputs: Dict[str, Any]) -> Any:
        """One period. Of a train that is longer, the rest comes in the next periods, in its time."""
        later = self._later
        if later or any(_beyond(events, self.ms) for events in inputs.values()):
            inputs, rest = self._split(inputs)
        else:
            rest = {}
        answer = self._run(self.ms, inputs)
        self._later = rest
        return answer

    def quiet(self, ms: float) -> None:
        """Live through time without input."""
        self._run(ms, {})

    def _run(self, ms: float, inputs: Dict[str, Any]) -> Any:
        if self._plain:
            return self.network.run(ms, inputs, record=self._record, record_from=self._record_from)
        return self.network.run_simulation(ms, external_inputs=inputs)

    def _split(self, inputs: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, SpikeTrain]]:
        now: Dict[str, Any] = {}
        rest: Dict[str, SpikeTrain] = {}
        for name in [*self._later, *(name for name in inputs if name not in self._later)]:
            given, kept = inputs.get(name), self._later.get(name)
            if kept is not None and isinstance(given, SpikePattern):
                given = SpikeTrain(given.neurons, given.times_in(self.ms), given.size, given.polarity)
            if given is None or (kept is not None and not isinstance(given, SpikeTrain)):
                # values and pairs are whole by themselves; what waits for this period then waits on
                train, given = (kept, None) if given is None else (None, given)
            else:
                train = given if kept is None else _merged(kept, given)
            if train is None or not isinstance(train, SpikeTrain):
                now[name] = given
                if kept is not None:
                    rest[name] = kept
                continue
            due = int(np.searchsorted(train.times, self.ms, side="right"))
            now[name] = _part(train, 0, due, 0.0)
            if due < len(train):
                most = min(len(train), due + _MOST)
                self.lost += len(train) - most
                rest[name] = _part(train, due, most, self.ms)
        return now, rest


def _beyond(events: Any, ms: float) -> bool:
    return isinstance(events, SpikeTrain) and len(events) > 0 and bool(events.times[-1] > ms)


def _part(train: SpikeTrain, first: int, end: int, begin: float) -> SpikeTrain:
    polarity = None if train.polarity is None else train.polarity[first:end]
    return SpikeTrain(train.neurons[first:end], train.times[first:end] - begin, train.size, polarity)


def _merged(a: SpikeTrain, b: SpikeTrain) -> SpikeTrain:
    neurons, times = np.concatenate([a.neurons, b.neurons]), np.concatenate([a.times, b.times])
    if a.polarity is None or b.polarity is None or a.size != b.size:
        return SpikeTrain(neurons, times)
    return SpikeTrain(neurons, times, a.size, np.concatenate([a.polarity, b.polarity]))


def _ends(projections: Iterable[str]) -> Tuple[Set[str], Set[str]]:
    """Populations that feed others, and those that others feed."""
    pairs = [name.rsplit("->", 1) for name in projections]
    apart = [(pair[0], pair[-1]) for pair in pairs if pair[0] != pair[-1]]
    return {pre for pre, _ in apart}, {post for _, post in apart}


def _divisor(ms: float, step: float, least: float) -> float:
    """The largest step that divides ms, at most `step` and at least `least`."""
    parts: List[float] = [ms / n for n in range(max(1, round(ms / step - 1e-9)), round(ms / least) + 1)]
    return next((dt for dt in parts if dt <= step * (1.0 + 1e-9)), least)
