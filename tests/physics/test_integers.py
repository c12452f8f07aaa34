"""LIF in integers: against closed forms, and against float32 on a network of 900 neurons."""

import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from neuroedge import LI, LIF, Network, Simulator, SpikeTrain
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import FIXED

TAU = 20.0
DATA = Path(__file__).resolve().parents[1] / "data"
# steps of the time constant; the contract ends at 200
STEPS = [5, 10, 20, 50, 100, 200]


def cell(n=1, weight=None, delay=None, **parameters):
    """Neurons with rest at 0 and threshold at 1, and one input each."""
    given = {"tau_m": TAU, "v_rest": 0.0, "v_reset": 0.0, "v_threshold": 1.0, "refractory": 0.0}
    net = Network()
    net.add("input", n, "rate")
    net.add("cell", n, LIF(**{**given, **parameters}))
    if weight is not None:
        net.connect("input", "cell", "one_to_one", weights=weight, delay=delay)
    return net


def unit(plan):
    """mV of one step of V."""
    return float(np.max(plan.param(plan.where("cell"), 1)))


@pytest.mark.parametrize("engine", ["reference", "clock"])
@pytest.mark.parametrize("steps", STEPS)
def test_decay(engine, steps):
    # each tick rounds by half a unit at most, of which the later ticks forget a share; and so does D, once
    dt, start = TAU / steps, np.linspace(-1.9, 0.99, 50)
    simulator = Simulator(cell(50, v_init=start), dt=dt, precision="int8", engine=engine)
    trace = simulator.run(3 * steps * dt, record=("potentials",)).potentials["cell"]
    n = 1.0 + np.arange(len(trace))[:, None]
    d = np.exp(-1.0 / steps)
    bound = unit(simulator.plan) * (0.5 + 0.5 / (1.0 - d)) + np.abs(start) * n * d**n / d * 2.0**-16
    assert (np.abs(trace - start * d**n) <= bound).all()


@pytest.mark.parametrize("steps", STEPS)
def test_a_constant_current(steps):
    # x = I·(1 − exp(−t/tau)) reaches 1, its tick ends, and it starts over
    dt, current = TAU / steps, np.linspace(1.05, 4.0, 40)
    simulator = Simulator(cell(40), dt=dt, precision="int8")
    counts = simulator.run(400 * TAU, currents={"cell": current[None, :]}).counts["cell"]
    # leak and current round by half a unit each in every tick, which is worth as much current
    error = unit(simulator.plan) / (1.0 - np.exp(-1.0 / steps))
    fast, slow = (TAU * np.log(i / (i - 1.0)) for i in (current + error, current - error))
    assert (counts <= 400 * TAU / fast * 1.005 + 1).all()
    assert (counts >= 400 * TAU / (slow + dt) * 0.995 - 1).all()


def test_what_never_reaches_the_threshold_never_spikes():
    simulator = Simulator(cell(3), dt=0.5, precision="int8")
    recording = simulator.run(1000.0, currents={"cell": np.array([[0.5, 0.99, -3.0]])}, record=("spikes", "potentials"))
    assert recording.counts["cell"].sum() == 0
    # where the current rests, or where 16 bits end
    low = -32768 * unit(simulator.plan)
    assert recording.potentials["cell"][-1] == pytest.approx([0.5, 0.99, max(-3.0, low)], rel=0.01)


def test_an_arrival_is_its_weight_to_half_a_code():
    weights = np.linspace(-0.9, 0.9, 37)
    net = Network()
    net.add("input", 1, "rate")
    net.add("cell", 37, LIF(tau_m=TAU, v_rest=-65.0, v_reset=-65.0, v_threshold=-64.0))
    net.connect("input", "cell", weights=weights[None, :])
    # a second synapse gives all the same scale
    net.connect("input", "cell", weights=np.ones((1, 37)), delay=9.0)
    simulator = Simulator(net, dt=1.0, precision="int8")
    simulator.run(2.0, {"input": [(0, 1.0)]})
    assert np.allclose(simulator.potential("cell"), weights - 65.0, rtol=0.0, atol=0.51 / 127)


