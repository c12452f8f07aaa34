"""What each step of making a network smaller costs and saves: one table for any chain of steps."""

import time
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from ..learning.answers import classes_of
from ..learning.school import NO_KNOBS, Batch, School
from ..learning.task import Task, taught
from ..network.graph import Network
from ..network.neurons import LI
from ..plan.compile import compile_network
from ..plan.explain import megabytes, projection_bytes
from ..plan.plan import Plan
from ..plan.precision import device_precision

__all__ = ["Figures", "Report", "report"]

# runs that the time of an inference is the median of, and samples in each
REPEATS, TIMED = 7, 200

# letters of a step's name that share a line with its figures
LONGEST = 20


class Figures(NamedTuple):
    """One step. Definitions are those of NeuroBench (Yik et al. 2025, doi:10.1038/s41467-025-56739-4), per sample:

    accuracy: share of samples answered rightly; synapses; weight_bytes: weights, targets and rows as they are stored;
    nbytes: plan and state, all that the device holds to run it; connection_sparsity: share of all pairs of connected
    layers without a synapse; activation_sparsity: share of neurons and ticks without a spike; effective_acs: additions
    of a weight, since a spike is 0 or 1; dense: the same if every pair were multiplied in every tick; microseconds of
    one inference, encoding included, median on this machine, by one thread.
    """

    name: str
    precision: str
    accuracy: float
    synapses: int
    weight_bytes: int
    nbytes: int
    connection_sparsity: float
    activation_sparsity: float
    effective_acs: float
    dense: int
    microseconds: float


class Report:
    """steps: one `Figures` each; printed, a table."""

    def __init__(self, steps: Sequence[Figures], samples: int) -> None:
        self.steps, self.samples = list(steps), samples

    def __getitem__(self, name: Any) -> Figures:
        """The figures of a step, by the name that it was given."""
        return {f.name: f for f in self.steps}[checks.known("step", str(name), [f.name for f in self.steps])]

    def __repr__(self) -> str:
        wide = min(LONGEST, max(len("step"), *(len(f.name) for f in self.steps)))
        head = f"{'step':<{wide}}  precision{'accuracy':>9}{'change':>8}{'synapses':>11}{'weights':>10}"
        lines = [head + f"{'in all':>10}{'additions':>12}{'time':>9}"]
        first = self.steps[0].accuracy
        for f in self.steps:
            change = "" if f is self.steps[0] else f"{100 * (f.accuracy - first):+.2f}"
            lines += [f.name] * (len(f.name) > wide)
            lines.append(
                f"{f.name if len(f.name) <= wide else '':<{wide}}  {f.precision:<9}{f.accuracy:>9.2%}{change:>8}"
                f"{f.synapses:>11,}{megabytes(f.weight_bytes):>10}{megabytes(f.nbytes):>10}"
                f"{f.effective_acs:>12,.0f}{_time(f.microseconds):>9}"
            )
        note = "change: percentage points of accuracy; weights: bytes with their indices;"
        lines.append(f"{self.samples:,} samples; {note}")
        lines.append("in all: plan and state; additions (NeuroBench's effective ACs) and median time: of one sample")
        return "\n".join(lines)


def report(
    steps: Union[Mapping[str, Any], Sequence[Tuple[str, Any]]], inputs: Any, labels: Any, duration: float = 16.0,
    dt: float = 1.0, storage: str = "auto",
) -> Report:  # fmt: skip
    """Compare networks on the same samples.

    steps: {name: network} or {name: (network, precision)}, or such pairs in a list; precision is by default the
    network's own, or float32. inputs, labels: [samples, features] in 0 … 1, each shown for `duration` ms in steps of dt
    ms, and int [samples]. The first step is what the others are compared with. storage: of synapses, "auto" as
    simulators do, or "small" for the fewest bytes. Networks stay as they are. Raises ParameterError and
    ArgumentTypeError for what is no step or no samples.
    """
    named = _named(steps)
    tasks = [taught(f"report: step {name!r}", network, inputs, labels, duration, dt) for name, network, _ in named]
    found = [_figures(*step, task, storage) for step, task in zip(named, tasks)]
    return Report(found, len(tasks[0].inputs))


def _time(microseconds: float) -> str:
    return f"{microseconds:,.1f} us" if microseconds < 1e3 else f"{microseconds / 1e3:,.1f} ms"


def _named(steps: Any) -> List[Tuple[str, Network, str]]:
    rule = "{name: network}, or pairs of both"
    pairs = list(steps.items()) if isinstance(steps, Mapping) else checks.several("report", "steps", steps, rule)
    if not pairs:
        raise ParameterError("report: steps must name at least one network (got none)")
    found: List[Tuple[str, Network, str]] = []
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ArgumentTypeError(f"report: steps must be {rule} (got {shown(pair)})")
        name, what = pair
        if str(name) in [known for known, _, _ in found]:
            raise ParameterError(f"report: steps must have names of their own (got {name!r} twice)")
        network, precision = what if isinstance(what, (tuple, list)) and len(what) == 2 else (what, None)
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"report: step {name!r} must be a Network (got {shown(network)})")
        form: Optional[str] = precision or network.precision or "float32"
        found.append((str(name), network, device_precision(form)))
    return found


def _figures(name: str, network: Network, precision: str, task: Task, storage: str) -> Figures:
    plan = compile_network(network, task.dt, precision, storage=storage)
    school = School(network, plan, task.layout, task.ticks)
    answers = school.take(Batch(task.inputs, task.labels, None, NO_KNOBS))
    everything = np.arange(len(task.inputs), dtype=np.int64)
    school.run(everything)
    events, spikes = school.events / len(everything), school.spikes / len(everything)
    spiking = not isinstance(network.populations[task.layout.output].model, LI)
    right = classes_of(answers.score, answers.last, spiking) == task.labels
    pairs = sum(q.pre.size * q.post.size for q in network.projections.values())
    ticks = task.ticks + task.layout.travel
    return Figures(
        name, precision, float(np.mean(right)), network.synapses, _weight_bytes(plan), plan.nbytes,
        1.0 - network.synapses / pairs, 1.0 - spikes / (network.neurons * ticks), events, pairs * ticks,
        _microseconds(school, everything),
    )  # fmt: skip


def _weight_bytes(plan: Plan) -> int:
    return sum(projection_bytes(plan, q) for q in range(len(plan.projections)))


def _microseconds(school: School, everything: np.ndarray) -> float:
    some = np.ascontiguousarray(everything[:TIMED])
    walls = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        school.run(some)
        walls.append((time.perf_counter() - began) / len(some))
    return float(np.median(walls)) * 1e6
