"""Networks that learn: the clock engine has the bits of the reference engine, and runs go on where they stopped."""

from typing import Any, Dict, List

import numpy as np
import pytest
from comparing import Tally, compare, difference, seeds, simulator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plastic import learning
from searches import networks
from strategies import begin

from neuroedge import LIF, STDP, Alpha, CubaLIF, Exponential, Network, RewardSTDP, Simulator
from neuroedge.plan.learned import learned
from neuroedge.plan.plan import Plan

QUICK, PARTS = 160, 4
WAYS = ("reference", "clock", "hybrid")
RULES: Dict[str, Any] = {
    "additive": STDP(learning_rate=0.1),
    "multiplicative": STDP(learning_rate=0.1, rule="multiplicative", pairing="nearest"),
    "event": RewardSTDP(),
    "dopamine": RewardSTDP(mode="dopamine", tau_n=20.0, baseline=0.001),
}


@pytest.fixture(scope="module")
def tally(report: Any) -> Any:
    tally = Tally("reference == clock == hybrid, learning")
    yield tally
    report(tally)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_networks(part: int, tally: Tally) -> None:
    errors = seeds(list(range(part, QUICK, PARTS)), tally, "learning", WAYS)
    assert not errors, "\n".join(errors)


def test_most_of_them_fired(tally: Tally) -> None:
    if tally.networks < QUICK:
        pytest.skip("only after all of the generated networks")
    assert tally.share >= 0.9, str(tally)


@pytest.mark.long
def test_most_of_them_learnt(report: Any) -> None:
    changed = hit = total = 0
    kinds = set()
    for seed in range(40):
        case = learning(seed)
        plan = case.plan()
        sim = simulator(plan, "clock")
        begin(case, plan, sim.state)
        for call in case.calls:
            sim.run(call.duration, call.inputs, call.currents, rewards=call.rewards)
        for one in learned(plan, sim.state):
            now, start = one.weights(), plan.learned_start[one.synapses]
            low, high = one.p["low"], one.p["high"]
            assert np.isfinite(now).all() and (now >= low).all() and (now <= high).all(), f"seed {seed}, {one.name}"
            changed, total = changed + (now != start).any(), total + 1
            hit += ((now == low) | (now == high)).any()
            kinds.add((one.kind, one.nearest, len(one.lags) > 1))
    report(f"learning: {changed} of {total} projections changed, {hit} met their bounds")
    assert changed > 0.6 * total and hit > 0.1 * total
    assert len(kinds) == 16, kinds


@pytest.mark.long
def test_many_more_networks(report: Any) -> None:
    tally = Tally("reference == clock == hybrid, learning, hypothesis")

    checks = list(HealthCheck)

    @settings(max_examples=networks(400), deadline=None, database=None, derandomize=True, suppress_health_check=checks)
    @given(seed=st.integers(10_000, 2**32 - 1))
    def search(seed: int) -> None:
        outcome = compare(learning(seed), WAYS)
        assert outcome.error is None, outcome.error
        tally.add(outcome)

    search()
    report(tally)


def loop(rule: Any, size: int = 40) -> Network:
    """Noise into a recurrent loop; several projections that learn into one population, and one that does not."""
    net, rng = Network(seed=3), np.random.default_rng(3)
    net.add("noise", size, "poisson", rate=80.0)
    net.add("given", size, "rate")
    net.add("a", size, LIF(tau_m=10.0))
    net.add("b", size, CubaLIF())
    net.connect("noise", "a", probability=0.5, plasticity=rule)
    net.connect("given", "a", weights=rng.uniform(2.0, 6.0, (size, size)), delay=3.0, plasticity=rule)
    delays = rng.integers(0, 9, (size, size)) * 0.5
    net.connect("a", "a", weights=rng.uniform(0.0, 1.0, (size, size)), delay=delays, plasticity=rule)
    net.connect("a", "b", probability=0.5, synapse=Alpha(4.0), plasticity=rule, weights=3.0)
    net.connect("noise", "b", probability=0.5)
    net.connect("b", "a", probability=0.3, synapse=Exponential(3.0), plasticity=rule)
    return net


