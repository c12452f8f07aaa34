"""Events that wait to be processed: a bounded queue that any thread may push to."""

import threading
from collections import deque
from typing import Deque, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from ..errors import BudgetError
from ..events import SpikePattern, SpikeTrain

__all__ = ["Inbox", "InputCounts", "Pushed"]

# events that may wait: 12 bytes each
MOST = 1_000_000

# s by which a sum of a moment and a time may miss the moment that it stands for
ROUNDING = 1e-9

# neurons, and the moments (s) at which they are given a spike
Taken = List[Tuple[np.ndarray, np.ndarray]]


class InputCounts(NamedTuple):
    """Events so far: pushed = processed + dropped + waiting."""

    pushed: int
    processed: int
    dropped: int
    waiting: int


class Pushed(NamedTuple):
    """Events for one layer. moment: s, that times of a train count from; neurons: uint32 [n]; times: ms [n], ascending,
    or None for a pattern, whose order and steps say how it is spread from its push to when it is taken."""

    moment: float
    layer: str
    neurons: np.ndarray
    times: Optional[np.ndarray]
    order: Optional[np.ndarray] = None
    steps: int = 1

    @property
    def first(self) -> float:
        """When the first of them happens, s."""
        return self.moment if self.times is None else self.moment + float(self.times[0]) / 1000.0

    def before(self, now: float) -> Tuple[np.ndarray, np.ndarray, Optional["Pushed"]]:
        """Neurons and moments (s) of those that have happened, and what is left."""
        if self.times is None:
            order = np.zeros(0) if self.order is None else self.order
            return self.neurons, self.moment + order * (max(0.0, now - self.moment) / self.steps), None
        moments = self.moment + self.times / 1000.0
        due = int(np.searchsorted(moments, now + ROUNDING, side="right"))
        left = self._replace(neurons=self.neurons[due:], times=self.times[due:]) if due < len(moments) else None
        return self.neurons[:due], np.minimum(moments[:due], now), left


class Inbox:
    """limit: events that may wait; when there are more, the oldest pushes are dropped, whole, and counted."""

    def __init__(self, limit: int = MOST) -> None:
        self.limit = limit
        self._waiting: Deque[Pushed] = deque()
        self._events = self._pushed = self._processed = self._dropped = 0
        self._turn = threading.Lock()

    def push(self, moment: float, layer: str, events: Union[SpikeTrain, SpikePattern], neurons: np.ndarray) -> int:
        """Queue events, with their indices in the layer; returns how many older ones had to go."""
        if len(neurons) > self.limit:
            cure = "push them in parts, with process_input() between"
            raise BudgetError("events of one push", len(neurons), 0, self.limit, cure)
        if isinstance(events, SpikeTrain):
            pushed = Pushed(moment, layer, neurons, events.times)
        else:
            pushed = Pushed(moment, layer, neurons, None, events.order, events.steps)
        with self._turn:
            before = self._dropped
            if len(neurons):
                self._pushed += len(neurons)
                self._events += len(neurons)
                self._waiting.append(pushed)
                self._bound()
            return self._dropped - before

    def _bound(self) -> None:
        while self._events > self.limit:
            lost = len(self._waiting.popleft().neurons)
            self._events -= lost
            self._dropped += lost

    def due(self, now: float) -> bool:
        """Whether something that waits has happened by now (s)."""
        if not self._waiting:
            return False
        with self._turn:
            return any(pushed.first <= now + ROUNDING for pushed in self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, now: float) -> Dict[str, Taken]:
        """Take what has happened by now, {layer: pushes}; what is still to come stays."""
        taken: Dict[str, Taken] = {}
        with self._turn:
            left: Deque[Pushed] = deque()
            for pushed in self._waiting:
                neurons, moments, rest = pushed.before(now)
                if len(neurons):
                    taken.setdefault(pushed.layer, []).append((neurons, moments))
                    self._events -= len(neurons)
                    self._processed += len(neurons)
                if rest is not None:
                    left.append(rest)
            self._waiting = left
        return taken

    def give_back(self, taken: Dict[str, Taken]) -> None:
        """Queue again, first in line, what was taken and then not processed."""
        with self._turn:
            for layer, pushes in taken.items():
                for neurons, moments in reversed(pushes):
                    first = float(moments[0])
                    self._waiting.appendleft(Pushed(first, layer, neurons, (moments - first) * 1000.0))
                    self._events += len(neurons)
                    self._processed -= len(neurons)
            self._bound()

    def clear(self) -> None:
        """Drop what waits; it counts as dropped."""
        with self._turn:
            self._waiting.clear()
            self._dropped += self._events
            self._events = 0

    @property
    def counts(self) -> InputCounts:
        """Events pushed, processed, dropped and waiting."""
        with self._turn:
            return InputCounts(self._pushed, self._processed, self._dropped, self._events)
