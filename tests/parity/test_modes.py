"""Every mode of the native engines gives the same bits: clock, event, hybrid."""

from typing import Any, Sequence

import numpy as np
import pytest
from comparing import Tally, compare, difference, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from searches import networks
from silence import silent
from strategies import everything

from neuroedge import Simulator

QUICK, PARTS, LONG = 300, 3, networks(10_000)
MODES = ("clock", "event", "hybrid")


@pytest.fixture(scope="module")
def tally(report: Any) -> Any:
    tally = Tally("clock == event == hybrid, LIF alone, quick")
    yield tally
    report(tally)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_event_driven_equals_clocked(part: int, tally: Tally) -> None:
    errors = seeds(range(part, QUICK, PARTS), tally, "silent", MODES)
    assert not errors, "\n".join(errors)


def test_most_of_them_fired(tally: Tally) -> None:
    if tally.networks < QUICK:
        pytest.skip("only after all of the generated networks")
    assert tally.share >= 0.9 and tally.spikes > 50 * QUICK, str(tally)


def test_even_seeds_are_on_the_grid() -> None:
    for seed in (0, 2, 4, 6):
        for projection in silent(seed).network.projections.values():
            weights = projection.connectivity.weight
            assert len(weights) == 0 or np.array_equal(weights, np.rint(weights * 16) / 16)


@pytest.mark.long
def test_event_driven_equals_the_reference(report: Any) -> None:
    tally = Tally("reference == event, LIF alone")
    errors = seeds(range(1000, 1025), tally, "silent", ("reference", "event"))
    assert not errors, "\n".join(errors)
    report(tally)


@pytest.mark.long
def test_hybrid_equals_clocked_on_every_model(report: Any) -> None:
    tally = Tally("clock == hybrid, every model")
    errors = seeds(range(20_000, 20_150), tally, "every", ("clock", "hybrid"))
    assert not errors, "\n".join(errors)
    report(tally)
    assert tally.share >= 0.9, str(tally)


def engines_for(seed: int) -> Sequence[str]:
    """All modes; for a share of the seeds also threads, and the reference engine, which take ten times as long."""
    share = seed // 2 % 64
    return (*MODES, *(("event@2",) if share == 1 else ("reference",) if share == 2 else ()))


@pytest.mark.long
def test_many_more_networks(report: Any) -> None:
    words = {"hybrid": "", "reference": " == reference", "event@2": " == threads"}
    tallies = {last: Tally(f"clock == event == hybrid{more}, hypothesis") for last, more in words.items()}
    grid = [0]

    # no deadline: time is measured elsewhere, and the machine is shared
    checks = list(HealthCheck)

    @settings(max_examples=LONG, deadline=None, database=None, derandomize=True, suppress_health_check=checks)
    @given(seed=st.integers(100_000, 2**32 - 1))
    def search(seed: int) -> None:
        engines = engines_for(seed)
        outcome = compare(silent(seed), engines)
        assert outcome.error is None, outcome.error
        for last in {"hybrid", engines[-1]}:
            tallies[last].add(outcome)
        grid[0] += seed % 2 == 0

    search()
    every = tallies["hybrid"]
    for tally in tallies.values():
        report(tally)
    report(f"of these {grid[0] / every.networks:.0%} with weights on a grid of 1/16")
    assert every.networks >= LONG and every.share >= 0.9, str(every)
    assert 0.4 <= grid[0] / every.networks <= 0.6
    assert min(t.networks for t in tallies.values()) >= networks(100)


def test_modes_may_alternate_with_the_same_state() -> None:
    plan = Simulator(everything(24), dt=1.0).plan
    one, other = Simulator(plan, engine="clock"), Simulator(plan, engine="hybrid")
    for k in range(6):
        current = {"frame": 4.0} if k % 2 else {}
        assert difference(one.run(17.0, currents=current), other.run(17.0, currents=current)) is None
        one.restore(other.snapshot())
        for _ in range(3):
            ours, theirs = one.step({"given": [1, 2]}), other.step({"given": [1, 2]})
            assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert one.state.equal(other.state) is None


def test_event_driven_steps_and_long_silence() -> None:
    case = silent(3)
    one, other = (Simulator(case.network, dt=1.0, engine=mode) for mode in ("clock", "event"))
    for gap in (1.0, 5.0, 900.0, 40_000.0):
        volley = [(k, 1.0) for k in range(case.network.population("given").size)]
        for simulator in (one, other):
            simulator.run(gap, {"given": volley})
            simulator.step({"given": [0, 1]})
        assert one.state.equal(other.state) is None, gap
