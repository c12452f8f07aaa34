"""Energy from samples in time: of power by trapezoids, of a counter by differences. What is missing is left out."""

from typing import Optional

from .source import WATTS

__all__ = ["Integral"]


class Integral:
    """The energy between samples that follow one another within `gap` seconds.

    power=True: samples are W, and E += (w0 + w1) / 2 · (t1 − t0) between two of them; else they are J of a counter that
    only grows, and E += j1 − j0. A time between two good samples that is longer than `gap` is left out of the energy
    and of `covered`: nobody knows what was drawn in it.

    joules: None until two good samples followed each other, or as long as a counter has not moved; covered: s over
    which it was summed; samples, missed: good ones, and failed ones; gaps: how many times were left out.
    """

    def __init__(self, gap: float, power: bool = True) -> None:
        self.gap, self.power = gap, power
        self.samples = self.missed = self.gaps = 0
        self.covered = 0.0
        self._sum = 0.0
        self._time = self._value = 0.0

    @property
    def joules(self) -> Optional[float]:
        """J over `covered` seconds."""
        told = self.covered > 0.0 and (self.power or self._sum > 0.0)
        return self._sum if told else None

    @property
    def watts(self) -> Optional[float]:
        """The mean over `covered`, in W."""
        return None if self.joules is None else self.joules / self.covered

    def add(self, time: float, value: Optional[float]) -> None:
        """A sample at `time` (s, never going back): W or J; None where the reading failed."""
        if value is None or (self.power and not WATTS[0] <= value <= WATTS[1]):
            self.missed += 1
            return
        passed, before = time - self._time, self._value
        first = self.samples == 0
        self.samples += 1
        if not first and passed <= 0.0:
            return
        self._time, self._value = time, value
        if first:
            return
        energy = (before + value) / 2.0 * passed if self.power else value - before
        if passed > self.gap or not 0.0 <= energy <= WATTS[1] * max(passed, 1e-3):
            self.gaps += 1
            return
        self._sum += energy
        self.covered += passed
