"""Learning through the tutorial's API: wiring, precision, boards, other networks, and what is refused."""

import warnings
from typing import Any, Dict, Tuple

import numpy as np
import pytest
from refusing import refused

from neuroedge import NeuromorphicAPI
from neuroedge.errors import (
    ArgumentTypeError,
    BudgetError,
    NeuroedgeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
)
from neuroedge.learning import History, evaluate
from neuroedge.optimize import NetworkPruner, Quantizer
from neuroedge.tutorial import api as module

RNG = np.random.default_rng(5)
LABELS = np.arange(60) % 4
# four classes, three inputs each
INPUTS = np.clip(0.7 * np.repeat(np.eye(4)[LABELS], 3, axis=1) + 0.3 * RNG.random((60, 12)), 0.0, 1.0)


def layers(device: str = "auto", motor: str = "li", **how: Any) -> NeuromorphicAPI:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = NeuromorphicAPI(device, seed=3)
    api.create_network(**how)
    api.add_sensory_layer("input", 12, "rate")
    api.add_processing_layer("hidden", 20)
    api.add_motor_layer("output", 4, motor)
    return api


def wired(device: str = "auto", motor: str = "li") -> NeuromorphicAPI:
    api = layers(device, motor)
    api.connect_layers("input", "hidden")
    api.connect_layers("hidden", "output")
    return api


def weights(api: NeuromorphicAPI) -> Dict[str, np.ndarray]:
    return {name: w.copy() for name, w in api.network.get_weights().items()}


@pytest.mark.parametrize("motor", ["lif", "li"])
def test_layers_learn_and_answer(motor: str) -> None:
    api = wired(motor=motor)
    history = api.train(INPUTS[:40], LABELS[:40], epochs=15, rate=0.01, progress=False)
    assert isinstance(history, History) and len(history) == 15
    assert api.evaluate(INPUTS[40:], LABELS[40:]) > 0.9
    found = api.predict(INPUTS[40:])
    assert found.dtype == np.int64 and found.shape == (20,)
    assert float(np.mean(found == LABELS[40:])) == api.evaluate(INPUTS[40:], LABELS[40:])
    # a simulation sees the same network, and says the same
    events = {"input": [(k, t + 0.5) for t in range(16) for k in range(9, 12)]}
    counts = api.run_simulation(18.0, dt=1.0, external_inputs=events, record_potentials=True)
    seen = counts["layer_spike_counts"]["output"] if motor == "lif" else counts["potentials"]["output"].mean(axis=0)
    assert int(np.argmax(seen)) == 3


def test_features_are_shared_by_the_sensory_layers_in_order_of_adding() -> None:
    api = NeuromorphicAPI(seed=1)
    api.create_network()
    api.add_sensory_layer("left", 5, "rate")
    api.add_sensory_layer("right", 7, "lif")
    api.add_processing_layer("hidden", 20)
    api.add_motor_layer("output", 4)
    with pytest.warns(UserWarning, match="left -> hidden, right -> hidden, hidden -> output"):
        api.train(INPUTS, LABELS, epochs=40, rate=0.01, progress=False)
    assert api.evaluate(INPUTS, LABELS) > 0.9
    with refused(ParameterError, "predict", "[samples, 12]", "[60, 5]"):
        api.predict(INPUTS[:, :5])


