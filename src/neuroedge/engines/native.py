"""The native engines: one call into the core for many ticks, without the GIL."""

import ctypes
import sys
import time
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ..errors import NativeError
from ..plan.fields import CALL, PLAN, SCALARS, STATE
from ..plan.learned import Due
from ..plan.plan import FRAME, MAX_THREADS, Plan, State
from .activity import Activity
from .address import address
from .crew import Crew
from .job import Answer, Given, Job, must_take_spikes, step_neurons
from .library import CallStruct, PlanStruct, StateStruct, library
from .rest import WORTH, Rest

__all__ = ["NativeEngine", "Stepper", "event_driven"]

# the core returns to Python about this often, so that Ctrl-C and progress are heard
CALL_SECONDS = 0.05
FIRST_TICKS = 2000

# lanes stepped, at most, in the first call and in any (0.1 to 1 ns each)
FIRST_WORK, MOST_WORK = 5_000_000, 500_000_000

# synaptic events after which the core returns, whatever ticks it was given: a network that has been silent may wake up
MOST_EVENTS = 100_000_000

# spikes written down before the core returns to hand them over
SPIKES = 1 << 17


def event_driven(plan: Plan, mode: str) -> np.ndarray:
    """1 for each population that this mode visits only where something happens, uint8 [pops]."""
    return ((plan.pop_kind <= FRAME) & (mode != "clock")).astype(np.uint8)


