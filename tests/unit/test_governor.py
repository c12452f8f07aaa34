"""The governor's signals one by one, and a loop that it keeps within its deadlines while others take the processor."""

import math
from typing import Any, Callable, List, NamedTuple, Tuple

import numpy as np
import pytest
from refusing import refused
from virtual_clock import VirtualClock

from neuroedge.errors import ArgumentTypeError, ParameterError
from neuroedge.runtime.governor import LEVELS, Change, Governor, Limits, Reading
from neuroedge.runtime.load import Window
from neuroedge.runtime.pace import Pace
from neuroedge.runtime.signals import Patience

ms = 0.001


def fed(governor: Governor, seconds: float, start: float = 0.0, every: float = 0.5, **reading: Any) -> float:
    """The same reading for so long; when it ends."""
    for k in range(int(seconds / every)):
        governor.decide(Reading(start + k * every, **reading))
    return start + seconds


def levels(governor: Governor) -> List[str]:
    return [change.after for change in governor.changes]


@pytest.mark.parametrize(
    "reading, level",
    [
        ({}, "high"),
        ({"temperature": 69.9}, "high"),
        ({"temperature": 70.1}, "medium"),
        ({"temperature": 75.1}, "low"),
        ({"battery": 50.0}, "high"),
        ({"battery": 49.0}, "medium"),
        ({"battery": 20.0}, "medium"),
        ({"battery": 19.0}, "low"),
        ({"battery": 0.0}, "low"),
        ({"battery": 19.0, "charging": True}, "high"),
        ({"battery": 19.0, "charging": None}, "low"),
        ({"temperature": 71.0, "battery": 10.0}, "low"),
        ({"temperature": math.nan, "battery": 49}, "medium"),
        ({"temperature": -256.0}, "high"),
        ({"temperature": 1e6, "battery": 101.0}, "high"),
    ],
)
def test_the_first_reading_decides(reading: Any, level: str) -> None:
    governor = Governor()
    assert governor.decide(Reading(5.0, **reading)) == level == governor.level
    assert len(governor.changes) == (level != "high")


def test_it_says_why() -> None:
    governor = Governor()
    assert governor.reason == "nothing asks for less" and governor.changes == ()
    end = fed(governor, 10.0, battery=80.0, temperature=50.0)
    governor.decide(Reading(end, temperature=50.0, battery=80.0))
    end = fed(governor, 60.0, end, temperature=72.0)
    assert governor.reason.startswith("temperature 70.") and governor.reason.endswith(" °C, limit 70 °C")
    end = fed(governor, 60.0, end, temperature=60.0)
    assert governor.reason.startswith("temperature 64.") and governor.reason.endswith(" °C, back from 65 °C")
    governor = Governor()
    governor.decide(Reading(3.0, battery=49.0))
    assert governor.changes == (Change(3.0, "high", "medium", "battery 49.0 %, limit 50 %"),)
    assert "medium: battery" in repr(governor)


def test_the_level_is_the_lowest_that_any_asks_for() -> None:
    governor = Governor()
    end = fed(governor, 1.0, temperature=72.0, battery=10.0)
    assert governor.level == "low" and "battery" in governor.reason
    # the battery lets go step by step, the temperature holds medium
    end = fed(governor, 300.0, end, temperature=72.0, battery=100.0)
    assert governor.level == "medium"
    fed(governor, 60.0, end, temperature=40.0, battery=100.0)
    assert levels(governor) == ["low", "medium", "high"] and "temperature" in governor.reason


def test_missing_readings_hold() -> None:
    for bad in (None, math.nan, -math.inf, 500.0, "hot", [70.0]):
        governor = Governor()
        end = fed(governor, 1.0, temperature=72.0)
        end = fed(governor, 3600.0, end, every=10.0, temperature=bad, battery=100.0)
        assert governor.level == "medium"
        fed(governor, 60.0, end, temperature=50.0)
        assert governor.level == "high"


def test_time_that_stands_still_or_goes_back() -> None:
    governor = Governor()
    # a step in temperature is still noticed while the clock stands, but nothing is raised
    for heat in [50.0] * 10 + [90.0] * 500:
        governor.decide(Reading(7.0, temperature=heat))
    assert governor.level == "low"
    for _ in range(2000):
        governor.decide(Reading(7.0, temperature=20.0))
    assert governor.level == "low"
    # back by an hour: goes on from there
    end = fed(governor, 40.0, -3600.0, temperature=20.0)
    assert governor.level == "high" and levels(governor) == ["medium", "low", "medium", "high"]
    # a suspension, and no number at all
    governor.decide(Reading(end + 600.0, temperature=80.0))
    for now in (math.nan, None, "now", math.inf):
        governor.decide(Reading(now, temperature=80.0))  # type: ignore[arg-type]
    fed(governor, 30.0, end + 601.0, temperature=80.0)
    assert governor.level == "low"


