"""Plans that are wanted again are not compiled again, within bounds, and never those of an older network."""

import numpy as np

from neuroedge import Network, Simulator, compile_network
from neuroedge.plan.shelf import BYTES, PLANS, Shelf


def network() -> Network:
    net = Network("n", seed=1)
    net.add("a", 10, "rate")
    net.add("b", 10, "lif")
    net.connect("a", "b")
    return net


def test_a_step_taken_before_has_its_plan_ready() -> None:
    sim = Simulator(network(), 0.1)
    first = sim.plan
    sim.set_dt(1.0)
    coarse = sim.plan
    sim.set_dt(0.1)
    assert sim.plan is first
    sim.run(10.0, dt=1.0)
    assert sim.plan is coarse
    sim.set_event_threshold(0.5)
    assert sim.plan is not coarse and sim.plan.event_threshold == 0.5


def test_a_network_that_has_changed_is_compiled_anew() -> None:
    net = network()
    sim = Simulator(net, 0.1)
    sim.set_dt(1.0)
    net.set_weights({"a->b": np.full((10, 10), 7.0, np.float32)})
    sim.set_dt(0.1)
    assert (sim.weights()["a->b"] == 7.0).all()
    counts = sim.run(10.0, {"a": [(i, 1.0) for i in range(10)]}).counts["b"]
    assert counts.tolist() == [1] * 10


def test_room_is_bounded() -> None:
    plans = [compile_network(network(), dt) for dt in (0.1, 0.2, 0.25, 0.5, 1.0)]
    shelf = Shelf()
    for dt, plan in enumerate(plans):
        shelf.put(dt, plan)
    assert [shelf.get(dt) is plan for dt, plan in enumerate(plans)] == [False] + [True] * PLANS
    shelf.put("x", plans[0], limit=2 * plans[0].nbytes)
    assert shelf.get("x") is plans[0] and sum(shelf.get(dt) is not None for dt in range(5)) == 1
    # one that is too large by itself is not kept, nor is what lies beside it
    shelf.put("y", plans[1], limit=plans[1].nbytes - 1)
    assert shelf.get("y") is None and shelf.get("x") is None and BYTES > 0
