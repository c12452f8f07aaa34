"""Pruning: what goes, what stays, what is refused, and that a trained network still answers."""

import hashlib
import warnings
from typing import Any, Tuple

import numpy as np
import pytest
from refusing import NOT_NUMBERS, refused

from neuroedge import Alpha, Delta, Exponential, Network, Simulator
from neuroedge.applications.classify import HIDDEN_TAU, READOUT_TAU, Digits, classifier, load_digits
from neuroedge.encoding.rate import regular_spikes
from neuroedge.errors import ArgumentTypeError, NotReadyError, ParameterError, UnknownNameError
from neuroedge.events import SpikeTrain
from neuroedge.network.connectivity import Connectivity
from neuroedge.optimize import NetworkPruner, gradual_sparsity, saliency_masks
from neuroedge.optimize import hessian as hs
from neuroedge.optimize.calibration import samples_of
from neuroedge.optimize.traces import Samples, moments, order_of, record, spikes_of, takers
from neuroedge.tutorial.engine import Network as Grouped


def digest(network: Network) -> str:
    """All that a network holds, as one hash."""
    held = hashlib.sha256(repr((network.version, network.parent, network.seed)).encode())
    for name, q in network.projections.items():
        held.update(repr((name, q.count, q.shape, q.synapse, q.pattern)).encode())
        c = q.connectivity
        for part in (c.indptr, c.targets(), c.weight, np.asarray(c.delay if c.delay is not None else -1.0)):
            held.update(part.tobytes())
    return held.hexdigest()


def values(n: int = 24, features: int = 12) -> np.ndarray:
    return np.random.default_rng(3).random((n, features))


def feedforward(seed: int = 0) -> Network:
    return classifier((12, 20, 5), seed=seed)


@pytest.fixture(scope="module")
def trained() -> Tuple[Network, Digits, np.ndarray]:
    """A digits classifier of random hidden neurons, whose readout is fitted to the labels by least squares."""
    digits, net = load_digits(), classifier((64, 128, 10))
    z, power = _potentials(net, digits.inputs[:900])
    target = np.eye(10)[digits.labels[:900]] - 0.1
    w = np.linalg.solve(z.T @ z + 0.05 * len(z) * power * np.eye(128), z.T @ target)
    net.set_weights({"hidden->output": w})
    return net, digits, digits.inputs[:200]


def _potentials(net: Network, inputs: np.ndarray) -> Tuple[np.ndarray, float]:
    """Mean trace of each hidden neuron in each sample, by which the readout is linear."""
    samples = Samples([spikes_of(net, ["input"], x, 16, 1.0) for x in inputs], 18, 1.0)
    spikes = record(net, samples, ["hidden"])["hidden"]
    keep = np.exp(-(1.0 / READOUT_TAU))
    gain = np.array([(1.0 - keep ** (17 - t)) / (1.0 - keep) for t in range(18)]).clip(0.0) / 18.0
    z = np.einsum("stn,t->sn", spikes.astype(float), gain)
    return z, float(np.mean(z**2))


def accuracy(net: Network, digits: Digits) -> float:
    simulator, right = Simulator(net, 1.0), 0
    for x, label in zip(digits.test_inputs, digits.test_labels):
        simulator.reset()
        ticks, neurons = regular_spikes(x, 16)
        train = SpikeTrain(neurons, ticks + 0.5)
        answer = simulator.run(18.0, {"input": train}, record=("potentials",), record_from=["output"])
        right += int(answer.potentials["output"].mean(axis=0).argmax() == label)
    return right / len(digits.test_labels)


@pytest.mark.long
def test_a_trained_network_still_answers(trained: Any) -> None:
    net, digits, calibration = trained
    full = accuracy(net, digits)
    by_trace = NetworkPruner(sparsity_target=0.8, calibration=calibration)
    by_size = NetworkPruner(sparsity_target=0.8, criterion="magnitude")
    kept, cut = accuracy(by_trace.prune(net), digits), accuracy(by_size.prune(net), digits)
    assert full > 0.85
    assert kept > full - 0.05, (full, kept, cut)
    assert kept > cut + 0.05, (full, kept, cut)
    blocks = NetworkPruner(sparsity_target=0.5, granularity="block8", calibration=calibration)
    assert accuracy(blocks.prune(net), digits) > full - 0.06


