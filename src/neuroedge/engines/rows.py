"""Synapses and arrivals of a plan as the reference engine reads them."""

from typing import List, Tuple

import numpy as np

from ..plan.plan import Plan, State
from ..plan.storage import BLOCK8, DENSE, LOCAL16, ROWS32, padded

__all__ = ["Run", "ring_slot", "rows_of"]

# delay, targets, weights, synapses
Run = Tuple[int, np.ndarray, np.ndarray, int]


def ring_slot(plan: Plan, state: State, pop: int, channel: int, slot: int) -> Tuple[np.ndarray, int]:
    """Arrivals of one slot, as a view [lanes], and the index of its mark in `hit`."""
    depth, lanes = int(plan.pop_depth[pop]), int(plan.pop_lanes[pop])
    row = channel * depth + slot
    first = int(plan.pop_ring[pop]) + row * lanes
    return state.ring[first : first + lanes], int(plan.pop_hit[pop]) + row


def rows_of(plan: Plan, q: int) -> List[List[Run]]:
    """For each source, its runs of one delay: (delay, targets, weights, synapses)."""
    n_pre, n_post = int(plan.pop_n[plan.proj_pre[q]]), int(plan.pop_n[plan.proj_post[q]])
    starts = plan.row[plan.proj_row[q] :][: 2 * (n_pre + 1)].tolist()
    row, blocks = starts[: n_pre + 1], starts[n_pre + 1 :]
    kind, delay, weight = int(plan.proj_storage[q]), int(plan.proj_delay[q]), _weights(plan, q)
    if plan.proj_segmented[q]:
        return _segments(plan, q, row, weight)
    target = (plan.target32 if kind == ROWS32 else plan.target16)[plan.proj_syn[q] :].astype(np.int64)
    rows = []
    for i, (a, b) in enumerate(zip(row[:-1], row[1:])):
        if kind == DENSE:
            first = i * padded(n_post)
            run = delay, np.arange(n_post), weight[first : first + n_post], b - a
        elif kind == BLOCK8:
            c, d = blocks[i : i + 2]
            run = delay, (8 * target[c:d, None] + np.arange(8)).reshape(-1), weight[8 * c : 8 * d], b - a
        else:
            run = delay, target[a:b], weight[a:b], b - a
        rows.append([run] * (b > a))
    return rows


def _weights(plan: Plan, q: int) -> np.ndarray:
    first = int(plan.proj_weight[q])
    if plan.pop_scale[plan.proj_post[q]] >= 0:
        return plan.weight8[first:].astype(np.int32)
    return plan.weight16[first:].view(np.float16).astype(np.float32) if plan.proj_half[q] else plan.weight[first:]


def _segments(plan: Plan, q: int, row: List[int], weight: np.ndarray) -> List[List[Run]]:
    first, n = int(plan.proj_segment[q]), row[-1]
    begin, ticks = plan.segment[first : first + n + 1].tolist(), plan.segment_delay[first : first + n].tolist()
    wide = plan.proj_storage[q] == ROWS32
    target = (plan.target32 if wide else plan.target16)[plan.proj_syn[q] :][: begin[-1]].astype(np.int64)
    if plan.proj_storage[q] == LOCAL16:
        target += np.repeat(plan.segment_base[plan.proj_base[q] :][:n].astype(np.int64), np.diff(begin))
    runs = [(d, target[a:b], weight[a:b], b - a) for d, a, b in zip(ticks, begin[:-1], begin[1:])]
    return [runs[a:b] for a, b in zip(row[:-1], row[1:])]
