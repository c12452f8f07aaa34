"""One tick of each neuron model in NumPy: the oracle of every engine.

Each function takes the lanes of one population, changes its state in place and returns the indices that spike.
`p(k)` gives coefficient k (a number or one per lane), `arrivals` the sums that arrive in this tick (+0 where
none), each added in the order of emission tick, projection, source and delay class. The twins are native/neurons/*.h:
the same operations in the same order.
"""

from typing import Any, Callable, List, NamedTuple, Optional

import numpy as np

from .arithmetic import exp

__all__ = [
    "Narrow",
    "adex_tick",
    "arrive",
    "fixed_drive",
    "fixed_leak",
    "fixed_scale",
    "fixed_sum",
    "fixed_tick",
    "flush",
    "frame_tick",
    "framed_lif_tick",
    "izhikevich_tick",
    "lif_tick",
    "next_tick",
    "rescale",
]

Parameter = Callable[[int], Any]


def rescale(v: np.ndarray, halvings: int) -> None:
    """A frame's exponent has grown: halve exactly, and let what is below 2^-60 go to +0."""
    v *= v.dtype.type(2.0**-halvings)
    v[np.abs(v) < v.dtype.type(2.0**-60)] = 0.0


def flush(x: np.ndarray) -> None:
    """What is below 1e-30 goes to +0, before it can become denormal."""
    x[np.abs(x) < x.dtype.type(1e-30)] = 0.0


def frame_tick(v: np.ndarray, m: Any, p: Parameter, arrivals: np.ndarray) -> np.ndarray:
    """LIF with delta synapses, s = (v − v_rest)·m(t): s += a·m; s ≥ theta·m spikes. Decay costs nothing."""
    v += arrivals * m
    return np.flatnonzero(v >= p(1) * m)


class Narrow(NamedTuple):
    """Fewer bits for LIF in integers. right: of each sum, how far it is shifted to the right; most_v, most_sum: the
    largest potential, and the largest sum after that."""

    right: np.ndarray
    most_v: int
    most_sum: int


def fixed_tick(
    v: np.ndarray, free: np.ndarray, sums: np.ndarray, shift: np.ndarray, drive: Optional[np.ndarray],
    decay: np.ndarray, theta: np.ndarray, narrow: Optional[Narrow] = None,
) -> np.ndarray:  # fmt: skip
    """LIF in integers: V ← (V·D + 2^14) >> 15, V ← sat(V + (sum << shift)), V ← sat(V + drive); V ≥ theta spikes.

    All in 64 bits, where nothing overflows. What is not free keeps V and discards what arrives.
    """
    low, high = (-32768, 32767) if narrow is None else (-narrow.most_v, narrow.most_v)
    x = np.clip(fixed_leak(v, decay) + fixed_sum(sums, shift, narrow), low, high)
    if drive is not None:
        x = np.clip(x + drive, low, high)
    v[:] = np.where(free, x, v)
    return np.flatnonzero((v >= theta) & free)


def fixed_leak(v: np.ndarray, decay: np.ndarray) -> np.ndarray:
    """(V·D + 2^14) >> 15, int64."""
    return (v.astype(np.int64) * decay + (1 << 14)) >> 15


def fixed_sum(sums: np.ndarray, shift: np.ndarray, narrow: Optional[Narrow] = None) -> np.ndarray:
    """What sums of codes add to V, int64: sum << shift; with fewer bits sat(scaled sum) << shift."""
    x = sums.astype(np.int64)
    if narrow is not None:
        x = np.clip(fixed_scale(x, narrow.right), -narrow.most_sum, narrow.most_sum)
    return x << shift.astype(np.int64)