def test_one_missed_deadline_is_chance() -> None:
    governor = Governor()
    for k in range(2000):
        governor.decide(Reading(k * 0.02, turns=1, missed=int(k % 400 == 100), busy=0.5))
    assert governor.changes == ()
    governor.decide(Reading(40.0, turns=10, missed=2, busy=0.5))
    assert governor.level == "high"
    governor.decide(Reading(40.1, turns=5, missed=1, busy=0.5))
    assert governor.level == "medium" and "deadlines missed, more than 1 %" in governor.reason
    # in slow loops one is a large share
    slow = Governor()
    for k in range(200):
        slow.decide(Reading(float(k), turns=1, missed=int(k % 25 == 24), busy=0.5))
    assert slow.level == "high"


def test_what_is_nearly_too_much_is_not_raised() -> None:
    governor = Governor()
    governor.decide(Reading(0.0, turns=10, missed=10, busy=1.5))
    for k in range(1, 1000):
        # 0.8 %, though the mean load would fit
        governor.decide(Reading(k * 0.1, turns=50, missed=int(k % 5 in (1, 3)), busy=0.1))
    assert levels(governor) == ["medium"]


def test_a_raise_that_failed_is_forgotten_when_the_load_has_fallen() -> None:
    governor = Governor()
    for k in range(4000):
        now = 0.1 * k
        # something else than the mean load makes it miss at high, for the first 300 s
        hogged = now < 300.0 and governor.level == "high"
        governor.decide(Reading(now, turns=5, missed=5 * hogged, busy=0.5 if now < 300.0 else 0.2))
    raises = [change.now for change in governor.changes if change.after == "high"]
    assert [round(b - a) for a, b in zip(raises, raises[1:-1])] == [20, 40, 80]
    # at its last failure it waited for 160 s, but need not
    assert 300.0 < raises[-1] < 310.0 and governor.level == "high"


def test_deadlines_wait_for_their_turn_while_others_ask_for_less() -> None:
    governor = Governor()
    governor.decide(Reading(0.0, temperature=60.0, turns=10, missed=10, busy=1.5))
    end = fed(governor, 60.0, 0.5, temperature=80.0, turns=10, missed=0, busy=0.1)
    assert levels(governor) == ["medium", "low"]
    governor.decide(Reading(end, temperature=80.0, turns=10, missed=0, busy=0.1))
    for k in range(100):
        governor.decide(Reading(end + k * 0.5, temperature=20.0, turns=10, missed=0, busy=0.9))
    assert levels(governor) == ["medium", "low", "medium"] and "temperature" in governor.reason


def test_one_reading_of_power_is_chance() -> None:
    governor = Governor(Limits(power=6.0))
    assert [governor.decide(Reading(0.5 * k, power=20.0)) for k in range(3)] == ["high", "high", "medium"]


@pytest.mark.parametrize("turns, missed", [(None, 5), (0, 0), (5, None), (5, 6), (-1, 0), (math.nan, 1), (1e30, 1e29)])
def test_counts_that_make_no_sense_say_nothing(turns: Any, missed: Any) -> None:
    governor = Governor()
    fed(governor, 20.0, turns=turns, missed=missed, busy=0.5)
    assert governor.level == "high"


@pytest.mark.long
def test_without_busy_shares_a_raise_is_tried_less_and_less_often() -> None:
    governor, tried = Governor(), []
    for k in range(36000):
        now = k * 0.1
        governor.decide(Reading(now, turns=5, missed=0 if governor.level == "low" else 5))
    tried = [change.now for change in governor.changes if change.before == "low"]
    assert np.all(np.diff(np.diff(tried)[:4]) > 0.0) and tried[-1] - tried[-2] >= 300.0 and len(tried) <= 17


