"""Whether arrays that come from outside make a plan that the native core can run without looking.

Compilation puts arrays end to end in one way only, so nearly every index and length can be told from the others: what a
file says must be what is told. What is free (a delay, a target, a coefficient) must lie where the core can take it.
Kernels rely on three things above all: padding never spikes, nor does who is refractory, and targets ascend.
"""

from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np

from ..errors import ParameterError
from ..network.neurons import ALIF, LI, LIF, AdEx, CubaLIF, Izhikevich, Model
from .fields import PLAN
from .plan import ADEX, BLOCK, FIXED, FRAME, IZHIKEVICH, SOURCE, lane_spans
from .plan import LIF as PER_TICK
from .receptors import MAX_RECEPTORS
from .sound_learning import learning_sizes
from .sound_synapses import check_synapses, must, starts

__all__ = ["sizes_of"]

MAX_PARTS, MAX_LANES, MAX_DEPTH = 4096, 2**31 - 1, 1_000_000

# entries behind the last that is used, so that no array is empty
SPARE = 16

# numbers of the models' kernels, without those of their currents; and how many of each current
PARAMS = {SOURCE: 1, FRAME: 4, PER_TICK: 8, ADEX: 14, IZHIKEVICH: 7, FIXED: 3}
THETA, RESET, DECAY, STEP_A = 1, 2, 5, 7

# growth of a frame in a tick, powers of two: dt is at most 50 tau
MAX_RATE = 73.0

# far from where sums of two would leave float32
MOST = 1e38

FLAGS = ("pop_coupled", "pop_framed", "pop_subtract", "pop_adapts", "pop_stride")


def sizes_of(
    arrays: Mapping[str, np.ndarray], models: Sequence[Model], projections: int, precision: str
) -> Dict[str, int]:
    """Entries of each shape that the field table names, of the arrays of one plan; ParameterError where a plan cannot
    look so, with the array and the rule."""
    for field in PLAN:
        array, dtype = arrays[field.name], field.numpy(precision)
        if array.dtype != dtype or array.ndim != 1:
            raise ParameterError(f"{field.name}: must be a list of {dtype.name} (got {array.dtype.name})")
    sizes = _populations(arrays, models)
    sizes["projs"] = len(arrays["proj_pre"])
    must(sizes["projs"] == projections <= MAX_PARTS, "proj_pre", f"must have {projections} entries")
    sizes.update(_frames(arrays))
    _lanes(arrays, models, precision)
    _coefficients(arrays, models)
    rows = check_synapses(arrays, [model.spiking for model in models], precision)
    # what learns reads the rows that were just found sound
    learns = learning_sizes(arrays, sizes, precision)
    sizes.update(learns, shorts=len(arrays["theta16"]), **rows)
    return sizes


def _populations(a: Mapping[str, np.ndarray], models: Sequence[Model]) -> Dict[str, int]:
    pops = len(models)
    must(1 <= pops <= MAX_PARTS, "pop_kind", f"must have 1 to {MAX_PARTS:,} entries")
    for field in PLAN:
        if field.name.startswith("pop_"):
            must(len(a[field.name]) == pops, field.name, f"must have {pops} entries, one for each population")
    kind, n = a["pop_kind"], a["pop_n"]
    must(((kind >= SOURCE) & (kind <= FIXED)).all(), "pop_kind", "must be 0 to 5")
    must((n >= 1).all() and int((n.astype(np.int64) + BLOCK - 1).sum()) <= MAX_LANES, "pop_n", "must be 1 to 2^31")
    first, lanes = lane_spans(n.tolist())
    _same(a, "pop_lane", first)
    _same(a, "pop_lanes", lanes)
    for name in FLAGS:
        must(((a[name] == 0) | (a[name] == 1)).all(), name, "must be 0 or 1")
    receptors, depth = a["pop_receptors"], a["pop_depth"]
    most = np.where((kind == SOURCE) | (kind == FRAME) | (kind == FIXED), 0, MAX_RECEPTORS)
    must(((receptors >= 0) & (receptors <= most)).all(), "pop_receptors", f"must be 0 to {MAX_RECEPTORS}, 0 without")
    must(((depth >= 1) & (depth <= MAX_DEPTH)).all(), "pop_depth", f"must be 1 to {MAX_DEPTH:,}")
    per_tick = (kind == PER_TICK) & (receptors > 0)
    must((a["pop_framed"] <= per_tick).all(), "pop_framed", "must be 0 for this kind")
    must((a["pop_adapts"] <= (kind == PER_TICK)).all(), "pop_adapts", "must be 0 for this kind")
    cell = (kind == ADEX) | (kind == IZHIKEVICH)
    must((a["pop_subtract"] <= ~(cell | (kind == SOURCE))).all(), "pop_subtract", "must be 0 for this kind")
    substeps = a["pop_substeps"]
    must(((substeps >= 1) & (substeps <= np.where(cell, 10_000, 1))).all(), "pop_substeps", "must be 1 to 10,000")
    return _places(a, lanes.astype(np.int64), kind)


