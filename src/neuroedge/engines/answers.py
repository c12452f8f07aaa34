"""What an engine answers, as the `Recording` that the user reads: made when it is read."""

from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from ..events import SpikeTrain
from ..plan.plan import SOURCE, Plan
from ..plan.recording import Lazy, Recording, at_ticks
from .job import Answer, Given, Job

__all__ = ["empty_recording", "recording_of"]


def recording_of(
    plan: Plan, job: Job, answer: Answer, duration: float, start: float, performance: Dict[str, Any],
    weights: Optional[Mapping[str, np.ndarray]],
) -> Recording:  # fmt: skip
    """The recording of a run of `duration` ms that began at `start` ms; the answer's counts go into `performance`."""
    names = plan.names
    recorded = names if all(job.record) else tuple(name for name, wanted in zip(names, job.record) if wanted)
    performance["synaptic_events"], performance["dropped_events"] = answer.events, answer.dropped
    return Recording(
        duration, plan.dt, start,
        Lazy(names, lambda name: _counts(plan, job, answer, name)),
        Lazy(recorded, lambda name: _spikes(plan, job, answer, name), "population with recorded spikes"),
        {names[k]: trace for k, trace in answer.traces.items()},
        performance,
        weights,
    )  # fmt: skip


def empty_recording(plan: Plan, start: float, performance: Dict[str, Any]) -> Recording:
    """The recording of no time at all."""
    performance["synaptic_events"] = performance["dropped_events"] = 0
    return Recording(
        0.0, plan.dt, start,
        Lazy(plan.names, lambda name: np.zeros(int(plan.pop_n[plan.where(name)]), np.int64)),
        Lazy(plan.names, lambda name: SpikeTrain([], [], size=int(plan.pop_n[plan.where(name)]))),
        {},
        performance,
    )  # fmt: skip


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
