"""Gradients by backpropagation through time, in torch: what the online rule is an approximation of.

`python tests/learning/bptt.py` computes those of `LESSONS` anew and writes them to bptt.npz (torch 2.13.0, float64), so
that they can be compared with where there is no torch.
"""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from neuroedge import Network
from neuroedge.applications.classify import classifier, load_digits
from neuroedge.encoding.rate import regular_spikes
from neuroedge.engines.library import SHARDS
from neuroedge.learning import train
from neuroedge.learning.layout import layout_of
from neuroedge.learning.places import places
from neuroedge.learning.school import Batch, School
from neuroedge.learning.task import learnable
from neuroedge.plan.compile import compile_network

__all__ = ["FIXTURE", "LESSONS", "Lesson", "by_rule", "by_time", "cosines", "digits_lesson", "with_weights"]

FIXTURE = Path(__file__).resolve().parent / "bptt.npz"

# leaks of the classifier's layers, and how far apart its chances are driven (learning/train.py)
LEAK, READOUT_LEAK, GAIN, STEEP = 1.0 - 2.0**-3, 1.0 - 2.0**-4, 0.5, 5.0


class Lesson(NamedTuple):
    """inputs float32 [samples, 64], labels int32 [samples], each shown for so many ticks."""

    network: Network
    inputs: np.ndarray
    labels: np.ndarray
    shown: int


def digits_lesson(sizes: Tuple[int, ...], shown: int, epochs: int = 0, loop: bool = False, samples: int = 32) -> Lesson:
    """A classifier, at the start or after some epochs, and digits that it has not learned: of those that it answers
    rightly only rounding is left to compare. With a loop its first hidden layer feeds itself."""
    digits, net = load_digits(), classifier(sizes, seed=1)
    if loop:
        weight = np.random.default_rng(2).normal(0.0, 0.5 / np.sqrt(sizes[1]), (sizes[1], sizes[1]))
        first = next(name for name in net.populations if name.startswith("hidden"))
        net.connect(first, first, weights=weight)
    if epochs:
        train(net, digits.inputs, digits.labels, epochs=epochs, progress=False)
    return Lesson(net, digits.test_inputs[:samples], digits.test_labels[:samples].astype(np.int32), shown)


# name: arguments of `digits_lesson`
LESSONS: Dict[str, Dict[str, Any]] = {
    "one step": {"sizes": (64, 16, 10), "shown": 1},
    "start": {"sizes": (64, 16, 10), "shown": 16},
    "trained": {"sizes": (64, 16, 10), "shown": 16, "epochs": 10},
    "deep": {"sizes": (64, 16, 12, 10), "shown": 16, "epochs": 10},
    "loop": {"sizes": (64, 16, 10), "shown": 16, "epochs": 10, "loop": True},
}


def by_rule(lesson: Lesson) -> Dict[str, np.ndarray]:
    """Gradients of the native core, summed over the samples, {projection: [pre, post]}."""
    net, layout = lesson.network, layout_of(lesson.network, 1.0)
    plan, learned = compile_network(net, 1.0), learnable(net, layout_of(net, 1.0))
    school = School(net, plan, layout, lesson.shown, learned, plan.weight.copy())
    school.take(Batch(lesson.inputs, lesson.labels, None, (STEEP, 1.0, GAIN, 0.0, 2.0)))
    shards = [np.zeros_like(plan.weight) for _ in range(SHARDS)]
    school.run(np.arange(len(lesson.inputs), dtype=np.int64), shards)
    total, found = sum(shard.astype(np.float64) for shard in shards), places(net, plan)
    return {name: total[found[name]].reshape(net.projections[name].shape) for name in learned}


def by_time(lesson: Lesson) -> Dict[str, np.ndarray]:
    """Gradients of the cross entropy of the mean readout, by torch, in float64, {projection: [pre, post]}."""
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, v: Any) -> Any:
            ctx.save_for_backward(v)
            return (v >= 1.0).to(v.dtype)

        @staticmethod
        def backward(ctx: Any, slope: Any) -> Any:
            return slope / (1.0 + STEEP * (ctx.saved_tensors[0] - 1.0).abs()) ** 2

    net = lesson.network
    weights = {
        name: torch.tensor(q.connectivity.dense().astype(np.float32), dtype=torch.float64, requires_grad=True)
        for name, q in net.projections.items()
    }
    layers, into = list(net.populations)[1:], _into(net)
    given = torch.tensor(_spikes(lesson), dtype=torch.float64)
    shape = {name: (len(lesson.inputs), net.populations[name].size) for name in net.populations}
    fired = {name: torch.zeros(shape[name], dtype=torch.float64) for name in net.populations}
    v, total = dict(fired), torch.zeros(shape["output"], dtype=torch.float64)
    for tick in range(lesson.shown + len(layers)):
        arrived = {name: sum(fired[pre] @ weights[each] for each, pre in into[name]) for name in layers}
        fired = {"input": given[tick] if tick < lesson.shown else torch.zeros_like(given[0])}
        for name in layers:
            v[name] = (READOUT_LEAK if name == "output" else LEAK) * v[name] + arrived[name]
            if name != "output":
                fired[name] = Spike.apply(v[name])
                # what a spike takes off is no way back
                v[name] = v[name] - fired[name].detach()
        total = total + v["output"]
    target = torch.tensor(lesson.labels.astype(np.int64))
    torch.nn.functional.cross_entropy(total * (GAIN / lesson.shown), target, reduction="sum").backward()
    return {name: weight.grad.numpy() for name, weight in weights.items()}


def _into(net: Network) -> Dict[str, List[Tuple[str, str]]]:
    return {
        post: [(name, q.pre.name) for name, q in net.projections.items() if q.post.name == post]
        for post in net.populations
    }


def _spikes(lesson: Lesson) -> np.ndarray:
    """[ticks, samples, inputs]"""
    found = np.zeros((lesson.shown, *lesson.inputs.shape))
    for k, sample in enumerate(lesson.inputs):
        ticks, neurons = regular_spikes(sample, lesson.shown)
        found[ticks, k, neurons] = 1.0
    return found


def cosines(a: Dict[str, np.ndarray], b: Dict[str, np.ndarray]) -> Dict[str, float]:
    """Between the gradients of each projection."""
    return {name: float((a[name] * b[name]).sum() / np.sqrt((a[name] ** 2).sum() * (b[name] ** 2).sum())) for name in b}


def with_weights(lesson: Lesson, weights: Dict[str, np.ndarray]) -> Lesson:
    """The same with other weights."""
    net = lesson.network.copy()
    net.set_weights({name: weights[name].astype(np.float32) for name in net.projections})
    return lesson._replace(network=net)


def main() -> None:
    """Compute the fixture. Weights are kept in half precision, and run as they are kept; so are gradients, as shares of
    their largest, but for those of one step, which are compared one by one."""
    held: Dict[str, np.ndarray] = {}
    for name, arguments in LESSONS.items():
        lesson = digits_lesson(**arguments)
        weights = {each: w.astype(np.float16) for each, w in lesson.network.get_weights().items()}
        for each, gradient in by_time(with_weights(lesson, weights)).items():
            held[f"{name} weight {each}"] = weights[each]
            kept = gradient.astype(np.float32) if lesson.shown == 1 else gradient / np.abs(gradient).max()
            held[f"{name} gradient {each}"] = kept if lesson.shown == 1 else kept.astype(np.float16)
    np.savez_compressed(FIXTURE, **held)


if __name__ == "__main__":
    main()
