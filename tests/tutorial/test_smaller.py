"""Making networks smaller, as the tutorial does it, word for word, on a network that tells digits apart."""

import re
import warnings
from typing import Any, Dict

import blocks
import numpy as np
import pytest

from neuroedge import NeuromorphicAPI
from neuroedge.applications.classify import Digits, load_digits
from neuroedge.optimize import report


@pytest.fixture(scope="module")
def digits() -> Digits:
    return load_digits()


@pytest.fixture(scope="module", params=["lif", "li"])
def taught(request: pytest.FixtureRequest, digits: Digits) -> NeuromorphicAPI:
    """A network of layers with the tutorial's own defaults, trained on the digits."""
    api = NeuromorphicAPI(seed=1)
    api.create_network()
    api.add_sensory_layer("pixels", 64, "rate")
    api.add_processing_layer("hidden", 128, "lif")
    api.add_motor_layer("digit", 10, request.param)
    api.connect_layers("pixels", "hidden")
    api.connect_layers("hidden", "digit")
    api.train(digits.inputs, digits.labels, epochs=8, rate=1e-2, progress=False)
    assert api.evaluate(digits.test_inputs, digits.test_labels) > 0.85
    return api


def run(text: str, names: Dict[str, Any]) -> Dict[str, Any]:
    with warnings.catch_warnings():
        # all is known that is needed: nothing is made up, nothing falls back
        warnings.simplefilter("error")
        exec(compile(text, "edge_deployment.md", "exec"), names)
    return names


@pytest.mark.long
def test_pruning_keeps_what_the_network_knows(
    taught: NeuromorphicAPI, digits: Digits, capsys: pytest.CaptureFixture
) -> None:
    network = taught.network
    before = network.get_weights()
    names = run(blocks.block("### 1. Network Pruning"), {"np": np, "api": taught, "network": network})
    assert capsys.readouterr().out == "Connections reduced: 80.0%\n"
    pruned = names["pruned_network"]
    assert pruned.synapses == network.synapses - round(0.8 * network.synapses)
    whole = taught.evaluate(digits.test_inputs, digits.test_labels)
    assert taught.evaluate(digits.test_inputs, digits.test_labels, pruned) > whole - 0.03
    assert all(np.array_equal(w, before[name]) for name, w in network.get_weights().items())
    # nothing that was only tested on has been learned from
    assert pruned.seen is not None and all(x in digits.inputs for x in pruned.seen[:20])


@pytest.mark.long
def test_quantisation_costs_next_to_nothing(
    taught: NeuromorphicAPI, digits: Digits, capsys: pytest.CaptureFixture
) -> None:
    network, text = taught.network, blocks.block("### 2. Quantization")
    call = "quantizer.quantize_neurons("
    assert text.count(call) == 1
    # the reader keeps what the call returns
    kept = run(text.split("# Measure accuracy impact")[0].replace(call, f"quantized_network = {call}"),
               {"network": network})["quantized_network"]  # fmt: skip
    names = {
        "network": network,
        "quantized_network": kept,
        "evaluate": lambda network: taught.evaluate(digits.test_inputs, digits.test_labels, network),
    }
    names = run(text, names)
    printed = re.fullmatch(r"Accuracy change: (-?\d+\.\d\d)%\n", capsys.readouterr().out)
    assert printed and abs(float(printed[1])) < 2.0
    assert names["original_accuracy"] > 0.85 and names["quantized_accuracy"] > 0.85
    assert kept.precision == "int8" and names["quantizer"].memory_after < names["quantizer"].memory_before
    for name, w in network.get_weights().items():
        found = names["quantized_weights"][name]
        assert found.codes.dtype == np.int8 and np.abs(found.dequantize() - w).max() <= 0.501 * found.scale.max()


@pytest.mark.long
def test_both_in_a_row_still_tell_digits_apart(taught: NeuromorphicAPI, digits: Digits) -> None:
    network = taught.network
    first = blocks.block("### 1. Network Pruning")
    pruned = run(first, {"api": taught, "network": network, "print": lambda *_: None})["pruned_network"]
    head = blocks.block("### 2. Quantization").split("# Measure accuracy impact")[0]
    text = head.replace("quantizer.quantize_neurons(", "small = quantizer.quantize_neurons(")
    small = run(text, {"network": pruned})["small"]
    taught.fine_tune(small, epochs=2, progress=False)
    found = report({"trained": network, "pruned": pruned, "small": small}, digits.test_inputs, digits.test_labels)
    accuracy = [step.accuracy for step in found.steps]
    assert min(accuracy) > accuracy[0] - 0.04 and min(accuracy) > 0.85, found
    assert found["small"].synapses <= found["pruned"].synapses < 0.21 * found["trained"].synapses
    assert found["small"].weight_bytes < 0.5 * found["trained"].weight_bytes
    assert found["small"].effective_acs < 0.5 * found["trained"].effective_acs
