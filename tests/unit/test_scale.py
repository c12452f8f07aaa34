"""Raw readings: `train --scale` learns their ranges, and every verb and loop takes them as they are from then on."""

import json
from pathlib import Path
from typing import Any, Iterator, List

import numpy as np
import pytest

from neuroedge.applications.deploy import parts_of
from neuroedge.applications.labelled import labelled_for, load_labelled
from neuroedge.applications.scales import learned_scale, scale_of
from neuroedge.cli import main
from neuroedge.errors import FormatError, ParameterError
from neuroedge.formats.bundle import load
from neuroedge.formats.saving import save

LOW, HIGH = [-40.0, 900.0, 7.0], [85.0, 1100.0, 7.0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Temperature, pressure and a value that never changes, of two classes; the same as CSV; a model of them."""
    made = tmp_path_factory.mktemp("raw")
    rng, labels = np.random.default_rng(1), np.arange(60) % 2
    inputs = np.stack([rng.uniform(-40, 20, 60) + 65 * labels, rng.uniform(900, 1100, 60), np.full(60, 7.0)], axis=1)
    inputs[:2, :2] = [LOW[:2], HIGH[:2]]
    np.savez(made / "raw.npz", inputs=inputs[:40], labels=labels[:40], x_test=inputs[40:], y_test=labels[40:])
    np.savetxt(made / "raw.csv", inputs[40:], delimiter=",", header="celsius,hpa,still", comments="", fmt="%.17g")
    words = ["train", "3-8-2", "--data", str(made / "raw.npz"), "-o", str(made / "m.ne"), "--scale", "--rate", "0.02"]
    assert main([*words, "--epochs", "40"]) == 0
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    yield


def words_of(**changed: Any) -> Any:
    return {**(load("m.ne").encoder or {}), **changed}


def test_a_scale_brings_ranges_to_0_and_1() -> None:
    scale = learned_scale(np.array([[1.0, 5.0, -1e308], [3.0, 5.0, 1e308]]))
    assert scale.unit(np.array([[2.0, 5.0, 0.0], [9.0, 99.0, -np.inf]])).tolist() == [[0.5, 0.0, 0.5], [1.0, 0.0, 0.0]]
    assert scale_of({"kind": "values"}, "m") is None is scale_of(None, "m") and scale_of({"kind": "dvs"}, "m") is None
    for low in ("a", [0.0, 1.0], [[0.0]], float("inf"), 2.0):
        with pytest.raises(FormatError, match="^m: encoder: low and high must be numbers"):
            scale_of({"kind": "values", "low": low}, "m")


def test_the_training_part_gives_the_ranges(capsys: Any) -> None:
    encoder = load("m.ne").encoder
    assert encoder is not None and (encoder["low"], encoder["high"], encoder["clip"]) == (LOW, HIGH, True)
    data = load_labelled("raw.npz", scale=True)
    assert (data.inputs.min(axis=0), data.inputs.max(axis=0))[1].tolist() == [1.0, 1.0, 0.0] and data.inputs.min() == 0
    assert data.notes == ("values that are always the same, and count as 0: 1 of 3",)
    again = labelled_for(load("m.ne"), "raw.npz")
    assert np.array_equal(again.test_inputs, data.test_inputs) and again.scale is not None
    assert main(["show", "m.ne"]) == 0 and "clip yes" in capsys.readouterr().out


def test_what_is_beyond_the_ranges_is_clipped_and_said() -> None:
    np.savez("wide.npz", inputs=[[0, 1], [4, 1], [2, 0], [3, 1], [1, 1]], labels=[0, 1, 0, 1, 0],
             test_inputs=[[-5, 2]], test_labels=[0])  # fmt: skip
    data = load_labelled("wide.npz", scale=True)
    assert data.test_inputs.tolist() == [[0.0, 1.0]] and "count as their ends: 2 of 12" in data.notes[0]
    # bytes are readings too, and not shares of 255
    np.savez("bytes.npz", x=np.array([[10], [20], [30], [20], [10], [30]], np.uint8), y=[0, 1, 1, 1, 0, 1])
    assert set(load_labelled("bytes.npz", scale=True).inputs.ravel().tolist()) <= {0.0, 0.5, 1.0}


def test_raw_readings_run_as_they_were_tested() -> None:
    assert main(["run", "m.ne", "--source", "file:raw.csv", "--flat-out", "--sink", "file:out.jsonl"]) == 0
    lines = Path("out.jsonl").read_text().splitlines()
    classes = [json.loads(line)["value"]["class"] for line in lines]
    data = load_labelled("raw.npz", scale=True)
    right = float(np.mean(np.array(classes) == data.test_labels))
    (done,) = load("m.ne").provenance["trained"]
    assert len(classes) == 20 and right == done["accuracy"] > 0.8 and "--scale" in done["command"]


@pytest.mark.long
def test_verbs_scale_by_the_models_own_ranges(capsys: Any) -> None:
    for words in (["verify", "m.ne"], ["shrink", "m.ne", "-o", "s.ne", "--keep", "0.5", "--epochs", "1"],
                  ["train", "m.ne", "-o", "t.ne", "--epochs", "1"], ["bench", "m.ne", "-r", "1"]):  # fmt: skip
        assert main([*words, "--data", "raw.npz"]) == 0, capsys.readouterr().err
    assert load("s.ne").encoder == load("t.ne").encoder == load("m.ne").encoder


REFUSED: List[Any] = [
    (1, "train --scale brings each value into that range", "train 3-8-2 --data raw.npz -o x.ne"),
    (2, "--scale is for new models", "train m.ne --data raw.npz -o x.ne --scale"),
    (1, "samples must be of 3 values, as the model has ranges (got 64)", "verify m.ne --data digits"),
]


@pytest.mark.parametrize("code, says, line", REFUSED)
def test_what_cannot_be_scaled(capsys: Any, code: int, says: str, line: str) -> None:
    assert main(line.split()) == code and says in capsys.readouterr().err and not Path("x.ne").exists()


def test_a_reading_outside_is_told_with_its_row_and_the_cure(capsys: Any) -> None:
    bundle = load("m.ne")
    save("bare.ne", bundle.network, dt=1.0, encoder=words_of(low=0.0, high=1.0, clip=False), decoder=bundle.decoder)
    assert main(["run", "bare.ne", "--source", "file:raw.csv", "--flat-out"]) == 1
    error = capsys.readouterr().err
    assert "raw.csv: row 1: bare.ne: encoder: values must be 0 to 1 (value 1 of 3 is" in error
    assert "hint: a model of train --scale takes readings as they are" in error


@pytest.mark.parametrize(
    "changed", [{"low": [0.0, 1.0]}, {"low": LOW, "high": 2000.0}, {"low": HIGH, "high": LOW}, {"low": "a"},
                {"low": [True, 0.0, 0.0]}, {"clip": 1}, {"low": 1.0, "high": 1.0}],
)  # fmt: skip
def test_ranges_of_a_file_are_not_trusted(changed: Any) -> None:
    bundle = load("m.ne")
    save("odd.ne", bundle.network, dt=1.0, encoder=words_of(**changed), decoder=bundle.decoder)
    with pytest.raises(FormatError, match="odd.ne: encoder: (low|high|clip) must be"):
        parts_of(load("odd.ne"))


def test_nan_is_no_reading() -> None:
    encoder = parts_of(load("m.ne")).encoder
    assert encoder.encode([1e9, -1e9, 0.0])["input"].neurons.tolist() == [0] * 16
    with pytest.raises(ParameterError, match=r"value 2 of 3 is nan"):
        encoder.encode([0.0, float("nan"), 0.0])
