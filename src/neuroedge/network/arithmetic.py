"""The arithmetic that every engine shares, in NumPy: exp, frames, random numbers.

Twins of native/neurons/common.h, native/frame.h and native/rng.h: the same operations in the same order, so the
same bits on every machine. `precise_exp` is for coefficients, computed once in double when a plan is compiled.
"""

from typing import Any, Tuple

import numpy as np

__all__ = ["exp", "growth", "mix64", "poisson", "precise_exp", "random32", "tick_key"]

_MASK = (1 << 64) - 1
_LN2 = 0.693147180559945309417


def precise_exp(x: np.ndarray) -> np.ndarray:
    """exp in double from sums and products alone: libm differs between systems, this does not."""
    x = np.asarray(x, dtype=np.float64)
    n = np.rint(x * 1.44269504088896340736)
    r = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6
    y = np.ones_like(r)
    for k in range(18, 0, -1):
        y = 1.0 + r / k * y
    return np.ldexp(y, n.astype(np.int64))


def exp(x: np.ndarray) -> np.ndarray:
    """exp of a float32 array after Cephes (expf), relative error 1e-7; np.exp for float64."""
    if x.dtype == np.float64:
        return np.exp(np.clip(x, -700.0, 700.0))
    f = np.float32
    x = np.minimum(np.maximum(x, f(-87.0)), f(88.0))
    t = x * f(1.44269504088896341) + f(12582912.0)
    n = t - f(12582912.0)
    r = x - n * f(0.693359375)
    r = r - n * f(-2.12194440e-4)
    p = np.full_like(r, f(1.9875691500e-4))
    for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = p * r + f(c)
    y = (p * (r * r) + r) + f(1.0)
    power = ((t.view(np.int32) - np.int32(0x4B400000 - 127)) << 23).view(np.float32)
    return y * power


def growth(rate: float, tick: int) -> Tuple[float, int]:
    """Growth 2^(tick·rate) of a frame as (m in [1, 2] in double, exponent)."""
    x = float(tick) * rate
    e = int(x)
    g = (x - float(e) - 0.5) * _LN2
    p = 1.0 / 3628800.0
    for c in (362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0):
        p = p * g + 1.0 / c
    for c in (0.5, 1.0, 1.0):
        p = p * g + c
    return p * 1.41421356237309504880, e


def mix64(x: int) -> int:
    """splitmix64 (Steele, Lea, Flood 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def tick_key(key: int, epoch: int, tick: int) -> int:
    """Key of one tick of one source."""
    return mix64((mix64(key ^ epoch) + tick) & _MASK)


def poisson(key: int, chance: np.ndarray) -> np.ndarray:
    """Neurons whose random number of this tick is below their chance (of 2^32); uint32, ascending."""
    x = random32(np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32), len(chance))
    return np.flatnonzero(x < chance).astype(np.uint32)


def random32(low: Any, high: Any, n: int) -> np.ndarray:
    """Random numbers of n neurons, uint32 [n], from the halves of a tick's key; [ticks, n] from arrays [ticks, 1]."""
    u = np.uint32
    with np.errstate(over="ignore"):
        x = np.arange(n, dtype=u) * u(0x9E3779B9) + low
        x = (x ^ (x >> u(16))) * u(0x7FEB352D)
        x = (x ^ (x >> u(15))) * u(0x846CA68B)
        x ^= (x >> u(16)) ^ high
        x = (x ^ (x >> u(16))) * u(0x7FEB352D)
        x = (x ^ (x >> u(15))) * u(0x846CA68B)
        x ^= x >> u(16)
    return x
