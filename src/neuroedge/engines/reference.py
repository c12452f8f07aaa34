"""The reference engine: NumPy, tick by tick, as plain as the contract reads. Slow, and the oracle of the others."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ..network import dynamics
from ..network.arithmetic import poisson, tick_key
from ..plan.learned import Due
from ..plan.plan import ADEX, FIXED, FRAME, LIF, SOURCE, Plan, State, frame_growth, rate_growth
from .job import Answer, Given, Job, on_grid
from .plastic import Learner
from .rows import ring_slot, rows_of

__all__ = ["ReferenceEngine", "Watch"]

FLUSH_EVERY = 1024

# population, potentials above rest, thresholds, and how far these are raised by adaptation; [lanes] or numbers
Watch = Callable[[int, np.ndarray, Any, Any], None]


class ReferenceEngine:
    """Runs any plan, in float32 like the native engines, or in float64. watch: is shown every LIF and LI population
    in every tick, after it has crossed its threshold and before it is reset."""

    name = "reference"
    parts = 1
    on_grid = staticmethod(on_grid)

    def __init__(self, plan: Plan, state: State) -> None:
        self.plan, self.state = plan, state
        self.watch: Optional[Watch] = None
        self.learners = {int(q): Learner(plan, state, k) for k, q in enumerate(plan.learn_proj)}
        self._rows = [[] if q in self.learners else rows_of(plan, q) for q in range(len(plan.projections))]

    def run(self, job: Job) -> Answer:
        """Advance by the job's ticks."""
        run, due = _Run(self, job), Due(self.plan, self.state, job.rewards)
        for step in range(job.ticks):
            run.tick(step)
            due.give(step + 1)
            if job.progress is not None:
                job.progress(1)
        return run.answer()

    def stepper(self, chances: Mapping[int, np.ndarray]) -> Callable[[Mapping[str, Any]], Dict[str, np.ndarray]]:
        """Single ticks: indices in, indices out."""
        plan = self.plan
        every = [m.spiking and (k in chances or not m.source) for k, m in enumerate(plan.models)]

        def step(spikes: Mapping[str, Any]) -> Dict[str, np.ndarray]:
            given = {}
            for name, value in spikes.items():
                neurons = np.sort(np.asarray(value, np.uint32))
                given[plan.where(name)] = Given(np.zeros(len(neurons), np.int32), neurons)
            answer = self.run(Job(1, given, {}, dict(chances), every, [False] * len(every)))
            fired = {}
            for k, name in enumerate(plan.names):
                span, lane = plan.spans[name], answer.spike_lane
                if every[k]:
                    fired[name] = lane[(lane >= span.start) & (lane < span.stop)] - np.uint32(span.start)
            return fired

        return step


