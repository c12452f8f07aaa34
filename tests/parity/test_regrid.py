"""A change of dt between calls, against cases worked out by hand."""

from typing import Any, List

import numpy as np
import pytest
from comparing import difference
from strategies import everything

from neuroedge import LI, LIF, AdEx, CubaLIF, Exponential, Network, Simulator

ENGINES = ["reference", "clock"]
PRECISIONS = ["float32", "int8"]


def relay(delay: Any, **parameters: Any) -> Network:
    """One given spike makes `first` spike, whose spike arrives at `then` after the delay."""
    net = Network()
    net.add("input", 1, "rate")
    net.add("first", 1, LIF(**parameters))
    net.add("then", 1, LI(tau_m=1e6, v_rest=0.0))
    net.connect("input", "first", weights=100.0)
    net.connect("first", "then", weights=1.0, delay=delay)
    return net


def arrival(simulator: Simulator, duration: float) -> List[float]:
    """Ends of the ticks, in ms of this call, in which the potential of `then` rises."""
    v = simulator.run(duration, record=("potentials",)).potentials["then"][:, 0]
    return (simulator.dt * (1 + np.flatnonzero(v > 0.5))[:1]).round(6).tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_potentials_stay(engine: str) -> None:
    net = everything(10)
    simulator = Simulator(net, dt=0.5, engine=engine)
    simulator.run(20.0)
    before = {name: simulator.potential(name) for name in net.populations}
    for dt in (0.1, 1.0, 0.3, 0.5):
        simulator.set_dt(dt)
        assert simulator.dt == dt and simulator.state.tick == 0
        for name, v in before.items():
            assert np.allclose(simulator.potential(name), v, rtol=0.0, atol=2e-5, equal_nan=True), (dt, name)


def all_currents(simulator: Simulator) -> np.ndarray:
    plan, state = simulator.plan, simulator.state
    pairs = [(k, r) for k, n in enumerate(plan.pop_receptors) for r in range(n)]
    return np.concatenate([state.current(plan, k, r) for k, r in pairs])


