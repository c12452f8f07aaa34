"""Spikes into numbers: counts, rates, first spikes, population vectors, traces, commands for motors.

Events are what `SpikeTrain`, `SpikePattern`, a structured array or pairs (neuron, ms) are, so a layer's
`layer_spike_times` too; their times lie in 0 … duration ms. What a run has counted already, `layer_spike_counts` and
`layer_rates`, needs no decoding.
"""

import math
from typing import Any, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ParameterError
from ..events import as_events

__all__ = [
    "RateDecoder",
    "TraceDecoder",
    "decode_count",
    "decode_first_spike",
    "decode_motor",
    "decode_population",
    "decode_rate",
    "decode_trace",
]


def decode_count(events: Any, size: int) -> np.ndarray:
    """Spikes of each of `size` neurons, int64 [size]. events: a SpikeTrain, a SpikePattern, or pairs (neuron, ms)."""
    neurons, _ = _spikes("decode_count", events, size, math.inf)
    return np.bincount(neurons, minlength=size)


def decode_rate(events: Any, size: int, duration: float) -> np.ndarray:
    """Spikes per second of each neuron, Hz [size], over `duration` ms. events, size: as of `decode_count`."""
    ms = checks.positive("decode_rate", "duration", duration, "ms")
    neurons, _ = _spikes("decode_rate", events, size, ms)
    return np.bincount(neurons, minlength=size) * (1000.0 / ms)


def decode_first_spike(events: Any, size: int, duration: float = math.inf) -> np.ndarray:
    """Time of each neuron's first spike, ms [size]; inf where there is none. duration: ms, for patterns; events, size:
    as of `decode_count`."""
    ms = _duration("decode_first_spike", duration)
    neurons, times = _spikes("decode_first_spike", events, size, ms)
    first = np.full(checks.count("decode_first_spike", "size", size), np.inf)
    np.minimum.at(first, neurons, times)
    return first


def decode_population(activity: Any, preferred: Any) -> np.ndarray:
    """Population vector (Georgopoulos et al. 1986, Science 233:1416): Σ activity·preferred / Σ activity.

    activity: counts or rates [..., n], not negative. preferred: what each neuron stands for, numbers [n] or vectors
    [n, d]. Gives [...], or [..., d]; nan where nobody is active. Around a circle, prefer unit vectors.
    """
    me = "decode_population"
    values, active = checks.real_array(me, "preferred", preferred), checks.real_array(me, "activity", activity)
    if values.ndim not in (1, 2) or values.shape[0] == 0:
        raise ParameterError(f"{me}: preferred must be [n] or [n, d] (got shape {list(values.shape)})")
    if active.ndim == 0 or active.shape[-1] != len(values):
        raise ParameterError(f"{me}: activity must be [..., {len(values)}], as preferred (got {list(active.shape)})")
    if active.size and active.min() < 0:
        raise ParameterError(f"{me}: activity must be >= 0 (got {float(active.min()):g})")
    # by shares of the largest, so that no sum overflows
    top = active.max(axis=-1, keepdims=True) if active.size else np.ones((*active.shape[:-1], 1))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = active / top
        total = share.sum(axis=-1)
        weights = share / total[..., None]
        return np.asarray(weights @ values)


def decode_trace(events: Any, size: int, duration: float, tau: float = 20.0) -> np.ndarray:
    """Each neuron's spikes under an exponential window of `tau` ms, as they stand after `duration` ms, [size].

    events, size: as of `decode_count`. Σ exp(−(duration − t)/tau): a recent spike counts 1, one that is tau old 0.37.
    """
    return TraceDecoder(size, tau).decode(events, duration)


