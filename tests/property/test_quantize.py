"""Weights as codes, for whatever weights there are."""

from typing import Any, Tuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroedge.optimize import Quantizer

quick = settings(
    max_examples=200, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
seeds, widths = st.integers(0, 2**32 - 1), st.integers(2, 16)

# what float32 scales may add to half a code: the largest code times the last bit of its scale, twice
ROUNDING = 2.0 * 2**15 * 2.0**-24


def weights(seed: int, exponent: float, double: bool = False) -> np.ndarray:
    """Of many sizes, some 0, some columns of one sign or of nothing."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 20, 2))
    w = rng.normal(0.0, 1.0, shape) * 10.0 ** rng.uniform(-3.0, 0.0, shape[1]) * 10.0**exponent
    w[rng.random(shape) < 0.2] = 0.0
    w[:, rng.random(shape[1]) < 0.15] = 0.0
    one_sign = rng.random(shape[1]) < 0.2
    w[:, one_sign] = np.abs(w[:, one_sign])
    return w.astype(np.float64 if double else np.float32)


def error(w: np.ndarray, q: Any) -> np.ndarray:
    return np.abs(w.astype(np.float64) - q.dequantize().astype(np.float64))


def spread(q: Any, w: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.asarray(q.scale, np.float64), w.shape)


@pytest.mark.long
@quick
@given(
    seed=seeds, bits=widths, exponent=st.floats(-20.0, 20.0), symmetric=st.booleans(), each=st.booleans(),
    d=st.booleans(),
)  # fmt: skip
def test_weights_come_back_within_half_a_code(
    seed: int, bits: int, exponent: float, symmetric: bool, each: bool, d: bool
) -> None:
    w = weights(seed, exponent, d)
    before = w.copy()
    q = Quantizer().quantize_weights(w, bits, symmetric, each)
    top = 2 ** (bits - 1) - 1
    assert q.codes.dtype == (np.int8 if bits <= 8 else np.int16) and q.codes.shape == w.shape == q.shape
    assert q.codes.max() <= top and q.codes.min() >= (-top if symmetric else -top - 1)
    clipped = np.abs(q.codes) == top if symmetric and bits < 6 else np.zeros(w.shape, bool)
    off, scale = error(w, q), spread(q, w)
    assert ((off <= scale * (0.5 + ROUNDING)) | clipped).all()
    assert (q.dequantize()[w == 0.0] == 0.0).all() and np.array_equal(w, before)
    assert q.dequantize().dtype == w.dtype
    assert q.error.maximum == pytest.approx(off.max(), rel=1e-3, abs=ROUNDING * scale.max())
    assert np.ndim(q.scale) == int(each) and np.shape(q.zero_point) == np.shape(q.scale)
    assert not symmetric or not np.any(q.zero_point)


@pytest.mark.long
@quick
@given(seed=seeds, bits=widths, symmetric=st.booleans(), each=st.booleans())
def test_codes_of_what_codes_stand_for_are_the_same(seed: int, bits: int, symmetric: bool, each: bool) -> None:
    first = Quantizer().quantize_weights(weights(seed, 0.0), bits, symmetric, each)
    again = Quantizer().quantize_weights(first.dequantize(), bits, symmetric, each)
    if symmetric:
        assert np.array_equal(first.codes, again.codes)
    # with an offset the ends may move by half a code, and all codes with them: the weights stay
    assert np.allclose(first.dequantize(), again.dequantize(), rtol=1e-5, atol=float(np.max(first.scale)) * 1e-2)


@pytest.mark.long
@quick
@given(seed=seeds, bits=st.integers(2, 5), each=st.booleans())
def test_clipping_is_never_worse_than_none(seed: int, bits: int, each: bool) -> None:
    w = weights(seed, 0.0, True)
    q = Quantizer().quantize_weights(w, bits, True, each)
    top = 2 ** (bits - 1) - 1
    most = np.abs(w).max(axis=0, keepdims=True) if each else np.full((1, w.shape[1]), np.abs(w).max())
    step = np.where(most > 0, most, 1.0) / top
    plain = (w - np.rint(w / step) * step) ** 2
    found = error(w, q) ** 2
    axis = 0 if each else None
    assert (found.sum(axis=axis) <= plain.sum(axis=axis) * (1 + 1e-6) + 1e-30).all()


@pytest.mark.long
@quick
@given(seed=seeds, bits=st.integers(6, 16), symmetric=st.booleans())
def test_scales_of_targets_are_no_larger_than_one_for_all(seed: int, bits: int, symmetric: bool) -> None:
    # errors of single weights may be, where they lie on the coarse grid by chance
    w = weights(seed, 0.0)
    if not w.any():
        return
    each, one = (Quantizer().quantize_weights(w, bits, symmetric, per_channel) for per_channel in (True, False))
    assert (each.scale[np.abs(w).max(axis=0) > 0] <= one.scale * (1 + 1e-6)).all()


def extreme(kind: Any, top: float) -> Tuple[np.ndarray, ...]:
    return np.array([[top, -top], [top / 3, 0.0]], kind), np.array([[5e-324, 0.0], [0.0, -1e-310]], kind)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("kind,top", [(np.float32, 3e38), (np.float64, 1.7e308), (np.float16, 65504.0)])
def test_the_largest_and_the_smallest_numbers(kind: Any, top: float, symmetric: bool, bits: int) -> None:
    for w in extreme(kind, top):
        q = Quantizer().quantize_weights(w, bits, symmetric)
        assert np.isfinite(q.dequantize()).all() and np.isfinite(q.error).all()
        assert (error(w, q) <= spread(q, w) * (0.5 + ROUNDING)).all() or bits < 6
