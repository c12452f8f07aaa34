"""The native clock engine: one call into the core for many ticks, without the GIL."""

import ctypes
import time
from typing import Any, Dict, List, Mapping

import numpy as np

from ..errors import NativeError
from ..plan.fields import CALL, PLAN, SCALARS, STATE
from ..plan.plan import FRAME, MAX_THREADS, Plan, State
from .job import Answer, Job, must_take_spikes, step_neurons
from .library import CallStruct, PlanStruct, StateStruct, library

__all__ = ["NativeEngine", "Stepper"]

# the core returns to Python about this often, so that Ctrl-C and progress are heard
CALL_SECONDS = 0.05
FIRST_TICKS = 2000

# lanes stepped plus synapses passed, at most, in the first call and in any: a network that has been silent may wake
# up with all its synapses in one tick (0.1 to 1 ns each)
FIRST_WORK, MOST_WORK = 5_000_000, 500_000_000

# spikes written down before the core returns to hand them over
SPIKES = 1 << 17


def address(array: np.ndarray) -> int:
    """Address of an array's data."""
    return int(array.__array_interface__["data"][0])


class NativeEngine:
    """Runs float32, float16 and int8 plans on this CPU, one thread."""

    name = "native"

    def __init__(self, plan: Plan, state: State, mode: str = "clock", threads: int = 1) -> None:
        self.plan, self.state, self.threads = plan, state, threads
        self._run = library().ne_run
        self._plan = PlanStruct(**{k: plan.sizes[k] for k in SCALARS["plan"]})
        for field in PLAN:
            setattr(self._plan, field.name, address(plan.arrays[field.name]))
        self._state = StateStruct(**{f.name: address(state.arrays[f.name]) for f in STATE})
        self.call = CallStruct()
        self.arrays: Dict[str, np.ndarray] = {}
        for field in CALL:
            if field.shape == "pops":
                self._own(field.name, np.zeros(len(plan.names), field.numpy("float32")))
        self._own("part_spikes", np.zeros(MAX_THREADS, np.int64))
        self._own("cuts", np.zeros((threads - 1) * (plan.sizes["rows"] + plan.sizes["segments"]) + 1, np.uint32))
        if threads > 1:
            library().ne_cut(ctypes.addressof(self._plan), threads, address(self.arrays["cuts"]))
        self._event_driven = plan.pop_kind == FRAME if mode != "clock" else np.zeros(len(plan.names), bool)
        self._own("counts", np.zeros(plan.sizes["lanes"], np.uint32))
        # a tick starts only with room for a spike of every lane
        self._room(threads * (2 * plan.sizes["lanes"] + SPIKES))
        self.pointers = tuple(ctypes.addressof(s) for s in (self._plan, self._state, self.call))
        work = plan.sizes["lanes"] * int(plan.pop_substeps.max()) + len(plan.weight) + len(plan.weight16)
        work += len(plan.weight8)
        self._most_ticks = max(1, MOST_WORK // work)
        self._ticks_a_call = max(1, min(FIRST_TICKS, FIRST_WORK // work))

    def _own(self, name: str, array: np.ndarray) -> None:
        self.arrays[name] = array
        setattr(self.call, name, address(array))

    def _room(self, capacity: int) -> None:
        self._own("spike_tick", np.zeros(capacity, np.int32))
        self._own("spike_lane", np.zeros(capacity, np.uint32))
        self.call.capacity = capacity

    def run(self, job: Job) -> Answer:
        """Advance by the job's ticks."""
        traces = self.prepare(job)
        spikes: List[Any] = []
        call, done = self.call, 0
        call.parts = self.threads
        self.state.share(self.plan, self.threads)
        call.events = call.spikes = 0
        self.arrays["part_spikes"].fill(0)
        while done < job.ticks:
            call.first = done
            began = time.perf_counter()
            ticks = min(self._ticks_a_call, job.ticks - done)
            ran = self._run(*self.pointers, ticks)
            if ran < 0 or (ran == 0 and call.spikes == 0):
                raise NativeError(
                    f"the native core did not run (answer {ran}); the network stands at tick {self.state.tick}"
                )
            if ran == ticks:
                self._pace(ran, time.perf_counter() - began)
            else:
                self._collect(spikes)
            done += ran
            if job.progress is not None:
                job.progress(ran)
        self._collect(spikes)
        return self._answer(traces, spikes)

    def stepper(self, chances: Mapping[int, np.ndarray]) -> "Stepper":
        """Single ticks with the least overhead, until the next `run`."""
        return Stepper(self, chances)

    def prepare(self, job: Job) -> Dict[int, np.ndarray]:
        """Point the call at what is given; returns the arrays that potentials are written to."""
        a = self.arrays
        for name in ("event_tick", "event_neuron", "event_n", "event_next", "current", "chance", "trace"):
            a[name].fill(0)
        a["counts"].fill(0)
        a["sparse"][:] = self._event_driven & (self.threads == 1)
        a["record"][:] = job.record
        for k, given in job.given.items():
            a["event_tick"][k], a["event_neuron"][k] = address(given.ticks), address(given.neurons)
            a["event_n"][k] = len(given.ticks)
        for k, current in job.currents.items():
            a["current"][k], a["sparse"][k] = address(current), 0
            a["current_tick"][k] = current.shape[1] if current.shape[0] > 1 else 0
            a["current_neuron"][k] = 1 if current.shape[1] > 1 else 0
        for k, chance in job.chances.items():
            a["chance"][k] = address(chance)
        sizes = self.plan.pop_n
        traces = {k: np.zeros((job.ticks, int(sizes[k])), np.float32) for k, wanted in enumerate(job.trace) if wanted}
        for k, trace in traces.items():
            a["trace"][k] = address(trace)
        return traces

    def _pace(self, ran: int, seconds: float) -> None:
        most = 10 * self._ticks_a_call
        self._ticks_a_call = max(1, min(int(ran * CALL_SECONDS / max(seconds, 1e-9)), most, self._most_ticks))

    def _collect(self, spikes: List[Any]) -> None:
        """Empty the buffer of spikes written down."""
        tick, lane, room = self.arrays["spike_tick"], self.arrays["spike_lane"], self.call.capacity // self.threads
        ends = [(k * room, k * room + int(n)) for k, n in enumerate(self.arrays["part_spikes"][: self.threads])]
        ticks = np.concatenate([tick[a:b] for a, b in ends])
        lanes = np.concatenate([lane[a:b] for a, b in ends])
        if self.threads > 1:
            order = np.lexsort((lanes, ticks))
            ticks, lanes = ticks[order], lanes[order]
        spikes.append((ticks, lanes))
        self.call.spikes = 0
        self.arrays["part_spikes"].fill(0)

    def _answer(self, traces: Dict[int, np.ndarray], spikes: List[Any]) -> Answer:
        ticks, lanes = spikes[0] if len(spikes) == 1 else (np.concatenate(part) for part in zip(*spikes))
        return Answer(self.arrays["counts"].copy(), ticks, lanes, traces, int(self.call.events))


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
