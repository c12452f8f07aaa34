"""Recurrent networks of 25 cells with delays: every spike as in NEST and Brian2.

No potential of these runs comes nearer to the threshold than 6e-4 mV, so neither float32 nor another order of
summation may move a spike.
"""

from functools import lru_cache

import numpy as np
import pytest
from reference_set import PARAMS, membrane, stored, ticks

from neuroedge import LIF, CubaLIF, Network, Simulator

GRIDS = {"0p1": 0.1, "1": 1.0}
NETS = [(net, grid) for net in ("net_delta", "net_exp") for grid in GRIDS]
RUNS = [("clock", "float32"), ("reference", "float32"), ("reference", "float64")]


def part(net, name):
    return stored("network")[f"{net}/{name}"]


def network_of(net, grid):
    """The graph with the delays of one grid; exponential weights come in pA and are divided by g_L."""
    p = PARAMS["networks"][net]["par"]
    cells = int(part(net, "n_exc") + part(net, "n_inh"))
    exponential = "tau_ex" in p
    assert p.get("tau_ex") == p.get("tau_in")
    scale = p["g_L"] if exponential else 1.0
    network = Network(net)
    network.add("in", int(part(net, "n_in")), "rate")
    network.add("cell", cells, CubaLIF(tau_syn=p["tau_ex"], **membrane(p)) if exponential else LIF(**membrane(p)))
    for pre, prefix in (("in", "in_"), ("cell", "")):
        synapses = (part(net, prefix + "pre"), part(net, prefix + "post"), part(net, prefix + "w") / scale)
        network.connect(pre, "cell", synapses=synapses, delay=part(net, f"{prefix}delay_{grid}"))
    return network


@lru_cache(maxsize=None)
def run(net, grid, engine, precision):
    simulator = Simulator(network_of(net, grid), dt=GRIDS[grid], engine=engine, precision=precision)
    events = list(zip(part(net, f"in_i_{grid}").tolist(), part(net, f"in_t_{grid}").tolist()))
    return simulator.run(PARAMS["T"], inputs={"in": events}, record=("spikes", "potentials"), record_from=["cell"])


@pytest.mark.long
@pytest.mark.parametrize("engine,precision", RUNS)
@pytest.mark.parametrize("net,grid", NETS)
def test_every_spike(net, grid, engine, precision):
    spikes, dt = run(net, grid, engine, precision).spikes["cell"], GRIDS[grid]
    order = np.lexsort((spikes.neurons, ticks(spikes.times, dt)))
    assert np.array_equal(ticks(spikes.times, dt)[order], ticks(part(net, f"{grid}/spike_t"), dt))
    assert np.array_equal(spikes.neurons[order], part(net, f"{grid}/spike_i"))


@pytest.mark.long
@pytest.mark.parametrize("engine,precision", RUNS)
@pytest.mark.parametrize("net,grid", NETS)
def test_potentials(net, grid, engine, precision):
    v = run(net, grid, engine, precision).potentials["cell"]
    double = precision == "float64"
    # the traces are stored as float32, the end in double
    assert np.abs(v[:, :5].T - part(net, f"{grid}/V_first5")).max() < (1e-5 if double else 1e-3)
    assert np.abs(v[-1] - part(net, f"{grid}/V_end")).max() < (1e-9 if double else 1e-3)
