"""Python's cycle collector kept out of a loop's periods: what exists is frozen, and collected is in slack time only."""

import gc
import time

__all__ = ["Garbage"]

# objects made since the last collection that are worth one, and that are collected whatever it costs
_WORTH, _FORCED = 2_000, 200_000

# one in so many collections looks at everything that is younger than the loop
_FULL = 50


class Garbage:
    """While entered, the collector runs only in `tidy`. collections: that it ran; forced: of these, without slack."""

    def __init__(self) -> None:
        self.collections = self.forced = 0
        self.entered = False
        self._cost = [0.0, 0.0]
        self._enabled = False

    def __enter__(self) -> "Garbage":
        self._enabled = gc.isenabled()
        gc.collect()
        gc.freeze()
        gc.disable()
        self.entered = True
        return self

    def __exit__(self, *error: object) -> None:
        self.entered = False
        gc.unfreeze()
        if self._enabled:
            gc.enable()

    def tidy(self, slack: float) -> None:
        """Collect if there is something to, and `slack` seconds are enough for it by what it took so far."""
        waiting = gc.get_count()[0]
        if waiting < _WORTH:
            return
        full = (self.collections + 1) % _FULL == 0
        if slack < 2.0 * self._cost[full]:
            if waiting < _FORCED:
                # one that was slow by chance must not stand in the way of all others
                self._cost[full] *= 0.9
                return
            self.forced += 1
        began = time.perf_counter()
        gc.collect(2 if full else 1)
        took = time.perf_counter() - began
        # one that was slow by chance is forgotten
        self._cost[full] = max(took, 0.7 * self._cost[full])
        self.collections += 1
