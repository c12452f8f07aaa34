"""What is wrong in a call of the tutorial's API is refused; layers, wiring and state are as before."""

import warnings
from typing import Any, Dict, Iterator, Type

import numpy as np
import pytest
from refusing import NOT_NUMBERS, NOT_POSITIVE, NOT_SIZES, refused, unchanged

from neuroedge import NeuromorphicAPI
from neuroedge.errors import (
    ArgumentTypeError,
    BudgetError,
    NeuroedgeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
)


@pytest.fixture
def api() -> Iterator[NeuromorphicAPI]:
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("input", 4, "rate")
    api.add_processing_layer("hidden", 5)
    api.add_motor_layer("output", 2)
    api.connect_layers("input", "hidden")
    api.connect_layers("hidden", "output")
    yield api


@pytest.mark.parametrize("device", ["jetsn", "gpu", None, 3, ["cpu"], np.zeros(2)])
def test_devices(device: Any) -> None:
    with refused(UnknownNameError, "device", "auto, cpu, cuda, jetson, raspberrypi"):
        NeuromorphicAPI(device=device)


def test_a_device_spelt_wrongly() -> None:
    with refused(UnknownNameError, "'jetsn'", "did you mean 'jetson'?"):
        NeuromorphicAPI(device="jetsn")


@pytest.mark.parametrize(
    ("seed", "kind"),
    [("1", ArgumentTypeError), (1.0, ArgumentTypeError), (True, ArgumentTypeError), (-1, ParameterError)],
)
def test_seeds(seed: Any, kind: Type[NeuroedgeError]) -> None:
    with refused(kind, "NeuromorphicAPI", "seed", repr(seed)):
        NeuromorphicAPI(seed=seed)


def test_everything_before_a_network_exists() -> None:
    api = NeuromorphicAPI()
    calls = [
        lambda: api.network,
        lambda: api.add_sensory_layer("a", 3),
        lambda: api.add_processing_layer("a", 3),
        lambda: api.add_motor_layer("a", 3),
        lambda: api.connect_layers("a", "b"),
        lambda: api.run_simulation(10.0),
        lambda: api.get_weights(),
        lambda: api.set_weights({}),
    ]
    for call in calls:
        with refused(NotReadyError, "no network yet", "create_network()"):
            call()
    with refused(NotReadyError, "nothing has run yet", "run_simulation()"):
        api.simulator
    api.reset()


def test_a_network_without_layers() -> None:
    api = NeuromorphicAPI()
    api.create_network()
    with refused(NotReadyError, "no layers yet", "add_sensory_layer()"):
        api.run_simulation(10.0)


@pytest.mark.parametrize("limit", ["max_neurons", "max_synapses"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "100", True])
def test_limits(api: NeuromorphicAPI, limit: str, value: Any) -> None:
    network = api.network
    with refused(ParameterError if value in (0, -1) else ArgumentTypeError, limit, repr(value)):
        api.create_network(**{limit: value})
    with refused(ArgumentTypeError, "create_network", "auto_connect", "'yes'"):
        api.create_network(auto_connect="yes")
    # the network that there was is still there
    assert api.network is network and list(network.populations) == ["input", "hidden", "output"]


@pytest.mark.parametrize(("size", "kind"), NOT_SIZES)
def test_sizes(api: NeuromorphicAPI, size: Any, kind: Type[NeuroedgeError]) -> None:
    for add in (api.add_sensory_layer, api.add_processing_layer, api.add_motor_layer):
        with refused(kind, "'more'", "size", "got"):
            add("more", size)
    assert "more" not in api.network.populations


@pytest.mark.parametrize(
    ("role", "model", "words"),
    [
        ("sensory", "rates", ["sensory layer model", "did you mean 'rate'?", "adex, izhikevich, lif, rate, temporal"]),
        ("sensory", "alif", ["sensory layer model", "'alif'", "lif"]),
        ("processing", "rate", ["processing layer model", "'rate'", "cubalif"]),
        ("processing", "li", ["processing layer model", "'li'"]),
        ("motor", "temporal", ["motor layer model", "'temporal'", "li, lif"]),
        ("motor", None, ["motor layer model", "None"]),
        ("motor", ["li"], ["motor layer model", "['li']"]),
    ],
)
def test_models_of_each_role(api: NeuromorphicAPI, role: str, model: Any, words: Any) -> None:
    with refused(UnknownNameError, *words):
        getattr(api, f"add_{role}_layer")("more", 3, model)


