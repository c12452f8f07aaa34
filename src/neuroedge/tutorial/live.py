"""A network that lives beside its sensors: input is pushed as it comes, time passes by itself, and it may sleep."""

import threading
import time
import weakref
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from .. import checks
from ..engines.job import must_take_spikes
from ..errors import NotReadyError, ParameterError
from ..events import SpikeTrain, as_events
from ..runtime.inbox import Inbox, InputCounts, Taken
from ..runtime.sleep import Sleep
from ..simulator import Simulator
from .engine import Network
from .quality import Levels
from .results import SimulationResult

__all__ = ["Live", "live_networks"]

# every network of this process, for what governs them all
_everyone: "weakref.WeakSet[Live]" = weakref.WeakSet()


def live_networks() -> List["Live"]:
    """All of this process that are still in use."""
    return list(_everyone)


class Live:
    """Queue, clock, sleep and quality of a network; the rest of it is `NeuromorphicAPI`."""

    def __init__(self, clock: Optional[Callable[[], float]] = None) -> None:
        self._levels = Levels()
        self._clock: Callable[[], float] = time.monotonic if clock is None else clock
        self._once = threading.RLock()
        self._forget_input()
        _everyone.add(self)

    def _forget_input(self) -> None:
        self._inbox, self._sleep, self._calls = Inbox(), Sleep(self._clock), 0

    # what NeuromorphicAPI brings

    @property
    def network(self) -> Network:
        """The network that lives."""
        raise NotReadyError("there is no network yet")

    def _ready(self, step: float) -> Simulator:
        raise NotReadyError("there is no network yet")

    def _simulate(self, duration: float, step: float, inputs: Dict[str, Any]) -> SimulationResult:
        raise NotReadyError("there is no network yet")

    def set_simulation_quality(self, level: str) -> None:
        """How finely to simulate, from the next call on; level: "high", "medium" or "low".

        Step, where none is asked for: at most 0.1, 0.5, 1 ms. Synaptic events that are not delivered: none, those below
        0.005, below 0.02 of threshold − rest. Of the calls of `process_input`, so many simulate at once, the others
        with the next: all, one in two, one in four. The network itself does not change, nor what is recorded.
        """
        self._levels.ask(level)

    def limit_quality(self, owner: object, level: Optional[str]) -> None:
        """For governors: simulate no finer than a level, whatever is asked for; None lifts the limit of that owner."""
        self._levels.limit(owner, level)

    @property
    def simulation_quality(self) -> str:
        """The level that holds: what was asked for, or less where a governor limits it."""
        return self._levels.name

    def set_sleep_mode(self, enabled: bool = True, idle_threshold: float = 1.0, wake_on_input: bool = True) -> None:
        """How to sleep, if `enabled`: after `idle_threshold` seconds without input, at the next `has_input()`.

        wake_on_input: `push_input` wakes it; else only `wake()` does, and `process_input()` waits for that.
        """
        on = checks.boolean("set_sleep_mode", "enabled", enabled)
        seconds = checks.not_negative("set_sleep_mode", "idle_threshold", idle_threshold, "s")
        wakes = checks.boolean("set_sleep_mode", "wake_on_input", wake_on_input)
        self._sleep.configure(on, seconds, wakes)

    def push_input(self, layer: str, events: Any) -> int:
        """Queue events for a layer, from any thread; returns how many older events had to make room.

        events: pairs (neuron, ms), a structured array or an encoder's result; times count from this moment. A
        `SpikePattern`, which has no times, is spread from this moment to the call of `process_input` that takes it.
        A million events may wait; beyond that the oldest pushes are dropped, and counted in `input_counts`.
        """
        network, owner = self.network, f"push_input[{layer!r}]"
        population = network.populations[checks.known("layer", layer, network.populations)]
        must_take_spikes(owner, population.model)
        given = as_events(events, owner)
        neurons = given.indices_for(population.size, owner)
        if isinstance(given, SpikeTrain) and len(given) and given.times[0] < 0:
            raise ParameterError(f"{owner}: times must be >= 0 ms from now (got {given.times[0]:g})")
        moment = self._sleep.now()
        dropped = self._inbox.push(moment, layer, given, neurons)
        if len(given):
            self._sleep.input_at(moment)
        return dropped

    @property
    def input_counts(self) -> InputCounts:
        """Events pushed, processed, dropped and waiting; the first is the sum of the others."""
        return self._inbox.counts

    def has_input(self) -> bool:
        """Whether input waits to be processed. If none does for `idle_threshold` seconds, this puts it to sleep."""
        sleep = self._sleep
        now = sleep.now()
        if self._inbox.due(now):
            sleep.input_at(now)
            return True
        if sleep.enabled and not sleep.asleep and self._idle(now):
            sleep.asleep = True
        return False

    def is_idle(self) -> bool:
        """Whether nothing waits, and there has been no input for `idle_threshold` seconds."""
        return self._idle(self._sleep.now())

    def _idle(self, now: float) -> bool:
        return not self._inbox and self._sleep.idle(now)

    def sleep(self) -> None:
        """Sleep until input comes (with wake_on_input) or `wake()` is called. Time passes; it is made up for later."""
        self._sleep.now()
        self._sleep.asleep = True

    def wake(self) -> None:
        """Wake up; it is no error to be awake."""
        self._sleep.asleep = False

    @property
    def asleep(self) -> bool:
        """Whether it sleeps."""
        return self._sleep.asleep

    def process_input(self) -> SimulationResult:
        """Simulate from the moment up to which that has been done to now, with what was pushed; times in the result
        count from that moment.

        Silence in between is exact, however long, and costs nothing where populations are event-driven or have come to
        rest. The answer is of no length where no time has passed, or where the quality leaves the work to the next
        call. Steps are whole: an event pushed within one that has been simulated falls in the next.
        """
        with self._once:
            sleep, quality = self._sleep, self._levels.now
            if sleep.asleep and not sleep.wake_on_input:
                raise NotReadyError("process_input: asleep, and input does not wake it: call wake() first")
            sleep.asleep = False
            now = sleep.now()
            step = quality.step
            ticks = sleep.steps(now, step, self._inbox.due(now))
            if not ticks or self._postponed(quality.calls):
                return SimulationResult(self._ready(step).nothing(), "process_input")
            return self._through(min(ticks, checks.MAX_TICKS), step)

    def _postponed(self, calls: int) -> bool:
        self._calls += 1
        return (self._calls - 1) % calls != 0

    def _through(self, ticks: int, step: float) -> SimulationResult:
        """Live through so many steps; what an interruption leaves waits again."""
        simulator, begin = self._ready(step), self._sleep.now() if self._sleep.lived is None else self._sleep.lived
        span = ticks * step
        taken = self._inbox.take(begin + span / 1000.0)
        first = simulator.state.tick if simulator.dt == step else 0
        try:
            inputs = {layer: _train(pushes, begin, span) for layer, pushes in taken.items()}
            result = self._simulate(span, step, inputs)
        except BaseException:
            done = (simulator.state.tick - first) * step if simulator.dt == step else 0.0
            self._sleep.live(done)
            self._inbox.give_back(_after(taken, begin + done / 1000.0) if done else taken)
            raise
        self._sleep.live(span)
        return result


def _train(pushes: Taken, begin: float, span: float) -> SpikeTrain:
    """Pushes of one layer as times in ms from the begin of a stretch."""
    neurons = np.concatenate([n for n, _ in pushes])
    times = (np.concatenate([m for _, m in pushes]) - begin) * 1000.0
    return SpikeTrain(neurons, np.clip(times, 0.0, span))


def _after(taken: Dict[str, Taken], moment: float) -> Dict[str, Taken]:
    """What happens after a moment."""
    kept = {layer: [(n[m > moment], m[m > moment]) for n, m in pushes] for layer, pushes in taken.items()}
    return {layer: [(n, m) for n, m in pushes if len(n)] for layer, pushes in kept.items()}
