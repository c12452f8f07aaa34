"""What learns is described, read, kept and refused as the docstrings say."""

from typing import Any, Dict, Type

import numpy as np
import pytest
from refusing import refused

from neuroedge import LI, LIF, STDP, Alpha, Network, NeuromorphicAPI, RewardSTDP, Simulator, compile_network
from neuroedge.errors import (
    ArgumentTypeError,
    NeuroedgeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
)
from neuroedge.network.plasticity import PAIRINGS
from neuroedge.plan.compile import estimate
from neuroedge.tutorial.engine import Network as Groups
from neuroedge.tutorial.engine import SimulationMode
from neuroedge.tutorial.engine import Simulator as Modes

FAST = STDP(learning_rate=0.1)


def pair(plasticity: Any = FAST, weights: Any = 3.0, n: int = 4, **rest: Any) -> Network:
    net = Network(seed=1)
    net.add("in", n, "rate")
    net.add("out", n, LIF())
    net.connect("in", "out", weights=weights, plasticity=plasticity, **rest)
    return net


def drive(n: int = 4, ticks: int = 40) -> Dict[str, Any]:
    return {"in": [(k % n, k + 1.0) for k in range(ticks) if k % 7 < 5]}


@pytest.mark.parametrize(
    ("kind", "arguments", "error", "words"),
    [
        (STDP, {"tau_plus": 0.0}, ParameterError, ["STDP: tau_plus must be > 0 ms", "0.0"]),
        (STDP, {"tau_minus": "20"}, ArgumentTypeError, ["STDP: tau_minus must be a number", "'20'"]),
        (STDP, {"tau_plus": [1.0, 2.0]}, ArgumentTypeError, ["STDP: tau_plus must be a number"]),
        (STDP, {"learning_rate": -0.1}, ParameterError, ["STDP: learning_rate must be >= 0", "-0.1"]),
        (STDP, {"alpha": float("nan")}, ParameterError, ["STDP: alpha must be finite"]),
        (STDP, {"w_max": 0.0}, ParameterError, ["STDP: w_max must be > 0", "0.0"]),
        (STDP, {"rule": "hebb"}, UnknownNameError, ["STDP rule 'hebb'", "additive, multiplicative"]),
        (STDP, {"pairing": None}, UnknownNameError, ["STDP pairing None", "all, nearest"]),
        (RewardSTDP, {"tau_e": -1.0}, ParameterError, ["RewardSTDP: tau_e must be > 0 ms", "-1.0"]),
        (RewardSTDP, {"learning_rate": 0.0}, ParameterError, ["RewardSTDP: learning_rate must be > 0"]),
        (RewardSTDP, {"w_min": 2.0, "w_max": 1.0}, ParameterError, ["w_max must be > w_min = 2", "1"]),
        (RewardSTDP, {"w_min": -1.0}, ParameterError, ["w_min must be >= 0", "-1.0"]),
        (RewardSTDP, {"mode": "reward"}, UnknownNameError, ["RewardSTDP mode 'reward'", "dopamine, event"]),
        (RewardSTDP, {"baseline": None}, ArgumentTypeError, ["baseline must be a number"]),
    ],
)
def test_rules_are_checked(kind: Any, arguments: Any, error: Type[NeuroedgeError], words: Any) -> None:
    with refused(error, *words):
        kind(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"plasticity": "hebb"}, UnknownNameError, ["unknown plasticity 'hebb'", "rstdp, stdp"]),
        ({"plasticity": STDP}, ArgumentTypeError, ["'in->out'", "None, 'stdp', 'rstdp', STDP(…) or RewardSTDP(…)"]),
        ({"weights": -1.0}, ParameterError, ["'in->out'", "0 to", "-1", "connect them apart, with plasticity=None"]),
        ({"weights": np.full((4, 4), 9.0), "plasticity": STDP(w_max=8.0)}, ParameterError, ["0 to 8 (w_max)", "9"]),
        ({"weights": np.zeros((4, 4))}, ParameterError, ["w_max is 2 times the largest weight", "w_max=…"]),
        ({"weights": 0.5, "plasticity": RewardSTDP(w_min=1.0)}, ParameterError, ["weights that learn must be 1 to"]),
    ],
)
def test_projections_are_checked(arguments: Any, error: Type[NeuroedgeError], words: Any) -> None:
    net = Network()
    net.add("in", 4, "rate")
    net.add("out", 4, LIF())
    with refused(error, *words):
        net.connect("in", "out", **{"plasticity": "stdp", **arguments})
    assert not net.projections


