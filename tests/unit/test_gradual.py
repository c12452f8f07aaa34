"""Pruning while training: what goes stays gone, what is asked for is reached, and the network learns meanwhile."""

from functools import lru_cache
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from refusing import refused

from neuroedge import Network
from neuroedge.applications.classify import classifier, load_digits
from neuroedge.errors import ArgumentTypeError, BudgetError, ParameterError, UnknownNameError
from neuroedge.learning import History, evaluate
from neuroedge.optimize import NetworkPruner, gradual_sparsity
from neuroedge.optimize.gradual import _Thinner

DATA = (np.random.default_rng(5).random((40, 12)).astype(np.float32), np.arange(40) % 5)


def weights(network: Network) -> Dict[str, np.ndarray]:
    return {name: w.copy() for name, w in network.get_weights().items()}


def same(one: Dict[str, np.ndarray], other: Dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(w, other[name]) for name, w in one.items())


@lru_cache(maxsize=None)
def digits(share: float = 0.9, granularity: str = "weight") -> Tuple[NetworkPruner, Network, Network, History]:
    d, net = load_digits(), classifier()
    pruner = NetworkPruner(sparsity_target=share, granularity=granularity)
    fresh, history = pruner.prune_while_training(net, (d.inputs, d.labels), 15, rate=1e-2, progress=False)
    return pruner, net, fresh, history


@pytest.mark.long
@pytest.mark.parametrize("share,least", [(0.8, 0.90), (0.95, 0.84)])
def test_the_target_is_met_and_digits_are_still_told_apart(share: float, least: float) -> None:
    pruner, net, fresh, history = digits(share)
    before = 64 * 128 + 128 * 10
    assert fresh.synapses == before - round(share * before)
    assert pruner.reduction_ratio == pytest.approx(share, abs=1e-4)
    assert len(history) == 15 and history.best >= 8, "what is kept is as sparse as was asked for"
    d = load_digits()
    assert evaluate(fresh, d.test_inputs, d.test_labels) > least
    # the readout keeps at least a fifth, or four times its even share
    assert fresh.projections["hidden->output"].count >= min(0.2, 4 * (1 - share)) * 1280


@pytest.mark.long
def test_the_given_network_stays_untouched() -> None:
    _, net, fresh, _ = digits(0.9)
    assert same(weights(net), weights(classifier())) and net.synapses == 9472
    assert net.seen is None and net.parent is None and net.version == classifier().version
    assert fresh.parent is net and fresh.seen is not None


@pytest.mark.long
def test_the_report_tells_what_went() -> None:
    pruner, _, fresh, _ = digits(0.9)
    report = pruner.report
    assert report.before == 9472 and report.removed == 9472 - fresh.synapses
    assert {name: row.kept for name, row in report.projections.items()} == {
        name: q.count for name, q in fresh.projections.items()
    }
    text = str(report)
    assert "magnitude, trained" in text and "90.0%" in text and max(map(len, text.splitlines())) <= 100
    assert "not calibrated" not in text


@pytest.mark.long
def test_blocks_go_and_stay_together() -> None:
    _, _, fresh, _ = digits(0.9, "block8")
    for name, w in weights(fresh).items():
        kept = w != 0
        for first in range(0, w.shape[1], 8):
            some = kept[:, first : first + 8]
            assert np.array_equal(some.any(axis=1), some.all(axis=1)), name
    assert abs(fresh.synapses - 947) < 8
    d = load_digits()
    assert evaluate(fresh, d.test_inputs, d.test_labels) > 0.6


def test_what_is_gone_stays_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    masks: List[Dict[str, np.ndarray]] = []
    called = _Thinner.__call__

    def watched(self: Any, step: int, steps: int, now: Any) -> Any:
        found = called(self, step, steps, now)
        if masks:
            # what was pruned before has no weight now
            assert all(not np.any(now[name][~mask]) for name, mask in masks[-1].items())
        if found is not None:
            masks.append(found)
        return found

    monkeypatch.setattr(_Thinner, "__call__", watched)
    net = classifier((12, 20, 5), seed=3)
    fresh, _ = NetworkPruner(sparsity_target=0.8).prune_while_training(net, DATA, 20, batch=8, progress=False)
    assert len(masks) == 10
    for old, new in zip(masks, masks[1:]):
        assert all(not np.any(new[name] & ~old[name]) for name in new)
    alive = sum(int(mask.sum()) for mask in masks[-1].values())
    assert fresh.synapses == alive == 340 - round(0.8 * 340)
    for name, w in weights(fresh).items():
        assert np.array_equal((w != 0).ravel(), masks[-1][name])


