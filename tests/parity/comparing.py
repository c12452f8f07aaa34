"""One case on several engines, compared bit for bit after every call.

An engine is named by its mode and, behind an @, by its threads: "reference", "clock", "event@3".
`python comparing.py KIND FIRST LAST ENGINE ENGINE …` compares the networks of these seeds and exits 1 at the first that
differs; KIND is a key of `KINDS`.
"""

import sys
import warnings
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from plastic import learning
from silence import silent
from strategies import Call, Case, begin, build, integer, late

from neuroedge import Simulator
from neuroedge.engines.inputs import Intake
from neuroedge.engines.job import Answer, Job
from neuroedge.engines.native import NativeEngine
from neuroedge.plan.plan import SOURCE, Plan
from neuroedge.plan.recording import Recording

__all__ = ["KINDS", "Outcome", "Tally", "compare", "difference", "run_call", "seeds", "share", "simulator"]


# networks of every model, those that may be event-driven as a whole, int8 plans, and what learns
KINDS: Dict[str, Callable[[int], Case]] = {
    "every": build,
    "late": late,
    "silent": silent,
    "int8": integer,
    "learning": learning,
}


class Outcome(NamedTuple):
    """Spikes of neurons that were compared, and those of them that were not forced."""

    spikes: int
    own: int
    error: Optional[str]


class Tally:
    """What a suite has compared."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.networks = self.fired = self.spikes = 0

    def add(self, outcome: Outcome) -> None:
        self.networks += 1
        self.fired += outcome.own > 0
        self.spikes += outcome.spikes

    @property
    def share(self) -> float:
        return self.fired / max(self.networks, 1)

    def __str__(self) -> str:
        return f"{self.name}: {self.networks:,} networks, {self.share:.1%} fired, {self.spikes:,} spikes compared"


def difference(a: Recording, b: Recording) -> Optional[str]:
    """What two recordings differ in, or None."""
    for name in a.counts:
        if not np.array_equal(a.counts[name], b.counts[name]):
            return f"counts of {name}"
    for name in a.spikes:
        x, y = a.spikes[name], b.spikes[name]
        if not (np.array_equal(x.neurons, y.neurons) and np.array_equal(x.times, y.times)):
            return f"spikes of {name}"
    for name, trace in a.potentials.items():
        other = b.potentials[name]
        if np.isnan(trace).any():
            return f"potentials of {name} are not numbers"
        if trace.dtype != other.dtype or trace.tobytes() != other.tobytes():
            return f"potentials of {name}"
    for name in ("synaptic_events", "dropped_events"):
        if a.performance[name] != b.performance[name]:
            return name
    return None


def share(simulator: Simulator, threads: int) -> Simulator:
    """Run by so many threads from now on, also in modes that one thread would run alone."""
    engine = NativeEngine(simulator.plan, simulator.state, simulator.engine.name, threads)
    engine.parts = threads
    simulator.engine = engine
    return simulator


def simulator(plan: Plan, name: str) -> Simulator:
    """A simulator of a plan on the engine of that name."""
    mode, _, threads = name.partition("@")
    made = Simulator(plan, engine=mode)
    return share(made, int(threads)) if threads else made


def run_call(simulator: Simulator, call: Call) -> Recording:
    record = ("spikes", "potentials") if call.potentials else ("spikes",)
    return simulator.run(call.duration, call.inputs, call.currents, record, rewards=call.rewards)


def _apart(plan: Plan, a: Answer, b: Answer) -> Optional[str]:
    """What two answers to one job differ in, or None; also in the order of what they recorded."""
    for field in ("counts", "spike_tick", "spike_lane", "events", "dropped"):
        if not np.array_equal(getattr(a, field), getattr(b, field)):
            return field
    for k, trace in a.traces.items():
        if np.isnan(trace).any():
            return f"potentials of {plan.names[k]} are not numbers"
        if trace.dtype != b.traces[k].dtype or trace.tobytes() != b.traces[k].tobytes():
            return f"potentials of {plan.names[k]}"
    return None


def _job(intake: Intake, plan: Plan, call: Call) -> Job:
    record = ("spikes", "potentials") if call.potentials else ("spikes",)
    return intake.job(
        call.duration, round(call.duration / plan.dt), call.inputs, call.currents, record, None, call.rewards
    )


def _round(plan: Plan, job: Job, rigs: Sequence[Simulator], names: Sequence[str]) -> Tuple[Answer, Optional[str]]:
    """One call on every engine: the first's answer, and where another parts from it."""
    first, *others = (rig.engine.run(job) for rig in rigs)
    for rig, name, answer in zip(rigs[1:], names[1:], others):
        error = _apart(plan, first, answer) or rigs[0].state.equal(rig.state)
        if error:
            return first, f"{names[0]} and {name}: {error} differs"
    return first, "the state is not a number" if np.isnan(rigs[0].state.v).any() else None


def compare(case: Case, engines: Sequence[str] = ("reference", "clock")) -> Outcome:
    """Run a case on all of the engines; `error` says where the first and another part."""
    plan = case.plan()
    rigs = [simulator(plan, name) for name in engines]
    for rig in rigs:
        begin(case, plan, rig.state)
    # the same spikes on the same grid for all
    intake = Intake(plan, 1 << 30, rigs[0].engine.on_grid)
    neurons = [(k, plan.spans[name]) for k, name in enumerate(plan.names) if plan.pop_kind[k] != SOURCE]
    spikes, forced = 0, 0
    for k, call in enumerate(case.calls):
        job = _job(intake, plan, call)
        answer, error = _round(plan, job, rigs, engines)
        if error:
            return Outcome(spikes, 0, f"seed {case.seed}, call {k}: {error}")
        spikes += sum(int(answer.counts[span].sum()) for _, span in neurons)
        forced += sum(len(job.given[k].ticks) for k, _ in neurons if k in job.given)
    return Outcome(spikes, spikes - forced, None)


def seeds(
    numbers: Iterable[int],
    tally: Tally,
    kind: str = "every",
    engines: Sequence[str] = ("reference", "clock"),
) -> List[str]:
    """Compare the networks of many seeds; returns the errors."""
    errors = []
    for number in numbers:
        outcome = compare(KINDS[kind](number), engines)
        if outcome.error:
            errors.append(outcome.error)
        tally.add(outcome)
    return errors


def main(kind: str, first: int, last: int, engines: Sequence[str]) -> int:
    tally = Tally("parity")
    warnings.simplefilter("ignore")
    for number in range(first, last):
        errors = seeds([number], tally, kind, engines)
        if errors:
            print(errors[0])
            return 1
    print(tally)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
