"""The synapses of a plan that comes from outside: rows, segments, targets and weights (`sound.py`)."""

from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from ..errors import ParameterError
from .integers import MOST_ARRIVALS
from .plan import SOURCE
from .storage import BLOCK8, DENSE, LOCAL16, NEAR, ROWS16, ROWS32, padded

__all__ = ["Rows", "check_synapses", "must", "starts"]

SPARE = 16
MAX_DEPTH = 1_000_000


def must(sound: Any, name: str, rule: str, got: Any = None) -> None:
    """Raise where a rule is broken."""
    if not sound:
        raise ParameterError(f"{name}: {rule}" + ("" if got is None else f" (got {got})"))


def starts(sizes: Any) -> np.ndarray:
    """Where parts of these sizes begin, end to end."""
    return np.concatenate(([0], np.cumsum(np.asarray(sizes, np.int64))[:-1])) if len(sizes) else np.zeros(0, np.int64)


class Rows:
    """One projection: its rows as int64, and how much of each array it takes."""

    def __init__(self, a: Mapping[str, np.ndarray], q: int, at: Dict[str, int], learns: bool) -> None:
        self.q, self.learns = q, learns
        pre, post = int(a["proj_pre"][q]), int(a["proj_post"][q])
        self.n_pre, self.n_post = int(a["pop_n"][pre]), int(a["pop_n"][post])
        self.storage, self.segmented = int(a["proj_storage"][q]), bool(a["proj_segmented"][q])
        entries = (self.n_pre + 1) * (1 + (self.storage == BLOCK8))
        row = _cut(a, "row", at["row"], entries)
        self.row, self.blocks = row[: self.n_pre + 1], row[self.n_pre + 1 :]
        _ascends("row", q, self.row)
        self.count, self.begin = int(self.row[-1]), self.row
        self.delay = np.array([int(a["proj_delay"][q])])
        if self.segmented:
            segments = int(self.row[-1])
            self.begin = _cut(a, "segment", at["segment"], segments + 1)
            delay = _cut(a, "segment_delay", at["segment"], segments + 1)
            must(delay[-1] == 1, "segment_delay", f"of projection {q} must end with 1", delay[-1])
            self.delay = delay[:-1]
            _ascends("segment", q, self.begin)
            self.count = int(self.begin[-1])
        if self.storage == BLOCK8:
            _ascends("row", q, self.blocks)
        self.units = {DENSE: 0, BLOCK8: int(self.blocks[-1]) if self.storage == BLOCK8 else 0}.get(
            self.storage, self.count
        )
        self.weights = {DENSE: self.n_pre * padded(self.n_post), BLOCK8: 8 * self.units}.get(self.storage, self.count)
        self.base = self.segmented * (int(self.row[-1]) + 1) * (self.storage == LOCAL16)
        wide = "target32" if self.storage == ROWS32 else "target16"
        self.target = _cut(a, wide, at[wide], self.units)
        at["row"] += entries
        at["segment"] += self.segmented * (int(self.row[-1]) + 1)
        at[wide] += self.units


def check_synapses(a: Mapping[str, np.ndarray], spiking: Sequence[bool], precision: str) -> Dict[str, int]:
    """Every projection; returns the entries of rows and segments."""
    projs = len(a["proj_pre"])
    _columns(a, projs, spiking, precision)
    learners = set(a["learn_proj"].tolist())
    at = dict.fromkeys(("row", "segment", "base", "target16", "target32", "weight", "small"), 0)
    weight = {"float16": "weight16", "int8": "weight8"}.get(precision, "weight")
    found: List[Rows] = []
    for q in range(projs):
        for name, part in (("row", "row"), ("segment", "segment"), ("weight", "weight"), ("base", "base")):
            first = int(a[f"proj_{name}"][q])
            must(first == at[part], f"proj_{name}", f"of {q} must be {at[part]}", first)
        wide = "target32" if a["proj_storage"][q] == ROWS32 else "target16"
        must(int(a["proj_syn"][q]) == at[wide], "proj_syn", f"of {q} must be {at[wide]}", a["proj_syn"][q])
        rows = Rows(a, q, at, q in learners)
        _targets(a, rows, at["base"])
        _delays(a, rows)
        if not rows.learns:
            _weights(a, rows, weight, at["weight"])
            at["weight"] += rows.weights
        at["base"] += rows.base
        at["small"] += _small(a, rows, at["small"])
        found.append(rows)
    _ends(a, at, weight)
    if precision == "int8":
        _sums(a, found)
    return {"rows": len(a["row"]), "segments": len(a["segment"]), "queues": 16 * len(a["pop_n"])}


