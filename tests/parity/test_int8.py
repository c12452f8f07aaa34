"""int8 plans: the generated networks of the other suites in codes and integers, equal on every engine, instruction set,
storage and number of threads."""

import warnings
from typing import Any, Iterator, List

import numpy as np
import pytest
from comparing import Tally, compare, difference, run_call
from strategies import Case, begin, everything, integer

from neuroedge import LIF, Exponential, Network, PoissonSource, Simulator
from neuroedge.engines.library import simd, simd_levels, use_simd
from neuroedge.engines.native import NativeEngine
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import FIXED, FRAME, SOURCE, Plan, State

ENGINES = ("reference", "clock")
LEVELS = simd_levels()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = simd()
    yield
    use_simd(before)


@pytest.mark.long
def test_generated_networks(report: Any) -> None:
    tally, kinds, narrow = Tally("int8 reference == native"), np.zeros(6, int), 0
    for seed in range(200):
        case = integer(seed)
        outcome = compare(case)
        assert outcome.error is None, outcome.error
        tally.add(outcome)
        plan = case.plan()
        kinds += np.bincount(plan.pop_kind, minlength=6)
        narrow += int((plan.pop_most_v > 0).sum())
    floats = kinds.sum() - kinds[FIXED] - kinds[SOURCE]
    report(f"{tally}; {kinds[FIXED]} populations in integers, {narrow} of fewer bits, {floats} in floats")
    assert tally.share >= 0.9 and kinds[FIXED] > 100 and narrow > 60 and kinds[FRAME] == 0


@pytest.mark.long
def test_instruction_sets(report: Any) -> None:
    tally = Tally(f"int8 {' == '.join(LEVELS)}")
    for seed in range(5100, 5160):
        case = integer(seed)
        plan, first = case.plan(), None
        for level in LEVELS:
            use_simd(level)
            simulator = Simulator(plan, engine="clock")
            begin(case, plan, simulator.state)
            answer = [run_call(simulator, call) for call in case.calls]
            if first is None:
                first = answer, simulator.state
            assert all(difference(a, b) is None for a, b in zip(first[0], answer)), (seed, level)
            assert first[1].equal(simulator.state) is None, (seed, level)
        tally.add(compare(case))
    report(tally)
    assert tally.share >= 0.9


def assert_threads_agree(case: Case) -> int:
    """Each call on one to four threads, from the same states."""
    plan = case.plan()
    asking, spikes = Simulator(plan, engine="clock"), 0
    states = [State(plan) for _ in range(4)]
    for state in states:
        begin(case, plan, state)
    engines = [NativeEngine(plan, state, "clock", threads=k + 1) for k, state in enumerate(states)]
    for call in case.calls:
        ticks = round(call.duration / case.dt)
        job = asking._intake.job(call.duration, ticks, call.inputs, call.currents, ["spikes", "potentials"], None)
        answers = [engine.run(job) for engine in engines]
        for k, answer in enumerate(answers[1:]):
            assert np.array_equal(answers[0].counts, answer.counts), (case.seed, k + 2)
            order = [np.lexsort((a.spike_lane, a.spike_tick)) for a in (answers[0], answer)]
            assert np.array_equal(answers[0].spike_lane[order[0]], answer.spike_lane[order[1]])
            assert all(answers[0].traces[p].tobytes() == answer.traces[p].tobytes() for p in answer.traces)
            assert states[0].equal(states[k + 1]) is None, (case.seed, k + 2)
        spikes += int(answers[0].counts.sum())
    return spikes