def test_what_cannot_learn_is_refused() -> None:
    net = pair()
    net.add("reader", 4, LI())
    with refused(ParameterError, "'in->reader'", "li neurons never spike", "'lif'"):
        net.connect("in", "reader", plasticity="stdp")
    with refused(ParameterError, "'out->out'", "lateral inhibit", "give weights > 0"):
        net.connect("out", "out", "lateral", plasticity="stdp")
    with refused(ParameterError, "alpha synapse that learns takes one tau"):
        net.connect("in", "out", synapse=Alpha(np.linspace(1.0, 4.0, 4)), plasticity="stdp")
    with refused(UnsupportedError, "int8", "'in->out'", "float32 or float16", "plasticity=None"):
        compile_network(net, 1.0, "int8")
    sim = Simulator(net, dt=1.0)
    with refused(UnsupportedError, "int8"):
        sim.set_precision("int8")
    assert sim.plan.precision == "float32"
    with refused(ParameterError, "'in->out'", "tau_plus must be at least dt/50 = 2000 ms", "20", "smaller dt"):
        Simulator(net, dt=1e5)


@pytest.mark.parametrize(
    ("rewards", "error", "words"),
    [
        (1.0, ArgumentTypeError, ["run: rewards must be pairs (time in ms, value)", "1.0"]),
        ([(1.0, 2.0, 3.0)], ArgumentTypeError, ["rewards must be pairs"]),
        ([(1.0, "good")], ArgumentTypeError, ["rewards: value must be a number", "'good'"]),
        ([(1.0, np.inf)], ParameterError, ["rewards: value must be finite"]),
        ([(1.0, 1e7)], ParameterError, ["rewards: value must be within ±1,000,000", "1e+07"]),
        ([(-1.0, 1.0)], ParameterError, ["rewards: times must be 0 to 10 ms", "-1 ms"]),
        ([(10.5, 1.0)], ParameterError, ["rewards: times must be 0 to 10 ms", "10.5 ms"]),
    ],
)
def test_rewards_are_checked(rewards: Any, error: Type[NeuroedgeError], words: Any) -> None:
    sim = Simulator(pair("rstdp"), dt=1.0)
    with refused(error, *words):
        sim.run(10.0, rewards=rewards)
    assert sim.state.tick == 0
    with refused(ParameterError, "reward: value must be finite"):
        sim.reward(float("nan"))


def test_rewards_need_somebody_who_waits() -> None:
    sim = Simulator(pair("stdp"), dt=1.0)
    for call in (lambda: sim.run(1.0, rewards=[(0.5, 1.0)]), lambda: sim.reward(1.0)):
        with refused(ParameterError, "no projection of this network learns by rewards", "plasticity='rstdp'"):
            call()


def test_numbers_beyond_float32_are_refused() -> None:
    for rule in (STDP(learning_rate=1e300), RewardSTDP(A_plus=1e10), RewardSTDP(mode="dopamine", baseline=1e20)):
        with refused(ParameterError, "'in->out'", "must be at most 1e+09", type(rule).__name__):
            Simulator(pair(rule), dt=1.0)


@pytest.mark.parametrize("kind", [STDP, RewardSTDP])
@pytest.mark.parametrize("tau", [1e-2, 1e300, 1.7e308])
def test_the_shortest_and_the_longest_memory(kind: Any, tau: float) -> None:
    more = {"tau_e": tau, "tau_n": tau, "mode": "dopamine", "learning_rate": 1e-300} if kind is RewardSTDP else {}
    sims = [Simulator(pair(kind(tau, tau, **more)), dt=0.1, engine=e) for e in ("reference", "clock")]
    for sim in sims:
        sim.run(40.0, drive())
        assert np.isfinite(sim.weights()["in->out"]).all()
    assert sims[0].state.equal(sims[1].state) is None


def test_names_stand_for_defaults() -> None:
    net = pair("stdp", 3.0)
    assert net.projections["in->out"].plasticity == STDP(w_max=6.0)
    net.connect("in", "out", weights=np.linspace(1.0, 5.0, 16).reshape(4, 4), plasticity="rstdp")
    assert net.projections["in->out#2"].plasticity == RewardSTDP(w_max=10.0, learning_rate=0.1)
    assert PAIRINGS == ("all", "nearest")


