"""From a `Network` to a `Plan`: constant arrays for one step size and precision."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from .. import checks
from ..errors import BudgetError, ParameterError
from ..network.arithmetic import mix64
from ..network.graph import Network, Population, Projection
from ..network.neurons import AdEx, Izhikevich
from .coefficients import Coefficients, coefficients, refractory_ticks
from .fields import PLAN
from .plan import ADEX, BLOCK, FRAME, MAX_THREADS, Plan, aligned, lane_spans
from .precision import PRECISIONS, Precision
from .precision import precision as precision_of
from .receptors import Receptor, arriving, channel
from .storage import STORAGES, Stored, concatenate, estimate_bytes, rows_of, store
from .threshold import counts_of, without_small

__all__ = ["compile_network", "estimate"]

# populations, and projections, that the native core takes
MAX_PARTS = 4096

# neurons are counted in 32 bits, each population rounded up to whole blocks
MAX_NEURONS = 2**31 - 1 - BLOCK * MAX_PARTS

# steps of the longest delay
MAX_DELAY = 1_000_000

# AdEx and Izhikevich take ten substeps a ms, and Ctrl-C is heard between ticks
MAX_CELL_DT = 1000.0


class _Asked(NamedTuple):
    """What a plan is compiled for."""

    dt: float
    form: Precision
    threshold: float
    storage: str


class _Wiring(NamedTuple):
    """Currents of each population, and the channel and longest delay of each projection."""

    receptors: List[List[Receptor]]
    channels: List[int]
    depths: List[int]


def compile_network(
    network: Network,
    dt: float = 0.1,
    precision: str = "float32",
    memory_limit: Optional[int] = None,
    event_threshold: float = 0.0,
    storage: str = "auto",
) -> Plan:
    """Compile for steps of dt ms. The same network and dt give the same plan.

    memory_limit: bytes that plan and state may take together, by default what the machine has free; it is checked
    before memory is taken. event_threshold: synapses with |weight| < event_threshold·(threshold − rest) of their target
    are counted, not delivered. storage: "auto" stores each projection as its spikes cost least (see `Plan.explain`);
    "dense", "block8", "rows" (of them "rows32" or "local16" for more than 65,536 targets) where that can hold it, and
    others as rows; no result depends on it. Raises BudgetError beyond the limit, ParameterError for a network that
    cannot run.
    """
    dt = checks.positive("compile", "dt", dt, "ms")
    threshold = checks.not_negative("compile", "event_threshold", event_threshold)
    form = precision_of(checks.known("precision", precision, PRECISIONS))
    checks.known("storage", storage, STORAGES)
    if not network.populations:
        raise ParameterError(f"Network {network.name!r}: nothing to run, add a population first")
    for what, parts in (("populations", network.populations), ("projections", network.projections)):
        if len(parts) > MAX_PARTS:
            raise BudgetError(what, len(parts), 0, MAX_PARTS)
    wiring = _wire(network, dt)
    asked = _Asked(dt, form, threshold, storage)
    _check_memory(network, asked, wiring, memory_limit)
    cells = [_cell(p, wiring.receptors[k], dt, form) for k, p in enumerate(network.populations.values())]
    stored, small = [], []
    for q in network.projections.values():
        kept, counts = without_small(q, arriving(q), threshold)
        stored.append(store(f"Projection {q.name!r}", kept, dt, form, storage))
        small.append(counts)
    return _assemble(network, asked, wiring, cells, stored, {**rows_of(stored), **counts_of(small)})


def _cell(population: Population, receptors: List[Receptor], dt: float, form: Precision) -> Coefficients:
    """Coefficients of a population, which the number format of the state must be able to hold."""
    owner, model = population.owner, population.model
    longest = float(np.max(getattr(model, "refractory", 0.0)))
    if longest / dt > 2**30:
        raise ParameterError(f"{owner}: refractory must be at most 2^30 steps of {dt:g} ms (got {longest:g} ms)")
    if dt > MAX_CELL_DT and isinstance(model, (AdEx, Izhikevich)):
        raise ParameterError(f"{owner}: dt must be at most {MAX_CELL_DT:g} ms for {model.name} neurons (got {dt:g} ms)")
    with np.errstate(all="ignore"):
        cell = coefficients(owner, model, receptors, dt)
        # what never spikes has its threshold at infinity
        values = [p for k, p in enumerate(cell.params) if model.spiking or k != 1]
        for value in (*values, cell.start_v, cell.start_u):
            if not np.isfinite(np.asarray(value).astype(form.state)).all():
                kind = f"{model.name} parameters at dt = {dt:g} ms"
                raise ParameterError(f"{owner}: {kind} are beyond {form.state.name}: {model!r:.200}")
    return cell


def _wire(network: Network, dt: float) -> _Wiring:
    names = list(network.populations)
    receptors: List[List[Receptor]] = [[] for _ in names]
    depths, channels = [1] * len(names), []
    for projection in network.projections.values():
        post = names.index(projection.post.name)
        channels.append(channel(projection, receptors[post]))
        depths[post] = max(depths[post], _longest(projection, dt))
    return _Wiring(receptors, channels, depths)


def _longest(projection: Projection, dt: float) -> int:
    delay = 0.0 if projection.delay is None else float(np.max(projection.delay, initial=0.0))
    ticks = max(1.0, np.rint(delay / dt))
    if ticks > MAX_DELAY:
        rule = f"delay must be at most {MAX_DELAY:,} steps of {dt:g} ms"
        raise ParameterError(f"Projection {projection.name!r}: {rule} (got {delay:g} ms)")
    return int(ticks)


def estimate(network: Network, dt: float = 0.1, precision: str = "float32") -> int:
    """Bytes that plan and state will take, without drawing a synapse."""
    dt = checks.positive("estimate", "dt", dt, "ms")
    form = precision_of(checks.known("precision", precision, PRECISIONS))
    return _estimate(network, _Asked(dt, form, 0.0, "auto"), _wire(network, dt))


def _estimate(network: Network, asked: _Asked, wiring: _Wiring) -> int:
    form = asked.form
    # tables of a fixed size, and what alignment may add
    total = 4096
    for k, p in enumerate(network.populations.values()):
        n, receptors = (p.size + BLOCK - 1) // BLOCK * BLOCK, wiring.receptors[k]
        channels = 1 + len(receptors)
        each = any(np.ndim(value) for value in [*vars(p.model).values(), *(r.tau for r in receptors)])
        # entries of a lane: state and start values, the arrival ring, and parameters where they differ
        entries = 7 + channels * (wiring.depths[k] + 1) + each * (12 + 3 * channels)
        total += n * (20 + form.state.itemsize * entries)
        # marks of the ring's slots, lists of whom their arrivals reach, queues of each thread
        depth = wiring.depths[k]
        total += depth * (5 * channels + 4 * max(16, n // 8)) + 8 * MAX_THREADS
    for q in network.projections.values():
        segmented = _segmented(q, asked.dt)
        bytes_of_rows = estimate_bytes(q.shape, q.count, segmented, form, asked.storage)
        if asked.threshold:
            # what is left may be of one delay; and of each source is counted what is not
            other = estimate_bytes(q.shape, q.count, False, form, asked.storage)
            bytes_of_rows = max(bytes_of_rows, other) + 4 * q.shape[0]
        total += bytes_of_rows
    return total


def _segmented(projection: Projection, dt: float) -> bool:
    """Whether delays differ on this grid."""
    if not isinstance(projection.delay, np.ndarray) or projection.delay.size == 0:
        return False
    return bool(np.ptp(np.maximum(1.0, np.rint(projection.delay / dt))))


def _check_memory(
    network: Network, asked_for: _Asked, wiring: _Wiring, limit: Optional[int]
) -> None:
    allowed = checks.free_memory() if limit is None else checks.count("compile", "memory_limit", limit, 2**62)
    if network.neurons > MAX_NEURONS:
        raise BudgetError("neurons", network.neurons, 0, MAX_NEURONS, "split the network")
    asked = _estimate(network, asked_for, wiring)
    if asked > allowed:
        cure = "make it smaller or sparser, shorten its delays, or use float16 weights"
        raise BudgetError(f"bytes for network {network.name!r}", asked, 0, allowed, cure)


def _assemble(
    network: Network, asked: _Asked, wiring: _Wiring, cells: List[Coefficients], stored: List[Stored],
    synapses: Dict[str, np.ndarray],
) -> Plan:  # fmt: skip
    form = asked.form
    populations = list(network.populations.values())
    names = [p.name for p in populations]
    first, lanes = lane_spans([p.size for p in populations])
    rates = sorted({r for c in cells for r in (c.frame_rate, *c.syn_rates) if r})
    channels = np.array([1 + len(t) for t in wiring.receptors])
    depth = np.array(wiring.depths)
    rooms = np.array([_room(c, int(n)) for c, n in zip(cells, lanes)])
    waits = [refractory_ticks(p.model, asked.dt) for p in populations]
    sizes = [p.size for p in populations]
    # lanes beyond the neurons must never fire: -inf, or for AdEx and Izhikevich refractory for ever at reset
    paddings = [float(np.min(c.params[2])) if c.kind >= ADEX else -np.inf for c in cells]
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
        "pop_key": np.array([mix64(mix64(network.seed) + k) for k in range(len(cells))], np.uint64),
        "refractory": _spread(waits, lanes, np.int32, [0] * len(cells), sizes),
        "v_start": _spread([c.start_v for c in cells], lanes, form.state, paddings, sizes),
        "u_start": _spread([c.start_u for c in cells], lanes, form.state, [0.0] * len(cells), sizes),
        "held_start": _spread([0.0] * len(cells), lanes, form.state, [float(c.kind >= ADEX) for c in cells], sizes),
        "frame_rate": np.array(rates + [0.0]),
        "proj_pre": np.array([names.index(q.pre.name) for q in network.projections.values()]),
        "proj_post": np.array([names.index(q.post.name) for q in network.projections.values()]),
        "proj_channel": np.array(wiring.channels),
        **_params(cells, lanes, form.state),
        **synapses,
    }
    entries = _sizes(
        arrays, int(lanes.sum()), len(rates), int((channels * depth * lanes).sum()), channels, depth, lanes
    )
    typed = {f.name: aligned(np.asarray(arrays[f.name], f.numpy(form.name))) for f in PLAN}
    return Plan(
        typed, entries, tuple(names), tuple(p.model for p in populations), tuple(network.projections), asked.dt, form.name,
        network.seed, asked.threshold, tuple(s.choice for s in stored),
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
        "syn_frames": len(arrays["syn_frame"]),
    }  # fmt: skip


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
