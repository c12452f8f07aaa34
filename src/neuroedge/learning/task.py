"""What a network is taught or asked: samples, labels, and whether it can learn at all. Checked before any work."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from .. import checks
from ..encoding.rate import unit_values
from ..errors import ArgumentTypeError, ParameterError, UnsupportedError, shown
from ..network.graph import Network, Population
from ..network.neurons import LI, LIF
from ..network.synapses import Alpha
from .layout import Layout, layout_of

__all__ = [
    "SEEN",
    "Task",
    "asked",
    "features_of",
    "keep_seen",
    "learnable",
    "must_be_network",
    "pair",
    "taught",
    "unit_of",
    "units_of",
]

# samples that a network keeps to be pruned or tuned by later
SEEN = 1024


class Task(NamedTuple):
    """inputs float32 [samples, features] in 0 … 1; labels int32 [samples], -1 where there is none; ticks: how long each
    is shown."""

    layout: Layout
    inputs: np.ndarray
    labels: np.ndarray
    ticks: int
    dt: float


def features_of(network: Network, layout: Layout) -> int:
    """Values in a sample: one for each input neuron, populations in order of adding."""
    return sum(network.populations[name].size for name in layout.inputs)


def must_be_network(owner: str, network: Any) -> None:
    """It is a network, and not what holds one."""
    if not isinstance(network, Network):
        cure = "; take its network, api.network" if hasattr(network, "add_sensory_layer") else ""
        raise ArgumentTypeError(f"{owner}: network must be a Network (got {type(network).__name__}){cure}")


def asked(owner: str, network: Any, inputs: Any, duration: float, dt: float) -> Task:
    """Samples without labels."""
    must_be_network(owner, network)
    step = checks.positive(owner, "dt", dt, "ms")
    ticks = checks.ticks_of(owner, duration, step)
    layout = layout_of(network, step)
    samples = unit_values(owner, inputs, (-1, features_of(network, layout)))
    if not len(samples):
        raise ParameterError(f"{owner}: inputs must hold at least one sample (got none)")
    return Task(layout, samples, np.full(len(samples), -1, np.int32), ticks, step)


def taught(owner: str, network: Any, inputs: Any, labels: Any, duration: float, dt: float, least: int = 1) -> Task:
    """Samples with labels, whole numbers from 0 to classes − 1, of at least `least` different classes."""
    task = asked(owner, network, inputs, duration, dt)
    classes = network.populations[task.layout.output].size
    given = checks.whole_array(owner, "labels", labels)
    if len(given) != len(task.inputs):
        raise ParameterError(f"{owner}: labels must be {len(task.inputs):,}, one a sample (got {len(given):,})")
    known = checks.indices(owner, "labels", given, classes).astype(np.int32)
    if len(np.unique(known)) < least:
        raise ParameterError(f"{owner}: labels must be of at least {least} classes (all are {int(known[0])})")
    return task._replace(labels=np.ascontiguousarray(known))


def keep_seen(network: Network, inputs: np.ndarray, anew: bool = True) -> None:
    """Remember what the network is used on, for those who prune or tune it without data: evenly over all samples.
    anew: in place of what is remembered already."""
    if network.seen is not None and not anew:
        return
    take = np.unique(np.linspace(0, len(inputs) - 1, min(len(inputs), SEEN)).astype(np.int64))
    network.seen = np.ascontiguousarray(inputs[take])


def learnable(network: Network, layout: Layout) -> List[str]:
    """Projections that learn: all into populations on the way to the output. UnsupportedError names what cannot."""
    for name in layout.order:
        _must_learn(network.populations[name], last=name == layout.output)
    found = [n for n, q in network.projections.items() if q.post.name in layout.order]
    for name in found:
        synapse = network.projections[name].synapse
        if isinstance(synapse, Alpha):
            raise UnsupportedError(f"Projection {name!r}: learning takes delta and exponential synapses, not alpha")
        if np.ndim(getattr(synapse, "tau", 0.0)):
            raise UnsupportedError(f"Projection {name!r}: learning takes one tau for all synapses (got one a target)")
        if network.projections[name].connectivity.count == 0:
            raise ParameterError(f"Projection {name!r} has no synapses that could learn; connect it anew")
    return found


def _must_learn(population: Population, last: bool) -> None:
    model = population.model
    if not isinstance(model, LIF) and not (last and isinstance(model, LI)):
        raise UnsupportedError(
            f"{population.owner}: {model.name} neurons do not learn; use lif, cubalif or alif, and li for the output"
        )
    if np.ndim(model.tau_m):
        raise UnsupportedError(f"{population.owner}: learning takes one tau_m for all neurons (got one each)")
    if isinstance(model, LIF) and not np.all(np.asarray(model.v_threshold) > np.asarray(model.v_rest)):
        raise UnsupportedError(f"{population.owner}: learning takes thresholds above rest")


def unit_of(network: Network, layout: Layout) -> float:
    """What the output is measured in: 1 spike; for leaky integrators the mean threshold of what feeds them, mV."""
    if not isinstance(network.populations[layout.output].model, LI):
        return 1.0
    feeds = [q.pre.model for q in network.projections.values() if q.post.name == layout.output]
    drives = [float(model.drive) for model in feeds if isinstance(model, LIF)]
    return sum(drives) / len(drives) if drives else LIF().drive


def units_of(network: Network, layout: Layout, learned: List[str]) -> Dict[str, float]:
    """mV that weights of each projection are measured in: the threshold of its target."""
    found = {}
    for name in learned:
        post = network.projections[name].post
        readout = post.name == layout.output and not post.model.spiking
        found[name] = unit_of(network, layout) if readout else _drive(post)
    return found


def _drive(population: Population) -> float:
    return float(population.model.drive)


def pair(owner: str, field: str, data: Any) -> Tuple[Any, Any]:
    """(inputs, labels)."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        many = f"{len(data)} things" if isinstance(data, (tuple, list)) else shown(data)
        raise ArgumentTypeError(f"{owner}: {field} must be a pair (inputs, labels) (got {many})")
    return data[0], data[1]
