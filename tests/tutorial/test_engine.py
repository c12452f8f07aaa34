"""The tutorial's `engine`: its block word for word, its modes, and what they refuse."""

import warnings
from typing import Any, List, Tuple

import blocks
import numpy as np
import pytest
from engine import Network, SimulationMode, Simulator

import neuroedge
from neuroedge import LIF, NeuromorphicAPI
from neuroedge.errors import (
    ArgumentTypeError,
    NeuroedgeError,
    NotReadyError,
    NotRecordedError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
)

CLOCK, EVENT, HYBRID = SimulationMode.CLOCK_DRIVEN, SimulationMode.EVENT_DRIVEN, SimulationMode.HYBRID
Pairs = List[Tuple[int, float]]


@pytest.fixture
def edge() -> dict:
    names: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(blocks.block("### 3. Event-Driven Processing"), "edge_deployment.md", "exec"), names)
    return names


def test_event_driven_block_runs_word_for_word(edge: dict) -> None:
    results, network = edge["results"], edge["network"]
    assert isinstance(network, Network) and network.name == "EdgeNetwork"
    assert results["duration"] == 1000.0 and results.performance["engine"] == "event"
    assert results["layer_spike_counts"]["output"].tolist() == [0] * 10
    # 100 x 10 neurons, a tenth of them connected
    assert 60 <= network.synapses <= 140
    assert edge["sim"].simulator.dt == 0.1 and edge["sim"].simulator.plan.event_threshold == 0.01


def volleys(size: int, duration: float, count: int) -> Pairs:
    rng = np.random.default_rng(3)
    return [(int(n), float(t)) for n, t in zip(rng.integers(0, size, count), rng.uniform(0.0, duration, count))]


def test_the_blocks_network_passes_on_what_it_is_given(edge: dict) -> None:
    sim, inputs = edge["sim"], {"input": volleys(100, 1000.0, 4000)}
    sim.reset()
    results = sim.run(duration=1000.0, min_timestep=0.1, external_inputs=inputs)
    counts = results["layer_spike_counts"]
    # 40 Hz in: default weights pass on about as much
    assert 3000 < counts["input"].sum() <= 4000 and 100 < counts["output"].sum() < 800
    assert len(results["layer_spike_times"]["output"]) == counts["output"].sum()
    assert results.performance["synaptic_events"] > 10 * results.performance["dropped_events"]
    clock = Simulator(edge["network"], mode=CLOCK)
    clock.set_event_threshold(0.01)
    again = clock.run(1000.0, external_inputs=inputs)
    assert again.performance["engine"] == "clock"
    for name in ("input", "output"):
        assert again["layer_spike_times"][name] == results["layer_spike_times"][name]
    assert again.performance["dropped_events"] == results.performance["dropped_events"]


def forward() -> Network:
    """100 given inputs, 800 and 100 LIF, 10,000 synapses."""
    net, rng = Network("forward", seed=2), np.random.default_rng(2)
    net.add_neuron_group("input", 100, "rate")
    for name, n in (("hidden", 800), ("output", 100)):
        net.add_neuron_group(name, n, "lif", v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0)
    net.connect("input", "hidden", weights=rng.normal(0.6, 0.3, (100, 800)) * (rng.random((100, 800)) < 0.1))
    net.connect("hidden", "output", weights=rng.normal(0.1, 0.2, (800, 100)) * (rng.random((800, 100)) < 0.025))
    return net


def recurrent() -> Network:
    """A source, and 300 LIF in a loop with delays, inhibition, and reset by subtraction in some."""
    net, rng = Network("recurrent", seed=5), np.random.default_rng(5)
    net.add_neuron_group("input", 100, "rate")
    net.add_neuron_group("noise", 50, "poisson", rate=10.0)
    net.add_neuron_group("loop", 300, LIF(tau_m=15.0))
    net.add_neuron_group("lowered", 40, "lif", reset="subtract", refractory=1.0)
    net.connect("input", "loop", 0.2)
    net.connect("noise", "loop", connectivity=0.2)
    weights = rng.normal(0.3, 1.0, (300, 300)) * (rng.random((300, 300)) < 0.2)
    net.connect("loop", "loop", weights=weights, delay=rng.integers(1, 50, (300, 300)) * 0.1)
    net.connect("loop", "lowered", connectivity=0.3, delay=2.0)
    net.connect("lowered", "loop", "feedback", 0.1)
    return net


