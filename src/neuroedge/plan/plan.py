"""What runs: a constant plan, and the state that an engine advances."""

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError, shown
from ..network.arithmetic import growth
from ..network.dynamics import Narrow
from ..network.neurons import Model
from .costs import Choice
from .fields import PERSISTENT, STATE

__all__ = [
    "ADEX",
    "BLOCK",
    "FIXED",
    "FRAME",
    "IZHIKEVICH",
    "LIF",
    "MAX_THREADS",
    "Plan",
    "SOURCE",
    "State",
    "aligned",
    "frame_growth",
    "lane_spans",
    "rate_growth",
]

SOURCE, FRAME, LIF, ADEX, IZHIKEVICH, FIXED = range(6)

# up to so many bytes of state are kept as they are at the start, for a live loop that resets with every sample
KEPT = 1 << 18

# lanes of a population are a multiple of this; frames are tabulated this many ticks ahead
BLOCK = 64

# threads of one run
MAX_THREADS = 16


class Plan:
    """A network compiled for one step size and precision: arrays by name (`neuroedge.plan.fields`), never changed.

    names: populations in order; models, sizes: theirs; seed: of the network; projections: names in order; dt in ms;
    event_threshold: as a share of threshold − rest, what is smaller is not delivered; choices: the storage of each
    projection and what a spike is expected to cost in it and in others; revisions: how often the weights of each had
    been replaced.
    """

    def __init__(
        self,
        arrays: Dict[str, np.ndarray],
        sizes: Dict[str, int],
        names: Tuple[str, ...],
        models: Tuple[Model, ...],
        projections: Tuple[str, ...],
        dt: float,
        precision: str,
        seed: int,
        event_threshold: float = 0.0,
        choices: Tuple[Choice, ...] = (),
        revisions: Tuple[int, ...] = (),
    ) -> None:
        self.arrays: Mapping[str, np.ndarray] = arrays
        self.sizes = sizes
        self.names, self.models, self.projections = names, models, projections
        self.dt, self.precision, self.seed = dt, precision, seed
        self.event_threshold, self.choices, self.revisions = event_threshold, choices, revisions
        for array in arrays.values():
            array.setflags(write=False)
        # bytes of one state, and of it and the plan together
        self.state_bytes = sum(f.numpy(precision).itemsize * sizes[f.shape] for f in STATE)
        self.nbytes = sum(a.nbytes for a in arrays.values()) + self.state_bytes
        self.index = {name: k for k, name in enumerate(names)}
        self.spans = {
            name: slice(int(first), int(first) + int(n))
            for name, first, n in zip(names, arrays["pop_lane"], arrays["pop_n"])
        }

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["arrays"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def synapses(self) -> int:
        """Weights of all projections, with those that only fill up rows."""
        weights = ("weight", "weight8", "weight16", "learned_start")
        return sum(len(a) for name, a in self.arrays.items() if name in weights)

    def where(self, name: str) -> int:
        """Index of the population of that name."""
        try:
            return self.index[name]
        except (KeyError, TypeError):
            return self.index[checks.known("population", name, self.index)]

    def size(self, name: str) -> int:
        """Neurons of the population of that name."""
        return int(self.pop_n[self.where(name)])

    def param(self, pop: int, index: int) -> Any:
        """Parameter `index` of population number `pop`: a number, or one per lane."""
        first, lanes = int(self.pop_param[pop]), int(self.pop_lanes[pop])
        if self.pop_stride[pop]:
            return self.params[first + index * lanes : first + (index + 1) * lanes]
        return self.params[first + index]

    def narrow(self, pop: int) -> Optional[Narrow]:
        """The bits of population number `pop` in integers, where they are fewer than 16; [lanes]."""
        first, lanes, most_v = int(self.pop_lane[pop]), int(self.pop_lanes[pop]), int(self.pop_most_v[pop])
        return Narrow(self.right16[first : first + lanes], most_v, int(self.pop_most_sum[pop])) if most_v else None

    def syn_entries(self, pop: int) -> range:
        """Entries of syn_frame that belong to population number `pop`: one for each of its currents, or none."""
        first = int(self.pop_syn_frame[pop])
        return range(first, first + int(self.pop_receptors[pop]) * int(self.pop_framed[pop]))

    def explain(self) -> str:
        """What costs which bytes, and how synapses are stored and why, as text."""
        from .explain import explain

        return explain(self)

    def __repr__(self) -> str:
        return f"Plan({len(self.names)} populations, dt {self.dt:g} ms, {self.precision}, {self.nbytes:,} bytes)"


class State:
    """All that changes while a plan runs. `arrays` by name, see `neuroedge.plan.fields`."""

    def __init__(self, plan: Plan) -> None:
        self.parts = 1
        self._block, self.arrays = _arena([(f.name, f.numpy(plan.precision), plan.sizes[f.shape]) for f in STATE])
        self._start: Optional[np.ndarray] = None
        # as plain attributes, which are found faster than through __getattr__
        self.__dict__.update(self.arrays)
        self.reset(plan)

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["arrays"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def tick(self) -> int:
        """Ticks since the start or the last change of dt."""
        return int(self.clock[0])

    def reset(self, plan: Plan) -> None:
        """Back to the start."""
        if self._start is not None:
            self._block[:] = self._start
            return
        self._block.fill(0)
        self.v[:] = plan.v_start
        self.u[:] = plan.u_start
        self.held[:] = plan.held_start
        self.v16[:] = plan.v16_start
        self.held16[:] = plan.held16_start
        self.learned[:] = plan.learned_start[: len(self.learned)]
        self.release[:] = -1
        self.awake[:] = 1
        if self._block.nbytes <= KEPT:
            self._start = self._block.copy()

    @property
    def block(self) -> np.ndarray:
        """All arrays as one piece of memory, uint8."""
        return self._block

    def snapshot(self) -> Dict[str, np.ndarray]:
        """A copy of all that a run continues from."""
        return {name: self.arrays[name].copy() for name in PERSISTENT}

    def restore(self, snapshot: Mapping[str, np.ndarray], plan: Plan) -> None:
        """Take a snapshot back; it must be of this plan or of one of the same populations and delays.

        Nothing changes unless all of it fits.
        """
        given = checks.mapping("restore", "snapshot", snapshot, "name: array")
        fresh = {name: _fitting(name, given.get(name), self.arrays[name]) for name in PERSISTENT}
        _must_be_sound(fresh, plan)
        for name, array in fresh.items():
            self.arrays[name][:] = array
        self.refill_queues(plan)

    def refill_queues(self, plan: Plan) -> None:
        """Rebuild the queues of refractory neurons from `release`."""
        pops = len(plan.names)
        for pop, (lane, lanes) in enumerate(zip(plan.pop_lane.tolist(), plan.pop_lanes.tolist())):
            for part in range(self.parts):
                first, end = (lane + lanes // BLOCK * k // self.parts * BLOCK for k in (part, part + 1))
                release = self.release[first:end]
                waiting = np.flatnonzero(release >= self.tick)
                waiting = waiting[np.argsort(release[waiting], kind="stable")]
                self.queue[first : first + len(waiting)] = waiting
                self.queue_head[part * pops + pop], self.queue_size[part * pops + pop] = 0, len(waiting)

    def share(self, plan: Plan, parts: int) -> None:
        """Lay out the queues of refractory neurons for so many threads."""
        if parts != self.parts:
            self.parts = parts
            self.refill_queues(plan)

    def refractory(self, plan: Plan, name: str) -> np.ndarray:
        """Refractory ticks left, int64 [n]."""
        return np.maximum(self.release[plan.spans[name]] - self.tick + 1, 0)

    def potential(self, plan: Plan, name: str) -> np.ndarray:
        """Potential, mV [n]; NaN for sources, which have none."""
        pop, span = plan.where(name), plan.spans[name]
        kind, n = int(plan.pop_kind[pop]), int(plan.pop_n[pop])
        if kind == SOURCE:
            return np.full(n, np.nan, self.v.dtype)
        x = self.v[span].copy()
        if kind == FIXED:
            unit = plan.param(pop, 1)
            x = self.v16[span].astype(x.dtype) * (unit[:n] if np.ndim(unit) else unit)
        if kind == FRAME:
            x /= frame_growth(plan, pop, self.tick)[0]
        if kind in (FRAME, LIF):
            x = np.where(np.isneginf(x), self.held[span], x)
        rest = plan.param(pop, 0)
        return x + (rest[:n] if np.ndim(rest) else rest)

    def current(self, plan: Plan, pop: int, receptor: int) -> np.ndarray:
        """One current of a population, out of its frame: mV (LIF models) or pA, [lanes]."""
        lanes = int(plan.pop_lanes[pop])
        first = int(plan.pop_syn[pop]) + receptor * lanes
        entries = plan.syn_entries(pop)
        m = rate_growth(plan, int(plan.syn_frame[entries[receptor]]), self.tick)[0] if entries else 1
        return self.syn[first : first + lanes] / m

    def fits(self, other: "State") -> bool:
        """Whether a snapshot of the other could be one of this."""
        return all(self.arrays[name].shape == other.arrays[name].shape for name in PERSISTENT)

    def equal(self, other: "State") -> Optional[str]:
        """None if both hold the same bits, else the name of the first array that differs."""
        for name in PERSISTENT:
            a, b = self.arrays[name], other.arrays[name]
            if a.dtype != b.dtype or a.shape != b.shape or a.tobytes() != b.tobytes():
                return name
        return None


def _unfit(why: str) -> str:
    cure = "take it back in a simulator of the same network and dt, and in int8 where it was taken in int8"
    return f"snapshot does not fit this network: {why}; {cure}"


def _fitting(name: str, value: Any, own: np.ndarray) -> np.ndarray:
    """One array of a snapshot, of the shape and kind of the state's own."""
    if not isinstance(value, np.ndarray):
        raise ParameterError(_unfit(f"{name} must be an array (got {shown(value)})"))
    kinds = "f" if own.dtype.kind == "f" else "iu"
    if value.shape != own.shape or value.dtype.kind not in kinds:
        must, got = f"{own.dtype.name} {own.shape}", f"{value.dtype.name} {value.shape}"
        raise ParameterError(_unfit(f"{name} must be {must} (got {got})"))
    return value


def _must_be_sound(fresh: Mapping[str, np.ndarray], plan: Plan) -> None:
    """What the native core trusts: the tick, frames of that tick, and that what must not spike cannot."""
    tick, epoch = (int(x) for x in fresh["clock"])
    if not (0 <= tick < 2**53 and epoch >= 0):
        raise ParameterError(_unfit(f"clock must be >= 0 (got {tick}, {epoch})"))
    for k, name in enumerate(plan.names):
        kind, lane = int(plan.pop_kind[k]), int(plan.pop_lane[k])
        if kind == SOURCE:
            continue
        if kind == FRAME and int(fresh["exponent"][k]) != frame_growth(plan, k, tick)[1]:
            raise ParameterError(_unfit(f"{name!r} was at another time or dt"))
        for entry in plan.syn_entries(k):
            if int(fresh["syn_exponent"][entry]) != rate_growth(plan, int(plan.syn_frame[entry]), tick)[1]:
                raise ParameterError(_unfit(f"{name!r} was at another time or dt"))
        lanes = slice(lane, lane + int(plan.pop_lanes[k]))
        rests = fresh["release"][lanes] >= tick
        rests[int(plan.pop_n[k]) :] = True
        if (rests & _may_spike(fresh, plan, k, lanes)).any():
            raise ParameterError(_unfit(f"{name!r} has other refractory neurons"))
    _must_learn_soundly(fresh, plan, tick)


def _must_learn_soundly(fresh: Mapping[str, np.ndarray], plan: Plan, tick: int) -> None:
    """The same of what is learnt: frames, and sources that exist."""
    frames = len(plan.learn_frame) // max(len(plan.learn_proj), 1)
    for k, q in enumerate(plan.learn_proj.tolist()):
        name, n_pre = plan.projections[q], int(plan.pop_n[plan.proj_pre[q]])
        for entry in range(frames * k, frames * (k + 1)):
            rate = int(plan.learn_frame[entry])
            if rate >= 0 and int(fresh["learn_exponent"][entry]) != rate_growth(plan, rate, tick)[1]:
                raise ParameterError(_unfit(f"{name!r} was at another time or dt"))
        at, slot = int(plan.learn_kept[k]), int(plan.learn_slot[k])
        for j, n in enumerate(fresh["kept_n"][slot : slot + int(plan.learn_depth[k])].tolist()):
            if n > n_pre or (fresh["kept"][at + j * n_pre :][:n] >= n_pre).any():
                raise ParameterError(_unfit(f"{name!r} has other spikes on their way"))


def _may_spike(fresh: Mapping[str, np.ndarray], plan: Plan, k: int, lanes: slice) -> np.ndarray:
    if plan.pop_kind[k] == FIXED:
        return fresh["held16"][lanes] != -1
    v = fresh["v"][lanes]
    return (fresh["held"][lanes] < 1) | (v >= plan.param(k, 1)) if plan.pop_kind[k] > LIF else v != -np.inf


def frame_growth(plan: Plan, pop: int, tick: int) -> Tuple[Any, int]:
    """Growth of a population's frame at the start of `tick`: (m as the state's number type, exponent)."""
    return rate_growth(plan, int(plan.pop_frame[pop]), tick)


def rate_growth(plan: Plan, frame: int, tick: int) -> Tuple[Any, int]:
    """Growth of one frame at the start of `tick`."""
    m, e = growth(float(plan.frame_rate[frame]), tick)
    return (np.float64 if plan.precision == "float64" else np.float32)(m), e


def aligned(array: np.ndarray) -> np.ndarray:
    """The same values at an address that whole cache lines start at."""
    fresh = _arena([("only", array.dtype, array.size)])[1]["only"]
    fresh[:] = array.reshape(-1)
    return fresh


def _arena(rows: List[Tuple[str, np.dtype, int]]) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    """Arrays cut from one block of memory: on cache lines, and staggered, since arrays at equal offsets into their
    pages delay each other's loads and stores."""
    starts, at = [], 0
    for k, (_, dtype, n) in enumerate(rows):
        at = (at + 63) // 64 * 64 + 320 * (k % 3)
        starts.append(at)
        at += dtype.itemsize * n
    block = np.zeros(at + 64, np.uint8)
    shift = -int(block.__array_interface__["data"][0]) % 64
    arrays = {}
    for (name, dtype, n), start in zip(rows, starts):
        arrays[name] = block[shift + start : shift + start + dtype.itemsize * n].view(dtype)
    return block, arrays


def lane_spans(sizes: List[int]) -> Tuple[np.ndarray, np.ndarray]:
    """First lane and lanes of each population."""
    lanes = np.array([(n + BLOCK - 1) // BLOCK * BLOCK for n in sizes], np.int32)
    first = np.concatenate(([0], np.cumsum(lanes)[:-1])) if sizes else np.zeros(0)
    return first.astype(np.int32), lanes