@pytest.mark.long
def test_layer_after_layer_is_fitted_to_what_the_full_network_brought() -> None:
    net, x = classifier((20, 40, 40, 40, 6), seed=4), values(64, 20)

    def answers(network: Network) -> np.ndarray:
        simulator, found = Simulator(network, 1.0), []
        for sample in x:
            simulator.reset()
            ticks, neurons = regular_spikes(sample.astype(np.float32), 16)
            given = {"input": SpikeTrain(neurons, ticks + 0.5)}
            found.append(simulator.run(20.0, given, record=("potentials",)).potentials["output"].mean(axis=0))
        return np.array(found)

    full, errors = answers(net), {}
    for criterion in ("trace", "magnitude"):
        new = NetworkPruner(sparsity_target=0.6, criterion=criterion, calibration=x).prune(net)
        errors[criterion] = float(np.mean((answers(new) - full) ** 2) / np.var(full))
    # 0.05; 0.09 where layers are fitted to themselves rather than to the full network
    assert errors["trace"] < 0.07 * errors["magnitude"], errors


@pytest.mark.long
def test_generated_samples_do_better_than_size(trained: Any) -> None:
    net, digits, _ = trained
    with pytest.warns(UserWarning, match="calibrated on generated ones"):
        made = NetworkPruner(sparsity_target=0.7)
        kept = accuracy(made.prune(net), digits)
    assert made.report.calibration == "256 generated samples"
    assert kept > accuracy(NetworkPruner(sparsity_target=0.7, criterion="magnitude").prune(net), digits)


@pytest.mark.parametrize("criterion", ["trace", "magnitude"])
@pytest.mark.parametrize("granularity", ["weight", "block8"])
def test_the_old_network_stays_and_is_the_parent(criterion: str, granularity: str) -> None:
    net = feedforward()
    before, arrays = digest(net), [q.connectivity.weight for q in net.projections.values()]
    given = values()
    copy = given.copy()
    pruner = NetworkPruner(0.01, 0.6, criterion, granularity, given)
    new = pruner.prune(net)
    assert digest(net) == before and np.array_equal(given, copy)
    assert all(q.connectivity.weight is w for q, w in zip(net.projections.values(), arrays))
    assert new.parent is net and type(new) is type(net) and new is not net
    assert new.populations == net.populations
    assert pruner.reduction_ratio == pytest.approx(1 - new.synapses / net.synapses)
    assert digest(new) == digest(NetworkPruner(0.01, 0.6, criterion, granularity, given).prune(net))


def test_what_is_only_described_is_not_drawn_for_the_caller() -> None:
    net = Grouped("groups")
    net.add_neuron_group("a", 30, "lif")
    net.add_neuron_group("b", 20, "lif")
    net.connect("a", "b", 0.4)
    before = digest(net)
    twin = Grouped("groups")
    twin.add_neuron_group("a", 30, "lif")
    twin.add_neuron_group("b", 20, "lif")
    q = twin.connect("a", "b", 0.4)
    new = NetworkPruner(sparsity_target=0.5, calibration=values(8, 30)).prune(twin)
    assert q._given is None and digest(twin) == before
    assert isinstance(new, Grouped) and new.synapses == twin.synapses - round(0.5 * twin.synapses)


def test_threshold_is_relative_to_the_drive_of_each_target() -> None:
    net = Network()
    net.add("a", 2, "rate")
    net.add("b", 3, "lif", v_threshold=[-64.0, -55.0, -45.0])
    net.connect("a", "b", weights=[[0.5, 0.5, 0.5], [-0.05, 2.0, -2.1]])
    new = NetworkPruner(threshold=0.1, criterion="magnitude").prune(net)
    assert new.get_weights()["a->b"].tolist() == [[0.5, 0.0, 0.0], [0.0, 2.0, -2.1]]


def test_threshold_then_target() -> None:
    net = feedforward()
    pruner = NetworkPruner(0.3, 0.0, "magnitude")
    new = pruner.prune(net)
    small = np.abs(net.projections["input->hidden"].connectivity.weight) < 0.3
    assert pruner.report.below_threshold >= small.sum() == 240 - new.projections["input->hidden"].count
    w = net.projections["hidden->output"].connectivity.weight
    spread = np.sqrt(np.sum(w.astype(float) ** 2) / 5)
    assert new.projections["hidden->output"].count == (np.abs(w) >= 0.3 * spread).sum()
    assert NetworkPruner(0.001, 0.7, "magnitude").prune(net).synapses == 340 - round(0.7 * 340)


