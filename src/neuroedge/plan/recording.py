"""What a run answers with."""

from typing import Any, Callable, Dict, Iterator, Mapping, Optional

import numpy as np

from ..errors import UnknownNameError
from ..events import SpikeTrain

__all__ = ["Lazy", "Recording", "at_ticks"]

# spikes of a list that a mapping shows
_SHOWN = 5


def at_ticks(ticks: np.ndarray, dt: float) -> np.ndarray:
    """Times in ms, as the nearest doubles where a whole number of ticks makes a ms: 3.4, not 3.4000000000000004."""
    per_ms = round(1.0 / dt)
    return ticks / per_ms if per_ms and abs(per_ms * dt - 1.0) < 1e-12 else ticks * dt


def _times(factor: float) -> str:
    """A factor as text: 0.24x, 13x."""
    return f"{factor:,.0f}x" if factor >= 10 else f"{factor:.2g}x"


class Lazy(Mapping[str, Any]):
    """A mapping by population whose values are made when first read."""

    def __init__(self, names: Any, make: Callable[[str], Any], kind: str = "population") -> None:
        self._names, self._make, self._kind = tuple(names), make, kind
        self._made: Dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        # a key of any kind may be asked for, also one that a dictionary would not take
        if name not in self._names:
            raise UnknownNameError(self._kind, name, self._names)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {_shortened(self[name])}" for name in self._names) + "}"


def _shortened(value: Any) -> str:
    """An array as NumPy shows it; of a list of spikes the first and how many."""
    if isinstance(value, list) and len(value) > _SHOWN:
        return f"[{', '.join(map(repr, value[:_SHOWN]))}, … of {len(value):,}]"
    return repr(value)


class Recording:
    """Answer of a run.

    duration, dt: ms; start: ms of the run's begin since the last reset or change of dt.
    counts: {population: spikes of each neuron, int64 [n]}; rates: the same in Hz.
    spikes: {population: SpikeTrain}, times in ms from the start of this run, empty mapping if not recorded.
    potentials: {population: mV, [ticks, n]} where asked. weights: {"pre->post": [pre, post]} if asked.
    performance: wall_s and realtime_factor, as measured; synaptic_events delivered, dropped_events below the event
    threshold; engine, reason, threads, precision; bytes of plan and state.
    """

    def __init__(
        self,
        duration: float,
        dt: float,
        start: float,
        counts: Mapping[str, np.ndarray],
        spikes: Mapping[str, SpikeTrain],
        potentials: Mapping[str, np.ndarray],
        performance: Dict[str, Any],
        weights: Optional[Mapping[str, np.ndarray]] = None,
    ) -> None:
        self.duration, self.dt, self.start = duration, dt, start
        self.counts, self.spikes, self.potentials = counts, spikes, potentials
        self.performance = performance
        self.weights = weights
        self._rates: Optional[Lazy] = None

    @property
    def rates(self) -> Mapping[str, np.ndarray]:
        """Mean rate of each neuron, {population: Hz [n]}."""
        if self._rates is None:
            # in no time there are no spikes
            counts, per_second = self.counts, 1000.0 / self.duration if self.duration else 0.0
            self._rates = Lazy(counts, lambda name: counts[name] * per_second)
        return self._rates

    @property
    def times(self) -> np.ndarray:
        """Time of each row of `potentials`, ms from the start of this run."""
        return at_ticks(np.arange(1.0, round(self.duration / self.dt) + 1), self.dt)

    def __repr__(self) -> str:
        total = sum(int(c.sum()) for c in self.counts.values())
        p = self.performance
        dropped = f", {p['dropped_events']:,} events dropped" if p["dropped_events"] else ""
        spikes = f"{total:,} spike{'s' * (total != 1)}"
        speed = f"{_times(p['realtime_factor'])} real time"
        return f"Recording({self.duration:g} ms, {spikes}, {speed}, {p['engine']} engine{dropped})"
