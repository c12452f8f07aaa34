"""The arrays of a plan, put together from what was computed for each population and projection."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from ..network.arithmetic import mix64
from ..network.graph import Network
from .coefficients import Coefficients, refractory_ticks
from .fields import PLAN
from .integers import Grid
from .plan import ADEX, FIXED, FRAME, IZHIKEVICH, MAX_THREADS, Plan, aligned, lane_spans
from .plastic import laid_out, lessons
from .precision import Precision
from .receptors import Receptor
from .storage import Stored, concatenate, rows_of

__all__ = ["Asked", "Wiring", "assemble"]


class Asked(NamedTuple):
    """What a plan is compiled for."""

    dt: float
    form: Precision
    threshold: float
    storage: str


class Wiring(NamedTuple):
    """Currents of each population, and the channel and longest delay of each projection."""

    receptors: List[List[Receptor]]
    channels: List[int]
    depths: List[int]


def assemble(
    network: Network, asked: Asked, wiring: Wiring, cells: List[Coefficients], stored: List[Stored],
    small: Dict[str, np.ndarray], scales: List[Optional[Grid]],
) -> Plan:  # fmt: skip
    """Every array of the field table, from what was computed for each population and projection.

    small: counts of what is not delivered; scales: of int8 weights, by population.
    """
    form = asked.form
    populations = list(network.populations.values())
    names = [p.name for p in populations]
    first, lanes = lane_spans([p.size for p in populations])
    learning = lessons(network, stored, asked.dt)
    framed = [r for c in cells for r in (c.frame_rate, *c.syn_rates)] + [r for s in learning for r in s.rates]
    rates = sorted({r for r in framed if r})
    learn_arrays, learn_sizes = laid_out(learning, rates)
    channels = np.array([1 + len(t) for t in wiring.receptors])
    depth = np.array(wiring.depths)
    rooms = np.array([_room(c, int(n)) for c, n in zip(cells, lanes)])
    waits = [refractory_ticks(p.model, asked.dt) for p in populations]
    sizes = [p.size for p in populations]
    # lanes beyond the neurons must never fire: -inf, or for AdEx and Izhikevich refractory for ever at reset
    paddings = [_padding(c) for c in cells]
    holds = [float(c.kind in (ADEX, IZHIKEVICH)) for c in cells]
    arrays: Dict[str, np.ndarray] = {
        "pop_kind": np.array([c.kind for c in cells]),
        "pop_n": np.array(sizes),
        "pop_lane": first,
        "pop_lanes": lanes,
        "pop_receptors": channels - 1,
        "pop_depth": depth,
        "pop_frame": np.array([rates.index(c.frame_rate) if c.frame_rate else -1 for c in cells]),
        "pop_refractory": np.array([int(w.flat[0]) if np.all(w == w.flat[0]) else -1 for w in waits]),
        "pop_subtract": np.array([c.subtract for c in cells]),
        "pop_coupled": np.array([any(r.role == "alpha" for r in rs) for rs in wiring.receptors]),
        "pop_adapts": np.array([c.adapts for c in cells]),
        "pop_substeps": np.array([c.substeps for c in cells]),
        "pop_ring": _starts(channels * depth * lanes),
        "pop_syn": _starts((channels - 1) * lanes),
        "pop_hit": _starts(channels * depth),
        "pop_framed": np.array([len(c.syn_rates) > 0 for c in cells]),
        "pop_syn_frame": _starts(np.array([len(c.syn_rates) for c in cells])),
        "syn_frame": np.array([rates.index(r) for c in cells for r in c.syn_rates] + [0]),
        "pop_touched": _starts(rooms * channels * depth),
        "pop_room": rooms,
        "pop_most_v": np.array([c.integers.most_v if c.integers is not None else 0 for c in cells]),
        "pop_most_sum": np.array([c.integers.most_sum if c.integers is not None else 0 for c in cells]),
        "pop_key": np.array([mix64(mix64(network.seed) + k) for k in range(len(cells))], np.uint64),
        "refractory": _spread(waits, lanes, np.int32, [0] * len(cells), sizes),
        "v_start": _spread([c.start_v for c in cells], lanes, form.state, paddings, sizes),
        "u_start": _spread([c.start_u for c in cells], lanes, form.state, [0.0] * len(cells), sizes),
        "held_start": _spread([0.0] * len(cells), lanes, form.state, holds, sizes),
        "frame_rate": np.array(rates + [0.0]),
        "proj_pre": np.array([names.index(q.pre.name) for q in network.projections.values()]),
        "proj_post": np.array([names.index(q.post.name) for q in network.projections.values()]),
        "proj_channel": np.array(wiring.channels),
        **_params(cells, lanes, form.state),
        **_integer_lanes(cells, lanes, sizes, form),
        **_scales(scales, lanes, form.state),
        **rows_of(stored),
        **small,
        **learn_arrays,
    }
    entries = _sizes(
        arrays, int(lanes.sum()), len(rates), int((channels * depth * lanes).sum()), channels, depth, lanes
    )
    entries.update(learn_sizes)
    typed = {f.name: aligned(np.asarray(arrays[f.name], f.numpy(form.name))) for f in PLAN}
    return Plan(
        typed, entries, tuple(names), tuple(p.model for p in populations), tuple(network.projections), asked.dt,
        form.name, network.seed, asked.threshold, tuple(s.choice for s in stored),
        tuple(q.revision for q in network.projections.values()),
    )  # fmt: skip


def _sizes(
    arrays: Dict[str, np.ndarray], lanes: int, frames: int, ring: int, channels: Any, depth: Any, per: Any
) -> Dict[str, int]:
    """Entries of each shape that the field table names."""
    return {
        "pops": len(arrays["pop_kind"]), "projs": len(arrays["proj_pre"]), "frames": frames, "lanes": lanes,
        "two": 2, "ring": ring, "syn": max(int(((channels - 1) * per).sum()), 16),
        "hits": int((channels * depth).sum()), "frame_table": 64 * (frames + 1),
        "rows": len(arrays["row"]), "segments": len(arrays["segment"]), "queues": len(depth) * MAX_THREADS,
        "touched": int((arrays["pop_room"] * channels * depth).sum()) + 1,
        "syn_frames": len(arrays["syn_frame"]), "shorts": len(arrays["theta16"]),
    }  # fmt: skip


def _padding(cell: Coefficients) -> float:
    if cell.kind in (ADEX, IZHIKEVICH):
        return float(np.min(cell.params[2]))
    return 0.0 if cell.kind == FIXED else -np.inf


def _integer_lanes(
    cells: List[Coefficients], lanes: np.ndarray, sizes: Sequence[int], form: Precision
) -> Dict[str, np.ndarray]:
    """16-bit coefficients of LIF in integers, for every lane of an int8 plan; next to nothing in others."""
    names = ("decay", "shift", "right", "theta", "reset", "start")
    if form.name != "int8":
        short = np.zeros(16, np.int16)
        return {name: short for name in (*(f"{n}16" for n in names[:5]), "v16_start", "held16_start")}
    none = [0.0] * len(cells)

    def spread(name: str, paddings: Sequence[float]) -> np.ndarray:
        values = [getattr(c.integers, name) if c.integers is not None else 0.0 for c in cells]
        return _spread(values, lanes, np.int16, paddings, sizes)

    arrays = {f"{n}16": spread(n, [32767.0] * len(cells) if n == "theta" else none) for n in names[:5]}
    held = _spread(none, lanes, np.int16, [-1.0] * len(cells), sizes)
    return {**arrays, "v16_start": spread("start", none), "held16_start": held}


def _scales(scales: List[Optional[Grid]], lanes: np.ndarray, dtype: Any) -> Dict[str, np.ndarray]:
    """What codes stand for: [channels][lanes] of each population, 1 in padding."""
    parts, starts, at = [], [], 0
    for grid, n in zip(scales, lanes.tolist()):
        starts.append(at if grid is not None else -1)
        if grid is not None:
            block = np.ones((len(grid.scale), n))
            block[:, : grid.scale.shape[1]] = grid.scale
            parts.append(block.ravel())
            at += block.size
    return {"scale": concatenate(parts, dtype), "pop_scale": np.array(starts, np.int64)}


def _room(cell: Coefficients, lanes: int) -> int:
    """Targets that a tick's list may name: beyond some, stepping the whole population is cheaper anyway."""
    return max(8, lanes // 12) if cell.kind == FRAME or cell.syn_rates else 0


def _starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(sizes.astype(np.int64))[:-1]))


