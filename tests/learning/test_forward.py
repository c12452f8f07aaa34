"""What the trainer runs is what a `Simulator` runs, bit for bit; and nothing depends on threads or instruction sets."""

from typing import Any, Dict, Iterator

import numpy as np
import pytest
from learners import Case, build
from lessons import Worked, counts_of, work

from neuroedge import Network, Simulator, SpikeTrain
from neuroedge.encoding.rate import regular_spikes
from neuroedge.engines.library import simd, simd_levels, use_simd
from neuroedge.learning import train

NETWORKS = 12


@pytest.fixture
def levels() -> Iterator[Any]:
    """Every instruction set of this machine; the one that was in use comes back."""
    before = simd()
    yield simd_levels()
    use_simd(before)


def given_to(case: Case, sample: np.ndarray) -> Dict[str, SpikeTrain]:
    """Events of the inputs, ms."""
    found, first = {}, 0
    for name in case.layout.inputs:
        n = case.network.populations[name].size
        ticks, neurons = regular_spikes(sample[first : first + n], case.shown)
        found[name] = SpikeTrain(neurons, (ticks + 1.0) * case.plan.dt)
        first += n
    return found


def assert_simulated(case: Case, worked: Worked) -> int:
    """The same by a simulator, sample by sample; returns spikes."""
    output, ticks = case.layout.output, case.shown + case.layout.travel
    counts = {name: 0 for name in case.plan.names}
    events = 0
    for k, sample in enumerate(case.inputs):
        run = Simulator(case.plan, engine="clock").run(
            ticks * case.plan.dt, given_to(case, sample), record=("spikes", "potentials"), record_from=[output]
        )
        events += run.performance["synaptic_events"]
        counts = {name: counts[name] + run.counts[name] for name in counts}
        above = run.potentials[output]
        spiking = case.network.populations[output].model.spiking
        score = run.counts[output] if spiking else np.cumsum(above, axis=0, dtype=np.float32)[-1]
        assert np.array_equal(worked.scores.score[k], score)
        assert np.array_equal(worked.scores.last[k], above[-1])
    for name, wanted in counts.items():
        if case.plan.pop_kind[case.plan.where(name)]:
            assert np.array_equal(counts_of(worked.school, name), wanted), name
    spikes = sum(int(np.sum(n)) for n in counts.values())
    assert (worked.school.events, worked.school.spikes) == (events, spikes)
    return spikes


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_answers_are_those_of_a_simulator(precision: str, report: Any) -> None:
    spikes = 0
    for seed in range(1000, 1000 + NETWORKS):
        case = build(seed).in_precision(precision)
        spikes += assert_simulated(case, work(case, 1 + seed % 4, teach=False))
    report(f"answers = simulator: {NETWORKS} networks in {precision}, {spikes:,} spikes")


@pytest.mark.long
def test_while_teaching_too(report: Any) -> None:
    spikes = sum(
        assert_simulated(build(seed), work(build(seed), 1 + seed % 4)) for seed in range(2000, 2000 + NETWORKS)
    )
    report(f"teaching = simulator: {NETWORKS} networks, {spikes:,} spikes")


def assert_same(a: Worked, b: Worked) -> None:
    for x, y in zip([*a.scores, *a.shards], [*b.scores, *b.shards]):
        assert x.tobytes() == y.tobytes()


@pytest.mark.long
def test_gradients_are_the_same_for_any_threads(levels: Any) -> None:
    for seed in range(3000, 3000 + NETWORKS):
        case = build(seed)
        first = work(case, 1)
        assert any(shard.any() for shard in first.shards)
        for threads in (2, 3, 4):
            assert_same(first, work(case, threads))


def test_gradients_are_the_same_for_any_instructions(levels: Any) -> None:
    for seed in range(4000, 4000 + NETWORKS):
        case, found = build(seed), []
        for level in levels:
            use_simd(level)
            found.append(work(case, 2))
        for other in found[1:]:
            assert_same(found[0], other)


def learner(seed: int = 3) -> Network:
    """Delta and exponential synapses, a loop, block and dense rows."""
    net, rng = Network(seed=seed), np.random.default_rng(5)
    net.add("in", 20, "rate")
    net.add("slow", 24, "cubalif")
    net.add("hidden", 33, "alif", refractory=0.0)
    net.add("out", 3, "li")
    net.connect("in", "slow", weights=rng.normal(8.0, 12.0, (20, 24)))
    net.connect("slow", "hidden", weights=rng.normal(4.0, 6.0, (24, 33)) * (rng.random((24, 33)) < 0.3))
    net.connect("hidden", "hidden", "lateral", 0.2)
    net.connect("hidden", "out", weights=rng.normal(0.0, 3.0, (33, 3)))
    return net


def trained(threads: int = 1, **how: Any) -> Dict[str, np.ndarray]:
    net, rng = learner(), np.random.default_rng(6)
    labels = rng.integers(0, 3, 30)
    inputs = np.clip(rng.normal(0.3 + 0.4 * (np.arange(20) % 3 == labels[:, None]), 0.1), 0.0, 1.0)
    train(net, inputs, labels, epochs=2, batch=7, threads=threads, progress=False, **how)
    return dict(net.get_weights())


def same_weights(a: Dict[str, np.ndarray], b: Dict[str, np.ndarray]) -> bool:
    return all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_trained_weights_are_the_same_bits_everywhere(levels: Any) -> None:
    first = trained()
    assert not same_weights(first, dict(learner().get_weights()))
    assert all(same_weights(first, trained(threads)) for threads in (2, 3, 4))
    for level in levels:
        use_simd(level)
        assert same_weights(first, trained(2))


def test_a_seed_says_what_is_learned() -> None:
    assert same_weights(trained(seed=5), trained(seed=5))
    assert not same_weights(trained(seed=5), trained(seed=6))