def _columns(a: Mapping[str, np.ndarray], projs: int, spiking: Sequence[bool], precision: str) -> None:
    for name in [name for name in a if name.startswith("proj_")]:
        must(len(a[name]) == projs, name, f"must have {projs} entries, one for each projection")
    pops = len(spiking)
    for name in ("proj_pre", "proj_post"):
        must(((a[name] >= 0) & (a[name] < pops)).all(), name, f"must be 0 to {pops - 1}")
    post, storage, segmented = a["proj_post"], a["proj_storage"], a["proj_segmented"]
    must(np.asarray(spiking, bool)[a["proj_pre"]].all(), "proj_pre", "must name populations that spike")
    must((a["pop_kind"][post] != SOURCE).all(), "proj_post", "must name populations that are no sources")
    channel = a["proj_channel"]
    must(((channel >= 0) & (channel <= a["pop_receptors"][post])).all(), "proj_channel", "must name a current")
    must(((storage >= ROWS16) & (storage <= LOCAL16)).all(), "proj_storage", "must be 0 to 4")
    padded_rows = (storage == DENSE) | (storage == BLOCK8)
    must(((segmented >= 0) & (segmented <= ~padded_rows)).all(), "proj_segmented", "must be 0 or 1")
    must((segmented[storage == LOCAL16] == 1).all(), "proj_segmented", "must be 1 for targets from bases")
    learns = np.isin(np.arange(projs), a["learn_proj"])
    must((a["proj_half"] == ((precision == "float16") & ~learns)).all(), "proj_half", "does not fit the precision")
    plain = np.isin(storage[learns], (ROWS16, ROWS32))
    must(plain.all(), "proj_storage", "must be rows for what learns")


def _cut(a: Mapping[str, np.ndarray], name: str, first: int, n: int) -> np.ndarray:
    array = a[name]
    must(0 <= n <= len(array) - SPARE - first, name, f"is too short for {n:,} entries from {first:,}")
    return array[first : first + n].astype(np.int64)


def _ascends(name: str, q: int, row: np.ndarray) -> None:
    must(row[0] == 0 and (np.diff(row) >= 0).all(), name, f"of projection {q} must ascend from 0")


def _targets(a: Mapping[str, np.ndarray], rows: Rows, base_at: int) -> None:
    """Within the population, and in order, which the shares of threads are cut by."""
    q, target, begin = rows.q, rows.target, rows.begin
    if rows.storage == DENSE:
        must((np.diff(rows.row) <= rows.n_post).all(), "row", f"of projection {q} has more synapses than targets")
        return
    name, most, least = "target32" if rows.storage == ROWS32 else "target16", rows.n_post, 0
    if rows.storage == BLOCK8:
        begin, most, least = rows.blocks, (rows.n_post + 7) // 8, 1
        must((np.diff(rows.row) <= 8 * np.diff(begin)).all(), "row", f"of projection {q} has more synapses than blocks")
    offset = np.zeros(len(begin) - 1, np.int64)
    if rows.storage == LOCAL16:
        base = _cut(a, "segment_base", base_at, rows.base)
        must(
            base[-1] == 0 and (base % NEAR == 0).all(), "segment_base", f"of projection {q} must be multiples of 65,536"
        )
        offset = base[:-1]
    if not len(target):
        return
    must((target + np.repeat(offset, np.diff(begin)) < most).all(), name, f"of projection {q} must be below {most:,}")
    inside = np.ones(len(target), bool)
    inside[begin[:-1][np.diff(begin) > 0]] = False
    must((np.diff(target) >= least)[inside[1:]].all(), name, f"of projection {q} must ascend in each row")


