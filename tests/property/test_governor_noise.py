"""Noisy heating, cooling and discharge: the right level, and one change per crossing of the noiseless trace."""

import math
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge.runtime.governor import LEVELS, Governor, Limits, Reading

SEEDS = range(3)
RUBBISH = [None, math.nan, math.inf, -256.0, 1e9, "", b"?", [], object()]


def crossings(
    trace: Sequence[float], thresholds: Tuple[float, float], band: float, above: bool
) -> List[Tuple[int, str]]:
    """Samples at which the noiseless trace crosses thresholds and bands, and the level from there on."""
    sign, level, order = (1.0 if above else -1.0), 0, []
    for k, value in enumerate(trace):
        while level < 2 and sign * (value - thresholds[level]) > 0.0:
            level += 1
            order.append((k, LEVELS[level]))
        while level and sign * (value - thresholds[level - 1]) <= -band:
            level -= 1
            order.append((k, LEVELS[level]))
    return order


def heating(every: float, parts: Sequence[Tuple[float, float]], tau: float = 60.0) -> np.ndarray:
    """°C at every sample: from 45 towards each (°C, for so many seconds), as a body of one time constant."""
    now, values = 45.0, []
    for towards, seconds in parts:
        for _ in range(int(seconds / every)):
            now += (towards - now) * -math.expm1(-every / tau)
            values.append(now)
    return np.array(values)


def sensed(rng: np.random.Generator, trace: np.ndarray, sigma: float, step: float, gaps: float) -> List[Any]:
    """As a sensor says it: with noise, in steps, sometimes not at all or as nonsense."""
    noisy = np.round((trace + rng.normal(0.0, sigma, len(trace))) / step) * step
    lost = rng.random(len(trace)) < gaps
    return [RUBBISH[rng.integers(len(RUBBISH))] if out else float(x) for x, out in zip(noisy, lost)]


def run(field: str, values: Sequence[Any], every: float, limits: Limits = Limits(), **more: Any) -> Governor:
    governor = Governor(limits)
    for k, value in enumerate(values):
        governor.decide(Reading(k * every, **{field: value}, **more))
    return governor


@pytest.mark.parametrize("gaps", [0.0, 0.4])
@pytest.mark.parametrize("sigma", [0.5, 1.5])
@pytest.mark.parametrize("every", [0.5, 5.0])
@pytest.mark.parametrize(
    "parts",
    [
        [(85.0, 400.0), (45.0, 400.0)],
        [(72.5, 600.0), (50.0, 400.0)],
        [(85.0, 400.0), (67.5, 300.0), (85.0, 300.0), (40.0, 400.0)],
        [(64.0, 600.0)],
    ],
)
def test_heat(parts: List[Tuple[float, float]], every: float, sigma: float, gaps: float) -> None:
    trace = heating(every, parts)
    expected = crossings(trace, (70.0, 75.0), 5.0, True)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        governor = run("temperature", sensed(rng, trace, sigma, 0.5, gaps), every)
        assert [change.after for change in governor.changes] == [level for _, level in expected], governor.changes
        for change, (k, _) in zip(governor.changes, expected):
            # soon, or where the trace is so flat that noise decides when
            off = abs(trace[int(change.now / every)] - trace[k])
            assert abs(change.now - k * every) <= 30.0 or off <= 3.0, (seed, change, k * every)


@pytest.mark.parametrize("gaps", [0.0, 0.4])
@pytest.mark.parametrize("sigma", [1.0, 2.0])
@pytest.mark.parametrize("every", [1.0, 10.0])
def test_discharge(every: float, sigma: float, gaps: float) -> None:
    trace = np.linspace(100.0, 5.0, int(3000.0 / every))
    for seed in SEEDS:
        values = sensed(np.random.default_rng(seed), trace, sigma, 1.0, gaps)
        governor = run("battery", values, every)
        assert [change.after for change in governor.changes] == ["medium", "low"], governor.changes
        at = [float(trace[int(change.now / every)]) for change in governor.changes]
        assert at == [pytest.approx(50.0, abs=4.0), pytest.approx(20.0, abs=4.0)]


