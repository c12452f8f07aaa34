"""What one run asks of an engine, and what the engine answers."""

from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from ..events import SpikeTrain, as_events
from ..network.neurons import Model, PoissonSource

__all__ = [
    "Answer",
    "Given",
    "Grid",
    "Job",
    "chances",
    "given_spikes",
    "held_current",
    "must_take_spikes",
    "on_grid",
    "reward_value",
    "step_neurons",
]


MOST_REWARD = 1e6


class Given(NamedTuple):
    """Spikes given to one population: int32 ticks, ascending, and uint32 neurons, ascending within a tick.

    where: the addresses of both, if somebody has asked for them already.
    """

    ticks: np.ndarray
    neurons: np.ndarray
    where: Optional[Tuple[int, int]] = None


class Job(NamedTuple):
    """ticks: how many; the rest by population index. currents are [ticks or 1, n or 1]; rewards are (tick, value), in
    the order of time."""

    ticks: int
    given: Dict[int, Given]
    currents: Dict[int, np.ndarray]
    chances: Dict[int, np.ndarray]
    record: Sequence[bool]
    trace: Sequence[bool]
    progress: Optional[Callable[[int], Any]] = None
    rewards: Sequence[Tuple[int, float]] = ()


class Answer(NamedTuple):
    """counts: spikes by lane; spike_tick, spike_lane: those that were asked for; traces by population index; events:
    synaptic ones that were delivered; dropped: those below the event threshold, that were not."""

    counts: np.ndarray
    spike_tick: np.ndarray
    spike_lane: np.ndarray
    traces: Dict[int, np.ndarray]
    events: int
    dropped: int


# times in ms, neurons, dt, ticks of the run: what is given on the grid, and whether it ascends
Grid = Callable[[np.ndarray, np.ndarray, float, int], Tuple[Given, bool]]


def on_grid(times: np.ndarray, neurons: np.ndarray, dt: float, ticks: int) -> Tuple[Given, bool]:
    """Spikes on the grid: tick k covers (k·dt, (k + 1)·dt], and time 0 belongs to the first; in the order given.

    Also returns whether (tick, neuron) ascends. Twin of native/kernels/grid.h.
    """
    tick = np.clip(np.ceil(times * (1.0 / dt) - 1e-6) - 1.0, 0.0, ticks - 1.0).astype(np.int32)
    # in 64 bits, which an old NumPy would not take of its own accord
    rank = (tick.astype(np.int64) << 32) + neurons
    return Given(tick, neurons), bool((rank[1:] >= rank[:-1]).all())


def given_spikes(owner: str, value: Any, n: int, duration: float, dt: float, ticks: int, grid: Grid = on_grid) -> Given:
    """Events on the grid, ascending; `grid` does the arithmetic."""
    events = as_events(value, owner)
    neurons = events.indices_for(n, owner)
    times = events.times_in(duration)
    if len(times) == 0:
        return Given(np.zeros(0, np.int32), np.zeros(0, np.uint32))
    sorted_ = isinstance(events, SpikeTrain)
    first, last = (times.item(0), times.item(-1)) if sorted_ else (float(times.min()), float(times.max()))
    if first < 0 or last > duration * (1 + 1e-9):
        outside = first if first < 0 else last
        raise ParameterError(f"{owner}: event times must be 0 to {duration:g} ms (got {outside:g} ms)")
    given, ascends = grid(times, neurons, dt, ticks)
    if not ascends:
        # both in one number, which sorts several times faster than by two keys
        both = np.sort((given.ticks.astype(np.int64) << 32) | given.neurons)
        given = Given((both >> 32).astype(np.int32), (both & 0xFFFFFFFF).astype(np.uint32))
    return given


def must_take_spikes(owner: str, model: Model) -> None:
    """Raise for neurons that cannot be made to spike."""
    if isinstance(model, PoissonSource):
        raise ParameterError(f"{owner}: a Poisson source makes its own spikes; use a 'rate' source for given ones")
    if not model.spiking:
        raise ParameterError(f"{owner}: {model.name} neurons do not spike, so they cannot be made to")


def step_neurons(owner: str, value: Any, n: int) -> np.ndarray:
    """Neuron indices given to one step, 0 to n - 1, as a uint32 array."""
    return np.ascontiguousarray(checks.indices(owner, "neurons", value, n), np.uint32)


def held_current(owner: str, value: Any, n: int, ticks: int, dtype: Any) -> np.ndarray:
    """A current as [ticks or 1, n or 1]: from a number, [n] values, [ticks] … or a full [ticks, n] array."""
    array = checks.as_array(f"{owner}: current must hold numbers", value)
    if array.dtype.kind not in "fiu":
        raise ArgumentTypeError(f"{owner}: current must hold numbers (got {shown(value)})")
    if array.ndim == 1:
        # one value per neuron, or one per tick; [ticks, 1] and [1, n] say which where both fit
        if array.shape[0] == n:
            array = array[None, :]
        elif array.shape[0] == ticks:
            array = array[:, None]
    array = array.reshape(1, 1) if array.ndim == 0 else array
    if array.ndim != 2 or array.shape[0] not in (1, ticks) or array.shape[1] not in (1, n):
        raise ParameterError(
            f"{owner}: current must be a number, [{n}] per neuron, [{ticks}] per tick or [{ticks}, {n}] "
            f"(got shape {np.shape(value)})"
        )
    with np.errstate(over="ignore"):
        held = np.ascontiguousarray(array, dtype)
    if not np.isfinite(held).all():
        bad = array.reshape(-1)[int(np.argmin(np.isfinite(held.reshape(-1))))]
        raise ParameterError(f"{owner}: current must be finite, and within {held.dtype.name} (got {bad:g})")
    return held


def reward_value(owner: str, value: Any) -> float:
    """What a reward is worth; far beyond it, products leave float32."""
    number = checks.finite(owner, "value", value)
    if abs(number) > MOST_REWARD:
        raise ParameterError(f"{owner}: value must be within ±{MOST_REWARD:,.0f} (got {number:g})")
    return number


def chances(owner: str, rate: Any, n: int, dt: float) -> np.ndarray:
    """Chance to fire in a tick, of 2^32, from rates in Hz; uint32 [n]."""
    hz = np.asarray(rate, np.float64)
    if hz.shape not in ((), (n,)):
        raise ParameterError(f"{owner}: rates must be one number or {n} (got shape {hz.shape})")
    if not np.isfinite(hz).all() or (hz < 0).any():
        bad = hz[~(np.isfinite(hz) & (hz >= 0))].flat[0]
        raise ParameterError(f"{owner}: rates must be finite and >= 0 Hz (got {bad:g})")
    if (hz * dt > 1000.0 * (1 + 1e-9)).any():
        most, cure = f"<= {1000.0 / dt:g} Hz", "use a smaller dt"
        raise ParameterError(f"{owner}: rates must be {most}, one spike a step of {dt:g} ms (got {hz.max():g}); {cure}")
    chance = np.minimum(np.rint(hz * (dt / 1000.0) * 2.0**32), 2.0**32 - 1)
    return np.ascontiguousarray(np.broadcast_to(chance, (n,)).astype(np.uint32))
