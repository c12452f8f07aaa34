"""How the synapses of a projection are laid out in memory. No choice changes a bit of any result.

rows16, rows32: targets and weights of each source, by delay class; dense: one row of weights per source, zeros
included, padded to 16 targets.
"""

from typing import Dict, List, NamedTuple

import numpy as np

from ..network.connectivity import Connectivity
from .precision import Precision, to_half

__all__ = ["DENSE", "ROWS16", "ROWS32", "STORAGE_NAMES", "Stored", "estimate_bytes", "store"]

ROWS16, ROWS32, DENSE = 0, 1, 2
STORAGE_NAMES = ("rows16", "rows32", "dense")

# ns per synaptic event in cache: a scattered add, and one lane of a contiguous row (measured, AVX2)
ROW_NS, DENSE_NS = 0.33, 0.052


class Stored(NamedTuple):
    """One projection as the engines read it; `row` counts from its own first synapse."""

    kind: int
    delay: np.ndarray
    row: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    half: bool


def padded(n: int) -> int:
    """Length of a dense row of n targets."""
    return (n + 15) // 16 * 16


def estimate_bytes(shape: tuple, count: int, classes: int, precision: Precision) -> int:
    """Bytes that `store` will take, before anything is drawn."""
    target = 2 if shape[1] <= 65536 else 4
    rows = count * (target + precision.weight_bytes)
    if classes == 1 and _dense_pays(shape, count):
        rows = shape[0] * padded(shape[1]) * precision.weight_bytes
    return rows + 4 * (shape[0] * classes + 1)


def _dense_pays(shape: tuple, count: int) -> bool:
    return shape[0] * padded(shape[1]) * DENSE_NS <= count * ROW_NS


def store(owner: str, c: Connectivity, dt: float, precision: Precision) -> Stored:
    """Lay out a connectivity for steps of dt ms."""
    ticks = _delay_ticks(c, dt)
    delay, which = np.unique(ticks, return_inverse=True)
    if len(delay) == 0:
        delay = np.ones(1, np.int32)
    if len(delay) == 1 and _dense_pays(c.shape, c.count) and not _parallel(c):
        return _dense(owner, c, delay, precision)
    return _rows(owner, c, delay, which.reshape(-1), precision)


def _delay_ticks(c: Connectivity, dt: float) -> np.ndarray:
    if isinstance(c.delay, np.ndarray):
        return np.maximum(1, np.rint(c.delay / dt)).astype(np.int32)
    one = 1 if c.delay is None else max(1, int(np.rint(c.delay / dt)))
    return np.full(min(c.count, 1), one, np.int32)


def _parallel(c: Connectivity) -> bool:
    # summed in one entry, parallel synapses would be added in another order than one by one
    if c.post is None:
        return False
    same = c.post[1:] == c.post[:-1]
    starts = c.indptr[1:-1]
    same[starts[(starts > 0) & (starts < len(c.post))] - 1] = False
    return bool(same.any())


def _weights(owner: str, weight: np.ndarray, precision: Precision) -> np.ndarray:
    return to_half(owner, weight) if precision.name == "float16" else weight.astype(precision.state)


def _dense(owner: str, c: Connectivity, delay: np.ndarray, precision: Precision) -> Stored:
    weight = _weights(owner, c.weight, precision)
    matrix = np.zeros((c.shape[0], padded(c.shape[1])), weight.dtype)
    if c.post is None:
        matrix[:, : c.shape[1]] = weight.reshape(c.shape)
    else:
        matrix[c.pre(), c.post] = weight
    empty = np.zeros(0, np.uint16)
    return Stored(DENSE, delay, c.indptr.astype(np.uint32), empty, matrix.ravel(), precision.name == "float16")


def _rows(owner: str, c: Connectivity, delay: np.ndarray, which: np.ndarray, precision: Precision) -> Stored:
    classes, target, weight, row = len(delay), c.targets(), c.weight, c.indptr
    if classes > 1:
        key = c.pre().astype(np.int64) * classes + which
        order = np.argsort(key, kind="stable")
        target, weight = target[order], weight[order]
        row = np.concatenate(([0], np.cumsum(np.bincount(key, minlength=c.shape[0] * classes))))
    short = c.shape[1] <= 65536
    return Stored(
        ROWS16 if short else ROWS32,
        delay,
        row.astype(np.uint32),
        np.ascontiguousarray(target, np.uint16 if short else np.uint32),
        _weights(owner, weight, precision),
        precision.name == "float16",
    )


def concatenate(parts: List[np.ndarray], dtype: type) -> np.ndarray:
    """One array of all parts, never empty, so that it always has an address."""
    return np.concatenate([*parts, np.zeros(16, dtype)]).astype(dtype, copy=False)


def rows_of(stored: List[Stored]) -> Dict[str, np.ndarray]:
    """The plan's projection arrays: the parts of each projection end to end, and where each begins."""
    short = [s for s in stored if s.kind == ROWS16]
    long = [s for s in stored if s.kind == ROWS32]
    half = [s for s in stored if s.half]
    full = [s for s in stored if not s.half]
    real = full[0].weight.dtype.type if full else np.float32

    def starts(group: List[Stored], part: str) -> np.ndarray:
        sizes = [len(getattr(s, part)) if any(s is g for g in group) else 0 for s in stored]
        return np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.int64)

    syn = np.where([s.kind == ROWS32 for s in stored], starts(long, "target"), starts(short, "target"))
    weight = np.where([s.half for s in stored], starts(half, "weight"), starts(full, "weight"))
    return {
        "proj_storage": np.array([s.kind for s in stored], np.int32),
        "proj_half": np.array([s.half for s in stored], np.int32),
        "proj_classes": np.array([len(s.delay) for s in stored], np.int32),
        "proj_row": starts(stored, "row"),
        "proj_syn": syn.astype(np.int64),
        "proj_weight": weight.astype(np.int64),
        "proj_delay": starts(stored, "delay"),
        "delay": concatenate([s.delay for s in stored], np.int32),
        "row": concatenate([s.row for s in stored], np.uint32),
        "target16": concatenate([s.target for s in short], np.uint16),
        "target32": concatenate([s.target for s in long], np.uint32),
        "weight": concatenate([s.weight for s in full], real),
        "weight16": concatenate([s.weight for s in half], np.uint16),
    }
