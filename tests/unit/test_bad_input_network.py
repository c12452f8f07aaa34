"""What is wrong in the description of a network is refused at the call that brings it, and nothing is added."""

from typing import Any, Dict, Type

import numpy as np
import pytest
from refusing import NOT_NUMBERS, NOT_POSITIVE, NOT_SIZES, refused, small

from neuroedge import ALIF, LIF, AdEx, CubaLIF, Delta, Exponential, Network, Simulator, SpikeSource, compile_network
from neuroedge.errors import ArgumentTypeError, NeuroedgeError, ParameterError, UnknownNameError


def pair(pre: str = "lif", post: str = "lif", **limits: Any) -> Network:
    net = Network(**limits)
    net.add("a", 3, pre)
    net.add("b", 2, post)
    return net


@pytest.mark.parametrize(("size", "kind"), NOT_SIZES)
def test_sizes(size: Any, kind: Type[NeuroedgeError]) -> None:
    net = Network()
    with refused(kind, "Population 'a'", "size", "got"):
        net.add("a", size)
    assert net.populations == {}


@pytest.mark.parametrize("name", [None, "", 5, "a->b", b"a", ["a"], np.zeros(2)])
def test_population_names(name: Any) -> None:
    with refused(ParameterError, "population name", "->", "got"):
        Network().add(name, 3)


def test_a_name_is_used_once() -> None:
    net = pair()
    with refused(ParameterError, "population 'a'", "once"):
        net.add("a", 7)
    assert net.population("a").size == 3


@pytest.mark.parametrize("field", ["seed", "max_neurons", "max_synapses"])
@pytest.mark.parametrize("value", [-1, 2.5, "3", True])
def test_limits_and_seed(field: str, value: Any) -> None:
    kind = ParameterError if value == -1 else ArgumentTypeError
    with refused(kind, "Network", field, repr(value)):
        Network(**{field: value})


