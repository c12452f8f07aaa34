"""What asks a governor for less because the work itself is too much: missed deadlines, or power above a budget.

Over a sliding window after the last change of level, s is the mean load as a share of what there is (seconds of work
per period, W per W of the budget). What levels cost is learnt when the level changes, as the ratio of s before and
after; of turns that were missed, where there are such, since a load that has just risen shows in them:

    r = s_higher / s_lower,   1 ≤ r ≤ 100
    r' = r^(exp(−t/(forget·2^failures)) · min(s/s_lower, 1))    doubts grow with its age t, and as the load falls
    a raise is asked for where s·r' ≤ headroom, and after `Patience`

The ratio that others' work leaves is not that of an idle machine: short turns fit between theirs, long ones do not.

So a level is tried again only where it is expected to fit; the gap from headroom to 1 is the hysteresis. A raise that
failed all the same doubles the wait, until s·r' is well below what it was then.
"""

import math
from collections import deque
from typing import Deque, List, Optional, Tuple

from .signals import Patience

__all__ = ["Costs", "Load", "Window"]

# seconds after a change of level that belong to neither: networks are compiled again
_SETTLE = 0.5

# seconds in which a learnt ratio is forgotten to 1/e
_FORGET = 150.0

# a failed raise is forgotten when the load expected is this share of what it was then
_BETTER = 0.7


class _Sums:
    """Over a part of a window, or all of it; `bad_*`: of readings in which something was missed."""

    __slots__ = ("bad", "bad_load", "bad_turns", "began", "load", "loaded", "turns")

    def __init__(self, began: float = 0.0) -> None:
        self.began = began
        self.turns = self.bad = self.loaded = self.load = self.bad_turns = self.bad_load = 0.0

    def add(self, turns: float, bad: float, load: Optional[float]) -> None:
        self.turns += turns
        self.bad += bad
        if load is not None:
            self.loaded += turns
            self.load += load * turns
            if bad:
                self.bad_turns += turns
                self.bad_load += load * turns


class Window:
    """Readings of the last `span` seconds, and at least the last `least` turns."""

    def __init__(self, span: float, least: float) -> None:
        self.span, self.least = span, least
        self._parts: Deque[_Sums] = deque()
        self._all = _Sums()

    def clear(self) -> None:
        """Forget all."""
        self._parts.clear()
        self._all = _Sums()

    def add(self, now: float, turns: float, bad: float, load: Optional[float]) -> None:
        """turns: that ended, of which `bad`; load: their mean, or None."""
        parts = self._parts
        # parts of a 20th of the window: however many readings come, and if time stands still, it stays short
        if not parts or now - parts[-1].began > self.span / 20.0:
            parts.append(_Sums(now))
        parts[-1].add(turns, bad, load)
        self._all.add(turns, bad, load)
        while now - parts[0].began > self.span and self.turns - parts[0].turns >= self.least:
            parts.popleft()
            # summed again rather than subtracted, so that rounding never adds up
            self._all = _Sums()
            for name in ("turns", "bad", "loaded", "load", "bad_turns", "bad_load"):
                setattr(self._all, name, sum(getattr(part, name) for part in parts))

    @property
    def turns(self) -> float:
        """In the window."""
        return self._all.turns

    @property
    def bad(self) -> float:
        """Of these."""
        return self._all.bad

    def load(self, of_bad: bool = False) -> Optional[float]:
        """Mean load, or None. of_bad: of those readings in which something was missed, where there are such."""
        sums = self._all
        if of_bad and sums.bad_turns:
            return sums.bad_load / sums.bad_turns
        return sums.load / sums.loaded if sums.loaded else None


