"""The loop on clocks that jump, freeze and go back, with sensors that fail: counts stay exact, spikes stay right."""

import gc
import logging
import os
import random
import tracemalloc
from typing import Any, Iterator, List, NamedTuple

import psutil
import pytest
from parts import Faulty, Jumping, encode, network, total

from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.garbage import Garbage
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.report import Report
from neuroedge.runtime.sensing import Policy

# hours of virtual time, at 100 Hz; a day takes about ten minutes
HOURS = float(os.environ.get("NEUROEDGE_SOAK_HOURS", "0"))

# periods after which nothing is left of a fault: the membrane forgets in half a one, and it clears after two more
SETTLED = 12

DIGITS = [[int(k == j) for j in range(10)] for k in range(10)]


class Played(NamedTuple):
    """judged: periods, long enough after a fault, in which the answer was compared; wrong: of these."""

    report: Report
    judged: int
    wrong: int


def played(periods: int, share: float, jumps: bool, policy: Policy) -> Played:
    """The loop on a sensor and a clock that fail. Without a fault the answer is the digit of the period."""
    rng = random.Random(3)

    def jump(now: float) -> float:
        if not jumps or rng.random() > 0.002:
            return 0.0
        return rng.choice([0.015, 0.5, 3.0, -0.004, -1.0, -3600.0, 30.0, 0.0101])

    source = Faulty(5, share, lambda: loop.pace.turns + loop.pace.skipped - 1)
    loop = Loop(source, encode, network(), total, None, dt=1.0, clock=Jumping(jump), policy=policy)
    memory, struck, judged, wrong = Memory(), 0, 0, 0
    while loop.pace.turns + loop.pace.skipped < periods:
        step = loop.step()
        k = step.turn.number
        if step.turn.skipped:
            struck = k - 1
        if step.sensed.state != "new":
            struck = k
        if k - struck > SETTLED:
            judged += 1
            wrong += step.value != DIGITS[k % 10]
        memory.look(loop.pace.turns)
    report = loop.report()
    assert report.read == report.used + report.dropped == source.given
    assert report.turns + report.skipped == k + 1
    assert sum(report.errors.values()) == source.bad
    memory.flat()
    return Played(report, judged, wrong)


class Memory:
    """Of this process, from a tenth of the way on."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.rss: List[int] = []
        self.open: List[Any] = []

    def look(self, turns: int) -> None:
        if turns % 2000 == 0:
            self.rss.append(self._process.memory_info().rss)
            self.open.append((self._process.num_fds(), self._process.num_threads()))

    def flat(self) -> None:
        if len(self.rss) > 4:
            assert self.rss[-1] - self.rss[2] <= 1 << 20, self.rss
            assert self.open[-1] == self.open[0]


@pytest.fixture
def quiet() -> Iterator[None]:
    """No log: pytest keeps every record, and memory would not be flat."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.long
@pytest.mark.usefixtures("quiet")
def test_ten_minutes_with_faults_and_jumps() -> None:
    policy = Policy("hold", hold_ms=50.0, limits=(0.0, 9.0))
    found = played(60_000, 0.005, True, policy)
    report = found.report
    assert report.skipped > 1000 and report.outages > 20 and report.dropped > 20
    assert found.judged > 5_000 and found.wrong == 0


@pytest.mark.skipif(HOURS <= 0, reason="hours of virtual time: set NEUROEDGE_SOAK_HOURS=24")
@pytest.mark.usefixtures("quiet")
def test_a_day_with_faults_and_jumps() -> None:
    found = played(round(HOURS * 360_000), 0.005, True, Policy("retry", limits=(0.0, 9.0)))
    assert found.report.dropped > 1000 and found.wrong == 0


def test_a_run_without_faults_says_the_digit() -> None:
    found = played(300, 0.0, False, Policy())
    assert (found.judged, found.wrong) == (300 - SETTLED - 1, 0)


@pytest.mark.long
def test_python_allocates_nothing_that_stays() -> None:
    loop = Loop(lambda: 3, encode, network(), total, lambda value: None, dt=1.0, clock=SimulatedClock())
    loop.run(for_s=5.0)
    tracemalloc.start()
    try:
        loop.run(for_s=1.0)
        gc.collect()
        before = tracemalloc.take_snapshot()
        loop.run(for_s=3.0)
        gc.collect()
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    kept = sum(stat.size_diff for stat in after.compare_to(before, "filename") if "tracemalloc" not in str(stat))
    assert kept < 4096


def test_the_collector_rests_and_is_given_back() -> None:
    seen: List[bool] = []

    def decoder(answer: Any) -> None:
        seen.append(gc.isenabled())

    loop = Loop(lambda: 3, encode, network(), decoder, dt=1.0, clock=SimulatedClock())
    assert gc.isenabled()
    loop.run(for_s=0.1)
    assert not any(seen) and gc.isenabled() and gc.get_freeze_count() == 0


@pytest.mark.long
def test_garbage_is_collected_in_slack_time() -> None:
    def litter(answer: Any) -> int:
        for _ in range(100):
            one: List[Any] = []
            one.append(one)
        return 1

    before = len(gc.get_objects())
    report = Loop(lambda: 3, encode, network(), litter, dt=1.0, clock=SimulatedClock()).run(for_s=5.0)
    assert report.collections >= 10
    assert len(gc.get_objects()) < before + 5000


def test_a_collection_that_was_slow_by_chance_is_forgotten() -> None:
    with Garbage() as garbage:
        garbage._cost[0] = 0.02
        kept: List[Any] = []
        for _ in range(30):
            kept.extend([] for _ in range(3000))
            garbage.tidy(0.01)
        assert 10 < garbage.collections < 30 and garbage.forced == 0


def test_a_freeze_skips_whole_periods_and_a_hair_none() -> None:
    works = iter([0.0, 0.0355, 0.0, 0.0101, 0.0])
    clock = SimulatedClock()

    def encoder(value: Any) -> Any:
        clock.time += next(works, 0.0)
        return encode(value)

    loop = Loop(lambda: 3, encoder, network(), total, dt=1.0, clock=clock)
    turns = [loop.step().turn for _ in range(6)]
    assert [t.number for t in turns] == [0, 1, 5, 6, 7, 8]
    assert loop.report().skipped == 3 and loop.report().latency.missed == 2


@pytest.mark.long
def test_a_million_periods_do_not_drift() -> None:
    loop = Loop(lambda: 3, encode, network(), None, dt=1.0, clock=SimulatedClock(), period_ms=0.7, simulate_ms=1.0)
    for _ in range(3000):
        step = loop.step()
    assert step.turn.due == pytest.approx(2999 * 0.0007, abs=1e-12)
