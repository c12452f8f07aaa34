"""One case on both engines, compared bit for bit after every call.

`python comparing.py FIRST LAST` compares these seeds and exits 1 at the first that differs.
"""

import sys
from typing import List, NamedTuple, Optional

import numpy as np
from strategies import Call, Case, begin, build

from neuroedge import Simulator
from neuroedge.plan.recording import Recording

__all__ = ["Outcome", "Tally", "compare", "difference", "seeds"]


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


def run_call(simulator: Simulator, call: Call) -> Recording:
    record = ("spikes", "potentials") if call.potentials else ("spikes",)
    return simulator.run(call.duration, call.inputs, call.currents, record)


def compare(case: Case, engines: tuple = ("reference", "clock")) -> Outcome:
    """Run a case on both engines; `error` says where they part."""
    plan = case.plan()
    pair = [Simulator(plan, engine=name) for name in engines]
    for simulator in pair:
        begin(case, plan, simulator.state)
    spikes, forced = 0, 0
    for k, call in enumerate(case.calls):
        a, b = (run_call(simulator, call) for simulator in pair)
        error = difference(a, b) or pair[0].state.equal(pair[1].state)
        if error:
            return Outcome(spikes, 0, f"seed {case.seed}, call {k}: {error} differs")
        if np.isnan(pair[0].state.v).any():
            return Outcome(spikes, 0, f"seed {case.seed}, call {k}: the state is not a number")
        neurons = [p.name for p in case.network.populations.values() if not p.model.source]
        spikes += sum(int(a.counts[name].sum()) for name in neurons)
        forced += sum(len(call.inputs[name]) for name in neurons if name in call.inputs)
    return Outcome(spikes, spikes - forced, None)


def seeds(numbers: List[int], tally: Tally) -> List[str]:
    """Compare the networks of many seeds; returns the errors."""
    errors = []
    for number in numbers:
        outcome = compare(build(number))
        if outcome.error:
            errors.append(outcome.error)
        tally.add(outcome)
    return errors


def main(first: int, last: int) -> int:
    tally = Tally("parity")
    for number in range(first, last):
        errors = seeds([number], tally)
        if errors:
            print(errors[0])
            return 1
    print(tally)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