@pytest.mark.parametrize("engine", ENGINES)
def test_currents_and_adaptation_stay(engine: str) -> None:
    simulator = Simulator(everything(10), dt=0.5, engine=engine)
    simulator.run(20.0)
    before, currents = simulator.snapshot(), all_currents(simulator)
    simulator.set_dt(0.25)
    after = simulator.snapshot()
    assert np.array_equal(before["u"], after["u"]) and np.array_equal(currents, all_currents(simulator))
    assert (currents != 0).any() and after["clock"].tolist() == [0, 1]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_decay_goes_on(engine: str) -> None:
    net = Network()
    net.add("cell", 3, LIF(tau_m=10.0, v_rest=-65.0, v_threshold=-50.0, v_init=np.array([-60.0, -55.0, -70.0])))
    simulator = Simulator(net, dt=1.0, engine=engine)
    simulator.run(3.0)
    simulator.set_dt(0.1)
    simulator.run(2.0)
    simulator.set_dt(0.5)
    simulator.run(5.0)
    true = -65.0 + np.array([5.0, 10.0, -5.0]) * np.exp(-1.0)
    assert np.allclose(simulator.potential("cell"), true, atol=1e-4)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("old", "new", "left", "expected"),
    [
        # (dt before, dt after, ms of refractoriness left, ticks of the new grid)
        (1.0, 0.5, 3.0, 6),
        (0.5, 1.0, 3.0, 3),
        (0.5, 1.0, 2.5, 3),
        (0.1, 1.0, 0.1, 1),
        (1.0, 0.3, 1.0, 4),
        (0.5, 0.5, 1.5, 3),
    ],
)
def test_refractory_remainders_are_rounded_up(
    precision: str, engine: str, old: float, new: float, left: float, expected: int
) -> None:
    net = Network()
    net.add("cell", 2, LIF(refractory=4.0))
    net.add("rich", 2, AdEx(refractory=4.0))
    simulator = Simulator(net, dt=old, precision=precision, engine=engine)
    # forced in the first tick, which ends at dt; from there 4 ms of refractoriness
    simulator.run(old + 4.0 - left, inputs={"cell": [(0, 0.0)], "rich": [(1, 0.0)]})
    assert simulator.state.refractory(simulator.plan, "cell").tolist() == [round(left / old), 0]
    simulator.set_dt(new)
    assert simulator.state.refractory(simulator.plan, "cell").tolist() == [expected, 0]
    assert simulator.state.refractory(simulator.plan, "rich").tolist() == [0, expected]
    # forcing is discarded for so long, and not a tick longer
    events = [(k, (t + 1) * new) for t in range(expected + 1) for k in (0, 1)]
    train = simulator.run((expected + 1) * new, inputs={"cell": events}).spikes["cell"]
    first = np.rint(train.times[train.neurons == 0] / new).tolist()
    assert first == [expected + 1]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("old", "new", "delay", "after", "expected"),
    [
        # (dt before, dt after, delay, ms run before the change, ms from there to the end of the tick of arrival).
        # the spike is at the end of the second tick: given in the first, it arrives one step later
        (1.0, 0.5, 4.0, 2.0, 4.0),
        (1.0, 0.5, 4.0, 3.0, 3.0),
        (0.5, 1.0, 4.0, 1.0, 4.0),
        (0.5, 1.0, 3.5, 1.0, 4.0),
        (0.5, 1.0, 4.0, 1.5, 4.0),
        (0.1, 1.0, 2.0, 0.2, 2.0),
        (0.1, 1.0, 2.0, 0.3, 2.0),
        (1.0, 0.1, 2.0, 3.0, 1.0),
        (1.0, 0.3, 3.0, 2.0, 3.0),
        (1.0, 0.4, 3.0, 2.0, 3.2),
    ],
)
def test_pending_arrivals_are_rounded_up(
    precision: str, engine: str, old: float, new: float, delay: float, after: float, expected: float
) -> None:
    simulator = Simulator(relay(delay), dt=old, precision=precision, engine=engine)
    simulator.run(after, inputs={"input": [(0, 0.0)]})
    assert simulator.state.hit.any()
    simulator.set_dt(new)
    assert arrival(simulator, 20 * new) == [pytest.approx(expected)]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_pending_is_lost(precision: str, engine: str) -> None:
    # every arrival reaches an integrator that forgets nothing, however often the grid changes
    net = Network()
    net.add("input", 50, "rate")
    net.add("sum", 4, LI(tau_m=1e7, v_rest=0.0))
    delays = np.random.default_rng(1).uniform(0.0, 9.0, (50, 4))
    net.connect("input", "sum", weights=np.full((50, 4), 0.25), delay=delays)
    simulator = Simulator(net, dt=1.0, precision=precision, engine=engine)
    simulator.run(4.0, inputs={"input": [(k, 0.08 * k) for k in range(50)]})
    for dt in (0.5, 1.0, 0.3, 0.1, 1.0):
        simulator.set_dt(dt)
        simulator.run(2 * dt)
    simulator.run(20.0)
    assert np.allclose(simulator.potential("sum"), 12.5, atol=1e-3)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_currents_pending_stay_in_their_channel(precision: str, engine: str) -> None:
    net = Network()
    net.add("input", 1, "rate")
    net.add("cell", 2, CubaLIF(tau_m=10.0, tau_syn=2.0))
    net.connect("input", "cell", weights=3.0, delay=5.0)
    net.connect("input", "cell", weights=5.0, delay=2.0, synapse=Exponential(7.0))
    simulator = Simulator(net, dt=1.0, precision=precision, engine=engine)
    simulator.run(1.0, inputs={"input": [(0, 0.0)]})
    simulator.set_dt(0.5)
    simulator.run(5.0)
    first, second = (simulator.state.current(simulator.plan, 1, r)[:2] for r in range(2))
    # arrived at the end of the call, and 3 ms before it
    assert np.allclose(first, 3.0) and np.allclose(second, 5.0 * np.exp(-3.0 / 7.0), rtol=1e-5)


@pytest.mark.long
def test_engines_agree_after_a_change() -> None:
    net = everything(10)
    pair = [Simulator(net, dt=0.5, engine=e) for e in ENGINES]
    for dt in (0.1, 1.0, 0.3, 0.5):
        recordings = [s.run(15 * s.dt, record=("spikes", "potentials")) for s in pair]
        assert difference(*recordings) is None and pair[0].state.equal(pair[1].state) is None
        for simulator in pair:
            simulator.set_dt(dt)


def test_unequal_remainders_of_equal_waits() -> None:
    # 1.5 ms are 2 ticks of 1 ms, so that 2 ms are left, and 15 ticks of 0.1 ms: a later spike is free before them
    net = Network()
    net.add("cell", 3, LIF(refractory=1.5))
    pair = [Simulator(net, dt=1.0, engine=e) for e in ENGINES]
    for simulator in pair:
        simulator.run(1.0, inputs={"cell": [(0, 1.0)]})
        simulator.set_dt(0.1)
        simulator.run(0.2, inputs={"cell": [(1, 0.1)]})
        recording = simulator.run(4.0, inputs={"cell": [(k, 0.1 * t) for t in range(1, 40) for k in range(3)]})
        assert recording.counts["cell"].tolist() == [2, 2, 3]
    assert pair[0].state.equal(pair[1].state) is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_change_after_the_network_has_changed(engine: str) -> None:
    net = everything(10)
    simulator = Simulator(net, dt=1.0, engine=engine)
    simulator.run(5.0)
    net.add("more", 7, LIF())
    simulator.set_dt(0.5)
    recording = simulator.run(5.0)
    assert recording.dt == 0.5 and len(recording.counts["more"]) == 7
