"""A run goes on where the last one stopped: many calls equal one, single steps equal a run, snapshots go back."""

from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from comparing import difference
from strategies import build, everything

from neuroedge import LIF, Network, PoissonSource, Simulator
from neuroedge.plan.compile import compile_network

ENGINES = ["reference", "clock"]
# the reference engine delivers synapse rows one by one: smaller for it
SIZES = {"reference": 8, "clock": 24}
Train = Tuple[np.ndarray, np.ndarray]
Given = Dict[str, List[Tuple[int, float]]]


def pieces(simulator: Simulator, calls: int, duration: float, given: Given) -> Dict[str, Train]:
    """Spikes of many calls, with times from the start of the first; given events are split between the calls."""
    parts: Dict[str, List[Train]] = {}
    for k in range(calls):
        low, high = k * duration, (k + 1) * duration
        inputs = {n: [(i, t - low) for i, t in events if low < t <= high] for n, events in given.items()}
        recording = simulator.run(duration, inputs)
        for name, train in recording.spikes.items():
            parts.setdefault(name, []).append((train.neurons, train.times + low))
    return {n: (np.concatenate([p[0] for p in ps]), np.concatenate([p[1] for p in ps])) for n, ps in parts.items()}


def assert_calls_equal_one(engine: str, network: Network, dt: float, calls: int, duration: float) -> int:
    plan = compile_network(network, dt)
    total = calls * duration
    times = np.random.default_rng(2).uniform(0.01, total, 300)
    given = {"given": [(k % 8, float(t)) for k, t in enumerate(np.sort(np.ceil(times / dt) * dt))]}
    whole, parts = Simulator(plan, engine=engine), Simulator(plan, engine=engine)
    one = whole.run(total, given)
    many = pieces(parts, calls, duration, given)
    assert whole.state.equal(parts.state) is None
    spikes = 0
    for name, train in one.spikes.items():
        neurons, at = many[name]
        assert np.array_equal(train.neurons, neurons), name
        assert np.array_equal(np.rint(train.times / dt), np.rint(at / dt)), name
        spikes += len(train)
    return spikes


@pytest.mark.long
def test_a_thousand_calls_equal_one(report: Any) -> None:
    spikes = assert_calls_equal_one("clock", everything(SIZES["clock"]), 0.5, 1000, 10.0)
    report(f"1,000 calls of 10 ms == one of 10 s: {spikes:,} spikes compared")
    assert spikes > 20_000


@pytest.mark.long
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_calls_equal_one_on_the_reference_engine(dt: float) -> None:
    assert assert_calls_equal_one("reference", everything(SIZES["reference"]), dt, 20, 6 * dt) > 10


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_steps_equal_a_run(engine: str) -> None:
    plan, ticks = compile_network(everything(SIZES[engine]), 1.0), 60
    whole, steps = Simulator(plan, engine=engine), Simulator(plan, engine=engine)
    rng = np.random.default_rng(6)
    sets = [{"given": rng.integers(0, 8, 3), "frame": rng.integers(0, 8, k % 3)} for k in range(ticks)]
    inputs = {n: [(int(i), k + 1.0) for k, s in enumerate(sets) for i in s[n]] for n in ("given", "frame")}
    one = whole.run(float(ticks), inputs)
    fired = [steps.step(s) for s in sets]
    assert whole.state.equal(steps.state) is None
    for name in fired[0]:
        train = one.spikes[name]
        assert np.array_equal(np.concatenate([f[name] for f in fired]), train.neurons), name
        ends = np.repeat(np.arange(ticks) + 1, [len(f[name]) for f in fired])
        assert np.array_equal(ends, np.rint(train.times)), name
    assert sum(len(t) for t in one.spikes.values()) > 200
    assert "given" not in fired[0] and "reader" not in fired[0]


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_steps_and_runs_may_alternate(engine: str) -> None:
    plan = compile_network(everything(SIZES[engine]), 1.0)
    whole, mixed = Simulator(plan, engine=engine), Simulator(plan, engine=engine)
    whole.run(40.0)
    for _ in range(4):
        mixed.run(3.0)
        for _ in range(7):
            mixed.step()
    assert whole.state.equal(mixed.state) is None


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_snapshots_go_back(engine: str) -> None:
    simulator = Simulator(everything(SIZES[engine]), dt=1.0, engine=engine)
    simulator.run(37.0)
    snapshot = simulator.snapshot()
    first = simulator.run(25.0, record=("spikes", "potentials"))
    end = simulator.snapshot()
    simulator.restore(snapshot)
    again = simulator.run(25.0, record=("spikes", "potentials"))
    assert difference(first, again) is None
    fresh = Simulator(everything(SIZES[engine]), dt=1.0, engine=engine)
    fresh.restore(snapshot)
    assert difference(first, fresh.run(25.0, record=("spikes", "potentials"))) is None
    for name, array in end.items():
        assert simulator.snapshot()[name].tobytes() == fresh.snapshot()[name].tobytes() == array.tobytes(), name


