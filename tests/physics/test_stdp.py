"""Pair STDP and reward-modulated STDP against the closed forms that Brian2 and NEST agree with, event by event."""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest
from reference_set import PARAMS, stored

from neuroedge import LIF, STDP, Network, RewardSTDP, Simulator
from neuroedge.plan.learned import Learned

# all times of the set lie on this grid, ms
DT = 0.1

PRE, POST, REWARD = range(3)
EXACT, ROUNDED = ("reference", "float64"), ("clock", "float32")
STDPS = sorted(key for key in stored("plasticity") if key.startswith("stdp/"))


def pair_rule(key: str) -> STDP:
    p, words = PARAMS["stdp"], key.split("/")[1].split("_")
    lam = p["lam_strong" if words[0] == "strong" else "lam"]
    return STDP(p["tau_plus"], p["tau_minus"], lam, p["alpha"], p["w_max"], words[-2], words[-1])


def reward_rule(mode: str, learning_rate: float) -> RewardSTDP:
    p = PARAMS["rstdp"]
    names = ("tau_plus", "tau_minus", "tau_e", "A_plus", "A_minus", "w_min", "w_max", "tau_n")
    return RewardSTDP(learning_rate=learning_rate, mode=mode, baseline=p["b"], **{name: p[name] for name in names})


def synapse(rule: Any, w0: float, way: Tuple[str, str], delay: float = DT) -> Simulator:
    """One source and one neuron that fires when it is told to and at no other time."""
    net = Network()
    net.add("pre", 1, "rate")
    net.add("post", 1, LIF(v_threshold=1e9, refractory=0.0))
    net.connect("pre", "post", weights=[[w0]], delay=delay, plasticity=rule)
    return Simulator(net, dt=DT, engine=way[0], precision=way[1])


def states(sim: Simulator, rows: np.ndarray, rewards: Optional[List[float]] = None, lag: int = 1) -> Dict[str, Any]:
    """Weight, eligibility and dopamine after every event: one run up to each."""
    ticks, who, now = np.rint(rows[:, 0] / DT).astype(int), rows[:, 1].astype(int), 0
    # what is to arrive in tick k leaves `lag` ticks earlier
    leaves = ticks - lag * (who == PRE)
    values, found = list(rewards or []), []
    for k, kind in zip(ticks.tolist(), who.tolist()):
        due = (leaves > now) & (leaves <= k)
        at = {
            name: [(0, (t - now) * DT) for t in leaves[due & (who == w)]] for name, w in (("pre", PRE), ("post", POST))
        }
        paid = [((k - now) * DT, values.pop(0))] if kind == REWARD else None
        sim.run((k - now) * DT, at, rewards=paid)
        one = Learned(sim.plan, sim.state, 0)
        e = one.e / one.growth(2, sim.state.tick)[0] if len(one.e) else np.zeros(1)
        n = sim.state.dopamine[0] / one.growth(3, sim.state.tick)[0]
        found.append((float(sim.weights()["pre->post"][0, 0]), float(e[0]), float(n)))
        now = k
    return dict(zip("wen", np.array(found).T))


def assert_close(found: np.ndarray, wanted: np.ndarray, size: float, way: Tuple[str, str]) -> None:
    # every event rounds w and a change of it, to 2^-24 of the largest value each
    limit = 1e-9 * size if way == EXACT else len(wanted) * 2.0**-23 * size
    assert np.abs(found - wanted).max() < limit


@pytest.mark.long
@pytest.mark.parametrize("way", [EXACT, ("reference", "float32"), ROUNDED], ids="-".join)
@pytest.mark.parametrize("key", STDPS)
def test_pair_stdp(key: str, way: Tuple[str, str]) -> None:
    rows, p = stored("plasticity")[key], PARAMS["stdp"]
    assert_close(states(synapse(pair_rule(key), p["w0"], way), rows)["w"], rows[:, 2], p["w_max"], way)


@pytest.mark.long
@pytest.mark.parametrize("way", [EXACT, ROUNDED], ids="-".join)
@pytest.mark.parametrize("key", ["stdp/additive_all", "stdp/strong_multiplicative_nearest"])
def test_times_are_those_of_the_arrival(key: str, way: Tuple[str, str]) -> None:
    # the same events at the synapse, with a delay that the spikes have to travel: the answer is the same
    rows, p, lag = stored("plasticity")[key], PARAMS["stdp"], 37
    assert rows[rows[:, 1] == PRE, 0].min() > lag * DT
    found = states(synapse(pair_rule(key), p["w0"], way, lag * DT), rows, lag=lag)
    assert_close(found["w"], rows[:, 2], p["w_max"], way)


