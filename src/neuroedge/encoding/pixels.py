"""What a pixel of a dynamic vision sensor makes of light: checked frames, log intensity, bandwidth, events.

The formulas are those of v2e (Hu, Liu & Delbruck 2021, CVPRW, "v2e: From video frames to realistic DVS events").
"""

import math
from functools import lru_cache
from typing import Any, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError
from ..network.arithmetic import poisson, tick_key

__all__ = [
    "LEAST_THRESHOLD",
    "Events",
    "bandwidth",
    "checked_frame",
    "crossings",
    "follow",
    "in_turn",
    "log_intensity",
    "mismatched",
    "rested",
    "shots",
    "thresholds",
]

Threshold = Union[np.float32, np.ndarray]

# the smallest contrast threshold: v2e's too; below it a frame could ask for memory without end
LEAST_THRESHOLD = 0.01
# below this grey level (of 255) the scale is linear: there the log would turn a step of one level into events
_LINEAR_BELOW = 20.0
# shot noise of a white pixel, as a share of that of a black one
_BRIGHT_SHARE = 0.25


class Events(NamedTuple):
    """The pixels [n] that fire, first `rises` of them ON, then OFF, ascending each.

    times: how often each fires, int32 [n]; needs: its threshold, float32 [n].
    """

    pixels: np.ndarray
    times: np.ndarray
    rises: int
    needs: np.ndarray


def checked_frame(field: str, frame: Any, height: int, width: int) -> np.ndarray:
    """The frame, a grey one [H, W] of uint8 or of floats 0 to 1; else an error with the cure."""
    if frame is None:
        raise ArgumentTypeError(f"DVSEncoder: {field} must be an array (got None); did the camera give a frame?")
    array = checks.as_array(f"DVSEncoder: {field} must be an array of uint8 or floats 0 to 1", frame)
    if array.ndim == 3:
        rule, cure = "must be grey, one value a pixel", "use cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)"
        raise ParameterError(f"DVSEncoder: {field} {rule} (got shape {array.shape}); {cure}")
    if array.shape != (height, width):
        cure = f"use cv2.resize(frame, ({width}, {height}))"
        rule = f"must have shape (H, W) = ({height}, {width})"
        raise ParameterError(f"DVSEncoder: {field} {rule} (got {array.shape}); {cure}")
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        cure = "use frame.astype(np.uint8) if its values are 0 to 255"
        raise ArgumentTypeError(f"DVSEncoder: {field} must be uint8 or floats 0 to 1 (got {array.dtype}); {cure}")
    if array.dtype.kind == "f":
        _must_be_shares(field, array)
    return array


def _must_be_shares(field: str, frame: np.ndarray) -> None:
    low, high = float(frame.min()), float(frame.max())
    if math.isnan(low) or math.isnan(high):
        y, x = np.argwhere(np.isnan(frame))[0].tolist()
        raise ParameterError(f"DVSEncoder: {field} must be finite (pixel x = {x}, y = {y} is nan)")
    # resizing in float32 may overshoot by a rounding error
    if low < -1e-6 or high > 1.0 + 1e-6:
        cure = "divide by the largest value, or give uint8"
        raise ParameterError(f"DVSEncoder: {field} in floats must be 0 to 1 (got {low:g} to {high:g}); {cure}")


def _lin_log(levels: np.ndarray) -> np.ndarray:
    """Linear-log intensity, float32, of grey levels 0 … 255 of any shape."""
    linear = levels * (math.log(_LINEAR_BELOW) / _LINEAR_BELOW)
    mapped = np.where(levels <= _LINEAR_BELOW, linear, np.log(np.maximum(levels, 1.0)))
    # v2e rounds so that a step up and the same step down cancel
    rounded: np.ndarray = np.rint(mapped * 1e8) / 1e8
    return rounded.astype(np.float32)


