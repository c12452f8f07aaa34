"""What the native core works with when it learns or answers: states, rings and sums, one set a thread."""

import ctypes
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..engines.address import address
from ..engines.inputs import Intake
from ..engines.job import on_grid
from ..engines.library import SHARDS, BatchStruct, CallStruct, LearnStruct, PlanStruct, StateStruct, library
from ..errors import NativeError, UnsupportedError
from ..network.arithmetic import precise_exp
from ..network.graph import Network
from ..network.neurons import LI
from ..plan.fields import BATCH, CALL, LEARN, PLAN, SCALARS, STATE, Field
from ..plan.plan import BLOCK, MAX_THREADS, Plan, State
from ..plan.storage import DENSE
from .layout import Layout, delay_ticks

__all__ = ["CHUNK", "NO_KNOBS", "Batch", "School", "Scores", "padded"]

# ticks whose gradients are added at once: NE_CHUNK
CHUNK = 8

# for samples that are answered only
NO_KNOBS = (1.0, 1.0, 1.0, 0.0, 1.0)

# samples that are answered between two chances for Ctrl-C
ANSWERED = 64


class Scores(NamedTuple):
    """What the output gave for each sample: its sum over the run (spikes, or mV above rest), and its potentials at the
    end, mV above rest; float32 [samples, classes]."""

    score: np.ndarray
    last: np.ndarray


class Batch(NamedTuple):
    """inputs float32 [all, features]; labels int32 [all] (-1 for none); soft: chances [all, classes] that another
    network gave, or None; knobs: steep, unit, gain, share of soft, heat (`plan/fields.py`)."""

    inputs: np.ndarray
    labels: np.ndarray
    soft: Optional[np.ndarray]
    knobs: Tuple[float, float, float, float, float]


def padded(n: int) -> int:
    """Lanes of n neurons."""
    return (n + BLOCK - 1) // BLOCK * BLOCK


def _power(n: int) -> int:
    return 1 << max(n - 1, 1).bit_length()