@pytest.mark.parametrize("reset,expected", [("value", [1, 0, 0]), ("subtract", [1, 1, 0])])
def test_resets(reset, expected):
    # 1.8 thresholds: lowered by one, 0.8 decays by exp(-1/20) and gets 0.3 more
    net = cell(1, 1.8, reset=reset)
    net.connect("input", "cell", weights=0.3, delay=2.0)
    simulator = Simulator(net, dt=1.0, precision="int8")
    simulator.run(1.0, {"input": [(0, 1.0)]})
    assert [int(simulator.run(1.0).counts["cell"][0]) for _ in range(3)] == expected


def test_refractory_neurons_hold_and_discard():
    simulator = Simulator(cell(1, 1.5, refractory=5.0, v_reset=-0.25), dt=1.0, precision="int8")
    recording = simulator.run(12.0, {"input": [(0, float(t)) for t in range(1, 12)]}, record=("spikes", "potentials"))
    # at the end of tick 2, five ticks of silence, and again
    assert recording.spikes["cell"].times.tolist() == [2.0, 8.0]
    assert recording.potentials["cell"][1:7, 0] == pytest.approx([-0.25] * 6, abs=1e-4)


@pytest.mark.parametrize("current", [None, -50.0])
def test_a_given_spike_fires_whatever_holds_it_down(current):
    net = cell(2, refractory=2.0, v_init=-1.5)
    currents = None if current is None else {"cell": current}
    recording = Simulator(net, dt=1.0, precision="int8").run(8.0, {"cell": [(1, 1.0), (1, 2.0), (1, 4.0)]}, currents)
    assert recording.counts["cell"].tolist() == [0, 2]


def test_sums_saturate_and_never_wrap():
    # 40 times the range of 16 bits, up and down, and both at once
    net = Network()
    net.add("input", 400, "rate")
    net.add("cell", 3, LIF(tau_m=TAU, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0))
    signs = np.stack([np.ones(400), -np.ones(400), np.where(np.arange(400) % 2, 1.0, -1.0)], 1)
    net.connect("input", "cell", weights=signs)
    simulator = Simulator(net, dt=1.0, precision="int8")
    recording = simulator.run(3.0, {"input": [(k, 1.0) for k in range(400)]}, record=("spikes", "potentials"))
    assert recording.counts["cell"].tolist() == [1, 0, 0]
    assert recording.potentials["cell"][1] == pytest.approx([0.0, -32768 * unit(simulator.plan), 0.0])


