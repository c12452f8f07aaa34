"""The energy that a piece of work took: `with EnergyMeter() as meter: work()`, then `meter.joules` and `meter.method`.

A thread of low priority samples the best sensor 10 to 50 times a second. Power is integrated by trapezoids, counters
by differences. Between two samples of power that lie further apart than five periods and 0.25 s, nothing is made up:
that time is left out, and `covered` says how much is in.
"""

import math
import os
import threading
import time
from pathlib import Path
from typing import List, Optional, Union

from ..checks import not_negative, positive
from ..errors import (
    ArgumentTypeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
    shown,
    warn,
)
from .commands import Runner
from .estimate import EstimateSource, model_for
from .files import Tree
from .identify import identify
from .ina219 import Ina219
from .integrate import Integral
from .power import refusals, sources
from .source import PowerSource

__all__ = ["EnergyMeter"]

KINDS = ("battery", "estimate", "ina219", "ina238", "ina3221", "pmic", "rapl")
# samples of power further apart than so many periods and so many s are not joined; a busy board is late by less
JOINED = 5.0
LATE = 0.25
# niceness of the sampler: late by a little rather than in the way
NICE = 10


class EnergyMeter:
    """Measures what a board draws while its `with` body runs; used again, it starts anew.

    root: the board's files (default: this machine); rate: samples per second, 10 to 50, fewer where the sensor is
    slower; source: a PowerSource, or the kind of one (ina3221, ina238, pmic, ina219, battery, rapl, estimate; default:
    the best, a battery last, since it is slow); idle: W to subtract for `joules_above_idle`, instead of `baseline`;
    runner: runs the board's commands; ups: a battery board, as in `ina219@1:0x42,shunt=0.1`; strict: without a sensor
    that measures, raise.

    joules: None with fewer than two good samples; watts: mean over `covered` s; seconds: of the body; samples, missed:
    good and failed readings; gaps: how often time was left out; method: "measured: …", "estimated: …", or None;
    own_cpu_s, own_share: what the sampler itself took of one core, without commands that it ran.
    """

    def __init__(
        self,
        root: Union[str, Path, Tree, None] = None,
        rate: float = 20.0,
        source: Union[str, PowerSource, None] = None,
        idle: Optional[float] = None,
        runner: Optional[Runner] = None,
        ups: Union[str, Ina219, None] = None,
        strict: bool = False,
    ) -> None:
        self.rate = positive("EnergyMeter", "rate", rate, "Hz")
        if not 10.0 <= self.rate <= 50.0:
            raise ParameterError(f"EnergyMeter: rate must be 10 to 50 Hz (got {shown(rate)})")
        if isinstance(source, str) and source not in KINDS:
            raise UnknownNameError("source of energy", source, KINDS)
        if source is not None and not isinstance(source, (str, PowerSource)):
            raise ArgumentTypeError(f"EnergyMeter: source must be a PowerSource or a kind (got {shown(source)})")
        self.tree = root if isinstance(root, Tree) else Tree(root)
        self.idle_watts = None if idle is None else not_negative("EnergyMeter", "idle", idle, "W")
        self.strict = strict
        self._wanted, self._runner, self._ups = source, runner, ups
        self._idle_method: Optional[str] = None
        self._thread: Optional[threading.Thread] = None
        self._running = threading.Lock()
        self._warned = False
        self.method: Optional[str] = None
        self._start: Optional[float] = None
        self._end: Optional[float] = None
        self._clear()

    def __enter__(self) -> "EnergyMeter":
        if not self._running.acquire(blocking=False):
            raise NotReadyError("EnergyMeter: it is already running; use a second one inside of the first")
        try:
            self._clear()
            source = self._choose()
            if source is not None:
                period = 1.0 / min(self.rate, positive("EnergyMeter", "rate of the source", source.rate, "Hz"))
                gap = source.range if source.counts else max(JOINED * period, LATE)
                self.method, self._integral = source.method, Integral(gap, not source.counts)
                self._begin(source, period)
        except BaseException:
            self._running.release()
            raise
        self._start = time.monotonic()
        return self

    def __exit__(self, *error: object) -> None:
        if not self._running.locked():
            return
        self._end = time.monotonic()
        try:
            self._halt()
        finally:
            self._running.release()

    def __str__(self) -> str:
        if self.joules is None or self.watts is None:
            why = "no source" if self.method is None else f"{self.method}; {self.samples} samples, {self.missed} missed"
            return f"no energy in {self.seconds:.2f} s ({why})"
        text = f"{self.joules:.4g} J in {self.seconds:.2f} s, {self.watts:.3g} W ({self.method}"
        text += f"; {self.samples} samples, {self.missed} missed"
        if self.gaps:
            text += f", {self.covered:.2f} s covered"
        if self.joules_above_idle is not None:
            text += f"; {self.joules_above_idle:.4g} J above idle at {self.idle_watts:.3g} W"
        return f"{text}; sampler {100.0 * (self.own_share or 0.0):.2g} % of a core)"

    def baseline(self, seconds: float = 2.0) -> Optional[float]:
        """W of the board at rest, over so many seconds, for `joules_above_idle`. Nothing else should run meanwhile."""
        pause = positive("EnergyMeter", "seconds", seconds, "s")
        with self:
            time.sleep(pause)
        self.idle_watts, self._idle_method = self.watts, self.method
        self._clear()
        return self.idle_watts

    @property
    def joules(self) -> Optional[float]:
        """J over `covered` seconds; None without two good samples, or while a counter did not move."""
        return self._integral.joules

    @property
    def watts(self) -> Optional[float]:
        """The mean power over `covered`."""
        return self._integral.watts

    @property
    def joules_above_idle(self) -> Optional[float]:
        """J beyond what the board draws at rest; None without `baseline` or `idle`, or if it was read another way."""
        same = self._idle_method in (None, self.method)
        if self.joules is None or self.idle_watts is None or not same:
            return None
        return self.joules - self.idle_watts * self.covered

    @property
    def seconds(self) -> float:
        """How long the body ran, or runs."""
        if self._start is None:
            return 0.0
        return (time.monotonic() if self._end is None else self._end) - self._start

    @property
    def covered(self) -> float:
        """S over which `joules` was summed."""
        return self._integral.covered

    @property
    def samples(self) -> int:
        """Good readings."""
        return self._integral.samples

    @property
    def missed(self) -> int:
        """Failed readings."""
        return self._integral.missed

    @property
    def gaps(self) -> int:
        """How many times between two good readings were left out."""
        return self._integral.gaps

    @property
    def measured(self) -> bool:
        """Whether a sensor told it."""
        return self.method is not None and self.method.startswith("measured")

    @property
    def own_share(self) -> Optional[float]:
        """What the sampler took of one core while it ran, 0 … 1."""
        return min(self.own_cpu_s / self._sampled, 1.0) if self._sampled > 0.0 else None

    def _clear(self) -> None:
        self.method = self._start = self._end = None
        self._integral = Integral(0.0)
        self._stop, self._ready = threading.Event(), threading.Event()
        # s of a core, and s that passed
        self.own_cpu_s = self._sampled = 0.0

    def _choose(self) -> Optional[PowerSource]:
        if isinstance(self._wanted, PowerSource):
            return self._wanted
        found: List[PowerSource] = []
        if self._wanted != "estimate":
            found = sorted(sources(self.tree, self._runner, self._ups), key=lambda source: source.kind == "battery")
        for source in found:
            if self._wanted in (None, source.kind) and source.read() is not None:
                return source
        return self._instead()

    def _instead(self) -> Optional[PowerSource]:
        """Without a sensor: an estimate where one is known, and one warning that says so, with the cure."""
        board = identify(self.tree.root)
        texts = [text for text in board if isinstance(text, str)]
        model = model_for(*texts) if self._wanted in (None, "estimate") else None
        if self._wanted == "estimate" and model is not None:
            return EstimateSource(self.tree, model)
        cures = [f"{what}; {cure}" for what, cure in refusals(self.tree, self._runner, self._ups)]
        wanted = f"'{self._wanted}' tells nothing" if self._wanted else "no power sensor can be read"
        reason = f"EnergyMeter: {wanted} on {board.name!r}" + "".join(f" ({cure})" for cure in cures)
        if self.strict or self._wanted is not None:
            raise UnsupportedError(reason)
        if not self._warned:
            self._warned = True
            warn(f"{reason}; joules are {'None' if model is None else 'estimated from CPU use'}")
        return None if model is None else EstimateSource(self.tree, model)

    def _begin(self, source: PowerSource, period: float) -> None:
        arguments = (source, self._integral, period, self._stop, self._ready)
        self._thread = threading.Thread(target=self._sample, args=arguments, name="neuroedge-energy", daemon=True)
        self._thread.start()
        try:
            # the body begins with the first sample
            self._ready.wait(2.0)
        except BaseException:
            self._halt()
            raise

    def _halt(self) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(5.0)

    def _sample(
        self, source: PowerSource, integral: Integral, period: float, stop: threading.Event, ready: threading.Event
    ) -> None:
        _give_way()
        began, start, last = time.thread_time(), time.monotonic(), False
        due = start
        while True:
            before = time.monotonic()
            value = _value(source)
            after = time.monotonic()
            integral.add((before + after) / 2.0, value)
            if self._integral is integral:
                self.own_cpu_s, self._sampled = time.thread_time() - began, time.monotonic() - start
            ready.set()
            if last:
                return
            due = max(due + period, after)
            # a sensor slower than its period must not keep a core busy
            last = stop.wait(max(due - after, period / 2.0))


def _value(source: PowerSource) -> Optional[float]:
    try:
        value = source.joules() if source.counts else source.read()
        return None if value is None or not math.isfinite(value) else float(value)
    except Exception:  # of a source that is not ours: a missed sample, counted as such
        return None


def _give_way() -> None:
    """Make this thread nicer than the work that it watches, where the system lets it."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    except (AttributeError, OSError):
        pass
