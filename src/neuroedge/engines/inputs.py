"""What one run of a plan is given, checked and put on its grid: a `Job`."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, BudgetError, ParameterError, shown
from ..events import SpikeTrain
from ..network.neurons import PoissonSource, SpikeSource, TemporalSource
from ..plan.learned import must_be_rewarded
from ..plan.plan import SOURCE, Plan
from .job import Given, Grid, Job, chances, given_spikes, held_current, must_take_spikes, on_grid, reward_value

__all__ = ["Intake"]

RECORDS = ("spikes", "potentials", "weights")


class Intake:
    """Makes the jobs of one plan.

    memory_limit: bytes that the plan and recorded potentials may take together; grid: what puts spikes on the grid.

    What stays from run to run is looked up once: a live loop makes thousands.
    """

    def __init__(self, plan: Plan, memory_limit: Optional[int], grid: Grid) -> None:
        self._plan, self._memory_limit, self._grid = plan, memory_limit, grid
        self._sizes: List[int] = plan.pop_n.tolist()
        self._sources: List[bool] = (plan.pop_kind == SOURCE).tolist()
        self.poisson = {
            k: chances(f"Population {plan.names[k]!r}", model.rate, self._sizes[k], plan.dt)
            for k, model in enumerate(plan.models)
            if isinstance(model, PoissonSource)
        }
        self._nothing = (False,) * len(plan.names)
        self._everything = (True,) * len(plan.names)

    def job(
        self, duration: float, ticks: int, inputs: Optional[Mapping[str, Any]], currents: Optional[Mapping[str, Any]],
        record: List[str], record_from: Optional[Sequence[str]], rewards: Any = None,
    ) -> Job:  # fmt: skip
        """What a run of `duration` ms asks, as `Simulator.run` documents it."""
        plan = self._plan
        spikes, trace = self._recorded(ticks, record, record_from)
        given: Dict[int, Given] = {}
        fire, held = self.poisson, {}
        if inputs is not None:
            fire = dict(fire)
            for name, value in checks.mapping("run", "inputs", inputs, "population: events").items():
                self._input(plan.where(name), value, duration, ticks, given, fire)
        if currents is not None:
            levels = checks.mapping("run", "currents", currents, "population: mV").items()
            held = {plan.where(name): self._current(plan.where(name), value, ticks) for name, value in levels}
        if rewards is None:
            return Job(ticks, given, held, fire, spikes, trace)
        return Job(ticks, given, held, fire, spikes, trace, None, self._rewards(rewards, duration, ticks))

    def _rewards(self, rewards: Any, duration: float, ticks: int) -> List[Tuple[int, float]]:
        """(tick, value) in the order of time."""
        must_be_rewarded("run", self._plan)
        pairs = _pairs("run", rewards)
        for time, value in pairs:
            reward_value("run: rewards", value)
            if not 0.0 <= checks.finite("run: rewards", "time", time, "ms") <= duration * (1 + 1e-9):
                raise ParameterError(f"run: rewards: times must be 0 to {duration:g} ms (got {time:g} ms)")
        times, values = np.array(pairs, np.float64).reshape(-1, 2).T
        order = np.argsort(times, kind="stable")
        at = on_grid(times[order], np.zeros(len(times), np.uint32), self._plan.dt, ticks)[0].ticks
        return list(zip(at.tolist(), values[order].tolist()))

    def _recorded(
        self, ticks: int, record: List[str], record_from: Optional[Sequence[str]]
    ) -> Tuple[Tuple[bool, ...], Tuple[bool, ...]]:
        """Of which populations spikes, and potentials, are written down."""
        kinds = {checks.known("record", what, RECORDS) for what in record}
        if kinds == {"spikes"} and record_from is None:
            return self._everything, self._nothing
        plan = self._plan
        every = plan.names if record_from is None else checks.names("run", "record_from", record_from)
        wanted = {plan.where(name) for name in every}
        spikes = tuple("spikes" in kinds and k in wanted for k in range(len(plan.names)))
        trace = tuple("potentials" in kinds and k in wanted and not source for k, source in enumerate(self._sources))
        self._must_fit(ticks * sum(n for n, wanted in zip(self._sizes, trace) if wanted))
        return spikes, trace

    def _must_fit(self, values: int) -> None:
        """Recorded potentials must fit into memory."""
        if not values:
            return
        asked = values * self._plan.v_start.itemsize
        limit = self._memory_limit
        used, allowed = (0, checks.free_memory()) if limit is None else (self._plan.nbytes, limit)
        if asked + used > allowed:
            cure = "record fewer populations (record_from), or run in parts"
            raise BudgetError("bytes for recorded potentials", asked, used, allowed, cure)

    def _input(
        self, k: int, value: Any, duration: float, ticks: int, given: Dict[int, Given], fire: Dict[int, np.ndarray]
    ) -> None:
        model, owner, n = self._plan.models[k], f"inputs[{self._plan.names[k]!r}]", self._sizes[k]
        must_take_spikes(owner, model)
        if _is_values(value):
            if isinstance(model, SpikeSource):
                fire[k] = chances(owner, _hertz(owner, value, model), n, self._plan.dt)
                return
            if not isinstance(model, TemporalSource):
                cure = f"give {model.name} neurons events, pairs (neuron, time in ms)"
                raise ArgumentTypeError(f"{owner}: values are for 'rate' and 'temporal' sources; {cure}")
            value = _latencies(owner, value, model, n, duration)
        given[k] = given_spikes(owner, value, n, duration, self._plan.dt, ticks, self._grid)

    def _current(self, k: int, value: Any, ticks: int) -> np.ndarray:
        owner = f"currents[{self._plan.names[k]!r}]"
        if self._sources[k]:
            raise ParameterError(f"{owner}: a source has no membrane to inject into")
        return held_current(owner, value, self._sizes[k], ticks, self._plan.v_start.dtype)


def _pairs(owner: str, rewards: Any) -> List[Tuple[Any, Any]]:
    """Pairs (time in ms, value) of a list or an array."""
    rule = f"{owner}: rewards must be pairs (time in ms, value)"
    try:
        return [(time, value) for time, value in rewards]
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{rule} (got {shown(rewards)})") from None


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
