"""The native core and its twin on one sample after another: scores and spikes bit for bit, gradients within rounding.

`python lessons.py FIRST LAST` compares the networks of these seeds, and exits 1 at the first that differs.
"""

import sys
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from learners import Case, build

from neuroedge.engines.library import SHARDS
from neuroedge.learning.adam import KEEP_FIRST, KEEP_SECOND, LEAST, Adam
from neuroedge.learning.layout import delay_ticks
from neuroedge.learning.online import Lesson, lesson
from neuroedge.learning.school import Batch, School, Scores

__all__ = ["Outcome", "Worked", "compare", "counts_of", "same_adam", "taught_by", "twins", "work"]

# of float32: half a unit of the last place
ROUND = 2.0**-24

STEEPNESS = 20.0


class Outcome(NamedTuple):
    """learned: projections with some gradient, and all; ratio: largest error of a gradient by what it may be."""

    alive: int
    learned: int
    ratio: float
    error: Optional[str]


class Worked(NamedTuple):
    """What the native core did: scores, gradients as the plan's weights lie, one for each shard."""

    school: School
    scores: Scores
    shards: List[np.ndarray]


def work(case: Case, threads: int = 1, teach: bool = True) -> Worked:
    """Show every sample of a case to the native core."""
    school = School(
        case.network, case.plan, case.layout, case.shown, case.learned if teach else (), case.plan.weight.copy(),
        threads,
    )  # fmt: skip
    scores = school.take(Batch(case.inputs, case.labels, case.soft, case.knobs))
    shards = [np.zeros_like(case.plan.weight) for _ in range(SHARDS)] if teach else []
    # not in the order in which they lie
    school.run(np.arange(len(case.inputs), dtype=np.int64)[::-1].copy(), shards)
    return Worked(school, scores, shards)


def counts_of(school: School, name: str) -> np.ndarray:
    """Spikes of each neuron of a population in all samples so far."""
    threads = [call["counts"] for kept in school._kept if isinstance(kept, tuple) for call in [kept[1]]]
    return np.asarray(sum(counts[school.plan.spans[name]] for counts in threads))


def twins(case: Case) -> List[Lesson]:
    """The same by NumPy, sample by sample."""
    return [
        lesson(
            case.network, case.plan, case.layout, case.shown, case.learned, sample, int(label), case.knobs,
            None if case.soft is None else case.soft[k],
        )
        for k, (sample, label) in enumerate(zip(case.inputs, case.labels))
    ]  # fmt: skip


def taught_by(case: Case, one: Lesson) -> Dict[str, np.ndarray]:
    """What the gradient of each projection may be off by, [pre, post].

    |error| <= n·2^-24·Σ_t |x|·|δ|, for errors of the output as large as they can be: a chance, however sure, is known
    to some units of 2^-24 of 1. n counts roundings one after another: those of a trace, of the sum over ticks, of the
    softmax, and for each layer those of the sum over targets and of the slope, where 5·|v − θ|/θ loses what v is larger
    than θ.
    """
    _, unit, gain, asked, heat = case.knobs
    share = asked if case.soft is not None else 0.0
    end, layout = case.shown + case.layout.travel, case.layout
    classes = case.network.populations[layout.output].size
    largest = np.full((end, classes), gain / unit / case.shown * ((1.0 - share) + share * heat))
    delta = {layout.output: largest * one.slope.get(layout.output, 1.0)}
    roundings = {layout.output: 8.0 * end + 2 * classes + STEEPNESS}
    for name in layout.order[1:]:
        last = max(0, end - layout.lag[name])
        delta[name], roundings[name] = np.zeros((last, case.network.populations[name].size)), 0.0
        for each in layout.forward:
            q = case.network.projections[each]
            if q.pre.name == name:
                weight, delay = np.abs(q.connectivity.dense()), delay_ticks(q, case.plan.dt)
                delta[name] += delta[q.post.name][delay : delay + last] @ weight.T * one.slope[name][:last]
                roundings[name] = max(roundings[name], roundings[q.post.name] + q.post.size + 4 * STEEPNESS)
    found = {}
    for each in case.learned:
        post = case.network.projections[each].post.name
        found[each] = ROUND * roundings[post] * (one.trace[each][: len(delta[post])].T @ delta[post])
    return found


