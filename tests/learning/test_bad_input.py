"""Whatever is wrong with a network, its samples or its labels: the message says field, rule and value, before work."""

from typing import Any, Callable, Dict, Iterator, List, Tuple, Type

import numpy as np
import pytest
from refusing import refused

from neuroedge import Alpha, Exponential, Network
from neuroedge.applications.classify import classifier
from neuroedge.errors import ArgumentTypeError, BudgetError, NeuroedgeError, ParameterError, UnsupportedError
from neuroedge.learning import answers, evaluate, predict, train

INPUTS = np.linspace(0.0, 1.0, 24).reshape(4, 6)
LABELS = np.array([0, 1, 2, 1])
Case = Tuple[Type[NeuroedgeError], Tuple[str, ...], Dict[str, Any]]


def net() -> Network:
    return classifier((6, 9, 3), seed=4)


@pytest.fixture
def network() -> Iterator[Network]:
    """A network that must come out as it went in."""
    given = net()
    version = given.version
    yield given
    assert given.version == version and given.seen is None
    wanted = net().get_weights()
    assert all(np.array_equal(w, wanted[name]) for name, w in given.get_weights().items())


BAD: List[Case] = [
    (ParameterError, ("labels must be 0 to 2", "got 3"), {"labels": [0, 1, 3, 1]}),
    (ParameterError, ("labels must be 0 to 2", "got -1"), {"labels": [0, 1, -1, 1]}),
    (ArgumentTypeError, ("labels", "integers", "float64"), {"labels": [0.0, 1.0, 2.0, 1.0]}),
    (ArgumentTypeError, ("labels", "integers"), {"labels": ["a", "b", "c", "d"]}),
    (ArgumentTypeError, ("labels", "integers", "bool"), {"labels": [True, False, True, True]}),
    (ArgumentTypeError, ("labels", "integers", "2-d"), {"labels": [[0, 1, 2, 1]]}),
    (ParameterError, ("labels must be 4", "got 3"), {"labels": [0, 1, 2]}),
    (ParameterError, ("labels must be 4", "got 0"), {"labels": []}),
    (ParameterError, ("at least 2 classes", "all are 1"), {"labels": [1, 1, 1, 1]}),
    (ParameterError, ("at least one sample",), {"inputs": np.zeros((0, 6)), "labels": []}),
    (ParameterError, ("inputs", "[samples, 6]", "[4, 5]"), {"inputs": INPUTS[:, :5]}),
    (ParameterError, ("inputs", "[samples, 6]", "[6]"), {"inputs": INPUTS[0]}),
    (ParameterError, ("inputs", "finite", "[1, 2]", "nan"), {"inputs": np.where(INPUTS == INPUTS[1, 2], np.nan, 0.5)}),
    (ParameterError, ("inputs must be 0 to 1", "got 1.04348", "divide"), {"inputs": INPUTS * 2.0}),
    (ParameterError, ("inputs must be 0 to 1", "-1"), {"inputs": INPUTS - 1.0}),
    (ArgumentTypeError, ("inputs", "numbers"), {"inputs": "digits"}),
    (ArgumentTypeError, ("inputs", "numbers"), {"inputs": None}),
    (ParameterError, ("epochs", "1 to", "got 0"), {"epochs": 0}),
    (ArgumentTypeError, ("epochs", "whole", "2.5"), {"epochs": 2.5}),
    (ParameterError, ("batch", "1 to", "got 0"), {"batch": 0}),
    (ParameterError, ("rate", "> 0", "0.0"), {"rate": 0.0}),
    (ParameterError, ("rate", "> 0", "nan"), {"rate": float("nan")}),
    (ParameterError, ("duration", "> 0"), {"duration": 0.0}),
    (ParameterError, ("duration", "multiple of dt", "1.5"), {"duration": 1.5}),
    (ParameterError, ("dt", "> 0"), {"dt": -1.0}),
    (ParameterError, ("seed", ">= 0"), {"seed": -1}),
    (ParameterError, ("threads", "1 to", "got 0"), {"threads": 0}),
    (ArgumentTypeError, ("progress", "True or False"), {"progress": "yes"}),
    (ArgumentTypeError, ("validation", "pair"), {"validation": INPUTS}),
    (ParameterError, ("validation", "labels must be 0 to 2"), {"validation": (INPUTS, [0, 1, 2, 3])}),
    (ParameterError, ("memory_limit", "1 to"), {"memory_limit": 0}),
    (BudgetError, ("bytes", "asked for", "10 allowed"), {"memory_limit": 10}),
]


