"""Which neuron is connected to which, and how strongly: patterns, random graphs, default weights.

A random projection fixes its seed and the number of synapses in each row when it is described; the rows
themselves are drawn when they are first needed, from the same PCG64 stream.
"""

# annotations are not evaluated: naming np.random.Generator would import numpy.random at every start
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from .neurons import NOMINAL_RATE, Model
from .synapses import Alpha, Delta, Synapse

__all__ = [
    "Connectivity",
    "MAX_SYNAPSES",
    "PATTERNS",
    "default_weights",
    "from_dense",
    "from_triples",
    "largest_plastic",
    "plastic_weights",
    "random_rows",
    "row_counts",
    "subset",
    "surely",
    "weight_of_all",
]

PATTERNS = ("feedforward", "feedback", "lateral", "random", "one_to_one")

# synapses of one projection: the plan counts them in 32 bits
MAX_SYNAPSES = 2**32 - 1

_FLOAT32 = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Connectivity:
    """Synapses by source row: indptr int64 [n_pre + 1], post uint32 [n] or None (every target, in order),
    weight float [n], delay in ms: None (one step), a number, or float [n]."""

    shape: Tuple[int, int]
    indptr: np.ndarray
    post: Optional[np.ndarray]
    weight: np.ndarray
    delay: Union[None, float, np.ndarray]

    @property
    def count(self) -> int:
        return len(self.weight)

    def pre(self) -> np.ndarray:
        """Source index of each synapse, uint32 [n]."""
        return np.repeat(np.arange(self.shape[0], dtype=np.uint32), np.diff(self.indptr))

    def targets(self) -> np.ndarray:
        """Target index of each synapse, uint32 [n]."""
        if self.post is not None:
            return self.post
        return np.tile(np.arange(self.shape[1], dtype=np.uint32), self.shape[0])

    def dense(self) -> np.ndarray:
        """Weights as a matrix [pre, post]; parallel synapses are summed."""
        if self.post is None:
            return self.weight.reshape(self.shape).copy()
        matrix = np.zeros(self.shape, self.weight.dtype)
        np.add.at(matrix, (self.pre(), self.post), self.weight)
        return matrix


def subset(c: Connectivity, keep: np.ndarray) -> Connectivity:
    """Only the synapses that `keep` (bool [n]) names, with their weights and delays."""
    rows = np.concatenate(([0], np.cumsum(keep)))[c.indptr]
    delay = c.delay[keep] if isinstance(c.delay, np.ndarray) else c.delay
    return Connectivity(c.shape, rows.astype(np.int64), c.targets()[keep], c.weight[keep], delay)


def row_counts(rng: np.random.Generator, shape: Tuple[int, int], p: float) -> np.ndarray:
    """Synapses in each row of a Bernoulli(p) graph, int64 [n_pre]."""
    if p >= 1.0:
        return np.full(shape[0], shape[1], np.int64)
    return rng.binomial(shape[1], p, size=shape[0]).astype(np.int64)


def surely(shape: Tuple[int, int], p: float) -> int:
    """Synapses that a Bernoulli(p) graph has at least, told without drawing: all of them for p = 1."""
    mean = shape[0] * shape[1] * p
    return shape[0] * shape[1] if p >= 1.0 else max(0, int(mean - 6.0 * mean**0.5))


def random_rows(rng: np.random.Generator, counts: np.ndarray, n_post: int) -> np.ndarray:
    """Targets of each row, ascending, a uniform choice without replacement; uint32 [sum(counts)]."""
    dense = counts > n_post // 2
    # of a crowded row the absent targets are drawn, so that few draws collide
    keys = _distinct(rng, np.where(dense, n_post - counts, counts), n_post)
    if not dense.any():
        return (keys % n_post).astype(np.uint32)
    rows = keys // n_post
    chosen = [keys[~dense[rows]]]
    for row in np.flatnonzero(dense):
        mask = np.ones(n_post, bool)
        mask[keys[np.searchsorted(rows, row) : np.searchsorted(rows, row + 1)] - row * n_post] = False
        chosen.append(np.flatnonzero(mask) + row * n_post)
    return (np.sort(np.concatenate(chosen)) % n_post).astype(np.uint32)


