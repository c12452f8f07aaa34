"""The digits that come with the package, and classifiers of values."""

from typing import Any, Tuple

import numpy as np
import pytest
from refusing import refused

from neuroedge.applications.classify import HIDDEN_TAU, READOUT_TAU, classifier, digits_classifier, load_digits
from neuroedge.errors import ArgumentTypeError, ParameterError
from neuroedge.learning import evaluate, layout_of, predict


def test_the_digits_are_split_as_they_come() -> None:
    digits = load_digits()
    assert digits.inputs.shape == (1257, 64) and digits.test_inputs.shape == (540, 64)
    assert digits.labels.shape == (1257,) and digits.test_labels.shape == (540,)
    for inputs in (digits.inputs, digits.test_inputs):
        assert inputs.dtype == np.float32 and inputs.min() == 0.0 and inputs.max() == 1.0
        # sixteenths
        assert np.array_equal(inputs * 16, np.rint(inputs * 16))
    for labels in (digits.labels, digits.test_labels):
        assert labels.dtype == np.int64 and np.bincount(labels).min() > 40 and len(np.bincount(labels)) == 10
    # the first of the data set are 0, 1, 2, …
    assert digits.labels[:10].tolist() == list(range(10))
    assert np.bincount(np.concatenate((digits.labels, digits.test_labels))).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]  # fmt: skip
    # nobody gets the same arrays twice
    digits.inputs[:] = 0.0
    assert load_digits().inputs.max() == 1.0


@pytest.mark.parametrize("sizes,names", [
    ((64, 128, 10), ["input", "hidden", "output"]),
    ([12, 8, 6, 3], ["input", "hidden1", "hidden2", "output"]),
    (np.array([5, 4, 2]), ["input", "hidden", "output"]),
])  # fmt: skip
def test_layers_are_as_asked_for(sizes: Any, names: Any) -> None:
    net = classifier(sizes)
    assert list(net.populations) == names
    assert [p.size for p in net.populations.values()] == list(sizes)
    assert list(net.projections) == [f"{a}->{b}" for a, b in zip(names, names[1:])]
    assert net.synapses == sum(a * b for a, b in zip(sizes, sizes[1:]))
    layout = layout_of(net, 1.0)
    assert layout.inputs == ["input"] and layout.output == "output" and layout.travel == len(sizes) - 1
    hidden, output = net.populations[names[1]].model, net.populations["output"].model
    assert (hidden.tau_m, output.tau_m) == (HIDDEN_TAU, READOUT_TAU)
    assert np.exp(-1.0 / HIDDEN_TAU) == pytest.approx(1 - 2**-3, abs=1e-6)
    assert np.exp(-1.0 / READOUT_TAU) == pytest.approx(1 - 2**-4, abs=1e-6)


def test_the_seed_is_all_that_is_random() -> None:
    one, other = classifier(seed=3).get_weights(), classifier(seed=4).get_weights()
    assert all(np.array_equal(w, one[name]) for name, w in classifier(seed=3).get_weights().items())
    assert all(not np.array_equal(w, one[name]) for name, w in other.items())
    # hidden neurons fire about as much as their inputs
    inputs = load_digits().inputs[:50]
    assert len(np.unique(predict(classifier(), inputs))) > 1


@pytest.mark.long
def test_the_reference_classifier_learns_and_is_reproducible() -> None:
    digits = load_digits()
    one, other = (digits_classifier(seed=1, epochs=3, progress=False) for _ in range(2))
    assert all(np.array_equal(w, one.get_weights()[name]) for name, w in other.get_weights().items())
    assert one.name == "digits" and one.seen is not None and one.seen.shape == (1024, 64)
    assert evaluate(one, digits.test_inputs, digits.test_labels) > 0.8


BAD: Tuple[Tuple[Any, Any, str], ...] = (
    ((64, 10), ParameterError, "(64, 10)"),
    ((), ParameterError, "()"),
    ("64-128-10", ArgumentTypeError, "'64-128-10'"),
    (64, ArgumentTypeError, "got 64"),
    ((64, 0, 10), ParameterError, "got 0"),
    ((64, -1, 10), ParameterError, "got -1"),
    ((64, 12.5, 10), ArgumentTypeError, "12.5"),
    ((64, "many", 10), ArgumentTypeError, "'many'"),
)


@pytest.mark.parametrize("sizes,kind,word", BAD)
def test_bad_sizes(sizes: Any, kind: Any, word: str) -> None:
    with refused(kind, "classifier: sizes must be", word):
        classifier(sizes)


def test_bad_seeds_and_epochs() -> None:
    with refused(ArgumentTypeError, "classifier", "seed", "'a'"):
        classifier(seed="a")  # type: ignore[arg-type]
    with refused(ParameterError, "epochs", "got 0"):
        digits_classifier(epochs=0)
