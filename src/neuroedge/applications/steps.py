"""The ready-made digits classifier from float32 to pruned int8, step by step, and what each step saves and costs."""

from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..learning.task import Task
from ..network.graph import Network
from ..optimize import report
from .benchmark import inference
from .classify import SHOWN, Digits, load_digits, pictures
from .measure import drawn, int8_is_known, speed_of
from .ready import ready
from .smaller import Recipe, augmented, smaller

__all__ = ["Answered", "DigitsStep", "ShrunkDigits", "remark", "shrink_digits"]

# share of synapses that is kept, epochs of tuning after pruning and in int8
KEPT, TUNED, TUNED_INT8 = 0.2, 10, 5
# s of inferences that are timed, in so many turns, and that draw power, in each step
TIMED, TURNS, DRAWN = 0.4, 5, 0.4
# digits that are shown: the first, and the first of those answered wrongly
FIRST, WRONG = 8, 2


class DigitsStep(NamedTuple):
    """accuracy: share of the test digits; weight_bytes: weights with their indices; nbytes: plan and state, all that
    the device holds; p50_us: median of one inference, values in to class out, µs; microjoules: of one inference, None
    if not known; energy_source: "measured: …" or "estimated: …", or why it is not known; additions: of weights, in one
    inference."""

    name: str
    precision: str
    synapses: int
    accuracy: float
    weight_bytes: int
    nbytes: int
    p50_us: float
    microjoules: Optional[float]
    energy_source: str
    additions: float


class Answered(NamedTuple):
    """A test digit: its pixels [8, 8] in 0 … 1, what it is, and what the last network says that it is."""

    pixels: np.ndarray
    label: int
    answer: int


class ShrunkDigits(NamedTuple):
    """samples: test digits in all, of writers that no step has seen; digits: some of them."""

    steps: Sequence[DigitsStep]
    samples: int
    digits: Sequence[Answered]


@int8_is_known()
def shrink_digits(progress: bool = True) -> ShrunkDigits:
    """Prune the ready-made classifier to 20 % of its synapses, tune it, make it int8, tune it, store it small; measure
    each step here, on one thread. Some ten seconds on a desktop."""
    held = load_digits()
    networks = _networks(ready("digits").network, held, progress)
    works = [inference(network, precision, held, storage) for _, network, precision, storage in networks]
    # in turns, so that what else the machine does meets all of them alike
    turns = [[speed_of(once, len(task.inputs), TIMED / TURNS) for once, task in works] for _ in range(TURNS)]
    p50 = 1e3 * np.median([[speed.latency_ms["p50"] for speed in turn] for turn in turns], axis=0)
    steps = [_step(*named, held, work, float(us)) for named, work, us in zip(networks, works, p50)]
    return ShrunkDigits(steps, len(held.test_labels), _answered(networks[-1], held))


def remark(steps: Sequence[DigitsStep]) -> str:
    """What int8 and pruning have brought, in one sentence or two, by the figures of this run."""
    first, small = steps[0], steps[2]
    shares = [(small.additions, first.additions), (small.nbytes, first.nbytes), (small.p50_us, first.p50_us)]
    additions, nbytes, time = (f"{100.0 * now / before:.0f} %" for now, before in shares)
    text = f"{small.name}: {additions} of the additions, {nbytes} of the bytes, {time} of the time."
    if small.p50_us < 0.9 * first.p50_us:
        return text
    return f"{text} At this size, fewer synapses save this processor no time."


def _networks(network: Network, held: Digits, progress: bool) -> List[Tuple[str, Network, str, str]]:
    """Name, network, precision and storage of each step."""
    data, some = (held.inputs, held.labels), augmented(held.inputs, pictures((8, 8)))
    pruned = smaller(network, Recipe(KEPT, epochs=TUNED, threads=1, progress=progress), data, some).network
    # its teacher stays the network that was pruned
    coded = smaller(pruned, Recipe(precision="int8", epochs=TUNED_INT8, threads=1, progress=progress), data).network
    return [
        ("float32, as shipped", network, "float32", "auto"),
        (f"float32, {KEPT:.0%} kept", pruned, "float32", "auto"),
        (f"int8, {KEPT:.0%} kept", coded, "int8", "auto"),
        ("int8, stored small", coded, "int8", "small"),
    ]


def _step(
    name: str, network: Network, precision: str, storage: str, held: Digits, work: Tuple[Callable[[int], Any], Task],
    p50_us: float,
) -> DigitsStep:  # fmt: skip
    """What a classifier of digits is on this machine, as `DigitsStep` says."""
    told = report({name: (network, precision)}, held.test_inputs, held.test_labels, SHOWN, storage=storage).steps[0]
    once, samples = work[0], range(len(work[1].inputs))
    power = drawn(lambda: [once(k) for k in samples], len(samples), DRAWN)
    measured = power.source.startswith("measured")
    # an estimate of power is that of a busy core: then energy is it times the time
    energy = power.watts and power.watts * p50_us
    if measured and power.joules is not None:
        energy = 1e6 * power.joules
    return DigitsStep(
        name, precision, told.synapses, told.accuracy, told.weight_bytes, told.nbytes, p50_us, energy, power.source,
        told.effective_acs,
    )  # fmt: skip


def _answered(last: Tuple[str, Network, str, str], held: Digits) -> List[Answered]:
    _, network, precision, storage = last
    once, task = inference(network, precision, held, storage)
    answers = np.array([once(k) for k in range(len(task.inputs))])
    wrong = np.flatnonzero(answers != held.test_labels)
    picked = sorted({*range(FIRST), *wrong[wrong >= FIRST][:WRONG].tolist()})
    return [Answered(held.test_inputs[k].reshape(8, 8), int(held.test_labels[k]), int(answers[k])) for k in picked]