class _Run:
    """One call: what is given and what is recorded."""

    def __init__(self, engine: ReferenceEngine, job: Job) -> None:
        self.plan, self.state, self.job = engine.plan, engine.state, job
        self.rows, self.learners, self.watch = engine._rows, engine.learners, engine.watch
        self.counts = np.zeros(self.plan.sizes["lanes"], np.uint32)
        self.spikes: List[Tuple[np.ndarray, np.ndarray]] = []
        self.events = self.dropped = 0
        real = self.state.v.dtype
        self.traces: Dict[int, np.ndarray] = {
            k: np.zeros((job.ticks, int(self.plan.pop_n[k])), real) for k, wanted in enumerate(job.trace) if wanted
        }

    def tick(self, step: int) -> None:
        """One tick: what arrives where something is learnt, every population, then every projection."""
        for learner in self.learners.values():
            self._arrive(learner)
        fired = [self._population(k, step) for k in range(len(self.plan.names))]
        for learner in self.learners.values():
            learner.fire(fired[learner.post])
        for q in range(len(self.plan.projections)):
            if q in self.learners:
                self.learners[q].keep(fired[self.learners[q].pre])
            else:
                self._deliver(q, fired[int(self.plan.proj_pre[q])])
        self.state.clock[0] += 1
        for k, trace in self.traces.items():
            trace[step] = self.state.potential(self.plan, self.plan.names[k])

    def _arrive(self, learner: Learner) -> None:
        """Weights that learn are those of the tick of arrival, and added last."""
        slot = self.state.tick % int(self.plan.pop_depth[learner.post])
        ring, at = ring_slot(self.plan, self.state, learner.post, int(self.plan.proj_channel[learner.q]), slot)
        events = learner.arrive(ring)
        if events:
            self.state.hit[at] = 1
            self.events += events

    def _population(self, k: int, step: int) -> np.ndarray:
        lane = int(self.plan.pop_lane[k])
        given = self._given(k, step)
        if self.plan.pop_kind[k] == SOURCE:
            if k not in self.job.chances:
                return given
            key = tick_key(int(self.plan.pop_key[k]), int(self.state.clock[1]), self.state.tick)
            fired = poisson(key, self.job.chances[k])
        else:
            cell = _Fixed if self.plan.pop_kind[k] == FIXED else _Cell
            fired = cell(self, k).tick(given, self._current(k, step))
        self.counts[lane + fired] += 1
        if self.job.record[k] and len(fired):
            self.spikes.append((np.full(len(fired), step, np.int32), (lane + fired).astype(np.uint32)))
        return fired

    def _given(self, k: int, step: int) -> np.ndarray:
        if k not in self.job.given:
            return np.zeros(0, np.uint32)
        given = self.job.given[k]
        return given.neurons[np.searchsorted(given.ticks, step) : np.searchsorted(given.ticks, step + 1)]

    def _current(self, k: int, step: int) -> Any:
        if k not in self.job.currents:
            return None
        current = self.job.currents[k]
        row = current[step if len(current) > 1 else 0]
        return np.broadcast_to(row, (int(self.plan.pop_n[k]),))

    def _deliver(self, q: int, fired: np.ndarray) -> None:
        plan, post = self.plan, int(self.plan.proj_post[q])
        if plan.proj_small[q] >= 0:
            self.dropped += int(plan.small[plan.proj_small[q] + fired.astype(np.int64)].sum())
        for source in fired.tolist():
            for delay, target, weight, count in self.rows[q][source]:
                slot = (self.state.tick + delay) % int(plan.pop_depth[post])
                ring, at = ring_slot(plan, self.state, post, int(plan.proj_channel[q]), slot)
                # one by one and in order, also where a target stands twice
                np.add.at(ring if weight.dtype != np.int32 else ring.view(np.int32), target, weight)
                self.state.hit[at] = 1
                self.events += count

    def answer(self) -> Answer:
        ticks = np.concatenate([t for t, _ in self.spikes] + [np.zeros(0, np.int32)])
        lanes = np.concatenate([n for _, n in self.spikes] + [np.zeros(0, np.uint32)])
        return Answer(self.counts, ticks, lanes, self.traces, self.events, self.dropped)


