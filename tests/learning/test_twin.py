"""The native core learns what its twin in NumPy does: the same scores and spikes, gradients within rounding."""

from typing import Any, List, Tuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from learners import build
from lessons import Outcome, compare
from searches import networks

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def collect(networks: int) -> Tuple[List[Outcome], List[str]]:
    """So many networks, compared."""
    found: List[Outcome] = []

    @settings(max_examples=networks, deadline=None, database=None, derandomize=True, suppress_health_check=QUIET)
    @given(st.integers(0, 10**6), st.integers(1, 4))
    def every(seed: int, threads: int) -> None:
        found.append(compare(build(seed), threads))
        assert found[-1].error is None, found[-1].error

    every()
    return found, [outcome.error for outcome in found if outcome.error]


def judged(found: List[Outcome], errors: List[str], report: Any) -> None:
    busy = sum(outcome.alive == outcome.learned for outcome in found)
    alive, learned = sum(o.alive for o in found), sum(o.learned for o in found)
    worst = max(o.ratio for o in found)
    report(
        f"twin: {len(found)} networks, {busy} with gradients in every projection ({alive} of {learned} projections), "
        f"largest error {worst:.3f} of what rounding allows"
    )
    assert not errors
    assert alive >= 0.9 * learned and busy >= 0.9 * len(found)


@pytest.mark.long
def test_native_gradients_are_those_of_the_twin(report: Any) -> None:
    judged(*collect(25), report)


@pytest.mark.long
def test_native_gradients_of_many_networks(report: Any) -> None:
    judged(*collect(networks(100)), report)
