"""A loop of fixed periods with absolute deadlines: `for turn in Pace(10.0): …`.

Period k is start + k·P … start + (k + 1)·P, computed by one product, so nothing drifts. A turn belongs to one period
and should end within it. After an overrun whole periods are left out and counted, and the next turn begins where a
period begins: no burst catches up. A period is still used while less than `LATE` of it has gone, so that an overrun of
a hair does not cost a whole one. At all times number + 1 = turns + skipped.
"""

import time
from typing import Iterator, NamedTuple, Optional, Protocol

from .. import checks
from .latency import Latency

__all__ = ["Clock", "Lap", "MonotonicClock", "Pace", "Turn"]

# share of a period after which an overrun waits for the next one: whichever begin is nearer
LATE = 0.5


class Clock(Protocol):
    """What a pace goes by."""

    def now(self) -> float:
        """Seconds that never go back, from any origin."""

    def sleep_until(self, when: float) -> None:
        """Return when `now()` is `when`, or later."""


class MonotonicClock:
    """The machine's monotonic clock. Setting the wall clock does not touch it, and on Linux it stands while the machine
    is suspended."""

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()

    def sleep_until(self, when: float) -> None:
        """Sleep, and look again: a sleep may end early."""
        left = when - time.monotonic()
        while left > 0.0:
            # long sleeps in parts: some systems refuse more than their integers of milliseconds hold
            time.sleep(min(left, 3600.0))
            left = when - time.monotonic()


class Turn(NamedTuple):
    """number: of its period, from 0; due, deadline: when the period begins and ends, s; started: of the turn, s;
    skipped: periods left out just before it."""

    number: int
    due: float
    deadline: float
    started: float
    skipped: int

    @property
    def late(self) -> float:
        """Seconds from the period's begin to the turn's."""
        return self.started - self.due


class Lap(NamedTuple):
    """Since the lap before: ended turns, those of them that missed their deadline, periods left out, and the mean share
    of a period that a turn worked (above 1 in an overrun; None without turns)."""

    turns: int
    missed: int
    skipped: int
    busy: Optional[float]


class Pace:
    """Turns once per `period_ms`. The first begins at the first `wait()`.

    clock: default `MonotonicClock()`. A clock that goes back moves the schedule back with it, which `rebased` counts.
    turns: begun; skipped: periods left out; missed: turns that ended after their deadline. wake, work, end: latencies,
    from a period's begin to the turn's, from there to the turn's end, and both together.
    """

    def __init__(self, period_ms: float, clock: Optional[Clock] = None) -> None:
        self.period = checks.positive("Pace", "period_ms", period_ms, "ms") / 1000.0
        self._clock: Clock = MonotonicClock() if clock is None else clock
        self.turns = self.skipped = self.missed = self.rebased = 0
        self.wake, self.work, self.end = Latency(), Latency(), Latency()
        self._start = self._seen = 0.0
        self._index, self._turn = -1, Turn(-1, 0.0, 0.0, 0.0, 0)
        self._open = False
        self._lap_turns = self._lap_missed = self._lap_skipped = 0
        self._lap_work = 0.0

    def __repr__(self) -> str:
        counts = f"{self.turns:,} turns, {self.missed:,} missed, {self.skipped:,} skipped"
        return f"Pace({1000.0 * self.period:g} ms, {counts})"

    def __iter__(self) -> Iterator[Turn]:
        while True:
            yield self.wait()

    def _now(self) -> float:
        now = self._clock.now()
        if now < self._seen:
            # the schedule goes back by as much as the clock did, or the loop would stand for that long
            back = self._seen - now
            self._start -= back
            t = self._turn
            self._turn = Turn(t.number, t.due - back, t.deadline - back, t.started - back, t.skipped)
            self.rebased += 1
        self._seen = now
        return now

    def finish(self) -> None:
        """End the turn at hand, if there is one, without waiting for the next."""
        if not self._open:
            return
        now = self._now()
        # read after the clock: where that went back, the turn has moved too
        turn = self._turn
        self._open = False
        missed, work = now > turn.deadline, now - turn.started
        self.work.add(work)
        self.end.add(now - turn.due, missed)
        self.missed += missed
        self._lap_turns += 1
        self._lap_missed += missed
        self._lap_work += work

    def wait(self) -> Turn:
        """End the turn at hand, wait for the next period, and begin its turn."""
        self.finish()
        now = self._now()
        if self._index < 0:
            self._start = now
        index = self._index + 1
        if now >= self._due(index):
            # an overrun: this period if little of it has gone, else the next
            index = self._period(now)
            index += now - self._due(index) > LATE * self.period
        if now < self._due(index):
            while now < self._due(index):
                self._clock.sleep_until(self._due(index))
                now = self._now()
            # woken in a later period by a busy machine, or after a suspension; to wait again could go on for ever
            index = max(index, self._period(now))
        return self._begin(index, now)

    def lap(self) -> Lap:
        """What has been counted since the last lap."""
        turns, work = self._lap_turns, self._lap_work
        busy = work / (turns * self.period) if turns else None
        found = Lap(turns, self._lap_missed, self._lap_skipped, busy)
        self._lap_turns = self._lap_missed = self._lap_skipped = 0
        self._lap_work = 0.0
        return found

    def _begin(self, index: int, now: float) -> Turn:
        skipped = index - self._index - 1
        self._index, self._open = index, True
        self.turns += 1
        self.skipped += skipped
        self._lap_skipped += skipped
        self._turn = Turn(index, self._due(index), self._due(index + 1), now, skipped)
        self.wake.add(self._turn.late)
        return self._turn

    def _due(self, index: int) -> float:
        return self._start + index * self.period

    def _period(self, now: float) -> int:
        """The period that a moment lies in, by the same products that say where periods begin."""
        index = int((now - self._start) / self.period)
        if self._due(index) > now:
            return index - 1
        return index + 1 if self._due(index + 1) <= now else index
