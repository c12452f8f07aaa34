"""Quality capped by temperature: what is read, told, logged and survived."""

import gc
import logging
import math
import subprocess
import sys
import threading
import time
import weakref
from typing import Any, Callable, List, Optional

import pytest
from refusing import refused
from virtual_clock import VirtualClock

from neuroedge.errors import ArgumentTypeError, ParameterError
from neuroedge.runtime.caps import Caps
from neuroedge.runtime.governor import Governor, Reading
from neuroedge.runtime.throttle import ThermalThrottle


class Capped:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.told: List[Any] = []
        self.owner: Any = None

    def limit_quality(self, owner: object, level: Optional[str]) -> None:
        self.owner = owner
        self.told.append(level)


class Simple:
    """Has no caps."""

    __slots__ = ("told",)

    def __init__(self) -> None:
        self.told: List[str] = []

    def set_simulation_quality(self, level: str) -> None:
        self.told.append(level)


class Broken:
    """Refuses at first."""

    def __init__(self) -> None:
        self.told: List[Any] = []
        self.refusals = 3

    def limit_quality(self, owner: object, level: Optional[str]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ValueError("not now")
        self.told.append(level)


class Oven:
    """A temperature, or an error."""

    def __init__(self) -> None:
        self.heat: Any = 50.0

    def __call__(self) -> Any:
        if isinstance(self.heat, Exception):
            raise self.heat
        return self.heat


def steps(throttle: ThermalThrottle, clock: VirtualClock, seconds: int) -> str:
    for _ in range(seconds):
        clock.pass_by(1.0)
        throttle.step()
    return throttle.level


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_hot_and_cool_again(caplog: pytest.LogCaptureFixture) -> None:
    oven, clock, targets = Oven(), VirtualClock(), [Capped(), Simple()]
    throttle = ThermalThrottle(oven, lambda: targets, clock=clock)
    with caplog.at_level(logging.INFO, logger="neuroedge"):
        assert steps(throttle, clock, 20) == "high"
        # nobody is told what they do already: what their users have set stays
        assert [target.told for target in targets] == [[], []]
        oven.heat = 72.0
        assert steps(throttle, clock, 30) == "medium"
        oven.heat = 80.0
        assert steps(throttle, clock, 30) == "low"
        oven.heat = 50.0
        assert steps(throttle, clock, 60) == "high"
    assert targets[0].told == ["medium", "low", "medium", None] and targets[0].owner is throttle
    assert targets[1].told == ["medium", "low", "medium", "high"]
    assert [change.after for change in throttle.changes] == ["medium", "low", "medium", "high"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO", "INFO"]
    assert caplog.messages[0] == "quality high -> medium: temperature 70.0 °C, limit 70 °C"
    assert (throttle.errors, throttle.readings) == (0, 140)


def test_limits_are_the_users() -> None:
    oven, clock = Oven(), VirtualClock()
    throttle = ThermalThrottle(oven, lambda: [], limit=40.0, clock=clock)
    assert steps(throttle, clock, 10) == "low"
    for field, bad in (("limit", math.nan), ("every", 0.0)):
        with refused(ParameterError, "ThermalThrottle", field):
            ThermalThrottle(oven, lambda: [], **{field: bad})
    with refused(ArgumentTypeError, "ThermalThrottle", "read"):
        ThermalThrottle(50.0, lambda: [])  # type: ignore[arg-type]
    with refused(ArgumentTypeError, "ThermalThrottle", "targets"):
        ThermalThrottle(oven, [])  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [None, math.nan, -256.0, "hot", OSError("gone"), ZeroDivisionError()])
def test_readings_that_fail_hold_the_level(bad: Any) -> None:
    oven, clock, target = Oven(), VirtualClock(), Capped()
    throttle = ThermalThrottle(oven, lambda: [target], clock=clock)
    oven.heat = 72.0
    steps(throttle, clock, 20)
    oven.heat = bad
    late = Capped()
    throttle._targets = lambda: [target, late]
    assert steps(throttle, clock, 500) == "medium" and target.told == late.told == ["medium"]
    assert throttle.errors == (500 if isinstance(bad, Exception) else 0)
    oven.heat = 50.0
    assert steps(throttle, clock, 40) == "high" and target.told == ["medium", None]


def test_errors_are_logged_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    oven, clock, targets = Oven(), VirtualClock(), [Broken(), object(), Capped()]
    throttle = ThermalThrottle(oven, lambda: targets, clock=clock)
    oven.heat = 72.0
    with caplog.at_level(logging.INFO, logger="neuroedge"):
        steps(throttle, clock, 1)
        assert targets[0].told == [] and targets[2].told == ["medium"]
        targets[1:2] = []
        steps(throttle, clock, 20)
    assert targets[0].told == ["medium"] and throttle.errors == 4
    assert sum("not now" in text for text in caplog.messages) == 2
    assert sum("object: AttributeError" in text for text in caplog.messages) == 1

    def gone() -> Any:
        raise RuntimeError("Set changed size during iteration")

    throttle._targets = gone
    oven.heat = 80.0
    # those that are known are told all the same
    assert steps(throttle, clock, 20) == "low" and targets[0].told == ["medium", "low"]


@pytest.mark.long
def test_targets_come_and_go() -> None:
    oven, clock = Oven(), VirtualClock()
    alive: "weakref.WeakSet[Capped]" = weakref.WeakSet()
    throttle = ThermalThrottle(oven, lambda: list(alive), clock=clock)
    first = Capped()
    alive.add(first)
    oven.heat = 90.0
    steps(throttle, clock, 10)
    second = Capped()
    alive.add(second)
    steps(throttle, clock, 10)
    assert first.told == second.told == ["low"]
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None
    throttle.stop()
    assert second.told == ["low", None] and throttle.level == "high"
    throttle.stop()
    assert second.told == ["low", None]


def test_the_thread() -> None:
    oven, targets = Oven(), [Capped()]
    oven.heat = 90.0
    with ThermalThrottle(oven, lambda: targets, every=0.005) as throttle:
        assert throttle.running and throttle.start() is throttle
        assert until(lambda: targets[0].told == ["low"])
        names = [t for t in threading.enumerate() if t.name == "neuroedge-thermal-throttle"]
        assert len(names) == 1 and names[0].daemon
    assert not throttle.running and targets[0].told == ["low", None]
    read = throttle.readings
    time.sleep(0.02)
    assert throttle.readings == read and repr(throttle).startswith("ThermalThrottle(high: temperature")
    # again
    with throttle:
        assert until(lambda: targets[0].told == ["low", None, "low"])
    assert targets[0].told[-1] is None


def test_a_reading_that_hangs_holds_up_neither_stop_nor_what_comes_after() -> None:
    hanging, began, target = threading.Event(), threading.Event(), Capped()

    def read() -> float:
        began.set()
        hanging.wait(10.0)
        return 90.0

    throttle = ThermalThrottle(read, lambda: [target], every=0.005).start()
    assert began.wait(5.0)
    before = time.monotonic()
    throttle.stop(timeout=0.05)
    assert time.monotonic() - before < 2.0 and not throttle.running
    hanging.set()
    time.sleep(0.03)
    # what it read after the stop caps nobody
    assert target.told == []


def test_stopping_from_within() -> None:
    throttles: List[ThermalThrottle] = []

    def read() -> float:
        throttles[0].stop()
        return 90.0

    throttles.append(ThermalThrottle(read, lambda: [], every=0.005))
    throttles[0].start()
    assert until(lambda: not throttles[0].running)


@pytest.mark.long
def test_the_interpreter_ends_at_once() -> None:
    program = (
        "import time\n"
        "from neuroedge.runtime.throttle import ThermalThrottle\n"
        "class A:\n"
        "    def limit_quality(self, owner, level): pass\n"
        "a = A()\n"
        "throttle = ThermalThrottle(lambda: time.sleep(0.001) or 90.0, lambda: [a], every=0.001).start()\n"
        "time.sleep(0.05)\n"
        "print(throttle.level)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "low\n", "")


@pytest.mark.long
def test_caps() -> None:
    caps, target, simple = Caps("me"), Capped(), Simple()
    assert not caps.apply(target, "high") and caps.capped() == ()
    assert caps.apply(target, "low") and not caps.apply(target, "low") and caps.apply(simple, "low")
    assert set(map(id, caps.capped())) == {id(target), id(simple)}
    assert caps.apply(simple, "high") and caps.capped() == (target,)
    # a new object may lie where one that is gone was
    caps._given[id(simple)] = caps._given[id(target)]
    del target
    gc.collect()
    assert caps.apply(simple, "low") and caps.capped() == (simple,)


def test_a_governor_caps_and_releases() -> None:
    governor, target = Governor(), Capped()
    governor.apply(target)
    governor.decide(Reading(0.0, battery=10.0))
    governor.apply(target)
    governor.apply(target)
    governor.release()
    governor.release()
    assert target.told == ["low", None] and target.owner is governor
