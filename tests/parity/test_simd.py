"""Every instruction set gives the same bits, and the shared functions equal their NumPy twins."""

import ctypes
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest
from comparing import Outcome, Tally, compare, difference, run_call
from strategies import Case, begin, build, everything

from neuroedge import Network, PoissonSource, Simulator
from neuroedge.engines.library import library, simd, simd_levels, use_simd
from neuroedge.network.arithmetic import exp, growth, mix64, poisson, tick_key

LEVELS = simd_levels()
NETWORKS = 60


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = simd()
    yield
    use_simd(before)


def at_every_level(case: Case) -> int:
    """Run a case at each level; returns its spikes, and fails where two levels differ."""
    plan, first = case.plan(), None
    for level in LEVELS:
        use_simd(level)
        simulator = Simulator(plan, engine="clock")
        begin(case, plan, simulator.state)
        answer = [run_call(simulator, call) for call in case.calls], simulator.state
        if first is None:
            first = answer
            continue
        for k, (a, b) in enumerate(zip(first[0], answer[0])):
            assert difference(a, b) is None, f"seed {case.seed}, call {k}: {LEVELS[0]} and {level}"
        assert first[1].equal(simulator.state) is None, f"seed {case.seed}: {LEVELS[0]} and {level}"
    neurons = [p.name for p in case.network.populations.values() if not p.model.source]
    return sum(int(recording.counts[name].sum()) for recording in first[0] for name in neurons)


@pytest.mark.long
def test_generated_networks(report: Any) -> None:
    tally = Tally(f"{' == '.join(LEVELS)}")
    for seed in range(5000, 5000 + NETWORKS):
        spikes = at_every_level(build(seed))
        tally.add(Outcome(spikes, spikes, None))
    report(tally)
    assert tally.share >= 0.9


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_all_models_at_length(precision: str) -> None:
    # 200 neurons are three blocks and a rest; 1,500 ticks pass a flush and many frames
    network, states = everything(200), []
    for level in LEVELS:
        use_simd(level)
        simulator = Simulator(network, dt=0.5, precision=precision, engine="clock")
        recording = simulator.run(750.0, inputs={"given": [(k % 200, 0.7 * k) for k in range(1000)]})
        assert sum(int(c.sum()) for c in recording.counts.values()) > 20_000
        states.append((recording, simulator.state))
    for recording, state in states[1:]:
        assert difference(states[0][0], recording) is None
        assert states[0][1].equal(state) is None


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS)
def test_the_reference_engine_agrees(level: str) -> None:
    use_simd(level)
    for seed in range(6000, 6010):
        outcome = compare(build(seed, 66))
        assert outcome.error is None, outcome.error