def _delays(a: Mapping[str, np.ndarray], rows: Rows) -> None:
    # what learns is kept by its sources, and takes no room in the ring
    most = MAX_DEPTH if rows.learns else int(a["pop_depth"][a["proj_post"][rows.q]])
    name = "segment_delay" if rows.segmented else "proj_delay"
    must(((rows.delay >= 1) & (rows.delay <= most)).all(), name, f"of projection {rows.q} must be 1 to {most:,}")
    one = int(a["proj_delay"][rows.q])
    must(one == 1 or not rows.segmented, "proj_delay", f"of projection {rows.q} must be 1 beside segments", one)


def _weights(a: Mapping[str, np.ndarray], rows: Rows, name: str, first: int) -> None:
    array = a[name]
    must(rows.weights <= len(array) - SPARE - first, name, f"is too short for projection {rows.q}")
    weight = array[first : first + rows.weights]
    if name == "weight8":
        sound = (weight != -128).all()
    elif name == "weight16":
        sound = ((weight & 0x7C00) != 0x7C00).all()
    else:
        sound = np.isfinite(weight).all()
    must(sound, name, f"of projection {rows.q} must be {'-127 to 127' if name == 'weight8' else 'finite'}")
    if rows.storage == DENSE:
        beyond = weight.reshape(rows.n_pre, padded(rows.n_post))[:, rows.n_post :]
    elif rows.storage == BLOCK8:
        last = 8 * rows.target[:, None] + np.arange(8) >= rows.n_post
        beyond = weight.reshape(-1, 8)[last]
    else:
        return
    must(not beyond.any(), name, f"of projection {rows.q} must be 0 in padding")


def _small(a: Mapping[str, np.ndarray], rows: Rows, first: int) -> int:
    """Entries that it takes of what is counted, and not delivered."""
    at = int(a["proj_small"][rows.q])
    must(at in (-1, first), "proj_small", f"of projection {rows.q} must be -1 or {first}", at)
    must(at < 0 or not rows.learns, "proj_small", f"of projection {rows.q} must be -1: it learns", at)
    if at >= 0:
        # what is left and what is not are together what a source reaches, several times in parallel at most
        _cut(a, "small", first, rows.n_pre)
    return rows.n_pre * (at >= 0)


def _ends(a: Mapping[str, np.ndarray], at: Dict[str, int], weight: str) -> None:
    """Nothing lies beyond what the projections take."""
    used = {**at, "segment_delay": at["segment"], "segment_base": at["base"], weight: at["weight"]}
    del used["base"]
    for name in ("weight", "weight8", "weight16"):
        used[name] = at["weight"] if name == weight else 0
    for name, entries in used.items():
        must(len(a[name]) == entries + SPARE, name, f"must have {entries + SPARE:,} entries", len(a[name]))
        must(not a[name][entries:].any(), name, "must end with zeros")


def _sums(a: Mapping[str, np.ndarray], found: Sequence[Rows]) -> None:
    """Sums of codes must fit into 32 bits."""
    total: Dict[Any, int] = {}
    for rows in found:
        into = int(a["proj_post"][rows.q]), int(a["proj_channel"][rows.q])
        fan_in = rows.n_pre
        if rows.storage not in (DENSE, BLOCK8) and rows.count > MOST_ARRIVALS:
            offset = np.zeros(rows.count, np.int64)
            if rows.storage == LOCAL16:
                first = int(a["proj_base"][rows.q])
                base = a["segment_base"][first : first + rows.base - 1].astype(np.int64)
                offset = np.repeat(base, np.diff(rows.begin))
            fan_in = int(np.bincount(rows.target + offset).max())
        elif rows.storage not in (DENSE, BLOCK8):
            fan_in = rows.count
        total[into] = total.get(into, 0) + fan_in
    most = max(total.values(), default=0)
    if most > MOST_ARRIVALS:
        # sums of the largest of each may be more than any neuron has
        must(False, "weight8", f"brings more than {MOST_ARRIVALS:,} synapses to one neuron", most)
