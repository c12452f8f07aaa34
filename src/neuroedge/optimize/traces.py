"""What the sources of a projection bring to a membrane while samples run: spikes, and traces of unit weights.

The trace x_j of source j is the potential that a synapse of weight 1 would bring to a target that never spikes:
x_j[t] = a·x_j[t−1] + z_j[t − delay], a = exp(−dt/tau_m), with the currents of exponential and alpha synapses before
it, in the exact propagators of the engines (`neuroedge.plan.receptors`).
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from ..encoding.rate import regular_spikes
from ..events import SpikeTrain
from ..network.graph import Network, Population, Projection
from ..network.neurons import LI, LIF, PoissonSource
from ..plan.receptors import Receptor, channel, propagators
from ..simulator import Simulator

__all__ = [
    "Samples",
    "delays_differ",
    "has_trace",
    "lag",
    "moments",
    "order_of",
    "powers",
    "record",
    "spikes_of",
    "takers",
]

# entries of the traces that are held at once
CHUNK = 1 << 22

# runs go on after the last value for as long as spikes travel, but not for more than so many times its ticks
LONGEST = 4


class Samples(NamedTuple):
    """inputs: what each run is given, or None where sources fire by themselves; ticks of each run; dt in ms."""

    inputs: List[Optional[Dict[str, SpikeTrain]]]
    ticks: int
    dt: float


def takers(network: Network) -> List[Population]:
    """Populations that take a sample: those that nothing reaches and that can be given spikes, in order of adding; the
    first that spikes where there is no source at all."""
    reached = {q.post.name for q in network.projections.values() if q.pre is not q.post}
    spiking = [p for p in network.populations.values() if p.model.spiking]
    free = [p for p in spiking if p.name not in reached]
    found = [p for p in free if not isinstance(p.model, PoissonSource)]
    return found if found or free else spiking[:1]


def order_of(network: Network) -> List[str]:
    """Populations, each after all that feed it; where loops leave none such, the first in order of adding."""
    feeds: Dict[str, Set[str]] = {name: set() for name in network.populations}
    for q in network.projections.values():
        if q.pre is not q.post:
            feeds[q.post.name].add(q.pre.name)
    order: List[str] = []
    while len(order) < len(feeds):
        left = [name for name in feeds if name not in order]
        order.append(next((name for name in left if feeds[name] <= set(order)), left[0]))
    return order


def lag(network: Network, ticks: int, dt: float) -> int:
    """Ticks that a spike takes at most from the inputs to where it is felt last, not along loops."""
    order = order_of(network)
    at = {name: 0 for name in order}
    for name in order:
        for q in network.projections.values():
            if q.post.name == name and order.index(q.pre.name) < order.index(name):
                at[name] = max(at[name], at[q.pre.name] + int(np.max(_delay(q, dt), initial=1)))
    return min(max(at.values()), LONGEST * ticks)


def _delay(q: Projection, dt: float) -> np.ndarray:
    """Delay in ticks, a number or one per synapse."""
    delay = np.asarray(0.0 if q.delay is None else q.delay)
    return np.maximum(1, np.rint(delay / dt)).astype(np.int64)


def delays_differ(q: Projection, dt: float) -> bool:
    """Whether the synapses of a projection have different delays on this grid."""
    ticks = _delay(q, dt)
    return bool(ticks.size and np.ptp(ticks))


def spikes_of(
    network: Network, names: Sequence[str], values: np.ndarray, ticks: int, dt: float
) -> Dict[str, SpikeTrain]:
    """One sample, values [features] in 0 … 1 shared by the named populations in order, as spikes in `ticks` ticks."""
    begin, inputs = 0, {}
    for name in names:
        size = network.populations[name].size
        when, neurons = regular_spikes(values[begin : begin + size], ticks)
        # tick k is (k·dt, (k+1)·dt]: its middle is sure to be in it
        inputs[name] = SpikeTrain(neurons, (when + 0.5) * dt)
        begin += size
    return inputs


def record(network: Network, samples: Samples, names: Sequence[str]) -> Dict[str, np.ndarray]:
    """Spikes of the named populations, {name: bool [samples, ticks, n]}; each sample starts from rest."""
    sizes = {name: network.populations[name].size for name in names}
    found = {name: np.zeros((len(samples.inputs), samples.ticks, n), bool) for name, n in sizes.items()}
    simulator = Simulator(network, samples.dt)
    random = any(isinstance(p.model, PoissonSource) for p in network.populations.values())
    rest = simulator.snapshot()
    for k, inputs in enumerate(samples.inputs):
        if random:
            # for each sample drawn anew
            rest["clock"][:] = 0, k
            simulator.restore(rest)
        else:
            simulator.reset()
        answer = simulator.run(samples.ticks * samples.dt, inputs=inputs, record_from=list(names))
        for name in names:
            train = answer.spikes[name]
            found[name][k, np.rint(train.times / samples.dt).astype(np.int64) - 1, train.neurons] = True
    return found


def has_trace(q: Projection) -> bool:
    """Whether the target sums linearly below its threshold: LIF and its kin."""
    return isinstance(q.post.model, (LIF, LI))


def moments(
    q: Projection, spikes: np.ndarray, other: Optional[np.ndarray], dt: float
) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """E[x xᵀ] of the traces of `spikes` [samples, ticks, n], and E[x yᵀ], y those of `other` spikes; [n, n] each."""
    n = spikes.shape[2]
    same, cross = np.zeros((n, n)), None if other is None else np.zeros((n, n))
    rows = 0
    for part in _parts(spikes.shape):
        x = _traces(q, spikes[part], dt)
        rows += len(x)
        same += x.T @ x
        if cross is not None and other is not None:
            cross += x.T @ _traces(q, other[part], dt)
    return same / rows, None if cross is None else cross / rows


def powers(q: Projection, spikes: np.ndarray, dt: float) -> np.ndarray:
    """E[x²] of the traces, [n]: the diagonal of `moments` alone."""
    parts = [_traces(q, spikes[part], dt) for part in _parts(spikes.shape)]
    return np.sum([np.einsum("ij,ij->j", x, x) for x in parts], axis=0) / sum(len(x) for x in parts)


def _parts(shape: Tuple[int, ...]) -> Iterator[slice]:
    many = max(1, CHUNK // max(1, shape[1] * shape[2]))
    for first in range(0, shape[0], many):
        yield slice(first, first + many)


def _traces(q: Projection, spikes: np.ndarray, dt: float) -> np.ndarray:
    """Traces of unit weights, float32 [samples·ticks, n]; of the delays the least."""
    samples, ticks, n = spikes.shape
    delay = int(_delay(q, dt).min(initial=1 << 30))
    decay, currents = _coefficients(q, dt)
    x = np.zeros((samples, ticks, n), np.float32)
    potential = np.zeros((samples, n), np.float32)
    current = [np.zeros((samples, n), np.float32) for _ in currents]
    for t in range(ticks):
        potential *= decay
        arrives = spikes[:, t - delay] if t >= delay else np.float32(0.0)
        for k, (share, keep, feed) in enumerate(currents):
            potential += share * current[k]
            current[k] = keep * current[k] + (feed * current[k + 1] if feed else 0.0)
        if current:
            # an alpha synapse arrives at its rise, the last of both
            current[-1] += _unit(q) * arrives
        else:
            potential += arrives
        x[:, t] = potential
    return x.reshape(samples * ticks, n)


def _coefficients(q: Projection, dt: float) -> Tuple[np.float32, List[Tuple[Any, Any, Any]]]:
    """Decay of the membrane in a tick, and of each current what it adds, keeps and takes from the next. Of constants
    that differ between targets the mean."""
    model = q.post.model
    tau = model.membrane
    receptors: List[Receptor] = []
    channel(q, receptors)
    one = [r._replace(tau=float(np.mean(r.tau))) for r in receptors]
    flat = [np.float32(value) for value in propagators(tau, one, dt)]
    return np.float32(np.exp(-dt / tau)), list(zip(flat[::3], flat[1::3], flat[2::3]))


def _unit(q: Projection) -> np.float32:
    """What arrives of a weight of 1: of an alpha synapse, whose weight is its peak, e/tau."""
    tau = float(np.mean(getattr(q.synapse, "tau", 1.0)))
    return np.float32(np.e / tau if q.synapse.name == "alpha" else 1.0)