def test_layer_names_and_parameters(api: NeuromorphicAPI) -> None:
    with refused(ParameterError, "'hidden' exists already", "once"):
        api.add_motor_layer("hidden", 3)
    with refused(UnknownNameError, "lif parameter", "'tau'", "did you mean 'tau_m'?"):
        api.add_processing_layer("more", 3, tau=5.0)
    with refused(ParameterError, "Population 'more'", "tau_m", "one number or 3", "got 2"):
        api.add_processing_layer("more", 3, tau_m=[5.0, 6.0])
    with refused(ParameterError, "LIF", "tau_m", "> 0 ms", "-2"):
        api.add_processing_layer("more", 3, tau_m=-2.0)
    # a layer that was refused is not wired either
    assert "more" not in api._roles and api._roles["hidden"] == "processing"


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (
            {"pre": "inptu", "post": "hidden"},
            UnknownNameError,
            ["layer", "did you mean 'input'?", "hidden, input, output"],
        ),
        ({"pre": "input", "post": None}, UnknownNameError, ["layer", "None"]),
        ({"pre": "input", "post": ["hidden"]}, UnknownNameError, ["layer"]),
        ({"pre": "hidden", "post": "input"}, ParameterError, ["'hidden->input'", "'input' is a source"]),
        ({"pattern": "all"}, UnknownNameError, ["pattern", "'all'", "feedforward"]),
        ({"pattern": "lateral"}, ParameterError, ["lateral", "'input', 'hidden'"]),
        ({"pattern": "one_to_one"}, ParameterError, ["one_to_one", "4 and 5"]),
        ({"connection_probability": 2.0}, ParameterError, ["probability", "(0, 1]", "2.0"]),
        ({"weights": np.ones((5, 4))}, ParameterError, ["weights", "(4, 5)", "(5, 4)"]),
        ({"weights": "random"}, ArgumentTypeError, ["weights", "'random'"]),
        ({"delay": -1.0}, ParameterError, ["delay", ">= 0 ms", "-1"]),
        ({"plasticity": "hebb"}, UnknownNameError, ["unknown plasticity 'hebb'", "rstdp, stdp"]),
        ({"plasticity": 0.5}, ArgumentTypeError, ["plasticity must be", "0.5"]),
        ({"plasticity": "stdp", "weights": [[-1.0] * 5] * 4}, ParameterError, ["0 to", "-1", "plasticity=None"]),
    ],
)
def test_connecting(api: NeuromorphicAPI, arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    before = list(api.network.projections)
    with refused(kind, *words):
        api.connect_layers(**{"pre": "input", "post": "hidden", **arguments})
    assert list(api.network.projections) == before


RUNS = [
    ({"dt": 0.0}, ParameterError, ["dt", "> 0 ms", "0.0"]),
    ({"dt": "0.1"}, ArgumentTypeError, ["dt", "'0.1'"]),
    ({"dt": 0.3}, ParameterError, ["duration", "multiple of dt = 0.3 ms", "10.0"]),
    ({"dt": 20.0}, ParameterError, ["duration", "multiple of dt = 20 ms"]),
    ({"external_inputs": [(0, 1.0)]}, ArgumentTypeError, ["external_inputs", "{layer: events}", "[(0, 1.0)]"]),
    ({"external_inputs": np.zeros(3)}, ArgumentTypeError, ["external_inputs", "dictionary"]),
    ({"external_inputs": {"inptu": []}}, UnknownNameError, ["layer", "did you mean 'input'?"]),
    ({"external_inputs": {"input": [(4, 1.0)]}}, ParameterError, ["inputs['input']", "0 to 3", "4"]),
    ({"external_inputs": {"input": [(0, 10.5)]}}, ParameterError, ["inputs['input']", "0 to 10 ms", "10.5"]),
    ({"external_inputs": {"input": [1.0, 2.0, 3.0]}}, ParameterError, ["inputs['input']", "rates", "4"]),
    ({"external_inputs": {"hidden": [1.0] * 5}}, ArgumentTypeError, ["inputs['hidden']", "'rate'", "pairs"]),
    ({"dt": 1.0, "external_inputs": {"input": [0.0, 0.0, 0.0, 1e6]}}, ParameterError, ["<= 1000 Hz", "1e+06"]),
    ({"record_spikes": 1}, ArgumentTypeError, ["record_spikes", "True or False", "1"]),
    ({"record_potentials": "yes"}, ArgumentTypeError, ["record_potentials", "'yes'"]),
    ({"record_weights": None}, ArgumentTypeError, ["record_weights", "None"]),
    ({"progress": "bar"}, ArgumentTypeError, ["progress", "'bar'"]),
]


@pytest.mark.parametrize(("arguments", "kind", "words"), RUNS)
def test_runs(api: NeuromorphicAPI, arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    with refused(kind, *words):
        api.run_simulation(10.0, **arguments)
    api.run_simulation(5.0, dt=0.5, external_inputs={"input": [(0, 1.0), (1, 4.5)]})
    # also where the step would have been another, the state stays on its grid
    with unchanged(api.simulator), refused(kind, *words):
        api.run_simulation(10.0, **arguments)


@pytest.mark.parametrize(
    ("duration", "kind", "words"),
    [
        *((bad, ArgumentTypeError, ["number"]) for bad in NOT_NUMBERS),
        *((bad, ParameterError, ["> 0 ms"]) for bad in NOT_POSITIVE),
        (1e15, ParameterError, ["2,147,483,647 steps of dt = 0.1 ms", "in parts"]),
        (1e308, ParameterError, ["2,147,483,647 steps"]),
    ],
)
def test_durations(api: NeuromorphicAPI, duration: Any, kind: Type[NeuroedgeError], words: Any) -> None:
    with refused(kind, "run_simulation: duration", *words):
        api.run_simulation(duration)
    # refused before the layers were looked at
    assert api._simulator is None


@pytest.mark.parametrize("precision", ["float8", "int4", "half", None, 16, ["float16"], np.float16])
def test_precisions(api: NeuromorphicAPI, precision: Any) -> None:
    for _ in range(2):
        with refused(UnknownNameError, "precision", "float16, float32"):
            api.set_precision(precision)
        assert api.run_simulation(1.0).performance["precision"] == "float32"


def test_double_precision_is_elsewhere(api: NeuromorphicAPI) -> None:
    with refused(ParameterError, "float64", "Simulator(network, precision='float64')"):
        api.set_precision("float64")


def test_weights_beyond_half_precision(api: NeuromorphicAPI) -> None:
    api.set_weights({"input->hidden": np.full((4, 5), 1e5)})
    api.run_simulation(5.0)
    with unchanged(api.simulator), refused(ParameterError, "'input->hidden'", "float16", "65504", "100000"):
        api.set_precision("float16")
    # and what was not taken is not remembered
    assert api.run_simulation(5.0).performance["precision"] == "float32"
    api.create_network()
    api.add_motor_layer("out", 3)
    with pytest.warns(UserWarning):
        assert api.run_simulation(1.0).performance["precision"] == "float32"


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        (5, ArgumentTypeError),
        ({"input->output": np.ones((4, 2))}, UnknownNameError),
        ({"input->hidden": 1.0}, ParameterError),
    ],
)
def test_set_weights(api: NeuromorphicAPI, weights: Any, kind: Type[NeuroedgeError]) -> None:
    before = api.get_weights()
    with refused(kind):
        api.set_weights(weights)
    assert all((after == before[name]).all() for name, after in api.get_weights().items())


def test_wiring_over_the_limit_is_none_at_all() -> None:
    api = NeuromorphicAPI()
    api.create_network(max_synapses=12)
    api.add_sensory_layer("input", 2, "rate")
    api.add_processing_layer("hidden", 3)
    api.add_motor_layer("output", 4)
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with refused(BudgetError, "synapses", "asked for 12", "6 in use", "12 allowed"):
                api.run_simulation(5.0)
        assert api.network.projections == {}


def test_boards_have_memory_limits() -> None:
    with pytest.warns(UserWarning, match="512 MB"):
        api = NeuromorphicAPI(device="raspberrypi")
    api.create_network()
    api.add_sensory_layer("input", 20_000, "rate")
    api.add_processing_layer("hidden", 20_000)
    api.connect_layers("input", "hidden")
    with refused(BudgetError, "bytes for network", "536,870,912 allowed", "float16") as info:
        api.run_simulation(5.0)
    assert info.value.asked > 1_600_000_000
