"""What a state has learnt: read, rewarded, and moved to another plan."""

from dataclasses import replace
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from ..errors import ParameterError
from ..network.connectivity import Connectivity
from .plan import Plan, State, rate_growth
from .plastic import DOPAMINE, ELIGIBILITY, FRAMES, PARAMS

__all__ = [
    "ELIGIBLE",
    "POST",
    "PRE",
    "Due",
    "Learned",
    "carried",
    "connectivity",
    "learned",
    "must_be_rewarded",
    "reward",
]

# frames of a projection
PRE, POST, ELIGIBLE, DOPAMINES = range(FRAMES)


class Learned:
    """One projection that learns: its arrays in a plan and a state, as views."""

    def __init__(self, plan: Plan, state: State, k: int) -> None:
        self.plan, self.state, self.k = plan, state, k
        self.q = q = int(plan.learn_proj[k])
        self.name = plan.projections[q]
        self.pre, self.post = int(plan.proj_pre[q]), int(plan.proj_post[q])
        self.n_pre, self.n_post = int(plan.pop_n[self.pre]), int(plan.pop_n[self.post])
        self.kind, self.nearest = int(plan.learn_rule[k]), bool(plan.learn_nearest[k])
        first = len(PARAMS) * k
        self.p: Dict[str, Any] = dict(zip(PARAMS, plan.learn_param[first : first + len(PARAMS)]))
        self._rows(plan, q)
        self.count, self.runs = int(self.begin[-1]), len(self.begin) - 1
        at = int(plan.learn_syn[k])
        self.synapses = slice(at, at + self.count)
        self.order = plan.learn_order[self.synapses]
        self.w = state.learned[self.synapses]
        self.e = _part(state.eligible, plan.learn_eligible[k], self.count)
        self.x = _part(state.trace_pre, plan.learn_run[k], self.runs)
        self.y = _part(state.trace_post, plan.learn_post[k], self.n_post)
        self.exponent = state.learn_exponent[FRAMES * k : FRAMES * (k + 1)]
        self._kept(plan, state, k)

    def _rows(self, plan: Plan, q: int) -> None:
        row = plan.row[int(plan.proj_row[q]) :][: self.n_pre + 1].astype(np.int64)
        if plan.proj_segmented[q]:
            at = int(plan.proj_segment[q])
            # runs of each source, their first synapses and their delays
            self.row, self.begin = row, plan.segment[at : at + int(row[-1]) + 1].astype(np.int64)
            self.delay = plan.segment_delay[at : at + int(row[-1])]
        else:
            self.row, self.begin = np.arange(self.n_pre + 1), row
            self.delay = np.full(self.n_pre, plan.proj_delay[q])

    def _kept(self, plan: Plan, state: State, k: int) -> None:
        self.depth = depth = int(plan.learn_depth[k])
        at, slot = int(plan.learn_kept[k]), int(plan.learn_slot[k])
        self.kept = state.kept[at : at + depth * self.n_pre].reshape(depth, self.n_pre)
        self.kept_times = state.kept_times[at : at + depth * self.n_pre].reshape(depth, self.n_pre)
        self.kept_n = state.kept_n[slot : slot + depth]
        self.lags = plan.lag[int(plan.learn_lag[k]) :][: int(plan.learn_lags[k])].tolist()

    def growth(self, frame: int, tick: int) -> Tuple[Any, int]:
        """m and exponent of one of its frames at the start of a tick; 1 where it has none."""
        rate = int(self.plan.learn_frame[FRAMES * self.k + frame])
        return rate_growth(self.plan, rate, tick) if rate >= 0 else (self.w.dtype.type(1), 0)

    def coupling(self, tick: int) -> Any:
        """What of eligibility, as it stands in its frame, dopamine has yet to make of the weight."""
        n = self.state.dopamine[self.k] / self.growth(DOPAMINES, tick)[0]
        return (self.p["both"] * n - self.p["base"]) / self.growth(ELIGIBLE, tick)[0]

    def bounded(self, w: np.ndarray) -> np.ndarray:
        """Within the bounds."""
        return np.minimum(np.maximum(w, self.p["low"]), self.p["high"])

    def weights(self) -> np.ndarray:
        """As they stand now, in the order of the plan."""
        if self.kind != DOPAMINE:
            return self.w.copy()
        return self.bounded(self.w - self.e * self.coupling(self.state.tick))

    def put(self, weights: np.ndarray) -> None:
        """Set what stands now."""
        self.w[:] = weights
        if self.kind == DOPAMINE:
            self.w += self.e * self.coupling(self.state.tick)

    def reward(self, value: float) -> None:
        """A reward at the end of the last tick."""
        tick, real = self.state.tick, self.w.dtype.type
        if self.kind == ELIGIBILITY:
            gain = self.p["rate"] * real(value) / self.growth(ELIGIBLE, tick)[0]
            self.w[:] = self.bounded(self.w + gain * self.e)
        if self.kind == DOPAMINE:
            w = self.weights()
            self.state.dopamine[self.k] += self.p["jump"] * real(value) * self.growth(DOPAMINES, tick)[0]
            self.put(w)