def test_a_snapshot_is_a_copy_and_crosses_engines() -> None:
    clock, reference = (Simulator(everything(16), dt=1.0, engine=e) for e in ("clock", "reference"))
    clock.run(25.0)
    snapshot = clock.snapshot()
    kept = {name: array.copy() for name, array in snapshot.items()}
    clock.run(25.0)
    assert all(np.array_equal(kept[name], snapshot[name]) for name in kept)
    reference.restore(snapshot)
    reference.run(25.0)
    assert clock.state.equal(reference.state) is None


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_restored_generated_networks(engine: str) -> None:
    # the queues of refractory neurons are not in a snapshot: they are made again, and their order must not show
    for seed in range(7000, 7010):
        case = build(seed, 48)
        plan = case.plan()
        simulator, other = Simulator(plan, engine=engine), Simulator(plan, engine=engine)
        for call in case.calls:
            simulator.run(call.duration, call.inputs, call.currents)
            other.restore(other.snapshot())
            other.run(call.duration, call.inputs, call.currents)
            assert simulator.state.equal(other.state) is None, seed


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_reset_gives_the_first_run_again(engine: str) -> None:
    simulator = Simulator(everything(SIZES[engine]), dt=1.0, engine=engine)
    first = simulator.run(40.0, record=("spikes", "potentials"))
    assert difference(first, simulator.run(40.0, record=("spikes", "potentials"))) is not None
    simulator.reset()
    assert difference(first, simulator.run(40.0, record=("spikes", "potentials"))) is None


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_refresh_after_set_weights_keeps_the_state(engine: str) -> None:
    net = everything(SIZES[engine])
    simulator = Simulator(net, dt=1.0, engine=engine)
    simulator.run(30.0)
    before = simulator.snapshot()
    name = "frame->lowered"
    net.set_weights({name: net.get_weights()[name] * 2.0})
    simulator.refresh()
    after = simulator.snapshot()
    assert all(before[k].tobytes() == after[k].tobytes() for k in before)
    assert simulator.plan.weight.sum() != compile_network(everything(SIZES[engine]), 1.0).weight.sum()
    # and it runs as a simulator of the new network would from there
    other = Simulator(net, dt=1.0, engine=engine)
    other.restore(before)
    assert difference(simulator.run(20.0), other.run(20.0)) is None


def test_a_new_population_starts_over() -> None:
    net = everything(10)
    simulator = Simulator(net, dt=1.0)
    simulator.run(10.0)
    net.add("more", 5, LIF())
    with pytest.warns(UserWarning, match="starts over"):
        assert simulator.run(1.0).start == 0.0


def test_the_same_network_gives_the_same_plan() -> None:
    first, again = compile_network(everything(20, 3), 0.5), compile_network(everything(20, 3), 0.5)
    other = compile_network(everything(20, 4), 0.5)
    for name, array in first.arrays.items():
        assert array.tobytes() == again.arrays[name].tobytes(), name
    assert first.arrays["weight"].tobytes() != other.arrays["weight"].tobytes()
    assert not np.array_equal(first.pop_key, other.pop_key)


def test_seeds_make_runs() -> None:
    counts = []
    for seed in (1, 1, 2):
        net = Network(seed=seed)
        net.add("source", 200, PoissonSource(50.0))
        counts.append(Simulator(net, dt=1.0).run(200.0).counts["source"])
    assert np.array_equal(counts[0], counts[1]) and not np.array_equal(counts[0], counts[2])


def test_two_sources_differ() -> None:
    net = Network()
    for name in ("a", "b"):
        net.add(name, 500, PoissonSource(50.0))
    counts = Simulator(net, dt=1.0).run(200.0).counts
    assert abs(float(np.corrcoef(counts["a"], counts["b"])[0, 1])) < 0.2