class School:
    """Runs samples through a plan. learned: names of projections that learn; weights: what stands in for the plan's.

    shown: ticks for which a sample is presented; the run goes on until its last spike can have reached the output.
    """

    def __init__(
        self, network: Network, plan: Plan, layout: Layout, shown: int, learned: Sequence[str] = (),
        weights: Optional[np.ndarray] = None, threads: int = 1,
    ) -> None:  # fmt: skip
        self.plan, self.layout, self.shown, self.threads = plan, layout, shown, max(1, min(threads, SHARDS))
        self.learned = list(learned)
        self._network = network
        plastic = [name for name, q in network.projections.items() if q.plasticity is not None]
        if plastic:
            cure = "connect it anew without plasticity, or run it in a Simulator"
            rule = "learns by spike times, so samples depend on their order"
            raise UnsupportedError(f"Projection {plastic[0]!r} {rule}; {cure}")
        self.sizes = _sizes(network, plan, layout, self.learned)
        self._kept: List[Any] = []
        self._plan = _bound(PlanStruct, PLAN, plan.arrays)
        for name in SCALARS["plan"]:
            setattr(self._plan, name, plan.sizes[name])
        if weights is not None:
            self._plan.weight = address(weights)
        self._turned = np.zeros(self.sizes["turned"] + 16, np.float32)
        self._chances = Intake(plan, None, on_grid).poisson
        parts = [self._thread() for _ in range(self.threads)]
        self._states, self._calls, self._learns = (_addresses(kind) for kind in zip(*parts))
        self._kept += [weights, parts]

    @staticmethod
    def bytes_for(network: Network, plan: Plan, layout: Layout, learned: Sequence[str], threads: int) -> int:
        """Bytes that a school takes, without taking them; no part of it grows with the ticks of a sample."""
        sizes = _sizes(network, plan, layout, learned)
        rows = sum(f.numpy("float32").itemsize * (sizes[f.shape] + 16) for f in LEARN)
        return max(1, min(threads, SHARDS)) * (rows + 4 * plan.sizes["lanes"])

    def _thread(self) -> Tuple[Any, Any, Any]:
        plan = self.plan
        state = State(plan)
        call = _made(CALL, {"pops": len(plan.names), "cuts": 1, "threads": MAX_THREADS, "lanes": plan.sizes["lanes"],
                            "capacity": 16}, plan.precision)  # fmt: skip
        for k, chance in self._chances.items():
            call["chance"][k] = address(chance)
        learn = _made(LEARN, self.sizes, "float32")
        # written once for all threads
        learn["turned"] = self._turned
        learn["block"] = state.block
        learn["start"] = state.block.copy()
        self._describe(learn)
        structs = (
            _bound(StateStruct, STATE, state.arrays), _bound(CallStruct, CALL, call), _bound(LearnStruct, LEARN, learn)
        )  # fmt: skip
        structs[1].parts, structs[1].capacity = 1, 16
        self._scalars(structs[2])
        self._kept.append((state, call, learn))
        return structs

    def _scalars(self, learn: Any) -> None:
        model = self._network.populations[self.layout.output].model
        for name in ("inputs", "taught", "learned", "slots", "traces", "values"):
            setattr(learn, name, self.sizes[name])
        learn.shown, learn.travel, learn.block_bytes = self.shown, self.layout.travel, self.sizes["block"]
        learn.spiking = int(not isinstance(model, LI))

    def _describe(self, learn: Dict[str, np.ndarray]) -> None:
        plan, layout, network = self.plan, self.layout, self._network
        learn["input_pop"][:] = [plan.where(name) for name in layout.inputs]
        widths = [padded(plan.size(name)) for name in layout.inputs]
        learn["input_first"][:] = np.concatenate(([0], np.cumsum(widths)[:-1]))
        taught = layout.order if self.learned else layout.order[:1]
        learn["taught_pop"][:] = [plan.where(name) for name in taught]
        learn["taught_lag"][:] = [layout.lag[name] for name in taught]
        first = 0
        turned_at = _turned(network, plan, layout, self.learned)
        for k, (name, (turned, _)) in enumerate(zip(self.learned, turned_at)):
            q, projection = plan.projections.index(name), network.projections[name]
            learn["proj"][k], learn["proj_trace"][k], learn["proj_turned"][k] = q, first, turned
            learn["proj_back"][k] = name in layout.forward and projection.pre.name in layout.order
            learn["proj_taught"][k] = layout.order.index(projection.post.name)
            first += padded(projection.pre.size)
            learn["decay"][k], learn["decay_current"][k], learn["gain_current"][k] = leaks(plan, q)

    def take(self, batch: Batch) -> Scores:
        """Work on these samples from now on; what the output gives is written into the arrays of the answer."""
        n, classes = len(batch.inputs), self._network.populations[self.layout.output].size
        score, last = (np.zeros((n, classes), np.float32) for _ in range(2))
        self._given = {
            "input": batch.inputs, "order": np.zeros(1, np.int64), "label": batch.labels, "score": score, "last": last,
            "soft": np.array([0 if batch.soft is None else address(batch.soft)], np.uint64),
            "shard": np.zeros(SHARDS, np.uint64), "knobs": np.array(batch.knobs, np.float32),
        }  # fmt: skip
        self._soft = batch.soft
        self._batch = _bound(BatchStruct, BATCH, self._given)
        self._batch.features, self._batch.classes = batch.inputs.shape[1], classes
        return Scores(score, last)

    def run(self, order: np.ndarray, shards: Sequence[np.ndarray] = ()) -> None:
        """Work on the samples that `order` (int64) names. shards: gradients are added to these, if given."""
        # a batch that teaches is one: its samples are shared out to the shards
        pieces = max(len(order), 1) if len(shards) else ANSWERED
        self._given["shard"][: len(shards)] = [address(s) for s in shards]
        for first in range(0, len(order), pieces):
            self._run(order[first : first + pieces], int(len(shards) > 0))

    def _run(self, order: np.ndarray, teaches: int) -> None:
        batch = self._batch
        batch.order, batch.samples, batch.teaches = address(order), len(order), teaches
        done = library().ne_learn_batch(
            ctypes.addressof(self._plan), self._states, self._calls, self._learns, ctypes.addressof(batch), self.threads
        )
        if done != len(order):
            raise NativeError(f"the native core did not work on the samples (answer {done})")

    @property
    def events(self) -> int:
        """Synaptic events of all runs since `take`."""
        return int(self._batch.events)

    @property
    def spikes(self) -> int:
        """Spikes of all populations in all runs since `take`, those of the inputs too."""
        return int(self._batch.spikes)


