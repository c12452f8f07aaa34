"""Pace: absolute deadlines, counts that are exact, and a clock that misbehaves."""

import math
import time
from typing import List

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import NOT_NUMBERS, NOT_POSITIVE, refused
from virtual_clock import VirtualClock

from neuroedge.errors import ArgumentTypeError, ParameterError
from neuroedge.runtime.latency import Latency
from neuroedge.runtime.pace import LATE, Lap, MonotonicClock, Pace, Turn

P = 0.01


def run(works: List[float], clock: VirtualClock, pace: Pace) -> List[Turn]:
    """A turn for each work time, in periods."""
    turns = []
    for work in works:
        turns.append(pace.wait())
        clock.pass_by(work * pace.period)
    pace.finish()
    return turns


def test_turns_in_time() -> None:
    clock = VirtualClock()
    pace = Pace(10.0, clock)
    turns = run([0.5] * 100, clock, pace)
    assert [t.number for t in turns] == list(range(100))
    assert [t.started for t in turns] == [1000.0 + k * P for k in range(100)]
    assert (pace.turns, pace.missed, pace.skipped) == (100, 0, 0)
    assert pace.lap() == Lap(100, 0, 0, pytest.approx(0.5))
    assert pace.lap() == Lap(0, 0, 0, None)


def test_an_overrun_skips_whole_periods_and_counts_them() -> None:
    clock = VirtualClock()
    pace = Pace(10.0, clock)
    turns = run([0.5, 3.7, 0.5, 0.5], clock, pace)
    # the second ends at 4.7: period 4 is nearly over, 5 is next
    assert [t.number for t in turns] == [0, 1, 5, 6]
    assert [t.skipped for t in turns] == [0, 0, 3, 0]
    assert (pace.turns, pace.missed, pace.skipped) == (4, 1, 3)


def test_an_overrun_of_a_hair_costs_no_period() -> None:
    clock = VirtualClock()
    pace = Pace(10.0, clock)
    turns = run([1.001, 0.5, 0.5], clock, pace)
    assert [t.number for t in turns] == [0, 1, 2] and pace.skipped == 0 and pace.missed == 1
    assert turns[1].late == pytest.approx(0.001 * P) and turns[2].late == 0.0


def test_ending_on_the_deadline_is_in_time() -> None:
    clock = VirtualClock(0.0)
    # a period without rounding
    pace = Pace(31.25, clock)
    turns = run([1.0] * 50, clock, pace)
    assert (pace.missed, pace.skipped) == (0, 0) and turns[-1].started == 49 * 0.03125


def test_periods_begin_where_products_say() -> None:
    for start, period in ((1000.1, 0.1), (0.0, 33.3), (12345.678, 10.0)):
        clock = VirtualClock(start)
        pace = Pace(period, clock)
        pace.wait()
        for k in range(1, 2000):
            begin = start + k * pace.period
            assert pace._period(begin) == k and pace._period(float(np.nextafter(begin, 0.0))) == k - 1


def test_late_sleeps_neither_drift_nor_starve() -> None:
    clock = VirtualClock(late=0.7 * P)
    pace = Pace(10.0, clock)
    turns = run([0.1] * 1000, clock, pace)
    assert [t.number for t in turns] == list(range(1000)) and pace.skipped == 0
    assert turns[-1].due == pytest.approx(1000.0 + 999 * P, abs=1e-9)
    # sleeps that take five periods: each turn begins as soon as it is awake
    clock, pace = VirtualClock(late=5.2 * P), Pace(10.0)
    pace = Pace(10.0, clock)
    run([0.1] * 100, clock, pace)
    assert pace.turns == 100 and pace.turns + pace.skipped == 99 * 6 + 1


@pytest.mark.long
def test_no_drift_over_a_million_periods() -> None:
    clock = VirtualClock(12345.678)
    pace = Pace(1.0, clock)
    for _ in range(100_000):
        pace.wait()
        clock.pass_by(0.0003)
    # a suspension each now and then, to a million periods
    clock.pass_by(900.0)
    turn = pace.wait()
    assert turn.number in (999_999, 1_000_000) and turn.number + 1 == pace.turns + pace.skipped
    assert turn.due == 12345.678 + turn.number * 0.001


def test_a_suspension_of_ten_minutes_is_counted_and_no_burst_follows() -> None:
    for during_work in (True, False):
        clock = VirtualClock()
        pace = Pace(10.0, clock)
        run([0.5] * 10, clock, pace)
        if during_work:
            pace.wait()
            clock.pass_by(600.0)
        else:
            clock.late = 600.0
            pace.wait()
            clock.late = 0.0
        before = pace.turns
        turns = run([0.5] * 10, clock, pace)
        assert pace.turns == before + 10
        assert 59_990 <= pace.skipped <= 60_001
        assert turns[-1].number + 1 == pace.turns + pace.skipped
        starts = np.array([t.started for t in turns])
        assert (np.diff(starts) > (1.0 - LATE) * P).all()
        assert pace.missed == (1 if during_work else 0)


