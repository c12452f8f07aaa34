"""Whether a saved model answers here as it did where it was made: on every engine and instruction set, bit for bit."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .. import checks
from ..engines.choose import supports
from ..engines.library import simd, simd_levels, use_simd
from ..engines.names import ENGINES
from ..errors import NotReadyError, ParameterError
from ..events import SpikePattern, SpikeTrain, as_events
from ..formats.bundle import Bundle, load
from ..formats.golden import Golden
from ..network.graph import Network
from ..network.neurons import SpikeSource, TemporalSource
from ..plan.plan import SOURCE, Plan
from ..plan.recording import Recording
from ..simulator import Simulator

__all__ = ["Check", "Verdict", "record_golden", "verify"]


class Check(NamedTuple):
    """One engine on one instruction set; difference: the first, as text, or None where all is equal; reason: why the
    engine cannot run this model, or None."""

    engine: str
    simd: str
    difference: Optional[str]
    reason: Optional[str]


class Verdict(NamedTuple):
    """What was replayed, and how. equal: every engine that can run the model gave the golden answer."""

    file: str
    duration: float
    spikes: int
    checks: Tuple[Check, ...]

    @property
    def equal(self) -> bool:
        return all(check.difference is None for check in self.checks)

    def __bool__(self) -> bool:
        return self.equal

    def __str__(self) -> str:
        lines = [f"{self.file}: {self.duration:g} ms, {self.spikes:,} spikes"]
        for engine, level, difference, reason in self.checks:
            answer = f"cannot run it: {reason}" if reason else difference or "equal"
            lines.append(f"  {engine:<9} {level:<8} {answer}")
        return "\n".join(lines)


def record_golden(
    model: Union[Network, Plan],
    duration: float,
    inputs: Optional[Mapping[str, Any]] = None,
    dt: Optional[float] = None,
    precision: Optional[str] = None,
) -> Golden:
    """Run a model from its start, and keep what went in and what came out: for `save(golden=…)`.

    duration: ms. inputs: as `Simulator.run` takes them. dt, precision: those that the model is saved with.
    """
    simulator = Simulator(model, dt, "auto", precision)
    plan, given = simulator.plan, checks.mapping("record_golden", "inputs", inputs, "population: events")
    kept = {name: _kept(plan, name, value, duration) for name, value in given.items()}
    ticks, neurons, potentials = _answer(plan, _run(simulator, duration, kept, _readers(plan)))
    return Golden(float(duration), kept, ticks, neurons, potentials)


def _kept(plan: Plan, name: str, value: Any, duration: float) -> Union[SpikeTrain, np.ndarray]:
    """An input as a file keeps it."""
    model, n = plan.models[plan.where(name)], plan.size(name)
    pairs = isinstance(value, (SpikeTrain, SpikePattern)) or getattr(np.asarray(value, object), "ndim", 0) != 1
    structured = isinstance(value, np.ndarray) and value.dtype.names is not None
    if not pairs and not structured and len(value) and isinstance(model, (SpikeSource, TemporalSource)):
        return checks.real_array(f"inputs[{name!r}]", "values", value, (n,))
    owner = f"inputs[{name!r}]"
    events = as_events(value, owner)
    return SpikeTrain(events.indices_for(n, owner), events.times_in(duration), size=n)


def _readers(plan: Plan) -> List[str]:
    """Populations that are read by their potentials."""
    return [name for name, model in zip(plan.names, plan.models) if not model.spiking]


def _run(simulator: Simulator, duration: float, inputs: Mapping[str, Any], readers: Sequence[str]) -> Recording:
    simulator.reset()
    snapshot = simulator.snapshot()
    run = simulator.run(duration, inputs, record=("spikes",))
    if readers:
        simulator.restore(snapshot)
        again = simulator.run(duration, inputs, record=("potentials",), record_from=readers)
        run.potentials = again.potentials
    return run


def _answer(plan: Plan, run: Recording) -> Tuple[Dict[str, np.ndarray], Dict[str, np.ndarray], Dict[str, np.ndarray]]:
    ticks: Dict[str, np.ndarray] = {}
    neurons: Dict[str, np.ndarray] = {}
    for k, name in enumerate(plan.names):
        if plan.pop_kind[k] != SOURCE:
            train = run.spikes[name]
            ticks[name] = (np.rint(train.times / plan.dt) - 1).astype(np.int32)
            neurons[name] = train.neurons
    return ticks, neurons, {name: np.asarray(trace) for name, trace in run.potentials.items()}


def verify(model: Union[str, Bundle, Any], engines: Optional[Sequence[str]] = None) -> Verdict:
    """Replay the golden input of a saved model, a path or a `Bundle`, on every engine that this machine has.

    engines: names, by default all. Each native one runs on every instruction set of this machine. An engine that cannot
    run the model is listed with the reason, and is no difference.
    """
    bundle = model if isinstance(model, Bundle) else load(model)
    golden = bundle.golden
    if golden is None:
        raise NotReadyError(f"{bundle.file}: holds no golden input: save it with golden=record_golden(network, …)")
    names = list(ENGINES) if engines is None else checks.names("verify", "engines", engines)
    if not names:
        raise ParameterError("verify: engines must name one at least")
    for name in names:
        checks.known("engine", name, ENGINES)
    found = [check for name in names for check in _checks(bundle.plan, golden, name)]
    spikes = sum(len(ticks) for ticks in golden.ticks.values())
    return Verdict(bundle.file, golden.duration, spikes, tuple(found))


def _checks(plan: Plan, golden: Golden, engine: str) -> List[Check]:
    reason = supports(engine, plan)
    if reason:
        return [Check(engine, "", None, reason)]
    if engine == "reference":
        return [Check(engine, "numpy", _difference(plan, golden, engine), None)]
    found, before = [], simd()
    try:
        for level in simd_levels():
            use_simd(level)
            found.append(Check(engine, level, _difference(plan, golden, engine), None))
    finally:
        use_simd(before)
    return found


def _difference(plan: Plan, golden: Golden, engine: str) -> Optional[str]:
    """The first population, tick and neuron that differ, as text."""
    simulator = Simulator(plan, engine=engine)
    run = _run(simulator, golden.duration, golden.inputs, list(golden.potentials))
    ticks, neurons, potentials = _answer(plan, run)
    firsts = []
    for name in golden.ticks:
        at = _first(golden.ticks[name], golden.neurons[name], ticks[name], neurons[name])
        if at is not None:
            firsts.append((at[0], plan.index[name], f"{name!r}: neuron {at[1]} {at[2]} at tick {at[0]}"))
    for name, trace in golden.potentials.items():
        other = potentials[name]
        apart = np.argwhere(trace.view(_bits(trace)) != other.view(_bits(other)))
        if len(apart):
            tick, neuron = apart[0].tolist()
            says = f"is at {other[tick, neuron]:g} mV, not {trace[tick, neuron]:g}, at tick {tick}"
            firsts.append((tick, plan.index[name], f"{name!r}: neuron {neuron} {says}"))
    return min(firsts)[2] if firsts else None


def _bits(trace: np.ndarray) -> Any:
    return np.uint64 if trace.itemsize == 8 else np.uint32


def _first(
    ticks: np.ndarray, neurons: np.ndarray, other: np.ndarray, others: np.ndarray
) -> Optional[Tuple[int, int, str]]:
    """Tick and neuron of the first spike that only one of two answers has, both by tick and neuron."""
    a = (ticks.astype(np.int64) << 32) + neurons
    b = (other.astype(np.int64) << 32) + others
    missing, extra = np.setdiff1d(a, b), np.setdiff1d(b, a)
    if not len(missing) and not len(extra):
        return None
    first = min([*missing[:1].tolist(), *extra[:1].tolist()])
    says = "does not spike" if len(missing) and first == missing[0] else "spikes, and should not,"
    return first >> 32, first & 0xFFFFFFFF, says
