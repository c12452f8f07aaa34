"""Samples with their classes, from a .npz file or by the name of what comes with the package: `load_labelled(text)`."""

import hashlib
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import (
    ArgumentTypeError,
    FormatError,
    NeuroedgeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
    shown,
)
from ..formats.bundle import Bundle
from ..learning.layout import layout_of
from ..learning.task import features_of
from ..network.graph import Network
from ..runtime.eventfile import read_arrays
from .classify import DIGITS_FILE, load_digits
from .scales import Scale, learned_scale, scale_of
from .shipped import shipped

__all__ = ["HELD_OUT", "Labelled", "labelled_for", "load_labelled", "must_fit"]

# share of the samples of a file without a test part that is kept for testing, and of how many at the least
HELD_OUT, LEAST = 0.2, 5

# what values of a file are: in 0 … 1, bytes in 0 … 255, or readings that are scaled
SHARES, PIXELS, RAW = "shares", "pixels", "raw"

# names of the digits that come with the package
OURS = ("digits",)

# names of arrays, whatever their case; the first that is there counts
_INPUTS = ("inputs", "x_train", "train_inputs", "train_images", "x", "images", "data")
_LABELS = ("labels", "y_train", "train_labels", "train_targets", "y", "targets", "target")
_TEST_INPUTS = ("test_inputs", "x_test", "test_x", "test_images", "test_data")
_TEST_LABELS = ("test_labels", "y_test", "test_y", "test_targets")
_NAMES = ("names", "class_names", "label_names", "target_names")


class Labelled(NamedTuple):
    """Samples to learn from and others to test with, never mixed.

    inputs, test_inputs: float32 [samples, features] in 0 … 1; labels, test_labels: int64 [samples], 0 to classes − 1.
    shape: of one sample as the file has it, (8, 8) for pictures. name: as it was asked for; sha256: of the file; notes:
    what was made of the file that its reader should know, as sentences. scale: what brought the values into 0 … 1, if
    anything did. class_names: what the classes are called, if the file says.
    """

    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray
    shape: Tuple[int, ...]
    name: str
    sha256: str
    notes: Tuple[str, ...]
    scale: Optional[Scale] = None
    class_names: Optional[Tuple[str, ...]] = None

    @property
    def title(self) -> str:
        """The name without its folder."""
        return os.path.basename(self.name)

    @property
    def classes(self) -> int:
        """One more than the largest label."""
        return 1 + int(max(self.labels.max(), self.test_labels.max()))

    @property
    def features(self) -> int:
        """Values in a sample."""
        return int(self.inputs.shape[1])


def load_labelled(name: Any, seed: int = 0, scale: Union[bool, Scale, None] = None) -> Labelled:
    """Labelled samples of a .npz file, or of what comes with the package, by its name: "digits".

    The file has arrays `inputs` (also x, x_train, images, data), [samples, …] in 0 … 1 or uint8 in 0 … 255, and
    `labels` (y, y_train, targets), whole numbers from 0; and for testing maybe `test_inputs` (x_test, test_images) and
    `test_labels` (y_test), else a fifth of the samples is held out, drawn by `seed`; and `names`, texts, one a class.
    Samples are flattened.

    scale: True takes the lowest and the highest of each value in the training part as 0 and 1, whatever its type, and a
    `Scale`, as `scale_of` gives it for a model, is applied as it is; values of the test part outside are clipped.

    Raises NotReadyError for a file that cannot be read, ParameterError and ArgumentTypeError that name file, array,
    rule and value, UnknownNameError for a name of ours that does not exist. Nothing of a file is evaluated.
    """
    checks.whole("load_labelled", "seed", seed, least=0)
    if not isinstance(name, (str, os.PathLike)) or not isinstance(os.fspath(name), str):
        raise ArgumentTypeError(f"load_labelled: name must be a .npz file, or 'digits' (got {shown(name)})")
    text = str(os.fspath(name))
    if text in OURS and not os.path.exists(text):
        held = load_digits()
        found = Labelled(*held, (8, 8), text, _sha256(shipped(DIGITS_FILE)), ())
    else:
        _must_be_file(text)
        found = _of_arrays(text, read_arrays(text), _sha256(Path(text)), seed, raw=scale is not None)
    return found if scale is None else _scaled(found, scale)


def labelled_for(bundle: Bundle, name: Any) -> Labelled:
    """Labelled samples as a model takes them: scaled by the ranges that its encoder states, if it states any."""
    return load_labelled(name, scale=scale_of(bundle.encoder, bundle.file))


