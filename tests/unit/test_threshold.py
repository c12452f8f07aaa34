"""The event threshold: which synapses are left out, what is counted, and what stays as it was."""

from typing import Any, Dict, Optional

import numpy as np
import pytest
from refusing import NOT_NUMBERS, refused, same_state, small, unchanged

from neuroedge import (
    ALIF,
    LI,
    LIF,
    AdEx,
    Alpha,
    CubaLIF,
    Delta,
    Exponential,
    Izhikevich,
    Network,
    Simulator,
    compile_network,
)  # fmt: skip
from neuroedge.errors import ArgumentTypeError, BudgetError, ParameterError
from neuroedge.plan.compile import estimate

ENGINES = ("clock", "hybrid", "reference")
# a run in which each of four sources spikes once
ONCE = {"in": [(k, 1.0 + k) for k in range(4)]}


def fan(model: Any, weights: Any, synapse: Any = None, delay: Any = None) -> Network:
    """Four sources to the neurons of a model."""
    net, weights = Network(), np.asarray(weights, float)
    net.add("in", 4, "rate")
    net.add("out", weights.shape[1], model)
    net.connect("in", "out", weights=weights, synapse=synapse, delay=delay)
    return net


def dropped(net: Network, threshold: float, engine: str = "clock") -> int:
    performance = Simulator(net, dt=1.0, event_threshold=threshold, engine=engine).run(10.0, ONCE).performance
    total = Simulator(net, dt=1.0).run(10.0, ONCE).performance
    assert total["dropped_events"] == 0
    assert performance["synaptic_events"] + performance["dropped_events"] == total["synaptic_events"]
    return int(performance["dropped_events"])


# a quarter, a half, and three quarters of 16 mV, of either sign; a whole one
ROW = [[4.0, -8.0, -12.0, 16.0]] * 4
LIF16: Dict[str, Any] = {"v_rest": -66.0, "v_reset": -66.0, "v_threshold": -50.0}


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("model", "synapse"),
    [
        (LIF(**LIF16), None),
        (LIF(**LIF16, reset="subtract"), None),
        (LIF(**LIF16, tau_m=np.linspace(5.0, 9.0, 4)), None),
        (ALIF(**LIF16), None),
        (CubaLIF(**LIF16), None),
        (LIF(**LIF16), Exponential(3.0)),
        (LIF(**LIF16), Alpha(3.0)),
        (AdEx(E_L=-66.0, V_T=-50.0), Delta()),
    ],
)
def test_smaller_is_dropped_equal_is_not(model: Any, synapse: Any, engine: str) -> None:
    net = fan(model, ROW, synapse)
    found = [dropped(net, x, engine) for x in (0.0, 0.25, np.nextafter(0.25, 1), 0.5, 0.5001, 0.9, 1.0, 1.0001, 1e300)]
    assert found == [0, 0, 4, 4, 8, 12, 12, 16, 16]


def test_the_yardstick_of_each_model() -> None:
    for model, drive in ((LI(), 15.0), (Izhikevich(), Izhikevich().drive), (AdEx(), AdEx().drive)):
        net = fan(model, [[0.1 * drive, 0.3 * drive]] * 4)
        assert [dropped(net, x) for x in (0.0999, 0.1001, 0.2999, 0.3001)] == [0, 4, 4, 8]


def test_a_threshold_of_each_neuron() -> None:
    net = fan(LIF(v_rest=0.0, v_reset=0.0, v_threshold=np.array([1.0, 10.0, 100.0])), np.full((4, 3), 1.5))
    assert [dropped(net, x) for x in (0.01, 0.1, 0.2, 2.0)] == [0, 4, 8, 12]
    net = fan(Izhikevich(b=np.array([0.2, 0.25])), [[1.0, 1.0]] * 4)
    gaps = np.asarray(Izhikevich(b=np.array([0.2, 0.25])).drives)
    assert gaps.shape == (2,) and gaps[0] > gaps[1]
    assert dropped(net, 2.0 / float(gaps.sum())) == 4


