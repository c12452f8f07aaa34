"""Seeing motion: a network that tells from a camera's events where something goes, and how fast.

The principle is that of the insect eye and of the rabbit's retina: compare what one point sees now with what
another saw a moment ago (Hassenstein & Reichardt 1956, Z. Naturforsch. 11b:513; Barlow & Levick 1965,
J. Physiol. 178:477). Here the moment is the delay of a synapse. A field at c that prefers direction u (of
length 1) and speed v listens to the pixels p within a radius R of it, each through the delay

    D(p) = (R − (p − c)·u) / v

An edge that moves along u at v passes p at t0 + (p − c)·u/v, so all its spikes arrive at t0 + R/v, together,
and lift above its threshold a membrane that forgets in a few milliseconds. The spikes of an edge that moves
along u' at v' arrive spread over 2·R·|u'/v' − u/v| and leak away. So that contrast matters little, the fields of
one place silence each other: the one that is lifted first speaks. An answer comes when an edge has crossed
a field, which takes up to 2·R/v.

    retina 64 × 64 pixels  →  256 fields = 4 × 4 places × 8 directions × 2 speeds  →  10 outputs

Nothing is trained: every weight and delay follows from the geometry and the few numbers below, which were chosen
for wide margins over bars of many contrasts, widths and speeds and one clip of a car. A tenth more or less of
any of them, preferred speeds apart, changes no answer.
Units: pixels (px) with x to the right and y down, px/s, ms, mV.
"""

import math
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError, UnknownNameError
from ..network import LIF, Network, SpikeSource

__all__ = [
    "DIRECTIONS",
    "FAST",
    "SIDE",
    "SLOW",
    "SPEEDS",
    "Motion",
    "build_motion_network",
    "moving_bar",
    "read_motion",
]

DIRECTIONS = ("up", "up-right", "right", "down-right", "down", "down-left", "left", "up-left")
SPEEDS = ("slow", "fast")
# retina, px along a side
SIDE = 64
# preferred speeds, px/s: across the picture in 1.3 s and in 0.5 s; at 25 frames a second 2 and 5 px a frame
SLOW, FAST = 50.0, 125.0

# places along a side, and how far a field sees (px): each sees beyond its neighbours' centres, because
# a longer path tells directions better apart
_PLACES = 4
_RADIUS = 18.0
# the membrane must gather what one camera frame brings (40 ms at 25 frames a second) and forget the rest;
# a third of a frame lies amid what works (10 to 14 ms)
_TAU_FIELD = 12.0
# what a field gets if each of its pixels fires once: twice the way to threshold (15 mV). An edge gives 3 to
# 12 events a pixel at a contrast threshold of 0.2, which the leak thins out unless they come together
_DRIVE = 30.0
# a field's spike takes from its rivals as much as lies between rest and threshold
_RIVALRY = -15.0
# about two spikes of its fields make an output fire; any other direction takes back half of one
_TAU_OUTPUT = 40.0
_VOTE, _OBJECTION = 8.0, -4.0

_UNITS = np.array([(math.sin(a), -math.cos(a)) for a in np.arange(8) * (math.pi / 4)])


class Motion(NamedTuple):
    """What the outputs say.

    direction: one of DIRECTIONS, or None if no output fired or two share the first place. speed: one of SPEEDS,
    or None likewise. margin: (first − second) / first of the direction counts, 0 to 1.
    """

    direction: Optional[str]
    speed: Optional[str]
    margin: float


def build_motion_network(slow: float = SLOW, fast: float = FAST, seed: int = 0) -> Network:
    """The network, with populations "retina" (4,096), "fields" (256) and "output" (10).

    slow, fast: preferred speeds in px/s, slow < fast (ParameterError otherwise). seed: of the Network; nothing
    here is random. Pixel y·64 + x of the retina takes both ON and OFF. Field ((row·4 + column)·8 + direction)·2
    + speed, output direction, or 8 + speed. Delays are whole ms: run it at dt = 1.
    """
    speeds = tuple(checks.positive("build_motion_network", *pair, "px/s") for pair in (("slow", slow), ("fast", fast)))
    if not speeds[0] < speeds[1]:
        raise ParameterError(f"build_motion_network: slow must be below fast (got {slow!r} and {fast!r} px/s)")
    net = Network("motion", seed=seed)
    net.add("retina", SIDE * SIDE, SpikeSource())
    net.add("fields", _PLACES * _PLACES * 16, LIF(tau_m=_TAU_FIELD, refractory=2.0))
    net.add("output", len(DIRECTIONS) + len(SPEEDS), LIF(tau_m=_TAU_OUTPUT, refractory=2.0))
    synapses, delay = _sight(speeds)
    net.connect("retina", "fields", synapses=synapses, delay=delay)
    net.connect("fields", "fields", synapses=_rivalry(), delay=1.0)
    net.connect("fields", "output", weights=_votes(), delay=1.0)
    return net