def test_power_is_kept_within_its_budget() -> None:
    draws, rng = {"high": 8.0, "medium": 5.0, "low": 4.0}, np.random.default_rng(1)
    for budget, expected in ((9.0, "high"), (6.5, "medium"), (4.5, "low"), (3.0, "low")):
        governor = Governor(Limits(power=budget))
        for k in range(300):
            power = draws[governor.level] * (1.0 + 0.05 * rng.normal())
            governor.decide(Reading(k * 0.5, power=power if k % 7 else None))
        assert governor.level == expected
        assert len(governor.changes) == LEVELS.index(expected), governor.changes
    governor = Governor(Limits(power=6.0))
    end = fed(governor, 30.0, power=6.6)
    assert governor.level == "low" and governor.reason == "6.6 W above 6"
    # below 85 % again
    end = fed(governor, 60.0, end, power=5.4)
    assert governor.level == "low"
    fed(governor, 600.0, end, power=4.0)
    assert governor.level == "high" and governor.reason.startswith("4 W, ")


class Ran(NamedTuple):
    """What a governed loop did; misses: when, s."""

    governor: Governor
    pace: Pace
    misses: np.ndarray

    def missed(self, begin: float, end: float) -> int:
        return int(((self.misses > begin) & (self.misses <= end)).sum())


# work of a turn of 20 ms, s
COST = {"high": 10 * ms, "medium": 4 * ms, "low": 2 * ms}


def loop(hog: Callable[[float], float], seconds: float, seed: int = 0, limits: Limits = Limits()) -> Ran:
    """A loop whose turns take their cost times what others leave of the processor, with noise of 10 %."""
    rng, clock, misses = np.random.default_rng(seed), VirtualClock(0.0), []
    pace, governor = Pace(20.0, clock), Governor(limits)
    while clock.time < seconds:
        turn, before = pace.wait(), pace.missed
        clock.pass_by(COST[governor.level] * hog(turn.started) * float(rng.lognormal(0.0, 0.1)))
        pace.finish()
        if pace.missed > before:
            misses.append(clock.time)
        lap = pace.lap()
        governor.decide(Reading(clock.now(), turns=lap.turns, missed=lap.missed, busy=lap.busy))
    return Ran(governor, pace, np.array(misses))


def between(begin: float, end: float, factor: float) -> Callable[[float], float]:
    return lambda now: factor if begin < now < end else 1.0


@pytest.mark.long
@pytest.mark.parametrize(
    "factor, level, changes", [(1.3, "high", 0), (3.0, "medium", 2), (3.3, "medium", 2), (6.5, "low", 4)]
)
def test_a_hog_comes_and_goes(factor: float, level: str, changes: int) -> None:
    for seed in range(3):
        governor, pace, _ = ran = loop(between(10.0, 40.0, factor), 80.0, seed)
        during = [c for c in governor.changes if c.now < 40.0]
        assert (during[-1].after if during else "high") == level
        assert all(change.now < 12.0 for change in during)
        assert ran.missed(12.0, 40.0) == 0 and ran.missed(40.0, 80.0) == 0
        assert governor.level == "high" and len(governor.changes) == changes, governor.changes
        assert pace.turns + pace.skipped == pytest.approx(4000, abs=2)


def test_without_a_governor_the_hog_wins() -> None:
    assert loop(between(10.0, 40.0, 3.0), 41.0, limits=Limits(missed=None)).missed(12.0, 40.0) > 500


def test_a_hog_too_heavy_for_the_lowest_level() -> None:
    ran = loop(between(10.0, 200.0, 15.0), 240.0)
    assert levels(ran.governor) == ["medium", "low", "medium", "high"]
    assert ran.governor.changes[1].now < 12.0 and ran.governor.changes[2].now > 200.0


@pytest.mark.long
def test_a_hog_that_stays_is_tested_ever_more_rarely() -> None:
    ran = loop(between(10.0, 700.0, 3.0), 700.0)
    raises = [change.now for change in ran.governor.changes if change.after == "high"]
    gaps = np.diff([10.0, *raises])
    assert len(raises) == 2 and gaps[0] > 120.0 and (gaps[1:] > 1.5 * gaps[:-1]).all()
    # half a second each
    assert ran.missed(12.0, 700.0) <= 30 * len(raises)


@pytest.mark.long
def test_random_hogs() -> None:
    for seed in range(2):
        rng = np.random.default_rng(seed)
        edges, factors = np.cumsum(rng.exponential(15.0, 60)), rng.choice([1, 1, 2, 3, 6, 12], 61)
        steps = int((edges < 400.0).sum())
        ran = loop(lambda now: float(factors[np.searchsorted(edges, now)]), 400.0, seed)
        assert len(ran.governor.changes) <= 2 * steps
        times = {change.now: LEVELS.index(change.after) for change in ran.governor.changes}
        rises = [b for (a, x), (b, y) in zip(times.items(), list(times.items())[1:]) if y < x]
        # two rises are ten seconds apart at least
        assert not rises or min(np.diff([0.0, *rises])) >= 10.0