class Costs:
    """How many times as much as the level below each level costs, as far as it was seen."""

    def __init__(self, levels: int) -> None:
        # the logarithm of each ratio, when it was seen, and the load of the lower level then
        self._learnt: List[Tuple[float, float, float]] = [(0.0, 0.0, 1.0)] * (levels - 1)

    def learn(self, now: float, before: int, after: int, loads: Tuple[float, float]) -> None:
        """Loads at the levels `before` and `after`; several steps share their ratio evenly."""
        steps = after - before
        if steps and min(loads) > 0.0:
            each = min(max(math.log(loads[0] / loads[1]) / steps, 0.0), math.log(100.0))
            for k in range(min(before, after), max(before, after)):
                self._learnt[k] = (each, now, loads[steps > 0])

    def expected(self, load: float, level: int, now: float, doubt: float) -> float:
        """Of the level above, when `level` has this load. doubt: seconds in which a ratio is forgotten to 1/e."""
        each, when, lower = self._learnt[level - 1]
        return load * math.exp(each * math.exp(-(now - when) / doubt) * min(load / lower, 1.0))


class Load:
    """Asks for one level less where too much is missed, or where the mean load is above 1.

    share: of turns that may be missed, or None where the mean load decides. headroom: of the load expected above.
    unit, scale: how a load is shown.
    """

    def __init__(
        self, levels: int, window: Window, share: Optional[float], headroom: float, patience: Patience,
        unit: str = "of the period", scale: float = 1.0,
    ) -> None:  # fmt: skip
        self._least, self._window, self._share, self._headroom = levels - 1, window, share, headroom
        self._patience, self._unit, self._scale = patience, unit, scale
        self._costs = Costs(levels)
        self._before: Optional[Tuple[int, float]] = None
        self._failed = math.inf
        self._expected: Optional[float] = None
        self._since, self._fresh = -math.inf, False
        self.demand, self.why = 0, ""

    def read(self, now: float, level: int, turns: float, bad: float, load: Optional[float]) -> None:
        """Take a reading, at the level that was in force."""
        if not turns:
            return
        if self._fresh or now - self._since < _SETTLE:
            self._fresh = False
            return
        self._window.add(now, turns, bad, load)
        if now - self._since >= self._window.span:
            self._learn(now, level)
        if self._too_much():
            self._lower(now, level)
        elif self.demand and self.demand == level and now - self._since >= self._window.span:
            self._raise(now)

    def changed(self, now: float, before: int, after: int) -> None:
        """The level has changed, whoever asked for it."""
        self._learn(now, before)
        load = self._window.load(of_bad=True)
        self._before = None if load is None else (before, load)
        self._window.clear()
        self._since, self._fresh = now, True

    def _learn(self, now: float, level: int) -> None:
        """What the level before cost, against this one."""
        load = self._window.load(of_bad=True)
        if self._before is not None and load:
            self._costs.learn(now, self._before[0], level, (self._before[1], load))
            self._before = None

    def _too_much(self) -> bool:
        turns, bad = self._window.turns, self._window.bad
        if self._share is not None:
            # a single one is chance
            return bad >= 2.0 and bad > self._share * turns
        load = self._window.load()
        return load is not None and turns >= self._window.least and load > 1.0

    def _lower(self, now: float, level: int) -> None:
        asked = min(level + 1, self._least)
        if asked == self.demand:
            return
        self.demand = asked
        if self._patience.lowered(now) and self._expected is not None:
            self._failed = self._expected
        load = self._window.load()
        if self._share is not None:
            missed = f"{self._window.bad:,.0f} of {self._window.turns:,.0f} deadlines missed"
            self.why = f"{missed}, more than {100.0 * self._share:g} %"
        elif load is not None:
            self.why = f"{load * self._scale:.3g} {self._unit} above {self._scale:g}"

    def _raise(self, now: float) -> None:
        window, load = self._window, self._window.load()
        if self._share is not None and window.bad > 0.5 * self._share * window.turns:
            return
        if load is None:
            expected, shown = None, "no deadlines missed"
        else:
            doubt = _FORGET * 2.0 ** min(self._patience.failures, 60)
            expected = self._costs.expected(load, self.demand, now, doubt)
            shown = f"{load * self._scale:.3g} {self._unit}, {expected * self._scale:.3g} expected above"
            if expected > self._headroom:
                return
        if self._patience.ready(now, expected is not None and expected <= _BETTER * self._failed < math.inf):
            self.demand -= 1
            self._patience.raised(now)
            self._expected, self.why = expected, shown
