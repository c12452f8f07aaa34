"""Quantizer: what it refuses, what it returns, and that its networks run in integers and answer as before."""

import warnings
from functools import lru_cache
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from refusing import refused

import neuroedge
from neuroedge import LI, LIF, Exponential, Network, Quantizer, Simulator
from neuroedge.applications.classify import Digits, classifier, load_digits
from neuroedge.errors import ArgumentTypeError, ParameterError, UnsupportedError
from neuroedge.network.widths import Widths
from neuroedge.optimize.answers import Samples, answers
from neuroedge.plan.compile import compile_network, estimate
from neuroedge.plan.plan import FIXED, SOURCE
from neuroedge.tutorial.engine import Network as TutorialNetwork
from neuroedge.tutorial.engine import Simulator as TutorialSimulator

MATRIX = np.array([[0.5, -1.0, 0.0], [0.25, 2.0, 0.0]], np.float32)


# ---- weights


def test_dictionaries_and_single_matrices() -> None:
    quantizer = Quantizer()
    found = quantizer.quantize_weights({"a->b": MATRIX, "b->c": MATRIX.astype(float)}, bits=8, symmetric=True)
    assert list(found) == ["a->b", "b->c"]
    one = found["a->b"]
    # a target without synapses has a scale of 1
    assert one.codes.tolist() == [[127, -64, 0], [64, 127, 0]]
    assert one.scale == pytest.approx([0.5 / 127, 2 / 127, 1.0], rel=1e-6)
    assert np.array_equal(quantizer.quantize_weights(MATRIX).codes, one.codes)
    assert (one.bits, one.memory_before, one.memory_after) == (8, 24, 6 + 12)
    assert found["b->c"].dequantize().dtype == np.float64
    quantizer.quantize_weights({"a->b": MATRIX, "b->c": MATRIX})
    assert (quantizer.memory_before, quantizer.memory_after) == (48, 36)
    assert "48 -> 36 bytes" in repr(quantizer) and "2 x 3, 8 bits" in repr(one)


def test_sparse_stays_sparse() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    given = sparse.random(30, 20, 0.2, "coo", np.float32, 1)
    for symmetric in (True, False):
        dense = Quantizer().quantize_weights(given.toarray(), 8, symmetric)
        found = Quantizer().quantize_weights(given, 8, symmetric)
        assert np.array_equal(found.dequantize().toarray(), dense.dequantize()) and found.codes.nnz == given.nnz
        assert found.codes.dtype == np.int8 and found.memory_after < found.memory_before
    assert Quantizer().quantize_weights(given, per_channel=False).dequantize().shape == (30, 20)


@pytest.mark.parametrize("bad", [0, 1, 17, -8, 10**30])
def test_bits_out_of_range_are_refused(bad: int) -> None:
    with refused(ParameterError, "quantize_weights", "bits must be 2 to 16"):
        Quantizer().quantize_weights(MATRIX, bits=bad)


@pytest.mark.parametrize("bad", [8.0, "8", None, True, [8]])
def test_bits_of_another_type_are_refused(bad: Any) -> None:
    with refused(ArgumentTypeError, "quantize_weights", "bits must be a whole number"):
        Quantizer().quantize_weights(MATRIX, bits=bad)


@pytest.mark.parametrize("field", ["symmetric", "per_channel"])
@pytest.mark.parametrize("bad", [1, "yes", None])
def test_switches_are_true_or_false(field: str, bad: Any) -> None:
    with refused(ArgumentTypeError, "quantize_weights", f"{field} must be True or False"):
        Quantizer().quantize_weights(MATRIX, **{field: bad})


BAD_WEIGHTS: List[Tuple[Any, Any, str]] = [
    (np.array([[1.0, np.nan]]), ParameterError, "weights['a'] must be finite"),
    (np.array([[1.0, -np.inf]]), ParameterError, "weights['a'] must be finite"),
    (np.ones(3), ParameterError, "weights['a'] must be a matrix [pre, post]"),
    (np.ones((2, 0)), ParameterError, "weights['a'] must be a matrix [pre, post] of at least one weight"),
    (1.0, ParameterError, "weights['a'] must be a matrix [pre, post]"),
    (np.array([[True]]), ArgumentTypeError, "weights['a'] must hold numbers"),
    (np.array([[1j]]), ArgumentTypeError, "weights['a'] must hold numbers"),
    ("weights", ArgumentTypeError, "weights['a'] must hold numbers"),
    (None, ArgumentTypeError, "weights['a'] must hold numbers"),
    ([[1.0], [1.0, 2.0]], ArgumentTypeError, "weights['a'] must hold numbers"),
]