def test_a_misjudged_cost_does_not_keep_it_low() -> None:
    """The hog ends just when the level falls, so that the lower level seems to cost next to nothing."""
    governor = Governor()
    for k in range(6000):
        now, busy = 0.1 * k, {"high": 0.7, "medium": 0.6, "low": 0.5}[governor.level]
        hogged = now < 10.0 and governor.level == "high" and now > 5.0
        governor.decide(Reading(now, turns=5, missed=5 if hogged else 0, busy=6.0 if hogged else busy))
    assert levels(governor) == ["medium", "high"]


def test_short_turns_fit_between_the_work_of_others() -> None:
    """So the ratio of long to short ones is larger while others work, and must not be believed when they have ended."""
    governor = Governor()
    for k in range(1000):
        now, hogged = 0.1 * k, 10.0 <= 0.1 * k < 60.0
        busy = {"high": 2.1 if hogged else 0.5, "medium": 0.3 if hogged else 0.18, "low": 0.1}[governor.level]
        governor.decide(Reading(now, turns=5, missed=5 if busy > 1.0 else 0, busy=busy))
    assert levels(governor) == ["medium", "high"] and 60.0 < governor.changes[-1].now < 70.0


def test_what_comes_with_a_change_of_level_does_not_count() -> None:
    """The network is compiled for its new step, and its first turns are slow."""
    governor = Governor()
    for k in range(1000):
        slow = bool(governor.changes) and k * 0.1 - governor.changes[-1].now < 0.45
        missed = 1 if slow or (governor.level == "high" and k > 100) else 0
        governor.decide(Reading(k * 0.1, turns=1, missed=missed, busy=20.0 if slow else 0.5))
    assert levels(governor)[:1] == ["medium"] and "low" not in levels(governor)


def test_windows_stay_small() -> None:
    window = Window(5.0, 20.0)
    for k in range(100_000):
        window.add(0.0, 1.0, 0.0, 0.5)
    assert window.turns == 1e5 and len(window._parts) == 1
    for k in range(20_000):
        window.add(k * 0.001, 1.0, float(k % 2), None if k % 3 else 0.25)
    assert len(window._parts) <= 25 and 4700 <= window.turns <= 5300
    assert window.load() == window.load(of_bad=True) == pytest.approx(0.25)
    # slow loops are judged over more seconds
    for k in range(100):
        window.add(100.0 + k, 1.0, 0.0, None)
    assert window.turns == 20.0


def test_patience() -> None:
    patience = Patience(10.0, 60.0)
    assert patience.ready(0.0) and not patience.lowered(0.0)
    assert not patience.ready(9.0) and patience.ready(10.0)
    waits: List[Tuple[bool, float]] = []
    now = 0.0
    for _ in range(4):
        now += patience.wait
        patience.raised(now)
        now += 1.0
        waits.append((patience.lowered(now), patience.wait))
    assert waits == [(True, 20.0), (True, 40.0), (True, 60.0), (True, 60.0)]
    assert patience.ready(now + 10.0, waived=True) and not patience.ready(now + 59.0)
    patience.raised(now + 60.0)
    assert not patience.lowered(now + 200.0) and patience.wait == 10.0


@pytest.mark.parametrize(
    "field, value",
    [
        ("temperature", math.nan), ("temperature_step", 0.0), ("temperature_band", -1.0), ("battery", (20.0, 50.0)),
        ("battery", (120.0, 20.0)), ("battery", 20.0), ("battery_band", math.inf), ("missed", 0.0), ("missed", 1.5),
        ("headroom", 0.0), ("power", -1.0), ("power_back", 2.0), ("hold", -1.0), ("longest", math.nan),
    ],
)  # fmt: skip
def test_limits_that_make_no_sense(field: str, value: Any) -> None:
    with refused(ParameterError, "Limits", field):
        Governor(Limits(**{field: value}))


def test_limits_are_limits() -> None:
    with refused(ArgumentTypeError, "limits"):
        Governor(70.0)  # type: ignore[arg-type]
    with refused(ArgumentTypeError, "Reading"):
        Governor().decide(70.0)  # type: ignore[arg-type]
    off = Governor(Limits(temperature=None, battery=None, missed=None))
    fed(off, 10.0, temperature=99.0, battery=1.0, turns=5, missed=5, busy=3.0, power=99.0)
    assert off.level == "high" and Governor(Limits(battery=[50, 20])).level == "high"  # type: ignore[arg-type]