def test_a_clock_that_stands_still_gives_no_second_turn_in_a_period() -> None:
    class Frozen(VirtualClock):
        """Stands for the first looks after each sleep."""

        looks = 0

        def sleep_until(self, when: float) -> None:
            self.looks += 1
            if self.looks % 5 == 0:
                super().sleep_until(when)

    clock = Frozen()
    pace = Pace(10.0, clock)
    turns = run([0.0] * 20, clock, pace)
    assert [t.number for t in turns] == list(range(20)) and pace.missed == 0


def test_a_clock_that_goes_back_moves_the_schedule() -> None:
    clock = VirtualClock()
    pace = Pace(10.0, clock)
    run([0.5] * 10, clock, pace)
    pace.wait()
    clock.pass_by(-600.0)
    turns = run([0.5] * 10, clock, pace)
    assert pace.rebased == 1 and pace.missed == 0 and pace.skipped == 0
    assert [t.number for t in turns] == list(range(11, 21))
    # goes on at once rather than in ten minutes
    assert turns[-1].started - turns[0].started == pytest.approx(9 * P)
    assert turns[0].started < 401.0


@pytest.mark.long
@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(
    works=st.lists(st.floats(0.0, 7.0) | st.floats(0.9, 1.1), min_size=1, max_size=60),
    late=st.floats(0.0, 2.5),
    start=st.floats(0.0, 1e6),
    period=st.sampled_from([0.1, 1.0, 10.0, 33.3, 1000.0]),
)
def test_never_two_turns_in_one_period(works: List[float], late: float, start: float, period: float) -> None:
    clock = VirtualClock(start, late * period / 1000.0)
    pace = Pace(period, clock)
    turns = run(works, clock, pace)
    indices = [t.number for t in turns]
    assert indices == sorted(set(indices))
    for turn in turns:
        # multiples of the period, from the start; each turn begins within its own period
        assert turn.due == start + turn.number * pace.period
        assert turn.deadline == start + (turn.number + 1) * pace.period
        assert turn.due <= turn.started < turn.deadline
    assert indices[-1] + 1 == pace.turns + pace.skipped == len(works) + sum(t.skipped for t in turns)
    ends = [t.started + w * pace.period for t, w in zip(turns, works)]
    assert pace.missed == sum(end > t.deadline for end, t in zip(ends, turns)) == pace.end.missed
    assert pace.end.total == pace.work.total == len(works)


def test_the_real_clock() -> None:
    began = time.monotonic()
    pace = Pace(5.0)
    for turn in pace:
        if pace.turns == 10:
            break
    assert time.monotonic() - began >= turn.number * 0.005 - 1e-9
    assert turn.number + 1 == pace.turns + pace.skipped
    clock = MonotonicClock()
    clock.sleep_until(clock.now() - 1.0)


@pytest.mark.parametrize("bad", NOT_POSITIVE)
def test_periods_are_positive(bad: object) -> None:
    with refused(ParameterError, "Pace", "period_ms"):
        Pace(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", NOT_NUMBERS)
def test_periods_are_numbers(bad: object) -> None:
    with refused(ArgumentTypeError, "Pace", "period_ms"):
        Pace(bad)  # type: ignore[arg-type]


def test_quantiles_are_never_too_small_and_at_most_a_32nd_too_large() -> None:
    rng = np.random.default_rng(1)
    values = np.exp(rng.normal(-7.0, 2.0, 5000))
    latency = Latency()
    for value in values:
        latency.add(float(value))
    for share in (0.001, 0.5, 0.99, 0.999, 1.0):
        exact = float(np.sort(values)[math.ceil(share * 5000) - 1])
        assert exact <= latency.quantile(share) <= exact * (1.0 + 1.0 / 32.0)
    assert latency.figures().max == 1000.0 * values.max() and latency.figures().total == 5000


def test_latencies_at_the_ends_of_the_scale() -> None:
    latency = Latency()
    assert math.isnan(latency.quantile(0.5)) and math.isnan(latency.figures().max)
    for value in (-1.0, 0.0, 1e-12, math.nan, 2.0**14, 1e9):
        latency.add(value, missed=value > 1.0)
    assert latency.total == 6 and latency.missed == 2
    assert latency.quantile(0.5) <= 1e-9 and latency.quantile(1.0) <= 1e9
    assert str(latency.figures()).endswith("missed 2 of 6")
    latency.clear()
    assert latency.total == latency.missed == 0 and math.isnan(latency.quantile(0.5))
    for bad in (0.0, 1.5, math.nan):
        with pytest.raises(ParameterError, match="share"):
            latency.quantile(bad)


def test_powers_of_two_fall_into_their_own_buckets() -> None:
    for power in range(-29, 14):
        latency = Latency()
        latency.add(2.0**power)
        latency.add(2.0 ** (power + 1) * 0.999)
        assert 2.0**power <= latency.quantile(0.5) <= 2.0**power * (1 + 1 / 32)