@pytest.mark.long
@pytest.mark.parametrize("way", [EXACT, ROUNDED], ids="-".join)
@pytest.mark.parametrize("mode", ["event", "dopamine"])
def test_rewards(mode: str, way: Tuple[str, str]) -> None:
    rows, p = stored("plasticity")[f"rstdp/{mode}"], PARAMS["rstdp"]
    values = stored("plasticity")["rstdp/reward_value"]
    # in the set, dopamine has no learning rate, and takes of a reward its size
    rate, rewards = (p["lr"], values) if mode == "event" else (1.0, np.abs(values))
    found = states(synapse(reward_rule(mode, rate), p["w0"], way), rows, rewards.tolist())
    assert_close(found["w"], rows[:, 2], p["w_max"], way)
    assert_close(found["e"], rows[:, 3], 1.0, way)
    if mode == "dopamine":
        assert_close(found["n"], rows[:, 4], 1.0, way)


@pytest.mark.long
@pytest.mark.parametrize("way", [EXACT, ROUNDED], ids="-".join)
def test_dopamine_of_unit_rewards(way: Tuple[str, str]) -> None:
    stored_rows, p = stored("plasticity")["rstdp/dopamine_unit_rewards"], PARAMS["rstdp"]
    rows = stored("plasticity")["rstdp/dopamine"]
    assert np.array_equal(rows[:, 0], stored_rows[:, 0])
    found = states(synapse(reward_rule("dopamine", 1.0), p["w0"], way), rows, [1.0] * p["n_reward"])
    assert_close(found["w"], stored_rows[:, 1], p["w_max"], way)
    assert_close(found["e"], stored_rows[:, 2], 1.0, way)


@pytest.mark.long
def test_a_baseline_unlearns() -> None:
    # w' = −lr·e·b with e' = −e/tau_e, from one pair of 10 ms: e0 = exp(−10/20), in closed form
    rule = RewardSTDP(mode="dopamine", learning_rate=2.0, baseline=0.01, w_max=100.0, tau_e=50.0)
    sim = synapse(rule, 50.0, EXACT)
    sim.run(210.0, {"pre": [(0, 1.0)], "post": [(0, 11.1)]})
    left = 210.0 - 11.1
    change = -2.0 * 0.01 * np.exp(-0.5) * 50.0 * (1.0 - np.exp(-left / 50.0))
    assert abs(float(sim.weights()["pre->post"][0, 0]) - 50.0 - change) < 1e-9


@pytest.mark.parametrize("way", [EXACT, ROUNDED], ids="-".join)
def test_a_tie_is_a_pair_of_0_ms(way: Tuple[str, str]) -> None:
    # the arrival comes first: it sees no post spike, and the post spike sees it whole
    rule = STDP(learning_rate=0.01, alpha=2.0, w_max=100.0)
    sim = synapse(rule, 50.0, way)
    sim.run(5.0, {"pre": [(0, 1.0)], "post": [(0, 1.1)]})
    assert float(sim.weights()["pre->post"][0, 0]) == pytest.approx(51.0, rel=1e-6)


def test_what_arrives_is_the_weight_before_its_own_change() -> None:
    # two arrivals after a spike: the first is delivered whole, the second with what the first has left
    net = Network()
    net.add("pre", 1, "rate")
    net.add("post", 1, LIF(tau_m=1e9, v_rest=0.0, v_reset=0.0, v_threshold=1e6, refractory=0.0))
    net.connect("pre", "post", weights=[[8.0]], plasticity=STDP(learning_rate=0.1, alpha=1.0, w_max=16.0))
    sim = Simulator(net, dt=1.0, engine="reference", precision="float64")
    potentials = []
    for k in range(1, 6):
        inputs = {"pre": [(0, 1.0)] if k in (2, 3) else [], "post": [(0, 1.0)] if k == 1 else []}
        sim.run(1.0, inputs)
        potentials.append(float(sim.potential("post")[0]))
    after = 8.0 - 0.1 * 16.0 * np.exp(-2.0 / 20.0)
    assert potentials == pytest.approx([0.0, 0.0, 8.0, 8.0 + after, 8.0 + after], rel=1e-6)