@pytest.mark.parametrize("pattern", ["feedforward", "random", "one_to_one", "feedback"])
def test_default_weights_learn(pattern: str) -> None:
    net = Network(seed=2)
    net.add("in", 50, "poisson", rate=20.0)
    net.add("out", 50, LIF())
    net.connect("in", "out", pattern, 1.0 if pattern == "one_to_one" else 0.5, plasticity="stdp")
    rule, weights = net.projections["in->out"].plasticity, net.projections["in->out"].connectivity.weight
    # at most half of w_max, none of them 0, and the layer answers
    assert weights.min() >= 0.3 * weights.max() > 0 and weights.max() <= 0.5 * rule.w_max * (1 + 1e-6)
    sim = Simulator(net, dt=1.0)
    rate = float(sim.run(2000.0).rates["out"].mean())
    assert 3.0 < rate < 60.0
    assert any((w != v).any() for w, v in zip(sim.weights().values(), net.get_weights().values()))


def test_learnt_weights_are_read_and_kept() -> None:
    net = pair()
    start = net.get_weights()["in->out"]
    sim = Simulator(net, dt=1.0)
    recording = sim.run(40.0, drive(), record=("spikes", "weights"))
    learnt = sim.weights()["in->out"]
    assert (learnt != start).any() and np.array_equal(recording.weights["in->out"], learnt)
    assert np.array_equal(net.get_weights()["in->out"], start)
    sim.keep_weights()
    assert np.array_equal(net.get_weights()["in->out"], learnt)
    # a run goes on as if nothing had been kept
    other = Simulator(pair(), dt=1.0)
    other.run(40.0, drive())
    for each in (sim, other):
        each.run(40.0, drive())
    assert sim.state.equal(other.state) is None
    sim.reset()
    assert np.array_equal(sim.weights()["in->out"], learnt)


def test_kept_weights_keep_their_places() -> None:
    # several synapses of one pair, with delays of their own, in no order
    rng = np.random.default_rng(4)
    pre, post, delay = rng.integers(0, 4, 40), rng.integers(0, 4, 40), rng.integers(1, 6, 40) * 1.0
    net = Network()
    net.add("in", 4, "rate")
    net.add("out", 4, LIF())
    net.connect("in", "out", synapses=(pre, post, rng.uniform(0.1, 2.0, 40)), delay=delay, plasticity=FAST)
    sim = Simulator(net, dt=1.0)
    sim.run(40.0, drive())
    before = sim.weights()["in->out"]
    with refused(ParameterError, "'in->out'", "several synapses that learn", "connect anew"):
        net.set_weights({"in->out": before})
    sim.keep_weights()
    fresh = Simulator(net, dt=1.0)
    assert np.array_equal(fresh.weights()["in->out"], before)
    assert np.array_equal(fresh.plan.learned_start[: len(sim.state.learned)], sim.state.learned)


def test_weights_that_are_set_count_more_than_learnt_ones() -> None:
    net = pair()
    start = net.get_weights()
    sim = Simulator(net, dt=1.0)
    sim.run(40.0, drive())
    net.set_weights(start)
    assert np.array_equal(sim.weights()["in->out"], start["in->out"])
    assert sim.state.tick == 40
    with refused(ParameterError, "0 to 6", "7"):
        net.set_weights({"in->out": np.full((4, 4), 7.0)})
    # a weight of 0 is a synapse still
    net.set_weights({"in->out": np.zeros((4, 4))})
    assert net.synapses == 16 and not sim.weights()["in->out"].any()


def test_other_changes_leave_what_was_learnt() -> None:
    net = pair()
    net.connect("in", "out", weights=1.0)
    sim = Simulator(net, dt=1.0)
    sim.run(40.0, drive())
    learnt = sim.weights()["in->out"]
    net.set_weights({"in->out#2": np.full((4, 4), 2.0)})
    assert np.array_equal(sim.weights()["in->out"], learnt)
    sim.set_event_threshold(0.5)
    assert np.array_equal(sim.weights()["in->out"], learnt)
    # what learns is delivered, however small
    events = sim.run(40.0, drive()).performance
    assert events["dropped_events"] == events["synaptic_events"] == 4 * len(drive()["in"])


