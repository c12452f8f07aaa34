"""Fine-tuning: a pruned or rounded network learns again, from labels, from the network that it came from, or both."""

from typing import Any, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import NotReadyError, ParameterError, shown, warn
from ..network.graph import Network
from .answers import work
from .layout import Layout, layout_of
from .lessons import Advice, Vary, lessons_of
from .task import Task, asked, features_of, must_be_network, pair, taught, unit_of
from .train import HEAT, History, chances, gain_of, give_lessons

__all__ = ["ancestor", "fine_tune"]

# share of the other network's answers in the loss, where there are labels too
SHARE = 0.5

# samples that are made up where nothing else is known
GENERATED = 512


def fine_tune(
    network: Network, epochs: int = 10, data: Optional[Tuple[Any, Any]] = None, duration: float = 16.0, dt: float = 1.0,
    rate: float = 2e-3, batch: int = 32, seed: Optional[int] = None, bits: Optional[int] = None,
    vary: Optional[Vary] = None, decay: float = 0.0, validation: Optional[Tuple[Any, Any]] = None,
    threads: Optional[int] = None, memory_limit: Optional[int] = None, progress: bool = True,
) -> History:  # fmt: skip
    """Teach a network again, in place; returns the history. Synapses that were pruned stay pruned.

    data: (inputs, labels), as `train` takes them; where the network was pruned or quantised from another
    (`network.parent`), half of the loss is how that one answers (Hinton et al. 2015, arXiv:1503.02531). Without data
    it learns to answer as that one on the samples that either has last seen, or on generated ones. bits: weights are
    rounded to so many (2 to 8) in the forward pass, so that the network learns to live with it; default 8 for networks
    that are made for int8. The other arguments as for `train`. NotReadyError without data and without a parent.
    """
    must_be_network("fine_tune", network)
    parent = ancestor(network)
    if bits is None and network.precision == "int8":
        bits = 8
    options = dict(rate=rate, batch=batch, seed=seed, bits=bits, vary=vary, decay=decay, validation=validation,
                   threads=threads, memory_limit=memory_limit, progress=progress)  # fmt: skip
    lessons = lessons_of("fine_tune", network, epochs, options)
    if data is None and parent is None:
        raise NotReadyError(
            f"fine_tune: {network!r} was not pruned from another, so it needs data: fine_tune(network, epochs, "
            "data=(inputs, labels))"
        )
    step = checks.positive("fine_tune", "dt", dt, "ms")
    checks.ticks_of("fine_tune", duration, step)
    layout = None if parent is None else _same_task(network, parent, step)
    if data is not None:
        task = taught("fine_tune", network, *pair("fine_tune", "data", data), duration, dt, least=2)
    else:
        task = asked("fine_tune", network, _known(network, parent, dt), duration, dt)
    if parent is not None and layout is not None:
        advice = _advice(parent, layout, task)
        lessons = lessons._replace(advice=advice, share=1.0 if data is None else SHARE)
    return give_lessons("fine_tune", network, task, lessons)


def ancestor(network: Network) -> Optional[Network]:
    """The network that this one came from in the first place, by any number of steps; None if it came from none."""
    found, passed = network, [network]
    while found.parent is not None:
        found = found.parent
        if not isinstance(found, Network) or any(found is one for one in passed):
            rule = "parent must be the Network that this one came from, or None"
            raise ParameterError(f"Network {network.name!r}: {rule} (got {shown(found)})")
        passed.append(found)
    return None if found is network else found


def _known(network: Network, parent: Optional[Network], dt: float) -> np.ndarray:
    """Samples that the network or its parent has last seen, or made up ones."""
    features = features_of(network, layout_of(network, dt))
    for owner in (network, parent):
        # what was seen before populations were added is of no use
        if owner is not None and owner.seen is not None and owner.seen.shape[1:] == (features,):
            return owner.seen
    cure = "it gets better with real ones, data=(inputs, labels)"
    warn(f"fine_tune: no samples are known of {network!r}, so it learns on {GENERATED} that are made up; {cure}")
    rng = np.random.Generator(np.random.PCG64([network.seed, 3]))
    # most values are low, as they are in pictures and sensors
    return (rng.random((GENERATED, features), np.float32) ** 2).astype(np.float32)


def _same_task(network: Network, parent: Network, dt: float) -> Layout:
    """The layout of the parent, which must take as many values, and tell as many classes apart, as the network."""
    theirs, ours = (
        (layout, features_of(one, layout), one.populations[layout.output].size)
        for one, layout in ((one, layout_of(one, dt)) for one in (parent, network))
    )
    if theirs[1:] != ours[1:]:
        raise ParameterError(
            f"fine_tune: the parent takes {theirs[1]} values and tells {theirs[2]} classes apart, the network "
            f"{ours[1]} and {ours[2]}; set network.parent = None and give data"
        )
    return theirs[0]


def _advice(parent: Network, layout: Layout, task: Task) -> Advice:
    """What the parent answers, as chances at HEAT."""
    gain = gain_of(parent, layout) / (unit_of(parent, layout) * HEAT)

    def advice(inputs: np.ndarray) -> np.ndarray:
        found = work(parent, Task(layout, inputs, np.full(len(inputs), -1, np.int32), task.ticks, task.dt))
        return chances(found.score * np.float32(task.dt * gain))

    return advice
