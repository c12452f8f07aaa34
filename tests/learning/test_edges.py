"""Sizes, delays and durations at the edges of chunks, rings, lanes and frames, each compared with the twin."""

from typing import Any, Callable, List, Tuple

import numpy as np
import pytest
from learners import Case
from lessons import compare, work

from neuroedge import Network
from neuroedge.applications.classify import classifier
from neuroedge.learning import answers, predict, train
from neuroedge.learning.layout import layout_of
from neuroedge.learning.places import places
from neuroedge.learning.task import learnable
from neuroedge.plan.compile import compile_network


def case_of(net: Network, shown: int, top: float = 1.0) -> Case:
    """Three samples of classes 0 and 1."""
    plan, layout = compile_network(net, 1.0), layout_of(net, 1.0)
    features = sum(net.populations[name].size for name in layout.inputs)
    inputs = np.random.default_rng(3).uniform(0.4, 1.0, (3, features)).astype(np.float32)
    labels, knobs = np.array([0, 1, 0], np.int32), (5.0, top, 0.5, 0.0, 2.0)
    every = places(net, plan)
    return Case(0, net, plan, layout, learnable(net, layout), shown, inputs, labels, None, every, knobs)


def chain(delay: float, hidden: int = 5, **how: Any) -> Network:
    """in → hidden → out with one delay on both ways."""
    net, rng = Network(), np.random.default_rng(4)
    net.add("in", 6, "rate")
    net.add("hidden", hidden, "lif", v_rest=0.0, v_reset=0.0, v_threshold=1.0, **how)
    net.add("out", 2, "li", v_rest=0.0)
    net.connect("in", "hidden", weights=rng.normal(0.5, 0.3, (6, hidden)), delay=delay)
    net.connect("hidden", "out", weights=rng.normal(0.0, 1.0, (hidden, 2)), delay=delay)
    return net


def crowd() -> Network:
    """Beside what learns: noise, an input that feeds nobody, a pair that feeds only itself."""
    net = chain(1.0)
    net.add("noise", 9, "poisson", rate=300.0)
    net.add("idle", 3, "rate")
    net.add("left", 4, "adex")
    net.add("right", 4, "lif")
    net.connect("noise", "hidden", weights=0.3)
    net.connect("noise", "left", weights=30.0)
    net.connect("left", "right", weights=20.0)
    net.connect("right", "left", weights=1.0)
    return net


def short_cut() -> Network:
    """A population that reaches the output at once, and with long delays over others."""
    net = chain(7.0)
    net.add("late", 3, "cubalif")
    net.connect("hidden", "late", weights=20.0, delay=20.0)
    net.connect("late", "out", weights=0.5)
    net.connect("in", "out", weights=0.2)
    return net


def far_noise() -> Network:
    """Noise on so long a way that its last layer has nothing to learn within a run."""
    net = chain(1.0)
    net.add("noise", 4, "poisson", rate=300.0)
    net.add("far", 3, "lif")
    net.connect("noise", "far", weights=20.0)
    net.connect("far", "hidden", weights=0.5, delay=60.0)
    return net


EDGES: List[Tuple[str, Callable[[], Network], int]] = [
    ("one of each", lambda: classifier((1, 1, 2), seed=1), 30),
    ("65 inputs, one hidden", lambda: classifier((65, 1, 2), seed=1), 16),
    ("odd sizes", lambda: classifier((63, 65, 3), seed=2), 16),
    ("one tick", lambda: classifier((30, 20, 2), seed=2), 1),
    ("delay of a chunk", lambda: chain(8.0), 16),
    ("delays beyond a run", lambda: chain(40.0), 3),
    ("a run longer than a frame's table", lambda: chain(1.0), 200),
    ("silence that would become denormal", lambda: chain(100.0, tau_m=2.0), 20),
    ("plain populations", lambda: chain(1.0, refractory=0.0), 30),
    ("a crowd", crowd, 30),
    ("far noise", far_noise, 10),
    ("a short cut", short_cut, 40),
]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, _, _ in EDGES])
def test_gradients_at_edges(name: str) -> None:
    _, make, shown = next(edge for edge in EDGES if edge[0] == name)
    case = case_of(make(), shown)
    outcome = compare(case)
    assert outcome.error is None, outcome.error
    assert outcome.alive == outcome.learned - 2 * (name == "far noise")
    for shards, others in zip(work(case, 1).shards, work(case, 4).shards):
        assert shards.tobytes() == others.tobytes()


def test_one_class_is_answered() -> None:
    found = answers(classifier((64, 16, 1)), np.full((3, 64), 0.7))
    assert found.classes.tolist() == [0, 0, 0] and found.score.shape == (3, 1)


def test_more_samples_than_are_answered_at_once() -> None:
    net, inputs = classifier((8, 16, 3)), np.random.default_rng(1).uniform(0.0, 1.0, (200, 8))
    whole = answers(net, inputs)
    parts = [answers(net, inputs[k : k + 7]) for k in range(0, 200, 7)]
    assert np.array_equal(whole.score, np.concatenate([part.score for part in parts]))
    assert (whole.events, whole.spikes) == (sum(p.events for p in parts), sum(p.spikes for p in parts))


def test_a_batch_smaller_than_the_shards() -> None:
    weights = []
    for threads in (1, 4):
        net = classifier((8, 16, 3), seed=1)
        train(net, np.random.default_rng(1).uniform(0, 1, (3, 8)), [0, 1, 2], epochs=2, threads=threads, progress=False)
        weights.append(net.get_weights()["hidden->output"])
    assert np.array_equal(*weights) and np.isfinite(weights[0]).all()


def test_synapses_that_are_not_there_stay_away() -> None:
    net, rng = classifier((8, 16, 3), seed=1), np.random.default_rng(2)
    holes = rng.random((8, 16)) < 0.3
    net.set_weights({"input->hidden": np.where(holes, 0.0, net.get_weights()["input->hidden"])})
    train(net, rng.uniform(0, 1, (40, 8)), rng.integers(0, 3, 40), epochs=3, progress=False)
    assert not net.get_weights()["input->hidden"][holes].any()
    assert net.projections["input->hidden"].count == (~holes).sum()
    # what the trainer ran is what the network answers
    assert predict(net, rng.uniform(0, 1, (5, 8))).shape == (5,)


def test_parallel_synapses_learn_alike() -> None:
    net = chain(1.0)
    net.connect("in", "out", synapses=([0, 0, 1], [0, 0, 1], [0.5, 0.2, 0.3]))
    case = case_of(net, 16)
    assert compare(case).error is None
    total = sum(work(case).shards)[case.places["in->out"]]
    assert total[0] == total[1] != 0.0
