"""What a board tells while a loop runs, read by a thread of its own: a look at power counters takes 50 ms."""

import logging
import threading
from typing import NamedTuple, Optional

from ..board.battery import battery
from ..board.files import Tree
from ..board.power import power
from ..board.thermal import temperature

__all__ = ["BoardReadings", "Readings"]

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class Readings(NamedTuple):
    """temperature: °C; battery: %; charging: whether; power: W, and how it is measured. None where it is not known."""

    temperature: Optional[float] = None
    battery: Optional[float] = None
    charging: Optional[bool] = None
    power: Optional[float] = None
    method: Optional[str] = None


class BoardReadings:
    """Call it for the latest readings. While entered, a daemon thread takes new ones every `every` seconds."""

    def __init__(self, tree: Optional[Tree] = None, every: float = 1.0) -> None:
        self._tree, self._every = Tree() if tree is None else tree, every
        self._latest = Readings()
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def __call__(self) -> Readings:
        return self._latest

    def __enter__(self) -> "BoardReadings":
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stopped,), name="neuroedge-board", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def read(self) -> Readings:
        """Ask the board now."""
        cell = battery(self._tree)
        drawn = power(self._tree)
        level = None if cell is None else cell.level
        charging = None if cell is None or cell.status is None else cell.status.lower() in ("charging", "full")
        return Readings(temperature(self._tree), level, charging, drawn.watts, drawn.method)

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            try:
                self._latest = self.read()
            except Exception as error:  # of a board's drivers; the loop goes on without
                _LOG.warning("the board could not be read: %s: %s", type(error).__name__, error)
            stopped.wait(self._every)
