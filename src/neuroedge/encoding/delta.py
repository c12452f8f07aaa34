"""Changes of values as ON and OFF events: send on delta."""

from typing import Any, Optional

import numpy as np

from .. import checks
from ..errors import ParameterError
from .base import Encoder, Volley, must_be_few

__all__ = ["DeltaEncoder"]


class DeltaEncoder(Encoder):
    """An event at every threshold that a value crosses, per channel.

    threshold: distance of levels in units of the value, a number or one per channel. Levels lie at start + k·threshold,
    k a whole number and start the first value, and the channel remembers the one that it reported last: a rise to the
    next fires ON (1), a fall to the one below fires OFF (0), a big change several. So start + threshold·(ON − OFF)
    is always less than a threshold away from the value, and noise smaller than it fires nothing.

    The first sample sets the start and fires nothing. Between samples a value is taken to move in a straight line,
    and events have the times of its crossings.
    """

    _named = ("threshold",)

    def __init__(self, threshold: float) -> None:
        super().__init__()
        array = checks.real_array("DeltaEncoder", "threshold", threshold)
        if array.ndim > 1 or array.size == 0:
            rule = "threshold must be a number or one per channel"
            raise ParameterError(f"DeltaEncoder: {rule} (got shape {list(array.shape)})")
        if not (array > 0).all():
            raise ParameterError(f"DeltaEncoder: threshold must be > 0 (got {float(array.min()):g})")
        self.threshold: Any = float(array) if array.ndim == 0 else array.copy()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._start: Optional[np.ndarray] = None
        # in thresholds from the start: where the values are, and the level that was reported last
        self._place = self._level = np.zeros(0)

    @property
    def levels(self) -> np.ndarray:
        """ON minus OFF events of each channel since the first sample, int64 [n]."""
        return self._level.astype(np.int64)

    def decode(self) -> np.ndarray:
        """The values as the events tell them, float64 [n]: less than a threshold away from the last ones."""
        if self._start is None:
            raise ParameterError("DeltaEncoder: there is no value before the first sample; call encode() first")
        return self._start + self._level * self.threshold

    def _check(self, samples: np.ndarray, ms: float) -> None:
        if isinstance(self.threshold, np.ndarray) and len(self.threshold) != samples.shape[1]:
            n = len(self.threshold)
            raise ParameterError(f"DeltaEncoder: there must be {n} values, one per threshold (got {samples.shape[1]})")
        start = samples[0] if self._start is None else self._start
        with np.errstate(over="ignore"):
            places = (samples - start) / self.threshold
        first = np.zeros(len(start)) if self._start is None else self._place
        with np.errstate(over="ignore", invalid="ignore"):
            path = np.abs(np.diff(np.vstack([first, places]), axis=0)).sum()
        cure = "raise the threshold, or encode in parts"
        # beyond 2^52 levels are no longer told apart
        if not np.abs(places).max() < 2.0**52:
            raise ParameterError(f"DeltaEncoder: values must be within 2^52 thresholds of the first; {cure}")
        must_be_few("DeltaEncoder", float(path) + samples.size, cure)

    def _one(self, row: np.ndarray, ms: float) -> Volley:
        if self._start is None:
            self._start, self._place, self._level = row.copy(), np.zeros(len(row)), np.zeros(len(row))
        place, before = (row - self._start) / self.threshold, self._place
        moved = place - self._level
        # the level at or below a value that rose to the next, at or above one that fell
        level = np.where(moved >= 1.0, np.floor(place), np.where(moved <= -1.0, np.ceil(place), self._level))
        steps = (level - self._level).astype(np.int64)
        counts, sign = np.abs(steps), np.sign(steps)
        channels = np.repeat(np.arange(len(row)), counts)
        rank = np.arange(1, len(channels) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        crossed = self._level[channels] + sign[channels] * rank
        whole = place[channels] - before[channels]
        times = np.clip((crossed - before[channels]) / whole, 0.0, 1.0) * ms
        self._place, self._level = place, level
        order = np.argsort(times, kind="stable")
        return channels[order], times[order], (sign[channels][order] > 0).astype(np.uint8)
