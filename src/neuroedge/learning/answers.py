"""What a network answers: scores, classes, accuracy. In its own precision, on the native core."""

from typing import Any, NamedTuple, Optional

import numpy as np

from .. import checks
from ..errors import ParameterError
from ..network.graph import Network
from ..network.neurons import LI
from ..plan.compile import compile_network
from ..plan.plan import Plan
from ..plan.precision import PRECISIONS
from .school import NO_KNOBS, Batch, School
from .task import Task, asked, keep_seen, taught

__all__ = ["Answers", "answered", "answers", "classes_of", "evaluate", "predict", "work"]


class Answers(NamedTuple):
    """score: mean of what the output gave, spikes a ms or mV above rest, float32 [samples, classes]; classes int64
    [samples]; events, spikes: of all samples together; plan: what ran."""

    score: np.ndarray
    classes: np.ndarray
    events: int
    spikes: int
    plan: Plan


def work(network: Network, task: Task, precision: Optional[str] = None, memory_limit: Optional[int] = None) -> Answers:
    """Show each sample to the network, from its start."""
    form = (network.precision or "float32") if precision is None else checks.known("precision", precision, PRECISIONS)
    if form == "float64":
        raise ParameterError("answers: precision must be float32, float16 or int8 (got 'float64', for checking)")
    return answered(network, compile_network(network, task.dt, form, memory_limit), task)


def answered(network: Network, plan: Plan, task: Task) -> Answers:
    """What a plan of the network answers to each sample, as `work` says it; not for plans of float64."""
    school = School(network, plan, task.layout, task.ticks)
    found = school.take(Batch(task.inputs, task.labels, None, NO_KNOBS))
    school.run(np.arange(len(task.inputs), dtype=np.int64))
    spiking = not isinstance(network.populations[task.layout.output].model, LI)
    classes = classes_of(found.score, found.last, spiking)
    return Answers(found.score / np.float32(task.ticks * task.dt), classes, school.events, school.spikes, plan)


def classes_of(score: np.ndarray, last: np.ndarray, spiking: bool) -> np.ndarray:
    """The largest score; of equal spike counts the one with the highest potential at the end; then the first."""
    if spiking:
        top = score == score.max(axis=1, keepdims=True)
        return np.argmax(np.where(top, last, -np.inf), axis=1)
    return np.argmax(score, axis=1)


def answers(
    network: Network, inputs: Any, duration: float = 16.0, dt: float = 1.0, precision: Optional[str] = None,
    memory_limit: Optional[int] = None,
) -> Answers:  # fmt: skip
    """Scores and classes for inputs [samples, features] in 0 … 1, each shown for `duration` ms as regular spikes.

    The run of a sample goes on until its last spike can have reached the output. It is read by what the output emits:
    spike counts (ties by potential), or for `li` the mean potential. precision: default the network's own, or float32.
    memory_limit: bytes that plan and state may take, default what the machine has free. Raises ParameterError,
    ArgumentTypeError, UnsupportedError for networks that do not answer, and BudgetError.
    """
    task = asked("predict", network, inputs, duration, dt)
    found = work(network, task, precision, memory_limit)
    keep_seen(network, task.inputs)
    return found


def predict(
    network: Network, inputs: Any, duration: float = 16.0, dt: float = 1.0, precision: Optional[str] = None,
    memory_limit: Optional[int] = None,
) -> np.ndarray:  # fmt: skip
    """Classes, int64 [samples]; arguments as for `answers`."""
    return answers(network, inputs, duration, dt, precision, memory_limit).classes


def evaluate(
    network: Network, inputs: Any, labels: Any, duration: float = 16.0, dt: float = 1.0,
    precision: Optional[str] = None, memory_limit: Optional[int] = None,
) -> float:  # fmt: skip
    """Share of samples whose class is the label, 0 to 1; arguments as for `answers`, labels int [samples].

    A network is neither pruned nor tuned by samples that it is only tested on, unless it has seen no others.
    """
    task = taught("evaluate", network, inputs, labels, duration, dt)
    found = work(network, task, precision, memory_limit)
    keep_seen(network, task.inputs, anew=False)
    return float(np.mean(found.classes == task.labels))