def _part(array: np.ndarray, first: Any, n: int) -> np.ndarray:
    return array[int(first) : int(first) + n]


def learned(plan: Plan, state: State) -> List[Learned]:
    """All projections that learn."""
    return [Learned(plan, state, k) for k in range(len(plan.learn_proj))]


def connectivity(one: Learned, described: Connectivity) -> Connectivity:
    """The synapses described, with the weights that they have now."""
    weights = np.empty_like(one.w)
    weights[one.order] = one.weights()
    return replace(described, weight=weights)


def reward(plan: Plan, state: State, value: float) -> None:
    """Give a reward to all projections that wait for one."""
    for k in np.flatnonzero(plan.learn_rule >= ELIGIBILITY):
        Learned(plan, state, int(k)).reward(value)


def must_be_rewarded(owner: str, plan: Plan) -> None:
    """Raise where rewards would reach nobody."""
    if not (plan.learn_rule >= ELIGIBILITY).any():
        cure = "connect one with plasticity='rstdp'"
        raise ParameterError(f"{owner}: no projection of this network learns by rewards; {cure}")


class Due:
    """Rewards of one run, (tick, value) in the order of time: which is next, and how far it is."""

    def __init__(self, plan: Plan, state: State, rewards: Sequence[Tuple[int, float]]) -> None:
        self._plan, self._state, self._left = plan, state, list(reversed(rewards))

    def ticks(self, done: int, most: int) -> int:
        """Ticks that may be run at once after so many: up to the end of the next reward's."""
        return min(most, self._left[-1][0] + 1 - done) if self._left else most

    def give(self, done: int) -> None:
        """What is due after so many ticks."""
        while self._left and self._left[-1][0] < done:
            reward(self._plan, self._state, self._left.pop()[1])


def carried(old: Plan, state: State, new: Plan, fresh: State) -> None:
    """Learnt weights, traces and spikes on their way, on the grid of another plan of the same network."""
    for k in range(len(old.learn_proj)):
        _carry(Learned(old, state, k), Learned(new, fresh, k))


def _carry(a: Learned, b: Learned) -> None:
    now, then = a.state.tick, b.state.tick
    for frame, (mine, theirs) in enumerate(((a.x, b.x), (a.y, b.y), (a.e, b.e))):
        (m, _), (grown, b.exponent[frame]) = a.growth(frame, now), b.growth(frame, then)
        value = mine / m
        if frame == PRE:
            # runs may merge or part with the grid: each takes the trace of its first synapse
            value = _runs(a, b, value)
        elif frame == ELIGIBLE and len(value):
            value = _reordered(a, b, value)
        theirs[:] = value * grown
    (m, _), (grown, b.exponent[DOPAMINES]) = a.growth(DOPAMINES, now), b.growth(DOPAMINES, then)
    b.state.dopamine[b.k] = a.state.dopamine[a.k] / m * grown
    b.put(_reordered(a, b, a.weights()))
    _carry_kept(a, b)


def _reordered(a: Learned, b: Learned, values: np.ndarray) -> np.ndarray:
    described = np.empty_like(values)
    described[a.order] = values
    return described[b.order]


def _runs(a: Learned, b: Learned, x: np.ndarray) -> np.ndarray:
    fresh = np.zeros(b.runs, x.dtype)
    full = np.flatnonzero(np.diff(b.begin))
    fresh[full] = _reordered(a, b, np.repeat(x, np.diff(a.begin)))[b.begin[full]]
    return fresh


def _carry_kept(a: Learned, b: Learned) -> None:
    """Spikes on their way arrive at the end of the first tick that ends no earlier; with several delays, within one."""
    ratio = a.plan.dt / b.plan.dt
    times = np.zeros((b.depth, b.n_pre), np.int64)
    for ago in range(1, a.depth + 1):
        slot = (a.state.tick - ago) % a.depth
        n = int(a.kept_n[slot])
        if len(a.lags) == 1:
            wait = int(np.ceil((a.lags[0] - ago + 1) * ratio - 1e-6))
            since = b.lags[0] - min(max(wait, 1), b.lags[0]) + 1
        else:
            since = min(max(round(ago * ratio), 1), b.depth)
        np.add.at(times[(b.state.tick - since) % b.depth], a.kept[slot, :n].astype(np.int64), a.kept_times[slot, :n])
    for slot, row in enumerate(times):
        fired = np.flatnonzero(row)
        b.kept[slot, : len(fired)], b.kept_times[slot, : len(fired)] = fired, row[fired]
        b.kept_n[slot] = len(fired)