@pytest.mark.parametrize("model", [AdEx(), Izhikevich()])
@pytest.mark.parametrize("synapse", [Exponential(3.0), Alpha(3.0)])
def test_weights_in_pa_are_all_delivered(model: Any, synapse: Any) -> None:
    assert dropped(fan(model, ROW, synapse), 1e6) == 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("delays", [None, 2.0, "each"])
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_what_is_left_runs_as_if_the_rest_were_not_there(
    engine: str, precision: str, delays: Any, share: float
) -> None:
    rng = np.random.default_rng(4)
    shape, cell = (30, 30), LIF(v_rest=0.0, v_reset=0.0, v_threshold=1.0)
    weights = rng.normal(0.1, 0.3, shape).astype(np.float32) * (rng.random(shape) < share)
    delay = rng.integers(1, 6, shape) * 1.0 if delays == "each" else delays
    given = {"in": [(int(i), float(t)) for i, t in zip(rng.integers(0, 30, 200), rng.uniform(0.0, 40.0, 200))]}
    nets = []
    for kept in (weights, np.where(np.abs(weights) < 0.2, 0.0, weights)):
        net = Network()
        net.add("in", 30, "rate")
        net.add("out", 30, cell)
        net.connect("in", "out", weights=kept, delay=delay)
        net.connect("out", "out", weights=kept.T, delay=delay if delay is None or np.ndim(delay) == 0 else delay.T)
        nets.append(net)
    one = Simulator(nets[0], dt=1.0, engine=engine, precision=precision, event_threshold=0.2)
    other = Simulator(nets[1], dt=1.0, engine=engine, precision=precision)
    ours, theirs = one.run(60.0, given), other.run(60.0, given)
    assert list(ours.spikes["out"]) == list(theirs.spikes["out"]) and len(ours.spikes["out"]) > 5
    assert ours.performance["synaptic_events"] == theirs.performance["synaptic_events"]
    assert ours.performance["dropped_events"] > 0 == theirs.performance["dropped_events"]
    assert same_state(one, other.snapshot())
    assert one.plan.weight.nbytes == other.plan.weight.nbytes


def test_parallel_synapses_are_measured_one_by_one() -> None:
    net = Network()
    net.add("in", 4, "rate")
    net.add("out", 2, LIF(v_rest=0.0, v_reset=0.0, v_threshold=1.0))
    net.connect("in", "out", synapses=([0, 0, 0, 3], [1, 1, 0, 1], [0.2, 0.9, 0.0, 0.2]))
    assert [dropped(net, x) for x in (0.1, 0.5)] == [1, 3]


def test_a_threshold_of_zero_changes_no_byte() -> None:
    plan, again = compile_network(small(), 0.5), compile_network(small(), 0.5, event_threshold=-0.0)
    for name, array in plan.arrays.items():
        assert array.tobytes() == again.arrays[name].tobytes()
    assert (plan.proj_small == -1).all() and not plan.small.any() and plan.event_threshold == 0.0
    # nor does one that nothing is below
    low = compile_network(small(), 0.5, event_threshold=1e-6)
    assert all(array.tobytes() == low.arrays[name].tobytes() for name, array in plan.arrays.items())


def test_the_description_keeps_all_of_its_synapses() -> None:
    net = fan(LIF(**LIF16), ROW)
    simulator = Simulator(net, dt=1.0, event_threshold=0.9)
    recording = simulator.run(5.0, record=["weights"])
    assert recording.weights is not None and (recording.weights["in->out"] == np.array(ROW)).all()
    assert net.synapses == 16


