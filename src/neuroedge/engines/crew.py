"""How many threads run the next stretch of a large network: several, while they pay."""

from typing import Dict

__all__ = ["Crew"]

# stretches between two looks at whether the other number would be faster now
LOOK_AGAIN = 64

# several must be faster than one by this much: they take the machine from others
MUST_GAIN = 1.1


class Crew:
    """Chooses between one thread and `most`, by the time that each took for its last work.

    On a busy machine threads wait for one another longer than they work. Which is so is seen only by trying; no bit
    depends on it. fixed: always as many as there may be.
    """

    def __init__(self, most: int, fixed: bool) -> None:
        self.most, self.fixed = most, fixed or most == 1
        self._cost: Dict[int, float] = {}
        self._age = 0

    def parts(self) -> int:
        """Threads of the next stretch."""
        if self.fixed:
            return self.most
        for parts in (self.most, 1):
            if parts not in self._cost:
                return parts
        several_pay = self._cost[self.most] * MUST_GAIN < self._cost[1]
        look = self._age >= LOOK_AGAIN
        return self.most if several_pay != look else 1

    def learn(self, parts: int, seconds: float, work: float) -> None:
        """A stretch of so much work took so long."""
        if self.fixed or work <= 0:
            return
        fresh = parts not in self._cost or self._age >= LOOK_AGAIN
        self._cost[parts] = seconds / work
        self._age = 0 if fresh else self._age + 1