@pytest.mark.parametrize("rule", [FAST, RewardSTDP(mode="dopamine"), RewardSTDP()])
@pytest.mark.parametrize("delay", [3.0, "many"])
def test_another_step_goes_on(rule: Any, delay: Any) -> None:
    many = np.random.default_rng(1).integers(1, 6, (4, 4)) * 1.0
    net = pair(rule, weights=np.full((4, 4), 3.0), delay=many if delay == "many" else delay)
    sim = Simulator(net, dt=1.0)
    rewards = [(30.0, 1.0)] if isinstance(rule, RewardSTDP) else None
    sim.run(40.0, drive(), rewards=rewards)
    before = sim.weights()["in->out"]
    sim.set_dt(0.25)
    assert np.allclose(sim.weights()["in->out"], before, rtol=1e-6)
    # nobody speaks, but what is on its way arrives: as often as on the old grid
    other = Simulator(net, dt=1.0)
    other.run(40.0, drive(), rewards=rewards)
    arrived = [s.run(20.0).performance["synaptic_events"] for s in (sim, other)]
    assert arrived[1] > 0
    if delay != "many":
        assert arrived[0] == arrived[1]
        assert np.allclose(sim.weights()["in->out"], other.weights()["in->out"], rtol=0.02)


def test_nothing_of_the_callers_changes() -> None:
    weights = np.full((4, 4), 3.0, np.float32)
    net = pair(weights=weights)
    plan = compile_network(net, 1.0)
    begun = plan.learned_start.copy()
    sim, inputs, rewards = Simulator(plan), drive(), [(2.0, 1.0)]
    sim.run(40.0, inputs)
    assert (weights == 3.0).all() and inputs == drive() and np.array_equal(plan.learned_start, begun)
    assert not np.array_equal(sim.state.learned, begun[: len(sim.state.learned)])
    with refused(NotReadyError, "weights: a compiled plan has no network"):
        sim.weights()
    pairs = list(rewards)
    Simulator(pair("rstdp"), dt=1.0).run(5.0, rewards=rewards)
    assert rewards == pairs


def test_snapshots_that_do_not_fit_are_refused() -> None:
    sim = Simulator(pair(), dt=1.0)
    sim.run(40.0, drive())
    good = sim.snapshot()
    for name, value, words in (
        ("kept_n", 5, "spikes on their way"),
        ("learn_exponent", 3, "another time or dt"),
    ):
        bad = {key: array.copy() for key, array in good.items()}
        bad[name][:] = value
        with refused(ParameterError, "'in->out'", words):
            sim.restore(bad)
    assert all(np.array_equal(good[name], array) for name, array in sim.snapshot().items())


@pytest.mark.parametrize("precision", ["float32", "float16", "float64"])
@pytest.mark.parametrize("delay", [None, 9.0, "many"])
def test_estimates_hold(precision: str, delay: Any) -> None:
    many = np.random.default_rng(1).integers(1, 30, (90, 70)) * 1.0
    for rule in (FAST, RewardSTDP()):
        net = Network()
        net.add("in", 90, "rate")
        net.add("out", 70, LIF())
        net.connect("in", "out", weights=np.ones((90, 70)), plasticity=rule, delay=many if delay == "many" else delay)
        plan = compile_network(net, 1.0, precision)
        assert plan.nbytes <= estimate(net, 1.0, precision) <= 2 * plan.nbytes + 50_000


def test_an_explanation_names_the_rules() -> None:
    net = pair(STDP(rule="multiplicative", pairing="nearest", w_max=8.0))
    net.connect("in", "out", weights=1.0, plasticity=RewardSTDP(mode="dopamine"))
    lines = Simulator(net, dt=1.0).plan.explain().splitlines()
    assert "in->out    multiplicative  nearest  0 to 8" in lines
    assert "in->out#2  dopamine        all      0 to 2" in lines


def test_the_tutorials_api_learns() -> None:
    api = NeuromorphicAPI(seed=3)
    api.create_network()
    api.add_sensory_layer("in", 20, "rate")
    api.add_motor_layer("out", 5)
    api.connect_layers("in", "out", plasticity="rstdp")
    start = api.get_weights()["in->out"]
    events = [(k % 20, k * 0.5) for k in range(200)]
    result = api.run_simulation(100.0, external_inputs={"in": events}, record_weights=True, rewards=[(50.0, 1.0)])
    learnt = api.get_weights()["in->out"]
    assert (learnt != start).any() and np.array_equal(result.weights["in->out"], learnt)
    api.reset()
    assert np.array_equal(api.get_weights()["in->out"], start)


@pytest.mark.parametrize("mode", list(SimulationMode))
def test_groups_learn_in_every_mode(mode: SimulationMode) -> None:
    net = Groups(seed=3)
    net.add_neuron_group("in", 20, "rate")
    net.add_neuron_group("out", 5)
    net.connect("in", "out", 1.0, plasticity="stdp")
    sim = Modes(net, mode)
    sim.run(100.0, external_inputs={"in": [(k % 20, k * 0.5) for k in range(200)]})
    assert any((w != v).any() for w, v in zip(sim.simulator.weights().values(), net.get_weights().values()))