@pytest.mark.parametrize("bad,kind,words", BAD_WEIGHTS)
def test_bad_weights_are_refused(bad: Any, kind: Any, words: str) -> None:
    quantizer = Quantizer()
    with refused(kind, "quantize_weights", words):
        quantizer.quantize_weights({"good": MATRIX, "a": bad})
    assert quantizer.memory_before is None and repr(quantizer) == "Quantizer()"


def test_nothing_to_quantise_is_refused() -> None:
    with refused(ParameterError, "quantize_weights", "weights must hold at least one matrix"):
        Quantizer().quantize_weights({})


# ---- networks


def small(**parameters: Any) -> Network:
    net, rng = Network("small", seed=2), np.random.default_rng(2)
    net.add("input", 12, "rate")
    net.add("hidden", 30, LIF(**{"tau_m": 10.0, "refractory": 2.0, **parameters}))
    net.add("output", 4, "li")
    net.connect("input", "hidden", weights=rng.normal(3.0, 5.0, (12, 30)))
    net.connect("hidden", "hidden", "lateral", 0.2)
    net.connect("hidden", "output", weights=rng.normal(0.0, 2.0, (30, 4)))
    return net


def given_to(net: Network) -> Dict[str, Any]:
    rng = np.random.default_rng(1)
    return {"input": list(zip(rng.integers(0, 12, 400).tolist(), rng.uniform(0.0, 100.0, 400).tolist()))}


def test_a_new_network_runs_in_integers_alone() -> None:
    net, quantizer = small(), Quantizer()
    before, version = net.get_weights(), net.version
    found = quantizer.quantize_neurons(net, voltage_bits=16, current_bits=8)
    assert type(found) is Network and found.parent is net and (net.precision, net.widths) == (None, None)
    assert (found.precision, found.widths) == ("int8", Widths(16, 8, 8))
    assert all(np.array_equal(before[n], w) for n, w in net.get_weights().items()) and net.version == version
    simulator = Simulator(found, dt=1.0)
    assert simulator.plan.precision == "int8" and set(simulator.plan.pop_kind.tolist()) == {SOURCE, FIXED}
    assert (quantizer.memory_before, quantizer.memory_after) == (
        compile_network(net, 1.0).nbytes,
        simulator.plan.nbytes,
    )
    assert estimate(found, 1.0) == estimate(found, 1.0, "int8") >= simulator.plan.nbytes
    # weights are what their codes stand for, half a code from what they were
    for name, w in found.get_weights().items():
        most = max(np.abs(m).max() for n, m in before.items() if n.endswith(name.split("->")[1].split("#")[0]))
        assert np.abs(w - before[name]).max() <= most / 127 * 0.51
    a, b = (Simulator(n, dt=1.0).run(100.0, given_to(net)).counts["hidden"].sum() for n in (net, found))
    assert a > 200 and abs(int(b) - int(a)) <= 0.03 * a