def test_sparsity_rises_by_a_cubic_and_then_stands() -> None:
    found = [gradual_sparsity(step, 100, 0.9) for step in range(0, 101, 10)]
    assert found[0] == 0.0 and found[6:] == [0.9] * 5
    assert found[3] == pytest.approx(0.9 * (1 - 0.5**3))
    steps = np.diff(found[:7])
    assert (steps > 0).all() and (np.diff(steps) < 0).all()


def test_a_target_of_nothing_prunes_nothing() -> None:
    fresh, history = NetworkPruner(sparsity_target=0.0).prune_while_training(
        classifier((12, 20, 5)), DATA, 2, progress=False
    )
    assert fresh.synapses == 340 and len(history) == 2


def test_the_same_seed_gives_the_same_network() -> None:
    pruner, net = NetworkPruner(sparsity_target=0.7), classifier((12, 20, 5))
    found = [
        weights(pruner.prune_while_training(net, DATA, 4, seed=seed, progress=False)[0]) for seed in (1, 1, 2)
    ]
    assert same(found[0], found[1]) and not same(found[0], found[2])


def test_a_network_that_is_only_described_is_not_realised() -> None:
    net = Network("described", seed=1)
    net.add("a", 12, "rate")
    net.add("h", 20, "lif")
    net.add("b", 5, "li")
    net.connect("a", "h", probability=0.5)
    net.connect("h", "b")
    before = net.synapses
    fresh, _ = NetworkPruner(sparsity_target=0.5).prune_while_training(net, DATA, 2, progress=False)
    assert all(q._given is None for q in net.projections.values())
    assert net.synapses == before and fresh.synapses == before - round(before / 2)


def test_options_of_training_are_heard() -> None:
    net, d = classifier((12, 20, 5)), DATA
    pruner = NetworkPruner(sparsity_target=0.5)
    seen: List[int] = []

    def vary(inputs: np.ndarray, epoch: int) -> np.ndarray:
        seen.append(epoch)
        return inputs

    fresh, history = pruner.prune_while_training(
        net, d, 4, vary=vary, validation=d, threads=2, batch=7, rate=0.02, bits=4, progress=False
    )
    assert seen == [0, 1, 2, 3] and history.epochs[-1].validation is not None
    # of 4 bits
    for w in weights(fresh).values():
        for column in w.T:
            assert len(np.unique(np.abs(column[column != 0]))) <= 7


BAD: List[Tuple[Any, Tuple[str, ...], Dict[str, Any]]] = [
    (UnknownNameError, ("option of prune_while_training", "'rat'", "'rate'"), {"rat": 1e-2}),
    (ParameterError, ("rate must be > 0", "nan"), {"rate": float("nan")}),
    (ParameterError, ("rate must be at most 1", "1e+30"), {"rate": 1e30}),
    (ArgumentTypeError, ("rate must be a number", "'fast'"), {"rate": "fast"}),
    (ParameterError, ("batch must be 1 to", "got 0"), {"batch": 0}),
    (ParameterError, ("seed must be >= 0", "-1"), {"seed": -1}),
    (ParameterError, ("threads must be 1 to 16", "got 0"), {"threads": 0}),
    (ArgumentTypeError, ("vary must be a function of (inputs, epoch)", "got 5"), {"vary": 5}),
    (ArgumentTypeError, ("progress must be True or False",), {"progress": "no"}),
    (ParameterError, ("bits must be 2 to 8", "got 9"), {"bits": 9}),
    (ArgumentTypeError, ("validation must be a pair",), {"validation": DATA[0]}),
    (ParameterError, ("validation", "labels must be 0 to 4"), {"validation": (DATA[0], DATA[1] + 1)}),
    (BudgetError, ("bytes of the training state", "10 allowed"), {"memory_limit": 10}),
    (ParameterError, ("epochs must be 1 to", "got 0"), {"epochs": 0}),
    (ArgumentTypeError, ("data must be a pair (inputs, labels)", "array"), {"data": DATA[0]}),
    (ParameterError, ("labels must be 0 to 4",), {"data": (DATA[0], DATA[1] + 1)}),
]


@pytest.mark.parametrize("kind,words,options", BAD)
def test_bad_options_are_refused(kind: Any, words: Tuple[str, ...], options: Dict[str, Any]) -> None:
    net = classifier((12, 20, 5))
    given = {"data": DATA, "epochs": 2, "progress": False, **options}
    with refused(kind, "prune_while_training", *words):
        NetworkPruner(sparsity_target=0.5).prune_while_training(net, **given)
    assert same(weights(net), weights(classifier((12, 20, 5)))) and net.parent is None and net.seen is None


def test_it_needs_a_target() -> None:
    with refused(ParameterError, "prune_while_training", "sparsity_target", "None"):
        NetworkPruner(threshold=0.1).prune_while_training(classifier((12, 20, 5)), DATA)
