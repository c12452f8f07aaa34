"""Run a network: `Simulator(network, dt=1.0).run(100.0, inputs={"input": [(3, 0.5)]})`."""

import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from . import checks
from .engines.choose import choose
from .engines.job import Answer, Given, Job, chances, given_spikes, held_current, must_take_spikes, step_neurons
from .engines.native import NativeEngine
from .errors import ArgumentTypeError, BudgetError, ParameterError, shown
from .events import SpikeTrain
from .network.graph import Network
from .network.neurons import PoissonSource, SpikeSource, TemporalSource
from .plan.compile import compile_network
from .plan.convert import convert, same_shape
from .plan.plan import SOURCE, Plan, State
from .plan.precision import PRECISIONS, Change
from .plan.recording import Lazy, Recording, at_ticks
from .plan.regrid import regrid

__all__ = ["Simulator"]

RECORDS = ("spikes", "potentials", "weights")


class Simulator:
    """Runs a network or a compiled plan, and keeps its state between calls.

    dt: step in ms (default 0.1; a plan brings its own). engine: "auto", "native" or "reference". precision:
    "float32", "float16" (weights in half), "int8" (weights and LIF in integers), or "float64" (reference engine
    only); a plan brings its own.
    memory_limit: bytes that plan, state and recorded potentials may take, default what the machine has free.
    Calls from several threads wait for one another.
    """

    def __init__(
        self,
        network: Union[Network, Plan],
        dt: Optional[float] = None,
        engine: str = "auto",
        precision: str = "float32",
        memory_limit: Optional[int] = None,
    ) -> None:
        if not isinstance(network, (Network, Plan)):
            raise ArgumentTypeError(f"Simulator: network must be a Network or a Plan (got {type(network).__name__})")
        self._network = network if isinstance(network, Network) else None
        self._version = self._network.version if self._network is not None else 0
        self._engine_name, self._memory_limit = engine, memory_limit
        self._turn = threading.RLock()
        if isinstance(network, Plan):
            _must_match(network, dt, precision, memory_limit)
            plan = network
        else:
            plan = self._compile(0.1 if dt is None else dt, precision)
        self._adopt(plan, State(plan))

    def _compile(self, dt: float, precision: str) -> Plan:
        if self._network is None:
            raise ParameterError(
                "a compiled plan keeps its dt and precision: make a Simulator from the network instead"
            )
        return compile_network(self._network, dt, precision, self._memory_limit)

    def _adopt(self, plan: Plan, state: State) -> None:
        # all that may fail comes first, so that a failure leaves the old plan at work
        engine, reason = choose(self._engine_name, plan, state)
        sources = {k: m for k, m in enumerate(plan.models) if isinstance(m, PoissonSource)}
        poisson = {
            k: chances(f"Population {plan.names[k]!r}", m.rate, int(plan.pop_n[k]), plan.dt) for k, m in sources.items()
        }
        self._plan, self._state, self.engine, self.reason, self._poisson = plan, state, engine, reason, poisson
        self._stepper: Any = None

    @property
    def plan(self) -> Plan:
        """The plan in use."""
        return self._plan

    @property
    def state(self) -> State:
        """The state in use; `snapshot()` gives a copy."""
        return self._state

    @property
    def dt(self) -> float:
        """Step, ms."""
        return self._plan.dt

    def set_dt(self, dt: float) -> None:
        """Change the step. Potentials stay; refractory remainders and pending arrivals move to the new grid."""
        step = checks.positive("set_dt", "dt", dt, "ms")
        with self._turn:
            self.refresh()
            if step != self._plan.dt:
                plan = self._compile(step, self._plan.precision)
                self._adopt(plan, regrid(self._plan, self._state, plan))

    def set_precision(self, precision: str) -> Change:
        """Compute in another number format, and say what it costs. The state stays: potentials to one unit of it."""
        with self._turn:
            self.refresh()
            before = self._plan.nbytes
            if checks.known("precision", precision, PRECISIONS) != self._plan.precision:
                plan = self._compile(self._plan.dt, precision)
                self._adopt(plan, self._moved(plan))
            return Change(precision, before, self._plan.nbytes)

    def _moved(self, plan: Plan) -> State:
        """The present state as one of `plan`, or its start where their shapes differ."""
        state = State(plan)
        if "int8" in (plan.precision, self._plan.precision):
            return convert(self._plan, self._state, plan) if same_shape(self._plan, plan) else state
        if plan.names == self._plan.names and plan.sizes == self._plan.sizes:
            state.restore(self._state.snapshot(), plan)
        return state

    def refresh(self) -> None:
        """Compile again if the network has changed. The state stays where its shape does, else it starts over."""
        with self._turn:
            if self._network is None or self._network.version == self._version:
                return
            version = self._network.version
            plan = self._compile(self._plan.dt, self._plan.precision)
            self._adopt(plan, self._moved(plan))
            self._version = version

    def reset(self) -> None:
        """Start over: time 0, potentials at their start, nothing pending."""
        with self._turn:
            self.refresh()
            self._state.reset(self._plan)

    def snapshot(self) -> Dict[str, np.ndarray]:
        """All that a run continues from, as arrays."""
        return self._state.snapshot()

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Go back to a snapshot of this simulator or of one of the same network and dt."""
        with self._turn:
            self._state.restore(snapshot, self._plan)

    def potential(self, name: str) -> np.ndarray:
        """Potentials of a population now, mV [n]."""
        return self._state.potential(self._plan, name)

    def run(
        self,
        duration: float,
        inputs: Optional[Mapping[str, Any]] = None,
        currents: Optional[Mapping[str, Any]] = None,
        record: Sequence[str] = ("spikes",),
        record_from: Optional[Sequence[str]] = None,
        progress: bool = False,
        dt: Optional[float] = None,
    ) -> Recording:
        """Run for `duration` ms, a multiple of dt, from the state that the last call left.

        inputs: {population: events}, times in ms from the start of this call, 0 to duration: pairs (neuron, time), a
        structured array, a SpikeTrain or a SpikePattern; or, for `rate` and `temporal` sources, one value per neuron.
        currents: {population: mV (pA for AdEx)}: a number, [n], [ticks] or [ticks, n]. record: any of "spikes",
        "potentials", "weights"; spike counts always are. record_from: populations to record, default all. dt: change
        the step first, as `set_dt` does.

        Everything is checked first: where an error is raised, the state stands as before the call.
        """
        with self._turn:
            self.refresh()
            with self._or_as_before():
                if dt is not None:
                    self.set_dt(dt)
                ticks = checks.ticks_of("run", duration, self._plan.dt)
                record = checks.names("run", "record", record)
                job = self._job(float(duration), ticks, inputs, currents, record, record_from)
                bar = _Bar(ticks, checks.boolean("run", "progress", progress))
            self._stepper = None
            start, began = self._state.tick * self._plan.dt, time.perf_counter()
            with bar as shows:
                answer = self._through(job._replace(progress=shows))
            return self._recording(
                float(duration), start, job, answer, time.perf_counter() - began, "weights" in record
            )

    def _through(self, job: Job) -> Answer:
        if isinstance(self.engine, NativeEngine):
            return self.engine.run(job)
        # interrupted, the core stops between ticks, but NumPy inside one: then the call has not been
        snapshot = self._state.snapshot()
        try:
            return self.engine.run(job)
        except BaseException:
            self._state.restore(snapshot, self._plan)
            raise

    @contextmanager
    def _or_as_before(self) -> Iterator[None]:
        """Where a call is refused, plan and state are those from before it."""
        before = self._plan, self._state, self.engine, self.reason, self._poisson
        try:
            yield
        except BaseException:
            self._plan, self._state, self.engine, self.reason, self._poisson = before
            raise

    def step(self, spikes: Optional[Mapping[str, Any]] = None) -> Dict[str, np.ndarray]:
        """One tick, for closed loops. spikes: {population: neuron indices}; returns the same of all that spiked."""
        if type(spikes) is not dict:
            spikes = checks.mapping("step", "spikes", spikes, "population: neurons")
        with self._turn:
            if self._stepper is None:
                self.refresh()
                self._stepper = self._new_stepper()
            fired: Dict[str, np.ndarray] = self._stepper(spikes)
            return fired

    def _new_stepper(self) -> Callable[[Mapping[str, Any]], Dict[str, np.ndarray]]:
        inner = self.engine.stepper(self._poisson)
        if isinstance(self.engine, NativeEngine):
            return inner
        # the reference engine trusts what it is given
        return lambda spikes: inner({name: self._neurons(name, value) for name, value in spikes.items()})

    def _neurons(self, name: str, value: Any) -> np.ndarray:
        k, owner = self._plan.where(name), f"step: {name!r}"
        must_take_spikes(owner, self._plan.models[k])
        return step_neurons(owner, value, int(self._plan.pop_n[k]))

    def _job(
        self, duration: float, ticks: int, inputs: Optional[Mapping[str, Any]], currents: Optional[Mapping[str, Any]],
        record: Sequence[str], record_from: Optional[Sequence[str]],
    ) -> Job:  # fmt: skip
        plan = self._plan
        kinds = {checks.known("record", what, RECORDS) for what in record}
        every = plan.names if record_from is None else checks.names("run", "record_from", record_from)
        wanted = {plan.where(name) for name in every}
        spikes = ["spikes" in kinds and k in wanted for k in range(len(plan.names))]
        trace = ["potentials" in kinds and k in wanted and plan.pop_kind[k] != SOURCE for k in range(len(plan.names))]
        self._must_fit(ticks * sum(int(n) for n, wanted in zip(plan.pop_n, trace) if wanted))
        given: Dict[int, Given] = {}
        fire = dict(self._poisson)
        for name, value in checks.mapping("run", "inputs", inputs, "population: events").items():
            self._input(plan.where(name), value, duration, ticks, given, fire)
        levels = checks.mapping("run", "currents", currents, "population: mV").items()
        held = {plan.where(name): self._current(plan.where(name), value, ticks) for name, value in levels}
        return Job(ticks, given, held, fire, spikes, trace)

    def _must_fit(self, values: int) -> None:
        """Recorded potentials must fit into memory."""
        if not values:
            return
        asked = values * self._state.v.itemsize
        limit = self._memory_limit
        used, allowed = (0, checks.free_memory()) if limit is None else (self._plan.nbytes, limit)
        if asked + used > allowed:
            cure = "record fewer populations (record_from), or run in parts"
            raise BudgetError("bytes for recorded potentials", asked, used, allowed, cure)

    def _input(
        self, k: int, value: Any, duration: float, ticks: int, given: Dict[int, Given], fire: Dict[int, np.ndarray]
    ) -> None:
        plan, model, owner = self._plan, self._plan.models[k], f"inputs[{self._plan.names[k]!r}]"
        n = int(plan.pop_n[k])
        must_take_spikes(owner, model)
        if isinstance(model, (SpikeSource, TemporalSource)) and _is_values(value):
            if isinstance(model, SpikeSource):
                fire[k] = chances(owner, _hertz(owner, value, model), n, plan.dt)
            else:
                given[k] = given_spikes(
                    owner, _latencies(owner, value, model, n, duration), n, duration, plan.dt, ticks
                )
            return
        if _is_values(value):
            cure = f"give {model.name} neurons events, pairs (neuron, time in ms)"
            raise ArgumentTypeError(f"{owner}: values are for 'rate' and 'temporal' sources; {cure}")
        given[k] = given_spikes(owner, value, n, duration, plan.dt, ticks)

    def _current(self, k: int, value: Any, ticks: int) -> np.ndarray:
        owner = f"currents[{self._plan.names[k]!r}]"
        if self._plan.pop_kind[k] == SOURCE:
            raise ParameterError(f"{owner}: a source has no membrane to inject into")
        return held_current(owner, value, int(self._plan.pop_n[k]), ticks, self._state.v.dtype)

    def _recording(
        self, duration: float, start: float, job: Job, answer: Answer, wall: float, weights: bool
    ) -> Recording:
        plan = self._plan
        counts = Lazy(plan.names, lambda name: _counts(plan, job, answer, name))
        recorded = [name for name, wanted in zip(plan.names, job.record) if wanted]
        performance = {
            "wall_s": wall,
            "realtime_factor": duration / 1000.0 / wall,
            "synaptic_events": answer.events,
            # only an event threshold drops any, and this version has none
            "dropped_events": 0,
            "engine": self.engine.name,
            "reason": self.reason,
            "precision": plan.precision,
            "bytes": plan.nbytes,
        }
        return Recording(
            duration, plan.dt, start, counts,
            Lazy(recorded, lambda name: _spikes(plan, job, answer, name), "population with recorded spikes"),
            {plan.names[k]: trace for k, trace in answer.traces.items()},
            performance,
            self._network.get_weights() if weights and self._network is not None else None,
        )  # fmt: skip


def _must_match(plan: Plan, dt: Optional[float], precision: str, memory_limit: Optional[int]) -> None:
    """A compiled plan is taken as it is."""
    if dt is not None and checks.positive("Simulator", "dt", dt, "ms") != plan.dt:
        raise ParameterError(f"Simulator: the plan was compiled for dt = {plan.dt:g} ms (got {shown(dt)})")
    if checks.known("precision", precision, PRECISIONS) not in ("float32", plan.precision):
        raise ParameterError(
            f"Simulator: the plan was compiled for precision {plan.precision!r} (got {shown(precision)})"
        )
    if memory_limit is not None and plan.nbytes > checks.count("Simulator", "memory_limit", memory_limit, 2**62):
        raise BudgetError("bytes for this plan", plan.nbytes, 0, memory_limit, "compile a smaller network")


def _is_values(value: Any) -> bool:
    """One number per neuron, rather than events."""
    if isinstance(value, np.ndarray):
        return value.dtype.names is None and value.ndim == 1 and value.dtype.kind in "fiu" and len(value) > 0
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(np.isscalar(x) for x in value)


def _hertz(owner: str, value: Any, model: SpikeSource) -> np.ndarray:
    values = checks.real_array(owner, "values", value)
    if model.max_rate is None:
        return values
    if (values < 0).any() or (values > 1).any():
        bad = values[(values < 0) | (values > 1)][0]
        raise ParameterError(f"{owner}: values must be 0 to 1, shares of max_rate (got {bad:g})")
    return values * model.max_rate


def _latencies(owner: str, value: Any, model: TemporalSource, n: int, duration: float) -> SpikeTrain:
    """Larger values fire earlier, the largest at 0 ms; 0 does not fire."""
    values = checks.real_array(owner, "values", value, (n,)) / model.max_value
    if (values < 0).any() or (values > 1).any():
        bad = float(np.asarray(value, float)[(values < 0) | (values > 1)][0])
        raise ParameterError(f"{owner}: values must be 0 to {float(np.max(model.max_value)):g} (got {bad:g})")
    fires = np.flatnonzero(values > 0)
    return SpikeTrain(fires, (1.0 - values[fires]) * duration)


def _is_given(plan: Plan, job: Job, k: int) -> bool:
    return bool(plan.pop_kind[k] == SOURCE) and k not in job.chances


def _counts(plan: Plan, job: Job, answer: Answer, name: str) -> np.ndarray:
    k = plan.where(name)
    if _is_given(plan, job, k):
        neurons = job.given[k].neurons if k in job.given else np.zeros(0, np.int64)
        return np.bincount(neurons, minlength=int(plan.pop_n[k]))
    return answer.counts[plan.spans[name]].astype(np.int64)


def _spikes(plan: Plan, job: Job, answer: Answer, name: str) -> SpikeTrain:
    k, span = plan.where(name), plan.spans[name]
    ticks, neurons = _fired(plan, job, answer, k, span)
    # a spike is stamped with the end of its tick
    return SpikeTrain(neurons, at_ticks(ticks.astype(np.float64) + 1.0, plan.dt), size=int(plan.pop_n[k]))


def _fired(plan: Plan, job: Job, answer: Answer, k: int, span: slice) -> Tuple[np.ndarray, np.ndarray]:
    if _is_given(plan, job, k):
        given = job.given.get(k, Given(np.zeros(0, np.int32), np.zeros(0, np.uint32)))
        return given.ticks, given.neurons
    mine = (answer.spike_lane >= span.start) & (answer.spike_lane < span.stop)
    return answer.spike_tick[mine], answer.spike_lane[mine] - np.uint32(span.start)


class _Bar:
    """A progress bar on standard error, after one second, only on a terminal and if wanted."""

    def __init__(self, ticks: int, wanted: bool) -> None:
        self._bar: Any = None
        if wanted:
            from .progress import bar

            self._bar = bar(ticks, "tick")

    def __call__(self, ticks: int) -> None:
        if self._bar is not None:
            self._bar.update(ticks)

    def __enter__(self) -> Any:
        return self if self._bar is not None else None

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.close()
