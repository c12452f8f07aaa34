"""Events from frames, as a dynamic vision sensor (DVS) gives them.

A pixel of such a sensor keeps a reference of log intensity L and fires when L has moved by a threshold θ
(Lichtsteiner, Posch & Delbruck 2008, IEEE J. Solid-State Circuits 43:566). From a reference r and a frame
with log intensity L, in units of θ:

    d = (L − r) / θ        ON events = floor(d) if d > 0        OFF events = floor(−d) if d < 0

Log intensity, event times and what makes a sensor imperfect are those of v2e (Hu, Liu & Delbruck 2021, CVPRW,
"v2e: From video frames to realistic DVS events"), the ideal one in its float32, so that counts agree to the event.
"""

from typing import Any, Dict, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..checks import count, finite
from ..errors import ArgumentTypeError, ParameterError, shown
from ..events import SpikePattern, SpikeTrain
from . import pixels as px

__all__ = ["DVSEncoder"]

# steps of a pattern, enough to keep the order of all but the strongest changes
_STEPS = 16


class DVSEncoder:
    """Turn grey frames into ON and OFF events.

    resolution: (W, H) in pixels. threshold: contrast threshold θ of ON events, in natural-log units (0.2 is a
    change of intensity by 22 %), at least 0.01, or a map [H, W]. threshold_off: the same for OFF events, default
    `threshold`.

    What makes a sensor imperfect, all off by default, as v2e has it:
    mismatch: deviation of single pixels' thresholds around theirs, drawn once with `seed`;
    cutoff: Hz, bandwidth of the photoreceptor in white light: a first-order low-pass, slower where it is darker;
    leak: Hz of ON events without any change, exact for θ of the pixel;
    shot_noise: Hz of ON and OFF events of a black pixel, a quarter of it in white, drawn with `seed`;
    refractory: ms for which a pixel is silent after an event.
    They act on `encode`; thresholds act on `encode_difference` and `encode_next` too.

    Frames have shape (H, W) and are uint8, or floats from 0 to 1. Events carry the neuron y·W + x and a
    polarity, 1 for ON and 0 for OFF: a layer of W·H neurons takes both on one neuron, a layer of 2·W·H
    takes ON in its first half and OFF in its second.

    Raises ArgumentTypeError or ParameterError if a frame is not such a frame, before any state changes.
    """

    def __init__(
        self, resolution: Tuple[int, int] = (64, 64), threshold: Union[float, np.ndarray] = 0.2,
        threshold_off: Union[None, float, np.ndarray] = None, mismatch: float = 0.0, cutoff: float = 0.0,
        leak: float = 0.0, shot_noise: float = 0.0, refractory: float = 0.0, seed: int = 0,
    ) -> None:  # fmt: skip
        me = "DVSEncoder"
        self.width, self.height = _resolution(resolution)
        self._on = px.thresholds("threshold", threshold, self.height, self.width)
        self._off = self._on
        if threshold_off is not None:
            self._off = px.thresholds("threshold_off", threshold_off, self.height, self.width)
        self.threshold, self.threshold_off = float(np.mean(self._on)), float(np.mean(self._off))
        self.mismatch = checks.not_negative(me, "mismatch", mismatch)
        self.cutoff = checks.not_negative(me, "cutoff", cutoff, "Hz")
        self.leak = checks.not_negative(me, "leak", leak, "Hz")
        self.shot_noise = checks.not_negative(me, "shot_noise", shot_noise, "Hz")
        self.refractory = checks.not_negative(me, "refractory", refractory, "ms")
        self.seed = checks.whole(me, "seed", seed, least=0)
        self._given = (_kept(threshold), _kept(threshold_off))
        self._on = px.mismatched(self._on, self.mismatch, self.seed, 1, self.size)
        self._off = px.mismatched(self._off, self.mismatch, self.seed, 0, self.size)
        self._edges = self._on, self._off, np.negative(self._off)
        self.reset()

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def threshold_map(self) -> np.ndarray:
        """Thresholds of ON and of OFF events of each pixel, float32 [2, H, W]."""
        maps = np.empty((2, self.size), np.float32)
        maps[0], maps[1] = self._on, self._off
        return maps.reshape(2, self.height, self.width)

    def parameters(self) -> Dict[str, Any]:
        """What makes another encoder like this one: DVSEncoder(**parameters)."""
        names = ("mismatch", "cutoff", "leak", "shot_noise", "refractory", "seed")
        threshold, threshold_off = self._given
        first = {"resolution": (self.width, self.height), "threshold": threshold, "threshold_off": threshold_off}
        return {**first, **{name: getattr(self, name) for name in names}}

    def reset(self) -> None:
        """Forget references, filters and the time: the next frame is a first frame."""
        self._reference: Optional[np.ndarray] = None
        self._light: Optional[np.ndarray] = None
        self._last: Optional[np.ndarray] = None
        self._room = np.empty((0, 0), np.float32)
        self._time = 0.0
        self._turn = 0

    def encode_difference(self, previous: np.ndarray, current: np.ndarray) -> SpikePattern:
        """Events of the change from the frame `previous` to `current`; keeps nothing.

        The i-th of a pixel's n events has step floor(i·S / (n + 1)) of S (16, or more if n needs it), so a
        stronger change comes earlier and more often. The run that gets the pattern decides its length.
        """
        before = self._reading("previous", previous)
        return self._pattern(px.crossings(self._reading("current", current) - before, *self._edges))

    def encode_next(self, frame: np.ndarray) -> SpikePattern:
        """Events since the frame before, as `encode_difference` orders them, against each pixel's own reference.

        So slow changes add up until they reach the threshold, and nothing is lost between calls. The first frame
        sets the reference and gives an empty pattern. For frames without times; do not mix with `encode`.
        """
        reading = self._reading("frame", frame)
        if self._reference is None:
            self._reference = reading
        events = px.crossings(reading - self._reference, *self._edges)
        px.follow(self._reference, events)
        return self._pattern(events)

    def encode(self, frame: np.ndarray, timestamp: float) -> SpikeTrain:
        """Events since the frame before, against each pixel's own reference.

        timestamp: ms, later than the frame before's (ParameterError otherwise). The first frame sets the
        reference and gives an empty train. An event moves its pixel's reference by θ; what is left over
        counts for the next frame.

        Times are ms after the frame before, 0 < t ≤ timestamp − its timestamp, so that a train can be given
        as it is to a run of that length. With N the highest count of any pixel in this frame, the i-th event
        of every pixel falls at i/N of the interval (v2e's rule).
        """
        frame = px.checked_frame("frame", frame, self.height, self.width)
        now = finite("DVSEncoder", "timestamp", timestamp, "ms")
        if self._reference is None:
            self._start(frame, now)
            return SpikeTrain([], [], self.size, [])
        interval = now - self._time
        if not interval > 0.0:
            cure = "call reset() to start a new clip"
            raise ParameterError(f"DVSEncoder: timestamp must be after {self._time:g} ms (got {now:g} ms); {cure}")
        light = self._seen(frame, interval)
        events = px.crossings(np.subtract(light, self._reference, out=self._room[1]), *self._edges)
        neurons, signs, sizes = px.in_turn(events)
        # i/N is exactly 1 for the last event: no time exceeds the interval
        steps = np.arange(1, len(sizes) + 1) / max(len(sizes), 1)
        times = np.repeat(interval * steps, sizes)
        if self._last is None:
            px.follow(self._reference, events)
        else:
            passes = px.rested(neurons, self._time + times, self._last, self.refractory)
            neurons, signs, times = neurons[passes], signs[passes], times[passes]
            self._moved_by(self._reference, neurons, signs)
        if self.shot_noise:
            neurons, signs, times = self._with_shots(frame, light, interval, neurons, signs, times)
        self._time = now
        self._turn += 1
        return SpikeTrain(neurons, times, self.size, signs)

    def _start(self, frame: np.ndarray, now: float) -> None:
        light = px.log_intensity(frame)
        # room for two pictures, kept: asking for it anew in every frame takes longer than the arithmetic
        self._reference, self._time, self._room = light.copy(), now, np.empty((2, self.size), np.float32)
        self._light = light if self.cutoff else None
        self._last = np.full(self.size, -np.inf) if self.refractory else None

    def _seen(self, frame: np.ndarray, interval: float) -> np.ndarray:
        """What the photoreceptors tell after this frame; leaks the references."""
        light, share = px.log_intensity(frame, self._room[0]), self._room[1]
        if self.leak and self._reference is not None:
            self._reference -= np.multiply(self._on, np.float32(self.leak * interval / 1000.0), out=share)
        if self._light is None:
            return light
        light -= self._light
        light *= px.bandwidth(frame, interval, self.cutoff, share)
        self._light += light
        return self._light

    def _with_shots(
        self, frame: np.ndarray, light: np.ndarray, interval: float, neurons: np.ndarray, signs: np.ndarray,
        times: np.ndarray,
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        expected = self.shot_noise * interval / 1000.0
        on, off = np.asarray(self.threshold / self._on), np.asarray(self.threshold_off / self._off)
        where, polarity, when = px.shots(frame, expected, on, off, self.seed, self._turn)
        if self._reference is not None:
            # such an event resets its pixel: it forgets what it had gathered
            self._reference[where] = light[where]
        when = np.minimum(when * interval, interval)
        return (
            np.concatenate([neurons, where]), np.concatenate([signs, polarity]), np.concatenate([times, when])
        )  # fmt: skip

    def _pattern(self, events: px.Events) -> SpikePattern:
        neurons, signs, sizes = px.in_turn(events)
        count_of = np.zeros(self.size, np.int64)
        count_of[events.pixels] = events.times
        steps = max(_STEPS, len(sizes) + 1)
        rank = np.repeat(np.arange(1, len(sizes) + 1), sizes)
        order = (rank * steps) // (count_of[neurons] + 1)
        first = np.argsort(order.astype(np.int16), kind="stable")
        return SpikePattern(neurons[first], order[first], steps, self.size, signs[first])

    def _moved_by(self, reference: np.ndarray, neurons: np.ndarray, signs: np.ndarray) -> None:
        """Move the references by single events."""
        on = np.bincount(neurons[signs == 1], minlength=self.size).astype(np.float32)
        off = np.bincount(neurons[signs == 0], minlength=self.size).astype(np.float32)
        reference += on * self._on - off * self._off

    def _reading(self, field: str, frame: Any) -> np.ndarray:
        return px.log_intensity(px.checked_frame(field, frame, self.height, self.width))

    def __repr__(self) -> str:
        more = [f"{name}={getattr(self, name):g}" for name in ("mismatch", "cutoff", "leak", "shot_noise", "refractory")
                if getattr(self, name)]  # fmt: skip
        parts = [f"resolution=({self.width}, {self.height})", f"threshold={self.threshold:g}", *more]
        return f"DVSEncoder({', '.join(parts)})"


def _kept(threshold: Any) -> Any:
    """A threshold as it was given; of a map a copy."""
    return threshold if np.isscalar(threshold) or threshold is None else np.array(threshold)


def _resolution(value: Any) -> Tuple[int, int]:
    try:
        width, height = value
    except (TypeError, ValueError):
        rule = "resolution must be (width, height) in pixels"
        raise ArgumentTypeError(f"DVSEncoder: {rule} (got {shown(value)})") from None
    width, height = count("DVSEncoder", "width", width), count("DVSEncoder", "height", height)
    count("DVSEncoder", "width * height", width * height)
    return width, height