@pytest.mark.long
def test_threads(report: Any) -> None:
    spikes = sum(assert_threads_agree(integer(seed, 150)) for seed in range(9000, 9012))
    report(f"int8 on 1 == 2 == 3 == 4 threads: {spikes:,} spikes compared")
    assert spikes > 1000


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS)
def test_all_models_at_length(level: str) -> None:
    use_simd(level)
    pair = [Simulator(everything(40), dt=0.5, precision="int8", engine=e) for e in ENGINES]
    given = {"given": [(k % 40, 0.3 * k) for k in range(190)], "frame": [(3, 0.5 * k) for k in range(60)]}
    a, b = (s.run(60.0, given, record=("spikes", "potentials")) for s in pair)
    assert difference(a, b) is None and pair[0].state.equal(pair[1].state) is None
    assert sum(int(c.sum()) for c in a.counts.values()) > 1000


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("width", [15, 40, 130, 272])
def test_more_rows_than_sixteen_bits_hold(level: str, width: int) -> None:
    # 700 codes of up to 127 in one tick are beyond 16 bits, except where as many pull down
    use_simd(level)
    net, rng = Network(), np.random.default_rng(width)
    net.add("input", 700, "rate")
    net.add("cell", width, LIF(refractory=0.0))
    signs = np.where(rng.random((700, width)) < rng.choice([0.1, 0.5, 0.9, 1.0], width), 1.0, -1.0)
    net.connect("input", "cell", weights=signs * rng.choice([1.0, 0.99], 700)[:, None])
    pair = [Simulator(net, dt=1.0, precision="int8", engine=e) for e in ENGINES]
    assert pair[0].plan.proj_storage.tolist() == [2]
    inputs = {"input": [(k, t) for t in (1.0, 2.0, 4.0) for k in range(700 if t < 3 else 300)]}
    a, b = (s.run(6.0, inputs, record=("spikes", "potentials")) for s in pair)
    assert difference(a, b) is None and pair[0].state.equal(pair[1].state) is None


def test_targets_beyond_16_bits() -> None:
    rng = np.random.default_rng(5)
    net, n, count = Network(), 66_000, 4000
    net.add("source", 40, PoissonSource(200.0))
    net.add("wide", n, LIF(tau_m=10.0))
    net.add("floats", n, LIF(tau_m=10.0))
    rows, columns = rng.integers(0, 40, count), np.concatenate([[n - 1, n - 1], rng.integers(65_000, n, count - 2)])
    for k, name in enumerate(("wide", "wide", "floats", "floats")):
        delay, synapse = rng.integers(1, 3 + k % 2, count) * 1.0, Exponential(4.0) if k > 1 else None
        net.connect("source", name, synapses=(rows, columns, rng.normal(9.0, 8.0, count)), delay=delay, synapse=synapse)
    pair = [Simulator(net, dt=1.0, precision="int8", engine=e) for e in ENGINES]
    assert set(pair[0].plan.proj_storage.tolist()) <= {1, 4}
    a, b = (s.run(30.0) for s in pair)
    assert difference(a, b) is None and pair[0].state.equal(pair[1].state) is None
    assert min(int(a.counts[name].sum()) for name in ("wide", "floats")) > 300


def test_storages_give_the_same_sums() -> None:
    # the same synapses in dense rows, rows and segments: sums are exact, so nothing may differ
    rng, answers = np.random.default_rng(1), []
    weights = rng.normal(2.0, 3.0, (60, 90))
    for kind in ("dense", "rows", "segments"):
        net = Network()
        net.add("input", 60, "rate")
        net.add("cell", 90, LIF(refractory=0.0))
        if kind == "dense":
            net.connect("input", "cell", weights=weights, delay=2.0)
        else:
            pre, post = np.divmod(rng.permutation(60 * 90), 90)
            parts = np.array_split(np.arange(60 * 90), 12 if kind == "rows" else 1)
            for part in parts:
                triples = (pre[part], post[part], weights[pre[part], post[part]])
                delay = 2.0 if kind == "rows" else np.full(len(part), 2.0)
                net.connect("input", "cell", synapses=triples, delay=delay)
            if kind == "segments":
                # one synapse of another delay, of a neuron that is never given a spike
                net.connect("input", "cell", synapses=([59, 59], [0, 1], [0.01, 0.01]), delay=np.array([1.0, 2.0]))
        simulator = Simulator(net, dt=1.0, precision="int8")
        given = [(int(k), float(t)) for t in range(1, 20) for k in np.random.default_rng(t).integers(0, 59, 9)]
        answers.append(simulator.run(25.0, {"input": given}, record=("spikes", "potentials")))
    assert difference(answers[0], answers[1]) is None
    assert np.array_equal(answers[0].counts["cell"], answers[2].counts["cell"])
    assert answers[0].counts["cell"].sum() > 100


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_snapshots_and_pieces(engine: str) -> None:
    plan = compile_network(everything(12), 1.0, "int8")
    whole, parts = Simulator(plan, engine=engine), Simulator(plan, engine=engine)
    whole.run(40.0)
    for _ in range(4):
        parts.run(3.0)
        for _ in range(7):
            parts.step()
        parts.restore(parts.snapshot())
    assert whole.state.equal(parts.state) is None
    assert plan.pop_kind[plan.where("frame")] == FIXED


