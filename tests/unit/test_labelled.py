"""Labelled data: what a file may hold, what is made of it, and what is refused."""

import io
import zipfile
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

from neuroedge.applications.classify import load_digits
from neuroedge.applications.labelled import load_labelled
from neuroedge.errors import ArgumentTypeError, NeuroedgeError, NotReadyError, UnknownNameError

X = np.linspace(0.0, 1.0, 40, dtype=np.float32).reshape(10, 2, 2)
Y = np.arange(10) % 3


def written(folder: Path, **arrays: Any) -> str:
    path = folder / "d.npz"
    np.savez(path, **arrays)
    return str(path)


def test_the_digits_by_name() -> None:
    data, digits = load_labelled("digits"), load_digits()
    assert np.array_equal(data.inputs, digits.inputs) and np.array_equal(data.test_labels, digits.test_labels)
    assert (data.features, data.classes, data.shape, data.notes) == (64, 10, (8, 8), ())


@pytest.mark.parametrize(
    "names", [("inputs", "labels", "test_inputs", "test_labels"), ("X_train", "y_train", "X_test", "y_test"),
              ("images", "targets", "test_images", "test_targets"), ("data", "target", "test_x", "test_y")],
)  # fmt: skip
def test_arrays_by_usual_names(tmp_path: Path, names: Any) -> None:
    data = load_labelled(written(tmp_path, **dict(zip(names, (X, Y, X[:4], Y[:4].astype(float)[:, None])))))
    assert data.inputs.shape == (10, 4) and data.inputs.dtype == np.float32 and data.shape == (2, 2)
    assert np.array_equal(data.test_labels, Y[:4]) and data.test_labels.dtype == np.int64
    assert data.notes == () and data.classes == 3


def test_a_fifth_is_held_out_and_said(tmp_path: Path) -> None:
    path = written(tmp_path, inputs=X, labels=Y)
    data, again, other = load_labelled(path), load_labelled(path), load_labelled(path, seed=1)
    assert len(data.inputs) == 8 and len(data.test_inputs) == 2
    both = np.concatenate([data.inputs, data.test_inputs])
    assert np.array_equal(np.sort(both[:, 0]), np.sort(X[:, 0, 0]))
    assert np.array_equal(data.inputs, again.inputs) and not np.array_equal(data.test_inputs, other.test_inputs)
    assert "2 of its 10 samples are held out" in data.notes[0]