@pytest.mark.parametrize("k", range(len(BAD)))
def test_bad_arguments_are_refused(k: int, network: Network) -> None:
    kind, words, arguments = BAD[k]
    given = {"inputs": INPUTS, "labels": LABELS, "epochs": 1, "progress": False, **arguments}
    with refused(kind, "train", *words):
        train(network, given.pop("inputs"), given.pop("labels"), **given)


def test_answers_are_asked_for_rightly_too(network: Network) -> None:
    with refused(ParameterError, "predict", "[samples, 6]"):
        predict(network, INPUTS[:, :5])
    with refused(ParameterError, "predict", "0 to 1"):
        answers(network, INPUTS + 1.0)
    with refused(ParameterError, "evaluate", "labels must be 0 to 2"):
        evaluate(network, INPUTS, [0, 1, 2, 9])
    with refused(ArgumentTypeError, "Network", "str"):
        predict("network", INPUTS)
    for precision in ("int9", "float64", 8):
        with pytest.raises(NeuroedgeError, match="precision"):
            predict(network, INPUTS, precision=precision)


def layers(hidden: Any = "lif", output: Any = "li", **how: Any) -> Network:
    """One hidden layer of that model, and projections as asked for."""
    made = Network(seed=1)
    made.add("in", 6, "rate")
    made.add("hidden", 5, hidden) if isinstance(hidden, str) else made.add("hidden", 5, **hidden)
    made.add("out", 3, output)
    made.connect("in", "hidden", weights=np.full((6, 5), 4.0), **how)
    made.connect("hidden", "out", weights=2.0)
    return made


def no_output() -> Network:
    made = layers(output="lif")
    made.connect("out", "hidden", weights=1.0)
    return made


def two_outputs() -> Network:
    made = layers()
    made.add("other", 2, "li")
    made.connect("hidden", "other", weights=1.0)
    return made


def unreached() -> Network:
    made = Network()
    made.add("in", 6, "rate")
    made.add("noise", 4, "poisson")
    made.add("out", 3, "li")
    made.connect("noise", "out", weights=1.0)
    return made


def bare() -> Network:
    made = layers()
    made.connect("in", "out", synapses=([], [], []))
    return made


NETWORKS: List[Tuple[Callable[[], Network], Type[NeuroedgeError], Tuple[str, ...]]] = [
    (no_output, ParameterError, ("one population must be the output", "none")),
    (two_outputs, ParameterError, ("one population must be the output", "out, other")),
    (unreached, ParameterError, ("no input reaches 'out'", "connect")),
    (lambda: Network(), ParameterError, ("output", "none")),
    (lambda: layers("adex"), UnsupportedError, ("'hidden'", "adex", "use lif, cubalif or alif")),
    (lambda: layers("izhikevich"), UnsupportedError, ("'hidden'", "izhikevich")),
    (lambda: layers(output="adex"), UnsupportedError, ("'out'", "adex", "use 'lif' or 'li'")),
    (lambda: layers(synapse=Alpha(3.0)), UnsupportedError, ("'in->hidden'", "alpha")),
    (lambda: layers(synapse=Exponential(np.linspace(2.0, 4.0, 5))), UnsupportedError, ("'in->hidden'", "one tau")),
    (lambda: layers({"model": "lif", "tau_m": np.linspace(5.0, 9.0, 5)}), UnsupportedError, ("'hidden'", "one tau_m")),
    (lambda: layers({"model": "cubalif", "tau_syn": np.linspace(5.0, 9.0, 5)}), UnsupportedError, ("one tau",)),
    (lambda: layers({"model": "lif", "v_rest": -45.0}), UnsupportedError, ("'hidden'", "thresholds above rest")),
    (lambda: layers(delay=np.arange(30.0).reshape(6, 5)), UnsupportedError, ("'in->hidden'", "one delay")),
    (bare, ParameterError, ("'in->out'", "no synapses", "connect")),
]


@pytest.mark.parametrize("k", range(len(NETWORKS)))
def test_networks_that_cannot_learn_say_why(k: int) -> None:
    make, kind, words = NETWORKS[k]
    given = make()
    before, version = given.get_weights(), given.version
    with refused(kind, *words):
        train(given, np.full((4, 6), 0.5), LABELS, epochs=1, progress=False)
    assert given.version == version and given.seen is None
    assert all(np.array_equal(w, before[name]) for name, w in given.get_weights().items())


def test_no_network_is_no_network() -> None:
    for bad in (None, "net", np.zeros(3), object()):
        with refused(ArgumentTypeError, "network must be a Network"):
            train(bad, INPUTS, LABELS)
