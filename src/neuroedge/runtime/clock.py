"""Time that costs none: for replays as fast as they go, and for tests."""

import time

__all__ = ["HurriedClock", "SimulatedClock"]


class SimulatedClock:
    """`sleep_until` takes no time, and is what makes time pass. A loop on it runs as fast as it can, and meets every
    period."""

    def __init__(self, start: float = 0.0) -> None:
        self.time = float(start)

    def now(self) -> float:
        """Seconds."""
        return self.time

    def sleep_until(self, when: float) -> None:
        """It is then."""
        self.time = max(self.time, when)


class HurriedClock:
    """Work takes the time that it takes, by the machine's monotonic clock, but sleeping takes none: a loop on it runs
    as fast as it can, and its latencies are measured."""

    def __init__(self) -> None:
        self._saved = 0.0

    def now(self) -> float:
        """Seconds, those that nobody slept included."""
        return time.monotonic() + self._saved

    def sleep_until(self, when: float) -> None:
        """It is then."""
        self._saved += max(0.0, when - self.now())