def _of_pairs(of_level: np.ndarray) -> np.ndarray:
    """The values of two neighbours at once, float32 [256, 256] each, as int64 [65536]: half as many look-ups."""
    pairs = np.empty((256, 256, 2), np.float32)
    pairs[:, :, 0], pairs[:, :, 1] = of_level, of_level[:, None]
    return pairs.view(np.int64).ravel()


_LOG_OF_LEVEL = _lin_log(np.arange(256, dtype=np.float64))
_LOG_OF_PAIR = _of_pairs(_LOG_OF_LEVEL)


@lru_cache(maxsize=2)
def _shares(scale: float) -> Tuple[np.ndarray, np.ndarray]:
    """min(1, (I + 20)·scale) of each grey level, and of pairs of them: a clip's frames come at one interval."""
    of_level = np.minimum((np.arange(256) + 20.0) * scale, 1.0).astype(np.float32)
    return of_level, _of_pairs(of_level)


def _looked_up(of_level: np.ndarray, of_pair: np.ndarray, frame: np.ndarray, out: np.ndarray) -> np.ndarray:
    """What a table says of each pixel of a uint8 frame, in `out` [H·W]."""
    levels = frame.ravel()
    # every index is in range; saying so spares a copy
    if len(levels) % 2:
        return np.take(of_level, levels, out=out, mode="clip")
    np.take(of_pair, levels.view("<u2"), out=out.view(np.int64), mode="clip")
    return out


def _levels(frame: np.ndarray) -> np.ndarray:
    """Grey levels 0 … 255 in double, one axis."""
    levels = frame.ravel().astype(np.float64)
    return levels if frame.dtype == np.uint8 else levels * 255.0


def log_intensity(frame: np.ndarray, out: Optional[np.ndarray] = None) -> np.ndarray:
    """Log intensity of a checked frame, float32 [H·W]: linear up to level 20 of 255, natural log above; in `out`."""
    light = np.empty(frame.size, np.float32) if out is None else out
    if frame.dtype == np.uint8:
        return _looked_up(_LOG_OF_LEVEL, _LOG_OF_PAIR, frame, light)
    light[:] = _lin_log(_levels(frame))
    return light


def bandwidth(frame: np.ndarray, interval: float, cutoff: float, out: np.ndarray) -> np.ndarray:
    """Share [H·W] of the way to the new intensity that a photoreceptor goes in `interval` ms; in `out`.

    ε = min(1, (I + 20)/275 · 2π·cutoff·Δt), I the grey level: a first-order low-pass, faster in bright light.
    """
    scale = 2.0 * math.pi * cutoff * interval / 1000.0 / 275.0
    if frame.dtype == np.uint8:
        return _looked_up(*_shares(scale), frame, out)
    out[:] = np.minimum((_levels(frame) + 20.0) * scale, 1.0)
    return out


def thresholds(field: str, value: Any, height: int, width: int) -> Threshold:
    """A contrast threshold for all pixels, or a map [H, W] of them, flat."""
    owner = "DVSEncoder"
    made: Threshold
    if not isinstance(value, (list, tuple, np.ndarray)):
        low = checks.positive(owner, field, value)
        made = np.float32(low)
    else:
        given = checks.real_array(owner, field, value, (height, width))
        low, made = float(given.min()), given.astype(np.float32).ravel()
    if low < LEAST_THRESHOLD:
        raise ParameterError(f"{owner}: {field} must be at least {LEAST_THRESHOLD:g} (got {low:g})")
    return made


def mismatched(threshold: Threshold, sigma: float, seed: int, which: int, pixels: int) -> Threshold:
    """Thresholds of single pixels, normal around theirs with deviation `sigma`, at least 0.01."""
    if sigma == 0.0:
        return threshold
    drawn = np.random.Generator(np.random.PCG64([seed, which])).standard_normal(pixels)
    return np.maximum(threshold + sigma * drawn, LEAST_THRESHOLD).astype(np.float32)