def test_each_projection_keeps_its_largest() -> None:
    net = feedforward()
    net.set_weights({"input->hidden": net.get_weights()["input->hidden"] * 1e-3})
    pruner = NetworkPruner(threshold=0.1, criterion="magnitude")
    kept = pruner.prune(net).projections["input->hidden"].connectivity
    largest = np.abs(net.projections["input->hidden"].connectivity.weight).max()
    assert kept.count == 1 and abs(kept.weight[0]) == largest
    with refused(ParameterError, "threshold", "at most", "got 50", "nothing would be left"):
        NetworkPruner(threshold=50.0).prune(net)


@pytest.mark.long
@pytest.mark.parametrize("target, least", [(0.5, 0.2), (0.9, 0.2), (0.98, 0.08)])
def test_a_readout_is_guarded(target: float, least: float) -> None:
    net = classifier((64, 128, 10))
    net.set_weights({"input->hidden": net.get_weights()["input->hidden"] * 3.0})
    # a readout that would lose all by size
    net.set_weights({"hidden->output": np.random.default_rng(0).uniform(1e-4, 1e-3, (128, 10))})
    new = NetworkPruner(sparsity_target=target, calibration=values(16, 64)).prune(net)
    assert new.projections["hidden->output"].count >= least * 1280 - 1
    assert new.synapses == net.synapses - round(target * net.synapses)


def test_one_projection_alone_is_pruned_to_the_target() -> None:
    net = Network()
    net.add("a", 10, "rate")
    net.add("b", 10, "li")
    net.connect("a", "b")
    assert NetworkPruner(sparsity_target=0.95, calibration=values(8, 10)).prune(net).synapses == 5


def test_blocks_are_whole() -> None:
    net = classifier((12, 20, 10))
    pruner = NetworkPruner(sparsity_target=0.7, granularity="block8", calibration=values())
    new = pruner.prune(net)
    for q in new.projections.values():
        mask = q.connectivity.dense() != 0
        for start in range(0, mask.shape[1], 8):
            block = mask[:, start : start + 8]
            assert (block.all(axis=1) | ~block.any(axis=1)).all()
    assert 0 <= (net.synapses - new.synapses) - round(0.7 * net.synapses) <= 2 * 7


@pytest.mark.long
def test_storage_and_report() -> None:
    net = classifier((128, 256, 10))
    pruner = NetworkPruner(sparsity_target=0.95, granularity="block8", calibration=values(16, 128))
    new = pruner.prune(net)
    row = pruner.report.projections["input->hidden"]
    assert (row.storage_before, row.storage) == ("dense", "block8")
    assert row.kept == new.projections["input->hidden"].count and row.before == 128 * 256
    # 8 weights, an index, and no padding; two starts for each source
    assert row.bytes_after == row.kept // 8 * 34 + 8 * 129
    assert row.ns_after < row.ns_before and row.how == "elimination, refitted"
    text, data = str(pruner.report), pruner.report.as_dict()
    assert "block8    elimination" in text and "calibrated on 16 given samples" in text
    assert max(map(len, text.splitlines())) <= 100
    assert data["projections"]["input->hidden"]["kept"] == row.kept and data["removed"] == pruner.report.removed
    assert data["bytes_after"] == sum(p["bytes_after"] for p in data["projections"].values())
    assert f"{pruner.reduction_ratio:.1%}" == f"{data['reduction_ratio']:.1%}"