class _Cell:
    """One population of neurons in one tick."""

    def __init__(self, run: _Run, k: int) -> None:
        self.plan, self.state, self.watch, self.k = run.plan, run.state, run.watch, k
        self.kind, self.tick_now = int(run.plan.pop_kind[k]), run.state.tick
        first, n = int(run.plan.pop_lane[k]), int(run.plan.pop_lanes[k])
        self.span = slice(first, first + n)
        self.v, self.u = self.state.v[self.span], self.state.u[self.span]
        self.held, self.release = self.state.held[self.span], self.state.release[self.span]
        self.size = int(run.plan.pop_n[k])
        self.channels = 1 + int(run.plan.pop_receptors[k])
        self.coupled = bool(run.plan.pop_coupled[k])
        self.subtract = bool(run.plan.pop_subtract[k])

    def p(self, index: int) -> Any:
        return self.plan.param(self.k, index)

    def at(self, index: int, i: np.ndarray) -> Any:
        value = self.p(index)
        return value[i] if np.ndim(value) else value

    def tick(self, given: np.ndarray, current: Any) -> np.ndarray:
        arrivals = self._arrivals()
        if self.kind in (FRAME, LIF) and current is not None:
            gain = self.p(3 if self.kind == FRAME else 4)
            arrivals[0][: self.size] += current * (gain[: self.size] if np.ndim(gain) else gain)
        waiting = self.release >= self.tick_now
        # given spikes lift their neurons over any threshold, unless these are refractory
        arrivals[0][given[~waiting[given]]] = np.inf
        fired = self._step(arrivals, current)
        if self.watch is not None and self.kind in (FRAME, LIF):
            v = self.v / self.m if self.kind == FRAME else self.v.copy()
            self.watch(self.k, v, self.p(1), self.u.copy() if self.plan.pop_adapts[self.k] else 0)
        self._reset(fired)
        self._free()
        return fired

    def _arrivals(self) -> List[np.ndarray]:
        slot = self.tick_now % int(self.plan.pop_depth[self.k])
        sums = []
        for c in range(self.channels):
            ring, at = ring_slot(self.plan, self.state, self.k, c, slot)
            sums.append(self._arrived(ring, c))
            ring[:] = 0
            self.state.hit[at] = 0
        return sums

    def _arrived(self, ring: np.ndarray, channel: int) -> np.ndarray:
        first = int(self.plan.pop_scale[self.k])
        if first < 0:
            return ring.copy()
        # sums of codes, times what a code stands for
        first += channel * len(self.v)
        return ring.view(np.int32).astype(np.float32) * self.plan.scale[first : first + len(self.v)]

    def _currents(self) -> List[np.ndarray]:
        first, n = int(self.plan.pop_syn[self.k]), len(self.v)
        return [self.state.syn[first + r * n : first + (r + 1) * n] for r in range(self.channels - 1)]

    def _step(self, arrivals: List[np.ndarray], current: Any) -> np.ndarray:
        if self.kind == FRAME:
            self._follow_frame()
            fired = dynamics.frame_tick(self.v, self.m, self.p, arrivals[0])
            self.state.awake[self.k] = 0
            return fired
        currents = self._currents()
        if self.tick_now % FLUSH_EVERY == 0:
            for x in self._flushed(currents):
                dynamics.flush(x)
        if self.plan.pop_framed[self.k]:
            return self._framed_step(arrivals, currents)
        if self.kind == LIF:
            u = self.u if self.plan.pop_adapts[self.k] else None
            return dynamics.lif_tick(self.v, u, currents, self.p, arrivals, self.coupled)
        return self._cell_step(arrivals, currents, current)

    def _flushed(self, currents: List[np.ndarray]) -> List[np.ndarray]:
        """What could become denormal: not what stands in a frame."""
        own = [self.v] + [self.u] * int(self.plan.pop_adapts[self.k]) if self.kind == LIF else []
        return own if self.plan.pop_framed[self.k] else currents + own

    def _framed_step(self, arrivals: List[np.ndarray], currents: List[np.ndarray]) -> np.ndarray:
        first = int(self.plan.pop_syn_frame[self.k])
        growths = [self._syn_growth(first + r, self.tick_now)[0] for r in range(len(currents))]
        u = self.u if self.plan.pop_adapts[self.k] else None
        fired = dynamics.framed_lif_tick(self.v, u, currents, growths, self.p, arrivals[0])
        for r, current in enumerate(currents):
            m, exponent = self._syn_growth(first + r, self.tick_now + 1)
            grown = exponent - int(self.state.syn_exponent[first + r])
            if grown:
                dynamics.rescale(current, grown)
                self.state.syn_exponent[first + r] = exponent
            dynamics.arrive(current, m, arrivals[1 + r])
        return fired

    def _syn_growth(self, entry: int, tick: int) -> Tuple[Any, int]:
        return rate_growth(self.plan, int(self.plan.syn_frame[entry]), tick)

    def _cell_step(self, arrivals: List[np.ndarray], currents: List[np.ndarray], current: Any) -> np.ndarray:
        drive = np.zeros(len(self.v), self.v.dtype)
        if current is not None:
            drive[: self.size] = current
        first = 14 if self.kind == ADEX else 7
        for r, syn in enumerate(currents):
            drive += syn
            dynamics.next_tick(currents, r, self.p, first, self.coupled, arrivals[1 + r])
        step = dynamics.adex_tick if self.kind == ADEX else dynamics.izhikevich_tick
        free = self.held < 1
        substeps = int(self.plan.pop_substeps[self.k])
        return step(self.v, self.u, free, drive, self.p, substeps, arrivals[0])

    def _follow_frame(self) -> None:
        self.m, exponent = frame_growth(self.plan, self.k, self.tick_now + 1)
        grown = exponent - int(self.state.exponent[self.k])
        if grown:
            dynamics.rescale(self.v, grown)
            self.state.exponent[self.k] = exponent

    def _reset(self, fired: np.ndarray) -> None:
        if not len(fired):
            return
        wait = self.plan.refractory[self.span][fired].astype(np.int64)
        holds = wait > 0
        self.release[fired[holds]] = self.tick_now + wait[holds]
        if self.kind == FRAME:
            self._reset_frame(fired, holds)
        elif self.kind == LIF:
            self._reset_lif(fired, holds)
        else:
            self.v[fired] = self.at(2, fired)
            self.u[fired] += self.at(10 if self.kind == ADEX else 5, fired)
            self.held[fired[holds]] = 1

    def _reset_frame(self, fired: np.ndarray, holds: np.ndarray) -> None:
        after = self.at(2, fired) * np.ones(len(fired), self.v.dtype)
        in_frame = after * self.m
        if self.subtract:
            top = self.at(1, fired) * self.m
            v = self.v[fired]
            in_frame = np.where(np.isposinf(v), top, v) - top
            after = in_frame / self.m
            if (in_frame >= top).any():
                self.state.awake[self.k] = 1
        self._hold(fired, holds, after, in_frame)

    def _reset_lif(self, fired: np.ndarray, holds: np.ndarray) -> None:
        after = self.at(2, fired) * np.ones(len(fired), self.v.dtype)
        adapts = bool(self.plan.pop_adapts[self.k])
        if self.subtract:
            top = self.at(1, fired) + (self.u[fired] if adapts else self.v.dtype.type(0))
            v = self.v[fired]
            after = np.where(np.isposinf(v), top, v) - self.at(3, fired)
        if adapts:
            self.u[fired] += self.at(7, fired)
        self._hold(fired, holds, after, after)

    def _hold(self, fired: np.ndarray, holds: np.ndarray, after: np.ndarray, stays: np.ndarray) -> None:
        self.held[fired[holds]] = after[holds]
        self.v[fired[holds]] = -np.inf
        self.v[fired[~holds]] = stays[~holds]

    def _free(self) -> None:
        done = np.flatnonzero(self.release == self.tick_now)
        if not len(done):
            return
        if self.kind == FRAME:
            self.v[done] = self.held[done] * self.m
            if self.subtract and (self.v[done] >= self.at(1, done) * self.m).any():
                self.state.awake[self.k] = 1
        elif self.kind == LIF:
            self.v[done] = self.held[done]
        else:
            self.held[done] = 0


