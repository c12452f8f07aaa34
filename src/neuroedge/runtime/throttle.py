"""Quality lowered before a board has to lower its clocks: `with ThermalThrottle(read, targets): …`."""

import logging
import threading
from typing import Any, Callable, Iterable, Optional, Tuple

from .. import checks
from ..errors import ArgumentTypeError, shown
from .caps import Caps
from .governor import LEVELS, Change, Governor, Limits, Reading
from .pace import Clock, MonotonicClock

__all__ = ["ThermalThrottle"]

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class ThermalThrottle:
    """Reads a temperature every `every` seconds, and caps the quality of targets by it.

    read: gives °C, or None or nan where it cannot. targets: gives those of the moment (see `Caps`). limit: °C, above
    which the level is medium; see `Limits`. clock: default the machine's monotonic clock.
    `start()` or `with` runs it in a daemon thread, which holds up no exit; or call `step()` by hand. An error of
    `read`, `targets` or a target is logged and counted in `errors`, and tried again next time. `stop()` lifts the caps.
    """

    def __init__(
        self, read: Callable[[], Optional[float]], targets: Callable[[], Iterable[Any]], limit: float = 70.0,
        every: float = 1.0, clock: Optional[Clock] = None,
    ) -> None:  # fmt: skip
        for field, value in (("read", read), ("targets", targets)):
            if not callable(value):
                raise ArgumentTypeError(f"ThermalThrottle: {field} must be callable (got {shown(value)})")
        self.every = checks.positive("ThermalThrottle", "every", every, "s")
        limit = checks.finite("ThermalThrottle", "limit", limit, "°C")
        self._governor = Governor(Limits(temperature=limit, battery=None, missed=None))
        self._read, self._targets = read, targets
        self._clock: Clock = MonotonicClock() if clock is None else clock
        self._caps = Caps(self)
        # of a step or a stop; readings are taken outside of it, since they may hang
        self._turn = threading.RLock()
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._level, self._said = LEVELS[0], ""
        self.errors = self.readings = 0
        self.temperature: Optional[float] = None

    def __repr__(self) -> str:
        return f"ThermalThrottle({self.level}: {self._governor.reason})"

    def __enter__(self) -> "ThermalThrottle":
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def level(self) -> str:
        """The level in force: "high", "medium" or "low"; "high" again when stopped."""
        return self._level

    @property
    def changes(self) -> Tuple[Change, ...]:
        """The last hundred changes: when (by the clock), from which level to which, and why."""
        return self._governor.changes

    @property
    def running(self) -> bool:
        """Whether its thread is at work."""
        return self._thread is not None and self._thread.is_alive() and not self._stopped.is_set()

    def start(self) -> "ThermalThrottle":
        """Read and cap from now on, in a thread. Nothing if that runs already."""
        with self._turn:
            if not self.running:
                # an event of its own: a thread that hung in a reading while it was stopped stays stopped
                self._stopped = threading.Event()
                run = threading.Thread(
                    target=self._run, args=(self._stopped,), name="neuroedge-thermal-throttle", daemon=True
                )
                self._thread = run
                run.start()
        return self

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread, waiting for at most `timeout` seconds, and lift the caps."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        with self._turn:
            self._level = LEVELS[0]
            self._give(self._caps.capped())

    def step(self) -> str:
        """Read once, decide, and tell the targets; the level."""
        return self._step(threading.Event())

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            self._step(stopped)
            stopped.wait(self.every)

    def _step(self, stopped: threading.Event) -> str:
        found = self._reading()
        with self._turn:
            if stopped.is_set():
                return self._level
            before = self._level
            # what the filter made of a reading decides; a missing one may still find new targets to cap
            self._level = self._governor.decide(Reading(self._clock.now(), temperature=found))
            if self._level != before:
                how = logging.WARNING if LEVELS.index(self._level) > LEVELS.index(before) else logging.INFO
                _LOG.log(how, "quality %s -> %s: %s", before, self._level, self._governor.reason)
            try:
                targets = tuple(self._targets())
            except Exception as error:
                self._failed("targets", error)
                targets = self._caps.capped()
            self._give(targets)
            return self._level

    def _reading(self) -> Optional[float]:
        try:
            found = self._read()
        except Exception as error:
            self._failed("the temperature", error)
            found = None
        self.readings += 1
        self.temperature = found
        return found

    def _give(self, targets: Iterable[Any]) -> None:
        for target in targets:
            try:
                self._caps.apply(target, self._level)
            except Exception as error:
                self._failed(type(target).__name__, error)

    def _failed(self, what: str, error: Exception) -> None:
        self.errors += 1
        said = f"{what}: {type(error).__name__}: {error}"
        # the same every second says no more
        if said != self._said:
            self._said = said
            _LOG.warning("thermal throttling goes on without %s", said)
