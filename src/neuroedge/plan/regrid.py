"""The state of one plan on the grid of another, when dt changes between calls.

Potentials, adaptation and currents stay. Refractory remainders and pending arrivals move to the new grid, rounded
up. Ticks and frames start at 0, and random sources start a new epoch.
"""

import numpy as np

from .convert import above_rest, pending, put_pending, put_potentials
from .learned import carried
from .plan import SOURCE, Plan, State

__all__ = ["regrid"]


def regrid(old: Plan, state: State, new: Plan) -> State:
    """A state of `new` that continues where `state` of `old` stands. Both plans are of one network."""
    fresh = State(new)
    fresh.clock[1] = state.clock[1] + 1
    fresh.u[:] = state.u
    for k in range(len(old.names)):
        if old.pop_kind[k] != SOURCE:
            _currents(old, state, fresh, k)
            _membrane(old, state, new, fresh, k)
            _arrivals(old, state, new, fresh, k)
    carried(old, state, new, fresh)
    fresh.refill_queues(new)
    return fresh


def _membrane(old: Plan, state: State, new: Plan, fresh: State, k: int) -> None:
    lane, n = int(old.pop_lane[k]), int(old.pop_n[k])
    span = slice(lane, lane + n)
    left = state.refractory(old, old.names[k])
    waits = left > 0
    # at least one tick, so that what was refractory still is
    ticks = np.maximum(1, np.ceil(left * (old.dt / new.dt) - 1e-6)).astype(np.int64)
    fresh.release[span] = np.where(waits, ticks - 1, -1)
    put_potentials(new, fresh, k, above_rest(old, state, k), waits)


def _currents(old: Plan, state: State, fresh: State, k: int) -> None:
    """Currents as they are: the new frames begin at tick 0, where they are 1."""
    first, lanes = int(old.pop_syn[k]), int(old.pop_lanes[k])
    for r in range(int(old.pop_receptors[k])):
        fresh.syn[first + r * lanes : first + (r + 1) * lanes] = state.current(old, k, r)


def _arrivals(old: Plan, state: State, new: Plan, fresh: State, k: int) -> None:
    depth = int(old.pop_depth[k])
    for channel in range(1 + int(old.pop_receptors[k])):
        for ahead in range(depth):
            row = channel * depth + (state.tick + ahead) % depth
            if state.hit[int(old.pop_hit[k]) + row]:
                _move(new, fresh, k, channel, (ahead + 1) * old.dt, pending(old, state, k, row))


def _move(new: Plan, fresh: State, k: int, channel: int, wait: float, sums: np.ndarray) -> None:
    """Add sums that arrive in `wait` ms: at the end of the first tick that ends no earlier."""
    depth = int(new.pop_depth[k])
    # the ring ends at the longest delay of the new grid: what the old one had rounded to beyond it comes there
    ahead = min(int(np.ceil(wait / new.dt - 1e-6)), depth) - 1
    put_pending(new, fresh, k, channel * depth + ahead, sums)
