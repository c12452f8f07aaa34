"""What asks a governor for less: a value against thresholds, noise filtered, with patience before asking for more.

A demand is 0 (nothing is asked for), 1 or 2 steps below the highest level. Δ seconds after the last reading, x:

    y ← y + a·(x − y),   a = min(1 − exp(−Δ/smooth), 1/2)             exponential filter; y starts at the first x
    demand d → d + 1     where y is beyond threshold d                 at once
    demand d → d − 1     where y is back by `band` from threshold d − 1, and after `Patience`
"""

import math
from typing import Any, Optional, Sequence

__all__ = ["Patience", "Threshold", "usable"]

# share that one reading has in the filter at most, and where time stands still
_MOST, _STANDING = 0.5, 0.01

# a raise has failed if the signal asks for less again within so many holds
_TRIAL = 6.0


def usable(value: Any, low: float, high: float) -> Optional[float]:
    """The value as a float, or None: missing, no number, nan, or out of range, as broken sensors say it."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if low <= number <= high else None


class Patience:
    """How long a signal waits before it asks for more: hold·2^failures seconds after it last asked for less, at most
    `longest`. A failure is a raise that lasted less than six holds; one that lasted longer clears them."""

    def __init__(self, hold: float, longest: float) -> None:
        self.hold, self._longest = hold, max(hold, longest)
        self.failures = 0
        self._changed = self._raised = -math.inf

    @property
    def wait(self) -> float:
        """Seconds."""
        return min(self.hold * 2.0 ** min(self.failures, 60), self._longest)

    def lowered(self, now: float) -> bool:
        """Less is asked for. True if that undoes a raise that failed."""
        failed = now - self._raised < _TRIAL * self.hold
        if failed:
            self.failures += 1
        elif self._raised > -math.inf:
            self.failures = 0
        self._changed, self._raised = now, -math.inf
        return failed

    def raised(self, now: float) -> None:
        """More is asked for."""
        self._changed = self._raised = now

    def ready(self, now: float, waived: bool = False) -> bool:
        """Whether more may be asked for. waived: what failed before says nothing any more."""
        return now - self._changed >= (self.hold if waived else self.wait)


class Threshold:
    """A Schmitt trigger for each of several thresholds, over one filter.

    thresholds: from the first to be crossed to the last; above: whether more is worse. band: how far back, and smooth:
    s, of the filter; least, most: of a believable reading.
    """

    def __init__(
        self, name: str, unit: str, thresholds: Sequence[float], band: float, above: bool,
        smooth: float, least: float, most: float, patience: Patience,
    ) -> None:  # fmt: skip
        self._name, self._unit = name, unit
        self._thresholds, self._band, self._sign = thresholds, band, 1.0 if above else -1.0
        self._smooth, self._least, self._most = smooth, least, most
        self._patience = patience
        self._last = 0.0
        self.demand, self.why = 0, ""
        self.value: Optional[float] = None

    def read(self, value: Any, now: float, held: bool = False) -> None:
        """Take a reading; one that is missing changes nothing. held: the demand may fall, but not rise."""
        number = usable(value, self._least, self._most)
        if number is None:
            return
        y = self._filter(number, now)
        while not held and self.demand < len(self._thresholds) and self._beyond(y, self.demand) > 0.0:
            self.demand += 1
            self._patience.lowered(now)
            self._say(y, f"limit {self._thresholds[self.demand - 1]:g}")
        if self.demand and self._beyond(y, self.demand - 1) <= -self._band and self._patience.ready(now):
            self.demand -= 1
            self._patience.raised(now)
            self._say(y, f"back from {self._thresholds[self.demand] - self._sign * self._band:g}")

    def _beyond(self, y: float, k: int) -> float:
        return self._sign * (y - self._thresholds[k])

    def _filter(self, number: float, now: float) -> float:
        if self.value is None:
            self.value = number
        else:
            passed = now - self._last
            share = min(-math.expm1(-passed / self._smooth), _MOST) if passed > 0.0 else _STANDING
            self.value += share * (number - self.value)
        self._last = now
        return self.value

    def _say(self, y: float, limit: str) -> None:
        self.why = f"{self._name} {y:.1f} {self._unit}, {limit} {self._unit}"