@pytest.mark.parametrize(
    ("model", "parameters", "kind", "words"),
    [
        ("izikevich", {}, UnknownNameError, ["neuron model", "'izikevich'", "did you mean 'izhikevich'", "lif"]),
        (["lif"], {}, ArgumentTypeError, ["model", "['lif']"]),
        (None, {}, ArgumentTypeError, ["model", "None"]),
        (LIF, {}, ArgumentTypeError, ["model"]),
        (LIF(), {"tau_m": 3.0}, ArgumentTypeError, ["tau_m", "LIF"]),
        ("lif", {"tau": 3.0}, UnknownNameError, ["lif parameter", "'tau'", "did you mean 'tau_m'", "refractory"]),
        ("lif", {"reset": "zero"}, UnknownNameError, ["LIF reset", "'zero'", "subtract", "value"]),
        ("lif", {"reset": ["value"]}, UnknownNameError, ["LIF reset", "subtract"]),
        ("lif", {"reset": None}, UnknownNameError, ["LIF reset", "None"]),
        ("lif", {"v_reset": -40.0}, ParameterError, ["LIF", "v_reset", "v_threshold", "-40", "-50"]),
        ("lif", {"refractory": -1.0}, ParameterError, ["LIF", "refractory", ">= 0 ms", "-1"]),
        ("lif", {"tau_m": np.ones((3, 1))}, ParameterError, ["tau_m", "one per neuron", "(3, 1)"]),
        ("adex", {"V_T": 30.0}, ParameterError, ["AdEx", "V_T", "v_peak"]),
        ("izhikevich", {"c": 40.0}, ParameterError, ["Izhikevich", "c must", "v_peak"]),
        ("poisson", {"rate": -5.0}, ParameterError, ["PoissonSource", "rate", ">= 0 Hz", "-5"]),
        ("rate", {"max_rate": 0.0}, ParameterError, ["SpikeSource", "max_rate", "> 0 Hz"]),
        ("temporal", {"max_value": -1.0}, ParameterError, ["TemporalSource", "max_value", "> 0"]),
    ],
)
def test_models(model: Any, parameters: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    net = Network()
    with refused(kind, *words):
        net.add("x", 3, model, **parameters)
    assert net.populations == {}


@pytest.mark.parametrize("value", [*NOT_NUMBERS, ["1", "2", "3"], [True, False, True], [[1.0], [1.0, 2.0]]])
@pytest.mark.parametrize("field", ["tau_m", "v_rest", "refractory"])
def test_parameters_are_numbers(field: str, value: Any) -> None:
    # a list of one is one value per neuron of a population of one
    if not isinstance(value, list) or value != [1.0]:
        with refused(ArgumentTypeError, f"LIF: {field}", "numbers"):
            LIF(**{field: value})


@pytest.mark.parametrize("value", [*NOT_POSITIVE[:-1], [1.0, 0.0], [np.nan, 1.0]])
def test_time_constants_are_positive(value: Any) -> None:
    for model, field in ((LIF, "tau_m"), (CubaLIF, "tau_syn"), (ALIF, "tau_a"), (AdEx, "C"), (Exponential, "tau")):
        with refused(
            ParameterError, model.__name__, field, "ms" if field.startswith("tau") and 0 in np.ravel(value) else ""
        ):
            model(**{field: value})


def test_parameters_per_neuron_have_one_length() -> None:
    net = Network()
    with refused(ParameterError, "Population 'x'", "tau_m", "one number or 4", "got 3"):
        net.add("x", 4, "lif", tau_m=[1.0, 2.0, 3.0])
    with refused(ParameterError, "LIF", "of one length", "3 v_reset", "2 v_threshold"):
        net.add("x", 3, "lif", v_reset=[-70.0] * 3, v_threshold=[-50.0] * 2)
    with refused(ParameterError, "Population 'x'", "tau_m", "got 0"):
        net.add("x", 4, "lif", tau_m=[])


@pytest.mark.parametrize(
    ("parameters", "dt", "words"),
    [
        ({"tau_m": 1e-300}, 0.1, ["tau_m=1e-300", "float32"]),
        ({"v_threshold": 1e300}, 0.1, ["v_threshold=1e+300", "float32"]),
        ({"v_init": -1e39}, 0.1, ["v_init=-1e+39", "float32"]),
        ({"refractory": 1e300}, 0.1, ["refractory", "2^30 steps of 0.1 ms", "1e+300"]),
        ({"refractory": 2.0}, 1e-300, ["refractory", "2^30 steps of 1e-300 ms"]),
    ],
)
def test_parameters_that_no_state_can_hold(parameters: Dict[str, float], dt: float, words: Any) -> None:
    net = Network()
    net.add("x", 3, "lif", **parameters)
    with refused(ParameterError, "Population 'x'", *words):
        compile_network(net, dt)


@pytest.mark.parametrize(("pre", "post"), [("c", "b"), ("a", "hiden"), (None, "b"), (["a"], "b"), (np.zeros(2), "b")])
def test_connecting_unknown_populations(pre: Any, post: Any) -> None:
    net = pair()
    net.add("hidden", 3)
    with refused(UnknownNameError, "unknown population", "known: a, b, hidden"):
        net.connect(pre, post)
    if post == "hiden":
        with refused(UnknownNameError, "did you mean 'hidden'?"):
            net.connect(pre, post)
    assert net.projections == {}


@pytest.mark.parametrize("source", ["rate", "temporal", "poisson"])
def test_sources_take_no_synapses(source: str) -> None:
    with refused(ParameterError, "Projection 'a->b'", "'b' is a source"):
        pair("lif", source).connect("a", "b")


def test_nothing_leaves_a_leaky_integrator() -> None:
    with refused(ParameterError, "Projection 'a->b'", "'a' never spikes (li)"):
        pair("li", "lif").connect("a", "b")


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"pattern": "al_to_all"}, UnknownNameError, ["pattern", "'al_to_all'", "one_to_one", "feedforward"]),
        ({"pattern": "one_to_on"}, UnknownNameError, ["did you mean 'one_to_one'"]),
        ({"pattern": ["random"]}, UnknownNameError, ["pattern", "random"]),
        ({"pattern": "lateral"}, ParameterError, ["lateral", "'a'", "'b'"]),
        ({"pattern": "one_to_one"}, ParameterError, ["one_to_one", "3 and 2"]),
        ({"probability": 0.0}, ParameterError, ["probability", "(0, 1]", "0.0"]),
        ({"probability": 1.5}, ParameterError, ["probability", "1.5"]),
        ({"probability": -0.1}, ParameterError, ["probability", "-0.1"]),
        ({"probability": float("nan")}, ParameterError, ["probability", "nan"]),
        ({"probability": "0.5"}, ArgumentTypeError, ["probability", "'0.5'"]),
        ({"probability": True}, ArgumentTypeError, ["probability", "True"]),
        ({"weights": "strong"}, ArgumentTypeError, ["weights", "'strong'"]),
        ({"weights": True}, ArgumentTypeError, ["weights", "True"]),
        ({"weights": float("nan")}, ParameterError, ["weights", "finite mV", "nan"]),
        ({"weights": 1e39}, ParameterError, ["weights", "within", "1e+39"]),
        ({"weights": np.ones((2, 3))}, ParameterError, ["weights", "shape (3, 2)", "(2, 3)"]),
        ({"weights": np.ones(6)}, ParameterError, ["weights", "shape (3, 2)", "(6,)"]),
        ({"weights": [[1.0, np.nan], [1, 1], [1, 1]]}, ParameterError, ["weights", "entry [0, 1] is nan"]),
        ({"weights": np.full((3, 2), np.inf, np.float32)}, ParameterError, ["weights", "entry [0, 0] is inf"]),
        ({"weights": np.full((3, 2), 1e39)}, ParameterError, ["weights", "within", "1e+39"]),
        ({"weights": np.ones((3, 2), complex)}, ArgumentTypeError, ["weights", "complex"]),
        ({"weights": [["1", "2"]] * 3}, ArgumentTypeError, ["weights", "numbers"]),
        ({"weights": np.ones((3, 2), bool)}, ArgumentTypeError, ["weights", "bool"]),
        ({"weights": np.ones((3, 2), object)}, ArgumentTypeError, ["weights", "object"]),
        ({"weights": [[1, 2], [3]]}, ArgumentTypeError, ["weights", "[[1, 2], [3]]"]),
        ({"weights": object()}, ArgumentTypeError, ["weights", "object"]),
        ({"weights": {}}, ArgumentTypeError, ["weights", "{}"]),
        ({"synapses": 5}, ArgumentTypeError, ["synapses", "three arrays", "5"]),
        ({"synapses": ([0], [1])}, ArgumentTypeError, ["synapses", "three arrays"]),
        ({"synapses": ([0, 1], [1], [1.0])}, ParameterError, ["synapses", "one length", "2 pre, 1 post"]),
        ({"synapses": ([3], [1], [1.0])}, ParameterError, ["pre", "0 to 2", "got 3"]),
        ({"synapses": ([0], [-1], [1.0])}, ParameterError, ["post", "0 to 1", "-1"]),
        ({"synapses": ([0.5], [1], [1.0])}, ArgumentTypeError, ["pre", "integers", "float64"]),
        ({"synapses": ([0], [1], [np.nan])}, ParameterError, ["weights", "nan"]),
        ({"synapses": ([0], [1], [1.0]), "weights": 1.0}, ParameterError, ["weights or synapses", "not both"]),
        ({"delay": -1.0}, ParameterError, ["delay", ">= 0 ms", "-1"]),
        ({"delay": float("nan")}, ParameterError, ["delay", "nan"]),
        ({"delay": "2"}, ArgumentTypeError, ["delay", "'2'"]),
        ({"delay": True}, ArgumentTypeError, ["delay", "True"]),
        ({"delay": np.ones((3, 2))}, ArgumentTypeError, ["delay", "number", "one per synapse goes with a matrix"]),
        ({"weights": np.ones((3, 2)), "delay": np.ones((2, 3))}, ParameterError, ["delay", "(3, 2)", "(2, 3)"]),
        ({"weights": np.ones((3, 2)), "delay": -np.ones((3, 2))}, ParameterError, ["delay", ">= 0 ms", "-1"]),
        ({"weights": np.ones((3, 2)), "delay": np.full((3, 2), np.nan)}, ParameterError, ["delay", "nan"]),
        ({"synapse": "delta"}, ArgumentTypeError, ["synapse", "Delta()", "'delta'"]),
        ({"synapse": Delta}, ArgumentTypeError, ["synapse", "Delta()"]),
        ({"synapse": Exponential([1.0, 2.0, 3.0])}, ParameterError, ["tau", "one number or 2", "3"]),
    ],
)
def test_connecting(arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    net = pair()
    # a name that is not known is told by itself
    owner = [] if kind is UnknownNameError else ["Projection 'a->b'"]
    with refused(kind, *owner, *words):
        net.connect("a", "b", **arguments)
    assert net.projections == {} and net.synapses == 0


class Sparse:
    """As much of a scipy matrix as is looked at."""

    def __init__(self, row: Any, col: Any, data: Any, shape: Any = (3, 2)) -> None:
        self.row, self.col, self.data, self.shape = row, col, data, shape

    def tocoo(self) -> "Sparse":
        return self


@pytest.mark.parametrize(
    ("matrix", "kind", "words"),
    [
        (Sparse([0], [1], [1.0], (2, 3)), ParameterError, ["shape (3, 2)", "(2, 3)"]),
        (Sparse([0], [1], [np.nan]), ParameterError, ["weights", "nan"]),
        (Sparse([0], [1], [1j]), ArgumentTypeError, ["weights", "complex"]),
        (Sparse([5], [1], [1.0]), ParameterError, ["pre", "0 to 2", "5"]),
        (Sparse([0], [1], [1.0], None), ArgumentTypeError, ["weights", "matrix [pre, post]"]),
    ],
)
def test_sparse_weights(matrix: Sparse, kind: Type[NeuroedgeError], words: Any) -> None:
    with refused(kind, "Projection 'a->b'", *words):
        pair().connect("a", "b", weights=matrix)


def test_sparse_weights_that_fit_are_taken() -> None:
    net = pair()
    net.connect("a", "b", weights=Sparse([0, 2], [1, 0], [1.5, -2.0]))
    assert net.get_weights()["a->b"].tolist() == [[0, 1.5], [0, 0], [-2.0, 0]]


def test_delays_too_long_for_the_step() -> None:
    for delay, text in ((200_000.0, "200000"), (1e300, "1e+300"), (1.7e308, "1.7e+308")):
        net = pair()
        net.connect("a", "b", delay=delay)
        with refused(ParameterError, "Projection 'a->b'", "delay", "1,000,000 steps of 0.1 ms", text):
            compile_network(net, 0.1)


def test_weights_beyond_half_precision() -> None:
    net = pair()
    net.connect("a", "b", weights=70000.0)
    with refused(ParameterError, "Projection 'a->b'", "float16", "65504", "70000"):
        compile_network(net, precision="float16")
    assert compile_network(net).precision == "float32"


def test_five_time_constants_on_one_population() -> None:
    net = pair()
    for tau in (1.0, 2.0, 3.0, 4.0, 5.0):
        net.connect("a", "b", synapse=Exponential(tau))
    with refused(ParameterError, "Population 'b'", "4 different tau", "5.0"):
        compile_network(net)


@pytest.mark.parametrize(
    ("dt", "kind"),
    [*((bad, ArgumentTypeError) for bad in NOT_NUMBERS), *((bad, ParameterError) for bad in NOT_POSITIVE)],
)
def test_dt(dt: Any, kind: Type[NeuroedgeError]) -> None:
    with refused(kind, "compile: dt", "got"):
        compile_network(small(), dt)


def test_dt_too_long_for_cells() -> None:
    with refused(ParameterError, "Population 'cells'", "dt must be at most 1000 ms", "adex", "1e+09"):
        compile_network(small(), 1e9)


def test_empty_networks_do_not_run() -> None:
    with refused(ParameterError, "Network 'network'", "nothing to run", "add a population"):
        Simulator(Network())


@pytest.mark.parametrize(
    ("weights", "kind", "words"),
    [
        (None, ArgumentTypeError, []),
        (5, ArgumentTypeError, ["set_weights", "weights", "dictionary", "5"]),
        ({"hidden->nothing": np.ones((2, 2))}, UnknownNameError, ["projection", "'hidden->nothing'", "rates->hidden"]),
        ({"rates->hiden": 1.0}, UnknownNameError, ["did you mean 'rates->hidden'?"]),
        ({"rates->hidden": np.ones((5, 4))}, ParameterError, ["'rates->hidden'", "(4, 5)", "(5, 4)"]),
        ({"rates->hidden": np.full((4, 5), np.nan)}, ParameterError, ["'rates->hidden'", "nan"]),
        ({"rates->hidden": "all"}, ArgumentTypeError, ["'rates->hidden'", "weights"]),
    ],
)
def test_set_weights_is_all_or_nothing(weights: Any, kind: Type[NeuroedgeError], words: Any) -> None:
    net = small()
    before, version = net.get_weights(), net.version
    good = {"hidden->cells": np.full((5, 2), 3.0)}
    if weights is None:
        return net.set_weights(None)  # nothing to replace
    with refused(kind, *words):
        net.set_weights({**good, **weights} if isinstance(weights, dict) else weights)
    after = net.get_weights()
    assert all(np.array_equal(before[name], after[name]) for name in before) and net.version == version


def test_set_weights_cannot_guess_delays() -> None:
    net = pair()
    net.connect("a", "b", synapses=([0, 1], [0, 1], [1.0, 1.0]), delay=[1.0, 2.0])
    with refused(ParameterError, "'a->b'", "no synapse at [0, 1]", "connect anew"):
        net.set_weights({"a->b": np.ones((3, 2))})


def test_the_network_keeps_copies() -> None:
    net = pair()
    for dtype in (np.float32, np.float64):
        weights, delay = np.ones((3, 2), dtype), np.ones((3, 2))
        name = net.connect("a", "b", weights=weights, delay=delay).name
        weights[:], delay[:] = 99.0, 99.0
        assert net.get_weights()[name].tolist() == np.ones((3, 2)).tolist()
        assert float(np.max(net.projections[name].delay)) == 1.0
    tau = np.array([5.0, 6.0, 7.0])
    model, synapse = LIF(tau_m=tau), Exponential(tau)
    tau[:] = -1.0
    assert model.tau_m.tolist() == [5.0, 6.0, 7.0] == synapse.tau.tolist()


def test_models_and_sources_check_alike() -> None:
    with refused(ParameterError, "SpikeSource", "max_rate", "nan"):
        SpikeSource(max_rate=float("nan"))
    with refused(ArgumentTypeError, "get_weights", "sparse", "1"):
        pair().get_weights(sparse=1)
