"""One table for any chain of steps: its figures are NeuroBench's, counted here anew from what a simulator records."""

from typing import Tuple

import numpy as np
import pytest
from refusing import refused

from neuroedge import Network, Simulator
from neuroedge.applications.classify import classifier
from neuroedge.encoding.rate import regular_spikes
from neuroedge.errors import ArgumentTypeError, ParameterError, UnknownNameError
from neuroedge.events import SpikeTrain
from neuroedge.learning import evaluate
from neuroedge.optimize import NetworkPruner, Quantizer, report
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import State

TICKS = 16


def samples(features: int = 12, n: int = 30, classes: int = 5) -> Tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    return rng.random((n, features)).astype(np.float32), rng.integers(0, classes, n)


def dense() -> Network:
    return classifier((12, 20, 5), seed=2)


def sparse() -> Network:
    """Three layers of random wiring, a delay of 3 ms, a loop, a spiking output."""
    net = Network("sparse", seed=4)
    net.add("a", 7, "rate")
    net.add("b", 5, "rate")
    net.add("hidden", 30, "lif", tau_m=10.0)
    net.add("out", 4, "lif")
    net.connect("a", "hidden", probability=0.4, weights=5.0)
    net.connect("b", "hidden", probability=0.6, weights=4.0, delay=3.0)
    net.connect("hidden", "hidden", "lateral", probability=0.2, weights=-1.0)
    net.connect("hidden", "out", probability=0.5, weights=6.0)
    return net


def counted(net: Network, inputs: np.ndarray, travel: int) -> Tuple[float, float, int]:
    """(additions of a sample, share of neurons and ticks without a spike, products of dense layers), by hand."""
    ticks, simulator = TICKS + travel, Simulator(net, dt=1.0)
    names = [name for name in net.populations if not any(q.post.name == name for q in net.projections.values())]
    additions = spikes = 0
    for x in inputs:
        given, first = {}, 0
        for name in names:
            n = net.populations[name].size
            when, who = regular_spikes(x[first : first + n], TICKS)
            given[name], first = SpikeTrain(who, when + 0.5), first + n
        simulator.reset()
        seen = simulator.run(float(ticks), given)
        spikes += sum(len(train) for train in seen.spikes.values())
        for q in net.projections.values():
            train, c = seen.spikes[q.pre.name], q.connectivity
            # a spike of the last tick is passed on, too
            additions += int(np.diff(c.indptr)[train.neurons].sum())
    pairs = sum(q.pre.size * q.post.size for q in net.projections.values())
    return additions / len(inputs), 1.0 - spikes / (len(inputs) * ticks * net.neurons), pairs * ticks


@pytest.mark.parametrize("made,travel", [(dense, 2), (sparse, 4)])
@pytest.mark.parametrize("share", [0.0, 0.7])
def test_figures_are_those_of_neurobench(made: object, travel: int, share: float) -> None:
    net = made()  # type: ignore[operator]
    inputs, labels = samples(classes=4)
    if share:
        net = NetworkPruner(sparsity_target=share, calibration=inputs).prune(net)
    found = report({"it": net}, inputs, labels)["it"]
    additions, silent, products = counted(net, inputs, travel)
    assert found.effective_acs == pytest.approx(additions, rel=1e-12) and additions > 0
    assert found.activation_sparsity == pytest.approx(silent, rel=1e-12) and 0.0 < silent < 1.0
    assert found.dense == products and found.effective_acs < products
    pairs = sum(q.pre.size * q.post.size for q in net.projections.values())
    assert found.connection_sparsity == pytest.approx(1.0 - net.synapses / pairs)
    assert found.accuracy == evaluate(net, inputs, labels)


def test_bytes_are_those_of_the_plan() -> None:
    inputs, labels = samples()
    net = dense()
    found = report({"it": net}, inputs, labels)["it"]
    plan = compile_network(net, 1.0)
    assert found.nbytes == plan.nbytes > found.weight_bytes >= 4 * net.synapses
    arrays = [*plan.arrays.values(), *State(plan).arrays.values()]
    assert plan.nbytes == sum(a.nbytes for a in arrays)
    assert found.microseconds > 0.0 and found.synapses == net.synapses


