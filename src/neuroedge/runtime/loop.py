"""From sensor to actuator, once in every period: `Loop(source, encoder, network, decoder, sink).run()`."""

import logging
import resource
from contextlib import ExitStack
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from .. import checks
from ..errors import ArgumentTypeError, NotReadyError, ParameterError, shown, warn
from .calls import Outputs, decoder_call, encoder_call, some
from .garbage import Garbage
from .governor import LEVELS, Governor, Reading
from .latency import Latency
from .latest import Latest
from .notify import Notifier
from .pace import Clock, MonotonicClock, Pace, Turn
from .readings import BoardReadings, Readings
from .realtime import RealTime
from .report import Report, line
from .runner import Runner
from .sensing import END, FAULTS, HELD, NEW, OUT, STOP, Policy, Sensed, Sensing
from .sinks import NO_SAFE, open_sink
from .sleep import Sleep
from .sources import open_source
from .stop import StopSignals

__all__ = ["Loop", "Step"]

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())

# s between two decisions of the governor, and the longest pause without a look at signals and watchdog
_GOVERN, _SLICE = 1.0, 0.1

# turns after which it is looked whether a period is long enough
_TRIED = (20, 100, 1_000, 10_000)


class Step(NamedTuple):
    """One period: its turn, what there was to sense, what the network answered (None if it slept), what went to the
    sinks (None if nothing did), and s from the period's begin to the end of its work."""

    turn: Turn
    sensed: Sensed
    answer: Any
    value: Any
    took: float