def _scaled(data: Labelled, scale: Union[bool, Scale]) -> Labelled:
    by = learned_scale(data.inputs) if isinstance(scale, bool) else scale
    if by.low.ndim and by.low.size != data.features:
        rule = f"samples must be of {by.low.size:,} values, as the model has ranges"
        raise ParameterError(f"{data.name}: {rule} (got {data.features:,})")
    notes, parts = list(data.notes), (data.inputs, data.test_inputs)
    beyond = [int(np.count_nonzero(by.outside(part))) for part in parts]
    if sum(beyond) and not by.clip:
        at = [int(k) for k in np.argwhere(by.outside(np.concatenate(parts)))[0]]
        rule = "values must be in the ranges of the model"
        raise ParameterError(f"{data.name}: {rule} (value {at[1] + 1} of a sample is not)")
    if sum(beyond):
        whole = sum(part.size for part in parts)
        notes.append(f"values outside of the ranges, which count as their ends: {sum(beyond):,} of {whole:,}")
    still = int(np.count_nonzero(by.low == by.high))
    if still and isinstance(scale, bool):
        notes.append(f"values that are always the same, and count as 0: {still:,} of {data.features:,}")
    inputs, tests = (by.unit(part) for part in parts)
    return data._replace(inputs=inputs, test_inputs=tests, notes=tuple(notes), scale=by)


def must_fit(data: Labelled, network: Network, dt: float, owner: str) -> None:
    """Data must have as many values as the network takes, and labels of its outputs: ParameterError if not, and
    UnsupportedError for networks that do not answer with classes. owner: the network, as the message calls it."""
    try:
        layout = layout_of(network, dt)
    except NeuroedgeError as error:
        raise UnsupportedError(f"{owner}: does not answer samples with classes: {error}") from None
    features, classes = features_of(network, layout), network.populations[layout.output].size
    if data.features != features:
        raise ParameterError(f"{data.name}: samples must be of {features:,} values for {owner} (got {data.features:,})")
    if data.classes > classes:
        most = f"the largest is {data.classes - 1:,}"
        raise ParameterError(f"{data.name}: labels must be 0 to {classes - 1:,} for {owner} ({most})")


def _must_be_file(text: str) -> None:
    if text.lower().endswith(".npz"):
        if not os.path.exists(text):
            raise NotReadyError(f"{text}: there is no such file; is the name right?")
        if not os.path.isfile(text):
            raise FormatError(f"{text}: is no file")
    elif os.path.exists(text) or os.path.splitext(text)[1]:
        cure = "write one with numpy.savez(path, inputs=…, labels=…)"
        raise ParameterError(f"{text}: labelled data must be a .npz file; {cure}")
    else:
        raise UnknownNameError("data set", text, OURS)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            found.update(part)
    return found.hexdigest()


def _of_arrays(name: str, arrays: Mapping[str, np.ndarray], sha256: str, seed: int, raw: bool) -> Labelled:
    keys = {key.lower(): key for key in arrays}
    notes: List[str] = []
    inputs, labels = (_key(name, keys, among) for among in (_INPUTS, _LABELS))
    tests = [next((keys[key] for key in among if key in keys), None) for among in (_TEST_INPUTS, _TEST_LABELS)]
    if (tests[0] is None) != (tests[1] is None):
        there, missing = (tests[0], "test_labels") if tests[1] is None else (tests[1], "test_inputs")
        raise ParameterError(f"{name}: has {there} but no {missing}; give both, or neither")
    pixels = [] if raw else [arrays[key] for key in (inputs, tests[0]) if key is not None]
    form = RAW if raw else PIXELS if _as_bytes(pixels, inputs, notes) else SHARES
    x, y = _pair(name, inputs, labels, arrays, form)
    if tests[0] is None or tests[1] is None:
        halves = _held_out(name, x, y, seed, notes)
    else:
        halves = (x, y, *_pair(name, tests[0], tests[1], arrays, form))
        if halves[2].shape[1:] != x.shape[1:]:
            rule = f"{tests[0]} must be samples of the shape of those in {inputs}, {list(x.shape[1:])}"
            raise ParameterError(f"{name}: {rule} (got {list(halves[2].shape[1:])})")
    flat = [np.ascontiguousarray(part.reshape(len(part), -1)) for part in halves]
    if len(np.unique(flat[1])) < 2:
        raise ParameterError(f"{name}: {labels} must be of at least 2 classes (all are {int(flat[1][0, 0])})")
    found = Labelled(flat[0], flat[1][:, 0], flat[2], flat[3][:, 0], x.shape[1:], name, sha256, tuple(notes))
    key = next((keys[key] for key in _NAMES if key in keys), None)
    return found if key is None else found._replace(class_names=_names(name, key, arrays[key], found.classes))


def _names(name: str, key: str, array: np.ndarray, classes: int) -> Tuple[str, ...]:
    if array.dtype.kind != "U" or array.ndim != 1:
        rule = "must be texts, one a class"
        raise ArgumentTypeError(f"{name}: {key} {rule} (got {array.dtype.name}, shape {list(array.shape)})")
    texts = tuple(array.tolist())
    if len(texts) < classes or len(set(texts)) < len(texts) or not all(texts):
        rule = f"must be different texts, one for each of {classes} classes"
        raise ParameterError(f"{name}: {key} {rule} (got {shown(list(texts))})")
    return texts


