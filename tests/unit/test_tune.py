"""Fine-tuning: from labels, from the network that it came from, or both; what was pruned stays pruned."""

import hashlib
import warnings
from functools import lru_cache
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from refusing import refused

from neuroedge import Network, NeuromorphicAPI
from neuroedge.applications.classify import Digits, classifier, load_digits
from neuroedge.errors import ArgumentTypeError, BudgetError, NotReadyError, ParameterError
from neuroedge.learning import answers, evaluate, fine_tune, train
from neuroedge.learning.tune import ancestor
from neuroedge.optimize import NetworkPruner, Quantizer

RNG = np.random.default_rng(5)
X, Y = RNG.random((40, 12)).astype(np.float32), np.arange(40) % 5


def digest(network: Network) -> str:
    """All that a network holds, as one hash."""
    seen = b"" if network.seen is None else network.seen.tobytes()
    held = hashlib.sha256(repr((network.version, network.precision, id(network.parent))).encode() + seen)
    for name, q in network.projections.items():
        c = q.connectivity
        for part in (c.indptr, c.targets(), c.weight):
            held.update(name.encode() + part.tobytes())
    return held.hexdigest()


def wired(network: Network) -> Dict[str, np.ndarray]:
    return {name: w != 0 for name, w in network.get_weights().items()}


def off(one: Network, other: Network, inputs: np.ndarray) -> float:
    """How far scores are apart, relative to their spread."""
    a, b = (answers(network.copy(), inputs).score for network in (one, other))
    return float(np.sqrt(np.mean((a - b) ** 2)) / a.std())


@lru_cache(maxsize=None)
def taught() -> Tuple[Network, Digits]:
    digits, net = load_digits(), classifier()
    train(net, digits.inputs, digits.labels, 8, rate=1e-2, progress=False)
    return net, digits


def pruned(share: float = 0.9) -> Tuple[Network, Network, Digits]:
    net, digits = taught()
    return net, NetworkPruner(sparsity_target=share, criterion="magnitude").prune(net), digits


def child(of: Network) -> Network:
    small = of.copy()
    small.parent, small.seen = of, None
    return small


@pytest.mark.long
def test_with_data_it_gets_better_and_stays_pruned() -> None:
    net, small, digits = pruned(0.9)
    before, mask, parent = evaluate(small, digits.test_inputs, digits.test_labels), wired(small), digest(net)
    history = fine_tune(small, 4, data=(digits.inputs, digits.labels), progress=False)
    after = evaluate(small, digits.test_inputs, digits.test_labels)
    assert after > before + 0.05 and after > 0.85
    assert not any((m & ~mask[name]).any() for name, m in wired(small).items())
    assert small.synapses == sum(int(m.sum()) for m in mask.values())
    assert 0.9 < history.epochs[history.best].accuracy <= 1.0
    assert digest(net) == parent, "its parent stays as it was"


@pytest.mark.long
def test_without_data_it_learns_what_its_parent_answers() -> None:
    net, small, digits = pruned(0.9)
    before, mask = off(net, small, digits.test_inputs), wired(small)
    assert small.seen is not None
    history = fine_tune(small, 4, rate=5e-3, progress=False)
    assert off(net, small, digits.test_inputs) < 0.7 * before
    assert all(np.isnan(epoch.accuracy) for epoch in history.epochs) and "right" not in repr(history)
    assert not any((m & ~mask[name]).any() for name, m in wired(small).items())


def watched(monkeypatch: pytest.MonkeyPatch) -> List[np.ndarray]:
    """What networks are taught by."""
    found: List[np.ndarray] = []
    import neuroedge.learning.tune as tune

    give = tune.give_lessons

    def watching(owner: str, network: Network, task: Any, lessons: Any) -> Any:
        found.append(task.inputs)
        return give(owner, network, task, lessons)

    monkeypatch.setattr(tune, "give_lessons", watching)
    return found