def test_bytes_become_shares_and_that_is_said(tmp_path: Path) -> None:
    pixels = (X * 255).astype(np.uint8)
    data = load_labelled(written(tmp_path, x=pixels, y=Y, x_test=pixels[:2] // 200, y_test=Y[:2]))
    assert np.array_equal(data.inputs, pixels.reshape(10, 4).astype(np.float32) / np.float32(255.0))
    # a test part that happens to be dark is read alike
    assert data.test_inputs.max() <= 1 / 255 + 1e-9 and data.notes == ("x is uint8, so 0 to 255 is taken as 0 to 1",)
    dim = load_labelled(written(tmp_path, x=pixels // 16, y=Y, x_test=pixels[:2] // 16, y_test=Y[:2]))
    assert "the largest is 15" in dim.notes[0]
    bits = load_labelled(written(tmp_path, x=pixels // 128, y=Y, x_test=pixels // 128, y_test=Y))
    assert bits.notes == () and bits.inputs.max() == 1.0


def changed(array: np.ndarray, value: float) -> np.ndarray:
    other = array.astype(np.float64)
    other.flat[-1] = value
    return other


WRONG: Dict[str, Any] = {
    "inputs must be 0 to 1, or uint8 in 0 to 255 (entry [9, 1, 1] is nan)": dict(inputs=changed(X, np.nan), labels=Y),
    "(entry [9, 1, 1] is 1.5)": dict(inputs=changed(X, 1.5), labels=Y),
    "(entry [9, 1, 1] is -inf)": dict(inputs=changed(X, -np.inf), labels=Y),
    "(entry [0, 0, 0] is 7)": dict(inputs=np.full((10, 2, 2), 7), labels=Y),
    "inputs must hold numbers (got str": dict(inputs=np.full((10, 2), "a"), labels=Y),
    "samples [samples, values] (got shape [10])": dict(inputs=X[:, 0, 0], labels=Y),
    "(got shape [0, 4])": dict(inputs=np.zeros((0, 4)), labels=np.zeros(0, int)),
    "one for each of 10 samples in inputs (got 9)": dict(inputs=X, labels=Y[:9]),
    "labels must be whole numbers from 0 (entry [9] is 0.5)": dict(inputs=X, labels=changed(Y, 0.5)),
    "(entry [9] is -1.0)": dict(inputs=X, labels=changed(Y, -1)),
    "(entry [9] is nan)": dict(inputs=X, labels=changed(Y, np.nan)),
    "(entry [9] is 4294967296.0)": dict(inputs=X, labels=changed(Y, 2.0**32)),
    "save argmax(axis=1)": dict(inputs=X, labels=np.eye(3)[Y]),
    "labels must be whole numbers from 0 (got <U1": dict(inputs=X, labels=Y.astype("U1")),
    "labels must be of at least 2 classes (all are 2)": dict(inputs=X, labels=np.full(10, 2)),
    "needs an array 'labels'": dict(inputs=X, classes=Y),
    "needs an array 'inputs'": dict(labels=Y),
    "has test_x but no test_labels": dict(inputs=X, labels=Y, test_x=X),
    "has y_test but no test_inputs": dict(inputs=X, labels=Y, y_test=Y),
    "the shape of those in inputs, [2, 2] (got [4])": dict(inputs=X, labels=Y, x_test=X.reshape(10, 4), y_test=Y),
    "5 samples are the least to hold some out (got 4)": dict(inputs=X[:4], labels=Y[:4]),
}


@pytest.mark.parametrize("says", WRONG)
def test_bad_arrays_are_named(tmp_path: Path, says: str) -> None:
    path = written(tmp_path, **WRONG[says])
    with pytest.raises(NeuroedgeError) as raised:
        load_labelled(path)
    assert says.replace("<U1", "") in str(raised.value) and str(raised.value).startswith(path)


def test_what_is_no_file_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    with pytest.raises(NotReadyError, match="no such file"):
        load_labelled(path)
    for content in (b"", b"PK\x03\x04", b"no zip at all"):
        path.write_bytes(content)
        with pytest.raises(NotReadyError, match="cannot be read"):
            load_labelled(path)
    np.savez(path, inputs=X, labels=Y)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(NotReadyError, match="cannot be read"):
        load_labelled(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(NeuroedgeError, match="is no file"):
        load_labelled(path)
    with pytest.raises(UnknownNameError, match="did you mean 'digits'"):
        load_labelled("digit")
    for name in ("d.csv", str(tmp_path)):
        with pytest.raises(NeuroedgeError, match=r"must be a \.npz file"):
            load_labelled(name)
    with pytest.raises(ArgumentTypeError):
        load_labelled(3)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = written(tmp_path, inputs=np.array([{}, {}], object), labels=Y[:2])
    with pytest.raises(NotReadyError, match="no .npz of plain arrays"):
        load_labelled(path)


def test_a_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    """Forty zeros that a zip says are 4 GB: told before any of them is unpacked."""
    held = io.BytesIO()
    np.save(held, np.zeros(40, np.uint8))
    path = tmp_path / "d.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inputs.npy", held.getvalue())
    raw = bytearray(path.read_bytes())
    # uncompressed bytes, in the entry of the directory
    at = raw.rindex(b"PK\x01\x02") + 24
    raw[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    with pytest.raises(NeuroedgeError, match="its arrays take 4,294,967,294 bytes"):
        load_labelled(path)


def test_names_of_classes(tmp_path: Path) -> None:
    names = np.array(["idle", "running", "worn"])
    assert load_labelled(written(tmp_path, x=X, y=Y, names=names)).class_names == ("idle", "running", "worn")
    assert load_labelled(written(tmp_path, x=X, y=Y)).class_names is None
    for wrong in (names[:2], names[[0, 1, 1]], np.array(["a", "b", ""]), np.arange(3), names.reshape(3, 1)):
        with pytest.raises(NeuroedgeError, match="d.npz: names must be"):
            load_labelled(written(tmp_path, x=X, y=Y, names=wrong))
