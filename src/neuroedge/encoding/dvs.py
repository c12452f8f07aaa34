"""Events from frames, as a dynamic vision sensor (DVS) gives them.

A pixel of such a sensor keeps a reference of log intensity L and fires when L has moved by a threshold θ
(Lichtsteiner, Posch & Delbruck 2008, IEEE J. Solid-State Circuits 43:566). From a reference r and a frame
with log intensity L, in units of θ:

    d = (L − r) / θ        ON events = floor(d) if d > 0        OFF events = floor(−d) if d < 0

Log intensity and event times are those of v2e's ideal sensor (Hu, Liu & Delbruck 2021, CVPRW, "v2e: From
video frames to realistic DVS events"), in its float32, so that counts agree with it to the event.
"""

import math
from typing import Any, Optional, Tuple

import numpy as np

from ..checks import count, finite, positive
from ..errors import ArgumentTypeError, ParameterError
from ..events import SpikePattern, SpikeTrain

__all__ = ["DVSEncoder"]

# below this grey level (of 255) the scale is linear: there the log would turn a step of one level into events
_LINEAR_BELOW = 20.0
# the smallest contrast threshold: v2e's too; below it a frame could ask for memory without end
_LEAST_THRESHOLD = 0.01
# steps of a pattern, enough to keep the order of all but the strongest changes
_STEPS = 16


def _log_intensity(levels: np.ndarray) -> np.ndarray:
    """Linear-log intensity, float32, of grey levels 0 … 255 of any shape."""
    linear = levels * (math.log(_LINEAR_BELOW) / _LINEAR_BELOW)
    mapped = np.where(levels <= _LINEAR_BELOW, linear, np.log(np.maximum(levels, 1.0)))
    # v2e rounds so that a step up and the same step down cancel
    rounded: np.ndarray = np.rint(mapped * 1e8) / 1e8
    return rounded.astype(np.float32)


_LOG_OF_LEVEL = _log_intensity(np.arange(256, dtype=np.float64))


