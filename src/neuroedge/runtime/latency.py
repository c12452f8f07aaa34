"""Latencies of a loop, counted in fixed buckets: nothing is allocated from turn to turn, however long it runs.

Buckets are log-linear, as in an HDR histogram: 32 to each factor of two, from 2^-30 s (0.93 ns) to 2^14 s (4.6 h). A
quantile is the upper edge of its bucket, so never too small, and too large by less than 1/32; the maximum is exact.
"""

import math
from array import array
from typing import NamedTuple

from .. import checks

__all__ = ["Figures", "Latency"]

_PARTS = 32
_LEAST, _MOST = -30, 14
_BUCKETS = (_MOST - _LEAST) * _PARTS


class Figures(NamedTuple):
    """Of all turns so far, in ms; nan before the first. missed: of `total`, those that ended after their deadline."""

    p50: float
    p99: float
    p999: float
    max: float
    missed: int
    total: int

    def __str__(self) -> str:
        times = f"p50 {self.p50:.3g} ms, p99 {self.p99:.3g} ms, p99.9 {self.p999:.3g} ms, max {self.max:.3g} ms"
        return f"{times}, missed {self.missed:,} of {self.total:,}"


class Latency:
    """A histogram of times in seconds."""

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * _BUCKETS))
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for k in range(_BUCKETS):
            self._counts[k] = 0
        self.total = self.missed = 0
        self._max = 0.0

    def add(self, seconds: float, missed: bool = False) -> None:
        """One more. Below 1 ns, and what a clock that went back makes negative, counts as 1 ns."""
        self._counts[_bucket(seconds)] += 1
        self.total += 1
        if missed:
            self.missed += 1
        if seconds > self._max:
            self._max = seconds

    def quantile(self, share: float) -> float:
        """Seconds that `share` of all (0 to 1], by nearest rank, do not exceed; nan while there are none."""
        rank = math.ceil(checks.probability("quantile", "share", share) * self.total)
        if not self.total:
            return math.nan
        passed = 0
        for k, count in enumerate(self._counts):
            passed += count
            if passed >= rank:
                return min(_edge(k), self._max)
        return self._max

    def figures(self) -> Figures:
        """p50, p99, p99.9 and the maximum in ms, and how many were missed."""
        p50, p99, p999 = (1000.0 * self.quantile(share) for share in (0.5, 0.99, 0.999))
        longest = 1000.0 * self._max if self.total else math.nan
        return Figures(p50, p99, p999, longest, self.missed, self.total)


def _bucket(seconds: float) -> int:
    if not seconds > 2.0**_LEAST:
        return 0
    if seconds >= 2.0**_MOST:
        return _BUCKETS - 1
    # seconds = fraction · 2^power, fraction in 0.5 … 1
    fraction, power = math.frexp(seconds)
    return (power - 1 - _LEAST) * _PARTS + int((fraction - 0.5) * 2 * _PARTS)


def _edge(bucket: int) -> float:
    power, part = divmod(bucket, _PARTS)
    return math.ldexp(1.0 + (part + 1) / _PARTS, power + _LEAST)