def test_samples_are_its_own_or_its_parents_or_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found, net = watched(monkeypatch), classifier((12, 20, 5), seed=1)
    small = child(net)
    with pytest.warns(UserWarning, match="512 that are made up.*data=\\(inputs, labels\\)"):
        fine_tune(small, 1, progress=False)
    assert found[-1].shape == (512, 12) and 0.0 <= found[-1].min() <= found[-1].max() <= 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small, net.seen = child(net), X[:7]
        fine_tune(small, 1, progress=False)
        assert np.array_equal(found[-1], X[:7])
        small, net.seen = child(net), X[:7]
        small.seen = X[7:20]
        fine_tune(small, 1, progress=False)
        assert np.array_equal(found[-1], X[7:20])
        # what was seen before the network took other values is passed over
        small.seen = X[:, :5]
        fine_tune(small, 1, progress=False)
        assert np.array_equal(found[-1], X[:7])


def test_made_up_samples_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = watched(monkeypatch)
    for _ in range(2):
        with pytest.warns(UserWarning):
            fine_tune(child(classifier((12, 20, 5), seed=1)), 1, progress=False)
    assert np.array_equal(found[0], found[1])


def test_a_network_is_not_tuned_by_what_it_is_tested_on() -> None:
    net = classifier((12, 20, 5))
    train(net, X[:30], Y[:30], 1, progress=False)
    evaluate(net, X[30:], Y[30:])
    assert net.seen is not None and np.array_equal(net.seen, X[:30])
    fresh = classifier((12, 20, 5))
    evaluate(fresh, X[30:], Y[30:])
    assert fresh.seen is not None and np.array_equal(fresh.seen, X[30:])


def test_the_first_of_its_line_is_asked() -> None:
    net = classifier((12, 20, 5))
    first = NetworkPruner(sparsity_target=0.3, calibration=X).prune(net)
    second = Quantizer().quantize_neurons(first)
    assert ancestor(second) is net and ancestor(net) is None
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        import neuroedge.learning.tune as tune

        work = tune.work
        patch.setattr(tune, "work", lambda network, task, *a: asked.append(network) or work(network, task, *a))
        second.seen = X
        fine_tune(second, 1, progress=False)
    assert asked == [net]


def test_a_network_that_came_from_none_needs_data() -> None:
    net = classifier((12, 20, 5))
    before = digest(net)
    with refused(NotReadyError, "fine_tune", "data=(inputs, labels)"):
        fine_tune(net, 2)
    assert digest(net) == before
    history = fine_tune(net, 2, (X, Y), progress=False)
    assert len(history) == 2 and not np.isnan(history.epochs[0].accuracy)


@pytest.mark.parametrize("sizes", [(13, 20, 5), (12, 20, 4)])
@pytest.mark.parametrize("data", [None, (X, Y)])
@pytest.mark.filterwarnings("error")
def test_parents_must_answer_the_same_question(sizes: Tuple[int, ...], data: Any) -> None:
    net = classifier((12, 20, 5))
    net.parent = classifier(sizes)
    net.parent.seen = np.zeros((3, sizes[0]), np.float32)
    before = digest(net)
    words = (f"{sizes[0]} values", f"{sizes[2]} classes", "network.parent = None")
    with refused(ParameterError, "fine_tune", *words):
        fine_tune(net, 1, data)
    assert digest(net) == before


def test_parents_are_networks_and_no_circle() -> None:
    net, other = classifier((12, 20, 5)), classifier((12, 20, 5))
    for parent in ("network", net, other):
        net.parent, other.parent = parent, net  # type: ignore[assignment]
        with refused(ParameterError, "parent must be the Network that this one came from"):
            fine_tune(net, 1, (X, Y))


# ---- few bits


def on_grid(network: Network, bits: int) -> bool:
    """Whether the weights of each target, projection by projection, are whole multiples of its largest / most."""
    most = 2 ** (bits - 1) - 1
    for w in network.get_weights().values():
        scale = np.abs(w).max(axis=0) / most
        codes = w / np.where(scale > 0, scale, 1.0)
        if np.abs(codes - np.rint(codes)).max() > 1e-3:
            return False
    return True


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_weights_lie_on_the_grid_of_their_bits(bits: int) -> None:
    net = classifier((12, 20, 5))
    assert not on_grid(net, bits)
    fine_tune(net, 2, (X, Y), bits=bits, progress=False)
    assert on_grid(net, bits)