def _key(name: str, keys: Dict[str, str], among: Tuple[str, ...]) -> str:
    found = next((keys[key] for key in among if key in keys), None)
    if found is None:
        listed = ", ".join(sorted(keys.values())[:12]) or "none"
        raise ParameterError(f"{name}: needs an array {among[0]!r}, or {', '.join(among[1:])} (got {listed})")
    return found


def _pair(
    name: str, inputs: str, labels: str, arrays: Mapping[str, np.ndarray], form: str
) -> Tuple[np.ndarray, np.ndarray]:
    x, y = _values(name, inputs, arrays[inputs], form), _classes(name, labels, arrays[labels])
    if len(x) != len(y):
        rule = f"{labels} must be one for each of {len(x):,} samples in {inputs}"
        raise ParameterError(f"{name}: {rule} (got {len(y):,})")
    return x, y


def _as_bytes(parts: List[np.ndarray], key: str, notes: List[str]) -> bool:
    """Whether samples are to be read as 0 … 255, training and test alike."""
    most = max((int(part.max()) for part in parts if part.dtype == np.uint8 and part.size), default=0)
    if most <= 1:
        return False
    low = "" if most > 127 else f"; the largest is {most}: if there can be none above it, save {key} / {most}"
    notes.append(f"{key} is uint8, so 0 to 255 is taken as 0 to 1{low}")
    return True


def _values(name: str, key: str, array: np.ndarray, form: str) -> np.ndarray:
    """Samples [samples, …] in 0 … 1, float32, or raw ones, float64."""
    if array.dtype.kind not in "iufb":
        raise ArgumentTypeError(f"{name}: {key} must hold numbers (got {array.dtype.name})")
    if array.ndim < 2 or not array.size:
        raise ParameterError(f"{name}: {key} must hold samples [samples, values] (got shape {list(array.shape)})")
    if form == RAW:
        first = _first(~np.isfinite(array))
        if first is not None:
            raise ParameterError(f"{name}: {key} must be finite (entry {first} is {array[tuple(first)]})")
        return array.astype(np.float64)
    if array.dtype == np.uint8 and form == PIXELS:
        return array.astype(np.float32) / np.float32(255.0)
    first = _first(~np.isfinite(array)) if array.dtype.kind == "f" else None
    if first is None:
        first = _first((array < 0) | (array > 1))
    if first is not None:
        rule = f"{key} must be 0 to 1, or uint8 in 0 to 255 (entry {first} is {array[tuple(first)]})"
        raise ParameterError(f"{name}: {rule}; train --scale brings each value into that range")
    return array.astype(np.float32)


def _classes(name: str, key: str, array: np.ndarray) -> np.ndarray:
    """Labels, int64 [samples, 1]."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not array.size:
        cure = "; of one column a class, save argmax(axis=1)" if array.ndim == 2 else ""
        raise ParameterError(f"{name}: {key} must be one whole number a sample (got shape {list(array.shape)}){cure}")
    if array.dtype.kind not in "iuf":
        cure = "; names, labels = np.unique(texts, return_inverse=True) makes them" if array.dtype.kind in "US" else ""
        raise ArgumentTypeError(f"{name}: {key} must be whole numbers from 0 (got {array.dtype.name}){cure}")
    if array.dtype == np.float16:
        # it cannot be compared with what is beyond it
        array = array.astype(np.float32)
    with np.errstate(invalid="ignore"):
        # what the core counts classes in
        bad = ~np.isfinite(array) | (array < 0) | (array != np.floor(array)) | (array >= 2**31)
    first = _first(bad)
    if first is not None:
        raise ParameterError(f"{name}: {key} must be whole numbers from 0 (entry {first} is {array[tuple(first)]})")
    return array.astype(np.int64)[:, None]


def _first(bad: np.ndarray) -> Optional[List[int]]:
    where = int(np.argmax(bad))
    return [int(k) for k in np.unravel_index(where, bad.shape)] if bad.flat[where] else None


def _held_out(
    name: str, x: np.ndarray, y: np.ndarray, seed: int, notes: List[str]
) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    if len(x) < LEAST:
        rule = f"has no test part, and {LEAST} samples are the least to hold some out"
        raise ParameterError(f"{name}: {rule} (got {len(x)}); add test_inputs and test_labels")
    order = np.random.Generator(np.random.PCG64([seed, 4])).permutation(len(x))
    share = max(1, round(HELD_OUT * len(x)))
    test, rest = np.sort(order[:share]), np.sort(order[share:])
    notes.append(f"{name} has no test part: {share:,} of its {len(x):,} samples are held out (seed {seed})")
    return x[rest], y[rest], x[test], y[test]