def crossings(change: np.ndarray, on: Threshold, off: Threshold, below: Threshold) -> Events:
    """Pixels that moved by a threshold or more, and how often: floor(change / threshold).

    change: float32 [H·W]; below: −off, which for a map would take long to make each time.
    """
    # one search for both costs less than two; lists of places are taken from faster than masks that come at random
    fires = change >= on
    fires |= change <= below
    found = np.flatnonzero(fires)
    moved = change.take(found)
    rose = moved > 0.0
    up, down = np.flatnonzero(rose), np.flatnonzero(~rose)
    order = np.concatenate([up, down])
    pixels, moved, rises = found.take(order), moved.take(order), len(up)
    np.negative(moved[rises:], out=moved[rises:])
    needs = np.empty(len(moved), np.float32)
    needs[:rises], needs[rises:] = _at(on, pixels[:rises]), _at(off, pixels[rises:])
    # quotients of float32 are exact enough in double for their floor
    times = np.floor(np.divide(moved, needs, dtype=np.float64)).astype(np.int32)
    return Events(pixels, times, rises, needs)


def _at(threshold: Threshold, pixels: np.ndarray) -> Threshold:
    """The thresholds of these pixels."""
    return threshold.take(pixels) if isinstance(threshold, np.ndarray) else threshold


def follow(reference: np.ndarray, events: Events) -> None:
    """Move the references [H·W] by a threshold for each event."""
    step = events.times.astype(np.float32)
    step *= events.needs
    np.negative(step[events.rises :], out=step[events.rises :])
    reference[events.pixels] += step


def in_turn(events: Events) -> Tuple[np.ndarray, np.ndarray, List[int]]:
    """Pixels and polarities of all first events, all second ones and so on, and how many there are of each rank."""
    left, times = np.arange(len(events.pixels)), events.times
    ranks: List[np.ndarray] = []
    while len(left):
        ranks.append(left)
        more = np.flatnonzero(times > len(ranks))
        left, times = left.take(more), times.take(more)
    if not ranks:
        return np.zeros(0, np.uint32), np.zeros(0, np.uint8), []
    which = np.concatenate(ranks)
    pixels = events.pixels.astype(np.uint32).take(which)
    return pixels, (which < events.rises).view(np.uint8), [len(rank) for rank in ranks]


def rested(pixels: np.ndarray, when: np.ndarray, last: np.ndarray, refractory: float) -> np.ndarray:
    """Which events, in the order of time, come more than `refractory` ms after their pixel's last; moves `last`."""
    passes = np.zeros(len(pixels), bool)
    edges = np.flatnonzero(np.diff(when)) + 1
    # a pixel has one event at one time, so all of one time are looked at together
    for start, end in zip([0, *edges.tolist()], [*edges.tolist(), len(pixels)]):
        here = pixels[start:end]
        free = when[start:end] - last[here] > refractory
        last[here[free]] = when[start:end][free]
        passes[start:end] = free
    return passes


def shots(
    frame: np.ndarray, expected: float, on: np.ndarray, off: np.ndarray, seed: int, turn: int
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shot noise of one frame: pixels, polarities, and when in the interval, shares in (0, 1].

    expected: events of a black pixel of nominal threshold in the interval, half of them ON; a white one has a quarter.
    on, off: nominal over own threshold [H·W]. At most one ON and one OFF event a pixel and frame. The numbers come from
    a counter: (seed, turn, pixel).
    """
    dim = 1.0 + (_BRIGHT_SHARE - 1.0) * (_levels(frame) + 20.0) / 275.0
    found = []
    for which, ratio in enumerate((off, on)):
        chance = np.minimum(0.5 * expected * dim * ratio * 2.0**32, 2.0**32 - 1.0).astype(np.uint32)
        found.append(poisson(tick_key(seed, which, turn), chance).astype(np.int64))
    pixels = np.concatenate(found)
    signs = np.repeat(np.array([0, 1], np.uint8), [len(found[0]), len(found[1])])
    times = 1.0 - np.random.Generator(np.random.PCG64([seed, 2, turn])).random(len(pixels))
    order = np.argsort(times, kind="stable")
    return pixels[order], signs[order], times[order]
