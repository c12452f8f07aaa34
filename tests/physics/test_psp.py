"""One spike into one cell: the potential that follows, against the closed form.

The set has conductances too. These are not synapses of ours and are left out.
"""

import numpy as np
import pytest
from reference_set import PARAMS, stored

from neuroedge import LIF, Alpha, Delta, Exponential, Network, Simulator

SET = PARAMS["psp"]
DT = 0.1
EPSILON = 2.0**-24
# half the last place of a float32 around -70 mV, in which potentials are answered
OUTPUT = 2.0**-18


def potentials(kind, engine, precision):
    """Potentials of cells that one spike reaches after each of the delays, at dt, 2 dt, …; mV [ticks, delays]."""
    p, n = SET["par"], len(SET["delays"])
    synapse = {"delta": Delta(), "exp": Exponential(p["tau_syn"]), "alpha": Alpha(p["tau_syn"])}[kind]
    scale = 1.0 if kind == "delta" else p["g_L"]
    net = Network()
    net.add("in", 1, "rate")
    net.add("cell", n, LIF(tau_m=p["C"] / p["g_L"], v_rest=p["E_L"], v_reset=p["E_L"], v_threshold=p["E_L"] + 20.0))
    weights = np.full(n, SET["weights"][kind] / scale)
    synapses = (np.zeros(n, int), np.arange(n), weights)
    net.connect("in", "cell", synapses=synapses, delay=np.array(SET["delays"]), synapse=synapse)
    simulator = Simulator(net, dt=DT, engine=engine, precision=precision)
    recording = simulator.run(SET["T"], inputs={"in": [(0, SET["t_pre"])]}, record=["potentials"])
    return recording.potentials["cell"]


def expected(kind):
    return np.stack([stored("psp")[f"{kind}/{delay:g}/V"] for delay in SET["delays"]], axis=1)[1:]


def rounding(kind):
    """Most that float32 can be off, mV, with e = 2^-24 for the rounding of each operation.

    delta: the jump is scaled into the growing frame and back, with four roundings. exp: each tick rounds four times
    what is at most the peak x, and the membrane remembers tau/dt ticks; the current, rounded twice a tick, is after
    n ticks off by 2·n·e, which adds 2·e·(sum of n·I_n·dt/tau) = 2·e·I·(ts/dt)²·dt/tau. alpha: its current is fed by
    one that is off likewise, and both last e·ts at their peak.
    """
    p, peak = SET["par"], stored("psp")[f"{kind}/1.5/peak"][0]
    if kind == "delta":
        return OUTPUT + 4 * EPSILON * peak
    memory, current = p["C"] / p["g_L"] / DT, SET["weights"][kind] / p["g_L"]
    times = 2 * np.e if kind == "alpha" else 1
    return OUTPUT + EPSILON * (4 * peak * memory + 2 * times * current * (p["tau_syn"] / DT) ** 2 / memory)


@pytest.mark.parametrize("kind", ["delta", "exp", "alpha"])
def test_double_precision(kind):
    assert np.abs(potentials(kind, "reference", "float64") - expected(kind)).max() < 1e-9


@pytest.mark.parametrize("engine", ["reference", "clock"])
@pytest.mark.parametrize("kind", ["delta", "exp", "alpha"])
def test_float32_is_off_by_rounding_alone(kind, engine):
    bound = rounding(kind)
    # well below the 1e-3 mV that float32 is allowed
    assert bound < 3e-4
    assert np.abs(potentials(kind, engine, "float32") - expected(kind)).max() < bound


@pytest.mark.parametrize("kind", ["delta", "exp", "alpha"])
def test_height_and_time_of_the_peak(kind):
    v = potentials(kind, "reference", "float64") - SET["par"]["E_L"]
    for k, delay in enumerate(SET["delays"]):
        height, time = stored("psp")[f"{kind}/{delay:g}/peak"]
        assert abs((np.argmax(v[:, k]) + 1) * DT - SET["t_pre"] - time) <= DT
        # half a tick beside a peak x of the exp kind the potential is lower by x·dt²/(8·tau·tau_syn) = 1.6e-5
        assert 0 <= height - v[:, k].max() + 1e-9 < 2e-5