def decode_motor(
    rates: Any, low: Union[float, np.ndarray] = -1.0, high: Union[float, np.ndarray] = 1.0, max_rate: float = 100.0
) -> np.ndarray:
    """One command per neuron from its rate: low + (high − low)·rate/max_rate, clipped to low … high, float64 [n].

    rates: Hz [n], as `layer_rates` has them; 0 Hz is `low`, half of max_rate the middle, 0 with the defaults. low,
    high: numbers or one per neuron, in the actuator's units; low may lie above high, to turn a direction round.
    """
    me = "decode_motor"
    values, top = checks.real_array(me, "rates", rates), checks.positive(me, "max_rate", max_rate, "Hz")
    if values.ndim != 1 or values.size == 0:
        raise ParameterError(f"{me}: rates must be one per neuron [n] (got shape {list(values.shape)})")
    if values.min() < 0:
        raise ParameterError(f"{me}: rates must be >= 0 Hz (got {float(values.min()):g})")
    ends = []
    for field, given in (("low", low), ("high", high)):
        end = checks.real_array(me, field, given)
        if end.shape not in ((), values.shape):
            rule = f"{field} must be a number or {len(values)}, one per neuron"
            raise ParameterError(f"{me}: {rule} (got shape {list(end.shape)})")
        ends.append(end)
    # so no quotient overflows
    share = np.minimum(values, top) / top
    # so written, the ends are met exactly
    return np.asarray(ends[0] * (1.0 - share) + ends[1] * share)


class TraceDecoder:
    """Filtered traces of a stream of `size` neurons: each spike adds 1, and traces decay with `tau` ms; kept from call
    to call."""

    def __init__(self, size: int, tau: float = 20.0) -> None:
        self.size = checks.count("TraceDecoder", "size", size)
        self.tau = checks.positive("TraceDecoder", "tau", tau, "ms")
        self.reset()

    def reset(self) -> None:
        """Start with traces of 0."""
        self._trace = np.zeros(self.size)

    def decode(self, events: Any, duration: float) -> np.ndarray:
        """Traces [size] at the end of a call of `duration` ms that brought these events."""
        ms = checks.positive("TraceDecoder", "duration", duration, "ms")
        neurons, times = _spikes("TraceDecoder", events, self.size, ms)
        fresh = np.bincount(neurons, np.exp((times - ms) / self.tau), self.size)
        self._trace = self._trace * math.exp(-ms / self.tau) + fresh
        return self._trace.copy()


class RateDecoder:
    """Rates of a stream of `size` neurons over the last `window` ms, or over what there has been since the start."""

    def __init__(self, size: int, window: float = 100.0) -> None:
        self.size = checks.count("RateDecoder", "size", size)
        self.window = checks.positive("RateDecoder", "window", window, "ms")
        self.reset()

    def reset(self) -> None:
        """Start without spikes."""
        self._neurons, self._ages = np.zeros(0, np.int64), np.zeros(0)
        self._seen = 0.0

    def decode(self, events: Any, duration: float) -> np.ndarray:
        """Hz [size] at the end of a call of `duration` ms that brought these events."""
        ms = checks.positive("RateDecoder", "duration", duration, "ms")
        neurons, times = _spikes("RateDecoder", events, self.size, ms)
        who, ages = np.concatenate([self._neurons, neurons]), np.concatenate([self._ages + ms, ms - times])
        # a spike at the very start of the window has left it; the room is for sums of times
        young = ages < self.window * (1.0 - 1e-12)
        self._neurons, self._ages = who[young], ages[young]
        self._seen = min(self.window, self._seen + ms)
        return np.bincount(self._neurons, minlength=self.size) * (1000.0 / self._seen)


def _duration(owner: str, value: Any) -> float:
    return math.inf if value is math.inf else checks.positive(owner, "duration", value, "ms")


def _spikes(owner: str, events: Any, size: Any, duration: float) -> Tuple[np.ndarray, np.ndarray]:
    """Neurons, int64, and times in ms, of events of `size` neurons within a duration."""
    n = checks.count(owner, "size", size)
    given = as_events(events, owner)
    neurons = given.indices_for(n, owner).astype(np.int64)
    times = given.times_in(1.0 if math.isinf(duration) else duration)
    low, top = (float(times.min()), float(times.max())) if len(times) else (0.0, 0.0)
    if low < 0.0 or top > duration * (1.0 + 1e-9):
        bad = low if low < 0.0 else top
        raise ParameterError(f"{owner}: times must be 0 to {duration:g} ms (got {bad:g} ms)")
    return neurons, times