@pytest.mark.parametrize("engine", ENGINES)
def test_the_state_stays_when_the_threshold_changes(engine: str) -> None:
    net = fan(LIF(**LIF16), ROW, delay=3.0)
    simulator, twin = (Simulator(net, dt=1.0, engine=engine) for _ in range(2))
    for s in (simulator, twin):
        s.run(4.0, ONCE)
    before = simulator.snapshot()
    simulator.set_event_threshold(0.3)
    assert same_state(simulator, before) and before["hit"].any()
    assert "event threshold 0.3" in simulator.plan.explain() and "threshold" not in twin.plan.explain()
    # what is under way arrives; what comes later is dropped
    ours, _ = simulator.run(2.0), twin.run(2.0)
    assert same_state(simulator, twin.snapshot()) and ours.performance["dropped_events"] == 0
    assert simulator.run(4.0, {"in": [(0, 1.0)]}).performance["dropped_events"] == 1
    plan = simulator.plan
    simulator.set_event_threshold(0.3)
    assert simulator.plan is plan
    simulator.set_precision("float16")
    simulator.set_dt(0.5)
    assert simulator.plan.event_threshold == 0.3
    net.connect("in", "out", weights=1.0)
    assert simulator.run(4.0, {"in": [(0, 1.0)]}).performance["dropped_events"] == 5
    simulator.set_event_threshold(0)
    assert simulator.run(4.0, {"in": [(0, 1.0)]}).performance["dropped_events"] == 0


def test_steps_know_of_it() -> None:
    net = fan(LIF(**LIF16), [[16.0, 9.0]] * 4)
    simulator = Simulator(net, dt=1.0)
    fired = []
    for threshold in (0.0, 0.9):
        simulator.set_event_threshold(threshold)
        simulator.step({"in": [0, 1]})
        fired.append(simulator.step()["out"].tolist())
        simulator.run(30.0)
    assert fired == [[0, 1], [0]]


@pytest.mark.parametrize(
    ("value", "kind"),
    [*((bad, ArgumentTypeError) for bad in NOT_NUMBERS)]
    + [(bad, ParameterError) for bad in (-1e-9, -1, float("nan"), float("inf"), 10**400)],
)
def test_bad_thresholds(value: Any, kind: Any) -> None:
    simulator = Simulator(small(), dt=0.5)
    with unchanged(simulator), refused(kind, "set_event_threshold: event_threshold must be", "got"):
        simulator.set_event_threshold(value)
    with refused(kind, "Simulator: event_threshold must be"):
        Simulator(small(), event_threshold=value)
    with refused(kind, "compile: event_threshold must be"):
        compile_network(small(), event_threshold=value)


def test_a_plan_keeps_its_threshold() -> None:
    plan = compile_network(small(), 0.5, event_threshold=0.1)
    assert Simulator(plan).plan is Simulator(plan, event_threshold=0.1).plan is plan
    with refused(ParameterError, "event_threshold = 0.1", "got 0.2"):
        Simulator(plan, event_threshold=0.2)
    simulator = Simulator(plan)
    with unchanged(simulator), refused(ParameterError, "compiled plan keeps", "from the network instead"):
        simulator.set_event_threshold(0.0)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("delays", [False, True])
def test_the_estimate_is_an_upper_bound(threshold: float, delays: bool) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(0.0, 15.0, (200, 300))
    delay: Optional[np.ndarray] = rng.integers(1, 3, weights.shape) * 1.0 if delays else None
    if delay is not None:
        # what is above the threshold is of one delay, and dense again
        weights[delay == 2.0] = 0.1
    net = Network()
    net.add("in", 200, "rate")
    net.add("out", 300, "lif")
    net.connect("in", "out", weights=weights, delay=delay)
    plan = compile_network(net, 1.0, event_threshold=threshold)
    if threshold == 0.0:
        assert plan.nbytes <= estimate(net, 1.0)
        return
    with pytest.raises(BudgetError) as info:
        compile_network(net, 1.0, memory_limit=1, event_threshold=threshold)
    assert plan.nbytes <= info.value.asked