def _distinct(rng: np.random.Generator, counts: np.ndarray, n_post: int) -> np.ndarray:
    """Sorted keys row·n_post + column with counts[row] distinct columns in each row."""
    missing = counts.copy()
    keys = np.zeros(0, np.int64)
    while missing.any():
        rows = np.repeat(np.arange(len(counts), dtype=np.int64), missing)
        fresh = rows * n_post + rng.integers(0, n_post, size=len(rows))
        # drawing again what collides is sampling one by one with rejection: every subset is equally likely
        keys = np.sort(np.concatenate((keys, fresh)))
        keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))]
        missing = counts - np.bincount(keys // n_post, minlength=len(counts))
    return keys


def default_weights(
    rng: np.random.Generator, n: int, fan_in: float, target: Model, synapse: Synapse, pattern: str
) -> np.ndarray:
    """Weights (mV; pA into AdEx currents) that neither silence nor saturate a layer, float32 [n].

    w = d·(0.5/(K·ν·τ) + 0.6·ξ/√(K·ν·τ/2)), d = threshold − rest, ν = 0.02 per ms, τ = tau_m, ξ ~ N(0, 1).
    `lateral` takes half of its size, negative; `one_to_one` 1.2 times what makes the target spike from rest: one
    spike in, one spike out. A current that lasts tau_syn (twice tau for alpha) brings the same charge, times
    √(1 + tau_syn/tau_m): then the potential fluctuates as much as under delta synapses.
    """
    tau = target.membrane
    ts, gain, height = _current(tau, target.charge, synapse)
    if pattern == "one_to_one":
        return np.full(n, 1.2 * target.jump * gain / height, np.float32)
    d = target.drive
    gain *= np.sqrt(1.0 + ts / tau)
    load = fan_in * NOMINAL_RATE * tau
    weights = d * (0.5 / load + 0.6 / np.sqrt(load / 2.0) * rng.standard_normal(n))
    if pattern == "lateral":
        weights = -0.5 * np.abs(weights)
    return (weights * gain).astype(np.float32)


def largest_plastic(fan_in: float, target: Model, synapse: Synapse, pattern: str) -> float:
    """The largest of `plastic_weights`: 1.5 times their mean 1.2·d/(K·ν·τ), which holds the mean potential above the
    threshold, with the symbols of `default_weights`; of `one_to_one`, all of them are what makes the target spike."""
    tau = target.membrane
    _, gain, height = _current(tau, target.charge, synapse)
    if pattern == "one_to_one":
        return float(1.2 * target.jump * gain / height)
    return float(1.5 * 1.2 * target.drive * gain / (fan_in * NOMINAL_RATE * tau))


def plastic_weights(
    rng: np.random.Generator, n: int, fan_in: float, target: Model, synapse: Synapse, pattern: str
) -> np.ndarray:
    """Weights to learn from: none of them negative, uniform on 0.5 to 1.5 times their mean, float32 [n]."""
    most = largest_plastic(fan_in, target, synapse, pattern)
    low = 1.0 if pattern == "one_to_one" else 1.0 / 3.0
    return (most * rng.uniform(low, 1.0, n)).astype(np.float32)


def _current(tau: float, charge: float, synapse: Synapse) -> Tuple[float, float, float]:
    """Of a synapse's current: how long it lasts (ms), the weight that brings the charge of 1 mV, and how much of that
    mV the potential of a membrane of `tau` reaches."""
    if isinstance(synapse, Delta):
        return 0.0, 1.0, 1.0
    ts = float(np.mean(synapse.tau))
    # at equal time constants both closed forms are 0/0, and close by they are the same
    ts *= 1.0 + 1e-4 * (abs(ts / tau - 1.0) < 1e-4)
    if isinstance(synapse, Alpha):
        t, a = np.linspace(0.0, 10.0 * (tau + ts), 4001), 1.0 / tau - 1.0 / ts
        v = (np.exp(-t / ts) * (t / a - 1.0 / a**2) + np.exp(-t / tau) / a**2) / ts**2
        return 2.0 * ts, charge / (np.e * ts), float(v.max())
    return ts, charge / ts, float((ts / tau) ** (ts / (tau - ts)))


def from_dense(owner: str, weights: Any, shape: Tuple[int, int], delay: Any) -> Connectivity:
    """Connectivity of a matrix [pre, post] (NumPy or scipy sparse); a zero of a dense matrix is no synapse."""
    if hasattr(weights, "tocoo"):
        return _from_sparse(owner, weights, shape, delay)
    matrix = _weights(owner, weights)
    if matrix.shape != shape:
        raise ParameterError(f"{owner}: weights must have shape {shape} (got {matrix.shape})")
    delay = _delays(owner, delay, shape)
    if matrix.all():
        # copies: what the caller does with its arrays later must not reach the network
        flat = delay.flatten() if isinstance(delay, np.ndarray) else delay
        return Connectivity(shape, np.arange(shape[0] + 1, dtype=np.int64) * shape[1], None, matrix.flatten(), flat)
    pre, post = np.nonzero(matrix)
    picked = delay[pre, post] if isinstance(delay, np.ndarray) else delay
    return _assemble(shape, pre, post, matrix[pre, post], picked)


def _from_sparse(owner: str, weights: Any, shape: Tuple[int, int], delay: Any) -> Connectivity:
    try:
        coo = weights.tocoo()
        given, triples = tuple(coo.shape), (coo.row, coo.col, coo.data)
    except (AttributeError, TypeError, ValueError):
        raise ArgumentTypeError(f"{owner}: weights must be a matrix [pre, post] (got {shown(weights)})") from None
    if given != shape:
        raise ParameterError(f"{owner}: weights must have shape {shape} (got {given})")
    return from_triples(owner, triples, shape, delay)


def from_triples(owner: str, triples: Any, shape: Tuple[int, int], delay: Any) -> Connectivity:
    """Connectivity of arrays (pre, post, weight) of one length."""
    if not isinstance(triples, (tuple, list)) or len(triples) != 3:
        raise ArgumentTypeError(f"{owner}: synapses must be three arrays (pre, post, weight) (got {shown(triples)})")
    pre = checks.indices(owner, "pre", triples[0], shape[0]).astype(np.int64)
    post = checks.indices(owner, "post", triples[1], shape[1]).astype(np.int64)
    weight = _weights(owner, triples[2])
    if weight.ndim == 0:
        weight = np.full(len(pre), weight)
    if not weight.shape == pre.shape == post.shape:
        lengths = f"{len(pre)} pre, {len(post)} post, weights of shape {weight.shape}"
        raise ParameterError(f"{owner}: synapses must have one length (got {lengths})")
    delay = _delays(owner, delay, (len(pre),))
    order = np.lexsort((post, pre))
    picked = delay[order] if isinstance(delay, np.ndarray) else delay
    return _assemble(shape, pre[order], post[order], weight[order], picked)


def _assemble(
    shape: Tuple[int, int], pre: np.ndarray, post: np.ndarray, weight: np.ndarray, delay: Any
) -> Connectivity:
    indptr = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(pre, minlength=shape[0]), out=indptr[1:])
    return Connectivity(shape, indptr, post.astype(np.uint32), np.ascontiguousarray(weight), delay)


def _weights(owner: str, weights: Any) -> np.ndarray:
    # float32 stays as it is: a matrix may be large
    if isinstance(weights, np.ndarray) and weights.dtype == np.float32 and np.isfinite(weights).all():
        return weights
    array = checks.real_array(owner, "weights", weights)
    beyond = np.abs(array) > _FLOAT32
    if beyond.any():
        raise ParameterError(f"{owner}: weights must be within ±{_FLOAT32:.4g} (got {array[beyond][0]:g})")
    return array


def weight_of_all(owner: str, weight: Any) -> float:
    """One weight for all synapses, mV."""
    return float(_weights(owner, checks.finite(owner, "weights", weight, "mV")))


def _delays(owner: str, delay: Any, shape: Tuple[int, ...]) -> Union[None, float, np.ndarray]:
    if delay is None:
        return None
    array = checks.real_array(owner, "delay", delay)
    if array.ndim and array.shape != shape:
        raise ParameterError(f"{owner}: delay must be a number or have shape {shape} (got {array.shape})")
    if (array < 0).any():
        raise ParameterError(f"{owner}: delay must be >= 0 ms (got {float(array.min()):g})")
    return array if array.ndim else float(array)
