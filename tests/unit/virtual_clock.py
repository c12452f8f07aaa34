"""Time that passes only as a test says."""


class VirtualClock:
    """now() stands still between sleeps and `pass_by`. late: seconds by which sleeps overshoot."""

    def __init__(self, start: float = 1000.0, late: float = 0.0) -> None:
        self.time, self.late = start, late

    def now(self) -> float:
        return self.time

    def sleep_until(self, when: float) -> None:
        self.time = max(self.time, when + self.late)

    def pass_by(self, seconds: float) -> None:
        self.time += seconds