@pytest.mark.long
@pytest.mark.parametrize("build", [forward, recurrent])
@pytest.mark.parametrize("grid", [0.1, 1.0])
def test_modes_give_equal_spikes(build: Any, grid: float) -> None:
    inputs = {"input": volleys(100, 500.0, 1500)}
    answers, states = [], []
    for mode in SimulationMode:
        sim = Simulator(build(), mode=mode)
        parts = [sim.run(500.0, grid, inputs), sim.run(200.0, grid, {"input": [(3, 0.0)]}), sim.run(300.0, grid)]
        answers.append([dict(part["layer_spike_times"]) for part in parts])
        states.append({name: array.tobytes() for name, array in sim.simulator.snapshot().items()})
    assert answers[0] == answers[1] == answers[2] and states[0] == states[1] == states[2]
    fired = [name for name, times in answers[0][0].items() if len(times) > 20]
    assert set(fired) == set(build().populations)


def test_layers_are_such_a_network() -> None:
    api = NeuromorphicAPI()
    network = api.create_network(max_neurons=50)
    assert isinstance(network, Network) and api.network is network and network.max_neurons == 50
    api.add_sensory_layer("in", 10)
    network.add_neuron_group("out", 10)
    api.connect_layers("in", "out", "random", 0.5)
    network.connect("in", "out", connectivity="one_to_one")
    assert list(network.projections) == ["in->out", "in->out#2"]
    assert api.run_simulation(10.0).layer_spike_counts["out"].shape == (10,)
    assert Simulator(network, EVENT).run(10.0).performance["engine"] == "event"


def groups() -> Network:
    net = Network("groups")
    net.add_neuron_group("a", 20, "rate")
    net.add_neuron_group("b", 20)
    return net


@pytest.mark.parametrize(
    ("arguments", "synapses"),
    [
        ({}, 400),
        ({"connectivity": 1}, 400),
        ({"connectivity": 0.1}, 40),
        ({"probability": 0.1}, 40),
        ({"connectivity": "one_to_one"}, 20),
        ({"pattern": "one_to_one"}, 20),
        ({"connectivity": "random", "probability": 0.1}, 40),
        ({"pattern": "random", "connectivity": 0.1}, 40),
        ({"weights": np.eye(20)}, 20),
        ({"weights": 3.0, "connectivity": 0.1, "delay": 2.0}, 40),
        ({"synapses": ([0, 1], [2, 3], 5.0)}, 2),
    ],
)
def test_connect(arguments: dict, synapses: int) -> None:
    count = groups().connect("a", "b", **arguments).count
    assert count == synapses if synapses != 40 else 10 < count < 80


def test_connect_takes_what_the_core_takes() -> None:
    ours, core = groups(), neuroedge.Network("core")
    core.add("a", 20, "rate")
    core.add("b", 20)
    for net in (ours, core):
        net.connect("a", "b", "random", 0.5, None, None, 1.5, None)
        net.connect("a", "b", pattern="random", probability=0.5, weights=2.0, delay=1.5)
    for name, matrix in core.get_weights().items():
        assert (ours.get_weights()[name] == matrix).all()


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"connectivity": 0.0}, ParameterError, "connectivity must be in"),
        ({"connectivity": 1.5}, ParameterError, "1.5"),
        ({"connectivity": float("nan")}, ParameterError, "nan"),
        ({"connectivity": True}, ArgumentTypeError, "True"),
        ({"connectivity": {}}, ArgumentTypeError, "connectivity must be a number"),
        ({"connectivity": np.eye(20)}, ArgumentTypeError, "weights=matrix"),
        ({"connectivity": [[1.0]]}, ArgumentTypeError, "weights=matrix"),
        ({"connectivity": "randm"}, UnknownNameError, "did you mean 'random'"),
        ({"connectivity": 0.5, "probability": 0.5}, ParameterError, "connectivity or probability"),
        ({"connectivity": "random", "pattern": "random"}, ParameterError, "connectivity or pattern"),
    ],
)
def test_bad_connections(arguments: dict, kind: Any, words: str) -> None:
    net = groups()
    with pytest.raises(kind, match=words):
        net.connect("a", "b", **arguments)
    assert net.synapses == 0 and not net.projections