def _sizes(network: Network, plan: Plan, layout: Layout, learned: Sequence[str]) -> Dict[str, int]:
    """Entries of each shape that the table of learning names."""
    lane_of = {name: padded(int(n)) for name, n in zip(plan.names, plan.pop_n)}
    delays = [delay_ticks(network.projections[name], plan.dt) for name in learned]
    slots = 1
    if learned:
        slots = _power(max([max(layout.lag[name] for name in layout.order) + CHUNK, *(d + 1 for d in delays)]))
    traces = sum(lane_of[network.projections[name].pre.name] for name in learned)
    return {
        "inputs": len(layout.inputs), "values": sum(lane_of[name] for name in layout.inputs),
        "taught": len(layout.order) if learned else 1, "learned": len(learned), "slots": slots,
        "history": slots * sum(lane_of.values()) if learned else 0, "marks": slots * len(plan.names),
        "chunks": CHUNK * max(lane_of[name] for name in layout.order), "traces": traces, "rings": slots * traces,
        "turned": sum(n for _, n in _turned(network, plan, layout, learned)), "classes": lane_of[layout.output],
        "block": State(plan).block.nbytes,
    }  # fmt: skip


def _turned(network: Network, plan: Plan, layout: Layout, learned: Sequence[str]) -> List[Tuple[int, int]]:
    """(first entry, entries) of the weights of each learned projection by target; (-1, 0) where rows will do."""
    found, at = [], 0
    for name in learned:
        q, projection = plan.projections.index(name), network.projections[name]
        back = name in layout.forward and projection.pre.name in layout.order
        n = projection.post.size * padded(projection.pre.size) if back and plan.proj_storage[q] == DENSE else 0
        found.append((at if n else -1, n))
        at += n
    return found


def leaks(plan: Plan, q: int) -> Tuple[float, float, float]:
    """What a spike leaves behind at the targets of a projection, per tick: decay of its potential; of its current, and
    what that adds to the potential (0 for delta synapses)."""
    pop, channel = int(plan.proj_post[q]), int(plan.proj_channel[q])
    tau = float(np.max(getattr(plan.models[pop], "tau_m")))
    decay = float(precise_exp(np.asarray(-plan.dt / tau)))
    if not channel:
        return decay, 0.0, 0.0
    # coefficients of LIF: 8, then three of each current (`native/neurons/lif.h`)
    first = 8 + 3 * (channel - 1)
    return decay, float(np.max(plan.param(pop, first + 1))), float(np.max(plan.param(pop, first)))


def _made(fields: Tuple[Field, ...], sizes: Dict[str, int], precision: str) -> Dict[str, np.ndarray]:
    # padding of 16 entries, so that each array has an address and kernels may read whole lanes
    return {f.name: np.zeros(sizes[f.shape] + 16, f.numpy(precision))[: sizes[f.shape]] for f in fields}


def _bound(kind: Any, fields: Tuple[Field, ...], arrays: Any) -> Any:
    struct = kind()
    for field in fields:
        setattr(struct, field.name, address(arrays[field.name]))
    return struct


def _addresses(structs: Sequence[Any]) -> Any:
    return (ctypes.c_void_p * len(structs))(*(ctypes.addressof(s) for s in structs))