def _places(a: Mapping[str, np.ndarray], lanes: np.ndarray, kind: np.ndarray) -> Dict[str, int]:
    """Where the arrays of each population begin, and how long they are together."""
    receptors, depth = a["pop_receptors"].astype(np.int64), a["pop_depth"].astype(np.int64)
    slots, framed = (1 + receptors) * depth, a["pop_framed"].astype(np.int64)
    room = np.where((kind == FRAME) | (framed > 0), np.maximum(8, lanes // 12), 0)
    _same(a, "pop_room", room)
    stride = a["pop_stride"]
    numbers = np.array([PARAMS[k] for k in kind.tolist()]) + 3 * receptors
    numbers = numbers * np.where(stride > 0, lanes, 1)
    total = {
        "ring": slots * lanes, "syn": receptors * lanes, "hit": slots, "touched": room * slots,
        "syn_frame": receptors * framed, "param": numbers,
    }  # fmt: skip
    for name, entries in total.items():
        _same(a, f"pop_{name}", starts(entries))
    scaled = a["pop_scale"] >= 0
    scales = np.where(scaled, (1 + receptors) * lanes, 0)
    _same(a, "pop_scale", np.where(scaled, starts(scales), -1))
    for name, entries in (("params", numbers), ("scale", scales)):
        must(len(a[name]) == int(entries.sum()) + SPARE, name, f"must have {int(entries.sum()) + SPARE:,} entries")
        must(not a[name][-SPARE:].any(), name, "must end with zeros")
    must(len(a["syn_frame"]) == int(total["syn_frame"].sum()) + 1, "syn_frame", "must have one entry for each current")
    pops, entries = len(kind), {name: int(each.sum()) for name, each in total.items()}
    return {
        "pops": pops, "lanes": int(lanes.sum()), "two": 2, "ring": entries["ring"], "syn": max(entries["syn"], 16),
        "hits": entries["hit"], "touched": entries["touched"] + 1, "syn_frames": entries["syn_frame"] + 1,
    }  # fmt: skip


def _frames(a: Mapping[str, np.ndarray]) -> Dict[str, int]:
    rate, kind = a["frame_rate"], a["pop_kind"]
    frames = len(rate) - 1
    sound = frames >= 0 and rate[-1] == 0.0 and (rate[:-1] > 0).all() and (rate[:-1] <= MAX_RATE).all()
    must(bool(sound) and bool((np.diff(rate[:-1]) > 0).all()), "frame_rate", f"must ascend from above 0 to {MAX_RATE}")
    frame, own = a["pop_frame"], kind == FRAME
    must((np.where(own, (frame >= 0) & (frame < frames), frame == -1)).all(), "pop_frame", "must name a frame")
    syn = a["syn_frame"]
    must(((syn[:-1] >= 0) & (syn[:-1] < frames)).all() and syn[-1] == 0, "syn_frame", "must name frames")
    return {"frames": frames, "frame_table": 64 * (frames + 1)}


def _lanes(a: Mapping[str, np.ndarray], models: Sequence[Model], precision: str) -> None:
    """What every lane has, in padding what never spikes."""
    lanes = int(a["pop_lanes"].sum())
    for name in ("refractory", "v_start", "u_start", "held_start"):
        must(len(a[name]) == lanes, name, f"must have {lanes:,} entries, one for each lane")
    shorts = [field.name for field in PLAN if field.shape == "shorts"]
    for name in shorts:
        entries = lanes if precision == "int8" else SPARE
        must(len(a[name]) == entries, name, f"must have {entries:,} entries")
    wait = a["refractory"]
    must(((wait >= 0) & (wait <= 2**30)).all(), "refractory", "must be 0 to 2^30")
    must(np.isfinite(a["u_start"]).all(), "u_start", "must be finite")
    if precision == "int8":
        _shorts(a)
    else:
        must(not any(a[name].any() for name in shorts), shorts[0], "must be zeros without integers")
    scaled = [precision == "int8" and not model.source for model in models]
    must(((a["pop_scale"] >= 0) == scaled).all(), "pop_scale", "must be -1 where arrivals are no sums of codes")
    must(np.isfinite(a["scale"]).all(), "scale", "must be finite")
    for k, kind in enumerate(a["pop_kind"].tolist()):
        _population(a, k, kind, models[k])


def _shorts(a: Mapping[str, np.ndarray]) -> None:
    for name, low, high in (("decay16", 0, 32767), ("shift16", 0, 14), ("right16", 0, 30)):
        must(((a[name] >= low) & (a[name] <= high)).all(), name, f"must be {low} to {high:,}")


def _population(a: Mapping[str, np.ndarray], k: int, kind: int, model: Model) -> None:
    first, n = int(a["pop_lane"][k]), int(a["pop_n"][k])
    own, rest = slice(first, first + n), slice(first + n, first + int(a["pop_lanes"][k]))
    must(kind in _kinds(model), "pop_kind", f"of population {k} is no {model.name}", kind)
    model.check_size(f"population {k}", n)
    wait = int(a["pop_refractory"][k])
    must(wait == -1 or (a["refractory"][own] == wait).all(), "pop_refractory", f"of population {k} is another", wait)
    must(wait >= -1, "pop_refractory", "must be -1 or more", wait)
    must(np.isfinite(a["v_start"][own]).all(), "v_start", f"of population {k} must be finite")
    cell, integers = kind in (ADEX, IZHIKEVICH), kind == FIXED
    held = a["held_start"]
    must(not held[own].any() and (held[rest] == float(cell)).all(), "held_start", f"of population {k} is another")
    padding = np.isfinite(a["v_start"][rest]) if cell else a["v_start"][rest] == (0.0 if integers else -np.inf)
    must(padding.all(), "v_start", f"in the padding of population {k} could spike")
    if len(a["held16_start"]) > SPARE or integers:
        must(not a["held16_start"][own].any(), "held16_start", f"of population {k} must be 0")
        must((a["held16_start"][rest] == -1).all(), "held16_start", f"in the padding of population {k} could spike")
    most_v, most_sum = int(a["pop_most_v"][k]), int(a["pop_most_sum"][k])
    must(0 <= most_v <= 32767 * integers, "pop_most_v", "must be 0 to 32,767, 0 without integers", most_v)
    must(0 <= most_sum <= 65535 * integers, "pop_most_sum", "must be 0 to 65,535, 0 without integers", most_sum)


def _kinds(model: Model) -> Tuple[int, ...]:
    """How a model may run."""
    if model.source:
        return (SOURCE,)
    if isinstance(model, (AdEx, Izhikevich)):
        return (ADEX,) if isinstance(model, AdEx) else (IZHIKEVICH,)
    if isinstance(model, LI):
        return (PER_TICK, FIXED)
    if isinstance(model, (ALIF, CubaLIF)):
        return (PER_TICK,) if isinstance(model, ALIF) else (PER_TICK, FRAME)
    return (FRAME, PER_TICK, FIXED) if isinstance(model, LIF) else ()


def _coefficients(a: Mapping[str, np.ndarray], models: Sequence[Model]) -> None:
    """Thresholds that nobody below them meets: -inf is where the refractory stand."""
    for k, kind in enumerate(a["pop_kind"].tolist()):
        count = PARAMS[kind] + 3 * int(a["pop_receptors"][k])
        first, lanes = int(a["pop_param"][k]), int(a["pop_lanes"][k])
        each = lanes if a["pop_stride"][k] else 1
        p = a["params"][first : first + count * each].reshape(count, each)
        finite = np.isfinite(p)
        finite[THETA : THETA + 1] |= (kind == PER_TICK) & (p[THETA : THETA + 1] == np.inf)
        must(finite.all(), "params", f"of population {k} must be finite")
        _thresholds(a, k, kind, p, models[k].spiking)


def _thresholds(a: Mapping[str, np.ndarray], k: int, kind: int, p: np.ndarray, spiking: bool) -> None:
    if kind == FRAME:
        must((p[THETA] >= 0).all(), "params", f"of population {k}: its threshold must be >= 0 above rest")
    elif kind == PER_TICK:
        low = p[THETA] > -MOST
        must(low.all() and (p[THETA] < MOST).all() == spiking, "params", f"of population {k}: no threshold like this")
        must(((p[DECAY] > 0) & (p[DECAY] <= 1)).all(), "params", f"of population {k}: its decay must be 0 to 1")
        must(
            ((p[DECAY + 1] >= 0) & (p[DECAY + 1] <= 1)).all(), "params", f"of population {k}: its decay must be 0 to 1"
        )
        must((np.abs(p[STEP_A]) <= 1e30).all(), "params", f"of population {k}: its step must be within 1e30")
    elif kind in (ADEX, IZHIKEVICH):
        must((p[RESET] < p[THETA]).all(), "params", f"of population {k}: its reset must be below its peak")
        lane, n = int(a["pop_lane"][k]), int(a["pop_n"][k])
        padding = a["v_start"][lane + n : lane + int(a["pop_lanes"][k])]
        peak = p[THETA][n:] if p.shape[1] > 1 else p[THETA]
        must((padding < peak).all(), "v_start", f"in the padding of population {k} could spike")


def _same(arrays: Mapping[str, np.ndarray], name: str, told: Any) -> None:
    """An array must be what the others tell."""
    array, told = arrays[name], np.asarray(told)
    differs = np.flatnonzero(array != told) if len(array) == len(told) else np.zeros(1, int)
    if len(differs):
        at = int(differs[0])
        raise ParameterError(f"{name}: entry {at} must be {told[at]} by the others (got {array[at]})")
