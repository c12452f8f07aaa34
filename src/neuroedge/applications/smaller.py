"""The recipe that makes a network smaller: prune, fine-tune, fewer bits; what a network cannot have is left out."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import checks
from ..errors import NeuroedgeError, ParameterError, UnsupportedError, shown
from ..learning import Variation, fine_tune, layout_of
from ..learning.task import learnable
from ..network.graph import Network
from ..optimize import NetworkPruner, Quantizer
from ..plan.compile import compile_network
from ..plan.precision import device_precision
from .classify import SHOWN

__all__ = ["Recipe", "Smaller", "Step", "augmented", "checked_recipe", "smaller", "why_untaught"]

# of codes in an int8 plan; fewer are asked for by `bits`
BITS = 8

# of potentials and sums, where weights have fewer bits than a byte
VOLTAGE_BITS, CURRENT_BITS = 16, 16

# samples that show how large sums get
CALIBRATED = 256


class Recipe(NamedTuple):
    """keep: share of the synapses that stay; precision: to run in, "float32", "float16" or "int8"; bits: of weights,
    2 to 8, default 8 in int8; epochs and rate: of fine-tuning, none with 0 epochs; duration: ms that a sample is shown;
    dt: ms; seed: of fine-tuning, default the network's."""

    keep: float = 1.0
    precision: str = "float32"
    bits: Optional[int] = None
    epochs: int = 10
    rate: float = 2e-3
    duration: float = SHOWN
    dt: float = 1.0
    seed: Optional[int] = None
    threads: Optional[int] = None
    progress: bool = True


class Step(NamedTuple):
    """What a network is after a step, and the precision that it runs in there."""

    name: str
    network: Network
    precision: str


class Smaller(NamedTuple):
    """steps: in their order, the network as it was given first; notes: what was left out, and why."""

    steps: Sequence[Step]
    notes: Sequence[str]

    @property
    def network(self) -> Network:
        """The one after the last step."""
        return self.steps[-1].network


def checked_recipe(recipe: Recipe) -> Recipe:
    """The recipe, if it can be meant: ParameterError, ArgumentTypeError or UnknownNameError if not."""
    if isinstance(recipe.keep, (int, float)) and 2.0 <= recipe.keep <= 100.0:
        share = f"{recipe.keep / 100.0:g} keeps {recipe.keep:g} %"
        raise ParameterError(f"shrink: keep must be above 0, at most 1 (got {recipe.keep:g}); {share}")
    checks.probability("shrink", "keep", recipe.keep)
    precision = device_precision(recipe.precision)
    if recipe.bits is not None:
        if precision != "int8":
            raise ParameterError(f"shrink: bits are of int8 weights (got {recipe.bits} with {precision})")
        if not 2 <= checks.whole("shrink", "bits", recipe.bits) <= BITS:
            raise ParameterError(f"shrink: bits must be 2 to {BITS} (got {shown(recipe.bits)})")
    checks.whole("shrink", "epochs", recipe.epochs, least=0)
    checks.positive("shrink", "rate", recipe.rate)
    checks.ticks_of("shrink", recipe.duration, checks.positive("shrink", "dt", recipe.dt, "ms"))
    return recipe._replace(precision=precision)


def augmented(inputs: np.ndarray, vary: Variation) -> np.ndarray:
    """Samples, and each of them in two variations."""
    return np.concatenate([inputs, vary(inputs, 0), vary(inputs, 1)])


def why_untaught(network: Network, dt: float) -> Optional[str]:
    """Why a network cannot be fine-tuned, or None if it can."""
    try:
        learnable(network, layout_of(network, dt))
    except NeuroedgeError as error:
        return str(error)
    return None


def smaller(
    network: Network, recipe: Recipe, data: Optional[Tuple[Any, Any]] = None, calibration: Optional[np.ndarray] = None,
    begin: Optional[str] = None,
) -> Smaller:  # fmt: skip
    """Make a network smaller; the given one stays as it is.

    data: (inputs, labels) to fine-tune with; without, it learns to answer as the given network does on `network.seen`.
    calibration: samples [n, features] in 0 … 1 that pruning and bits are chosen by, default those of data, or seen.
    begin: precision that the network runs in so far, default its own or float32. Raises UnsupportedError where it
    cannot run in that precision, before any work, and what pruning and fine-tuning raise.
    """
    recipe = checked_recipe(recipe)
    compile_network(network, recipe.dt, recipe.precision)
    before = begin or network.precision or "float32"
    some = data[0] if calibration is None and data is not None else calibration
    steps, notes = [Step("as given", network, before)], []
    made = network.copy()
    if recipe.keep < 1.0:
        made = NetworkPruner(
            sparsity_target=round(1.0 - recipe.keep, 12), calibration=some, duration=recipe.duration, dt=recipe.dt
        ).prune(network)
        steps.append(Step(f"pruned to {100.0 * recipe.keep:g} %", made.copy(), before))
    if recipe.epochs and (recipe.keep < 1.0 or recipe.precision == "int8"):
        untaught = why_untaught(network, recipe.dt)
        if untaught is None:
            _tune(made, network, recipe, data)
            steps.append(Step("fine-tuned", made.copy(), before))
        else:
            notes.append(f"fine-tuning is left out: {untaught}")
    made = _fewer_bits(made, recipe, some, notes)
    if recipe.precision != before or made.widths is not network.widths:
        bits = f", {recipe.bits} bits" if recipe.bits not in (None, BITS) and made.widths is not network.widths else ""
        steps.append(Step(f"{recipe.precision}{bits}", made, recipe.precision))
    return Smaller([*steps[:-1], steps[-1]._replace(network=made)], notes)


def _tune(made: Network, network: Network, recipe: Recipe, data: Optional[Tuple[Any, Any]]) -> None:
    if data is None and made.parent is None:
        made.parent = network
    bits = (recipe.bits or BITS) if recipe.precision == "int8" else None
    fine_tune(
        made, recipe.epochs, data, recipe.duration, recipe.dt, rate=recipe.rate, seed=recipe.seed, bits=bits,
        threads=recipe.threads, progress=recipe.progress,
    )  # fmt: skip


def _fewer_bits(made: Network, recipe: Recipe, calibration: Optional[np.ndarray], notes: List[str]) -> Network:
    """The network in the precision of the recipe, in integers alone where weights have less than a byte."""
    if recipe.bits in (None, BITS):
        made.precision = recipe.precision
        return made
    # evenly over all of them
    some = None if calibration is None else calibration[:: -(-len(calibration) // CALIBRATED)]
    ticks = checks.ticks_of("shrink", recipe.duration, recipe.dt)
    try:
        quantized = Quantizer().quantize_neurons(made, VOLTAGE_BITS, CURRENT_BITS, recipe.bits, some, ticks, recipe.dt)
    except UnsupportedError as error:
        notes.append(f"weights of {recipe.bits} bits are left out, they have 8: {error}")
        made.precision = recipe.precision
        return made
    return quantized
