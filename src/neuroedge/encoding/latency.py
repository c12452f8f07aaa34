"""Values as times: the larger, the earlier."""

import math
from typing import Any

import numpy as np

from .. import checks
from ..errors import ParameterError
from .base import Encoder, Volley, must_lie, value_range

__all__ = ["TemporalEncoder"]

_SCALES = ("linear", "log")


class TemporalEncoder(Encoder):
    """One spike per value, larger values earlier, as time-to-first-spike codes have it (Thorpe 1990).

    low, high: range of values; `high` fires at 0 ms, `low` not at all. With x = (value − low)/(high − low):
    scale "linear": t = (1 − x)·duration, for x > 0;
    scale "log": t = duration·ln x / ln `least`, for x > `least` (a membrane that charges to a threshold does so):
    equal ratios of values are equal differences in time.
    """

    _named = ("low", "high", "scale", "least")

    def __init__(self, low: float = 0.0, high: float = 1.0, scale: str = "linear", least: float = 0.01) -> None:
        super().__init__()
        self.low, self.high = value_range("TemporalEncoder", low, high)
        self.scale = checks.known("TemporalEncoder scale", scale, _SCALES)
        self.least = checks.probability("TemporalEncoder", "least", least)
        if self.least == 1.0:
            raise ParameterError("TemporalEncoder: least must be in (0, 1) (got 1): only the largest value would fire")

    def decode(self, times: Any, duration: float) -> np.ndarray:
        """Values [n] whose first spikes these `times` are, ms [n] (`decode_first_spike`), in a run of `duration` ms;
        never (nan or inf) is `low`."""
        ms = self._duration(duration)
        given = np.array(checks.as_array("TemporalEncoder: times must hold numbers", times), np.float64)
        share = 1.0 - given / ms if self.scale == "linear" else np.exp(given / ms * math.log(self.least))
        share = np.where(np.isfinite(given), share, 0.0)
        return self.low + np.clip(share, 0.0, 1.0) * (self.high - self.low)

    def _check(self, samples: np.ndarray, ms: float) -> None:
        must_lie("TemporalEncoder", samples, self.low, self.high)

    def _one(self, row: np.ndarray, ms: float) -> Volley:
        share = (row - self.low) / (self.high - self.low)
        neurons = np.flatnonzero(share > (0.0 if self.scale == "linear" else self.least))
        there = share[neurons]
        if self.scale == "linear":
            times = (1.0 - there) * ms
        else:
            times = np.log(there) / math.log(self.least) * ms
        order = np.argsort(times, kind="stable")
        # no -0.0
        return neurons[order], np.clip(times[order], 0.0, ms) + 0.0, None