class DVSEncoder:
    """Turn grey frames into ON and OFF events.

    resolution: (W, H) in pixels. threshold: contrast threshold θ of ON events, in natural-log units (0.2 is a
    change of intensity by 22 %), at least 0.01. threshold_off: the same for OFF events, default `threshold`.

    Frames have shape (H, W) and are uint8, or floats from 0 to 1. Events carry the neuron y·W + x and a
    polarity, 1 for ON and 0 for OFF: a layer of W·H neurons takes both on one neuron, a layer of 2·W·H
    takes ON in its first half and OFF in its second.

    Raises ArgumentTypeError or ParameterError if a frame is not such a frame, before any state changes.
    """

    def __init__(
        self, resolution: Tuple[int, int] = (64, 64), threshold: float = 0.2, threshold_off: Optional[float] = None
    ) -> None:
        self.width, self.height = _resolution(resolution)
        self.threshold = _threshold("threshold", threshold)
        self.threshold_off = self.threshold if threshold_off is None else _threshold("threshold_off", threshold_off)
        self.reset()

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    def reset(self) -> None:
        """Forget the reference and the time: the next frame is a first frame."""
        self._reference: Optional[np.ndarray] = None
        self._time = 0.0

    def encode_difference(self, previous: np.ndarray, current: np.ndarray) -> SpikePattern:
        """Events of the change from one frame to another; keeps nothing.

        The i-th of a pixel's n events has step floor(i·S / (n + 1)) of S (16, or more if n needs it), so a
        stronger change comes earlier and more often. The run that gets the pattern decides its length.
        """
        before = self._reading("previous", previous)
        pixels, counts = self._events(self._reading("current", current) - before)
        size = np.abs(counts)
        steps = max(_STEPS, int(size.max()) + 1 if len(size) else 0)
        rank, source = _expand(size)
        order = ((rank * steps) // (size[source] + 1)).astype(np.int16)
        first = np.argsort(order, kind="stable")
        source = source[first]
        return SpikePattern(pixels[source], order[first], steps, self.size, counts[source] > 0)

    def encode(self, frame: np.ndarray, timestamp: float) -> SpikeTrain:
        """Events since the frame before, against each pixel's own reference.

        timestamp: ms, later than the frame before's (ParameterError otherwise). The first frame sets the
        reference and gives an empty train. An event moves its pixel's reference by θ; what is left over
        counts for the next frame.

        Times are ms after the frame before, 0 < t ≤ timestamp − its timestamp, so that a train can be given
        as it is to a run of that length. With N the highest count of any pixel in this frame, the i-th event
        of every pixel falls at i/N of the interval (v2e's rule).
        """
        reading, now = self._reading("frame", frame), finite("DVSEncoder", "timestamp", timestamp, "ms")
        if self._reference is None:
            self._reference, self._time = reading, now
            return SpikeTrain([], [], self.size, [])
        interval = now - self._time
        if not interval > 0.0:
            cure = "call reset() to start a new clip"
            raise ParameterError(f"DVSEncoder: timestamp must be after {self._time:g} ms (got {now:g} ms); {cure}")
        pixels, counts = self._events(reading - self._reference)
        self._reference = self._moved(self._reference, pixels, counts)
        self._time = now
        rank, source = _expand(np.abs(counts))
        # i/N is exactly 1 for the last event: no time exceeds the interval
        times = interval * (rank / rank[-1]) if len(rank) else rank
        return SpikeTrain(pixels[source], times, self.size, counts[source] > 0)

    def _events(self, change: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Pixels that fire, ascending, and how often: > 0 for ON, < 0 for OFF."""
        flat = change.ravel()
        # a scalar divides far faster than an array of thresholds
        moved = np.flatnonzero((flat >= np.float32(self.threshold)) | (flat <= np.float32(-self.threshold_off)))
        there = flat[moved]
        on = np.floor_divide(np.maximum(there, 0), np.float32(self.threshold))
        off = np.floor_divide(np.maximum(-there, 0), np.float32(self.threshold_off))
        return moved, (on - off).astype(np.int64)

    def _moved(self, reference: np.ndarray, pixels: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The reference [H, W] after these events."""
        theta = np.where(counts > 0, np.float32(self.threshold), np.float32(self.threshold_off))
        moved = reference.flatten()
        moved[pixels] += counts.astype(np.float32) * theta
        return moved.reshape(self.height, self.width)

    def _reading(self, field: str, frame: Any) -> np.ndarray:
        """Log intensity of a checked frame, float32 [H, W]."""
        frame = self._checked(field, frame)
        if frame.dtype == np.uint8:
            reading: np.ndarray = _LOG_OF_LEVEL[frame]
            return reading
        low, high = float(frame.min()), float(frame.max())
        if math.isnan(low) or math.isnan(high):
            y, x = np.argwhere(np.isnan(frame))[0].tolist()
            raise ParameterError(f"DVSEncoder: {field} must be finite (pixel x = {x}, y = {y} is nan)")
        # resizing in float32 may overshoot by a rounding error
        if low < -1e-6 or high > 1.0 + 1e-6:
            cure = "divide by the largest value, or give uint8"
            raise ParameterError(f"DVSEncoder: {field} in floats must be 0 to 1 (got {low:g} to {high:g}); {cure}")
        return _log_intensity(frame.astype(np.float64) * 255.0)

    def _checked(self, field: str, frame: Any) -> np.ndarray:
        """The frame as an array of the right shape and kind."""
        if frame is None:
            raise ArgumentTypeError(f"DVSEncoder: {field} must be an array (got None); did the camera give a frame?")
        array = np.asarray(frame)
        if array.ndim == 3:
            rule, cure = "must be grey, one value a pixel", "use cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)"
            raise ParameterError(f"DVSEncoder: {field} {rule} (got shape {array.shape}); {cure}")
        if array.shape != (self.height, self.width):
            cure = f"use cv2.resize(frame, ({self.width}, {self.height}))"
            rule = f"must have shape (H, W) = ({self.height}, {self.width})"
            raise ParameterError(f"DVSEncoder: {field} {rule} (got {array.shape}); {cure}")
        if array.dtype != np.uint8 and array.dtype.kind != "f":
            cure = "use frame.astype(np.uint8) if its values are 0 to 255"
            raise ArgumentTypeError(f"DVSEncoder: {field} must be uint8 or floats 0 to 1 (got {array.dtype}); {cure}")
        return array

    def __repr__(self) -> str:
        return f"DVSEncoder(resolution=({self.width}, {self.height}), threshold={self.threshold:g})"


def _expand(counts: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Rank 1, 2, … of every event, ascending, and the place in `counts` that it comes from."""
    source = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(1, len(source) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
    # int16 sorts by radix; a rank is at most 6 / 0.01
    order = np.argsort(rank.astype(np.int16), kind="stable")
    return rank[order], source[order]


def _resolution(value: Any) -> Tuple[int, int]:
    try:
        width, height = value
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"DVSEncoder: resolution must be (width, height) in pixels (got {value!r})") from None
    width, height = count("DVSEncoder", "width", width), count("DVSEncoder", "height", height)
    count("DVSEncoder", "width * height", width * height)
    return width, height


def _threshold(field: str, value: Any) -> float:
    number = positive("DVSEncoder", field, value)
    if number < _LEAST_THRESHOLD:
        raise ParameterError(f"DVSEncoder: {field} must be at least {_LEAST_THRESHOLD:g} (got {value!r})")
    return number
