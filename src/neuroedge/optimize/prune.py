"""Pruning: a network with fewer synapses that answers as before, as far as can be, without labels."""

from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, NotReadyError, ParameterError, shown
from ..learning.train import History
from ..network.graph import Network
from .calibration import Calibration, checked_values, samples_of
from .gradual import train_pruned
from .layers import Layer
from .pruned import PruneReport, report_of
from .ranking import GRANULARITIES, caps, check_sparsity, lowest
from .traces import order_of, record

__all__ = ["CRITERIA", "NetworkPruner"]

CRITERIA = ("trace", "magnitude")


class NetworkPruner:
    """Removes synapses.

    threshold: those with |weight| below this share of threshold − rest of their target go first (of a target without a
    threshold, the spread of its potential when each source spikes once); each projection keeps its largest.
    sparsity_target: then the criterion ranks what is left, until this share of all synapses that were there is gone,
    0 ≤ share < 1. A readout keeps a fifth of its own (beyond 95 % four times its even share), every other projection a
    quarter of its even share, where the rest can spare it.

    criterion: "trace" removes what changes the potentials least that calibration samples bring, and refits the rest,
    layer by layer, to what the full network brought, without labels; "magnitude" removes the smallest weights relative
    to threshold − rest. granularity: "weight", or "block8": synapses of a source to 8 neighbouring targets stay or go
    together (a threshold takes blocks of which every weight is below). calibration: inputs [samples, features] in
    0 … 1, shared by the input populations in order of adding; None takes `network.seen`, or generated ones with a
    warning. duration: ms that a sample is given for; dt: step in ms.

    Raises ParameterError or ArgumentTypeError for arguments that break these rules.
    """

    def __init__(
        self,
        threshold: Optional[float] = None,
        sparsity_target: Optional[float] = None,
        criterion: str = "trace",
        granularity: str = "weight",
        calibration: Any = None,
        duration: float = 16.0,
        dt: float = 1.0,
    ) -> None:
        owner = type(self).__name__
        if threshold is None and sparsity_target is None:
            raise ParameterError(f"{owner}: give a threshold, a sparsity_target, or both; 0.8 removes 80 %")
        self.threshold = None if threshold is None else checks.not_negative(owner, "threshold", threshold)
        share = None if sparsity_target is None else check_sparsity(owner, "sparsity_target", sparsity_target)
        self.sparsity_target = share
        self.criterion = checks.known("criterion", criterion, CRITERIA)
        self.granularity = checks.known("granularity", granularity, GRANULARITIES)
        self.calibration = None if calibration is None else checked_values(owner, calibration)
        self.dt = checks.positive(owner, "dt", dt, "ms")
        checks.ticks_of(owner, duration, self.dt)
        self.duration = float(duration)
        self._report: Optional[PruneReport] = None

    @property
    def report(self) -> PruneReport:
        """What the last call of `prune` took, and what is left."""
        if self._report is None:
            raise NotReadyError(f"{type(self).__name__}: nothing is pruned yet; call prune(network) first")
        return self._report

    @property
    def reduction_ratio(self) -> float:
        """Removed share of the synapses that were there, 0 to 1."""
        return self.report.reduction_ratio

    def __repr__(self) -> str:
        fields = ("threshold", "sparsity_target", "criterion", "granularity")
        return f"NetworkPruner({', '.join(f'{name}={getattr(self, name)!r}' for name in fields)})"

    def prune(self, network: Network) -> Network:
        """A network of the same class with fewer synapses, `parent` the given one, which stays as it is.

        Raises ParameterError where there is nothing to prune or the threshold is above every weight,
        ArgumentTypeError for what is no network.
        """
        owner = type(self).__name__
        must_have_synapses(owner, network)
        # copies draw synapses that are only described, so that nothing of the caller's network is touched
        old = network.copy()
        for q in old.projections.values():
            q.replace(q.connectivity)
        new = old.copy()
        layers = [Layer(q, self.granularity, self.criterion, self.dt) for q in new.projections.values()]
        self._measure(owner, layers)
        run = None
        if any(layer.traced for layer in layers):
            run = samples_of(owner, network, self.calibration, self.duration, self.dt)
        self._cut(old, new, layers, run)
        below = sum(int(layer.units.size[layer.below].sum()) for layer in layers)
        new.parent, new.version = network, network.version + 1
        how = {layer.name: layer.how for layer in layers}
        self._report = report_of(old, new, self.dt, how, below, run.text if run else "")
        return new

    def prune_while_training(
        self, network: Network, data: Tuple[Any, Any], epochs: int = 20, **options: Any
    ) -> Tuple[Network, History]:
        """A trained and pruned copy of a network, and what training did: better beyond 90 % than pruning at once.

        data: (inputs, labels), as `neuroedge.train` takes them; epochs: how often all of them; options: its rate,
        batch, seed, validation, vary, decay, threads, memory_limit and progress, and bits as `neuroedge.fine_tune`
        takes them. Sparsity grows to `sparsity_target` over the first 60 % of all steps, by a cubic; each time the
        smallest weights go, relative to the spread of their projection. Ctrl-C leaves the given network as it was.
        """
        owner = "prune_while_training"
        must_have_synapses(owner, network)
        if self.sparsity_target is None:
            cure = "NetworkPruner(sparsity_target=0.9) keeps a tenth"
            raise ParameterError(f"{owner}: sparsity_target is needed (got None); {cure}")
        fresh = network.copy()
        for q in fresh.projections.values():
            q.replace(q.connectivity)
        old = fresh.copy()
        history = train_pruned(
            owner, fresh, data, self.sparsity_target, self.granularity, epochs, self.duration, self.dt, options
        )
        fresh.parent = network
        how = dict.fromkeys(fresh.projections, "magnitude, trained")
        self._report = report_of(old, fresh, self.dt, how, 0, "")
        return fresh, history

    def _measure(self, owner: str, layers: Sequence[Layer]) -> None:
        """Mark what is under the threshold."""
        if self.threshold is None:
            return
        most = max(float(layer.relative.max()) for layer in layers)
        if most < self.threshold:
            rule = f"threshold must be at most {most:.3g}, the largest |weight| relative to threshold − rest"
            raise ParameterError(f"{owner}: {rule} (got {self.threshold:g}); nothing would be left")
        for layer in layers:
            layer.under(self.threshold)

    def _cut(self, old: Network, new: Network, layers: List[Layer], run: Optional[Calibration]) -> None:
        sources = {layer.q.pre.name for layer in layers if layer.traced}
        dense = record(old, run.samples, sorted(sources)) if run else {}
        losses = {layer.name: layer.losses(dense.get(layer.q.pre.name)) for layer in layers}
        need = self._budgets(layers, losses)
        order, now = order_of(new), dense
        stale: Set[str] = set()
        for layer in sorted(layers, key=lambda one: order.index(one.q.post.name)):
            pre, post = layer.q.pre.name, layer.q.post.name
            # what comes round a loop is taken as it was
            ahead = order.index(pre) < order.index(post)
            if run and layer.matrix and ahead and pre in stale:
                fresh = record(new, run.samples, sorted(sources))
                now = {name: dense[name] if np.array_equal(dense[name], fresh[name]) else fresh[name] for name in fresh}
                stale = set()
            layer.cut(need[layer.name], losses[layer.name][0], (now if ahead else dense).get(pre), dense.get(pre))
            stale |= downstream(new, post)

    def _budgets(self, layers: Sequence[Layer], losses: Dict[str, Any]) -> Dict[str, int]:
        """Synapses that go from each projection: by losses relative to what all projections bring to a target."""
        brought: Dict[str, float] = {}
        for layer in layers:
            brought[layer.q.post.name] = brought.get(layer.q.post.name, 0.0) + losses[layer.name][1]
        scaled = [losses[n.name][0] / (brought[n.q.post.name] or 1.0) for n in layers]
        before = [layer.c.count for layer in layers]
        below = np.array([int(layer.units.size[layer.below].sum()) for layer in layers])
        share = self.sparsity_target or 0.0
        feeds = {layer.q.pre.name for layer in layers if layer.q.pre is not layer.q.post}
        turns = caps(before, [layer.q.post.name not in feeds for layer in layers], share)
        # what the threshold takes is taken
        turns = [np.maximum(most, below) for most in turns]
        need = max(int(below.sum()), round(share * sum(before)))
        gone = lowest(scaled, [layer.units for layer in layers], need, turns)
        return {n.name: int(n.units.size[mask].sum()) for n, mask in zip(layers, gone)}


def must_have_synapses(owner: str, network: Any) -> None:
    """A network of which every projection has synapses."""
    if not isinstance(network, Network):
        cure = "; take its network, api.network" if hasattr(network, "network") else ""
        raise ArgumentTypeError(f"{owner}: network must be a Network (got {shown(network)}){cure}")
    if not network.projections:
        raise ParameterError(f"{owner}: {network!r} has no synapses to prune; connect its populations first")
    empty = [name for name, q in network.projections.items() if q.count == 0]
    if empty:
        rule = "every projection must have synapses"
        raise ParameterError(f"{owner}: {rule} (got none in {empty[0]!r}); connect it more densely, or leave it out")


def downstream(network: Network, name: str) -> Set[str]:
    """A population and all that it reaches."""
    reached = {name}
    while True:
        more = {q.post.name for q in network.projections.values() if q.pre.name in reached} - reached
        if not more:
            return reached
        reached |= more
