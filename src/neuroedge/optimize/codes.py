"""Weights as codes of few bits: scales, zero points, rounding, and what it costs."""

from typing import Any, NamedTuple, Tuple

import numpy as np

from ..plan.integers import levels

__all__ = ["CodeError", "QuantizedWeights", "codes_of", "symmetric_scales"]

# bits from which the largest weight takes the largest code; below, clipping a few large ones may cost less
WIDE = 6

# largest codes that are tried, as shares of the largest weight
SHARES = np.linspace(1.0, 0.3, 29)


class CodeError(NamedTuple):
    """What dequantize() is off by, in units of the weights, where these are not 0: root mean square, and at most."""

    rms: float
    maximum: float


class QuantizedWeights:
    """Weights [pre, post] as codes: a weight is (code − zero_point)·scale.

    codes: int8 up to 8 bits, int16 above, [pre, post]; of a sparse matrix a CSR matrix of codes, in which what is
    absent is no synapse. scale: mV of one code, [post], or one number where all targets share it. zero_point: the code
    of 0 mV, in the shape of scale; 0 if symmetric. error: see `CodeError`. memory_before, memory_after: bytes of the
    weights as given, and of codes, scales and zero points.
    """

    def __init__(self, codes: Any, scale: Any, zero_point: Any, bits: int, error: CodeError, before: int, like: Any):
        self.codes, self.scale, self.zero_point, self.bits, self.error = codes, scale, zero_point, bits, error
        self.memory_before, self._like = before, like

    @property
    def shape(self) -> Tuple[int, int]:
        """(pre, post)."""
        return tuple(self.codes.shape)

    @property
    def memory_after(self) -> int:
        """Bytes of codes, scales and zero points."""
        parts = [self.codes] if isinstance(self.codes, np.ndarray) else _arrays(self.codes)
        tables = [np.asarray(self.scale), np.asarray(self.zero_point)]
        # symmetric codes need no zero points
        return sum(a.nbytes for a in parts) + tables[0].nbytes + tables[1].nbytes * bool(tables[1].any())

    @property
    def nbytes(self) -> int:
        """The same as memory_after."""
        return self.memory_after

    def dequantize(self) -> Any:
        """The weights that the codes stand for: float32, or float64 where these were given; sparse where they were."""
        if isinstance(self.codes, np.ndarray):
            return ((self.codes.astype(np.int32) - self.zero_point) * self.scale).astype(self._like)
        sparse = self.codes.astype(self._like)
        to = self.codes.indices if np.ndim(self.scale) else slice(None)
        scale, zero = (np.asarray(x)[to] if np.ndim(x) else x for x in (self.scale, self.zero_point))
        sparse.data = ((self.codes.data.astype(np.int32) - zero) * scale).astype(self._like)
        return sparse

    def __repr__(self) -> str:
        kind = "sparse " if not isinstance(self.codes, np.ndarray) else ""
        size = f"{kind}{self.shape[0]} x {self.shape[1]}, {self.bits} bits"
        memory = f"{self.memory_before:,} -> {self.memory_after:,} bytes"
        return f"QuantizedWeights({size}, rms error {self.error.rms:.3g}, {memory})"


def _arrays(sparse: Any) -> Any:
    return (sparse.data, sparse.indices, sparse.indptr)


def symmetric_scales(weight: np.ndarray, channel: np.ndarray, channels: int, bits: int) -> np.ndarray:
    """Value of one code in each channel, double [channels]: f·max|w|/(2^(bits − 1) − 1), 1 where all are 0.

    f is 1 from 6 bits on, and below the share of `SHARES` that leaves the least square error.
    """
    most = np.zeros(channels)
    np.maximum.at(most, channel, np.abs(weight))
    full = np.where(most > 0.0, most, float(levels(bits)))
    # of the smallest doubles a share may be 0
    best = np.maximum(full / levels(bits), np.finfo(np.float64).tiny)
    if bits >= WIDE:
        return best
    with np.errstate(under="ignore"):
        # in units of the largest, so that squares of extreme weights are numbers
        unit = weight / full[channel]
        least, f = np.full(channels, np.inf), np.ones(channels)
        for share in SHARES:
            step = share / levels(bits)
            off = unit - np.clip(np.rint(unit / step), -levels(bits), levels(bits)) * step
            error = np.bincount(channel, off * off, channels)
            better = error < least * (1.0 - 1e-9)
            least, f = np.where(better, error, least), np.where(better, share, f)
    return np.maximum(f * best, np.finfo(np.float64).tiny)


def _offset_scales(weight: np.ndarray, channel: np.ndarray, channels: int, bits: int) -> Tuple[np.ndarray, np.ndarray]:
    """Value of one code, and the code of 0, where codes of −2^(bits − 1) … 2^(bits − 1) − 1 reach from the smallest
    weight, or 0, to the largest."""
    low, high = np.zeros(channels), np.zeros(channels)
    np.minimum.at(low, channel, weight)
    np.maximum.at(high, channel, weight)
    top = float(2**bits - 1)
    # halves, since the whole range of extreme weights is beyond doubles
    scale = np.maximum((high / top - low / top), np.finfo(np.float64).tiny)
    scale = np.where(high > low, scale, 1.0)
    return scale, (-(2 ** (bits - 1)) + np.rint(-low / scale)).astype(np.int64)


def codes_of(
    weight: np.ndarray, channel: np.ndarray, channels: int, bits: int, symmetric: bool, like: Any
) -> Tuple[np.ndarray, np.ndarray, np.ndarray, CodeError]:
    """Codes of weights [n] with a channel each; value of one code and zero point [channels], as `like` floats hold
    them; and the error."""
    if symmetric:
        scale, zero = symmetric_scales(weight, channel, channels, bits), np.zeros(channels, np.int64)
        low = -levels(bits)
    else:
        (scale, zero), low = _offset_scales(weight, channel, channels, bits), -(2 ** (bits - 1))
    scale = np.maximum(scale, float(np.finfo(like).tiny)).astype(like).astype(np.float64)
    whole = np.clip(np.rint(weight / scale[channel]) + zero[channel], low, levels(bits)).astype(np.int64)
    off = np.abs(weight - ((whole - zero[channel]) * scale[channel]))[weight != 0.0]
    largest = float(off.max(initial=0.0))
    # in units of the largest, so that squares are numbers
    rms = largest * float(np.sqrt(np.mean((off / largest) ** 2))) if largest else 0.0
    return whole.astype(np.int8 if bits <= 8 else np.int16), scale.astype(like), zero, CodeError(rms, largest)
