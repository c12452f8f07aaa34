"""Every mode of the native engines gives the same bits: clock, event, hybrid."""

from typing import Any, Dict

import numpy as np
import pytest
from comparing import Tally, compare, difference
from strategies import Call, Case, Draw, build, everything

from neuroedge import LIF, Network, PoissonSource, Simulator, SpikeSource
from neuroedge.engines.native import NativeEngine

QUICK = 150


def silent(seed: int) -> Case:
    """Populations that may all be event-driven: sources, and LIF with delta synapses, wired into loops."""
    draw = Draw(seed)
    dt = draw.pick((0.1, 0.5, 1.0))
    net = Network(seed=seed % 1000)
    net.add("given", draw.pick((3, 17, 64)), SpikeSource())
    if draw.chance(0.5):
        net.add("noise", draw.pick((2, 33)), PoissonSource(draw.rng.uniform(0.005, 0.05) * 1000.0 / dt))
    cells = [f"c{k}" for k in range(draw.pick((1, 2, 3)))]
    for name in cells:
        net.add(name, draw.pick((1, 16, 31, 64, 65, 130)), _cell(draw, dt))
    for post in cells:
        for pre in draw.rng.choice(list(net.populations), 2, replace=False).tolist():
            _wire(draw, net, pre, post, dt)
    # long calls of few events: silence is what events save
    calls = [_call(draw, net, dt, int(draw.rng.integers(1, 120))) for _ in range(3)]
    return Case(seed, net, dt, draw.pick(("float32", "float16")), 0, False, calls)


def _cell(draw: Draw, dt: float) -> LIF:
    gap = draw.between(1.0, 4.0) * 4.0
    return LIF(
        tau_m=draw.pick((2.0, 10.0, 20.0)), v_rest=0.0, v_reset=draw.pick((0.0, -2.0)), v_threshold=gap,
        refractory=draw.pick((0.0, dt, 2.0, 5.0)), reset=draw.pick(("value", "value", "subtract")),
        v_init=draw.pick((None, None, 0.9 * gap, 2.5 * gap)),
    )  # fmt: skip


def _wire(draw: Draw, net: Network, pre: str, post: str, dt: float) -> None:
    shape = (net.populations[pre].size, net.populations[post].size)
    drive, share = net.populations[post].model.drive, draw.pick((0.05, 0.4, 1.0))
    weights = draw.on_grid(drive * draw.rng.normal(0.4, 0.4, shape) / max(1.0, 0.1 * share * shape[0]))
    weights[draw.rng.random(shape) >= share] = 0.0
    delay = draw.pick((None, 3 * dt, draw.rng.integers(1, 9, shape) * dt))
    net.connect(pre, post, weights=weights.astype(np.float32), delay=delay)


def _call(draw: Draw, net: Network, dt: float, ticks: int) -> Call:
    inputs: Dict[str, Any] = {}
    for name, p in net.populations.items():
        if not isinstance(p.model, PoissonSource) and (name == "given" or draw.chance(0.3)):
            count = int(draw.rng.integers(1, 12))
            times = np.sort(draw.rng.uniform(0.0, ticks * dt, count))
            # volleys: a few of them make somebody spike
            inputs[name] = [(int(i), float(t)) for t in times for i in draw.rng.integers(0, p.size, 1 + p.size // 3)]
    return Call(ticks * dt, inputs, {}, draw.chance(0.3))


@pytest.mark.parametrize("mode", ["event", "hybrid"])
def test_event_driven_equals_clocked(mode: str, report: Any) -> None:
    tally = Tally(f"{mode} == clock, LIF alone")
    for seed in range(QUICK):
        outcome = compare(silent(seed), ("clock", mode))
        assert outcome.error is None, outcome.error
        tally.add(outcome)
    report(tally)
    assert tally.share >= 0.7 and tally.spikes > 50 * QUICK, str(tally)


def test_event_driven_equals_the_reference(report: Any) -> None:
    tally = Tally("event == reference, LIF alone")
    for seed in range(1000, 1025):
        outcome = compare(silent(seed), ("reference", "event"))
        assert outcome.error is None, outcome.error
        tally.add(outcome)
    report(tally)


def test_hybrid_equals_clocked_on_every_model(report: Any) -> None:
    tally = Tally("hybrid == clock, every model")
    for seed in range(20_000, 20_000 + QUICK):
        outcome = compare(build(seed), ("clock", "hybrid"))
        assert outcome.error is None, outcome.error
        tally.add(outcome)
    report(tally)
    assert tally.share >= 0.9


def test_modes_may_alternate_with_the_same_state() -> None:
    plan = Simulator(everything(24), dt=1.0).plan
    one, other = Simulator(plan, engine="clock"), Simulator(plan, engine="hybrid")
    for k in range(6):
        current = {"frame": 4.0} if k % 2 else {}
        assert difference(one.run(17.0, currents=current), other.run(17.0, currents=current)) is None
        one.restore(other.snapshot())
        for _ in range(3):
            ours, theirs = one.step({"given": [1, 2]}), other.step({"given": [1, 2]})
            assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert one.state.equal(other.state) is None


def test_event_driven_steps_and_long_silence() -> None:
    case = silent(3)
    one, other = (Simulator(case.network, dt=1.0, engine=mode) for mode in ("clock", "event"))
    for gap in (1.0, 5.0, 900.0, 40_000.0):
        volley = [(k, 1.0) for k in range(case.network.population("given").size)]
        for simulator in (one, other):
            simulator.run(gap, {"given": volley})
            simulator.step({"given": [0, 1]})
        assert one.state.equal(other.state) is None, gap


@pytest.mark.parametrize("threads", [2, 3])
def test_what_is_dropped_is_counted_once_by_all_threads(threads: int) -> None:
    net = everything(130)
    plan = Simulator(net, dt=1.0, event_threshold=0.05).plan
    one, other = Simulator(plan, engine="clock"), Simulator(plan, engine="clock")
    other.engine = NativeEngine(plan, other.state, "clock", threads)
    ours, theirs = one.run(40.0), other.run(40.0)
    assert difference(ours, theirs) is None and one.state.equal(other.state) is None
    assert ours.performance["dropped_events"] > 100
