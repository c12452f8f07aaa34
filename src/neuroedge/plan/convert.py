"""The state of one plan as the state of another of the same network and grid, when the number format changes.

Ticks, refractory remainders, currents and adaptation stay as they are. Potentials go through mV, and come back within
one unit of the format; so do pending arrivals.
"""

from typing import Any

import numpy as np

from .integers import MOST_SUM
from .plan import ADEX, FIXED, FRAME, IZHIKEVICH, SOURCE, Plan, State, frame_growth

__all__ = ["above_rest", "convert", "pending", "put_pending", "put_potentials", "same_shape"]


def same_shape(old: Plan, new: Plan) -> bool:
    """Whether a state of one can go on as a state of the other."""
    parts = ("pops", "lanes", "syn", "syn_frames", "ring", "hits")
    return old.names == new.names and all(old.sizes[p] == new.sizes[p] for p in parts) and _same_populations(old, new)


def _same_populations(old: Plan, new: Plan) -> bool:
    return bool((old.pop_n == new.pop_n).all() and (old.pop_depth == new.pop_depth).all())


def convert(old: Plan, state: State, new: Plan) -> State:
    """A state of `new` that continues where `state` of `old` stands."""
    fresh = State(new)
    for name in ("clock", "u", "syn", "syn_exponent", "release"):
        fresh.arrays[name][:] = state.arrays[name]
    for k in range(len(old.names)):
        if old.pop_kind[k] == SOURCE:
            continue
        waits = state.refractory(old, old.names[k]) > 0
        put_potentials(new, fresh, k, above_rest(old, state, k), waits)
        for row in range(int(old.pop_depth[k]) * (1 + int(old.pop_receptors[k]))):
            if state.hit[int(old.pop_hit[k]) + row]:
                put_pending(new, fresh, k, row, pending(old, state, k, row))
    fresh.refill_queues(new)
    return fresh


def above_rest(plan: Plan, state: State, k: int) -> np.ndarray:
    """Potentials relative to rest, mV [n]."""
    n = int(plan.pop_n[k])
    if plan.pop_kind[k] == FIXED:
        return state.v16[plan.spans[plan.names[k]]] * _of_neurons(plan.param(k, 1), n).astype(np.float64)
    return state.potential(plan, plan.names[k]) - _of_neurons(plan.param(k, 0), n)


def _of_neurons(value: Any, n: int) -> Any:
    return value[:n] if np.ndim(value) else value


def put_potentials(plan: Plan, state: State, k: int, x: np.ndarray, waits: np.ndarray) -> None:
    """Set potentials relative to rest; waits: who is refractory now."""
    n, kind, span = int(plan.pop_n[k]), int(plan.pop_kind[k]), plan.spans[plan.names[k]]
    if kind == FIXED:
        unit = _of_neurons(plan.param(k, 1), n).astype(np.float64)
        most = int(plan.pop_most_v[k])
        state.v16[span] = np.clip(np.rint(x / unit), -most or -32768, most or 32767)
        state.held16[span] = -waits.astype(np.int16)
    elif kind in (ADEX, IZHIKEVICH):
        state.v[span], state.held[span] = x, waits
    else:
        m = 1.0
        if kind == FRAME:
            m, state.exponent[k] = frame_growth(plan, k, state.tick)
        state.held[span] = np.where(waits, x, 0.0)
        state.v[span] = np.where(waits, -np.inf, x * m)


def _slot(plan: Plan, state: State, k: int, row: int) -> np.ndarray:
    lanes = int(plan.pop_lanes[k])
    first = int(plan.pop_ring[k]) + row * lanes
    return state.ring[first : first + lanes]


def _scale(plan: Plan, k: int, row: int) -> np.ndarray:
    lanes = int(plan.pop_lanes[k])
    first = int(plan.pop_scale[k]) + row // int(plan.pop_depth[k]) * lanes
    return plan.scale[first : first + lanes].astype(np.float64)


def pending(plan: Plan, state: State, k: int, row: int) -> np.ndarray:
    """Sums that wait in one row of the arrival ring, as weights [lanes]."""
    ring = _slot(plan, state, k, row)
    return ring.view(np.int32) * _scale(plan, k, row) if plan.pop_scale[k] >= 0 else ring


def put_pending(plan: Plan, state: State, k: int, row: int, sums: np.ndarray) -> None:
    """Add sums to one row of the arrival ring."""
    ring = _slot(plan, state, k, row)
    if plan.pop_scale[k] < 0:
        ring += sums.astype(ring.dtype, copy=False)
    else:
        codes = ring.view(np.int32)
        # half of what 32 bits hold, so that what is still to arrive fits too
        codes[:] = np.clip(codes + np.rint(sums / _scale(plan, k, row)), -MOST_SUM, MOST_SUM)
    state.hit[int(plan.pop_hit[k]) + row] = 1
