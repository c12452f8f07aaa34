"""The shapes in which spikes travel.

A `SpikeTrain` has times in ms. A `SpikePattern` has an order but no length: it is spread evenly over
the run that it is given to. Both may carry a polarity (ON, OFF), as a camera's events do.
"""

from typing import Any, Iterator, Optional, Tuple, Union

import numpy as np

from . import checks
from .errors import ArgumentTypeError, ParameterError, shown

__all__ = ["EVENT_DTYPE", "SpikePattern", "SpikeTrain", "as_events"]

# the structured form that `run` takes beside lists of pairs
EVENT_DTYPE = np.dtype([("neuron", np.uint32), ("time", np.float64)])


def _indices(neurons: Any, size: Optional[int]) -> np.ndarray:
    # a copy: indices are checked once, here, and the native core trusts them
    return np.array(checks.indices("events", "neurons", neurons, 2**32 if size is None else size), dtype=np.uint32)


def _signs(polarity: Any, n: int) -> np.ndarray:
    rule = f"events: polarity must be {n} values of 0 (OFF) or 1 (ON)"
    array = checks.as_array(rule, polarity)
    if array.size == 0 and n == 0:
        return np.zeros(0, np.uint8)
    if array.dtype.kind not in "biu":
        raise ArgumentTypeError(f"{rule} (got {shown(polarity)})")
    if array.shape != (n,):
        raise ParameterError(f"{rule} (got shape {array.shape})")
    if array.dtype.kind != "b" and ((array < 0) | (array > 1)).any():
        raise ParameterError(f"{rule} (got {array[(array < 0) | (array > 1)][0]})")
    return np.array(array, dtype=np.uint8)


class _Events:
    """Neuron indices, an optional polarity (1 = ON, 0 = OFF), and the number of neurons if known. Constant."""

    neurons: np.ndarray
    polarity: Optional[np.ndarray]
    size: Optional[int]

    def __init__(self, neurons: Any, size: Optional[int], polarity: Any) -> None:
        self.size = None if size is None else checks.count("events", "size", size, 2**32)
        self.neurons = _indices(neurons, self.size)
        self._top = int(self.neurons.max()) if len(self.neurons) else -1
        self.polarity = None
        if polarity is not None:
            if size is None:
                raise ParameterError("events: size is needed with polarity")
            self.polarity = _signs(polarity, len(self.neurons))

    def _freeze(self) -> None:
        # what was checked once is trusted from here on, by the native core too
        for value in list(self.__dict__.values()):
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        self._frozen = True

    def __setattr__(self, name: str, value: Any) -> None:
        if "_frozen" in self.__dict__:
            raise AttributeError(f"{type(self).__name__} is constant: make a new one to change {name}")
        self.__dict__[name] = value

    def __len__(self) -> int:
        return len(self.neurons)

    def indices_for(self, n: int, owner: str) -> np.ndarray:
        """Indices in a layer of n neurons: ON and OFF share a neuron, or take one half each when n = 2·size. Raises
        ParameterError, which names the owner, where they do not fit."""
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
        self.times = np.array(checks.real_array("events", "times", times))
        if self.times.size == 0:
            self.times = np.zeros(0)
        if self.times.shape != self.neurons.shape:
            raise ParameterError(f"events: {len(self.neurons)} neurons but times of shape {self.times.shape}")
        if (self.times[1:] < self.times[:-1]).any():
            order = np.argsort(self.times, kind="stable")
            self.times, self.neurons = self.times[order], self.neurons[order]
            if self.polarity is not None:
                self.polarity = self.polarity[order]
        self._freeze()

    def times_in(self, duration: float) -> np.ndarray:
        """Times in ms, whatever the run's duration (ms)."""
        return self.times

    def __iter__(self) -> Iterator[Tuple[int, float]]:
        return zip(self.neurons.tolist(), self.times.tolist())

    def __repr__(self) -> str:
        span = f", {self.times[0]:g} to {self.times[-1]:g} ms" if len(self) else ""
        return f"SpikeTrain({len(self)} spikes{span})"


class SpikePattern(_Events):
    """Spikes with an order but no length.

    neurons: integers [n]. order: integer step of each spike [n], 0 … steps − 1. In a run of T ms, step g falls at
    g·T/steps. size: number of neurons, if known; polarity: 1 = ON, 0 = OFF [n], or None.
    """

    def __init__(
        self, neurons: Any, order: Any, steps: Optional[int] = None, size: Optional[int] = None, polarity: Any = None
    ) -> None:
        super().__init__(neurons, size, polarity)
        given = checks.whole_array("events", "order", order)
        if given.shape != self.neurons.shape:
            raise ParameterError(f"events: {len(self.neurons)} neurons but order of shape {given.shape}")
        low, top = (int(given.min()), int(given.max())) if len(given) else (0, 0)
        # beyond 2^53 a step has no exact time
        self.steps = checks.count("events", "steps", max(top, 0) + 1 if steps is None else steps, 2**53)
        if low < 0 or top >= self.steps:
            raise ParameterError(f"events: order must be 0 to {self.steps - 1} (got {low if low < 0 else top})")
        self.order = np.array(given, dtype=np.int64)
        self._freeze()

    def times_in(self, duration: float) -> np.ndarray:
        """Times in ms when spread over a run of `duration` ms."""
        return self.order * (duration / self.steps)

    def __repr__(self) -> str:
        return f"SpikePattern({len(self)} spikes in {self.steps} steps)"


def as_events(value: Any, owner: str) -> Union[SpikeTrain, SpikePattern]:
    """Events from a SpikeTrain, a SpikePattern, a structured array, or pairs (neuron, time in ms)."""
    if isinstance(value, (SpikeTrain, SpikePattern)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.names:
        if len(value.dtype.names) != 2:
            raise ParameterError(f"{owner}: a structured event array has two fields (got {value.dtype.names})")
        neuron, time = value.dtype.names
        return _train(owner, value[neuron], value[time])
    return _from_pairs(value, owner)


def _train(owner: str, neurons: np.ndarray, times: np.ndarray) -> SpikeTrain:
    try:
        return SpikeTrain(neurons, times)
    except (ParameterError, ArgumentTypeError) as error:
        raise type(error)(f"{owner}: {error}") from None


def _from_pairs(value: Any, owner: str) -> SpikeTrain:
    rule = f"{owner}: events must be pairs (neuron, time in ms)"
    try:
        given = checks.as_array(rule, value if isinstance(value, np.ndarray) else list(value))
    except TypeError:
        raise ArgumentTypeError(f"{rule} (got {shown(value)})") from None
    if given.size == 0:
        return SpikeTrain([], [])
    if given.dtype.kind not in "iuf":
        raise ArgumentTypeError(f"{rule} (got {shown(value)})")
    if given.ndim != 2 or given.shape[1] != 2:
        raise ArgumentTypeError(f"{rule} (got shape {given.shape})")
    pairs = given.astype(np.float64, copy=False)
    neurons = pairs[:, 0]
    bad = ~(np.isfinite(neurons) & (np.rint(neurons) == neurons) & (neurons >= 0) & (neurons < 2**32))
    if bad.any():
        raise ParameterError(f"{owner}: neuron must be a whole number >= 0 (got {neurons[bad][0]:g})")
    return _train(owner, neurons.astype(np.uint32), pairs[:, 1])