def compare(case: Case, threads: int = 1) -> Outcome:
    """Teach a case to both."""
    worked, lessons = work(case, threads), twins(case)
    error = _same_run(case, worked, lessons) or same_adam(case, worked)
    alive, ratio, gradients = 0, 0.0, sum(worked.shards[1:], worked.shards[0].astype(np.float64))
    for name in case.learned:
        c = case.network.projections[name].connectivity
        pre, post = c.pre(), c.targets()
        wanted = sum(one.gradient[name] for one in lessons)[pre, post]
        allowed = sum(taught_by(case, one)[name] for one in lessons)[pre, post] + 1e-30
        off = np.abs(gradients[case.places[name]] - wanted) / allowed
        ratio, alive = max(ratio, float(off.max())), alive + bool(np.any(wanted))
        if not (off <= 1.0).all():
            k = int(np.argmax(~(off <= 1.0)))
            got = f"{gradients[case.places[name][k]]:g} instead of {wanted[k]:g}"
            error = error or f"gradient of {name} from {pre[k]} to {post[k]} differs: {got}"
    return Outcome(alive, len(case.learned), ratio, error and f"seed {case.seed}: {error}")


def _same_run(case: Case, worked: Worked, lessons: List[Lesson]) -> Optional[str]:
    """The forward pass, bit for bit."""
    if not np.array_equal(worked.scores.score, np.array([one.score for one in lessons])):
        return "score differs"
    for name in case.plan.names:
        spikes = sum(one.spikes[name].sum(axis=0) for one in lessons)
        if case.plan.pop_kind[case.plan.where(name)] and not np.array_equal(counts_of(worked.school, name), spikes):
            return f"spikes of {name} differs"
    if worked.school.spikes != sum(int(fired.sum()) for one in lessons for fired in one.spikes.values()):
        return "number of spikes differs"
    return None


def same_adam(case: Case, worked: Worked) -> Optional[str]:
    """Two steps of Adam by the equations, in float32, bit for bit; what is no synapse stays as it is."""
    weights = case.plan.weight.copy()
    where = {name: case.places[name] for name in case.learned}
    adam = Adam(case.plan, weights, where, dict.fromkeys(where, 2.0))
    first, second, wanted = np.zeros_like(weights), np.zeros_like(weights), weights.copy()
    every = np.concatenate(list(where.values()))
    for step in (1, 2):
        for own, shard in zip(adam.shards, worked.shards):
            own[:] = shard
        g = np.zeros_like(weights)
        g[every] = ((sum_of(worked.shards)) * np.float32(1.0 / 3))[every]
        adam.step(0.01, 3)
        if any(shard.any() for shard in adam.shards):
            return "shards are not cleared: Adam differs"
        keep, keep2 = np.float32(KEEP_FIRST), np.float32(KEEP_SECOND)
        first, second = first * keep + g * (1 - keep), second * keep2 + g * g * (1 - keep2)
        rate, scale = np.float32(0.01 * 2.0 / (1 - KEEP_FIRST**step)), np.float32(1.0 / (1 - KEEP_SECOND**step))
        wanted -= rate * first / (np.sqrt(second * scale) + np.float32(LEAST))
    return None if np.array_equal(weights, wanted) else "Adam differs"


def sum_of(shards: List[np.ndarray]) -> np.ndarray:
    """Shards added in their order, in float32."""
    return np.asarray(((shards[0] + shards[1]) + shards[2]) + shards[3])


def seeds(first: int, last: int) -> Tuple[Optional[str], str]:
    """The first error, and a line about all that was compared."""
    networks = busy = learned = alive = 0
    ratio = 0.0
    for seed in range(first, last):
        outcome = compare(build(seed))
        if outcome.error:
            return outcome.error, ""
        networks, busy = networks + 1, busy + (outcome.alive == outcome.learned)
        learned, alive, ratio = learned + outcome.learned, alive + outcome.alive, max(ratio, outcome.ratio)
    words = f"{networks} networks, {busy} with gradients in every projection ({alive} of {learned})"
    return None, f"{words}, largest error {ratio:.3f} of what rounding allows"


if __name__ == "__main__":
    ERROR, WORDS = seeds(int(sys.argv[1]), int(sys.argv[2]))
    print(ERROR or WORDS)
    sys.exit(ERROR is not None)