@pytest.mark.parametrize("voltage", [8, 10, 12, 16])
@pytest.mark.parametrize("current", [4, 8, 16, 32])
def test_bits_are_kept(voltage: int, current: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Quantizer().quantize_neurons(small(), voltage, current, weight_bits=4)
        plan = Simulator(found, dt=1.0).plan
        simulator = Simulator(found, dt=1.0)
    most_v = 2 ** (voltage - 1) - 1
    assert plan.pop_most_v.tolist() == [0, most_v, min(most_v, 32766)]
    assert plan.pop_most_sum[1:].tolist() == [min(2 ** (current - 1) - 1, 65535)] * 2
    assert np.abs(plan.weight8).max() == 7
    theta = plan.theta16[plan.spans["hidden"]]
    top = 2 ** (voltage - 2 - (voltage >= 10))
    assert top // 2 - 1 <= theta.min() and theta.max() <= top
    for tick in range(100):
        simulator.step({"input": [tick % 12, (5 * tick) % 12]})
        assert np.abs(simulator.state.v16.astype(int)).max() <= most_v


def test_precisions_that_are_asked_for_win() -> None:
    found = Quantizer().quantize_neurons(small())
    assert Simulator(found, precision="float32").plan.precision == "float32"
    assert compile_network(found).precision == "int8" and compile_network(small()).precision == "float32"
    simulator = Simulator(found)
    simulator.set_precision("float32")
    assert simulator.plan.precision == "float32" and simulator.plan.pop_most_v.tolist() == [0, 0, 0]
    assert simulator.set_precision("int8").precision == "int8" and simulator.plan.pop_most_v[1] == 32767


def test_the_tutorials_own_classes() -> None:
    net = TutorialNetwork("mine")
    net.add_neuron_group("input", 10, "lif")
    net.add_neuron_group("output", 5, "lif")
    net.connect("input", "output", 1.0)
    found = Quantizer().quantize_neurons(net)
    assert type(found) is TutorialNetwork
    simulator = TutorialSimulator(found)
    assert simulator.simulator.plan.precision == "int8"
    simulator.set_precision("float16")
    assert simulator.simulator.plan.precision == "float16"


def test_layers_without_an_integer_form_are_refused() -> None:
    models = {"cubalif": "its synapses raise currents", "alif": "its threshold adapts"}
    models.update({name: f"{name} neurons are integrated in floats" for name in ("adex", "izhikevich")})
    for model, why in models.items():
        net = small()
        net.add("other", 3, model)
        net.connect("hidden", "other")
        with refused(UnsupportedError, "layer 'other' has no integer form", why, "use 'lif' or 'li'"):
            Quantizer().quantize_neurons(net)
    net = small()
    net.connect("input", "hidden", weights=1.0, synapse=Exponential(5.0))
    with refused(UnsupportedError, "layer 'hidden'", "its synapses raise currents"):
        Quantizer().quantize_neurons(net)


@pytest.mark.parametrize("field,low,high", [("voltage_bits", 8, 16), ("current_bits", 4, 32), ("weight_bits", 2, 8)])
def test_bits_of_networks_out_of_range(field: str, low: int, high: int) -> None:
    for bad in (low - 1, high + 1, -3):
        with refused(ParameterError, "quantize_neurons", f"{field} must be {low} to {high} (got {bad})"):
            Quantizer().quantize_neurons(small(), **{field: bad})
    for wrong in (True, 8.0, "8", None):
        with refused(ArgumentTypeError, "quantize_neurons", f"{field} must be a whole number"):
            Quantizer().quantize_neurons(small(), **{field: wrong})


def test_what_is_no_network_is_refused() -> None:
    for bad in (None, "network", {"a->b": MATRIX}, compile_network(small())):
        with refused(ArgumentTypeError, "quantize_neurons", "network must be a Network"):
            Quantizer().quantize_neurons(bad)  # type: ignore[arg-type]
    with refused(ParameterError, "has no populations"):
        Quantizer().quantize_neurons(Network())


@pytest.mark.parametrize(
    "bad,words",
    [(np.ones((3, 11)), "shape [samples, 12]"), (np.full((1, 12), 1.5), "0 to 1"), (np.ones((0, 12)), "one")],
)
def test_bad_calibration_is_refused(bad: Any, words: str) -> None:
    with refused(ParameterError, "quantize_neurons", "calibration", words):
        Quantizer().quantize_neurons(small(), calibration=bad)


def test_calibrated_sums_fit() -> None:
    net, samples = small(), np.random.default_rng(5).random((20, 12))
    found = Quantizer().quantize_neurons(net, 16, 8, calibration=samples)
    assert found.widths is not None and set(found.widths.arrivals) == {"hidden", "output"}
    report = Quantizer().measure_accuracy_impact(net, found, samples)
    assert report.current_saturation["hidden"] < 0.001 and report.potential_saturation["output"] == 0.0
    # of 4 bits with sums that were never seen this large, many end at their limit
    tight = found.copy()
    tight.widths = Widths(16, 4, 8, {"hidden": np.zeros(30)}, found.widths.potentials)
    assert Quantizer().measure_accuracy_impact(net, tight, samples).current_saturation["hidden"] > 0.1


def test_units_are_those_of_the_weights_whatever_the_step() -> None:
    found = Quantizer().quantize_neurons(small(), 12, 6)
    simulator = Simulator(found, dt=1.0)
    simulator.run(50.0, {"input": [(k % 12, float(k)) for k in range(50)]})
    before = {name: simulator.potential(name) for name in ("hidden", "output")}
    for dt in (0.5, 2.0, 1.0):
        simulator.set_dt(dt)
        for name, v in before.items():
            assert np.array_equal(simulator.potential(name), v)


# ---- answers


@lru_cache(maxsize=None)
def trained() -> Tuple[Network, Digits]:
    """Random features, and a readout fitted by least squares to what they bring to it in 16 ticks."""
    digits, net = load_digits(), classifier((64, 128, 10), seed=3)
    samples, simulator = Samples("test", net, digits.inputs[:700], 16, 1.0), Simulator(net, 1.0)
    features = np.zeros((len(samples), 129))
    for k in range(len(samples)):
        spikes = samples.run(simulator, k, ("spikes",), None).spikes["hidden"]
        # a spike raises the mean of a potential that leaks by 1/16 the more, the earlier it comes
        worth = 1.0 - (15.0 / 16.0) ** np.maximum(0.0, 18.0 - spikes.times)
        features[k] = np.append(np.bincount(spikes.neurons, worth, 128), 1.0)
    target = np.eye(10)[digits.labels[:700]] - 0.1
    fitted = np.linalg.solve(features.T @ features + 30.0 * np.eye(129), features.T @ target)
    net.set_weights({"hidden->output": fitted[:128].astype(np.float32)})
    return net, digits


@pytest.mark.long
def test_a_trained_classifier_answers_as_before() -> None:
    net, digits = trained()
    inputs, labels = digits.test_inputs, digits.test_labels
    quantizer = Quantizer()
    for current, calibration in ((8, None), (8, digits.inputs[:100]), (16, digits.inputs[:100])):
        found = quantizer.quantize_neurons(net, 16, current, calibration=calibration)
        report = quantizer.measure_accuracy_impact(net, found, inputs, labels)
        assert report.accuracy_before is not None and report.accuracy_before > 0.8
        assert report.accuracy_change is not None and abs(report.accuracy_change) <= 0.01
        assert report.disagreement <= 0.02 and abs(report.spike_change) <= 0.02
        assert report.memory_after < 0.7 * report.memory_before
        assert (quantizer.memory_before, quantizer.memory_after) == (report.memory_before, report.memory_after)


@pytest.mark.long
def test_a_reader_in_integers_answers_as_before() -> None:
    # without a quantizer: precision int8 alone
    net, digits = trained()
    samples = Samples("test", net, digits.test_inputs, 16, 1.0)
    a, b = (answers(samples, Simulator(net, 1.0, precision=p)) for p in ("float32", "int8"))
    assert b.simulator.plan.pop_kind.tolist() == [SOURCE, FIXED, FIXED]
    assert np.mean(a.labels != b.labels) <= 0.015


@pytest.mark.long
def test_the_report_says_what_changed() -> None:
    net, digits = trained()
    found = Quantizer().quantize_neurons(net, 10, 6, weight_bits=3)
    report = Quantizer().measure_accuracy_impact(net, found, digits.test_inputs[:50])
    assert (report.accuracy_before, report.accuracy_after, report.accuracy_change) == (None, None, None)
    assert report.samples == 50 and report.spikes_before > 1000
    assert 0.0 < report.mean_rate_difference["hidden"] < report.max_rate_difference["hidden"]
    text = repr(report)
    assert all(word in text for word in ("other labels", "hidden", "output", "bytes", "50 samples"))
    same = Quantizer().measure_accuracy_impact(net, net, digits.test_inputs[:5], digits.test_labels[:5])
    assert (same.disagreement, same.accuracy_change, same.spike_change) == (0.0, 0.0, 0.0)
    assert same.potential_saturation == {} and "accuracy" in repr(same)


def test_bad_samples_and_labels_are_refused() -> None:
    net, q = small(), Quantizer()
    x = np.zeros((2, 12))
    for labels, kind, words in (([0], ParameterError, "one for each of 2 samples"), ([0, 4], ParameterError, "0 to 3"),
                                ([0.0, 1.0], ArgumentTypeError, "integers")):  # fmt: skip
        with refused(kind, "measure_accuracy_impact", words):
            q.measure_accuracy_impact(net, net, x, labels)
    with refused(ParameterError, "same populations"):
        q.measure_accuracy_impact(net, classifier(), x)
    with refused(ArgumentTypeError, "quantized must be a Network"):
        q.measure_accuracy_impact(net, None, x)  # type: ignore[arg-type]
    with refused(ParameterError, "shape [samples, 12]"):
        q.measure_accuracy_impact(net, net, np.zeros((2, 5)))
    with refused(ParameterError, "duration"):
        q.measure_accuracy_impact(net, net, x, duration=0)


def test_spiking_outputs_answer_by_counts_then_potentials() -> None:
    net = Network()
    net.add("input", 3, "rate")
    net.add("output", 3, LIF(tau_m=10.0, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0))
    net.connect("input", "output", weights=np.array([[2.0, 0.1, 0.0], [0.0, 0.2, 0.3], [0.0, 2.0, 2.0]]))
    samples = Samples("test", net, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.1, 1.0], [0.0, 0.0, 0.0]], 4, 1.0)
    assert answers(samples, Simulator(net, 1.0)).labels.tolist() == [0, 2, 1, 0]


def test_public_names() -> None:
    assert neuroedge.Quantizer is Quantizer and LI().spiking is False
