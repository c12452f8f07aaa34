"""Which engine runs what: names, reasons, and what each of them refuses."""

from typing import Any, Dict, List

import numpy as np
import pytest
from refusing import refused, small, unchanged

from neuroedge import Exponential, Network, Simulator
from neuroedge.engines.choose import ENGINES, clocked, pick
from neuroedge.errors import UnsupportedError
from neuroedge.plan.compile import compile_network


def of_lif() -> Network:
    net = Network()
    net.add("rates", 4, "rate")
    net.add("noise", 4, "poisson", rate=50.0)
    net.add("hidden", 5, "lif")
    net.connect("rates", "hidden", weights=9.0)
    net.connect("hidden", "hidden", "lateral")
    return net


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_goes_by_the_name_it_was_asked_for(name: str) -> None:
    recording = Simulator(of_lif(), dt=1.0, engine=name).run(10.0, {"rates": [(k, 1.0) for k in range(4)] * 2})
    assert recording.performance["engine"] == name and recording.performance["reason"] == "asked for"
    assert f"{name} engine" in repr(recording) and recording.counts["hidden"].sum() == 5


def test_auto_says_why() -> None:
    plan = compile_network(small(), 1.0)
    assert pick(plan)[0] == "clock" and Simulator(plan).reason == pick(plan)[1]
    assert Simulator(small(), precision="float64").engine.name == "reference"


@pytest.mark.parametrize(
    ("model", "parameters", "why"),
    [
        ("cubalif", {}, "currents"),
        ("alif", {}, "threshold adapts"),
        ("li", {}, "read by their potential"),
        ("adex", {}, "adex neurons are integrated"),
        ("izhikevich", {}, "izhikevich neurons are integrated"),
        ("lif", {"tau_m": np.array([10.0, 20.0])}, "tau_m per neuron"),
        ("lif", {"v_rest": -40.0}, "v_rest is not below"),
        ("lif", {"tau_m": 0.001}, "beyond its tau_m"),
    ],
)
def test_event_names_each_population_that_is_clocked(model: str, parameters: Dict[str, Any], why: str) -> None:
    net = of_lif()
    net.add("late", 2, model, **parameters)
    net.connect("hidden", "late", weights=1.0)
    assert list(clocked(compile_network(net, 1.0))) == ["late"]
    with refused(UnsupportedError, "engine 'event'", "'late' (", why, "use 'hybrid'"):
        Simulator(net, dt=1.0, engine="event")
    assert Simulator(net, dt=1.0, engine="hybrid").engine.name == "hybrid"


def test_event_names_several_but_not_a_crowd() -> None:
    net = of_lif()
    for k in range(8):
        net.add(f"x{k}", 2, "alif")
    with refused(UnsupportedError, "'x0'", "'x4'", "and 3 more"):
        Simulator(net, dt=1.0, engine="event")


def test_a_network_that_grows_beyond_event_driven() -> None:
    net = of_lif()
    simulator = Simulator(net, dt=1.0, engine="event")
    simulator.run(5.0)
    net.connect("rates", "hidden", weights=1.0, synapse=Exponential(3.0))
    for _ in range(2):
        with unchanged(simulator), refused(UnsupportedError, "'hidden' (its synapses raise currents"):
            simulator.run(5.0)


def sparse(simulator: Simulator) -> List[int]:
    flags: List[int] = simulator.engine.arrays["sparse"].tolist()
    return flags


def test_currents_act_in_every_tick() -> None:
    simulator = Simulator(of_lif(), dt=1.0, engine="event")
    with unchanged(simulator), refused(UnsupportedError, "current acts in every tick", "'hidden'", "use 'hybrid'"):
        simulator.run(5.0, currents={"hidden": 1.0})
    # hybrid clocks that population for that call alone
    simulator = Simulator(small(), dt=1.0, engine="hybrid")
    frames = [int(name in ("rates", "noise", "hidden", "read")) for name in simulator.plan.names]
    frames[simulator.plan.where("read")] = 0
    simulator.run(5.0)
    assert sparse(simulator) == frames
    simulator.run(5.0, currents={"hidden": 1.0})
    assert sparse(simulator) == [f * (name != "hidden") for f, name in zip(frames, simulator.plan.names)]
    simulator.run(5.0)
    assert sparse(simulator) == frames
    simulator = Simulator(small(), dt=1.0, engine="clock")
    simulator.run(5.0)
    assert not any(sparse(simulator))


@pytest.mark.parametrize("kept", [0, 1 << 30])
def test_a_reset_state_is_a_fresh_one(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuroedge.plan.plan.KEPT", kept)
    simulator = Simulator(small(), dt=0.5)
    fresh = {name: array.tobytes() for name, array in simulator.state.arrays.items()}
    for _ in range(2):
        simulator.run(20.0, {"rates": [(k, 0.3) for k in range(4)] * 2})
        assert simulator.state.arrays["v"].tobytes() != fresh["v"]
        simulator.reset()
        assert {name: array.tobytes() for name, array in simulator.state.arrays.items()} == fresh