def test_event_driven_explains_what_is_not() -> None:
    net = groups()
    net.add_neuron_group("slow", 5, "cubalif")
    net.connect("a", "slow")
    with pytest.raises(UnsupportedError, match=r"'slow' \(its synapses raise currents.*use 'hybrid'"):
        Simulator(net, mode=EVENT)
    assert Simulator(net).run(5.0).performance["engine"] == "hybrid"
    # said as soon as it is known: here by the run
    late = Network("late")
    sim = Simulator(late, mode=EVENT)
    late.add_neuron_group("cells", 3, "adex")
    with pytest.raises(UnsupportedError, match="adex neurons are integrated in every tick"):
        sim.run(5.0)


@pytest.mark.parametrize("mode", [None, "event", "EVENT_DRIVEN", 1, SimulationMode])
def test_bad_modes(mode: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="mode must be one of SimulationMode.CLOCK_DRIVEN, .*EVENT_DRIVEN"):
        Simulator(groups(), mode=mode)
    with pytest.raises(ArgumentTypeError, match="network must be a Network"):
        Simulator(None)


@pytest.mark.parametrize("threshold", [-0.1, float("nan"), float("inf"), None, "0.1", True, [0.1]])
def test_bad_thresholds(threshold: Any) -> None:
    for sim in (Simulator(groups()), Simulator(Network("none"))):
        with pytest.raises((ParameterError, ArgumentTypeError), match="event_threshold must be"):
            sim.set_event_threshold(threshold)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), "0.1", True, [0.1]])
def test_bad_timesteps(step: Any) -> None:
    with pytest.raises((ParameterError, ArgumentTypeError), match="min_timestep must be"):
        Simulator(groups()).run(10.0, min_timestep=step)
    with pytest.raises((ParameterError, ArgumentTypeError), match="dt must be"):
        Simulator(groups(), dt=step)


def test_two_grids_cannot_be() -> None:
    sim = Simulator(groups(), dt=0.5)
    with pytest.raises(ParameterError, match="simulator's dt = 0.5 ms.*got 0.1.*leave one of them out"):
        sim.run(10.0, min_timestep=0.1)
    assert sim.run(10.0, min_timestep=0.5).recording.dt == sim.run(10.0).recording.dt == 0.5
    free = Simulator(groups())
    assert [free.run(10.0, grid).recording.dt for grid in (None, 1.0, 0.5, None)] == [0.1, 1.0, 0.5, 0.1]
    with pytest.raises(ParameterError, match="multiple of min_timestep = 0.4 ms.*; 0.8 and 1.2 ms are"):
        free.run(1.0, min_timestep=0.4)


def test_a_network_that_comes_later() -> None:
    net = Network("later")
    sim = Simulator(net)
    with pytest.raises(NotReadyError, match=r"add_neuron_group\(\)"):
        sim.run(5.0)
    sim.set_event_threshold(0.2)
    sim.set_precision("float16")
    net.add_neuron_group("cells", 3)
    result = sim.run(5.0)
    assert result.performance["precision"] == "float16" and sim.simulator.plan.event_threshold == 0.2
    with pytest.raises(ParameterError, match="for checking"):
        sim.set_precision("float64")


def test_results_and_records() -> None:
    net = groups()
    net.connect("a", "b", "one_to_one", weights=20.0)
    sim = Simulator(net, dt=1.0)
    result = sim.run(5.0, external_inputs={"a": [(2, 0.5)]}, record_potentials=True, record_weights=True)
    assert result["layer_spike_times"]["b"] == [(2, 2.0)] and result.potentials["b"].shape == (5, 20)
    assert result.weights["a->b"][2, 2] == 20.0
    bare = sim.run(5.0, record_spikes=False)
    with pytest.raises(NotRecordedError, match=r": run\(…, record_spikes=True\)"):
        bare["layer_spike_times"]["b"]
    with pytest.raises(NotRecordedError, match=r": run\(…, record_potentials=True\)"):
        bare["potentials"]
    sim.reset()
    assert sim.run(5.0).recording.start == 0.0
    for bad in ({"external_inputs": {"c": []}}, {"external_inputs": [1]}, {"record_spikes": 1}, {"progress": 1}):
        with pytest.raises(NeuroedgeError):
            sim.run(5.0, **bad)
    assert sim.run(5.0).recording.start == 5.0
