"""The ready-made digits classifier from float32 to pruned int8, step by step, and what each step saves and costs."""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

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
# s of inferences that are timed, and that draw power, in each step
TIMED, DRAWN = 0.3, 0.4
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
    steps = [_step(name, network, precision, storage, held) for name, network, precision, storage in networks]
    return ShrunkDigits(steps, len(held.test_labels), _answered(networks[-1], held))


def remark(steps: Sequence[DigitsStep]) -> str:
    """What int8 and pruning have brought, in one sentence or two, by the figures of this run."""
    first, small = steps[0], steps[2]
    shares = [(small.additions, first.additions), (small.nbytes, first.nbytes), (small.p50_us, first.p50_us)]
    additions, nbytes, time = (f"{100.0 * now / before:.0f} %" for now, before in shares)
    text = f"{small.name}: {additions} of the additions, {nbytes} of the bytes, {time} of the time."
    if small.p50_us < 0.9 * first.p50_us:
        return text
    return f"{text} At this size, this processor is as fast with all of the synapses."


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


def _step(name: str, network: Network, precision: str, storage: str, held: Digits) -> DigitsStep:
    """Measure a classifier of digits on this machine, as `DigitsStep` says."""
    told = report({name: (network, precision)}, held.test_inputs, held.test_labels, SHOWN, storage=storage).steps[0]
    once, task = inference(network, precision, held, storage)
    samples = range(len(task.inputs))
    speed = speed_of(once, len(samples), TIMED)
    power = drawn(lambda: [once(k) for k in samples], len(samples), DRAWN)
    return DigitsStep(
        name, precision, told.synapses, told.accuracy, told.weight_bytes, told.nbytes,
        1e3 * speed.latency_ms["p50"], None if power.joules is None else 1e6 * power.joules, power.source,
        told.effective_acs,
    )  # fmt: skip


def _answered(last: Tuple[str, Network, str, str], held: Digits) -> List[Answered]:
    _, network, precision, storage = last
    once, task = inference(network, precision, held, storage)
    answers = np.array([once(k) for k in range(len(task.inputs))])
    wrong = np.flatnonzero(answers != held.test_labels)
    picked = sorted({*range(FIRST), *wrong[wrong >= FIRST][:WRONG].tolist()})
    return [Answered(held.test_inputs[k].reshape(8, 8), int(held.test_labels[k]), int(answers[k])) for k in picked]