def test_what_nobody_connected_is_wired_once() -> None:
    api = layers()
    with pytest.warns(UserWarning, match="input -> hidden, hidden -> output") as caught:
        api.train(INPUTS, LABELS, epochs=1, progress=False)
    assert len(caught) == 1 and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api.train(INPUTS, LABELS, epochs=1, progress=False)
        api.evaluate(INPUTS, LABELS)
        api.run_simulation(5.0)
    assert list(api.network.projections) == ["input->hidden", "hidden->output"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("call", ["train", "evaluate"])
def test_what_is_refused_is_not_wired(call: str) -> None:
    api = layers()
    version = api.network.version
    with refused(ParameterError, call, "labels must be 0 to 3"):
        getattr(api, call)(INPUTS, LABELS + 1)
    with refused(ParameterError, "predict", "[samples, 12]"):
        api.predict(INPUTS[:, :4])
    assert api.network.projections == {} and api.network.version == version
    # so it may be wired by hand, without getting both
    api.connect_layers("input", "hidden")
    api.connect_layers("hidden", "output")
    api.train(INPUTS, LABELS, epochs=1, progress=False)
    assert list(api.network.projections) == ["input->hidden", "hidden->output"]


def test_without_auto_connect_nothing_is_wired() -> None:
    api = layers(auto_connect=False)
    with pytest.warns(UserWarning, match="nothing is connected to hidden, output"), pytest.raises(NeuroedgeError):
        api.train(INPUTS, LABELS, epochs=1)
    assert api.network.projections == {}


def test_limits_of_synapses_hold_for_the_wiring() -> None:
    api = layers(max_synapses=300)
    with refused(BudgetError, "synapses", "asked for 80, 240 in use, 300 allowed"):
        api.train(INPUTS, LABELS, epochs=1)
    assert api.network.projections == {}


def test_before_there_are_layers() -> None:
    for call in (
        lambda api: api.train(INPUTS, LABELS),
        lambda api: api.evaluate(INPUTS, LABELS),
        lambda api: api.predict(INPUTS),
    ):
        api = NeuromorphicAPI()
        with refused(NotReadyError, "create_network()"):
            call(api)
        api.create_network()
        with refused(NotReadyError, "no layers yet"):
            call(api)


@pytest.mark.long
def test_another_network_is_asked() -> None:
    api = wired()
    api.train(INPUTS, LABELS, epochs=15, rate=0.01, progress=False)
    pruned = NetworkPruner(sparsity_target=0.5).prune(api.network)
    quantized = Quantizer().quantize_neurons(pruned)
    for network in (pruned, quantized):
        assert api.evaluate(INPUTS, LABELS, network) == evaluate(network, INPUTS, LABELS) > 0.6
        assert float(np.mean(api.predict(INPUTS, network=network) == LABELS)) == api.evaluate(INPUTS, LABELS, network)
    before, version = weights(api), api.network.version
    history = api.fine_tune(quantized, epochs=2, progress=False)
    assert len(history) == 2 and quantized.precision == "int8"
    assert all(np.array_equal(w, before[name]) for name, w in weights(api).items()) and api.network.version == version
    assert api.fine_tune(pruned, 2, (INPUTS, LABELS), progress=False).epochs[0].accuracy > 0.5


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_answers_come_in_the_precision_of_the_api(precision: str) -> None:
    api = wired()
    api.train(INPUTS, LABELS, epochs=3, progress=False)
    api.set_precision(precision)
    assert api.evaluate(INPUTS, LABELS) == evaluate(api.network, INPUTS, LABELS, precision=precision)
    # a network that was made for one keeps it
    small = Quantizer().quantize_neurons(api.network)
    assert api.evaluate(INPUTS, LABELS, small) == evaluate(small, INPUTS, LABELS, precision="int8")
    # and it learns as before
    assert len(api.train(INPUTS, LABELS, epochs=1, progress=False)) == 1


def test_a_run_after_training_is_of_the_new_weights() -> None:
    api = wired(motor="lif")
    events = {"input": [(k, t + 0.5) for t in range(16) for k in range(3)]}
    api.run_simulation(20.0, dt=1.0, external_inputs=events)
    api.train(INPUTS, LABELS, epochs=15, rate=0.01, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = api.run_simulation(20.0, dt=1.0, external_inputs=events)
    fresh = NeuromorphicAPI(seed=3)
    fresh.create_network()
    fresh._network = api.network
    wanted = fresh.run_simulation(20.0, dt=1.0, external_inputs=events)
    assert np.array_equal(again["layer_spike_counts"]["output"], wanted["layer_spike_counts"]["output"])
    assert all(np.array_equal(w, api.network.get_weights()[name]) for name, w in api.get_weights().items())


@pytest.mark.parametrize("device", ["jetson", "raspberrypi"])
def test_boards_limit_what_learning_takes(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api = wired(device)
    assert api.train(INPUTS, LABELS, epochs=1, progress=False).nbytes < module.MEMORY_LIMITS[device]
    monkeypatch.setitem(module.MEMORY_LIMITS, device, 5_000)
    before = weights(api)
    for call in (
        lambda: api.train(INPUTS, LABELS, epochs=1),
        lambda: api.fine_tune(api.network, 1, (INPUTS, LABELS)),
        lambda: api.evaluate(INPUTS, LABELS),
        lambda: api.predict(INPUTS),
    ):
        with refused(BudgetError, "bytes", "asked for", "5,000 allowed"):
            call()
    assert all(np.array_equal(w, before[name]) for name, w in weights(api).items())
    # one's own limit counts more
    assert len(api.train(INPUTS, LABELS, epochs=1, memory_limit=10**8, progress=False)) == 1


OPTIONS: Tuple[Tuple[str, str, str], ...] = (
    ("train", "lr", "known: batch, decay, memory_limit, progress, rate, seed, threads, validation, vary"),
    ("train", "validaton", "did you mean 'validation'?"),
    ("train", "bits", "known: batch"),
    ("fine_tune", "lr", "known: batch, bits, decay, memory_limit"),
    ("fine_tune", "bit", "did you mean 'bits'?"),
)


@pytest.mark.parametrize("call,name,words", OPTIONS)
@pytest.mark.filterwarnings("error")
def test_unknown_options_are_refused_before_anything_is_wired(call: str, name: str, words: str) -> None:
    api = layers()
    given = (INPUTS, LABELS) if call == "train" else (api.network,)
    with refused(UnknownNameError, f"option of {call}", repr(name), words):
        getattr(api, call)(*given, 1, **{name: 3})
    assert api.network.projections == {}


def test_what_is_no_network_is_refused() -> None:
    api = wired()
    for bad in (3, "network", api.network.get_weights()):
        with refused(ArgumentTypeError, "network must be a Network"):
            api.evaluate(INPUTS, LABELS, bad)
        with refused(ArgumentTypeError, "network must be a Network"):
            api.predict(INPUTS, bad)
        with refused(ArgumentTypeError, "network must be a Network"):
            api.fine_tune(bad, 1, (INPUTS, LABELS))
    with refused(ArgumentTypeError, "fine_tune", "take its network, api.network"):
        api.fine_tune(api, 1, (INPUTS, LABELS))
