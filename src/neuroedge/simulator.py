"""Run a network: `Simulator(network, dt=1.0).run(100.0, inputs={"input": [(3, 0.5)]})`."""

import math
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from . import checks
from .engines.answers import empty_recording, recording_of
from .engines.choose import choose, must_take, tune
from .engines.inputs import Intake
from .engines.job import Answer, Job, must_take_spikes, reward_value, step_neurons
from .engines.native import NativeEngine
from .errors import ArgumentTypeError, BudgetError, NotReadyError, ParameterError, shown, warn
from .network.graph import Network
from .plan.convert import convert, same_shape
from .plan.learned import connectivity, learned, must_be_rewarded, reward
from .plan.plan import Plan, State
from .plan.precision import PRECISIONS, Change
from .plan.recording import Recording
from .plan.regrid import regrid
from .plan.shelf import Shelf
from .plan.storage import STORAGES

__all__ = ["Simulator"]


class Simulator:
    """Runs a network or a compiled plan, and keeps its state between calls.

    dt: step in ms (default 0.1; a plan brings its own). engine: "auto", "clock" (every population in every tick),
    "event" (each only where something arrives), "hybrid" (so where it can be) or "reference"; the bits are the same.
    precision: "float32", "float16" (weights in half), "int8" (weights and LIF in integers), or "float64" (reference
    engine only); by default the one that the network was quantised for, else "float32"; a plan brings its own.
    memory_limit: bytes that plan, state and recorded potentials may take, default what the machine has free.
    event_threshold: see `set_event_threshold`; a plan brings its own.
    storage: of synapses, "auto" (the fastest), "small" (the fewest bytes) or one of `compile_network`'s; a plan brings
    its own.
    Calls from several threads wait for one another. NEUROEDGE_THREADS in the environment says how many threads share
    a network in the clock engine; by default large ones take several while that is faster.
    """

    def __init__(
        self,
        network: Union[Network, Plan],
        dt: Optional[float] = None,
        engine: str = "auto",
        precision: Optional[str] = None,
        memory_limit: Optional[int] = None,
        event_threshold: float = 0.0,
        storage: str = "auto",
    ) -> None:
        threshold = checks.not_negative("Simulator", "event_threshold", event_threshold)
        if not isinstance(network, (Network, Plan)):
            raise ArgumentTypeError(f"Simulator: network must be a Network or a Plan (got {type(network).__name__})")
        self._network = network if isinstance(network, Network) else None
        self._version = self._network.version if self._network is not None else 0
        self._engine_name, self._memory_limit = engine, memory_limit
        self._storage = checks.known("storage", storage, STORAGES)
        self._shelf, self._shelf_version = Shelf(), self._version
        self._turn = threading.RLock()
        if isinstance(network, Plan):
            _must_match(network, dt, precision, memory_limit, threshold, storage)
            plan = network
        else:
            plan = self._compile(0.1 if dt is None else dt, precision, threshold)
        self._adopt(plan, State(plan))

    def _compile(self, dt: float, precision: Optional[str], event_threshold: float) -> Plan:
        if self._network is None:
            raise ParameterError(
                "a compiled plan keeps its dt, precision and event threshold: make a Simulator from the network instead"
            )
        if self._shelf_version != self._network.version:
            self._shelf.clear()
            self._shelf_version = self._network.version
        # before they are looked up: a list could not be
        dt = checks.positive("compile", "dt", dt, "ms")
        if precision is not None:
            checks.known("precision", precision, PRECISIONS)
        plan = self._shelf.get((dt, precision, event_threshold))
        if plan is None:
            from .plan.compile import compile_network

            plan = compile_network(self._network, dt, precision, self._memory_limit, event_threshold, self._storage)
            self._shelf.put((dt, plan.precision, event_threshold), plan, self._memory_limit)
        return plan

    def _adopt(self, plan: Plan, state: State) -> None:
        # all that may fail comes first, so that a failure leaves the old plan at work
        engine, reason = choose(self._engine_name, plan, state)
        intake = Intake(plan, self._memory_limit, engine.on_grid)
        self._plan, self._state, self.engine, self.reason, self._intake = plan, state, engine, reason, intake
        self._stepper: Any = None

    def __repr__(self) -> str:
        what = self._plan if self._network is None else self._network
        return f"Simulator({what!r}, dt {self.dt:g} ms, {self._plan.precision}, {self.engine.name} engine)"

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
        """Change the step to dt ms. Potentials stay; refractory remainders and pending arrivals move to the new
        grid."""
        self._settle(checks.positive("set_dt", "dt", dt, "ms"), None)

    def _settle(self, dt: Optional[float], event_threshold: Optional[float]) -> None:
        """Change step, event threshold or both, in one compilation. The state stays, if need be on another grid."""
        with self._turn:
            self.refresh()
            step = self._plan.dt if dt is None else dt
            least = self._plan.event_threshold if event_threshold is None else event_threshold
            if step == self._plan.dt and least == self._plan.event_threshold:
                return
            plan = self._compile(step, self._plan.precision, least)
            on_grid = step == self._plan.dt
            self._adopt(plan, self._moved(plan) if on_grid else regrid(self._plan, self._state, plan))

    def set_precision(self, precision: str) -> Change:
        """Compute in another number format, a `precision` as of the constructor, and say what it costs. The state
        stays: potentials to one unit of it."""
        with self._turn:
            self.refresh()
            before = self._plan.nbytes
            if checks.known("precision", precision, PRECISIONS) != self._plan.precision:
                plan = self._compile(self._plan.dt, precision, self._plan.event_threshold)
                self._adopt(plan, self._moved(plan))
            return Change(precision, before, self._plan.nbytes)

    def set_event_threshold(self, event_threshold: float) -> None:
        """Deliver no synaptic event that is smaller than this share, event_threshold, of threshold − rest of its
        target. The state stays.

        What is not delivered is counted (`performance["dropped_events"]`) and costs nothing. Weights in pA, into
        currents of AdEx and Izhikevich, are always delivered.
        """
        self._settle(None, checks.not_negative("set_event_threshold", "event_threshold", event_threshold))

    def _moved(self, plan: Plan) -> State:
        """The present state as one of `plan`, or its start where their shapes differ."""
        state = State(plan)
        if "int8" in (plan.precision, self._plan.precision):
            return convert(self._plan, self._state, plan) if same_shape(self._plan, plan) else state
        if plan.names == self._plan.names and state.fits(self._state):
            state.restore(self._state.snapshot(), plan)
        for one in learned(plan, state) if plan.projections == self._plan.projections else []:
            # weights that somebody has set count more than those that were learnt
            if plan.revisions[one.q] != self._plan.revisions[one.q]:
                one.put(plan.learned_start[one.synapses])
        return state

    def refresh(self) -> None:
        """Compile again if the network has changed. The state stays where its shape does; else it starts over, with a
        warning: populations, longer delays and synapses of another kind change the shape."""
        if self._network is None or self._network.version == self._version:
            return
        with self._turn:
            version = self._network.version
            plan = self._compile(self._plan.dt, self._plan.precision, self._plan.event_threshold)
            state, tick = self._moved(plan), self._state.tick
            self._adopt(plan, state)
            self._version = version
            if state.tick < tick:
                warn(f"{self._network!r} has changed since it ran, so its state starts over, at 0 ms")

    def reset(self) -> None:
        """Start over: time 0, potentials and learnt weights at their start, nothing pending."""
        with self._turn:
            self.refresh()
            self._state.reset(self._plan)

    def snapshot(self) -> Dict[str, np.ndarray]:
        """All that a run continues from, as arrays."""
        return self._state.snapshot()

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Go back to a snapshot of this simulator or of one of the same network and dt, both in int8 or neither."""
        with self._turn:
            self._state.restore(snapshot, self._plan)

    def potential(self, name: str) -> np.ndarray:
        """Potentials of the population of that name now, mV [n]."""
        return self._state.potential(self._plan, name)

    def reward(self, value: float) -> None:
        """Give a reward `value` (a punishment if negative) now, at the end of the last tick, to every projection that
        learns by rewards (`RewardSTDP`)."""
        number = reward_value("reward", value)
        with self._turn:
            self.refresh()
            must_be_rewarded("reward", self._plan)
            reward(self._plan, self._state, number)

    def weights(self, sparse: bool = False) -> Dict[str, Any]:
        """Weights as they stand now, learnt ones included, {"pre->post": array [pre, post]}; scipy CSR matrices if
        `sparse`. `Network.get_weights` tells what a run starts from."""
        with self._turn:
            return self._taught("weights").get_weights(sparse)

    def keep_weights(self) -> None:
        """Write learnt weights into the network: from now on it describes them, and `reset` goes back to them."""
        with self._turn:
            taught = self._taught("keep_weights")
            if self._network is not None:
                for name in self._teaching():
                    self._network.projections[name].replace(taught.projections[name].connectivity)
                    self._network.version += 1

    def taught(self) -> Network:
        """The network with the weights that stand now: itself where nothing learns, else a copy."""
        with self._turn:
            return self._taught("taught")

    def _teaching(self) -> List[str]:
        return [self._plan.projections[q] for q in self._plan.learn_proj.tolist()]

    def _taught(self, owner: str) -> Network:
        """A network of its own with the weights that stand now."""
        if self._network is None:
            raise NotReadyError(f"{owner}: a compiled plan has no network: make a Simulator from the network itself")
        if not any(q.plasticity for q in self._network.projections.values()):
            return self._network
        self.refresh()
        taught = self._network.copy()
        for one in learned(self._plan, self._state):
            projection = taught.projections[one.name]
            projection.replace(connectivity(one, projection.connectivity))
        return taught

    def run(
        self,
        duration: float,
        inputs: Optional[Mapping[str, Any]] = None,
        currents: Optional[Mapping[str, Any]] = None,
        record: Sequence[str] = ("spikes",),
        record_from: Optional[Sequence[str]] = None,
        progress: bool = False,
        dt: Optional[float] = None,
        rewards: Optional[Sequence[Tuple[float, float]]] = None,
        event_threshold: Optional[float] = None,
    ) -> Recording:
        """Run for `duration` ms, a multiple of dt, from the state that the last call left.

        inputs: {population: events}, times in ms from the start of this call, 0 to duration: pairs (neuron, time), a
        structured array, a SpikeTrain or a SpikePattern; or, for `rate` and `temporal` sources, one value per neuron.
        currents: {population: mV (pA for AdEx)}: a number, [n], [ticks] or [ticks, n]. record: any of "spikes",
        "potentials", "weights" (as they stand at the end); spike counts always are. record_from: populations to record,
        default all. dt, event_threshold: change these first, as `set_dt` and `set_event_threshold` do. rewards: pairs
        (time, value) for projections that learn by them (`RewardSTDP`), each at the end of its tick. progress: a bar
        on standard error.

        Everything is checked first: where an error is raised, the state stands as before the call.
        """
        with self._turn:
            self.refresh()
            before = self._plan, self._state, self.engine, self.reason, self._intake
            try:
                if dt is not None:
                    dt = checks.positive("run", "dt", dt, "ms")
                if event_threshold is not None:
                    event_threshold = checks.not_negative("run", "event_threshold", event_threshold)
                if dt is not None or event_threshold is not None:
                    self._settle(dt, event_threshold)
                ticks = checks.ticks_of("run", duration, self._plan.dt)
                record = checks.names("run", "record", record)
                job = self._intake.job(float(duration), ticks, inputs, currents, record, record_from, rewards)
                if self._engine_name == "auto" and isinstance(self.engine, NativeEngine):
                    self.reason = tune(self.engine, job)
                must_take(self.engine, job)
                shows = checks.boolean("run", "progress", progress)
            except BaseException:
                # where a call is refused, plan and state are those from before it
                self._plan, self._state, self.engine, self.reason, self._intake = before
                raise
            self._stepper = None
            start, began = self._state.tick * self._plan.dt, time.perf_counter()
            answer = self._shown(job) if shows else self._through(job)
            performance = self._performance(float(duration), time.perf_counter() - began)
            weights = self.weights() if "weights" in record and self._network is not None else None
            return recording_of(self._plan, job, answer, float(duration), start, performance, weights)

    def nothing(self) -> Recording:
        """The answer of a run of no length, without one: no spikes, and the state stands."""
        with self._turn:
            performance = {**self._performance(0.0, 0.0), "realtime_factor": math.nan}
            return empty_recording(self._plan, self._state.tick * self._plan.dt, performance)

    def _performance(self, duration: float, wall: float) -> Dict[str, Any]:
        return {
            "wall_s": wall,
            "realtime_factor": duration / 1000.0 / max(wall, 1e-9),
            "engine": self.engine.name,
            "reason": self.reason,
            "threads": self.engine.parts,
            "precision": self._plan.precision,
            "bytes": self._plan.nbytes,
        }

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

    def _shown(self, job: Job) -> Answer:
        """The same under a progress bar on standard error: after one second, and only on a terminal."""
        from .progress import bar

        shown_bar = bar(job.ticks, "tick")
        try:
            return self._through(job._replace(progress=shown_bar.update))
        finally:
            shown_bar.close()

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
        inner = self.engine.stepper(self._intake.poisson)
        if isinstance(self.engine, NativeEngine):
            return inner
        # the reference engine trusts what it is given
        return lambda spikes: inner({name: self._neurons(name, value) for name, value in spikes.items()})

    def _neurons(self, name: str, value: Any) -> np.ndarray:
        k, owner = self._plan.where(name), f"step: {name!r}"
        must_take_spikes(owner, self._plan.models[k])
        return step_neurons(owner, value, int(self._plan.pop_n[k]))


def _must_match(
    plan: Plan, dt: Optional[float], precision: Optional[str], memory_limit: Optional[int], threshold: float,
    storage: Any,
) -> None:  # fmt: skip
    """A compiled plan is taken as it is."""
    if dt is not None and checks.positive("Simulator", "dt", dt, "ms") != plan.dt:
        raise ParameterError(f"Simulator: the plan was compiled for dt = {plan.dt:g} ms (got {shown(dt)})")
    form = plan.precision if precision is None else checks.known("precision", precision, PRECISIONS)
    if form not in ("float32", plan.precision):
        raise ParameterError(
            f"Simulator: the plan was compiled for precision {plan.precision!r} (got {shown(precision)})"
        )
    if storage != "auto":
        raise ParameterError(f"Simulator: a compiled plan keeps its storage (got {shown(storage)})")
    if threshold not in (0.0, plan.event_threshold):
        rule = f"the plan was compiled for event_threshold = {plan.event_threshold:g}"
        raise ParameterError(f"Simulator: {rule} (got {threshold:g})")
    if memory_limit is not None and plan.nbytes > checks.count("Simulator", "memory_limit", memory_limit, 2**62):
        raise BudgetError("bytes for this plan", plan.nbytes, 0, memory_limit, "compile a smaller network")