def test_delays_and_every_kind_of_projection() -> None:
    rng = np.random.default_rng(5)
    net = Network(seed=2)
    net.add("in", 16, "rate")
    net.add("noise", 8, "poisson", rate=50.0)
    net.add("a", 16, "lif", tau_m=rng.uniform(5, 20, 16))
    net.add("c", 12, "cubalif")
    net.add("x", 6, "adex")
    net.add("z", 6, "izhikevich")
    net.add("out", 4, "alif")
    net.connect("in", "a", "one_to_one")
    net.connect("in", "c", weights=rng.uniform(1, 3, (16, 12)), delay=rng.uniform(1, 9, (16, 12)))
    net.connect("noise", "a", probability=0.5)
    net.connect("a", "a", "lateral")
    net.connect("a", "c", synapse=Alpha(4.0), delay=3.0)
    pre, post = rng.integers(0, 12, 60), rng.integers(0, 6, 60)
    net.connect("c", "x", synapses=(pre, post, rng.uniform(1, 9, 60)), synapse=Exponential(3.0))
    net.connect("c", "z", synapse=Delta())
    net.connect("x", "out", "feedforward")
    net.connect("z", "out", synapse=Exponential(5.0))
    net.connect("c", "a", "feedback", probability=0.3)
    pruner = NetworkPruner(0.001, 0.5, calibration=values(10, 16))
    new = pruner.prune(net)
    assert new.synapses == net.synapses - round(0.5 * net.synapses)
    how = {name: row.how for name, row in pruner.report.projections.items()}
    assert how["in->c"] == "diagonal" and how["c->x"] == "magnitude (adex)" and how["c->z"] == "magnitude (izhikevich)"
    assert all(how[name].startswith("elimination") for name in ("in->a", "noise->a", "a->a", "a->c", "c->a"))
    old, cut = net.projections["in->c"].connectivity, new.projections["in->c"].connectivity
    held = {(p, t): d for p, t, d in zip(old.pre(), old.targets(), old.delay)}
    assert [held[p, t] for p, t in zip(cut.pre(), cut.targets())] == cut.delay.tolist()
    Simulator(new, 0.5).run(20.0)


@pytest.mark.parametrize("synapse", [Delta(), Exponential(3.0), Alpha(2.0), Exponential([2.0, 2.0, 2.0])])
@pytest.mark.parametrize("delay", [None, 1.0, 2.5])
def test_traces_are_potentials(synapse: Any, delay: Any) -> None:
    """What traces say of a target that never spikes is what the engines compute."""
    rng = np.random.default_rng(1)
    net = Network()
    net.add("in", 6, "rate")
    net.add("out", 3, "li", v_rest=0.0)
    w = rng.normal(0, 1, (6, 3))
    q = net.connect("in", "out", weights=w, synapse=synapse, delay=delay)
    x = rng.random((1, 6)).astype(np.float32)
    run = samples_of("test", net, x, 20.0, 0.5).samples
    spikes = record(net, run, ["in"])["in"]
    simulator = Simulator(net, 0.5)
    ticks, neurons = regular_spikes(x[0], 40)
    given = {"in": SpikeTrain(neurons, (ticks + 0.5) * 0.5)}
    v = simulator.run(run.ticks * 0.5, given, record=("potentials",)).potentials["out"]
    moment = moments(q, spikes, None, 0.5)[0]
    assert np.allclose(w.T @ moment @ w, v.T @ v / len(v), rtol=1e-4, atol=1e-6)
    assert hs.error(w, moment) == pytest.approx(float((v**2).sum() / len(v)), rel=1e-4)


@pytest.mark.long
def test_who_takes_samples_and_in_which_order() -> None:
    net = Network()
    net.add("out", 2, "lif")
    net.add("a", 3, "rate")
    net.add("b", 4, "lif")
    net.add("noise", 4, "poisson")
    net.connect("a", "out")
    net.connect("b", "out")
    net.connect("noise", "out", weights=1.0)
    assert [p.name for p in takers(net)] == ["a", "b"]
    assert order_of(net)[-1] == "out"
    loop = Network()
    loop.add("one", 5, "lif")
    loop.add("two", 5, "lif")
    loop.connect("one", "two", weights=9.0)
    loop.connect("two", "one", weights=9.0)
    assert [p.name for p in takers(loop)] == ["one"] and order_of(loop) == ["one", "two"]
    with pytest.warns(UserWarning, match="generated"):
        assert NetworkPruner(sparsity_target=0.5).prune(loop).synapses == 25
    alone = Network()
    alone.add("noise", 5, "poisson", rate=100.0)
    alone.add("out", 5, "lif")
    alone.connect("noise", "out")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pruner = NetworkPruner(sparsity_target=0.4)
        assert pruner.prune(alone).synapses == 15
    assert pruner.report.calibration == "256 runs of its own sources"
    with refused(ParameterError, "calibration", "leave it out"):
        NetworkPruner(sparsity_target=0.4, calibration=values(4, 5)).prune(alone)


