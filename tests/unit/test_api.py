"""The tutorial's API: wiring by itself, boards, precision, steps, and how calls follow one another."""

import json
import warnings
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from neuroedge import LIF, Network, NeuromorphicAPI, Simulator
from neuroedge.tutorial import wiring


def layers(api: NeuromorphicAPI, *, hidden: Tuple[str, ...] = ("hidden",), **arguments: Any) -> NeuromorphicAPI:
    api.create_network(**arguments)
    api.add_sensory_layer("input", 10, "rate")
    for name in hidden:
        api.add_processing_layer(name, 20)
    api.add_motor_layer("output", 4)
    return api


def wired(seed: int = 3) -> NeuromorphicAPI:
    api = layers(NeuromorphicAPI(seed=seed))
    api.connect_layers("input", "hidden")
    api.connect_layers("hidden", "output")
    return api


RATES = {"input": np.full(10, 50.0)}


def texts(caught: List[warnings.WarningMessage]) -> List[str]:
    return [str(w.message) for w in caught]


def test_layers_that_nobody_connected_are_wired_with_one_warning() -> None:
    api = layers(NeuromorphicAPI(), hidden=("first", "second"))
    api.add_sensory_layer("other", 5)
    with pytest.warns(UserWarning) as caught:
        api.run_simulation(10.0)
    (text,) = texts(list(caught))
    assert "input -> first, other -> first, first -> second, second -> output" in text and "default weights" in text
    # it points at the caller's line
    assert caught[0].filename == __file__
    assert list(api.network.projections) == ["input->first", "other->first", "first->second", "second->output"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api.run_simulation(10.0)


def test_wiring_without_processing_layers() -> None:
    assert wiring.feedforward_pairs({"a": "sensory", "b": "sensory", "m": "motor", "n": "motor"}) == [
        ("a", "m"), ("a", "n"), ("b", "m"), ("b", "n"),
    ]  # fmt: skip
    assert wiring.feedforward_pairs({"a": "sensory", "p": "processing"}) == [("a", "p")]
    assert wiring.feedforward_pairs({"p": "processing", "m": "motor"}) == [("p", "m")]
    assert wiring.feedforward_pairs({}) == []


def test_wiring_can_be_turned_off() -> None:
    api = layers(NeuromorphicAPI(), auto_connect=False)
    with pytest.warns(UserWarning) as caught:
        api.run_simulation(10.0, external_inputs=RATES)
    (text,) = texts(list(caught))
    assert "nothing is connected to hidden, output" in text
    assert api.network.projections == {}


def test_a_layer_that_nothing_reaches_is_named_once() -> None:
    api = layers(NeuromorphicAPI(), hidden=("hidden", "forgotten"))
    api.connect_layers("input", "hidden")
    api.connect_layers("hidden", "output")
    with pytest.warns(UserWarning) as caught:
        api.run_simulation(10.0)
    (text,) = texts(list(caught))
    assert "forgotten" in text and "hidden" not in text and "output" not in text
    # what some connected is not added to
    assert len(api.network.projections) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api.run_simulation(10.0)


def test_a_layer_added_later_is_looked_at_too() -> None:
    api = wired()
    api.run_simulation(5.0)
    api.add_processing_layer("late", 3)
    with pytest.warns(UserWarning, match="nothing is connected to late") as caught:
        api.run_simulation(5.0)
    assert len(caught) == 2 and "late" not in str(list(api.network.projections))
    assert "its state starts over" in texts(caught)[1]
    api.set_weights(api.get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api.run_simulation(5.0)


def test_connected_networks_run_in_silence() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wired().run_simulation(10.0, external_inputs=RATES)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that is no board."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("model name\t: Some Desktop CPU\n")
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("device", "limit"), [("jetson", "1,024 MB"), ("raspberrypi", "512 MB")])
def test_a_board_that_this_is_not(desk: Path, device: str, limit: str) -> None:
    with pytest.warns(UserWarning) as caught:
        api = NeuromorphicAPI(device=device)
    (text,) = texts(list(caught))
    assert device in text and "CPU" in text and limit in text and caught[0].filename == __file__
    assert api.device == device
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers(api)
        api.connect_layers("input", "hidden")
        api.connect_layers("hidden", "output")
        assert api.run_simulation(5.0).performance["engine"] in ("clock", "event")


@pytest.mark.parametrize(
    ("device", "compatible"),
    [("jetson", b"nvidia,p3450-0000\0nvidia,tegra210\0"), ("raspberrypi", b"raspberrypi,4-model-b\0")],
)
def test_a_board_that_this_is(desk: Path, device: str, compatible: bytes) -> None:
    tree = desk / "proc/device-tree"
    tree.mkdir()
    (tree / "model").write_bytes(b"A Board\0")
    (tree / "compatible").write_bytes(compatible)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NeuromorphicAPI(device=device)


@pytest.mark.parametrize("text", ["", "MemTotal:\n", "MemTotal: lots kB\n", "\0\xff\n", "MemTotal:  2048000 kB\n"])
def test_odd_memory_files(desk: Path, text: str) -> None:
    from neuroedge.board import identify

    (desk / "proc/meminfo").write_text(text)
    assert identify().memory_total == (2000 if "2048000" in text else None)


def test_cuda_says_that_it_is_not_there() -> None:
    with pytest.warns(UserWarning, match="no CUDA engine.*CPU"):
        NeuromorphicAPI(device="cuda")


def weight_bytes(api: NeuromorphicAPI) -> int:
    plan = api.simulator.plan
    return sum(
        array.nbytes for name, array in plan.arrays.items() if name in ("weight", "weight16") and len(array) > 16
    )


def test_half_precision_halves_the_weights() -> None:
    full, half = wired(), wired()
    half.set_precision("float16")
    answers = [api.run_simulation(20.0, external_inputs=RATES) for api in (full, half)]
    assert [a.performance["precision"] for a in answers] == ["float32", "float16"]
    # beside the 16 entries that every array has spare
    assert weight_bytes(full) - 16 * 4 == 2 * (weight_bytes(half) - 16 * 2) > 0
    assert answers[1].performance["bytes"] < answers[0].performance["bytes"]


def test_precision_changes_at_any_time_and_the_state_stays() -> None:
    api = wired()
    api.set_weights({"input->hidden": np.full((10, 20), 20.0)})
    api.run_simulation(20.0, external_inputs={"input": [(0, 19.5), (1, 19.95)]})
    before, tick = api.simulator.snapshot(), api.simulator.state.tick
    assert (before["release"] >= tick).any() and before["hit"].any()
    for precision in ("float16", "float32", "float16", "float16"):
        api.set_precision(precision)
        after = api.simulator.snapshot()
        assert all(np.array_equal(before[name], after[name]) for name in before)
        assert api.simulator.plan.precision == precision
    assert api.run_simulation(20.0, external_inputs=RATES).performance["precision"] == "float16"
    # and it holds for the next network
    layers(api)
    with pytest.warns(UserWarning):
        assert api.run_simulation(1.0).performance["precision"] == "float16"


def test_integers_and_what_they_cost() -> None:
    api, big = wired(), Network()
    # nothing is compiled yet
    assert api.set_precision("int8") == ("int8", 0, 0)
    assert api.run_simulation(20.0, external_inputs=RATES).performance["precision"] == "int8"
    small = api.simulator.plan.nbytes
    change = api.set_precision("float32")
    assert (change.bytes_before, change.bytes_after) == (small, api.simulator.plan.nbytes)
    big.add("input", 700, "rate")
    big.add("hidden", 300, "lif")
    big.connect("input", "hidden")
    change = Simulator(big, dt=1.0).set_precision("int8")
    assert change.bytes_after < 0.4 * change.bytes_before
    assert repr(change) == f"Change(int8: {change.bytes_before:,} -> {change.bytes_after:,} bytes)"
    text = Simulator(big, dt=1.0, precision="int8").plan.explain()
    assert "integers" in text and f"{(700 * 304 + 4 * 701) / 1e3:.1f} kB" in text


def test_one_warning_names_what_stays_in_floats() -> None:
    api = wired()
    api.add_motor_layer("reader", 3, "li")
    api.add_motor_layer("lazy", 3, "li", tau_m=50.0)
    api.add_processing_layer("slow", 3, "adex")
    for name in ("reader", "lazy", "slow"):
        api.connect_layers("hidden", name)
    api.set_precision("int8")
    with pytest.warns(UserWarning, match="int8: only LIF with delta synapses.*: lazy, slow keep float32") as told:
        api.run_simulation(5.0)
    assert len([w for w in told if "int8" in str(w.message)]) == 1


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_weights_come_back_as_they_were_given_whatever_the_precision(precision: str) -> None:
    api = wired()
    before = api.get_weights()
    api.set_precision(precision)
    api.run_simulation(5.0)
    assert all((api.get_weights()[name] == before[name]).all() for name in before)


EVENTS = [(k % 10, 0.35 * k) for k in range(57)]


def times(api: NeuromorphicAPI, bounds: List[float], dt: float) -> Dict[str, List[Tuple[int, float]]]:
    """All spikes of a run in parts, ms from the start of the first."""
    every: Dict[str, List[Tuple[int, float]]] = {"hidden": [], "output": []}
    for start, stop in zip(bounds[:-1], bounds[1:]):
        # the first tick of a call takes its time 0 too, and a tick (a, b] belongs to the call that it ends in
        mine = [(n, t - start) for n, t in EVENTS if start < t <= stop or t == start == 0]
        answer = api.run_simulation(stop - start, dt=dt, external_inputs={"input": mine})
        for name, spikes in every.items():
            spikes += [(n, round(t + start, 6)) for n, t in answer.layer_spike_times[name]]
    return every


@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_calls_continue_from_one_another(dt: float) -> None:
    strong = {"input->hidden": np.full((10, 20), 9.0), "hidden->output": np.full((20, 4), 3.0)}
    whole, parts = wired(), wired()
    for api in (whole, parts):
        api.set_weights(strong)
    at_once = times(whole, [0.0, 20.0], dt)
    assert sum(map(len, at_once.values())) > 20
    assert times(parts, [0.0, 0.5, 5.0, 7.5, 20.0], dt) == at_once
    assert parts.simulator.state.equal(whole.simulator.state) is None


def test_reset_starts_over() -> None:
    api = wired()
    api.reset()
    first = api.run_simulation(30.0, external_inputs=RATES)
    second = api.run_simulation(30.0, external_inputs=RATES)
    assert api.simulator.state.tick == 600 and second.recording.start == 30.0
    api.reset()
    assert api.simulator.state.tick == 0
    again = api.run_simulation(30.0, external_inputs=RATES)
    for name in ("input", "hidden", "output"):
        assert again.layer_spike_times[name] == first.layer_spike_times[name]
    assert second.layer_spike_times["input"] != first.layer_spike_times["input"]


def test_the_same_seed_gives_the_same_spikes() -> None:
    a, b, c = (wired(seed).run_simulation(50.0, external_inputs=RATES) for seed in (1, 1, 2))
    assert a.layer_spike_times["hidden"] == b.layer_spike_times["hidden"]
    assert a.layer_spike_times["input"] != c.layer_spike_times["input"]


def test_a_new_network_replaces_the_old() -> None:
    api = wired()
    api.run_simulation(5.0)
    old = api.network
    assert api.create_network() is api.network is not old and api.network.populations == {}
    assert "0 neurons" in repr(api) and "no network" in repr(NeuromorphicAPI())


@pytest.mark.parametrize(
    ("duration", "dt"),
    [
        (100.0, 0.1), (100, 0.1), (0.1, 0.1), (0.3, 0.1), (33.0, 0.1), (0.05, 0.05), (0.25, 0.25 / 3), (1 / 3, 1 / 12),
        (16.6667, 16.6667 / 167), (40 / 3, 40 / 3 / 134), (1e-5, 1e-5), (np.float32(2.5), 0.1), (np.int64(7), 0.1),
    ],
)  # fmt: skip
def test_the_step_is_the_largest_that_divides_the_duration(duration: Any, dt: float) -> None:
    api = NeuromorphicAPI()
    step = api._step(duration, None)
    assert step == pytest.approx(dt, rel=1e-9) and step <= 0.1
    ticks = float(duration) / step
    assert abs(ticks - round(ticks)) < 1e-6
    # one tick less would need a longer step than 0.1
    assert round(ticks) == 1 or float(duration) / (round(ticks) - 1) > 0.1 * (1 + 1e-9)


def test_a_step_of_ones_own() -> None:
    api = wired()
    assert api.run_simulation(10.0, dt=2.5).recording.dt == 2.5
    # the next call takes its own again, and the potentials stay
    before = api.simulator.potential("hidden")
    api.simulator.set_dt(0.1)
    assert np.allclose(api.simulator.potential("hidden"), before, atol=1e-4)
    assert api.run_simulation(10.0).recording.dt == 0.1


def test_weights_can_be_set_between_runs() -> None:
    api = wired()
    api.set_weights({"input->hidden": np.zeros((10, 20)), "hidden->output": np.zeros((20, 4))})
    assert api.run_simulation(50.0, external_inputs=RATES).layer_spike_counts["hidden"].sum() == 0
    api.set_weights({"input->hidden": np.full((10, 20), 20.0)})
    assert api.run_simulation(50.0, external_inputs=RATES).layer_spike_counts["hidden"].sum() > 0
    assert (api.get_weights()["input->hidden"] == 20.0).all()


def source(kind: str, **parameters: Any) -> NeuromorphicAPI:
    api = NeuromorphicAPI(seed=1)
    api.create_network(auto_connect=False)
    api.add_sensory_layer("x", 4, kind, **parameters)
    return api


def test_rate_layers_fire_at_their_values() -> None:
    hz = np.array([0.0, 20.0, 100.0, 10_000.0])
    rates = source("rate").run_simulation(2000.0, external_inputs={"x": hz}).layer_rates["x"]
    assert rates[0] == 0.0 and rates[3] == pytest.approx(10_000.0, rel=1e-3)
    assert np.all(np.abs(rates[1:3] - hz[1:3]) < 5 * np.sqrt(hz[1:3] / 2.0))
    shares = (
        source("rate", max_rate=200.0).run_simulation(2000.0, external_inputs={"x": hz / 10_000.0}).layer_rates["x"]
    )
    assert shares[3] == pytest.approx(200.0, abs=5 * 10) and shares[0] == 0.0
    # values last for their own call
    api = source("rate")
    api.run_simulation(50.0, external_inputs={"x": hz})
    assert api.run_simulation(50.0).layer_spike_counts["x"].sum() == 0


def test_rate_layers_pass_events_as_they_are() -> None:
    answer = source("rate").run_simulation(10.0, external_inputs={"x": [(2, 0.05), (2, 9.97), (1, 5.0)]})
    assert answer.layer_spike_times["x"] == [(2, pytest.approx(0.1)), (1, pytest.approx(5.0)), (2, pytest.approx(10.0))]


def test_temporal_layers_fire_once_and_larger_earlier() -> None:
    api = source("temporal")
    answer = api.run_simulation(10.0, dt=1.0, external_inputs={"x": [0.25, 1.0, 0.0, 0.5]})
    assert answer.layer_spike_times["x"] == [(1, 1.0), (3, 5.0), (0, 8.0)]
    scaled = source("temporal", max_value=200.0).run_simulation(10.0, dt=1.0, external_inputs={"x": [50, 200, 0, 100]})
    assert scaled.layer_spike_times["x"] == answer.layer_spike_times["x"]
    assert api.run_simulation(10.0, dt=1.0, external_inputs={"x": [(3, 2.0)]}).layer_spike_times["x"] == [(3, 2.0)]
    assert api.run_simulation(10.0, dt=1.0).layer_spike_counts["x"].sum() == 0


@pytest.mark.parametrize("kind", ["lif", "adex", "izhikevich"])
def test_an_event_makes_a_neuron_spike_unless_refractory(kind: str) -> None:
    api = source(kind, refractory=2.0)
    answer = api.run_simulation(10.0, dt=1.0, external_inputs={"x": [(0, t) for t in range(1, 11)] + [(2, 4.5)]})
    # a spike at tick t holds it for the next two
    assert [t for n, t in answer.layer_spike_times["x"] if n == 0] == [1.0, 4.0, 7.0, 10.0]
    assert [t for n, t in answer.layer_spike_times["x"] if n == 2] == [5.0]
    assert answer.layer_spike_counts["x"].tolist() == [4, 0, 1, 0]


def test_a_twice_given_event_is_one_spike_of_a_neuron() -> None:
    answer = source("lif", refractory=0.0).run_simulation(5.0, dt=1.0, external_inputs={"x": [(0, 1.0), (0, 1.0)]})
    assert answer.layer_spike_counts["x"].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_nothing_of_the_callers_is_changed(precision: str) -> None:
    net = Network()
    tau, weights, delay = np.full(5, 10.0), np.full((4, 5), 30.0, np.float32), np.full((4, 5), 2.0)
    events = np.array([(3, 8.0), (0, 1.0)], [("n", "u4"), ("t", "f8")])
    current, steps = np.full((20, 5), 3.0), np.array([3, 1, 0], np.uint32)
    mine = [tau, weights, delay, events, current, steps]
    copies = [array.copy() for array in mine]
    net.add("a", 4, "rate")
    net.add("b", 5, LIF(tau_m=tau))
    net.connect("a", "b", weights=weights, delay=delay)
    simulator = Simulator(net, dt=0.5, precision=precision)
    inputs, record = {"a": events}, ["spikes"]
    for _ in range(2):
        simulator.run(10.0, inputs=inputs, currents={"b": current}, record=record)
        simulator.step({"a": steps})
    net.set_weights({"a->b": weights * 2})
    assert all((a == b).all() for a, b in zip(mine, copies))
    assert list(inputs) == ["a"] and inputs["a"] is events and record == ["spikes"]


def test_performance_goes_into_json() -> None:
    answer = wired().run_simulation(5.0, external_inputs=RATES)
    assert json.loads(json.dumps(dict(answer.performance)))["engine"] in ("clock", "event")
