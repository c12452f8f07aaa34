"""How the synapses of a projection are laid out in memory. No choice changes a bit of any result.

rows16, rows32: targets and weights of each source; where delays differ, each row consists of segments of one delay.
dense: one row of weights per source, zeros included, padded to 16 targets.
"""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ..network.connectivity import Connectivity
from .precision import Precision, to_half

__all__ = [
    "DENSE",
    "ROWS16",
    "ROWS32",
    "STORAGE_NAMES",
    "Stored",
    "concatenate",
    "estimate_bytes",
    "padded",
    "rows_of",
    "store",
]

ROWS16, ROWS32, DENSE = 0, 1, 2
_NONE = np.zeros(0, np.uint32)
STORAGE_NAMES = ("rows16", "rows32", "dense")

# ns per synaptic event in cache: a scattered add, and one lane of a contiguous row (measured, AVX2)
ROW_NS, DENSE_NS = 0.33, 0.052


class Stored(NamedTuple):
    """One projection as the engines read it.

    row: first synapse of each source, or first segment where there are segments (first synapse and delay of each).
    """

    kind: int
    delay: int
    row: np.ndarray
    segment: np.ndarray
    segment_delay: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    half: bool


def padded(n: int) -> int:
    """Length of a dense row of n targets."""
    return (n + 15) // 16 * 16


def estimate_bytes(shape: Tuple[int, int], count: int, segmented: bool, precision: Precision) -> int:
    """Bytes that `store` will take at most, before anything is drawn."""
    target = 2 if shape[1] <= 65536 else 4
    rows = count * (target + precision.weight_bytes + 8 * segmented)
    if not segmented and _dense_pays(shape, count):
        rows = max(rows, shape[0] * padded(shape[1]) * precision.weight_bytes)
    return rows + 4 * (shape[0] + 1)


def _dense_pays(shape: Tuple[int, int], count: int) -> bool:
    return shape[0] * padded(shape[1]) * DENSE_NS <= count * ROW_NS


def store(owner: str, c: Connectivity, dt: float, precision: Precision) -> Stored:
    """Lay out a connectivity for steps of dt ms."""
    ticks = np.maximum(1, np.rint(np.asarray(0.0 if c.delay is None else c.delay) / dt)).astype(np.int32)
    if c.count and (ticks != ticks.flat[0]).any():
        return _segments(owner, c, ticks, precision)
    delay = int(ticks.flat[0]) if ticks.size else 1
    if _dense_pays(c.shape, c.count) and not _parallel(c):
        return _dense(owner, c, delay, precision)
    return _rows(owner, c, delay, precision)


def _parallel(c: Connectivity) -> bool:
    # summed in one entry, parallel synapses would be added in another order than one by one
    if c.post is None:
        return False
    same = c.post[1:] == c.post[:-1]
    starts = c.indptr[1:-1]
    same[starts[(starts > 0) & (starts < len(c.post))] - 1] = False
    return bool(same.any())


def _weights(owner: str, weight: np.ndarray, precision: Precision) -> np.ndarray:
    # int8: codes already (integers.py)
    if precision.name == "int8":
        return weight
    return to_half(owner, weight) if precision.name == "float16" else weight.astype(precision.state)


def _dense(owner: str, c: Connectivity, delay: int, precision: Precision) -> Stored:
    weight = _weights(owner, c.weight, precision)
    matrix = np.zeros((c.shape[0], padded(c.shape[1])), weight.dtype)
    if c.post is None:
        matrix[:, : c.shape[1]] = weight.reshape(c.shape)
    else:
        matrix[c.pre(), c.post] = weight
    row, half = c.indptr.astype(np.uint32), precision.name == "float16"
    return Stored(DENSE, delay, row, _NONE, _NONE, _NONE, matrix.ravel(), half)


def _rows(owner: str, c: Connectivity, delay: int, precision: Precision) -> Stored:
    kind, target = _targets(c, c.targets())
    weight, row = _weights(owner, c.weight, precision), c.indptr.astype(np.uint32)
    return Stored(kind, delay, row, _NONE, _NONE, target, weight, precision.name == "float16")


def _segments(owner: str, c: Connectivity, ticks: np.ndarray, precision: Precision) -> Stored:
    pre = c.pre().astype(np.int64)
    order = np.lexsort((ticks, pre))
    pre, ticks = pre[order], ticks[order]
    # a segment begins where source or delay changes
    begins = np.flatnonzero(np.concatenate(([True], (pre[1:] != pre[:-1]) | (ticks[1:] != ticks[:-1]))))
    row = np.concatenate(([0], np.cumsum(np.bincount(pre[begins], minlength=c.shape[0]))))
    segment = np.concatenate((begins, [c.count])).astype(np.uint32)
    delays = np.concatenate((ticks[begins], [1])).astype(np.int32)
    kind, target = _targets(c, c.targets()[order])
    weight = _weights(owner, c.weight[order], precision)
    return Stored(kind, 1, row.astype(np.uint32), segment, delays, target, weight, precision.name == "float16")


def _targets(c: Connectivity, target: np.ndarray) -> Tuple[int, np.ndarray]:
    if c.shape[1] <= 65536:
        return ROWS16, np.ascontiguousarray(target, np.uint16)
    return ROWS32, np.ascontiguousarray(target, np.uint32)


def concatenate(parts: List[np.ndarray], dtype: type) -> np.ndarray:
    """One array of all parts, never empty, so that it always has an address."""
    return np.concatenate([*parts, np.zeros(16, dtype)]).astype(dtype, copy=False)


def rows_of(stored: List[Stored]) -> Dict[str, np.ndarray]:
    """The plan's projection arrays: the parts of each projection end to end, and where each begins."""
    short = [s for s in stored if s.kind == ROWS16]
    long = [s for s in stored if s.kind == ROWS32]
    half = [s for s in stored if s.half]
    byte = [s for s in stored if s.weight.dtype == np.int8]
    full = [s for s in stored if not s.half and s.weight.dtype != np.int8]
    real = full[0].weight.dtype.type if full else np.float32

    def starts(group: List[Stored], part: str) -> np.ndarray:
        sizes = [len(getattr(s, part)) if any(s is g for g in group) else 0 for s in stored]
        return np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.int64)

    short_starts, long_starts = starts(short, "target"), starts(long, "target")
    syn = np.where([s.kind == ROWS32 for s in stored], long_starts, short_starts)
    # a plan has weights of one kind only
    weight = starts(half, "weight") + starts(full, "weight") + starts(byte, "weight")
    return {
        "proj_storage": np.array([s.kind for s in stored], np.int32),
        "proj_half": np.array([s.half for s in stored], np.int32),
        "proj_segmented": np.array([len(s.segment) > 0 for s in stored], np.int32),
        "proj_row": starts(stored, "row"),
        "proj_syn": syn.astype(np.int64),
        "proj_weight": weight.astype(np.int64),
        "proj_segment": starts(stored, "segment"),
        "proj_delay": np.array([s.delay for s in stored], np.int32),
        "segment": concatenate([s.segment for s in stored], np.uint32),
        "segment_delay": concatenate([s.segment_delay for s in stored], np.int32),
        "row": concatenate([s.row for s in stored], np.uint32),
        "target16": concatenate([s.target for s in short], np.uint16),
        "target32": concatenate([s.target for s in long], np.uint32),
        "weight": concatenate([s.weight for s in full], real),
        "weight16": concatenate([s.weight for s in half], np.uint16),
        "weight8": concatenate([s.weight for s in byte], np.int8),
    }