def events(ticks: int, dt: float) -> List[Any]:
    rng = np.random.default_rng(1)
    return [(int(i), (k + 1) * dt) for k in range(ticks) for i in rng.integers(0, 40, 2)]


def rewards_of(plan: Plan, duration: float) -> Any:
    return [(k * 7.0 + 0.5, 1.0 - k % 3) for k in range(int(duration // 7))] if (plan.learn_rule >= 2).any() else None


@pytest.mark.long
@pytest.mark.parametrize("engine", ["reference", "clock"])
@pytest.mark.parametrize("name", sorted(RULES))
def test_calls_equal_one(name: str, engine: str) -> None:
    dt, ticks, parts = 0.5, 120, 12
    net, given = loop(RULES[name]), events(ticks, dt)
    whole, cut = (Simulator(net, dt=dt, engine=engine) for _ in range(2))
    rewards = rewards_of(whole.plan, ticks * dt)
    one = whole.run(ticks * dt, {"given": given}, rewards=rewards)
    each, spikes = ticks // parts * dt, 0
    for k in range(parts):
        low, high = k * each, (k + 1) * each
        now = [(i, t - low) for i, t in given if low < t <= high]
        # a reward at the very end of a call may as well come after it
        paid = [(t - low, r) for t, r in rewards or [] if low < t < high]
        last = [r for t, r in rewards or [] if t == high]
        spikes += sum(
            int(c.sum()) for c in cut.run(each, {"given": now}, rewards=paid if rewards else None).counts.values()
        )
        for r in last:
            cut.reward(r)
    assert whole.state.equal(cut.state) is None
    assert spikes == sum(int(c.sum()) for c in one.counts.values()) > 200
    assert any((w != v).any() for w, v in zip(whole.weights().values(), net.get_weights().values()))


@pytest.mark.parametrize("engine", ["reference", "clock", "event", "hybrid"])
def test_steps_equal_a_run(engine: str) -> None:
    net = Network(seed=1)
    net.add("given", 30, "rate")
    net.add("a", 30, LIF())
    net.connect("given", "a", probability=0.5, weights=4.0, delay=2.0, plasticity="stdp")
    net.connect("a", "a", probability=0.5, weights=1.0, plasticity=STDP(rule="multiplicative"))
    whole, steps = (Simulator(net, dt=1.0, engine=engine) for _ in range(2))
    rng = np.random.default_rng(6)
    sets = [np.sort(rng.integers(0, 30, 6)) if k % 9 < 5 else np.zeros(0, int) for k in range(60)]
    one = whole.run(60.0, {"given": [(int(i), k + 1.0) for k, s in enumerate(sets) for i in s]})
    for s in sets:
        steps.step({"given": s})
    assert whole.state.equal(steps.state) is None and len(one.spikes["a"]) > 50


def test_events_alone() -> None:
    # neurons are stepped where something arrives, and silence is not passed over
    net = Network(seed=1)
    net.add("given", 30, "rate")
    net.add("a", 30, LIF(refractory=3.0))
    net.connect("given", "a", probability=0.5, weights=4.0, delay=20.0, plasticity="stdp")
    net.connect("a", "a", probability=0.3, weights=2.0, plasticity="rstdp")
    sims = [Simulator(net, dt=0.5, engine=engine) for engine in ("reference", "clock", "event")]
    given = [(int(i), float(t)) for t in (3, 40, 41, 150) for i in range(0, 30, 2)]
    recordings = [sim.run(300.0, {"given": given}, rewards=[(70.0, 1.0)]) for sim in sims]
    assert recordings[2].performance["engine"] == "event" and len(recordings[0].spikes["a"]) > 30
    for sim, recording in zip(sims[1:], recordings[1:]):
        assert difference(recordings[0], recording) is None and sims[0].state.equal(sim.state) is None


@pytest.mark.parametrize("delays", [1, 6])
def test_more_targets_than_16_bits_count(delays: int) -> None:
    net, rng, n = Network(seed=1), np.random.default_rng(1), 70_000
    net.add("given", 50, "rate")
    net.add("a", n, LIF())
    synapses = rng.integers(0, 50, 900), rng.integers(n - 90, n, 900), rng.uniform(9.0, 18.0, 900)
    for name, delay in (("given", rng.integers(1, delays + 1, 900) * 1.0), ("a", None)):
        net.connect(name, "a", synapses=synapses, delay=delay, plasticity="stdp", synapse=Exponential(5.0))
    sims = [Simulator(net, dt=1.0, engine=engine) for engine in ("reference", "clock", "hybrid")]
    given = [(int(i), k + 1.0) for k in range(20) for i in rng.integers(0, 50, 5)]
    recordings = [sim.run(25.0, {"given": given}) for sim in sims]
    assert len(recordings[0].spikes["a"]) > 50
    for sim, recording in zip(sims[1:], recordings[1:]):
        assert difference(recordings[0], recording) is None and sims[0].state.equal(sim.state) is None


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(RULES))
def test_snapshots_and_reset(name: str) -> None:
    sims = [Simulator(loop(RULES[name]), dt=0.5, engine=engine) for engine in ("reference", "clock")]
    for sim in sims:
        rewards = rewards_of(sim.plan, 40.0)
        first = sim.run(40.0, record=("spikes", "weights"), rewards=rewards)
        taken = sim.snapshot()
        second = sim.run(40.0, rewards=rewards)
        after = sim.weights()
        sim.restore(taken)
        assert all(np.array_equal(first.weights[k], w) for k, w in sim.weights().items())
        assert difference(second, sim.run(40.0, rewards=rewards)) is None
        assert all(np.array_equal(after[k], w) for k, w in sim.weights().items())
        sim.reset()
        start = loop(RULES[name]).get_weights()
        assert all(np.array_equal(start[k].astype(np.float32), w) for k, w in sim.weights().items())
        assert difference(first, sim.run(40.0, rewards=rewards)) is None
    assert sims[0].state.equal(sims[1].state) is None


@pytest.mark.long
@pytest.mark.parametrize("engine", ["reference", "clock"])
def test_without_spikes_nothing_is_learnt(engine: str) -> None:
    net = Network()
    net.add("in", 5, "rate")
    net.add("out", 5, LIF())
    net.connect("in", "out", plasticity=RewardSTDP(mode="dopamine", baseline=0.1))
    net.connect("in", "out", plasticity="stdp")
    sim = Simulator(net, dt=1.0, engine=engine)
    before = sim.weights()
    sim.run(5000.0, rewards=[(3.0, 1.0), (7.0, -2.0)])
    assert all(np.array_equal(before[k], w) for k, w in sim.weights().items())


def test_several_threads_are_not_taken(monkeypatch: Any) -> None:
    monkeypatch.setenv("NEUROEDGE_THREADS", "3")
    sims = [Simulator(loop("stdp"), dt=1.0, engine=engine) for engine in ("reference", "clock")]
    a, b = (sim.run(60.0) for sim in sims)
    assert difference(a, b) is None and b.performance["threads"] == 1
    assert sims[0].state.equal(sims[1].state) is None


def test_precisions() -> None:
    # weights that learn stay whole in a float16 plan
    sims = [Simulator(loop("stdp"), dt=1.0, engine=engine, precision="float16") for engine in ("reference", "clock")]
    assert difference(*(sim.run(60.0) for sim in sims)) is None
    assert sims[0].state.equal(sims[1].state) is None
    before = sims[1].weights()
    sims[1].set_precision("float32")
    assert all(np.array_equal(before[k], w) for k, w in sims[1].weights().items())
