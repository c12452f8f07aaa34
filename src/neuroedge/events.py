"""The shapes in which spikes travel.

A `SpikeTrain` has times in ms. A `SpikePattern` has an order but no length: it is spread evenly over
the run that it is given to. Both may carry a polarity (ON, OFF), as a camera's events do.
"""

from typing import Any, Iterator, Optional, Tuple

import numpy as np

from .errors import ArgumentTypeError, ParameterError

__all__ = ["EVENT_DTYPE", "SpikePattern", "SpikeTrain", "as_events"]

# the structured form that `run` takes beside lists of pairs
EVENT_DTYPE = np.dtype([("neuron", np.uint32), ("time", np.float64)])


def _indices(neurons: Any, size: Optional[int]) -> np.ndarray:
    array = np.asarray(neurons)
    if array.size == 0:
        return np.zeros(0, np.uint32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ArgumentTypeError(f"events: neurons must be a 1-d array of integers (got {array.dtype}, {array.ndim}-d)")
    top = 2**32 if size is None else size
    if int(array.min()) < 0 or int(array.max()) >= top:
        bad = int(array.min()) if int(array.min()) < 0 else int(array.max())
        raise ParameterError(f"events: neuron must be 0 to {top - 1} (got {bad})")
    # a copy: indices are checked once, here, and the native core trusts them
    return np.array(array, dtype=np.uint32)


class _Events:
    """Neuron indices, an optional polarity (1 = ON, 0 = OFF), and the number of neurons if known."""

    neurons: np.ndarray
    polarity: Optional[np.ndarray]
    size: Optional[int]

    def __init__(self, neurons: Any, size: Optional[int], polarity: Any) -> None:
        self.neurons = _indices(neurons, size)
        self.size = size
        self._top = int(self.neurons.max()) if len(self.neurons) else -1
        self.polarity = None
        if polarity is not None:
            if size is None:
                raise ParameterError("events: size is needed with polarity")
            self.polarity = np.ascontiguousarray(polarity, dtype=np.uint8)
            if self.polarity.shape != self.neurons.shape or (self.polarity > 1).any():
                raise ParameterError(f"events: polarity must be {len(self.neurons)} values of 0 (OFF) or 1 (ON)")

    def __len__(self) -> int:
        return len(self.neurons)

    def indices_for(self, n: int, owner: str) -> np.ndarray:
        """Indices in a layer of n neurons: ON and OFF share a neuron, or take one half each when n = 2·size."""
        if self.polarity is not None and self.size is not None:
            if n == 2 * self.size:
                return self.neurons + np.where(self.polarity == 0, np.uint32(self.size), np.uint32(0))
            if n != self.size:
                raise ParameterError(
                    f"{owner}: events of {self.size} pixels need {self.size} or {2 * self.size} neurons (it has {n})"
                )
        if self._top >= n:
            raise ParameterError(f"{owner}: neuron must be 0 to {n - 1} (got {self._top})")
        return self.neurons


class SpikeTrain(_Events):
    """Spikes with times.

    neurons: integers [n]; times: ms [n], finite, ascending or not (they are sorted, stably, here);
    size: number of neurons, if known; polarity: 1 = ON, 0 = OFF [n], or None.
    """

    def __init__(self, neurons: Any, times: Any, size: Optional[int] = None, polarity: Any = None) -> None:
        super().__init__(neurons, size, polarity)
        self.times = np.ascontiguousarray(times, dtype=np.float64)
        if self.times.size == 0:
            self.times = np.zeros(0)
        if self.times.shape != self.neurons.shape:
            raise ParameterError(f"events: {len(self.neurons)} neurons but times of shape {self.times.shape}")
        if not np.isfinite(self.times).all():
            bad = int(np.argmin(np.isfinite(self.times)))
            raise ParameterError(f"events: times must be finite ms (entry {bad} is {self.times[bad]})")
        if (self.times[1:] < self.times[:-1]).any():
            order = np.argsort(self.times, kind="stable")
            self.times, self.neurons = self.times[order], self.neurons[order]
            if self.polarity is not None:
                self.polarity = self.polarity[order]

    def times_in(self, duration: float) -> np.ndarray:
        return self.times

    def __iter__(self) -> Iterator[Tuple[int, float]]:
        return zip(self.neurons.tolist(), self.times.tolist())

    def __repr__(self) -> str:
        span = f", {self.times[0]:g} to {self.times[-1]:g} ms" if len(self) else ""
        return f"SpikeTrain({len(self)} spikes{span})"


class SpikePattern(_Events):
    """Spikes with an order but no length.

    order: integer step of each spike [n], 0 … steps − 1. In a run of T ms, step g falls at g·T/steps.
    """

    def __init__(
        self, neurons: Any, order: Any, steps: Optional[int] = None, size: Optional[int] = None, polarity: Any = None
    ) -> None:
        super().__init__(neurons, size, polarity)
        self.order = np.ascontiguousarray(order, dtype=np.int64)
        if self.order.size == 0:
            self.order = np.zeros(0, np.int64)
        if self.order.shape != self.neurons.shape:
            raise ParameterError(f"events: {len(self.neurons)} neurons but order of shape {self.order.shape}")
        top = int(self.order.max()) + 1 if len(self.order) else 1
        self.steps = top if steps is None else int(steps)
        if self.steps < top or (len(self.order) and int(self.order.min()) < 0):
            raise ParameterError(f"events: order must be 0 to {self.steps - 1}")

    def times_in(self, duration: float) -> np.ndarray:
        """Times in ms when spread over a run of `duration` ms."""
        return self.order * (duration / self.steps)

    def __repr__(self) -> str:
        return f"SpikePattern({len(self)} spikes in {self.steps} steps)"


def as_events(value: Any, owner: str) -> _Events:
    """Events from a SpikeTrain, a SpikePattern, a structured array, or pairs (neuron, time in ms)."""
    if isinstance(value, _Events):
        return value
    if isinstance(value, np.ndarray) and value.dtype.names:
        if len(value.dtype.names) != 2:
            raise ParameterError(f"{owner}: a structured event array has two fields (got {value.dtype.names})")
        neuron, time = value.dtype.names
        return SpikeTrain(value[neuron], value[time])
    return _from_pairs(value, owner)


def _from_pairs(value: Any, owner: str) -> SpikeTrain:
    try:
        pairs = np.asarray(list(value), dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{owner}: events must be pairs (neuron, time in ms) (got {value!r:.60})") from None
    if pairs.size == 0:
        return SpikeTrain([], [])
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ArgumentTypeError(f"{owner}: events must be pairs (neuron, time in ms) (got shape {pairs.shape})")
    whole = np.rint(pairs[:, 0])
    bad = ~(np.isfinite(pairs[:, 0]) & (whole == pairs[:, 0]) & (whole >= 0))
    if bad.any():
        raise ParameterError(f"{owner}: neuron must be a whole number >= 0 (got {pairs[bad][0, 0]:g})")
    return SpikeTrain(whole.astype(np.uint32), pairs[:, 1])
