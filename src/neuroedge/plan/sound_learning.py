"""What learns in a plan that comes from outside (`sound.py`)."""

from typing import Dict, List, Mapping

import numpy as np

from .plastic import DOPAMINE, ELIGIBILITY, FRAMES, PARAMS
from .sound_synapses import MAX_DEPTH, SPARE, must, starts
from .storage import ROWS32

__all__ = ["learning_sizes"]


def learning_sizes(a: Mapping[str, np.ndarray], sizes: Mapping[str, int], precision: str) -> Dict[str, int]:
    """Checks projections that learn, whose rows are checked elsewhere; returns the entries of their shapes."""
    which = a["learn_proj"]
    n, projs = len(which), sizes["projs"]
    for name in [name for name in a if name.startswith("learn_") and name not in ("learn_frame", "learn_param")]:
        if name != "learn_order":
            must(len(a[name]) == n, name, f"must have {n} entries, one for each projection that learns")
    must(((which >= 0) & (which < projs)).all() and (np.diff(which) > 0).all(), "learn_proj", "must name projections")
    must(n == 0 or precision != "int8", "learn_proj", "must be empty in int8")
    must(((a["learn_rule"] >= 0) & (a["learn_rule"] <= DOPAMINE)).all(), "learn_rule", "must be 0 to 3")
    must(((a["learn_nearest"] >= 0) & (a["learn_nearest"] <= 1)).all(), "learn_nearest", "must be 0 or 1")
    _params(a, n, sizes["frames"])
    return _laid_out(a, [_Taught(a, k) for k in range(n)])


def _params(a: Mapping[str, np.ndarray], n: int, frames: int) -> None:
    frame, rule = a["learn_frame"], a["learn_rule"]
    must(len(frame) == FRAMES * n, "learn_frame", f"must have {FRAMES * n} entries")
    must(((frame >= -1) & (frame < frames)).all(), "learn_frame", "must name frames")
    each = frame.reshape(n, FRAMES)
    # without eligibility there is nothing that its frame could hold
    must((each[rule < ELIGIBILITY, 2] == -1).all(), "learn_frame", "must be -1 without eligibility")
    must((each[rule < DOPAMINE, 3] == -1).all(), "learn_frame", "must be -1 without dopamine")
    param = a["learn_param"]
    must(len(param) == len(PARAMS) * n, "learn_param", f"must have {len(PARAMS) * n} entries")
    must((np.abs(param) <= 1.01e9).all(), "learn_param", "must be within 1e9")


class _Taught:
    """One projection that learns, from its rows."""

    def __init__(self, a: Mapping[str, np.ndarray], k: int) -> None:
        q = int(a["learn_proj"][k])
        pre, post = int(a["proj_pre"][q]), int(a["proj_post"][q])
        pops = len(a["pop_n"])
        must(0 <= pre < pops and 0 <= post < pops, "proj_pre", f"must be 0 to {pops - 1}")
        self.n_pre, self.n_post = int(a["pop_n"][pre]), int(a["pop_n"][post])
        self.begin = _piece(a, "row", int(a["proj_row"][q]), self.n_pre + 1)
        self.lags = np.array([int(a["proj_delay"][q])])
        if a["proj_segmented"][q]:
            segments = int(self.begin[-1])
            self.begin = _piece(a, "segment", int(a["proj_segment"][q]), segments + 1)
            delays = _piece(a, "segment_delay", int(a["proj_segment"][q]), segments)
            self.lags = np.unique(delays)[::-1] if segments else np.zeros(0, np.int64)
        must((np.diff(self.begin) >= 0).all(), "row", f"of projection {q} must ascend")
        self.count, self.runs, self.depth = int(self.begin[-1]), len(self.begin) - 1, int(a["learn_depth"][k])
        sound = 1 <= self.depth <= MAX_DEPTH and len(self.lags) > 0
        must(sound, "learn_depth", f"must be 1 to {MAX_DEPTH:,}", self.depth)
        must(self.depth == self.lags[0], "learn_depth", f"must be {self.lags[0]}, the longest delay", self.depth)
        wide = "target32" if a["proj_storage"][q] == ROWS32 else "target16"
        self.target = _piece(a, wide, int(a["proj_syn"][q]), self.count)
        must((self.target < self.n_post).all(), wide, f"of projection {q} must be below {self.n_post:,}")
        self.eligible = self.count * bool(a["learn_rule"][k] >= ELIGIBILITY)


def _piece(a: Mapping[str, np.ndarray], name: str, first: int, n: int) -> np.ndarray:
    array = a[name]
    must(0 <= first and 0 <= n <= len(array) - SPARE - first, name, f"is too short for {n:,} entries from {first:,}")
    return array[first : first + n].astype(np.int64)


def _laid_out(a: Mapping[str, np.ndarray], found: List[_Taught]) -> Dict[str, int]:
    entries = {
        "syn": [t.count for t in found], "eligible": [t.eligible for t in found], "run": [t.runs for t in found],
        "post": [t.n_post for t in found], "kept": [t.depth * t.n_pre for t in found],
        "slot": [t.depth for t in found], "in": [t.n_post + 1 for t in found], "lag": [len(t.lags) for t in found],
    }  # fmt: skip
    for name, sizes in entries.items():
        must((a[f"learn_{name}"] == starts(sizes)).all(), f"learn_{name}", f"must be {starts(sizes).tolist()}")
    must((a["learn_lags"] == np.array(entries["lag"], int)).all(), "learn_lags", f"must be {entries['lag']}")
    total = {name: int(sum(sizes)) for name, sizes in entries.items()}
    synapses = [(name, "syn") for name in ("in_syn", "in_run", "learned_start", "learn_order")]
    for name, part in (*synapses, ("lag", "lag"), ("in_row", "in")):
        must(len(a[name]) == total[part] + SPARE, name, f"must have {total[part] + SPARE:,} entries", len(a[name]))
        must(not a[name][total[part] :].any(), name, "must end with zeros")
    must(np.isfinite(a["learned_start"]).all(), "learned_start", "must be finite")
    for k, taught in enumerate(found):
        _inward(a, k, taught)
    return {
        "learners": len(found), "learn_frames": FRAMES * len(found), "learned": total["syn"], "runs": total["run"],
        "eligibles": total["eligible"], "posts": total["post"], "kept": total["kept"], "kept_slots": total["slot"],
    }  # fmt: skip


def _inward(a: Mapping[str, np.ndarray], k: int, t: _Taught) -> None:
    """The synapses seen from their targets, which the rows tell."""
    run = np.repeat(np.arange(t.runs), np.diff(t.begin))
    order = np.argsort(t.target, kind="stable")
    row = np.concatenate(([0], np.cumsum(np.bincount(t.target, minlength=t.n_post))))
    syn, at, lag = int(a["learn_syn"][k]), int(a["learn_in"][k]), int(a["learn_lag"][k])
    for name, first, told in (
        ("in_row", at, row), ("in_syn", syn, order), ("in_run", syn, run[order]), ("lag", lag, t.lags),
    ):  # fmt: skip
        must((a[name][first : first + len(told)] == told).all(), name, f"is not what the rows of {k} say")
    described = np.sort(a["learn_order"][syn : syn + t.count])
    must((described == np.arange(t.count)).all(), "learn_order", "must name each synapse once")
