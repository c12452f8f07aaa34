"""Blocks of the tutorial that this version serves, run word for word."""

import time
import warnings

import blocks
import numpy as np
import pytest

from neuroedge.applications.demo import load_clip


def run(text: str, names: dict) -> dict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        exec(compile(text, "edge_deployment.md", "exec"), names)
    return names


@pytest.fixture
def compact() -> dict:
    return run(blocks.block("### Memory-Efficient Networks"), {"np": np, "time": time})


def test_memory_efficient_network_runs_word_for_word(compact: dict) -> None:
    api, results = compact["api"], compact["results"]
    assert results["duration"] == 100.0
    assert set(results["layer_spike_counts"]) == {"input", "hidden", "output"}
    assert results["layer_spike_counts"]["hidden"].shape == (50,)
    assert results["performance"]["precision"] == "float16"
    assert "potentials" not in results and "weights" not in results
    assert abs(api.network.synapses - 500) < 100


def test_spikes_put_into_its_input_come_out_of_its_hidden_layer(compact: dict) -> None:
    rng = np.random.default_rng(1)
    events = [(int(n), float(t)) for n, t in zip(rng.integers(0, 100, 400), rng.uniform(0, 100, 400))]
    results = compact["api"].run_simulation(duration=100.0, external_inputs={"input": events})
    counts = results["layer_spike_counts"]
    # 40 Hz in: default weights pass on about as much
    assert 300 <= counts["input"].sum() <= 400
    assert 50 <= counts["hidden"].sum() <= 400
    times = results["layer_spike_times"]["hidden"]
    assert len(times) == counts["hidden"].sum()
    assert all(0 <= n < 50 and 0.0 < t <= 100.0 for n, t in times)
    assert np.allclose(results["layer_rates"]["hidden"], counts["hidden"] * 10.0)


def test_half_precision_halves_the_weights(compact: dict) -> None:
    api = compact["api"]
    half = api.simulator.plan.weight16.nbytes
    assert half >= 2 * api.network.synapses and api.simulator.plan.weight.nbytes <= 64
    api.set_precision("float32")
    api.run_simulation(duration=10.0)
    assert api.simulator.plan.weight.nbytes >= 4 * api.network.synapses


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> blocks.ClipCapture:
    cv2 = pytest.importorskip("cv2", reason="pip install neuroedge[camera]")
    capture = blocks.ClipCapture(load_clip().frames)
    monkeypatch.setattr(cv2, "VideoCapture", capture)
    # the camera's window is the reader's own, too
    monkeypatch.setattr(cv2, "imshow", lambda *_: None)
    monkeypatch.setattr(cv2, "waitKey", lambda _: -1)
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: None)
    return capture


def test_camera_input_runs_word_for_word(camera: blocks.ClipCapture, capsys: pytest.CaptureFixture) -> None:
    from api.neuromorphic_api import NeuromorphicAPI

    names = run(blocks.block("### Camera Input"), {"np": np, "time": time, "NeuromorphicAPI": NeuromorphicAPI})
    assert camera.released
    assert capsys.readouterr().out.count("Detected class: ") >= 45
    results = names["results"]
    # events go in and spikes come out of every layer
    wired = names["api"].network.projections
    assert list(wired) == ["retina->v1", "v1->detection"]
    assert names["detection"].shape == (10,)
    assert results["layer_spike_counts"]["retina"].shape == (4096,)


def test_camera_events_go_in_and_spikes_come_out(camera: blocks.ClipCapture) -> None:
    from api.neuromorphic_api import NeuromorphicAPI

    calls: list = []

    class Watched(NeuromorphicAPI):
        def run_simulation(self, *args: object, **kwargs: object) -> object:
            calls.append(super().run_simulation(*args, **kwargs))
            return calls[-1]

    run(
        blocks.block("### Camera Input"), {"np": np, "time": time, "NeuromorphicAPI": Watched, "print": lambda *_: None}
    )
    total = {
        name: sum(int(c["layer_spike_counts"][name].sum()) for c in calls) for name in ("retina", "v1", "detection")
    }
    assert len(calls) >= 45 and all(n > 0 for n in total.values()), total


def test_the_camera_block_warns_once_of_its_wiring(camera: blocks.ClipCapture) -> None:
    from api.neuromorphic_api import NeuromorphicAPI

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(blocks.block("### Camera Input"), {"np": np, "NeuromorphicAPI": NeuromorphicAPI, "print": lambda *_: None})
    wiring = [str(w.message) for w in caught if "retina -> v1, v1 -> detection" in str(w.message)]
    assert len(wiring) == 1


@pytest.mark.long
def test_pruning_runs_word_for_word(
    compact: dict, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = compact["api"]
    tuned: list = []
    monkeypatch.setattr(type(api), "fine_tune", lambda self, network, epochs: tuned.append((network, epochs)), False)
    before = api.network.synapses
    names = run(blocks.block("### 1. Network Pruning"), {"np": np, "api": api, "network": api.network})
    assert capsys.readouterr().out == "Connections reduced: 80.0%\n"
    pruned = names["pruned_network"]
    assert pruned.synapses == before - round(0.8 * before) and pruned.parent is api.network
    assert api.network.synapses == before and tuned == [(pruned, 10)]


def test_quantization_runs_word_for_word(compact: dict, capsys: pytest.CaptureFixture) -> None:
    # the reader's own: a network, what became of it, and how it is judged
    network, made = compact["api"].network, []

    def evaluate(asked: object) -> float:
        made.append(asked)
        return 0.5 if asked is network else 0.25

    text = blocks.block("### 2. Quantization")
    head = text.split("# Measure accuracy impact")[0]
    quantized = run(head.replace("quantizer.quantize_neurons(", "quantized_network = quantizer.quantize_neurons("),
                    {"network": network})["quantized_network"]  # fmt: skip
    names = run(text, {"network": network, "quantized_network": quantized, "evaluate": evaluate})
    assert capsys.readouterr().out == "Accuracy change: -25.00%\n"
    assert made == [network, quantized] and quantized.parent is network and quantized.precision == "int8"
    codes = names["quantized_weights"]
    assert set(codes) == set(network.get_weights()) and all(q.bits == 8 for q in codes.values())
    for name, weights in network.get_weights().items():
        assert np.abs(codes[name].dequantize() - weights).max() <= codes[name].scale.max() * 0.501
    assert names["quantizer"].memory_after < names["quantizer"].memory_before
