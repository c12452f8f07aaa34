"""How a network is taught: everything that training can be told, checked before any work."""

import inspect
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from ..network.graph import Network
from ..plan.plan import MAX_THREADS

__all__ = ["Advice", "Lessons", "OPTIONS", "Thin", "Vary", "lessons_of"]

# options of `train`, and of all that trains
OPTIONS = ("batch", "decay", "memory_limit", "progress", "rate", "seed", "threads", "validation", "vary")

# thresholds that a weight may move in a step
MOST_RATE = 1.0

# (inputs, epoch) -> what this epoch sees in their place, of the same shape
Vary = Callable[[np.ndarray, int], np.ndarray]

# inputs -> chances of each class that another network gives, float32 [samples, classes]
Advice = Callable[[np.ndarray], np.ndarray]

# {projection: bool of each synapse that lives} for the step `step` of `steps`, from the weights as they are, or None
Thin = Callable[[int, int, Mapping[str, np.ndarray]], Optional[Mapping[str, np.ndarray]]]


class Lessons(NamedTuple):
    """How to teach. rate: step of Adam in thresholds; advice: what another network answers, and the share of the loss
    that it makes; validation: (inputs, labels) held out; vary: what each epoch sees; thin: prunes while training; bits:
    weights are rounded to so many in the forward pass."""

    epochs: int
    rate: float = 5e-3
    batch: int = 32
    seed: int = 0
    validation: Optional[Tuple[Any, Any]] = None
    vary: Optional[Vary] = None
    decay: float = 0.0
    threads: Optional[int] = None
    memory_limit: Optional[int] = None
    progress: bool = True
    bits: Optional[int] = None
    advice: Optional[Advice] = None
    share: float = 0.0
    thin: Optional[Thin] = None


def lessons_of(owner: str, network: Network, epochs: int, options: Mapping[str, Any]) -> Lessons:
    """Lessons of these options, each as `train` documents it, and bits. Raises ParameterError and ArgumentTypeError."""
    lessons = Lessons(checks.count(owner, "epochs", epochs))._replace(**options)
    rate = checks.positive(owner, "rate", lessons.rate)
    if rate > MOST_RATE:
        rule = f"rate must be at most {MOST_RATE:g}, thresholds a step"
        raise ParameterError(f"{owner}: {rule} (got {shown(lessons.rate)}); 0.005 is usual")
    decay = checks.not_negative(owner, "decay", lessons.decay)
    if rate * decay >= 1.0:
        raise ParameterError(f"{owner}: decay must be below 1/rate = {1.0 / rate:g} (got {shown(lessons.decay)})")
    if lessons.threads is not None:
        checks.count(owner, "threads", lessons.threads, MAX_THREADS)
    if lessons.vary is not None:
        _must_vary(owner, lessons.vary)
    if lessons.bits is not None and not 2 <= checks.whole(owner, "bits", lessons.bits) <= 8:
        raise ParameterError(f"{owner}: bits must be 2 to 8 (got {shown(lessons.bits)})")
    seed = network.seed if lessons.seed is None else checks.whole(owner, "seed", lessons.seed, least=0)
    checks.boolean(owner, "progress", lessons.progress)
    return lessons._replace(rate=rate, decay=decay, batch=checks.count(owner, "batch", lessons.batch), seed=seed)


def _must_vary(owner: str, vary: Any) -> None:
    """It can be called with inputs and an epoch."""
    rule = f"{owner}: vary must be a function of (inputs, epoch), such as neuroedge.Variation((8, 8))"
    if not callable(vary):
        raise ArgumentTypeError(f"{rule} (got {shown(vary)})")
    try:
        inspect.signature(vary).bind(None, 0)
    except ValueError:
        # of some built-in functions the arguments are not known
        return
    except TypeError as error:
        raise ArgumentTypeError(f"{rule} ({error})") from None