def test_a_leak_too_slow_for_16_bits_is_told():
    with pytest.warns(UserWarning, match="'cell': tau_m is 400 steps of 0.05 ms"):
        compile_network(cell(), 0.05, "int8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile_network(cell(), 0.1, "int8")


def w1():
    """100 given inputs at 20 Hz → 800 LIF → 100 LIF, 10,000 delta synapses (tests/data/README.md)."""
    z = np.load(DATA / "w1.npz")
    net = Network("w1")
    net.add("input", 100, "rate")
    for name, n in (("hidden", 800), ("output", 100)):
        net.add(name, n, LIF(tau_m=TAU, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0))
    net.connect("input", "hidden", synapses=(z["pre1"], z["post1"], z["w1"]))
    net.connect("hidden", "output", synapses=(z["pre2"], z["post2"], z["w2"]))
    return net, SpikeTrain(z["spike_neuron"], z["spike_ms"].astype(float), size=100)


@lru_cache(maxsize=None)
def rates(steps, precision):
    """Mean rates of hidden and output over 10 s, Hz."""
    net, spikes = w1()
    recording = Simulator(net, dt=TAU / steps, precision=precision).run(10_000.0, {"input": spikes})
    return np.array([float(recording.rates[name].mean()) for name in ("hidden", "output")])


@pytest.mark.parametrize("steps", STEPS)
def test_rates_are_those_of_float32(steps):
    true, found = rates(steps, "float32"), rates(steps, "int8")
    assert true[0] > 7.0 and true[1] > 19.0
    assert (np.abs(found / true - 1.0) <= 0.02).all(), (true, found)


def test_plans_are_small():
    rng, sizes = np.random.default_rng(1), {}
    net = Network()
    net.add("input", 784, "rate")
    for name, n, pre in (("hidden", 256, "input"), ("output", 10, "hidden")):
        net.add(name, n, LIF(tau_m=9.5, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0, reset="subtract"))
        net.connect(pre, name, weights=rng.normal(0.0, 0.2, (net.population(pre).size, n)))
    for precision in ("float32", "float16", "int8"):
        plan = compile_network(net, 1.0, precision)
        sizes[precision] = plan.nbytes
    assert plan.pop_kind.tolist() == [0, FIXED, FIXED]
    assert sizes["int8"] <= 0.4 * sizes["float32"] and sizes["int8"] < sizes["float16"]


def reader(weights=((1.0, 2.0, -0.5),), **parameters):
    """Leaky integrators that a few given spikes reach."""
    net = Network()
    net.add("input", len(weights), "rate")
    net.add("cell", len(weights[0]), LI(**{"tau_m": TAU, "v_rest": -65.0, **parameters}))
    net.connect("input", "cell", weights=np.array(weights))
    return net


@pytest.mark.long
@pytest.mark.parametrize("engine", ["reference", "clock"])
@pytest.mark.parametrize("steps", STEPS)
def test_leaky_integrators(engine, steps):
    # against float32: each tick rounds by half a unit, of which later ticks forget a share
    dt, rng = TAU / steps, np.random.default_rng(steps)
    net = reader(rng.normal(0.0, 1.0, (30, 12)))
    inputs = {"input": list(zip(rng.integers(0, 30, 300).tolist(), rng.uniform(0.0, 20 * TAU, 300).tolist()))}
    traces = [
        Simulator(net, dt=dt, precision=precision, engine=engine).run(20 * TAU, inputs, record=("potentials",))
        for precision in ("float32", "int8")
    ]
    true, found = (t.potentials["cell"] for t in traces)
    plan = compile_network(net, dt, "int8")
    assert plan.pop_kind.tolist() == [0, FIXED] and np.ptp(true) > 3.0
    # codes are off by half of one at most, and half a unit a tick: both add up against the leak
    codes = 0.5 * plan.scale[plan.pop_scale[1] :][:12] * np.sqrt(300 / 20)
    assert (np.abs(found - true) <= 6.0 * codes + unit(plan) * (1.0 + 0.5 * steps) + 1e-2 * np.abs(true + 65.0)).all()
    assert all(t.counts["cell"].sum() == 0 for t in traces)


@pytest.mark.parametrize("engine", ["reference", "clock"])
def test_leaky_integrators_never_spike(engine):
    # driven to the end of 16 bits and held there
    simulator = Simulator(reader(v_init=[-65.0, 1e6, -1e6]), dt=1.0, precision="int8", engine=engine)
    recording = simulator.run(30.0, {"input": [(0, float(t)) for t in range(30)]}, {"cell": 1e9}, ("potentials",))
    assert recording.counts["cell"].sum() == 0
    assert simulator.state.v16.max() == 32766 and (recording.potentials["cell"][-1] > -65.0).all()


def test_a_reader_holds_what_busy_inputs_bring():
    # every input in every fourth ms, all of one sign, for ever
    net = reader(np.full((50, 2), 0.7))
    inputs = {"input": [(k, float(t)) for t in range(4, 400, 4) for k in range(50)]}
    true, found = (
        Simulator(net, dt=1.0, precision=p).run(400.0, inputs, record=("potentials",)).potentials["cell"]
        for p in ("float32", "int8")
    )
    assert true.max() > 100.0 and np.allclose(found, true, rtol=0.0, atol=0.01 * (true.max() + 65.0))