class _Fixed(_Cell):
    """One population of LIF in integers in one tick."""

    def tick(self, given: np.ndarray, current: Any) -> np.ndarray:
        plan, state, span = self.plan, self.state, self.span
        v, held, free = state.v16[span], state.held16[span], state.held16[span] == 0
        drive = None
        if current is not None:
            drive = np.zeros(len(v), np.int64)
            gain = self.p(2)
            drive[: self.size] = dynamics.fixed_drive(current, gain[: self.size] if np.ndim(gain) else gain)
        ring, at = ring_slot(plan, state, self.k, 0, self.tick_now % int(plan.pop_depth[self.k]))
        sums, theta = ring.view(np.int32), plan.theta16[span]
        narrow = plan.narrow(self.k)
        fired = dynamics.fixed_tick(v, free, sums, plan.shift16[span], drive, plan.decay16[span], theta, narrow)
        ring[:], state.hit[at] = 0, 0
        # given spikes lift their neurons to the threshold, whatever else arrives, unless these are refractory
        forced = np.unique(given[free[given]])
        v[forced] = theta[forced]
        fired = np.union1d(fired, forced)
        v[fired] = v[fired] - theta[fired] if self.subtract else plan.reset16[span][fired]
        wait = plan.refractory[span][fired].astype(np.int64)
        self.release[fired[wait > 0]] = self.tick_now + wait[wait > 0]
        held[fired[wait > 0]] = -1
        held[self.release == self.tick_now] = 0
        return fired
