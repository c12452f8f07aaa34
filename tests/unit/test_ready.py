"""The models that come with the package: there, whole, small, and made again bit for bit."""

import os
from pathlib import Path

import numpy as np
import pytest

from neuroedge.applications import ready as module
from neuroedge.applications.classify import load_digits
from neuroedge.applications.motion import read_motion
from neuroedge.applications.ready import MODELS, make, open_model, ready
from neuroedge.applications.verify import verify
from neuroedge.encoding.rate import regular_spikes
from neuroedge.errors import UnknownNameError
from neuroedge.formats.heap import narrow
from neuroedge.learning import evaluate

SHIPPED = Path(module.__file__).parent.parent / "data"


@pytest.mark.parametrize("name", sorted(MODELS))
def test_they_answer_here_as_they_did(name: str) -> None:
    bundle = ready(name)
    assert bundle.nbytes <= 2_200_000 and bundle.plan.precision == "float32" and bundle.plan.dt == 1.0
    assert verify(bundle, ["clock", "hybrid"]).equal
    assert bundle.golden is not None and sum(len(ticks) for ticks in bundle.golden.ticks.values()) > 30


def test_the_golden_input_of_digits_is_a_digit() -> None:
    bundle, digits = ready("digits"), load_digits()
    assert bundle.golden is not None and bundle.golden.duration == 18.0
    ticks, neurons = regular_spikes(digits.test_inputs[0], 16)
    given = bundle.golden.inputs["input"]
    assert np.array_equal(np.asarray(given.times), ticks + 1.0) and np.array_equal(given.neurons, neurons)
    assert len(neurons) > 200 and bundle.golden.potentials["output"][-1].argmax() == digits.test_labels[0]


def test_the_golden_input_of_motion_is_two_bars() -> None:
    golden = ready("motion").golden
    assert golden is not None
    ticks, neurons = golden.ticks["output"], golden.neurons["output"]
    first, second = (np.bincount(neurons[part], minlength=10) for part in (ticks < 16 * 40, ticks >= 16 * 40))
    assert read_motion(first)[:2] == ("right", "fast") and read_motion(second)[:2] == ("up", "slow")


def test_the_classifier_is_a_good_one() -> None:
    digits = load_digits()
    assert evaluate(ready("digits").network.copy(), digits.test_inputs, digits.test_labels) > 0.95


@pytest.mark.long
def test_motion_is_made_again(tmp_path: Path) -> None:
    assert make("motion", tmp_path / "m.ne") == (SHIPPED / "motion.ne").stat().st_size
    assert (tmp_path / "m.ne").read_bytes() == (SHIPPED / "motion.ne").read_bytes()


@pytest.mark.long
@pytest.mark.skipif("NEUROEDGE_SEARCH" not in os.environ, reason="15 s of training: NEUROEDGE_SEARCH=1 makes it again")
def test_digits_are_made_again(tmp_path: Path) -> None:
    make("digits", tmp_path / "d.ne", progress=False)
    assert (tmp_path / "d.ne").read_bytes() == (SHIPPED / "digits.ne").read_bytes()


def test_names_files_and_what_is_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_model("motion").file.endswith("motion.ne")
    assert open_model(SHIPPED / "digits.ne").labels == [str(k) for k in range(10)]
    with pytest.raises(UnknownNameError, match="did you mean 'digits'"):
        ready("digit")
    with pytest.raises(UnknownNameError):
        make("fly", tmp_path / "fly.ne")
    with pytest.raises(UnknownNameError, match="did you mean 'digits'"):
        open_model("digit")
    # a file of that name goes first
    monkeypatch.chdir(tmp_path)
    Path("digits").write_bytes((SHIPPED / "motion.ne").read_bytes())
    assert open_model("digits").labels == open_model("motion").labels


def test_whole_numbers_are_kept_small_and_exact() -> None:
    for given, kind in (([0, 255], "uint8"), ([0, 256], "uint16"), ([65536.0], "uint32"), ([0.5], "float64"),
                        ([-1.0], "float64"), ([-0.0], "float64"), ([2.0**40], "float64"), ([], "uint8")):  # fmt: skip
        array = np.array(given, np.float64)
        small = narrow(array)
        assert small.dtype.name == kind and np.array_equal(small.astype(np.float64), array)
    assert narrow(np.array([7], np.uint8)).dtype == np.uint8
    assert narrow(np.array([np.nan, 1.0])).dtype == np.float64