def test_precisions_are_the_networks_own_or_as_asked() -> None:
    inputs, labels = samples()
    net = dense()
    small = Quantizer().quantize_neurons(net)
    found = report({"whole": net, "half": (net, "float16"), "own": small, "codes": (small, "float32")}, inputs, labels)
    assert [f.precision for f in found.steps] == ["float32", "float16", "int8", "float32"]
    sizes = [f.weight_bytes for f in found.steps]
    assert sizes[2] < sizes[1] < sizes[0] == sizes[3]
    for f, network in zip(found.steps, (net, net, small, small)):
        assert f.accuracy == evaluate(network, inputs, labels, precision=f.precision)


def test_mappings_and_lists_say_the_same() -> None:
    inputs, labels = samples()
    steps = {"one": dense(), "two": (dense(), "int8")}
    for form in (list(steps.items()), tuple(steps.items()), [list(pair) for pair in steps.items()]):
        first, again = ([f._replace(microseconds=0.0) for f in report(s, inputs, labels).steps] for s in (steps, form))
        assert first == again
    assert report({0.5: dense()}, inputs, labels)[0.5].name == "0.5"


def test_networks_stay_as_they_are() -> None:
    inputs, labels = samples()
    net = dense()
    before, version = net.get_weights(), net.version
    report({"it": net}, inputs, labels)
    assert net.seen is None and net.version == version
    assert all(np.array_equal(w, before[name]) for name, w in net.get_weights().items())


def test_the_table_fits_and_says_what_it_shows() -> None:
    inputs, labels = samples()
    net = dense()
    steps = {"trained": net, "a step whose name is much longer than a line has room for": net, "int8": (net, "int8")}
    lines = repr(report(steps, inputs, labels)).splitlines()
    assert max(len(line) for line in lines) <= 100
    # a name that is too long has a line of its own; figures end where their headings end
    assert len(lines) == 1 + 4 + 2 and lines[2] == list(steps)[1]
    for word in ("accuracy", "synapses", "weights", "in all", "additions", "time"):
        end = lines[0].index(word) + len(word)
        for line in (lines[1], lines[3], lines[4]):
            assert line[end - 1] != " " and line[end : end + 1] in ("", " "), (word, line)
    assert "change" in lines[0] and "+0.00" in lines[3] and "+" not in lines[1]
    assert "30 samples" in lines[5] and "percentage points" in lines[5] and "NeuroBench" in lines[6]


def test_large_figures_have_room() -> None:
    inputs, labels = samples()
    found = report({"it": dense()}, inputs, labels)
    found.steps[0] = found.steps[0]._replace(
        synapses=123_456_789, weight_bytes=10**9, nbytes=10**9, effective_acs=99_999_999.0, microseconds=123_456.7
    )
    found.steps.append(found.steps[0])
    row = repr(found).splitlines()[1].split()
    assert row[3:] == ["123,456,789", "1000.0", "MB", "1000.0", "MB", "99,999,999", "123.5", "ms"]
    assert max(map(len, repr(found).splitlines())) <= 100


def test_what_is_refused() -> None:
    inputs, labels = samples()
    net = dense()
    with refused(ParameterError, "report", "at least one"):
        report({}, inputs, labels)
    with refused(ArgumentTypeError, "report", "step 'a'", "must be a Network", "'b'"):
        report({"a": "b"}, inputs, labels)
    for bad in (net, [net], "net", [("a", net, 3)]):
        with refused(ArgumentTypeError, "report", "{name: network}"):
            report(bad, inputs, labels)  # type: ignore[arg-type]
    with refused(ParameterError, "names of their own", "'a'"):
        report([("a", net), ("a", net)], inputs, labels)
    with refused(UnknownNameError, "int3", "int8"):
        report({"a": (net, "int3")}, inputs, labels)
    with refused(ParameterError, "float64"):
        report({"a": (net, "float64")}, inputs, labels)
    with refused(ParameterError, "step 'b'", "[samples, 4]"):
        report({"a": net, "b": classifier((4, 3, 5))}, inputs, labels)
    with refused(UnknownNameError, "step", "'b'", "known: a"):
        report({"a": net}, inputs, labels)["b"]
