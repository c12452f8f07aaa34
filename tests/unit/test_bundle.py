"""Models on disk: what is saved comes back, bit for bit, runs the same, and can be taught and shrunk further."""

import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest
from bundles import WORDS, arrays_of, networks, smallest, with_words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroedge import LIF, Network, NetworkPruner, Simulator, compile_network, load, record_golden, save, verify
from neuroedge.errors import (
    ArgumentTypeError,
    FormatError,
    NotReadyError,
    ParameterError,
    StorageError,
    UnknownNameError,
)
from neuroedge.formats.bundle import parse
from neuroedge.formats.saving import pieces_of
from neuroedge.formats.table import HEADER, pack, sealed
from neuroedge.plan.sound import sizes_of
from neuroedge.tutorial import NeuromorphicAPI

sys.path.append(str(Path(__file__).parents[1] / "parity"))
from comparing import KINDS, difference  # noqa: E402
from strategies import everything  # noqa: E402


def answers(simulator: Simulator, duration: float) -> Any:
    return simulator.run(duration, record=("spikes", "potentials"))


@pytest.mark.parametrize("which", range(3))
def test_a_network_comes_back_and_compiles_into_the_same_plan(which: int, tmp_path: Path) -> None:
    net = networks()[which]
    path = tmp_path / "model.ne"
    size = save(path, net, dt=0.5, labels=["off", "on"], encoder={"name": "rate", "gain": 0.5})
    bundle = load(path)
    assert size == path.stat().st_size == bundle.nbytes
    assert (bundle.labels, bundle.encoder, bundle.decoder) == (["off", "on"], {"name": "rate", "gain": 0.5}, None)
    for plan in (bundle.plan, compile_network(bundle.network, 0.5)):
        assert all(plan.arrays[k].tobytes() == a.tobytes() for k, a in compile_network(net, 0.5).arrays.items())
    assert difference(answers(Simulator(net, dt=0.5), 40.0), answers(Simulator(bundle.plan), 40.0)) is None
    assert bundle.network.get_weights().keys() == net.get_weights().keys()