def _sight(speeds: Tuple[float, ...]) -> Tuple[Tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Synapses (pre, post, mV) from pixels to fields, and their delays in ms."""
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    centres = (np.arange(_PLACES) + 0.5) * SIDE / _PLACES - 0.5
    parts = []
    for place in range(_PLACES * _PLACES):
        row, column = divmod(place, _PLACES)
        off = np.stack([x - centres[column], y - centres[row]], axis=1)
        # every other pixel, as on a chessboard, sees an edge as well as all of them
        seen = np.flatnonzero(((off**2).sum(axis=1) <= _RADIUS**2) & ((x + y) % 2 == 0))
        way = _RADIUS - off[seen] @ _UNITS.T
        delay = 1.0 + np.rint(1000.0 * way[:, :, None] / np.array(speeds))
        post = np.broadcast_to(place * 16 + np.arange(16), (len(seen), 16))
        # fields at the border see fewer pixels, so each of those counts more
        weight = np.full(delay.size, _DRIVE / len(seen), np.float32)
        parts.append((np.repeat(seen, 16), post.ravel(), weight, delay.ravel()))
    pre, targets, weights, delays = (np.concatenate(column) for column in zip(*parts))
    return (pre, targets, weights), delays


def _rivalry() -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Synapses (pre, post, mV) between all fields of one place."""
    one, other = np.nonzero(~np.eye(16, dtype=bool))
    places = np.arange(_PLACES * _PLACES)[:, None] * 16
    pre, post = (places + one).ravel(), (places + other).ravel()
    return pre, post, np.full(len(pre), _RIVALRY)


def _votes() -> np.ndarray:
    """Weights [256, 10] in mV from fields to outputs."""
    direction, speed = np.divmod(np.arange(_PLACES * _PLACES * 16) % 16, 2)
    where = np.where(direction[:, None] == np.arange(len(DIRECTIONS)), _VOTE, _OBJECTION)
    # with one rival instead of seven, an objection counts in full
    fast = np.where(speed[:, None] == np.arange(len(SPEEDS)), _VOTE, -_VOTE)
    return np.concatenate([where, fast], axis=1)


def read_motion(counts: Any) -> Motion:
    """The answer in the spike counts [10] of the outputs, of one run or summed over several."""
    array = checks.real_array("read_motion", "counts", counts, (len(DIRECTIONS) + len(SPEEDS),))
    if (array < 0).any():
        raise ParameterError(f"read_motion: counts must be >= 0 (got {float(array.min()):g})")
    where, speed = array[: len(DIRECTIONS)], array[len(DIRECTIONS) :]
    second, first = np.sort(where)[-2:]
    margin = float((first - second) / first) if first > 0 else 0.0
    direction = DIRECTIONS[int(where.argmax())] if margin > 0 else None
    return Motion(direction, SPEEDS[int(speed.argmax())] if speed[0] != speed[1] else None, margin)


def moving_bar(
    direction: str,
    speed: float,
    width: float = 8.0,
    length: Optional[float] = None,
    levels: Tuple[int, int] = (60, 200),
    interval: float = 40.0,
) -> np.ndarray:
    """Frames uint8 [n, 64, 64] of a bar that crosses the picture, square to its direction.

    direction: one of DIRECTIONS. speed: px/s. width, length: of the bar along and across its motion in px; None
    reaches from border to border. levels: grey of the ground and of the bar, 0 to 255. interval: ms from frame to
    frame. The first and the last frame show the ground alone. Raises ParameterError or ArgumentTypeError.
    """
    if direction not in DIRECTIONS:
        raise UnknownNameError("direction", direction, DIRECTIONS)
    speed, width = _positive("speed", speed, "px/s"), _positive("width", width, "px")
    length = 2.0 * SIDE if length is None else _positive("length", length, "px")
    ground, bar = _levels(levels)
    u = _UNITS[DIRECTIONS.index(direction)]
    x, y = np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2.0] * 2)
    along, across = x * u[0] + y * u[1], x * u[1] - y * u[0]
    reach = SIDE / 2.0 * np.abs(u).sum() + 0.5
    step = speed * _positive("interval", interval, "ms") / 1000.0
    front = step * np.arange(math.ceil((2.0 * reach + width) / step) + 1)[:, None, None] - reach
    # an edge covers the pixel that it passes in part
    cover = np.clip(front - along + 0.5, 0.0, 1.0) - np.clip(front - width - along + 0.5, 0.0, 1.0)
    beside = np.clip(length / 2.0 - np.abs(across) + 0.5, 0.0, 1.0)
    frames: np.ndarray = np.rint(ground + (bar - ground) * cover * beside)
    return frames.astype(np.uint8)


def _positive(field: str, value: Any, unit: str) -> float:
    return checks.positive("moving_bar", field, value, unit)


def _levels(levels: Any) -> Tuple[float, float]:
    ground, bar = checks.real_array("moving_bar", "levels", levels, (2,)).tolist()
    if not (0 <= ground <= 255 and 0 <= bar <= 255):
        raise ParameterError(f"moving_bar: levels must be 0 to 255 (got {levels!r})")
    return ground, bar
