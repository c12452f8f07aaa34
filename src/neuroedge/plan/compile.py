"""From a `Network` to a `Plan`: constant arrays for one step size and precision."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import checks
from ..errors import BudgetError, ParameterError
from ..network.arithmetic import mix64
from ..network.graph import Network, Projection
from ..network.synapses import Exponential
from .coefficients import Coefficients, coefficients, refractory_ticks
from .fields import PLAN
from .plan import ADEX, Plan, aligned, lane_spans
from .precision import Precision, precision as precision_of
from .storage import Stored, concatenate, estimate_bytes, rows_of, store

__all__ = ["MAX_RECEPTORS", "compile_network", "estimate", "free_memory"]

MAX_RECEPTORS = 4

# populations, and projections, that the native core takes
MAX_PARTS = 4096


class _Wiring(NamedTuple):
    """Exponential currents of each population, and the channel and longest delay of each projection."""

    taus: List[List[Any]]
    channels: List[int]
    depths: List[int]


def compile_network(
    network: Network, dt: float = 0.1, precision: str = "float32", memory_limit: Optional[int] = None
) -> Plan:
    """Compile for steps of dt ms. The same network and dt give the same plan.

    memory_limit: bytes that plan and state may take together, by default what the machine has free; it is checked
    before memory is taken. Raises BudgetError beyond it, ParameterError for a network that is empty or cannot run.
    """
    dt = checks.positive("compile", "dt", dt, "ms")
    form = precision_of(precision)
    if not network.populations:
        raise ParameterError(f"Network {network.name!r}: nothing to run, add a population first")
    for what, parts in (("populations", network.populations), ("projections", network.projections)):
        if len(parts) > MAX_PARTS:
            raise BudgetError(what, len(parts), 0, MAX_PARTS)
    wiring = _wire(network, dt)
    _check_memory(network, dt, form, wiring, memory_limit)
    cells = [
        coefficients(p.owner, p.model, wiring.taus[k], dt) for k, p in enumerate(network.populations.values())
    ]
    stored = [store(f"Projection {q.name!r}", q.connectivity, dt, form) for q in network.projections.values()]
    return _assemble(network, dt, form, wiring, cells, stored)


def _wire(network: Network, dt: float) -> _Wiring:
    names = list(network.populations)
    taus: List[List[Any]] = [[] for _ in names]
    depths, channels = [1] * len(names), []
    for projection in network.projections.values():
        post = names.index(projection.post.name)
        channels.append(_channel(projection, taus[post]))
        depths[post] = max(depths[post], _longest(projection, dt))
    return _Wiring(taus, channels, depths)


def _channel(projection: Projection, taus: List[Any]) -> int:
    """0 for delta synapses, else 1 + the index of the current with this tau, added if new."""
    kind = projection.synapse
    if not isinstance(kind, Exponential):
        return 0
    for k, tau in enumerate(taus):
        if kind.same_as(Exponential(tau)):
            return 1 + k
    if len(taus) == MAX_RECEPTORS:
        raise ParameterError(
            f"Population {projection.post.name!r}: synapses may have {MAX_RECEPTORS} different tau (got one more: {kind.tau!r})"
        )
    taus.append(kind.tau)
    return len(taus)


def _longest(projection: Projection, dt: float) -> int:
    delay = 0.0 if projection.delay is None else float(np.max(projection.delay, initial=0.0))
    ticks = max(1, int(np.rint(delay / dt)))
    if ticks > 1_000_000:
        raise ParameterError(f"Projection {projection.name!r}: delay is {ticks:,} steps of {dt:g} ms (at most 1,000,000)")
    return ticks


def estimate(network: Network, dt: float = 0.1, precision: str = "float32") -> int:
    """Bytes that plan and state will take, without drawing a synapse."""
    form = precision_of(precision)
    return _estimate(network, dt, form, _wire(network, dt))


def _estimate(network: Network, dt: float, form: Precision, wiring: _Wiring) -> int:
    _, lanes = lane_spans([p.size for p in network.populations.values()])
    total = 0
    for k, n in enumerate(lanes.tolist()):
        channels = 1 + len(wiring.taus[k])
        total += n * (80 + form.state.itemsize * channels * (wiring.depths[k] + 1))
    for q in network.projections.values():
        total += estimate_bytes(q.shape, q.count, isinstance(q.delay, np.ndarray), form)
    return total


def _check_memory(network: Network, dt: float, form: Precision, wiring: _Wiring, limit: Optional[int]) -> None:
    allowed = checks.free_memory() if limit is None else checks.count("compile", "memory_limit", limit, 2**62)
    asked = _estimate(network, dt, form, wiring)
    if asked > allowed:
        cure = "make it smaller or sparser, shorten its delays, or use float16 weights"
        raise BudgetError(f"bytes for network {network.name!r}", asked, 0, allowed, cure)


def _assemble(
    network: Network, dt: float, form: Precision, wiring: _Wiring, cells: List[Coefficients], stored: List[Stored]
) -> Plan:
    populations = list(network.populations.values())
    names = [p.name for p in populations]
    first, lanes = lane_spans([p.size for p in populations])
    rates = sorted({c.frame_rate for c in cells if c.frame_rate})
    channels = np.array([1 + len(t) for t in wiring.taus])
    depth = np.array(wiring.depths)
    waits = [refractory_ticks(p.model, dt) for p in populations]
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
        "pop_adapts": np.array([c.adapts for c in cells]),
        "pop_substeps": np.array([c.substeps for c in cells]),
        "pop_ring": _starts(channels * depth * lanes),
        "pop_syn": _starts((channels - 1) * lanes),
        "pop_hit": _starts(channels * depth),
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
        **rows_of(stored),
    }
    entries = _sizes(arrays, int(lanes.sum()), len(rates), int((channels * depth * lanes).sum()), channels, depth, lanes)
    typed = {f.name: aligned(np.asarray(arrays[f.name], f.numpy(form.name))) for f in PLAN}
    return Plan(
        typed, entries, tuple(names), tuple(p.model for p in populations), tuple(network.projections), dt, form.name,
        network.seed,
    )  # fmt: skip


def _sizes(
    arrays: Dict[str, np.ndarray], lanes: int, frames: int, ring: int, channels: Any, depth: Any, per: Any
) -> Dict[str, int]:
    """Entries of each shape that the field table names."""
    return {
        "pops": len(arrays["pop_kind"]), "projs": len(arrays["proj_pre"]), "frames": frames, "lanes": lanes,
        "two": 2, "ring": ring, "syn": max(int(((channels - 1) * per).sum()), 16),
        "hit": int((channels * depth).sum()), "frame_table": 64 * (frames + 1),
    }  # fmt: skip


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