def test_networks_for_int8_are_tuned_in_eight_bits() -> None:
    small = Quantizer().quantize_neurons(classifier((12, 20, 5)))
    fine_tune(small, 2, (X, Y), progress=False)
    assert small.precision == "int8" and on_grid(small, 8)
    plain = classifier((12, 20, 5))
    fine_tune(plain, 2, (X, Y), progress=False)
    assert not on_grid(plain, 8)


@pytest.mark.long
def test_training_with_few_bits_is_better_than_rounding_afterwards() -> None:
    net, digits = taught()
    rounded = Quantizer().quantize_neurons(net, weight_bits=2)
    before = evaluate(rounded, digits.test_inputs, digits.test_labels)
    fine_tune(rounded, 4, (digits.inputs, digits.labels), bits=2, rate=5e-3, progress=False)
    after = evaluate(rounded, digits.test_inputs, digits.test_labels)
    assert after > before + 0.02 and after > 0.85 and on_grid(rounded, 2)


# ---- what is refused

BAD: List[Tuple[Any, Tuple[str, ...], Dict[str, Any]]] = [
    (ArgumentTypeError, ("data must be a pair (inputs, labels)", "array"), {"data": X}),
    (ArgumentTypeError, ("data must be a pair (inputs, labels)", "3 things"), {"data": (X, Y, Y)}),
    (ParameterError, ("labels must be 0 to 4", "got 5"), {"data": (X, Y + 1)}),
    (ParameterError, ("at least 2 classes",), {"data": (X, 0 * Y)}),
    (ParameterError, ("bits must be 2 to 8", "got 1"), {"bits": 1}),
    (ParameterError, ("bits must be 2 to 8", "got 9"), {"bits": 9}),
    (ArgumentTypeError, ("bits must be a whole number", "8.0"), {"bits": 8.0}),
    (ParameterError, ("rate must be > 0", "nan"), {"rate": float("nan")}),
    (ParameterError, ("rate must be at most 1",), {"rate": 2.0}),
    (ParameterError, ("epochs must be 1 to", "got 0"), {"epochs": 0}),
    (ParameterError, ("epochs must be 1 to", "1000000000000"), {"epochs": 10**12}),
    (ParameterError, ("threads must be 1 to 16", "got 0"), {"threads": 0}),
    (ParameterError, ("batch must be 1 to", "got 0"), {"batch": 0}),
    (ParameterError, ("duration must be a multiple of dt", "16 and 17 ms are"), {"duration": 16.5}),
    (ParameterError, ("dt must be > 0",), {"dt": 0.0}),
    (BudgetError, ("bytes of the training state", "asked for 1", "10 allowed"), {"memory_limit": 10}),
    (ArgumentTypeError, ("validation must be a pair",), {"validation": X}),
    (ArgumentTypeError, ("vary must be a function of (inputs, epoch)",), {"vary": "turn"}),
]


@pytest.mark.parametrize("kind,words,options", BAD)
@pytest.mark.parametrize("from_parent", [False, True])
def test_bad_arguments_are_refused(kind: Any, words: Any, options: Dict[str, Any], from_parent: bool) -> None:
    net = classifier((12, 20, 5))
    if from_parent:
        net.parent, net.seen = classifier((12, 20, 5), seed=1), X
    before = digest(net)
    given = {"data": None if from_parent else (X, Y), "epochs": 2, "progress": False, **options}
    with refused(kind, "fine_tune", *words):
        fine_tune(net, **given)
    assert digest(net) == before


def test_what_is_no_network_is_refused() -> None:
    for bad in (None, "network", 3):
        with refused(ArgumentTypeError, "fine_tune", "must be a Network"):
            fine_tune(bad, 1, (X, Y))  # type: ignore[arg-type]
    with refused(ArgumentTypeError, "fine_tune", "take its network, api.network"):
        fine_tune(NeuromorphicAPI(), 1, (X, Y))  # type: ignore[arg-type]
