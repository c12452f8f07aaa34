"""How the synapses of a projection are laid out in memory. No choice changes a bit of any result.

rows16, rows32: targets and weights of each source; where delays differ, each row consists of segments of one delay.
local16: the same for more than 65,536 targets: segments of one delay and 65,536 targets, counted from its first.
dense: one row of weights per source, zeros included, padded to 16 targets.
block8: for each source the blocks of 8 neighbouring targets that it reaches, with 8 weights each, zeros included.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ..network.connectivity import Connectivity
from .costs import Choice, Load, cheapest
from .precision import PRECISIONS, Precision, to_half

__all__ = [
    "BLOCK8",
    "DENSE",
    "LOCAL16",
    "NEAR",
    "ROWS16",
    "ROWS32",
    "STORAGES",
    "STORAGE_NAMES",
    "Stored",
    "concatenate",
    "estimate_bytes",
    "padded",
    "rows_of",
    "store",
]

ROWS16, ROWS32, DENSE, BLOCK8, LOCAL16 = range(5)
STORAGE_NAMES = ("rows16", "rows32", "dense", "block8", "local16")

# what compile_network can be asked for
STORAGES = ("auto", "small", "dense", "rows", "rows32", "local16", "block8")

# targets that 16 bits tell apart
NEAR = 65536

# blocks may take this many times the bytes of rows: what one projection fills of a cache, others lose
BLOCK_BYTES = 1.5

_NONE = np.zeros(0, np.uint32)


FULL = PRECISIONS["float32"]


class Stored(NamedTuple):
    """One projection as the engines read it.

    row: first synapse of each source, or first segment where there are segments (first synapse, delay and base of
    each); for blocks, first synapse of each source, then its first block.
    """

    kind: int
    delay: int
    row: np.ndarray
    segment: np.ndarray
    segment_delay: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    half: bool
    choice: Choice
    base: np.ndarray = _NONE
    learns: bool = False


def padded(n: int) -> int:
    """Length of a dense row of n targets."""
    return (n + 15) // 16 * 16


def estimate_bytes(
    shape: Tuple[int, int], count: int, segmented: bool, precision: Precision, storage: str = "auto"
) -> int:
    """Bytes that `store` will take at most, before anything is drawn."""
    sources, weight = shape[0], precision.weight_bytes
    target = 2 if shape[1] <= NEAR else 4
    # as many segments as synapses; what counts from bases is chosen only where it takes less
    plain = Load("rows16" if target == 2 else "rows32", sources, count, count * (target + weight + 8 * segmented))
    most = plain.nbytes
    if not segmented:
        dense = _dense_load(shape, precision)
        blocks = _block_load(shape, min(count, sources * -(-shape[1] // 8)), precision)
        if storage in ("dense", "block8"):
            most = max(most, dense.nbytes if storage == "dense" else blocks.nbytes)
        elif storage == "auto" and cheapest([plain, dense], precision.name, sources).storage == "dense":
            # blocks that cost less than dense rows are fewer than these have
            most = max(most, dense.nbytes + sources * (2 * (padded(shape[1]) // 8) + 4))
        elif storage == "auto":
            most = max(most, min(int(BLOCK_BYTES * most), blocks.nbytes))
    return most + 4 * (sources + 1) + 12


def _dense_load(shape: Tuple[int, int], precision: Precision) -> Load:
    lanes = shape[0] * padded(shape[1])
    return Load("dense", shape[0], lanes, lanes * precision.weight_bytes)


def _block_load(shape: Tuple[int, int], blocks: int, precision: Precision) -> Load:
    return Load("block8", shape[0], blocks, blocks * (2 + 8 * precision.weight_bytes) + 4 * (shape[0] + 1))


def store(owner: str, c: Connectivity, dt: float, precision: Precision, storage: str = "auto") -> Stored:
    """Lay out a connectivity for steps of dt ms, in what costs least, or as asked for where that can hold it."""
    ticks = np.maximum(1, np.rint(np.asarray(0.0 if c.delay is None else c.delay) / dt)).astype(np.int32)
    delay = int(ticks.flat[0]) if ticks.size else 1
    differ = bool(c.count and (ticks != delay).any())
    lists = _Lists(c, ticks if differ else None)
    padded_too = not differ and storage in ("auto", "small", "dense", "block8") and not _parallel(c)
    loads = _loads(lists, precision, padded_too, storage)
    choice = cheapest(loads, precision.name, c.shape[0])
    if storage == "auto" and precision.weight_bytes < FULL.weight_bytes:
        # fewer bits are asked for where bytes count: what is faster must not take more of them than full weights did
        full = _loads(lists, FULL, padded_too, storage)
        most = {load.storage: load.nbytes for load in full}[cheapest(full, FULL.name, c.shape[0]).storage]
        choice = cheapest([load for load in loads if load.nbytes <= most], precision.name, c.shape[0])._replace(
            ns=choice.ns
        )
    if storage == "small":
        choice = Choice(min(loads, key=lambda load: load.nbytes).storage, choice.ns)
    if storage in choice.ns:
        choice = Choice(storage, choice.ns)
    if choice.storage == "dense":
        return _dense(owner, c, delay, precision, choice)
    if choice.storage == "block8":
        return _blocks(owner, c, delay, precision, choice)
    return lists.store(owner, delay, precision, choice)


def _loads(lists: "_Lists", precision: Precision, padded_too: bool, storage: str) -> List[Load]:
    loads = lists.loads(precision)
    return loads + _padded_loads(lists.c, precision, loads[0].nbytes, storage) if padded_too else loads


def _padded_loads(c: Connectivity, precision: Precision, rows: int, storage: str) -> List[Load]:
    """Dense rows, and blocks where they do not take too many bytes; only what is asked for if anything is."""
    loads = []
    if storage != "block8":
        loads.append(_dense_load(c.shape, precision))
    if storage != "dense" and c.shape[1] <= 8 * NEAR:
        blocks = _block_load(c.shape, len(_block_starts(c)), precision)
        loads += [blocks] * (storage in ("small", "block8") or blocks.nbytes <= BLOCK_BYTES * rows)
    return loads


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


def _dense(owner: str, c: Connectivity, delay: int, precision: Precision, choice: Choice) -> Stored:
    weight = _weights(owner, c.weight, precision)
    matrix = np.zeros((c.shape[0], padded(c.shape[1])), weight.dtype)
    if c.post is None:
        matrix[:, : c.shape[1]] = weight.reshape(c.shape)
    else:
        matrix[c.pre(), c.post] = weight
    row, half = c.indptr.astype(np.uint32), precision.name == "float16"
    return Stored(DENSE, delay, row, _NONE, _NONE, _NONE, matrix.ravel(), half, choice)


def _block_starts(c: Connectivity) -> np.ndarray:
    """First synapse of each block of 8 targets, in every row."""
    block = c.targets() >> 3
    new = np.ones(c.count, bool)
    new[1:] = block[1:] != block[:-1]
    new[c.indptr[:-1][np.diff(c.indptr) > 0]] = True
    return np.flatnonzero(new)


def _blocks(owner: str, c: Connectivity, delay: int, precision: Precision, choice: Choice) -> Stored:
    weight, begins = _weights(owner, c.weight, precision), _block_starts(c)
    matrix = np.zeros((len(begins), 8), weight.dtype)
    which = np.repeat(np.arange(len(begins)), np.diff(begins, append=c.count))
    matrix[which, c.targets() & 7] = weight
    row = np.concatenate((c.indptr, np.searchsorted(begins, c.indptr))).astype(np.uint32)
    target = (c.targets()[begins] >> 3).astype(np.uint16)
    return Stored(BLOCK8, delay, row, _NONE, _NONE, target, matrix.ravel(), precision.name == "float16", choice)


class _Lists:
    """Synapse by synapse: rows of targets, in segments where delays differ or targets count from bases."""

    def __init__(self, c: Connectivity, ticks: Optional[np.ndarray]) -> None:
        self.c, self.ticks, self.wide = c, ticks, c.shape[1] > NEAR
        self.weight = c.weight
        if ticks is None and not self.wide:
            return
        self.pre, self.target = c.pre(), c.targets()
        if ticks is not None:
            order = np.lexsort((ticks, self.pre))
            self.pre, self.target = self.pre[order], self.target[order]
            self.ticks, self.weight = ticks[order], c.weight[order]

    def _begins(self, local: bool) -> np.ndarray:
        """First synapse of each segment: where source, delay or, for local targets, base changes."""
        new = np.ones(self.c.count, bool)
        new[1:] = self.pre[1:] != self.pre[:-1]
        if self.ticks is not None:
            new[1:] |= self.ticks[1:] != self.ticks[:-1]
        if local:
            new[1:] |= self.target[1:] >> 16 != self.target[:-1] >> 16
        return np.flatnonzero(new)

    def loads(self, precision: Precision) -> List[Load]:
        count, each = self.c.count, precision.weight_bytes
        rows = self.c.shape[0] if self.ticks is None else len(self._begins(False))
        plain = count * (each + 2 + 2 * self.wide) + 8 * (rows + 1) * (self.ticks is not None)
        loads = [Load("rows32" if self.wide else "rows16", rows, count, plain)]
        if self.wide:
            parts = len(self._begins(True))
            local = count * (each + 2) + 12 * (parts + 1)
            loads += [Load("local16", parts, count, local)] * (local <= plain)
        return loads

    def store(self, owner: str, delay: int, precision: Precision, choice: Choice) -> Stored:
        kind, half, target = STORAGE_NAMES.index(choice.storage), precision.name == "float16", self._targets(choice)
        weight, n_pre = _weights(owner, self.weight, precision), self.c.shape[0]
        if self.ticks is None and kind != LOCAL16:
            return Stored(kind, delay, self.c.indptr.astype(np.uint32), _NONE, _NONE, target, weight, half, choice)
        begins = self._begins(kind == LOCAL16)
        row = np.concatenate(([0], np.cumsum(np.bincount(self.pre[begins], minlength=n_pre)))).astype(np.uint32)
        segment = np.append(begins, self.c.count).astype(np.uint32)
        ticks = np.full(len(begins), delay) if self.ticks is None else self.ticks[begins]
        delays = np.append(ticks, 1).astype(np.int32)
        base = np.append(self.target[begins] >> 16 << 16, 0).astype(np.uint32) if kind == LOCAL16 else _NONE
        return Stored(kind, 1, row, segment, delays, target, weight, half, choice, base)

    def _targets(self, choice: Choice) -> np.ndarray:
        target = self.c.targets() if self.ticks is None else self.target
        # the lower 16 bits are what counts from a base
        return target.astype(np.uint32 if choice.storage == "rows32" else np.uint16)


def concatenate(parts: List[np.ndarray], dtype: type) -> np.ndarray:
    """One array of all parts, never empty, so that it always has an address."""
    return np.concatenate([*parts, np.zeros(16, dtype)]).astype(dtype, copy=False)


def rows_of(stored: List[Stored]) -> Dict[str, np.ndarray]:
    """The plan's projection arrays: the parts of each projection end to end, and where each begins."""
    short = [s for s in stored if s.kind != ROWS32]
    long = [s for s in stored if s.kind == ROWS32]
    half = [s for s in stored if s.half]
    byte = [s for s in stored if s.weight.dtype == np.int8]
    # weights that learn are part of the state
    full = [s for s in stored if not s.half and s.weight.dtype != np.int8 and not s.learns]
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
        "proj_base": starts(stored, "base"),
        "proj_row": starts(stored, "row"),
        "proj_syn": syn.astype(np.int64),
        "proj_weight": weight.astype(np.int64),
        "proj_segment": starts(stored, "segment"),
        "proj_delay": np.array([s.delay for s in stored], np.int32),
        "segment": concatenate([s.segment for s in stored], np.uint32),
        "segment_delay": concatenate([s.segment_delay for s in stored], np.int32),
        "segment_base": concatenate([s.base for s in stored], np.uint32),
        "row": concatenate([s.row for s in stored], np.uint32),
        "target16": concatenate([s.target for s in short], np.uint16),
        "target32": concatenate([s.target for s in long], np.uint32),
        "weight": concatenate([s.weight for s in full], real),
        "weight16": concatenate([s.weight for s in half], np.uint16),
        "weight8": concatenate([s.weight for s in byte], np.int8),
    }
