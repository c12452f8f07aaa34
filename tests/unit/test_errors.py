"""The exceptions: one tree, drawn in its docstring; each is also a built-in one, and travels between processes."""

import copy
import pickle
from typing import Any, Type

import pytest

import neuroedge
from neuroedge import errors

TREE = {
    "ParameterError": ValueError,
    "UnknownNameError": KeyError,
    "NotRecordedError": AttributeError,
    "ArgumentTypeError": TypeError,
    "BudgetError": MemoryError,
    "FormatError": ValueError,
    "StorageError": OSError,
    "NotReadyError": RuntimeError,
    "UnsupportedError": RuntimeError,
    "MissingExtraError": ImportError,
    "NativeError": OSError,
}

EXAMPLES = [
    errors.ParameterError("Population 'a': tau_m must be > 0 ms (got -2.0)"),
    errors.UnknownNameError("layer", "hiden", ["hidden", "out"]),
    errors.NotRecordedError("weights were not recorded"),
    errors.ArgumentTypeError("run: duration must be a number (got 'x')"),
    errors.BudgetError("synapses", 1000, 200, 1100, "raise max_synapses"),
    errors.MissingExtraError("scipy", "sparse"),
    errors.FormatError("model.ne: header: ends too early"),
    errors.StorageError("model.ne: cannot be written: no space left on device"),
    errors.NativeError("the native core does not load"),
]


@pytest.mark.parametrize(("name", "built_in"), TREE.items())
def test_tree(name: str, built_in: Type[Exception]) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.NeuroedgeError) and issubclass(kind, built_in)
    assert name in (errors.__doc__ or "") and built_in.__name__ in (errors.__doc__ or "")
    assert kind.__doc__


def test_the_tree_is_whole() -> None:
    kinds = {k for k, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.NeuroedgeError)}
    assert kinds == {*TREE, "NeuroedgeError"}
    assert neuroedge.NeuroedgeError is errors.NeuroedgeError


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
def test_errors_travel(error: Exception) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error) and str(other) == str(error) and other.__dict__ == error.__dict__


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
def test_a_message_is_text_without_quotes(error: Exception) -> None:
    assert str(error) == error.args[0] and not str(error).startswith(("'", '"'))


def test_unknown_names() -> None:
    with_hint = str(errors.UnknownNameError("layer", "hiden", ["out", "hidden"]))
    assert with_hint == "unknown layer 'hiden'; did you mean 'hidden'? (known: hidden, out)"
    assert str(errors.UnknownNameError("layer", "xyz", ["hidden"])) == "unknown layer 'xyz' (known: hidden)"
    assert str(errors.UnknownNameError("layer", 5, [])) == "unknown layer 5 (known: none yet)"


def test_budgets() -> None:
    error = errors.BudgetError("neurons", 1234567, 5, 1000, "raise max_neurons")
    assert (error.asked, error.used, error.allowed) == (1234567, 5, 1000)
    assert str(error) == "neurons: asked for 1,234,567, 5 in use, 1,000 allowed; raise max_neurons"
    assert str(errors.BudgetError("bytes", 2, 0, 1)) == "bytes: asked for 2, 0 in use, 1 allowed"


class Shy:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"), [(1.5, "1.5"), ("a", "'a'"), (Shy(), "a Shy"), ([0] * 1000, "[0, 0, 0"), ("x" * 500, "'xxx")]
)
def test_values_are_shown_short(value: Any, text: str) -> None:
    assert errors.shown(value).startswith(text) and len(errors.shown(value)) <= 80


def test_missing_extras_say_how_to_install() -> None:
    assert "pip install neuroedge[sparse]" in str(errors.MissingExtraError("scipy", "sparse"))


def test_sparse_weights_need_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    net = neuroedge.Network()
    net.add("a", 3)
    net.connect("a", "a", "lateral")
    with pytest.raises(errors.MissingExtraError, match=r"pip install neuroedge\[sparse\]"):
        net.get_weights(sparse=True)