def test_saving_twice_gives_the_same_bytes_and_so_does_saving_what_was_loaded(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    golden = record_golden(networks()[0], 20.0, dt=1.0)
    for path in (a, b):
        save(path, networks()[0], dt=1.0, golden=golden, provenance={"made by": "a test", "steps": [1, 2.5, None]})
    loaded = load(a)
    save(c, loaded.network, dt=1.0, golden=loaded.golden, provenance=loaded.provenance)
    assert a.read_bytes() == b.read_bytes() == c.read_bytes()


@pytest.mark.long
@settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 2**31))
def test_generated_networks_come_back(kind: str, seed: int) -> None:
    case = KINDS[kind](seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = case.plan()
        assert sizes_of(plan.arrays, plan.models, len(plan.projections), plan.precision) == plan.sizes
        bundle = parse(b"".join(pieces_of(plan, case.network, WORDS, None)))
        again = case._replace(network=bundle.network).plan()
        for other in (bundle.plan, again):
            assert all(other.arrays[k].tobytes() == a.tobytes() for k, a in plan.arrays.items())
            assert (other.sizes, other.names, other.choices, other.seed) == (
                plan.sizes, plan.names, plan.choices, plan.seed,
            )  # fmt: skip
        a, b = Simulator(plan, engine="clock"), Simulator(bundle.plan, engine="clock")
        for call in case.calls[:1]:
            runs = [s.run(call.duration, call.inputs, call.currents, rewards=call.rewards) for s in (a, b)]
            assert difference(*runs) is None and a.state.equal(b.state) is None


def test_what_was_loaded_can_be_shrunk_and_widened(tmp_path: Path) -> None:
    path = tmp_path / "model.ne"
    save(path, networks()[0], dt=1.0, precision="int8")
    net = load(path).network
    pruned = NetworkPruner(sparsity_target=0.5, criterion="magnitude").prune(net)
    assert pruned.synapses < 0.6 * net.synapses
    net.add("more", 3, "lif")
    net.connect("hidden", "more", probability=0.5)
    assert Simulator(net, dt=1.0).run(10.0).counts["more"].shape == (3,)
    assert "more" not in load(path).network.populations


def test_a_mapped_plan_runs_as_well(tmp_path: Path) -> None:
    path = tmp_path / "model.ne"
    net = Network()
    net.add("a", 400, "poisson", rate=100.0)
    net.add("b", 400, "lif")
    net.connect("a", "b")
    save(path, net, dt=1.0)
    rigs = [Simulator(plan) for plan in (compile_network(net, 1.0), load(path, mapped=True).plan)]
    times: List[List[float]] = [[], []]
    for _ in range(7):
        for k, rig in enumerate(rigs):
            began = time.perf_counter()
            run = rig.run(200.0)
            times[k].append(time.perf_counter() - began)
            assert run.performance["synaptic_events"] > 0
    assert rigs[0].state.equal(rigs[1].state) is None
    assert min(times[1]) < 1.5 * min(times[0]) + 1e-3
    assert not rigs[1].plan.weight.flags.writeable
    # a save puts another file in its place, and leaves what is mapped
    save(path, networks()[0])
    assert rigs[1].run(50.0).counts["b"].sum() > 0


def test_learnt_weights_travel(tmp_path: Path) -> None:
    simulator = Simulator(networks()[2], dt=1.0)
    simulator.run(200.0)
    save(tmp_path / "m", simulator.taught(), dt=1.0)
    for name, weights in load(tmp_path / "m").network.get_weights().items():
        assert (weights == simulator.weights()[name]).all()
    assert (simulator.weights()["in->a"] != networks()[2].get_weights()["in->a"]).any()


def test_a_plan_alone(tmp_path: Path) -> None:
    plan = compile_network(networks()[0], 1.0, "float16", event_threshold=0.02)
    save(tmp_path / "m", plan)
    bundle = load(tmp_path / "m")
    assert (bundle.plan.precision, bundle.plan.event_threshold, bundle.has_network) == ("float16", 0.02, False)
    with pytest.raises(NotReadyError, match="a plan alone"):
        bundle.network
    with pytest.raises(ParameterError, match="brings its own"):
        save(tmp_path / "m", plan, dt=2.0)
    assert "float16" in bundle.describe() and "no, a plan alone" in bundle.describe()


def test_another_version_of_the_plan_is_compiled_again() -> None:
    data = smallest()
    magic, version, count, layout, *rest = HEADER.unpack(data[: HEADER.size])
    end = HEADER.size + 48 * count
    other = sealed(HEADER.pack(magic, version, count, layout ^ 1, *rest) + data[HEADER.size : end]) + data[end:]
    with pytest.warns(UserWarning, match="compiled again"):
        plan = parse(other).plan
    assert all(plan.arrays[k].tobytes() == a.tobytes() for k, a in parse(data).plan.arrays.items())


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_verify_says_equal_or_where_not(precision: str, tmp_path: Path) -> None:
    net = everything(20)
    golden = record_golden(net, 25.0, {"given": [(1, 2.0), (3, 4.5)]}, 0.5, precision)
    assert sum(map(len, golden.ticks.values())) > 100 and list(golden.potentials) == ["reader"]
    save(tmp_path / "m", net, dt=0.5, precision=precision, golden=golden)
    verdict = verify(str(tmp_path / "m"))
    assert verdict.equal and verdict and "equal" in str(verdict)
    assert {check.engine for check in verdict.checks if check.reason is None} == {"clock", "hybrid", "reference"}
    # of one spike the neuron is changed, and of one potential the last bit
    k = len(golden.ticks["lowered"]) // 2
    neurons = {**golden.neurons, "lowered": golden.neurons["lowered"].copy()}
    absent = np.setdiff1d(np.arange(20), neurons["lowered"][golden.ticks["lowered"] == golden.ticks["lowered"][k]])
    ticks = {**golden.ticks, "lowered": np.delete(golden.ticks["lowered"], k)}
    where, who = int(golden.ticks["lowered"][k]), int(neurons["lowered"][k])
    neurons["lowered"] = np.delete(neurons["lowered"], k)
    save(tmp_path / "m", net, dt=0.5, precision=precision, golden=golden._replace(ticks=ticks, neurons=neurons))
    verdict = verify(load(tmp_path / "m"), ["clock"])
    assert not verdict.equal and f"'lowered': neuron {who} spikes, and should not, at tick {where}" in str(verdict)
    trace = golden.potentials["reader"].copy()
    trace.view(np.uint32)[7, 3] ^= 1
    save(tmp_path / "m", net, dt=0.5, precision=precision, golden=golden._replace(potentials={"reader": trace}))
    assert "'reader': neuron 3 is at" in str(verify(load(tmp_path / "m"), ["hybrid"])) and len(absent)


def test_verify_needs_a_golden_input(tmp_path: Path) -> None:
    save(tmp_path / "m", networks()[0])
    with pytest.raises(NotReadyError, match="no golden input"):
        verify(tmp_path / "m")
    golden = record_golden(networks()[0], 5.0, dt=1.0)
    save(tmp_path / "m", networks()[0], dt=1.0, golden=golden)
    with pytest.raises(UnknownNameError):
        verify(tmp_path / "m", ["clok"])


def test_the_api_keeps_layers_quality_and_precision(tmp_path: Path) -> None:
    api = NeuromorphicAPI("cpu", seed=3)
    api.create_network()
    api.add_sensory_layer("eyes", 30, "rate")
    api.add_processing_layer("middle", 20)
    api.add_motor_layer("wheels", 2)
    for pair in (("eyes", "middle"), ("middle", "wheels")):
        api.connect_layers(*pair)
    api.set_precision("float16")
    api.set_simulation_quality("low")
    inputs = {"eyes": np.full(30, 80.0)}
    api.run_simulation(20.0, external_inputs=inputs)
    api.save(tmp_path / "m", labels=["left", "right"])
    other = NeuromorphicAPI("cpu")
    bundle = other.load(tmp_path / "m")
    assert bundle.labels == ["left", "right"] and other.simulation_quality == "low"
    assert bundle.plan.precision == "float16" and bundle.plan.dt == 1.0
    api.reset()
    a, b = (one.run_simulation(50.0, external_inputs=inputs) for one in (api, other))
    assert all((a.layer_spike_counts[k] == n).all() for k, n in b.layer_spike_counts.items())
    assert a.performance["precision"] == b.performance["precision"] == "float16"
    other.add_motor_layer("horn", 1)
    with pytest.warns(UserWarning, match="nothing is connected to horn"):
        other.run_simulation(1.0)
    with pytest.raises(UnknownNameError):
        api.save(tmp_path / "m", label=["left"])


def test_loading_in_an_api_keeps_its_limits_and_what_it_has_where_it_fails(tmp_path: Path) -> None:
    save(tmp_path / "plain", networks()[0], dt=1.0)
    with pytest.warns(UserWarning, match="memory limit"):
        api = NeuromorphicAPI("jetson")
    api.load(tmp_path / "plain")
    before = api.network
    (tmp_path / "broken").write_bytes((tmp_path / "plain").read_bytes()[:-1])
    with pytest.raises(FormatError):
        api.load(tmp_path / "broken")
    assert api.network is before and api.device == "jetson"
    assert api.run_simulation(5.0).layer_spike_counts["out"].shape == (5,)


@pytest.mark.long
def test_a_device_loads_no_compiler(tmp_path: Path) -> None:
    golden = record_golden(networks()[0], 10.0, dt=1.0)
    save(tmp_path / "m", networks()[0], dt=1.0, golden=golden)
    code = (
        "import sys, neuroedge.runtime; from neuroedge import load, Simulator; "
        f"b = load({str(tmp_path / 'm')!r}); print(int(Simulator(b.plan).run(10.0).counts['hidden'].sum())); "
        "print([m for m in sys.modules if m.startswith('neuroedge.') and m.split('.')[1] in "
        "('learning', 'optimize', 'applications', 'tutorial', 'cli') or m.startswith(("
        "'neuroedge.plan.compile', 'neuroedge.plan.assemble', 'neuroedge.plan.coefficients', 'scipy', 'torch', 'cv2', "
        "'matplotlib', 'tqdm'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    spikes, modules = done.stdout.splitlines()
    assert done.returncode == 0 and modules == "[]", done.stderr
    assert int(spikes) == len(golden.ticks["hidden"]) > 0


ARGUMENTS = [
    (ArgumentTypeError, "model must be", lambda net: save("m", 5)),
    (ArgumentTypeError, "path must be", lambda net: save(5, net)),
    (ArgumentTypeError, "labels must be", lambda net: save("m", net, labels="abc")),
    (ArgumentTypeError, "labels must be", lambda net: save("m", net, labels=["a", "a"])),
    (ArgumentTypeError, "encoder", lambda net: save("m", net, encoder={"a": object()})),
    (ParameterError, "finite", lambda net: save("m", net, decoder={"a": float("nan")})),
    (ArgumentTypeError, "golden must be", lambda net: save("m", net, golden={})),
    (ParameterError, "precision", lambda net: save("m", net, precision="int4")),
    (StorageError, "make the folder first", lambda net: save("no/such/folder/m", net)),
    (StorageError, "is a folder", lambda net: save(".", net)),
    (StorageError, "is the name right", lambda net: load("no-such-model")),
    (StorageError, "is a directory", lambda net: load(".")),
    (FormatError, "is no file", lambda net: load("/dev/null")),
    (ArgumentTypeError, "mapped must be", lambda net: load("m", mapped=1)),
]


@pytest.mark.parametrize(("kind", "says", "call"), ARGUMENTS)
def test_arguments(kind: Any, says: str, call: Callable[[Network], Any], tmp_path: Path) -> None:
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        with pytest.raises(kind, match=says):
            call(networks()[0])
        assert os.listdir(tmp_path) == []
    finally:
        os.chdir(before)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    golden = record_golden(networks()[0], 5.0, dt=1.0)
    odd = golden._replace(neurons={**golden.neurons, "hidden": golden.neurons["hidden"] + 70})
    with pytest.raises(ParameterError, match=r"nothing is written.*golden\.spikes\.hidden"):
        save(tmp_path / "m", networks()[0], dt=1.0, golden=odd)

    class Mine(LIF):
        pass

    net = Network()
    net.add("a", 3, Mine())
    with pytest.raises(ParameterError, match="of one's own"):
        save(tmp_path / "m", net)
    assert list(tmp_path.iterdir()) == []


def test_words_are_taken_as_they_are_and_no_other_way() -> None:
    data = smallest()
    words = json.loads(arrays_of(data)["description"].tobytes())
    assert parse(with_words(data, {**words, "labels": ["ä", "\u2603"]})).labels == ["ä", "☃"]
    for bad in ({**words, "more": 1}, {k: v for k, v in words.items() if k != "labels"}, {**words, "labels": [1]}):
        with pytest.raises(FormatError, match=r"model: description: "):
            parse(with_words(data, bad))
    text = arrays_of(data)["description"].tobytes()
    layout = HEADER.unpack(data[: HEADER.size])[3]
    spaced = text.replace(b",", b", ", 1), b"[" * 100_000, text[:-1], text.replace(b'"seed":0', b'"seed":NaN', 1)
    twice = text.replace(b'"labels":null', b'"labels":null,"labels":null', 1)
    huge = text.replace(b'"seed":0', b'"seed":' + b"9" * 5000, 1)
    for odd in (*spaced, twice, huge, b"\xff" + text):
        arrays = {**arrays_of(data), "description": np.frombuffer(odd, np.uint8)}
        with pytest.raises(FormatError, match="description"):
            parse(b"".join(pack(list(arrays.items()), layout)))
