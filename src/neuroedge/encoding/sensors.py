"""Readings of sensors into spikes: the encoders of single readings that a control loop calls.

All follow one rule, that of a camera that sees changes: **who does not change is silent**. A value that has moved by
`change` or more since it last spoke speaks again, and what it says is its level: `events` regular spikes at the top of
its range, none at the bottom. So a sensor at rest, or a robot that stands still, brings no spike, whatever gravity or
the walls around it are, and a network behind it rests too.
"""

from typing import Any, Dict, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from ..events import SpikePattern
from .dvs import DVSEncoder
from .images import small_picture

__all__ = ["SensorEncoder", "SensorPattern", "VisionEncoder"]

# steps of a pattern: 0.01 ms in a run of 10 ms
_STEPS = 1000
_CODES = ("rate", "time")
Ends = Union[float, np.ndarray]


class SensorPattern(SpikePattern):
    """Spikes of one reading. clipped: how many of its values lay outside the range and were set to its end."""

    clipped: int

    def __init__(
        self, clipped: int, neurons: Any, order: Any, steps: int, size: Optional[int] = None, polarity: Any = None
    ) -> None:
        self.clipped = clipped
        super().__init__(neurons, order, steps, size, polarity)


class SensorEncoder:
    """Readings of several values, one neuron for each, spoken when they change.

    low, high: range, numbers or one per value; what lies outside is set to its end and counted: `.clipped` of each
    result, and the encoder's `.clipped` since the last reset. change: in the unit of the value, a number or one per
    value: how far it must move from where it last spoke to speak again. The first reading has nothing to differ from,
    and is silent. With change = 0 every value speaks in every call, the first too.

    code "rate": a level x = (value − low)/(high − low) gives round(x·events) spikes at (i + 1/2)/(x·events) of the
    run; "time": one spike at 1 − x of the run, for x > 0. falling: the low end says most instead of the high one.
    A reading with another number of values is a first reading. name: whom errors name.
    """

    def __init__(
        self, low: Ends, high: Ends, change: Ends = 0.0, events: int = 10, code: str = "rate", falling: bool = False,
        name: str = "SensorEncoder",
    ) -> None:  # fmt: skip
        self.name = name
        self.low, self.high = _ends(name, "low", low), _ends(name, "high", high)
        self.change = _ends(name, "change", change)
        sizes = {end.size for end in (self.low, self.high, self.change) if end.ndim}
        if len(sizes) > 1:
            raise ParameterError(f"{name}: low, high and change must be of one length (got {sorted(sizes)})")
        # None: any
        self.size: Optional[int] = sizes.pop() if sizes else None
        with np.errstate(over="ignore"):
            span = self.high - self.low
        if not ((span > 0) & np.isfinite(span)).all():
            raise ParameterError(f"{name}: low must be below high (got {shown(low)} and {shown(high)})")
        if (self.change < 0).any():
            raise ParameterError(f"{name}: change must be >= 0 (got {shown(change)})")
        self.events = checks.count(name, "events", events, _STEPS)
        self.code = checks.known("sensor code", code, _CODES)
        self.falling = checks.boolean(name, "falling", falling)
        self.reset()

    def reset(self) -> None:
        """Forget what was said, and the count of clipped values."""
        self._said: Optional[np.ndarray] = None
        self.clipped = 0

    def parameters(self) -> Dict[str, Any]:
        """What makes another encoder like this one: SensorEncoder(**parameters)."""
        names = ("low", "high", "change", "events", "code", "falling", "name")
        return {name: getattr(self, name) for name in names}

    def encode(self, values: Any) -> SensorPattern:
        """Spikes of a reading, values [n], n neurons. Raises ArgumentTypeError or ParameterError, before anything is
        kept, for what is not a list of finite numbers."""
        reading = self._reading(values)
        inside = np.clip(reading, self.low, self.high)
        clipped = int(np.count_nonzero(inside != reading))
        speaks = self._moved(inside)
        level = (inside - self.low) / (self.high - self.low)
        neurons, order = self._spoken(np.where(speaks, 1.0 - level if self.falling else level, 0.0))
        self.clipped += clipped
        return SensorPattern(clipped, neurons, order, _STEPS, len(reading))

    def _reading(self, values: Any) -> np.ndarray:
        if values is None:
            rule = "a reading must be a list of numbers"
            raise ArgumentTypeError(f"{self.name}: {rule} (got None); did the sensor answer?")
        array = checks.as_array(f"{self.name}: a reading must be a list of numbers", values)
        reading = checks.real_array(self.name, "a reading", array)
        if reading.ndim != 1 or reading.size == 0:
            rule = "a reading must be a list of numbers, one per neuron"
            raise ParameterError(f"{self.name}: {rule} (got {shown(values)}, shape {list(reading.shape)})")
        if self.size not in (None, len(reading)):
            raise ParameterError(f"{self.name}: a reading must have {self.size} values (got {len(reading)})")
        return reading

    def _moved(self, inside: np.ndarray) -> np.ndarray:
        """Who speaks; keeps what they say."""
        if self._said is None or len(self._said) != len(inside):
            self._said = inside.copy()
            return np.broadcast_to(self.change == 0.0, inside.shape)
        speaks = np.abs(inside - self._said) >= self.change
        self._said = np.where(speaks, inside, self._said)
        return speaks

    def _spoken(self, level: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Neurons and steps of levels 0 … 1, in order."""
        if self.code == "time":
            neurons = np.flatnonzero(level > 0.0)
            when = (1.0 - level[neurons]) * _STEPS
        else:
            counts = np.floor(level * self.events + 0.5).astype(np.int64)
            neurons = np.repeat(np.arange(len(level)), counts)
            rank = np.arange(len(neurons)) - np.repeat(np.cumsum(counts) - counts, counts)
            when = (rank + 0.5) / (level[neurons] * self.events) * _STEPS
        # the last of several may round to the end
        order = np.minimum(when.astype(np.int64), _STEPS - 1)
        first = np.argsort(order, kind="stable")
        return neurons[first], order[first]

    def __repr__(self) -> str:
        return f"SensorEncoder({self.name}, {shown(self.low)} to {shown(self.high)}, change={shown(self.change)})"


class VisionEncoder:
    """Pictures of any size into the changes that a small event camera would see, a `DVSEncoder` of side × side pixels.

    neurons: the picture is resized to the nearest square, of round(√neurons)² pixels. threshold: contrast, in
    natural-log units. Integers are 0 to 255 (uint16: to 65,535), floats 0 to 1; values outside are clipped and counted.
    name: whom errors name. The first picture has nothing to differ from, and is silent.
    """

    def __init__(self, neurons: int = 1024, threshold: float = 0.1, name: str = "VisionEncoder") -> None:
        self.name, side = name, max(1, round(checks.count(name, "neurons", neurons, 1 << 24) ** 0.5))
        self.size, self.side = side * side, side
        self._camera = DVSEncoder((side, side), threshold)
        self.threshold = self._camera.threshold
        self.reset()

    def reset(self) -> None:
        """Forget the last picture, and the count of clipped values."""
        self._camera.reset()
        self.clipped = 0

    def parameters(self) -> Dict[str, Any]:
        """What makes another encoder like this one: VisionEncoder(**parameters)."""
        return {"neurons": self.size, "threshold": self._camera.parameters()["threshold"], "name": self.name}

    def encode(self, image: Any) -> SensorPattern:
        """Events since the picture before `image`: ON and OFF of a pixel on one neuron of `size`, or in halves of
        2·`size`."""
        grey, clipped = small_picture(self.name, image, self.side, self.side)
        pattern = self._camera.encode_next(np.clip(grey, 0.0, 1.0))
        self.clipped += clipped
        return SensorPattern(
            clipped, pattern.neurons, pattern.order, pattern.steps, self.size, pattern.polarity
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"VisionEncoder({self.side} x {self.side}, threshold={self.threshold:g})"


def _ends(name: str, field: str, value: Any) -> np.ndarray:
    ends = checks.real_array(name, field, value)
    if ends.ndim > 1 or ends.size == 0:
        raise ParameterError(f"{name}: {field} must be a number or one per value (got shape {list(ends.shape)})")
    return ends.copy()
