"""When a live network rests, and which stretch of time it has still to live through."""

import math
from typing import Callable, Optional

__all__ = ["Sleep"]


class Sleep:
    """Moments in s of a monotonic `clock`. Up to `lived` time has been simulated; None: it has not begun.

    After `idle_threshold` s without input it may sleep. With wake_on_input, input wakes it; else only its owner does.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.enabled, self.idle_threshold, self.wake_on_input = False, 1.0, True
        self.asleep = False
        self.lived: Optional[float] = None
        self._input = self._latest = -float("inf")

    def now(self) -> float:
        """The present moment; a clock that goes back stands still here. Time begins at the first that is asked for."""
        self._latest = max(self._latest, self.clock())
        if self.lived is None:
            self.lived = self._input = self._latest
        return self._latest

    def configure(self, enabled: bool, idle_threshold: float, wake_on_input: bool) -> None:
        """Set how it sleeps. Switched off, it is awake."""
        self._input = self.now()
        self.enabled, self.idle_threshold, self.wake_on_input = enabled, idle_threshold, wake_on_input
        self.asleep = self.asleep and enabled

    def input_at(self, moment: float) -> None:
        """There is input."""
        self._input = max(self._input, moment)
        if self.wake_on_input:
            self.asleep = False

    def idle(self, now: float) -> bool:
        """Whether there has been no input for `idle_threshold` s."""
        return now - self._input >= self.idle_threshold

    def steps(self, now: float, dt: float, begun: bool) -> int:
        """Steps of dt ms from what has been lived through to now: whole ones, or also the one that has begun, and at
        least one."""
        lived = now if self.lived is None else self.lived
        steps = (now - lived) * 1000.0 / dt
        return max(1, math.ceil(steps - 1e-6)) if begun else max(0, math.floor(steps + 1e-6))

    def live(self, ms: float) -> None:
        """Another stretch has been lived through."""
        self.lived = (self.now() if self.lived is None else self.lived) + ms / 1000.0

    def catch_up(self) -> None:
        """All time up to now counts as lived through, if time has begun."""
        if self.lived is not None:
            self.lived = self.now()

    def begin(self) -> None:
        """Start over: time begins at the next moment that is asked for."""
        self.lived, self.asleep = None, False