def test_random_sources_draw_anew_for_each_sample() -> None:
    net = Network()
    net.add("noise", 20, "poisson", rate=100.0)
    net.add("out", 2, "lif")
    net.connect("noise", "out")
    spikes = record(net, Samples([None] * 3, 17, 1.0), ["noise"])["noise"]
    assert spikes.any(axis=(1, 2)).all() and not np.array_equal(spikes[0], spikes[1])


def test_what_it_has_seen_comes_before_what_is_made_up() -> None:
    net = feedforward()
    net.seen = values(9)  # type: ignore[attr-defined]
    pruner = NetworkPruner(sparsity_target=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pruner.prune(net)
    assert pruner.report.calibration == "9 samples that it saw last"


def test_nothing_asked_is_nothing_done() -> None:
    net = feedforward()
    new = NetworkPruner(sparsity_target=0.0, calibration=values()).prune(net)
    for name, q in net.projections.items():
        assert new.projections[name].connectivity.weight.tobytes() == q.connectivity.weight.tobytes()


def test_a_silent_network_is_pruned_by_size() -> None:
    net = feedforward()
    new = NetworkPruner(sparsity_target=0.5, calibration=np.zeros((4, 12))).prune(net)
    old, cut = (n.projections["input->hidden"].connectivity.dense() for n in (net, new))
    kept = cut != 0
    assert np.abs(old[kept]).min() >= np.abs(old[~kept]).max()
    assert np.allclose(old[kept], cut[kept], rtol=1e-5)


def test_large_layers_go_by_the_diagonal(monkeypatch: pytest.MonkeyPatch) -> None:
    net = feedforward()
    monkeypatch.setattr(hs, "WORK", 10.0)
    pruner = NetworkPruner(sparsity_target=0.5, calibration=values())
    assert pruner.prune(net).synapses == 170
    assert {row.how for row in pruner.report.projections.values()} == {"diagonal, refitted"}


def test_pruning_again() -> None:
    net = feedforward()
    once = NetworkPruner(sparsity_target=0.5, calibration=values()).prune(net)
    twice = NetworkPruner(sparsity_target=0.5, calibration=values()).prune(once)
    assert twice.synapses == 85 and twice.parent is once
    for name, q in twice.projections.items():
        was = once.projections[name].connectivity.dense() != 0
        assert was[q.connectivity.dense() != 0].all()


@pytest.mark.parametrize("field", ["threshold", "sparsity_target", "duration", "dt"])
def test_numbers_must_be_numbers(field: str) -> None:
    for bad in NOT_NUMBERS:
        if bad is not None or field in ("duration", "dt"):
            with refused(ArgumentTypeError, "NetworkPruner", field, "must be a number"):
                NetworkPruner(**{"sparsity_target": 0.5, field: bad})


def test_arguments_are_checked() -> None:
    for bad in (-0.1, 1.0, 1.5):
        with refused(ParameterError, "sparsity_target", "[0, 1)", str(bad)):
            NetworkPruner(sparsity_target=bad)
    for bad in (float("nan"), float("inf")):
        with refused(ParameterError, "sparsity_target", "finite"):
            NetworkPruner(sparsity_target=bad)
    for bad in (-0.01, float("nan")):
        with refused(ParameterError, "threshold", str(bad)):
            NetworkPruner(threshold=bad)
    with refused(ParameterError, "threshold", "sparsity_target", "0.8 removes"):
        NetworkPruner()
    with refused(UnknownNameError, "criterion", "'tracer'", "did you mean 'trace'", "magnitude"):
        NetworkPruner(0.1, criterion="tracer")
    with refused(UnknownNameError, "granularity", "'block4'", "block8", "weight"):
        NetworkPruner(0.1, granularity="block4")
    with refused(UnknownNameError, "granularity"):
        NetworkPruner(0.1, granularity=["weight"])  # type: ignore[arg-type]
    with refused(ParameterError, "duration", "multiple of dt"):
        NetworkPruner(0.1, duration=1.5)
    with refused(NotReadyError, "prune(network)"):
        NetworkPruner(0.1).reduction_ratio


def test_calibration_is_checked() -> None:
    bad = values()
    bad[3, 4] = np.nan
    with refused(ParameterError, "calibration", "entry [3, 4]", "finite"):
        NetworkPruner(0.1, calibration=bad)
    with refused(ParameterError, "calibration", "0 to 1", "got 2", "divide"):
        NetworkPruner(0.1, calibration=values() * 0 + 2.0)
    with refused(ParameterError, "calibration", "shape"):
        NetworkPruner(0.1, calibration=values()[0])
    with refused(ParameterError, "calibration", "(0, 12)"):
        NetworkPruner(0.1, calibration=np.zeros((0, 12)))
    with refused(ArgumentTypeError, "calibration", "numbers"):
        NetworkPruner(0.1, calibration="digits")
    with refused(ParameterError, "[samples, 12]", "12 of 'input'", "[24, 7]"):
        NetworkPruner(0.1, calibration=values(24, 7)).prune(feedforward())


def test_networks_are_checked() -> None:
    pruner = NetworkPruner(sparsity_target=0.5)
    for bad in (None, "net", 3, {}):
        with refused(ArgumentTypeError, "must be a Network"):
            pruner.prune(bad)  # type: ignore[arg-type]
    from neuroedge import NeuromorphicAPI

    api = NeuromorphicAPI()
    api.create_network()
    with refused(ArgumentTypeError, "api.network"):
        pruner.prune(api)  # type: ignore[arg-type]
    net = Network("bare")
    with refused(ParameterError, "bare", "no synapses", "connect"):
        pruner.prune(net)
    net.add("a", 3, "rate")
    net.add("b", 3, "lif")
    net.connect("a", "b", weights=np.zeros((3, 3)))
    with refused(ParameterError, "'a->b'", "must have synapses"):
        pruner.prune(net)


def test_gradual_sparsity() -> None:
    steps = [gradual_sparsity(t, 100, 0.9) for t in range(101)]
    assert steps[0] == 0.0 and steps[30] == pytest.approx(0.9 * (1 - 0.5**3))
    assert steps[60:] == [0.9] * 41 and all(a <= b for a, b in zip(steps, steps[1:]))
    for bad, field in (((-1, 10, 0.5), "step"), ((1, 0, 0.5), "steps"), ((1, 10, 1.0), "target")):
        with refused(ParameterError, "gradual_sparsity", field):
            gradual_sparsity(*bad)


def test_masks_by_size() -> None:
    rng = np.random.default_rng(0)
    w = {"a->b": rng.normal(0, 1, (10, 16)), "b->c": rng.normal(0, 5, (16, 4))}
    masks = saliency_masks(w, 0.5)
    assert sum(m.sum() for m in masks.values()) == 224 - 112
    assert masks["a->b"].shape == (10, 16)
    for name, m in masks.items():
        assert np.abs(w[name][m]).min() >= np.abs(w[name][~m]).max()
        assert 0.35 < m.mean() < 0.65
    blocks = saliency_masks(w, 0.5, "block8")["a->b"].reshape(10, 2, 8)
    assert (blocks.all(axis=2) | ~blocks.any(axis=2)).all()
    held = feedforward().projections["input->hidden"].connectivity
    assert isinstance(held, Connectivity)
    assert saliency_masks({"x": held}, 0.25)["x"].sum() == 180
    raised = saliency_masks(w, 0.5, yardsticks={"a->b": 1.0, "b->c": 1.0})
    assert raised["b->c"].mean() > raised["a->b"].mean()
    guarded = saliency_masks(w, 0.9, yardsticks={"b->c": 1e6}, readout=["b->c"])
    assert guarded["b->c"].sum() >= 12
    with refused(ParameterError, "every projection must have synapses"):
        saliency_masks({"x": np.zeros((2, 2))}, 0.5)
    with refused(ParameterError, "matrix"):
        saliency_masks({"x": np.zeros(2)}, 0.5)


def test_leaks_of_the_classifier_are_those_of_its_traces() -> None:
    assert np.exp(-1 / HIDDEN_TAU) == pytest.approx(1 - 2**-3, abs=1e-6)