@pytest.mark.parametrize("level", LEVELS)
def test_exp_equals_its_twin(level: str) -> None:
    use_simd(level)
    edges = [0.0, -0.0, 88.0, -87.0, 1e-30, 1e30, -1e30, 1.0]
    x = np.concatenate([np.linspace(-100.0, 100.0, 400_000), edges])
    x = np.resize(x, -(-len(x) // 16) * 16).astype(np.float32)
    y = np.empty_like(x)
    library().ne_exp(x.ctypes.data, y.ctypes.data, len(x))
    assert y.tobytes() == exp(x).tobytes()


def test_exp_is_exp() -> None:
    x = np.linspace(-87.0, 88.0, 1_000_000).astype(np.float32)
    true = np.exp(x.astype(np.float64))
    assert float(np.abs(exp(x) / true - 1.0).max()) <= 1.2e-7


def frame_at(rate: float, tick: int) -> Any:
    m = ctypes.c_float()
    return library().ne_frame_at(rate, tick, ctypes.addressof(m)), np.float32(m.value)


@pytest.mark.parametrize("level", LEVELS)
def test_frames_equal_their_twin(level: str) -> None:
    use_simd(level)
    rng = np.random.default_rng(8)
    rates = rng.uniform(1e-6, 0.5, 20).tolist() + rng.uniform(0.5, 72.0, 8).tolist() + [0.25, 1.0, 1e-9]
    ticks = rng.integers(0, 5000, 60).tolist() + [0, 1, 63, 64, 65, 2**31, 2**31 + 1, 2**33 + 7, 10**12, 2**45 + 1]
    for rate in rates:
        for tick in ticks:
            if rate * tick > 2**50:
                continue
            m, e = growth(rate, tick)
            assert frame_at(rate, tick) == (e, np.float32(m)), (rate, tick)
            assert 1.0 - 1e-12 <= m <= 2.0 + 1e-12


def test_a_frame_is_a_power_of_two() -> None:
    for rate in (0.0144, 0.144, 0.7213, 5.0):
        for tick in (0, 1, 10, 100):
            m, e = growth(rate, tick)
            assert abs(m * 2.0**e / 2.0 ** (rate * tick) - 1.0) < 1e-12 * max(1.0, rate * tick)


def fired(level: str, key: int, chance: np.ndarray, ticks: range) -> List[np.ndarray]:
    """What a Poisson population of these chances fires natively, tick by tick."""
    use_simd(level)
    net = Network(seed=key)
    net.add("source", len(chance), PoissonSource(chance / 2.0**32 * 1000.0))
    simulator = Simulator(net, dt=1.0, engine="clock")
    simulator.state.clock[:] = (ticks.start, 3)
    train = simulator.run(float(len(ticks))).spikes["source"]
    step = np.rint(train.times).astype(int) - 1
    return [train.neurons[step == k] for k in range(len(ticks))]


@pytest.mark.parametrize("level", LEVELS)
def test_poisson_equals_its_twin(level: str) -> None:
    rng = np.random.default_rng(4)
    for n in (1, 63, 64, 65, 300):
        chance = np.floor(rng.uniform(0.0, 2.0**31, n)).astype(np.uint32)
        chance[0] = 2**32 - 1
        ticks = range(2**33, 2**33 + 20)
        key = mix64(mix64(n))
        for tick, neurons in zip(ticks, fired(level, n, chance, ticks)):
            assert np.array_equal(neurons, poisson(tick_key(key, 3, tick), chance)), (n, tick)


def draws(n: int, ticks: int, chance: float, keys: Dict[str, int]) -> np.ndarray:
    """Spikes [ticks, n] of one source."""
    thresholds = np.full(n, round(chance * 2**32), np.uint32)
    table = np.zeros((ticks, n), bool)
    for k in range(ticks):
        table[k, poisson(tick_key(keys["key"], keys["epoch"], k), thresholds)] = True
    return table


def chi_square(observed: np.ndarray, expected: np.ndarray) -> float:
    """Chi-square as a standard normal deviate (Wilson & Hilferty), so that no table is needed."""
    dof = len(observed) - 1
    ratio = float(((observed - expected) ** 2 / expected).sum()) / dof
    return float((ratio ** (1 / 3) - (1 - 2 / (9 * dof))) / np.sqrt(2 / (9 * dof)))


@pytest.mark.parametrize("chance", [0.02, 0.3])
def test_poisson_rates_and_independence(chance: float) -> None:
    n, ticks = 400, 1500
    table = draws(n, ticks, chance, {"key": 0x1234567, "epoch": 0})
    total = n * ticks
    spread = np.sqrt(chance * (1 - chance) / total)
    assert abs(table.mean() - chance) < 4 * spread
    # each neuron and each tick has its share
    for axis, each in ((0, ticks), (1, n)):
        counts = table.sum(axis).astype(float)
        scale = each * chance * (1 - chance)
        z = (((counts - each * chance) ** 2 / scale).sum() - len(counts)) / np.sqrt(2 * len(counts))
        assert abs(z) < 4.5
    # neighbours, ticks in a row, and lanes of one register have nothing to do with one another
    other = draws(n, ticks, chance, {"key": 0x1234568, "epoch": 0})
    later = draws(n, ticks, chance, {"key": 0x1234567, "epoch": 1})
    pairs = [(table[:, 1:], table[:, :-1]), (table[1:], table[:-1]), (table[:, 64:], table[:, :-64])]
    pairs += [(table[1:, 1:], table[:-1, :-1]), (table, other), (table, later)]
    for a, b in pairs:
        both = float((a & b).mean())
        assert abs(both - chance**2) < 4.5 * chance * (1 - chance) / np.sqrt(a.size) + 2 * chance * 4 * spread


def test_poisson_intervals_are_geometric() -> None:
    chance = 0.1
    table = draws(300, 3000, chance, {"key": 99, "epoch": 0})
    gaps = np.concatenate([np.diff(np.flatnonzero(table[:, i])) for i in range(300)])
    edges = np.arange(1, 30)
    observed = np.array([(gaps == k).sum() for k in edges] + [(gaps >= 30).sum()], float)
    share = np.append(chance * (1 - chance) ** (edges - 1), (1 - chance) ** 29)
    # at most 3000 ticks are seen, which takes a little from long gaps only
    assert abs(chi_square(observed, share * len(gaps))) < 4.0
