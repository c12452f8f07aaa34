"""Run a network: `Simulator(network, dt=1.0).run(100.0, inputs={"input": [(3, 0.5)]})`."""

import time
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from . import checks
from .engines.choose import choose
from .engines.job import Answer, Given, Job, chances, given_spikes, held_current
from .errors import ArgumentTypeError, ParameterError, UnknownNameError
from .events import SpikeTrain
from .network.graph import Network
from .network.neurons import PoissonSource, SpikeSource, TemporalSource
from .plan.compile import compile_network
from .plan.plan import SOURCE, Plan, State
from .plan.recording import Lazy, Recording, at_ticks
from .plan.regrid import regrid

__all__ = ["Simulator"]

RECORDS = ("spikes", "potentials", "weights")


class Simulator:
    """Runs a network or a compiled plan, and keeps its state between calls.

    dt: step in ms (default 0.1; a plan brings its own). engine: "auto", "native" or "reference". precision:
    "float32", "float16" (weights in half), or "float64" (reference engine only). memory_limit: bytes.
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
        if isinstance(network, Plan) and dt is not None and dt != network.dt:
            raise ParameterError(f"Simulator: the plan was compiled for dt = {network.dt:g} ms (got {dt!r})")
        self._network = network if isinstance(network, Network) else None
        self._version = self._network.version if self._network is not None else 0
        self._engine_name, self._precision, self._memory_limit = engine, precision, memory_limit
        self._plan = network if isinstance(network, Plan) else self._compile(0.1 if dt is None else dt)
        self._adopt(self._plan, State(self._plan))

    def _compile(self, dt: float) -> Plan:
        if self._network is None:
            raise ParameterError("a compiled plan keeps its dt: make a Simulator from the network instead")
        return compile_network(self._network, dt, self._precision, self._memory_limit)

    def _adopt(self, plan: Plan, state: State) -> None:
        self._plan, self._state = plan, state
        self._stepper: Any = None
        self.engine, self.reason = choose(self._engine_name, plan, state)
        sources = {k: m for k, m in enumerate(plan.models) if isinstance(m, PoissonSource)}
        self._poisson = {
            k: chances(f"Population {plan.names[k]!r}", m.rate, int(plan.pop_n[k]), plan.dt) for k, m in sources.items()
        }

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
        if dt == self._plan.dt:
            return
        plan = self._compile(dt)
        self._adopt(plan, regrid(self._plan, self._state, plan))

    def set_precision(self, precision: str) -> None:
        """Store the weights in another number format. The state stays."""
        if precision == self._precision:
            return
        if self._network is None:
            raise ParameterError("a compiled plan keeps its precision: make a Simulator from the network instead")
        plan = compile_network(self._network, self._plan.dt, precision, self._memory_limit)
        state = State(plan)
        state.restore(self._state.snapshot(), plan)
        self._precision = precision
        self._adopt(plan, state)

    def refresh(self) -> None:
        """Compile again if the network has changed. The state stays where its shape does, else it starts over."""
        if self._network is None or self._network.version == self._version:
            return
        plan = self._compile(self._plan.dt)
        state = State(plan)
        if plan.names == self._plan.names and plan.sizes == self._plan.sizes:
            state.restore(self._state.snapshot(), plan)
        self._version = self._network.version
        self._adopt(plan, state)

    def reset(self) -> None:
        """Start over: time 0, potentials at their start, nothing pending."""
        self.refresh()
        self._state.reset(self._plan)

    def snapshot(self) -> Dict[str, np.ndarray]:
        """All that a run continues from, as arrays."""
        return self._state.snapshot()

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Go back to a snapshot of this simulator or of one of the same network and dt."""
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
    ) -> Recording:
        """Run for `duration` ms, a multiple of dt, from the state that the last call left.

        inputs: {population: events}, times in ms from the start of this call, 0 to duration: pairs (neuron, time), a
        structured array, a SpikeTrain or a SpikePattern; or, for `rate` and `temporal` sources, one value per neuron.
        currents: {population: mV (pA for AdEx)}: a number, [n], [ticks] or [ticks, n]. record: any of "spikes",
        "potentials", "weights"; spike counts always are. record_from: populations to record, default all.
        """
        self.refresh()
        self._stepper = None
        ticks = checks.ticks_of("run", duration, self._plan.dt)
        job = self._job(float(duration), ticks, inputs or {}, currents or {}, record, record_from)
        start = self._state.tick * self._plan.dt
        began = time.perf_counter()
        with _Bar(ticks, progress) as bar:
            answer = self.engine.run(job._replace(progress=bar))
        return self._recording(float(duration), start, job, answer, time.perf_counter() - began, record)

    def step(self, spikes: Optional[Mapping[str, Any]] = None) -> Dict[str, np.ndarray]:
        """One tick, for closed loops. spikes: {population: neuron indices}; returns the same of all that spiked."""
        if self._stepper is None:
            self.refresh()
            self._stepper = self.engine.stepper(self._poisson)
        return self._stepper(spikes or {})

    def _job(
        self, duration: float, ticks: int, inputs: Mapping[str, Any], currents: Mapping[str, Any],
        record: Sequence[str], record_from: Optional[Sequence[str]],
    ) -> Job:  # fmt: skip
        plan = self._plan
        for what in record:
            if what not in RECORDS:
                raise UnknownNameError("record", what, RECORDS)
        wanted = set(range(len(plan.names))) if record_from is None else {plan.where(n) for n in record_from}
        given: Dict[int, Given] = {}
        fire = dict(self._poisson)
        for name, value in inputs.items():
            self._input(plan.where(name), value, duration, ticks, given, fire)
        held = {plan.where(n): self._current(plan.where(n), c, ticks) for n, c in currents.items()}
        spikes = ["spikes" in record and k in wanted for k in range(len(plan.names))]
        trace = ["potentials" in record and k in wanted and plan.pop_kind[k] != SOURCE for k in range(len(plan.names))]
        return Job(ticks, given, held, fire, spikes, trace)

    def _input(
        self, k: int, value: Any, duration: float, ticks: int, given: Dict[int, Given], fire: Dict[int, np.ndarray]
    ) -> None:
        plan, model, owner = self._plan, self._plan.models[k], f"inputs[{self._plan.names[k]!r}]"
        n = int(plan.pop_n[k])
        if isinstance(model, PoissonSource):
            raise ParameterError(f"{owner}: a Poisson source makes its own spikes; use a 'rate' source for given ones")
        if not model.spiking:
            raise ParameterError(f"{owner}: {model.name} neurons do not spike, so they cannot be made to")
        if isinstance(model, (SpikeSource, TemporalSource)) and _is_values(value):
            if isinstance(model, SpikeSource):
                fire[k] = chances(owner, _hertz(owner, value, model), n, plan.dt)
            else:
                given[k] = given_spikes(owner, _latencies(owner, value, model, n, duration), n, duration, plan.dt, ticks)
            return
        given[k] = given_spikes(owner, value, n, duration, plan.dt, ticks)

    def _current(self, k: int, value: Any, ticks: int) -> np.ndarray:
        owner = f"currents[{self._plan.names[k]!r}]"
        if self._plan.pop_kind[k] == SOURCE:
            raise ParameterError(f"{owner}: a source has no membrane to inject into")
        return held_current(owner, value, int(self._plan.pop_n[k]), ticks, self._state.v.dtype)

    def _recording(
        self, duration: float, start: float, job: Job, answer: Answer, wall: float, record: Sequence[str]
    ) -> Recording:
        plan = self._plan
        counts = Lazy(plan.names, lambda name: _counts(plan, job, answer, name))
        recorded = [name for name, wanted in zip(plan.names, job.record) if wanted]
        performance = {
            "wall_s": wall,
            "realtime_factor": duration / 1000.0 / wall,
            "synaptic_events": answer.events,
            "dropped_events": 0,
            "engine": self.engine.name,
            "reason": self.reason,
            "precision": plan.precision,
            "bytes": plan.nbytes,
        }
        return Recording(
            duration, plan.dt, start, counts,
            Lazy(recorded, lambda name: _spikes(plan, job, answer, name)),
            {plan.names[k]: trace for k, trace in answer.traces.items()},
            performance,
            self._network.get_weights() if "weights" in record and self._network is not None else None,
        )  # fmt: skip


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
