"""Classifiers of values in 0 … 1, and the handwritten digits that come with the package."""

from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError, shown
from ..learning import Variation, train
from ..network.graph import Network
from .shipped import shipped

__all__ = ["DIGITS_FILE", "SHOWN", "Digits", "classifier", "digits_classifier", "load_digits", "pictures"]

DIGITS_FILE = "digits_8x8.npz"
# ms that a sample is shown, unless a model says otherwise
SHOWN = 16.0
# leaks of 1 − 2^-3 and 1 − 2^-4 a step of 1 ms
HIDDEN_TAU, READOUT_TAU = 7.488876, 15.494461


class Digits(NamedTuple):
    """Handwritten digits of 8 × 8 pixels: 1,257 to learn from, 540 to test with. Inputs float32 [n, 64] in 0 … 1."""

    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray


def load_digits() -> Digits:
    """The digits that come with the package (data/README.md has source and licence)."""
    with np.load(shipped(DIGITS_FILE), allow_pickle=False) as held:
        inputs = held["images"].reshape(-1, 64).astype(np.float32) / np.float32(16.0)
        labels = held["labels"].astype(np.int64)
    return Digits(inputs[:1257], labels[:1257], inputs[1257:], labels[1257:])


def classifier(sizes: Sequence[int] = (64, 128, 10), seed: int = 0, name: str = "classifier") -> Network:
    """A network that takes sizes[0] values and tells sizes[-1] classes apart once it is trained.

    Input spikes → LIF layers (threshold 1 mV, leak 1 − 2^-3 a ms, lowered by the threshold at a spike, no
    refractoriness) → leaky integrators (leak 1 − 2^-4), with random weights.
    """
    rule = "[inputs, hidden, …, classes]"
    widths = [checks.count("classifier", "sizes", n) for n in checks.several("classifier", "sizes", sizes, rule)]
    if len(widths) < 3:
        raise ParameterError(f"classifier: sizes must be {rule} (got {shown(sizes)})")
    net = Network(name, seed=checks.whole("classifier", "seed", seed, least=0))
    rng = np.random.Generator(np.random.PCG64([net.seed, 1]))
    net.add("input", widths[0], "rate")
    before, last = "input", len(widths) - 2
    for k, (fan_in, n) in enumerate(zip(widths[:-1], widths[1:])):
        layer = "output" if k == last else "hidden" if last == 1 else f"hidden{k + 1}"
        weight = rng.normal(0.0, _spread(fan_in, k == last), (fan_in, n)).astype(np.float32)
        if k == last:
            net.add(layer, n, "li", tau_m=READOUT_TAU, v_rest=0.0)
        else:
            net.add(
                layer, n, "lif", tau_m=HIDDEN_TAU, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0,
                reset="subtract",
            )  # fmt: skip
        net.connect(before, layer, weights=weight)
        before = layer
    return net


def digits_classifier(
    seed: int = 0, epochs: int = 400, progress: bool = True, digits: Optional[Digits] = None
) -> Network:
    """The reference classifier, 64-128-10, taught the digits that come with the package; some ten seconds on a desktop.

    Every epoch sees the training pictures turned, sheared, stretched and shifted another way: the test digits are of
    other writers. The recipe was chosen on writers held out of the training digits.
    """
    network, held = classifier(seed=seed, name="digits"), load_digits() if digits is None else digits
    train(
        network, held.inputs, held.labels, epochs, rate=1e-2, decay=0.05, progress=progress,
        vary=pictures((8, 8), network.seed),
    )  # fmt: skip
    return network


def pictures(shape: Tuple[int, int], seed: int = 0) -> Variation:
    """Pictures (height, width) as other hands write them: turned, sheared, stretched, shifted by a sixteenth."""
    sides = checks.several("pictures", "shape", shape, "(height, width)")
    shift = min(checks.count("pictures", "shape", side) for side in sides) / 16.0
    return Variation(shape, turn=0.35, shear=0.3, stretch=0.2, shift=shift, seed=seed)


def _spread(fan_in: int, readout: bool) -> float:
    return (1.0 if readout else 1.5) / float(np.sqrt(fan_in))