def test_charging_raises_at_the_band_and_never_lowers() -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        down, up = np.linspace(60.0, 10.0, 500), np.linspace(10.0, 100.0, 900)
        governor = run("battery", sensed(rng, down, 2.0, 1.0, 0.1), 1.0)
        for k, value in enumerate(sensed(rng, up, 2.0, 1.0, 0.1)):
            governor.decide(Reading(500.0 + k, battery=value, charging=True))
        assert [change.after for change in governor.changes] == ["medium", "low", "medium", "high"]
        at = [float(up[int(change.now) - 500]) for change in governor.changes[2:]]
        assert at == [pytest.approx(25.0, abs=4.0), pytest.approx(55.0, abs=4.0)]
    plugged = run("battery", [15.0] * 100, 1.0, charging=True)
    assert plugged.level == "high" and plugged.decide(Reading(101.0, battery=15.0, charging=False)) == "low"


@pytest.mark.parametrize("at", [70.0, 75.0, 65.5])
def test_resting_at_a_threshold(at: float) -> None:
    """A trace that stays where noise goes to and fro over a threshold changes once at most for each."""
    trace = np.concatenate([np.linspace(50.0, at, 200), np.full(3000, at)])
    for seed in SEEDS:
        for sigma in (0.5, 1.5):
            governor = run("temperature", sensed(np.random.default_rng(seed), trace, sigma, 0.5, 0.1), 1.0)
            assert len(governor.changes) <= 1 + (at > 72.0)


@pytest.mark.parametrize(
    "limits", [Limits(temperature_band=0.0, hold=0.0), Limits(temperature_band=0.0, hold=1.0, longest=1.0)]
)
def test_without_hysteresis_it_would_flap(limits: Limits) -> None:
    trace = np.concatenate([np.linspace(50.0, 70.0, 200), np.full(2000, 70.0)])
    for seed in SEEDS:
        values = sensed(np.random.default_rng(seed), trace, 1.5, 0.5, 0.0)
        assert len(run("temperature", values, 1.0, limits).changes) > 10
        assert len(run("temperature", values, 1.0).changes) <= 1


def test_a_raise_that_fails_is_not_repeated_at_the_same_pace() -> None:
    """A board that is too hot at high and cool at medium: what hysteresis alone would repeat for ever gets rarer."""
    governor, heat, now = Governor(), 60.0, 0.0
    while now < 7200.0:
        towards = {"high": 90.0, "medium": 50.0, "low": 45.0}[governor.level]
        heat += (towards - heat) * -math.expm1(-1.0 / 30.0)
        governor.decide(Reading(now, temperature=heat))
        now += 1.0
    times = [change.now for change in governor.changes]
    assert len(times) <= 60 and max(np.diff(times[-6:])) >= 250.0


values = st.one_of(st.none(), st.just(math.nan), st.floats(allow_nan=True), st.floats(0.0, 100.0), st.text(max_size=2))
counts = st.one_of(st.none(), st.integers(-2, 50), st.floats(allow_nan=True))


@pytest.mark.long
@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(allow_nan=True), values, values, st.booleans(), counts, counts, values, values)),
    st.floats(0.0, 50.0),
)
def test_whatever_is_read_gives_a_level(readings: List[Tuple[Any, ...]], power: Optional[float]) -> None:
    governor = Governor(Limits(power=power or None))
    for reading in readings:
        before = governor.level
        assert governor.decide(Reading(*reading)) in LEVELS
        # nothing usable in it: no more quality than before
        if all(part is None for part in (*reading[1:3], *reading[4:])):
            assert governor.level == before
    for change in governor.changes:
        assert change.before != change.after and change.reason


@settings(max_examples=50, deadline=None, database=None, derandomize=True)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.sampled_from([50.0, 72.0, 90.0]))
def test_missing_readings_hold_the_level(times: List[float], heat: float) -> None:
    governor = run("temperature", [heat] * 5, 1.0)
    level = governor.level
    for now in times:
        governor.decide(Reading(now))
        governor.decide(Reading(now, temperature=math.nan))
    assert governor.level == level
