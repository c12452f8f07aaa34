"""Ctrl-C and SIGTERM as the normal end of a loop: the first is a wish, the second ends the process at once."""

import signal
import threading
from types import FrameType
from typing import Any, Dict, Optional

__all__ = ["StopSignals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """While entered, in the main thread, `caught` is the name of the first signal that came, or None. From then on both
    have their default effect, so that a second one ends even a process that hangs in a driver. What was set before is
    set again at the end. In other threads it changes nothing."""

    def __init__(self) -> None:
        self.caught: Optional[str] = None
        self._before: Dict[int, Any] = {}

    def __enter__(self) -> "StopSignals":
        self.caught = None
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                # a handler that C has set cannot be set again; one that is ignored was meant to be
                if signal.getsignal(number) not in (None, signal.SIG_IGN):
                    self._before[number] = signal.signal(number, self._catch)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _catch(self, number: int, frame: Optional[FrameType]) -> None:
        self.caught = signal.Signals(number).name
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)