def _spread(
    values: Sequence[Any], lanes: np.ndarray, dtype: Any, paddings: Sequence[float], sizes: Sequence[int]
) -> np.ndarray:
    """One value per lane; lanes beyond the neurons get their population's padding."""
    parts = []
    for value, n, padding, size in zip(values, lanes.tolist(), paddings, sizes):
        array = np.full(n, padding, dtype)
        array[:size] = value
        parts.append(array)
    return concatenate(parts, dtype)[: int(lanes.sum())]


def _params(cells: List[Coefficients], lanes: np.ndarray, dtype: Any) -> Dict[str, np.ndarray]:
    """Coefficients end to end: one number each, or one per lane where a population needs any array."""
    parts: List[np.ndarray] = []
    starts: List[int] = []
    strides: List[int] = []
    at = 0
    for cell, n in zip(cells, lanes.tolist()):
        each = any(np.ndim(p) for p in cell.params)
        block = np.concatenate([_lane_values(p, n) for p in cell.params]) if each else np.array(cell.params, float)
        parts.append(block.astype(dtype))
        starts.append(at)
        strides.append(int(each))
        at += len(block)
    return {
        "params": concatenate(parts, dtype),
        "pop_param": np.array(starts, np.int64),
        "pop_stride": np.array(strides, np.int32),
    }


def _lane_values(value: Any, n: int) -> np.ndarray:
    array = np.asarray(value, float).reshape(-1)
    # padding repeats the last value: it only has to be harmless
    return np.concatenate([array, np.full(n - len(array), array[-1])]) if len(array) > 1 else np.full(n, array[0])