def test_a_snapshot_of_another_format_is_refused() -> None:
    simulator = Simulator(everything(10), dt=1.0)
    simulator.run(5.0)
    snapshot = simulator.snapshot()
    simulator.set_precision("int8")
    before = simulator.snapshot()
    with pytest.raises(ValueError, match="v16 must be int16"):
        simulator.restore(snapshot)
    before["held16"][simulator.plan.spans["frame"].stop] = 0
    with pytest.raises(ValueError, match="'frame' has other refractory neurons"):
        simulator.restore(before)


def stands(simulator: Simulator, name: str) -> List[np.ndarray]:
    """Potentials and refractory ticks of a population."""
    return [simulator.potential(name), simulator.state.refractory(simulator.plan, name)]


def unit(plan: Plan, name: str) -> Any:
    value = plan.param(plan.where(name), 1)
    return value[: plan.size(name)] if np.ndim(value) else value


@pytest.mark.parametrize("engine", ENGINES)
def test_the_state_stays_when_the_format_changes(engine: str) -> None:
    net = everything(10)
    simulator = Simulator(net, dt=0.5, engine=engine)
    simulator.run(20.0)
    before = {name: stands(simulator, name) for name in net.populations}
    assert simulator.set_precision("int8").bytes_after == simulator.plan.nbytes
    for name, (v, left) in before.items():
        fixed = simulator.plan.pop_kind[simulator.plan.where(name)] == FIXED
        low = -32768 * unit(simulator.plan, name) - 65.0 if fixed else -np.inf
        close = np.maximum(v, low)
        now, ticks = stands(simulator, name)
        error = float(np.max(unit(simulator.plan, name))) if fixed else 2e-5
        assert np.allclose(now, close, rtol=0.0, atol=error, equal_nan=True)
        assert np.array_equal(left, ticks)
    assert simulator.state.tick == 40
    held = {name: stands(simulator, name) for name in net.populations}
    simulator.set_precision("float32")
    for name, (v, left) in held.items():
        now, ticks = stands(simulator, name)
        assert np.allclose(now, v, rtol=0.0, atol=2e-5, equal_nan=True) and np.array_equal(left, ticks), name


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("way", [("int8",), ("int8", "float32"), ("int8", "float16", "int8")])
def test_pending_arrivals_stay_when_the_format_changes(engine: str, way: Any) -> None:
    net = Network()
    net.add("input", 1, "rate")
    for k, name in enumerate(("fixed", "floats")):
        net.add(name, 2, LIF(tau_m=1e5, v_rest=0.0, v_reset=0.0, v_threshold=8.0))
        net.connect("input", name, weights=np.array([[3.0, 1.7]]), delay=5.0)
    net.connect("input", "floats", weights=np.array([[9.0, 0.0]]), delay=4.0, synapse=Exponential(7.0))
    simulator = Simulator(net, dt=1.0, engine=engine)
    simulator.run(1.0, inputs={"input": [(0, 0.0)]})
    for precision in way:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            simulator.set_precision(precision)
    simulator.run(3.0)
    assert simulator.potential("fixed").tolist() == [0.0, 0.0]
    simulator.run(2.0)
    assert np.allclose(simulator.potential("fixed"), [3.0, 1.7], atol=3.0 / 127)
    # and the current of the other, one tick old when this call ends
    assert simulator.state.current(simulator.plan, 2, 0).max() == pytest.approx(9.0 * np.exp(-1.0 / 7.0), rel=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_change_of_weights_or_dt_keeps_potentials(engine: str) -> None:
    net = everything(10)
    simulator = Simulator(net, dt=0.5, engine=engine, precision="int8")
    simulator.run(20.0)
    before = {name: stands(simulator, name) for name in ("frame", "lowered")}
    reader, one = simulator.potential("reader"), float(np.max(unit(simulator.plan, "reader")))
    for dt in (0.1, 1.0, 0.5):
        simulator.set_dt(dt)
        for name, (v, _) in before.items():
            # the units are those of the weights, whatever the step
            assert np.array_equal(simulator.potential(name), v), (dt, name)
        # of 300 steps, it is stepped in floats
        assert (simulator.plan.pop_kind[simulator.plan.where("reader")] == FIXED) == (dt > 0.1)
        assert np.allclose(simulator.potential("reader"), reader, rtol=0.0, atol=one)
    net.set_weights({"frame->lowered": 1.5 * net.get_weights()["frame->lowered"]})
    simulator.refresh()
    for name, (v, _) in before.items():
        assert np.allclose(simulator.potential(name), v, rtol=0.0, atol=float(np.max(unit(simulator.plan, name))))
