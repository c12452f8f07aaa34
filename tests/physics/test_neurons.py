"""Neuron models against NEST, Brian2 and the solution without a grid.

The grid runs of the set follow our convention (order of a tick, refractory ticks, stamps), so double precision must
repeat their steps; Brian2's AdEx is, like ours, a Runge-Kutta of fourth order with the reset on the grid. Potentials
of the set are float32: 3.8e-6 mV of rounding at -70 mV. Hodgkin-Huxley is no model of ours and left out.
"""

import numpy as np
import pytest
from reference_set import (
    ADEX,
    DURATION,
    FAMILIES,
    IZHIKEVICH,
    LINEAR,
    NEURONS,
    PARAMS,
    result,
    spikes_of,
    stored,
    ticks,
)

# rounding is amplified, so that even NEST and Brian2 part here, in double precision (ms)
PARTING = {"izh_FS_step": {0.1: 438.0, 0.01: 370.0}}
# where a float32 run of the set's own formulas leaves the double one; of LTS and TC it is the spikes at 217.8 and 460.0
FLOAT32_PARTING = {"izh_FS_step": 147.0, "izh_LTS_step": 217.0, "izh_TC_step": 459.0, "izh_RZ_step": 173.0}
# how far that run's potentials go (mV), the set's figures with the half digit that their rounding leaves open
FLOAT32_POTENTIAL = {
    "izh_RS_step": 1.5e-2,
    "izh_IB_step": 8.5e-3,
    "izh_CH_step": 1.5e-2,
    "izh_RS_noise": 6.5e-3,
    "izh_FS_noise": 1.5e-2,
    "izh_CH_noise": 6.5e-2,
    "izh_RS_poisson": 3.5e-2,
}
# delta input at the end of the refractory time is lost on the grid and taken without one
NO_ISI = "lif_delta_poisson"
# forward Euler itself is off by 0.5 ms and more here at 0.01 ms, in Brian2 as in ours
EULER_APART = ("izh_TC_step", "izh_CH_noise")


def grid_spikes(case, dt):
    """Steps of the grid run that does as we do, checked to be those of NEST where NEST does so too."""
    suffix = {0.1: "0p1", 0.01: "0p01"}[dt]
    brian2, nest = (spikes_of(case, f"{simulator}_{suffix}") for simulator in ("brian2", "nest"))
    if case not in ADEX and nest is not None:
        until = PARTING.get(case, {}).get(dt, DURATION)
        assert np.array_equal(ticks(before(brian2, until), dt), ticks(before(nest, until), dt))
    return brian2


def before(times, until):
    return times[times < until]


def same_steps(case, times, dt, until):
    """Whether a run spikes in the ticks of the grid run, up to a time."""
    return np.array_equal(ticks(before(times, until), dt), ticks(before(grid_spikes(case, dt), until), dt))


def grid_error(case, potential):
    """|V - V_grid| at dt, 2 dt, …, and V_grid."""
    expected = stored("neurons")[f"{case}/V_grid"][1:].astype(np.float64)
    return np.abs(potential - expected), expected


@pytest.mark.long
@pytest.mark.parametrize("case", NEURONS)
def test_double_precision_repeats_every_step(case):
    times, potential = result(case, "reference", "float64")
    assert same_steps(case, times, 0.1, PARTING.get(case, {}).get(0.1, DURATION))
    error, _ = grid_error(case, potential)
    # where spikes part at 438 ms, potentials have left the tolerance long before
    assert error[: 2000 if case in PARTING else None].max() < 1e-5


@pytest.mark.parametrize("case", LINEAR)
def test_linear_models_in_float32(case):
    times, potential = result(case, "clock", "float32")
    assert same_steps(case, times, 0.1, DURATION)
    assert grid_error(case, potential)[0].max() < 1e-3


@pytest.mark.parametrize("case", ADEX)
def test_adex_in_float32(case):
    times, potential = result(case, "clock", "float32")
    assert same_steps(case, times, 0.1, DURATION)
    error, expected = grid_error(case, potential)
    # beyond V_T the exponential blows up any difference until the reset
    assert error[expected < PARAMS["neurons"][case]["par"]["V_T"]].max() < 1e-3


@pytest.mark.parametrize("case", IZHIKEVICH)
def test_izhikevich_in_float32(case):
    times, potential = result(case, "clock", "float32")
    assert same_steps(case, times, 0.1, FLOAT32_PARTING.get(case, DURATION))
    if case not in FLOAT32_PARTING:
        assert grid_error(case, potential)[0].max() < FLOAT32_POTENTIAL[case]


@pytest.mark.parametrize("case", LINEAR + ADEX)
def test_float32_at_a_hundredth_of_a_ms_is_within_one_tick(case):
    times, _ = result(case, "clock", "float32", 0.01)
    ours, theirs = ticks(times, 0.01), ticks(grid_spikes(case, 0.01), 0.01)
    assert len(ours) == len(theirs)
    assert np.abs(ours - theirs).max() <= 1


def isi_error(case, dt, count=None):
    """Largest difference of an interval from the exact one while the input lasts, ms; one spike may be missing."""
    exact, (times, _) = spikes_of(case, "exact"), result(case, "clock", "float32", dt)
    assert len(exact) - 1 <= len(times) <= len(exact)
    switches = stored("inputs")[f"{case}/I_t"]
    n = np.count_nonzero(exact[: len(times)] < (switches[-1] if len(switches) else DURATION))
    assert n > 5
    return np.abs(np.diff(times[:n]) - np.diff(exact[:n]))[:count].max()


@pytest.mark.parametrize("dt", [0.1, 0.01])
@pytest.mark.parametrize("case", [case for case in LINEAR if case != NO_ISI])
def test_intervals_of_linear_models_are_exact_to_two_ticks(case, dt):
    assert isi_error(case, dt) < 2 * dt


@pytest.mark.parametrize("case", ADEX)
def test_intervals_of_adex(case):
    wide = {"noise": (0.5, 0.05), "poisson": (1.6, 0.02)}.get(case.split("_")[-1], (0.2, 0.02))
    for dt, tolerance in zip((0.1, 0.01), wide):
        assert isi_error(case, dt) < tolerance


@pytest.mark.parametrize("case", [case for case in IZHIKEVICH if case not in EULER_APART])
def test_first_intervals_of_izhikevich(case):
    # amplified noise needs the wider tolerance
    assert isi_error(case, 0.01, count=9) < (0.12 if case.endswith("step") else 0.35)


@pytest.mark.long
@pytest.mark.parametrize("family", list(FAMILIES))
def test_double_precision_repeats_every_step_of_a_hundredth(family):
    duration = DURATION / 2
    for case in FAMILIES[family]:
        times, _ = result(case, "reference", "float64", 0.01, duration)
        assert same_steps(case, before(times, duration), 0.01, duration)
        assert case.endswith("poisson") or len(times) > 0