def fixed_scale(sums: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(sum + 2^(right − 1)) >> right: half goes up; int64."""
    by = right.astype(np.int64)
    return (sums.astype(np.int64) + (np.left_shift(1, by) >> 1)) >> by


def fixed_drive(current: np.ndarray, gain: Any) -> np.ndarray:
    """A current over a tick in units of V, rounded half to even; 2^17 is beyond all potentials."""
    limit = np.float32(131072.0)
    with np.errstate(over="ignore"):
        return np.rint(np.clip(current * gain, -limit, limit)).astype(np.int64)


def lif_tick(
    v: np.ndarray, u: Any, currents: List[np.ndarray], p: Parameter, arrivals: List[np.ndarray], coupled: bool
) -> np.ndarray:
    """LIF, CubaLIF, ALIF, LI with exact propagators (Rotter & Diesmann 1999), x = v − rest.

    x = x·decay + Σ I_r·P_r + a, then I_r = I_r·e_r + a_r, u = u·decay_a; x ≥ theta + u spikes. Where currents are
    coupled, I_r also gets C_r times the next current as it was.
    """
    x = v * p(5)
    for r, current in enumerate(currents):
        x = x + current * p(8 + 3 * r)
        next_tick(currents, r, p, 8, coupled, arrivals[1 + r])
    v[:] = x + arrivals[0]
    if u is None:
        return np.flatnonzero(v >= p(1))
    u *= p(6)
    return np.flatnonzero(v >= p(1) + u)


def framed_lif_tick(
    v: np.ndarray, u: Any, currents: List[np.ndarray], m: List[Any], p: Parameter, arrivals: np.ndarray
) -> np.ndarray:
    """The same where currents stand in frames, S_r = I_r·m_r, and decay at no cost.

    x = x·decay + Σ S_r·(P_r/m_r) + a. m: growth of each current's frame at the start of the tick.
    """
    x = v * p(5)
    for r, current in enumerate(currents):
        x = x + current * (p(8 + 3 * r) / m[r])
    v[:] = x + arrivals
    if u is None:
        return np.flatnonzero(v >= p(1))
    u *= p(6)
    return np.flatnonzero(v >= p(1) + u)


def arrive(current: np.ndarray, m: Any, arrivals: np.ndarray) -> None:
    """A current in its frame takes what arrives at the end of a tick: S += a·m, m the growth at that end."""
    current += arrivals * m


def next_tick(
    currents: List[np.ndarray], r: int, p: Parameter, first: int, coupled: bool, arrivals: np.ndarray
) -> None:
    """I_r ← I_r·e_r [+ I_{r+1}·C_r] + a_r, in ascending r: the next current is still that of the tick before."""
    fresh = currents[r] * p(first + 1 + 3 * r)
    if coupled and r + 1 < len(currents):
        fresh = fresh + currents[r + 1] * p(first + 2 + 3 * r)
    currents[r][:] = fresh + arrivals


def adex_tick(
    v: np.ndarray, w: np.ndarray, free: np.ndarray, drive: np.ndarray, p: Parameter, substeps: int, arrivals: np.ndarray
) -> np.ndarray:
    """AdEx by Runge-Kutta of fourth order; each step begins, and each stage is taken, no higher than the peak, or the
    first spike ends in NaN. What arrives is added to what the last step gave, before the peak is asked for."""
    peak, half_k = p(1), v.dtype.type(2.0)

    def slope_x(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        e = p(5) * exp((x - p(3)) * p(4))
        return p(6) * (e - x) + p(7) * (drive - w)

    def slope_w(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        return (p(8) * x - w) * p(9)

    def moved(x: np.ndarray, h: Any, k: np.ndarray) -> np.ndarray:
        return np.where(free, np.minimum(x + h * k, peak), x)

    h, h2, h6 = (np.asarray(p(k)).flat[0] for k in (11, 12, 13))
    x, y = v.copy(), w.copy()
    for _ in range(substeps):
        x = np.minimum(x, peak)
        k1, l1 = slope_x(x, y), slope_w(x, y)
        x2, y2 = moved(x, h2, k1), y + h2 * l1
        k2, l2 = slope_x(x2, y2), slope_w(x2, y2)
        x3, y3 = moved(x, h2, k2), y + h2 * l2
        k3, l3 = slope_x(x3, y3), slope_w(x3, y3)
        x4, y4 = moved(x, h, k3), y + h * l3
        k4, l4 = slope_x(x4, y4), slope_w(x4, y4)
        x = np.where(free, x + h6 * (k1 + half_k * (k2 + k3) + k4), x)
        y = y + h6 * (l1 + half_k * (l2 + l3) + l4)
    v[:] = np.where(free, x + arrivals, x)
    w[:] = y
    return np.flatnonzero(v >= peak)


def izhikevich_tick(
    v: np.ndarray, u: np.ndarray, free: np.ndarray, drive: np.ndarray, p: Parameter, substeps: int, arrivals: np.ndarray
) -> np.ndarray:
    """Izhikevich by forward Euler, v and u both from the old values; each step begins no higher than the peak."""
    real = v.dtype.type
    x, y = v.copy(), u.copy()
    for _ in range(substeps):
        x = np.minimum(x, p(1))
        slope = real(0.04) * x * x + real(5.0) * x + real(140.0)
        slope = slope - y + drive
        moved = x + p(6) * slope
        y = y + p(6) * p(3) * (p(4) * x - y)
        x = np.where(free, moved, x)
    v[:] = np.where(free, x + arrivals, x)
    u[:] = y
    return np.flatnonzero(v >= p(1))
