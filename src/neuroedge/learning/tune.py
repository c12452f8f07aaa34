"""Fine-tuning: a pruned or rounded network learns again, from labels, from the network that it came from, or both."""

from typing import Any, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, NotReadyError, ParameterError, warn
from ..network.graph import Network
from .answers import work
from .layout import layout_of
from .task import Task, asked, features_of, pair, taught, unit_of
from .train import HEAT, Advice, History, Lessons, Vary, chances, gain_of, give_lessons

__all__ = ["ancestor", "fine_tune"]

# share of the other network's answers in the loss, where there are labels too
SHARE = 0.5

# samples that are made up where nothing else is known
GENERATED = 512


def fine_tune(
    network: Network, epochs: int = 10, data: Optional[Tuple[Any, Any]] = None, duration: float = 16.0, dt: float = 1.0,
    rate: float = 5e-3, batch: int = 32, seed: Optional[int] = None, bits: Optional[int] = None,
    vary: Optional[Vary] = None, validation: Optional[Tuple[Any, Any]] = None, threads: Optional[int] = None,
    memory_limit: Optional[int] = None, progress: bool = True,
) -> History:  # fmt: skip
    """Teach a network again, in place; returns the history. Synapses that were pruned stay pruned.

    data: (inputs, labels), as `train` takes them; where the network was pruned or quantised from another
    (`network.parent`), half of the loss is how that one answers (Hinton et al. 2015, arXiv:1503.02531). Without data
    it learns to answer as that one on the samples that either has last seen, or on generated ones. bits: weights are
    rounded to so many (2 to 8) in the forward pass, so that the network learns to live with it; default 8 for networks
    that are made for int8. The other arguments as for `train`. NotReadyError without data and without a parent.
    """
    if not isinstance(network, Network):
        raise ArgumentTypeError(f"fine_tune: network must be a Network (got {type(network).__name__})")
    parent = ancestor(network)
    if data is None and parent is None:
        raise NotReadyError(
            f"fine_tune: {network!r} was not pruned from another, so it needs data: fine_tune(network, epochs, "
            "data=(inputs, labels))"
        )
    if data is not None:
        task = taught("fine_tune", network, *pair("fine_tune", data), duration, dt, least=2)
    else:
        task = asked("fine_tune", network, _known(network, parent, dt), duration, dt)
    advice = None if parent is None else _advice(network, parent, task)
    share = 0.0 if advice is None else SHARE if data is not None else 1.0
    if bits is None and network.precision == "int8":
        bits = 8
    lessons = Lessons(
        checks.count("fine_tune", "epochs", epochs), checks.positive("fine_tune", "rate", rate),
        checks.count("fine_tune", "batch", batch),
        network.seed if seed is None else checks.whole("fine_tune", "seed", seed, 0), advice, share, validation, vary,
        bits=bits, threads=threads, memory_limit=memory_limit,
        progress=checks.boolean("fine_tune", "progress", progress),
    )  # fmt: skip
    return give_lessons("fine_tune", network, task, lessons)


def ancestor(network: Network) -> Optional[Network]:
    """The network that this one came from in the first place, by any number of steps; None if it came from none."""
    found = network.parent
    while found is not None and found.parent is not None:
        found = found.parent
    return found


def _known(network: Network, parent: Optional[Network], dt: float) -> np.ndarray:
    """Samples that the network or its parent has last seen, or made up ones."""
    for owner in (network, parent):
        if owner is not None and owner.seen is not None:
            return owner.seen
    features = features_of(network, layout_of(network, checks.positive("fine_tune", "dt", dt, "ms")))
    cure = "with real ones, data=(inputs, labels), it gets better"
    warn(f"fine_tune: no samples are known, so {GENERATED} are made up; {cure}")
    rng = np.random.Generator(np.random.PCG64([network.seed, 3]))
    # most values are low, as they are in pictures and sensors
    return (rng.random((GENERATED, features), np.float32) ** 2).astype(np.float32)


def _advice(network: Network, parent: Network, task: Task) -> Advice:
    """What the parent answers, as chances at HEAT."""
    layout = layout_of(parent, task.dt)
    classes, own = parent.populations[layout.output].size, network.populations[task.layout.output].size
    features = features_of(parent, layout)
    if (features, classes) != (task.inputs.shape[1], own):
        raise ParameterError(
            f"fine_tune: the parent takes {features} values and tells {classes} classes apart, the network "
            f"{task.inputs.shape[1]} and {own}; set network.parent = None and give data"
        )
    gain = gain_of(parent, layout) / (unit_of(parent, layout) * HEAT)

    def advice(inputs: np.ndarray) -> np.ndarray:
        found = work(parent, Task(layout, inputs, np.full(len(inputs), -1, np.int32), task.ticks, task.dt))
        return chances(found.score * np.float32(task.dt * gain))

    return advice
