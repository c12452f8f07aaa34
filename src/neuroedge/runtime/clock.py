"""Time that costs none: for replays as fast as they go, and for tests."""

__all__ = ["SimulatedClock"]


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