class Loop:
    """Reads `source`, encodes, runs `network` for one period, decodes, and writes to `sink`, once in `period_ms`.

    source: what has `read()` and `close()` (see `Source`), a function, an iterable, or a text as `open_source` takes.
    encoder: what has `encode(value)`, `encode(value, timestamp)` in ms, or `encode(value, duration)`, or a function:
    gives a SpikeTrain, a SpikePattern, or {population: events}; None where values are that already. network: a Network,
    a Plan, a Simulator, or what has `run_simulation`, as a NeuromorphicAPI. decoder: what has `decode(answer)`, or
    `decode(events, duration)` for the only population that feeds no other, or a function; None: the answer itself.
    sink: what has `write`, a function, a text as `open_sink` takes, several of these in a list, or None. safe: what
    functions and texts among them get when the sensor has failed, and at the end: without it motors keep running.

    simulate_ms: time of the network in one period, default the period. into, dt, record, record_from: see `Runner`.
    on_step: gets the `Step` of every period, when its work is done. policy: a `Policy`, or its on_error, for a sensor
    that fails. clock: see `Clock`. threaded: whether the source is read in a thread; default: if it says that it
    blocks. governor: lowers the quality of the network, by `readings()`, default the board's. sleep_after: s without
    events after which the network is not run; the silence is made up for when one comes. watchdog: tell systemd of
    start, life and stop. on_status: gets a line every `status_s` seconds.
    realtime: ask for locked memory, SCHED_FIFO, and the core `cpu`; what is refused is said in a warning.
    """

    def __init__(
        self, source: Any, encoder: Any = None, network: Any = None, decoder: Any = None, sink: Any = None,
        period_ms: float = 10.0, simulate_ms: Optional[float] = None, into: Optional[str] = None,
        dt: Optional[float] = None, record: Sequence[str] = ("spikes",), policy: Union[str, Policy] = "retry",
        clock: Optional[Clock] = None, threaded: Optional[bool] = None, governor: Optional[Governor] = None,
        readings: Optional[Callable[[], Readings]] = None, sleep_after: Optional[float] = None, watchdog: bool = False,
        on_status: Optional[Callable[[str], Any]] = None, status_s: float = 60.0, realtime: bool = False,
        cpu: Optional[int] = None, safe: Any = NO_SAFE, record_from: Optional[Sequence[str]] = None,
        on_step: Optional[Callable[[Step], Any]] = None,
    ) -> None:  # fmt: skip
        self.clock: Clock = MonotonicClock() if clock is None else clock
        self.pace = Pace(period_ms, self.clock)
        self.period_ms = float(period_ms)
        # s of the schedule, which never goes back
        self._time = 0.0
        if network is None:
            raise ArgumentTypeError("Loop: network must be given: a Network, a Plan, a Simulator or a NeuromorphicAPI")
        lasts = self.period_ms if simulate_ms is None else simulate_ms
        self._runner = Runner(network, lasts, into, dt, record, record_from)
        self._encode, self._stamped = encoder_call(encoder, self._runner.ms)
        self._decode = decoder_call(decoder, self._runner.read)
        self._options(policy, governor, readings, sleep_after, on_status, status_s)
        self._notifier = Notifier() if checks.boolean("Loop", "watchdog", watchdog) else Notifier({})
        self.realtime = RealTime(cpu) if checks.boolean("Loop", "realtime", realtime) else None
        self._owned: List[Any] = []
        sinks = sink if isinstance(sink, (list, tuple)) else [] if sink is None else [sink]
        self._outputs = Outputs([self._kept(one, open_sink(one, safe)) for one in sinks])
        opened = self._kept(source, open_source(source, window_ms=self._runner.ms, clock=self.clock))
        blocks = bool(getattr(opened, "blocks", False))
        if threaded is not None:
            blocks = checks.boolean("Loop", "threaded", threaded)
        self._thread = Latest(opened) if blocks else None
        self._sensing = Sensing(self._thread or opened, self._policy)
        self._parts = {name: Latency() for name in ("read", "encode", "compute", "decode", "write", "overhead")}
        self._on_step = on_step
        self._stop = StopSignals()
        self._garbage = Garbage()
        self._reason = self._error = ""
        self._value: Any = None
        self._asleep = 0
        self._closed = False
        self._owed = 0.0
        self._faults: Optional[int] = None
        self._slow = False

    def _options(
        self, policy: Union[str, Policy], governor: Optional[Governor], readings: Optional[Callable[[], Readings]],
        sleep_after: Optional[float], on_status: Optional[Callable[[str], Any]], status_s: float,
    ) -> None:  # fmt: skip
        self._policy = Policy(policy) if isinstance(policy, str) else policy
        if governor is not None and not isinstance(governor, Governor):
            raise ArgumentTypeError(f"Loop: governor must be a Governor (got {shown(governor)})")
        self._governor, self._on_status = governor, on_status
        self._target: Any = None if governor is None or self._runner.fixed else self._runner.governed
        if governor is not None and self._runner.fixed:
            warn("Loop: a compiled plan has one quality only, so the governor does nothing; give its Network instead")
        for name, given in (("readings", readings), ("on_status", on_status)):
            if given is not None and not callable(given):
                raise ArgumentTypeError(f"Loop: {name} must be callable (got {shown(given)})")
        self._readings: Callable[[], Readings] = Readings if readings is None else readings
        self._board = BoardReadings() if readings is None and (governor or on_status) else None
        if self._board is not None:
            self._readings = self._board
        self._status_s = checks.positive("Loop", "status_s", status_s, "s")
        self._governed = self._told = 0.0
        self._sleep: Optional[Sleep] = None
        if sleep_after is not None:
            self._sleep = Sleep(lambda: self._time)
            self._sleep.configure(True, checks.not_negative("Loop", "sleep_after", sleep_after, "s"), True)

    def _kept(self, given: Any, opened: Any) -> Any:
        """What was opened here is closed here."""
        if isinstance(given, str):
            self._owned.append(opened)
        return opened

    def __enter__(self) -> "Loop":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Loop({self._sensing.name}, {self.pace!r})"

    @property
    def _begun(self) -> int:
        return self.pace.turns + self.pace.skipped

    @property
    def network(self) -> Any:
        """The simulator, or what has `run_simulation`."""
        return self._runner.network

    def close(self) -> None:
        """End the thread of the source, and close sources and sinks that the loop has opened itself."""
        self._closed = self._thread is not None or bool(self._owned) or self._closed
        if self._thread is not None:
            self._thread.stop()
        while self._owned:
            self._owned.pop().close()

    def stop(self) -> None:
        """End `run` at the end of the period, from any thread."""
        self._reason = self._reason or "stop"

    def run(self, for_s: Optional[float] = None) -> Report:
        """Run until the source ends, `for_s` seconds of the schedule have passed, `stop()` is called, or SIGINT or
        SIGTERM comes (a second one ends the process at once). Sinks are then put at their safe value, also where an
        error is raised, and what the loop has opened itself is closed. With sources and sinks of your own it may be
        called again, and goes on counting.
        """
        left = None if for_s is None else round(checks.positive("Loop.run", "for_s", for_s, "s") / self.pace.period)
        last = None if left is None else self._begun + max(1, left)
        if self._closed:
            raise NotReadyError("Loop.run: what it had opened is closed after a run: make a new Loop")
        self._reason = self._error = ""
        with ExitStack() as stack:
            self._enter(stack)
            stack.callback(self._calm)
            while not self._reason:
                step = self.step()
                if self._on_step is not None:
                    self._on_step(step)
                if last is not None and self._begun >= last:
                    self._reason = self._reason or "time"
        return self.report()

    def _enter(self, stack: ExitStack) -> None:
        """What holds for a run, and is given back after it, whatever happens."""
        stack.callback(self.close)
        stack.enter_context(self._stop)
        if self._board is not None:
            stack.enter_context(self._board)
        if self.realtime is not None:
            stack.enter_context(self.realtime)
            for refusal in self.realtime.refused:
                warn(f"Loop: real time: {refusal}")
        if self._governor is not None:
            stack.callback(self._governor.release)
        stack.enter_context(self._garbage)
        before = _page_faults()
        stack.callback(self._count_faults, before)
        self._notifier.send("READY=1")

    def _calm(self) -> None:
        """The end of a run: actuators first."""
        self._outputs.write_safe(self._time)
        self._notifier.send("STOPPING=1")

    def _count_faults(self, before: int) -> None:
        self._faults = (self._faults or 0) + _page_faults() - before

    def step(self) -> Step:
        """One period, waited for; then, in what is left of it, all that can wait."""
        turn = self.pace.wait()
        clock, parts = self.clock, self._parts
        begun = clock.now()
        self._time = now = turn.number * self.pace.period
        sensed = self._sensing.sense(now)
        read = clock.now()
        inputs, sensed = self._events(sensed, now)
        encoded = clock.now()
        answer, sensed = (None, sensed) if sensed.state in (END, STOP) else self._answer(inputs, sensed, now)
        computed = clock.now()
        out = sensed.state in (OUT, STOP, END)
        # a network that sleeps says what it said last
        value = self._value = self._decode(answer) if answer is not None else self._value
        decoded = clock.now()
        if out:
            self._outputs.write_safe(now)
            if sensed.state is OUT:
                self._outputs.out(self._sensing.name, self._sensing.error)
        elif value is not None:
            self._outputs.write(value, now)
        written = clock.now()
        self.pace.finish()
        parts["read"].add(read - begun)
        parts["encode"].add(encoded - read)
        if answer is not None:
            parts["compute"].add(computed - encoded)
        parts["decode"].add(decoded - computed)
        parts["write"].add(written - decoded)
        self._ends(sensed)
        self._afterwards(turn)
        parts["overhead"].add(clock.now() - turn.started - (written - begun))
        self._rest(turn)
        return Step(turn, sensed, answer, None if out else value, written - turn.due)

    def _events(self, sensed: Sensed, now: float) -> Any:
        """What the encoder makes of it, by population; where it cannot, what there is in its place."""
        if sensed.state not in (NEW, HELD):
            return {}, sensed
        try:
            if not self._stamped:
                return self._runner.named(self._encode(sensed.value)), sensed
            if sensed.state is HELD:
                # for an encoder of changes nothing has changed
                return {}, sensed
            stamp = now if sensed.timestamp is None else sensed.timestamp
            return self._runner.named(self._encode(sensed.value, 1000.0 * stamp)), sensed
        except FAULTS as error:
            return self._events(self._refused(sensed, error, now), now)

    def _refused(self, sensed: Sensed, error: Exception, now: float) -> Sensed:
        return self._sensing.refuse(error, now) if sensed.state is NEW else Sensed(OUT)

    def _answer(self, inputs: Dict[str, Any], sensed: Sensed, now: float) -> Any:
        """The network's answer for this period, None if it sleeps. Input that it refuses is dropped; time passes."""
        if self._sleeps(inputs, now):
            self._owed += self._runner.ms
            self._asleep += 1
            answer = None
        else:
            if self._owed:
                owed, self._owed = self._owed, 0.0
                self._runner.quiet(owed)
            try:
                answer = self._runner.run(inputs)
            except (ParameterError, ArgumentTypeError) as error:
                if not inputs:
                    raise
                sensed = self._refused(sensed, error, now)
                answer = self._runner.run({})
        if sensed.state is NEW:
            self._sensing.accept(sensed, now)
        return answer, sensed

    def _sleeps(self, inputs: Dict[str, Any], now: float) -> bool:
        sleep = self._sleep
        if sleep is None:
            return False
        if self._runner.waiting or any(some(events) for events in inputs.values()):
            sleep.input_at(sleep.now())
        elif not sleep.asleep and sleep.idle(sleep.now()):
            sleep.asleep = True
        return sleep.asleep

    def _ends(self, sensed: Sensed) -> None:
        """Why the loop should end after this period, if it should."""
        if self._reason:
            return
        if self._stop.caught is not None:
            self._reason = self._stop.caught
        elif sensed.state is END or self._outputs.closed:
            self._reason = "end"
        elif sensed.state is STOP:
            self._reason, self._error = "error", f"{self._sensing.name}: {self._sensing.error}"

    def _afterwards(self, turn: Turn) -> None:
        """What can wait until a period's work is done."""
        self._notifier.alive(self.clock.now())
        now = self._time
        if self._governor is not None and now - self._governed >= _GOVERN:
            self._governed = now
            self._govern(self._governor)
        if self._on_status is not None and (now - self._told >= self._status_s or turn.number == 0):
            self._told = now
            self._on_status(self.status())
        if self.pace.turns in _TRIED and not self._slow:
            self._measure()
        self._garbage_in(turn.deadline - self.clock.now())

    def _garbage_in(self, slack: float) -> None:
        if self._garbage.entered:
            self._garbage.tidy(slack)

    def _rest(self, turn: Turn) -> None:
        """In long periods: signals are heard, and the watchdog is told, while there is nothing else to do."""
        slices = int((turn.deadline - self.clock.now()) / _SLICE)
        for _ in range(min(slices, int(self.pace.period / _SLICE))):
            if self._reason:
                return
            self.clock.sleep_until(self.clock.now() + _SLICE)
            self._notifier.alive(self.clock.now())
            if self._stop.caught is not None:
                self._reason = self._stop.caught

    def _govern(self, governor: Governor) -> None:
        lap, told = self.pace.lap(), self._readings()
        before = governor.level
        reading = Reading(
            self._time, told.temperature, told.battery, told.charging, lap.turns, lap.missed, lap.busy, told.power
        )
        if governor.decide(reading) != before:
            _LOG.warning("quality %s -> %s: %s", before, governor.level, governor.reason)
        if self._target is None:
            return
        try:
            governor.apply(self._target)
        except ParameterError as error:
            self._target = None
            warn(f"Loop: the governor cannot change the network, and does not try again: {error}")

    def _measure(self) -> None:
        """Say so if the work does not fit its period."""
        took = self.pace.work.quantile(0.5)
        if took > self.pace.period:
            self._slow = True
            compute = 1000.0 * self._parts["compute"].quantile(0.5)
            warn(
                f"Loop: period_ms = {self.period_ms:g} is shorter than a step takes here: {1000.0 * took:.3g} "
                f"ms in the median of {self.pace.work.total} steps, {compute:.3g} ms of it the network; take a longer "
                "period, a larger dt, or simulate less in each (simulate_ms)"
            )

    def status(self) -> str:
        """One line: `100.0 Hz · 0 missed of 6,000 · p99.9 2.1 ms of 10 · 4.1 W (ina3221) · 52 °C · level 0`."""
        return line(self.report(), self._readings())

    def report(self) -> Report:
        """All counters and latencies up to now."""
        pace, sensing, parts, out = self.pace, self._sensing, self._parts, self._outputs
        level = LEVELS[0] if self._governor is None else self._governor.level
        return Report(
            self._reason, self._error or sensing.error or out.error or sensing.last,
            self._begun * pace.period, self.period_ms, pace.turns, pace.skipped, pace.end.figures(),
            parts["compute"].figures(), pace.wake.figures(), parts["overhead"].figures(),
            sensing.read, sensing.used, sensing.dropped, sensing.held, sensing.nothing, sensing.outages,
            dict(sensing.errors), self._asleep, self._runner.lost, out.written, out.unwritten, out.safe, level,
            self._faults, self._garbage.collections,
        )  # fmt: skip


def _page_faults() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_minflt + used.ru_majflt