class NativeEngine:
    """Runs float32, float16 and int8 plans on this CPU. mode: one of `names.MODES`; threads: 1 to 16, which share the
    neurons, always or, unless `fixed`, while they are faster than one. All give the same bits."""

    def __init__(self, plan: Plan, state: State, mode: str = "clock", threads: int = 1, fixed: bool = True) -> None:
        self.plan, self.state, self.threads = plan, state, threads
        self._crew = Crew(threads, fixed)
        self._run, self._grid = library().ne_run, library().ne_grid
        self._plan = PlanStruct(**{k: plan.sizes[k] for k in SCALARS["plan"]})
        for field in PLAN:
            setattr(self._plan, field.name, address(plan.arrays[field.name]))
        self._state = StateStruct(**{f.name: address(state.arrays[f.name]) for f in STATE})
        self.call = CallStruct()
        self.arrays: Dict[str, np.ndarray] = {}
        self.activity = Activity(plan)
        self._own_tables(len(plan.names))
        self._share(threads)
        self.set_mode(mode)
        self._own("counts", np.zeros(plan.sizes["lanes"], np.uint32))
        # a tick starts only with room for a spike of every lane
        self._room(threads * (2 * plan.sizes["lanes"] + SPIKES))
        self.pointers = tuple(ctypes.addressof(s) for s in (self._plan, self._state, self.call))
        self.call.budget = MOST_EVENTS
        work = plan.sizes["lanes"] * int(plan.pop_substeps.max())
        self._most_ticks = max(1, MOST_WORK // work)
        self._ticks_a_call = max(1, min(FIRST_TICKS, FIRST_WORK // work))

    def _own_tables(self, pops: int) -> None:
        """What a call says of each population. Wide entries share one block, so that one fill clears them."""
        wide = [f for f in CALL if f.shape == "pops" and f.numpy("float32").itemsize == 8]
        self._wide = np.zeros((len(wide), pops), np.uint64)
        for row, field in zip(self._wide, wide):
            self._own(field.name, row.view(field.numpy("float32")))
        for name in ("record", "sparse"):
            self._own(name, np.zeros(pops, np.uint8))
        # what `record` and `sparse` say now
        self._recorded: Sequence[bool] = ()
        self._held = False

    def _share(self, threads: int) -> None:
        """Where rows cross the borders between the threads' shares of neurons."""
        self._own("part_spikes", np.zeros(MAX_THREADS, np.int64))
        entries = self.plan.sizes["rows"] + self.plan.sizes["segments"]
        self._own("cuts", np.zeros((threads - 1) * entries + 1, np.uint32))
        if threads > 1:
            library().ne_cut(ctypes.addressof(self._plan), threads, address(self.arrays["cuts"]))

    def set_mode(self, mode: str) -> None:
        """Run in another of `names.MODES` from the next call on. Silence is passed over by one thread alone."""
        if mode == getattr(self, "name", None):
            return
        self.name = mode
        self.parts = self._crew.parts() if mode == "clock" else 1
        self._event_driven = event_driven(self.plan, mode)
        self.arrays["sparse"][:] = self._event_driven

    def _own(self, name: str, array: np.ndarray) -> None:
        self.arrays[name] = array
        setattr(self.call, name, address(array))

    def _room(self, capacity: int) -> None:
        self._own("spike_tick", np.zeros(capacity, np.int32))
        self._own("spike_lane", np.zeros(capacity, np.uint32))
        self.call.capacity = capacity

    def on_grid(self, times: np.ndarray, neurons: np.ndarray, dt: float, ticks: int) -> Tuple[Given, bool]:
        """Twin of `job.on_grid`, at a tenth of its time. The arrays are contiguous, float64 and uint32."""
        tick = np.empty(len(times), np.int32)
        where = address(tick), address(neurons)
        ascends = self._grid(address(times), where[1], len(times), 1.0 / dt, ticks, where[0])
        return Given(tick, neurons, where), ascends == 1

    def run(self, job: Job) -> Answer:
        """Advance by the job's ticks."""
        traces = self.prepare(job)
        spikes: List[Any] = []
        call, done = self.call, 0
        due = Due(self.plan, self.state, job.rewards) if job.rewards else None
        # where every population is event-driven, silence costs nothing anyway
        rest = None if self.activity.whole or job.ticks <= WORTH else Rest(self.plan, self.state, job)
        self._begin()
        while done < job.ticks:
            call.first = done
            self._man(spikes)
            began, events = time.perf_counter(), call.events
            ticks = min(self._ticks_a_call, job.ticks - done)
            if due is not None:
                # rewards reach all synapses at once, and come between two calls of the core
                ticks = due.ticks(done, ticks)
            ran = self._run(*self.pointers, ticks)
            if ran < 0 or (ran == 0 and call.spikes == 0):
                raise NativeError(
                    f"the native core did not run (answer {ran}); the network stands at tick {self.state.tick}"
                )
            seconds = time.perf_counter() - began
            # lanes stepped cost about a tenth of events
            self._crew.learn(self.parts, seconds, call.events - events + 0.1 * ran * self.plan.sizes["lanes"])
            if ran == ticks:
                self._pace(ran, seconds)
            else:
                self._collect(spikes, keep=True)
            if rest is not None and rest.worth(done + ran):
                ran += self._rested(rest, done + ran)
            done += ran
            if due is not None:
                due.give(done)
            if job.progress is not None:
                job.progress(ran)
        answer = self._answer(traces, spikes)
        self.activity.learn(job, answer)
        return answer

    def _rested(self, rest: Rest, done: int) -> int:
        """Ticks that have passed: one, and all of the silence if it shows that they would change nothing."""
        before, spikes = rest.before(), self._counted()
        self.call.first = done
        ran = max(0, self._run(*self.pointers, 1))
        # who fires in every tick may leave the state as it was, and yet answers
        if ran and self._counted() == spikes and rest.settled(before):
            silent = rest.until(done) - done
            rest.skip(silent - 1)
            return silent
        return ran

    def _counted(self) -> int:
        return int(self.arrays["counts"].sum())

    def _man(self, spikes: List[Any]) -> None:
        """As many threads as the next stretch gets."""
        parts = self._crew.parts() if self.name == "clock" else 1
        if parts != self.parts:
            self._collect(spikes, keep=True)
            self.parts = parts
        self.call.parts = parts
        self.state.share(self.plan, parts)

    def _begin(self) -> None:
        call = self.call
        # what a recording still holds is not written over
        if sys.getrefcount(self.arrays["spike_tick"]) > 2 or sys.getrefcount(self.arrays["spike_lane"]) > 2:
            self._room(int(call.capacity))
        call.events = call.dropped = call.spikes = 0
        self.arrays["part_spikes"].fill(0)

    def stepper(self, chances: Mapping[int, np.ndarray]) -> "Stepper":
        """Single ticks with the least overhead, until the next `run`."""
        return Stepper(self, chances)

    def prepare(self, job: Job) -> Dict[int, np.ndarray]:
        """Point the call at what is given; returns the arrays that potentials are written to."""
        a = self.arrays
        self._wide.fill(0)
        a["counts"].fill(0)
        if job.record is not self._recorded:
            a["record"][:] = job.record
            self._recorded = job.record
        for k, given in job.given.items():
            where = given.where or (address(given.ticks), address(given.neurons))
            a["event_tick"][k], a["event_neuron"][k] = where
            a["event_n"][k] = len(given.ticks)
        if job.currents or self._held:
            self._hold(job.currents)
        for k, chance in job.chances.items():
            a["chance"][k] = address(chance)
        if True not in job.trace:
            return {}
        sizes = self.plan.pop_n
        traces = {k: np.zeros((job.ticks, int(sizes[k])), np.float32) for k, wanted in enumerate(job.trace) if wanted}
        for k, trace in traces.items():
            a["trace"][k] = address(trace)
        return traces

    def _hold(self, currents: Mapping[int, np.ndarray]) -> None:
        a = self.arrays
        a["sparse"][:] = self._event_driven
        for k, current in currents.items():
            a["current"][k] = address(current)
            a["current_tick"][k] = current.shape[1] if current.shape[0] > 1 else 0
            a["current_neuron"][k] = 1 if current.shape[1] > 1 else 0
            # a current acts in every tick
            a["sparse"][k] = 0
        self._held = bool(currents)

    def _pace(self, ran: int, seconds: float) -> None:
        most = 10 * self._ticks_a_call
        self._ticks_a_call = max(1, min(int(ran * CALL_SECONDS / max(seconds, 1e-9)), most, self._most_ticks))

    def _collect(self, spikes: List[Any], keep: bool = False) -> None:
        """Take what the buffer of spikes holds; keep: the buffer itself is needed again."""
        tick, lane, n = self.arrays["spike_tick"], self.arrays["spike_lane"], int(self.call.spikes)
        if self.parts > 1:
            ticks, lanes = self._merged(tick, lane)
        elif keep or n < len(tick) // 4:
            ticks, lanes = tick[:n].copy(), lane[:n].copy()
        else:
            # nearly full: handed over as it is, and replaced only if somebody still holds it
            ticks, lanes = tick[:n], lane[:n]
        spikes.append((ticks, lanes))
        self.call.spikes = 0
        self.arrays["part_spikes"].fill(0)

    def _merged(self, tick: np.ndarray, lane: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """What each thread wrote down, in the order of one thread: by tick, then lane."""
        room, found = self.call.capacity // self.parts, self.arrays["part_spikes"]
        spans = [slice(k * room, k * room + int(found[k])) for k in range(self.parts)]
        both = np.concatenate([tick[span].astype(np.int64) << 32 | lane[span] for span in spans])
        # ascending runs, one of each thread, which a stable sort merges
        both.sort(kind="stable")
        return (both >> 32).astype(np.int32), (both & 0xFFFFFFFF).astype(np.uint32)

    def _answer(self, traces: Dict[int, np.ndarray], spikes: List[Any]) -> Answer:
        self._collect(spikes)
        ticks, lanes = spikes[0] if len(spikes) == 1 else (np.concatenate(part) for part in zip(*spikes))
        return Answer(self.arrays["counts"].copy(), ticks, lanes, traces, self.call.events, self.call.dropped)


class Stepper:
    """One tick a call: indices in, indices out."""

    def __init__(self, engine: NativeEngine, chances: Mapping[int, np.ndarray]) -> None:
        self._engine, self._plan, self._index = engine, engine.plan, engine.plan.index
        self._chances = dict(chances)
        nothing = [False] * len(engine.plan.names)
        engine.state.share(engine.plan, 1)
        engine.call.parts = 1
        engine.prepare(Job(1, {}, {}, self._chances, nothing, nothing))
        self._step, self._pointers = library().ne_step, engine.pointers
        self._spike, self._spike_n, self._event_n = engine.state.spike, engine.state.spike_n, engine.arrays["event_n"]
        self._given = [np.zeros(0, np.uint32)] * len(engine.plan.names)
        for k, n in enumerate(engine.plan.pop_n.tolist()):
            self._room(k, n)
        self._outputs = [
            (k, name, int(lane))
            for k, (name, lane) in enumerate(zip(engine.plan.names, engine.plan.pop_lane))
            if engine.plan.models[k].spiking and (k in chances or not engine.plan.models[k].source)
        ]

    def _room(self, k: int, n: int) -> None:
        self._given[k] = np.zeros(n, np.uint32)
        self._engine.arrays["event_neuron"][k] = address(self._given[k])
        # every given spike falls in the run's only tick
        self._ticks = np.zeros(max(len(g) for g in self._given), np.int32)
        self._engine.arrays["event_tick"].fill(address(self._ticks))

    def __call__(self, spikes: Mapping[str, Any]) -> Dict[str, np.ndarray]:
        try:
            for name, value in spikes.items():
                self._give(name, value)
            done = self._step(*self._pointers)
            while done < 0:
                self._mend(-2 - done)
                done = self._step(*self._pointers)
        except BaseException:
            # nothing of a call that failed is left for the next
            self._event_n.fill(0)
            raise
        spike, n = self._spike, self._spike_n.tolist()
        return {name: spike[lane : lane + n[k]].copy() for k, name, lane in self._outputs}

    def _give(self, name: str, value: Any) -> None:
        k = self._index.get(name)
        if k is None:
            k = self._plan.where(name)
        if k in self._chances or not self._plan.models[k].spiking:
            must_take_spikes(f"step: {name!r}", self._plan.models[k])
        if type(value) is not np.ndarray or value.dtype != np.uint32 or value.ndim != 1:
            value = step_neurons(f"step: {name!r}", value, int(self._plan.pop_n[k]))
        n = len(value)
        if n > len(self._given[k]):
            self._room(k, 2 * n)
        self._given[k][:n] = value
        self._event_n[k] = n

    def _mend(self, k: int) -> None:
        """Sort what was given out of order; an index beyond the population is an error, and nothing has run."""
        given = self._given[k][: self._event_n[k]]
        step_neurons(f"step: {self._plan.names[k]!r}", given, int(self._plan.pop_n[k]))
        given.sort()
