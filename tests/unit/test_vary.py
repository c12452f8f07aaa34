"""Pictures another way each epoch: in range, reproducible, and true to what the map says."""

from typing import Any, Tuple

import numpy as np
import pytest
from refusing import NOT_NUMBERS, refused

from neuroedge import Variation, train
from neuroedge.applications.classify import classifier, load_digits
from neuroedge.errors import ArgumentTypeError, ParameterError

STILL = {"turn": 0.0, "shear": 0.0, "stretch": 0.0, "shift": 0.0}
X, Y = np.random.default_rng(5).random((40, 12)).astype(np.float32), np.arange(40) % 5


def test_without_movement_pictures_stay() -> None:
    inputs = load_digits().inputs[:50]
    assert np.allclose(Variation((8, 8), **STILL)(inputs, 3), inputs, atol=1e-6)


@pytest.mark.parametrize("how", [{}, {"jitter": 1.0}, {"shift": 4096.0}, {"turn": 8.0, "shear": 8.0, "stretch": 8.0}])
def test_what_comes_out_is_pictures(how: Any) -> None:
    inputs = load_digits().inputs[:200]
    given = inputs.copy()
    found = Variation((8, 8), **how)(inputs, 0)
    assert found.dtype == np.float32 and found.shape == inputs.shape
    assert 0.0 <= found.min() and found.max() <= 1.0 and np.isfinite(found).all()
    assert np.array_equal(inputs, given), "what is given stays as it is"


def test_each_epoch_and_each_seed_is_another_and_all_are_reproducible() -> None:
    inputs = load_digits().inputs[:20]
    vary = Variation((8, 8), seed=4)
    assert np.array_equal(vary(inputs, 2), Variation((8, 8), seed=4)(inputs, 2))
    for other in (vary(inputs, 3), Variation((8, 8), seed=5)(inputs, 2)):
        assert not np.array_equal(vary(inputs, 2), other)
    # no two pictures of an epoch are moved alike
    same = np.tile(inputs[:1], (2, 1))
    assert not np.array_equal(*vary(same, 0))


def test_a_shift_moves_pictures_by_so_many_pixels() -> None:
    dot = np.zeros((500, 9, 9), np.float32)
    dot[:, 4, 4] = 1.0
    moved = Variation((9, 9), **{**STILL, "shift": 2.0})(dot.reshape(500, 81), 0).reshape(500, 9, 9)
    assert moved.sum(axis=(1, 2)) == pytest.approx(np.ones(500), abs=1e-4)
    rows, columns = np.mgrid[0:9, 0:9]
    for axis in (rows, columns):
        centre = (moved * axis).sum(axis=(1, 2)) - 4.0
        assert np.abs(centre).max() <= 2.0 + 1e-4 and np.abs(centre).mean() == pytest.approx(1.0, abs=0.1)


def test_a_turn_keeps_the_middle_and_moves_the_rim() -> None:
    bar = np.zeros((9, 9), np.float32)
    bar[4] = 1.0
    found = Variation((9, 9), **{**STILL, "turn": 0.5})(bar.reshape(1, 81), 0).reshape(9, 9)
    assert found[4, 4] == pytest.approx(1.0, abs=1e-5) and found[4, 0] < 0.9
    # a bar in the middle is symmetric about it, however it is turned
    assert np.allclose(found, found[::-1, ::-1], atol=1e-5)


def test_pictures_need_not_be_square() -> None:
    inputs = np.random.default_rng(1).random((5, 12)).astype(np.float32)
    assert np.allclose(Variation((3, 4), **STILL)(inputs, 0), inputs, atol=1e-6)
    with refused(ParameterError, "Variation", "8 × 8 have 64 features", "got 12"):
        Variation((8, 8))(inputs, 0)


def test_it_says_what_it_does() -> None:
    assert repr(Variation((8, 8), seed=3)) == (
        "Variation((8, 8), turn=0.25, shear=0.2, stretch=0.12, shift=0.8, jitter=0.0, seed=3)"
    )


@pytest.mark.parametrize("shape", [8, "88", (8,), (8, 8, 8), None, 8.0])
def test_bad_shapes(shape: Any) -> None:
    with pytest.raises((ParameterError, ArgumentTypeError), match=r"Variation: shape must be \(height, width\)"):
        Variation(shape)


@pytest.mark.parametrize("side", [0, -3, 4097])
def test_bad_sides(side: int) -> None:
    with refused(ParameterError, "shape must be 1 to 4,096", str(side)):
        Variation((side, 8))


@pytest.mark.parametrize("name,most", [("turn", 8), ("shear", 8), ("stretch", 8), ("shift", 4096), ("jitter", 4096)])
def test_bad_ranges(name: str, most: float) -> None:
    for bad in NOT_NUMBERS:
        with refused(ArgumentTypeError, "Variation", name):
            Variation((8, 8), **{name: bad})
    for value in (-0.1, float("nan"), float("inf"), 1e38, most + 0.5):
        with refused(ParameterError, "Variation", name):
            Variation((8, 8), **{name: value})
    with refused(ParameterError, "Variation", "seed"):
        Variation((8, 8), seed=-1)


# ---- as training takes it


def left(found: Any) -> Tuple[np.ndarray, ...]:
    return tuple(found.get_weights().values())


@pytest.mark.parametrize(
    "vary,kind,words",
    [
        (5, ArgumentTypeError, ("vary must be a function of (inputs, epoch)", "got 5")),
        (lambda inputs: inputs, ArgumentTypeError, ("vary must be a function of (inputs, epoch)", "too many")),
        (lambda inputs, epoch: None, ArgumentTypeError, ("what vary gave for epoch 0", "numbers")),
        (lambda inputs, epoch: inputs[:3], ParameterError, ("epoch 0", "[40, 12]", "[3, 12]")),
        (lambda inputs, epoch: inputs * np.nan, ParameterError, ("epoch 0", "finite")),
        (lambda inputs, epoch: inputs + 1.0, ParameterError, ("epoch 0", "0 to 1")),
        (Variation((8, 8)), ParameterError, ("8 × 8 have 64 features", "got 12")),
    ],
)
def test_nonsense_is_refused_before_anything_is_learned(vary: Any, kind: Any, words: Tuple[str, ...]) -> None:
    net = classifier((12, 20, 5))
    before, version = left(net), net.version
    with refused(kind, *words):
        train(net, X, Y, 2, vary=vary, progress=False)
    assert all(np.array_equal(a, b) for a, b in zip(before, left(net)))
    assert net.version == version and net.seen is None


def test_it_gets_the_samples_as_they_are_each_time() -> None:
    seen = []

    def vary(inputs: np.ndarray, epoch: int) -> np.ndarray:
        seen.append(inputs.copy())
        with pytest.raises(ValueError, match="read-only"):
            inputs *= 0.5
        return inputs * np.float32(0.5)

    given = X.copy()
    train(classifier((12, 20, 5)), given, Y, 3, vary=vary, progress=False)
    assert len(seen) == 3 and all(np.array_equal(one, X) for one in seen)
    assert np.array_equal(given, X) and given.flags.writeable


def test_built_in_functions_will_do() -> None:
    class Same:
        def __call__(self, inputs: np.ndarray, *_: Any) -> np.ndarray:
            return inputs

    train(classifier((12, 20, 5)), X, Y, 1, vary=Same(), progress=False)
