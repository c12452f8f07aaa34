"""Quality of simulation: what a level costs and leaves out."""

import threading
from typing import Dict, NamedTuple, Optional

from .. import checks

__all__ = ["Levels", "QUALITIES", "Quality"]


class Quality(NamedTuple):
    """step: the largest that is taken when none is asked for, ms; event_threshold: synaptic events below this share of
    threshold − rest are not delivered; calls: of so many calls of `process_input` one simulates, for all of them."""

    step: float
    event_threshold: float
    calls: int


QUALITIES = {"high": Quality(0.1, 0.0, 1), "medium": Quality(0.5, 0.005, 2), "low": Quality(1.0, 0.02, 4)}
_ORDER = tuple(QUALITIES)


class Levels:
    """The level that was asked for, and those that governors allow at most: the lowest of all holds."""

    def __init__(self) -> None:
        self._asked = "high"
        self._caps: Dict[object, str] = {}
        self._turn = threading.Lock()

    def ask(self, level: str) -> None:
        """Ask for a level."""
        self._asked = checks.known("quality", level, QUALITIES)

    def limit(self, owner: object, level: Optional[str]) -> None:
        """Allow no more than a level, or (None) whatever is asked for."""
        with self._turn:
            if level is None:
                self._caps.pop(owner, None)
            else:
                self._caps[owner] = checks.known("quality", level, QUALITIES)

    @property
    def name(self) -> str:
        """The level that holds."""
        with self._turn:
            return max((self._asked, *self._caps.values()), key=_ORDER.index)

    @property
    def now(self) -> Quality:
        """What it means."""
        return QUALITIES[self.name]
