"""Firing rate of LIF over the input current."""

from functools import lru_cache

import numpy as np
import pytest
from reference_set import DURATION, PARAMS, membrane, stored, ticks

from neuroedge import LIF, Network, Simulator

P, AMPLITUDES = PARAMS["fi"]["par"], np.array(PARAMS["fi"]["amplitudes"])
RUNS = [("clock", "float32"), ("reference", "float64")]


@lru_cache(maxsize=None)
def spikes(engine, precision, dt=0.1):
    """Spike times of one cell per current, ms."""
    net = Network()
    net.add("cell", len(AMPLITUDES), LIF(**membrane(P)))
    simulator = Simulator(net, dt=dt, engine=engine, precision=precision)
    train = simulator.run(DURATION, currents={"cell": AMPLITUDES[None, :] / P["g_L"]}).spikes["cell"]
    return [train.times[train.neurons == k] for k in range(len(AMPLITUDES))]


def climb(start):
    """Time from a potential to the threshold under each current, ms; inf below rheobase."""
    goal, top = AMPLITUDES / P["g_L"] + P["E_L"], P["V_th"]
    with np.errstate(invalid="ignore"):
        time = P["C"] / P["g_L"] * np.log((goal - start) / (goal - top))
    return np.where(goal > top, time, np.inf)


@pytest.mark.long
@pytest.mark.parametrize("engine,precision", RUNS)
def test_every_spike_is_in_the_step_of_nest_and_brian2(engine, precision):
    for k, times in enumerate(spikes(engine, precision)):
        assert np.array_equal(ticks(times, 0.1), ticks(stored("fi_curve")[f"grid_0p1/{k}"], 0.1))


@pytest.mark.parametrize("dt,grid", [(0.1, "grid_0p1"), (0.01, "grid_0p01")])
def test_counts(dt, grid):
    assert [len(times) for times in spikes("clock", "float32", dt)] == stored("fi_curve")[f"count_{grid}"].tolist()


@pytest.mark.parametrize("engine,precision", RUNS)
def test_intervals_are_the_closed_form_put_on_the_grid(engine, precision):
    # a spike waits for the end of its tick, and the next climb starts there: late by less than a tick, never early
    first, later = (np.ceil(climb(start) / 0.1) * 0.1 for start in (P["E_L"], P["V_reset"]))
    for k, times in enumerate(spikes(engine, precision)):
        if np.isinf(first[k]):
            assert len(times) == 0
        else:
            assert times[0] == pytest.approx(first[k], abs=1e-6)
            assert np.diff(times) == pytest.approx(P["t_ref"] + later[k], abs=1e-6)


def test_rate_tends_to_the_closed_form():
    # with intervals late by less than dt = 0.01, and steady from the first spike on
    period = P["t_ref"] + climb(P["V_reset"])
    for k, times in enumerate(spikes("clock", "float32", 0.01)):
        if np.isfinite(period[k]):
            rate = (len(times) - 1) / (times[-1] - times[0])
            assert 1.0 / (period[k] + 0.01) <= rate * (1 + 1e-9)
            assert rate <= 1.0 / period[k] * (1 + 1e-9)
