"""What a network is: populations, and the projections between them.

net = Network(seed=1)
net.add("input", 100, "poisson", rate=20.0)
net.add("hidden", 50, "lif", tau_m=10.0)
net.connect("input", "hidden", probability=0.1)
"""

# annotations are not evaluated: naming np.random.Generator would import numpy.random at every start
from __future__ import annotations

from copy import copy
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, BudgetError, MissingExtraError, ParameterError, shown
from . import connectivity as cn
from .connectivity import Connectivity
from .neurons import CubaLIF, Model, make_model
from .plasticity import Plasticity, must_learn, plasticity_of
from .synapses import Alpha, Delta, Exponential, Synapse
from .widths import Widths

__all__ = ["Network", "Population", "Projection"]

# what a neuron takes at least in plan and state
BYTES_PER_NEURON = 80

# bytes below which nobody asks whether they fit
_LARGE = 1 << 28


class Population:
    """A named group of neurons of one model."""

    def __init__(self, name: str, size: int, model: Model) -> None:
        if not isinstance(name, str) or not name or "->" in name:
            raise ParameterError(f"population name must be a non-empty text without '->' (got {shown(name)})")
        self.name = name
        self.owner = f"Population {name!r}"
        self.size = checks.count(self.owner, "size", size)
        self.model = model
        model.check_size(self.owner, self.size)

    def __repr__(self) -> str:
        return f"Population({self.name!r}, {self.size}, {type(self.model).__name__})"


class Projection:
    """The synapses from one population to another. Realised (`connectivity`) when first needed."""

    def __init__(
        self,
        name: str,
        pre: Population,
        post: Population,
        synapse: Synapse,
        pattern: str,
        given: Optional[Connectivity],
        plasticity: Optional[Plasticity] = None,
    ) -> None:
        self.name, self.pre, self.post = name, pre, post
        self.plasticity = plasticity
        # rises when weights are replaced, so that a simulator knows that those it has learnt are not wanted any more
        self.revision = 0
        self.synapse, self.pattern = synapse, pattern
        self.delay: Union[None, float, np.ndarray] = given.delay if given is not None else None
        self._given = given
        self._weight: Optional[float] = None
        self._probability = 1.0
        self._seed: Any = 0
        self.count = given.count if given is not None else 0

    @property
    def shape(self) -> Tuple[int, int]:
        return (self.pre.size, self.post.size)

    def describe(self, probability: float, weight: Optional[float], delay: Optional[float], seed: Any) -> None:
        """Declare a pattern: the number of synapses is known now, the synapses are drawn later."""
        self._probability, self._weight, self.delay, self._seed = probability, weight, delay, seed
        if self.plasticity is not None:
            self.plasticity = self.plasticity.bounded(f"Projection {self.name!r}", self._largest(weight))
        self.count = self.pre.size if self.pattern == "one_to_one" else int(self._counts()[1].sum())

    def _counts(self) -> Tuple[np.random.Generator, np.ndarray]:
        rng = np.random.Generator(np.random.PCG64(self._seed))
        n_post = self.post.size - (self.pattern == "lateral")
        return rng, cn.row_counts(rng, (self.pre.size, n_post), self._probability)

    @property
    def connectivity(self) -> Connectivity:
        """The synapses themselves."""
        if self._given is None:
            _must_fit(
                f"the synapses of {self.name!r}",
                self.count * (48 if self._probability < 1.0 else 24),
                "make it sparser",
            )
            self._given = self._draw()
        return self._given

    def _draw(self) -> Connectivity:
        n_pre, n_post = self.shape
        rng, counts = self._counts()
        post: Optional[np.ndarray] = None
        if self.pattern == "one_to_one":
            counts, post = np.ones(n_pre, np.int64), np.arange(n_pre, dtype=np.uint32)
        elif self.pattern == "lateral":
            post = cn.random_rows(rng, counts, n_post - 1)
            # columns from the neuron itself on move one up, which leaves out the self-connection
            post += post >= np.repeat(np.arange(n_pre, dtype=np.uint32), counts)
        elif self._probability < 1.0:
            post = cn.random_rows(rng, counts, n_post)
        indptr = np.concatenate(([0], np.cumsum(counts)))
        return Connectivity(self.shape, indptr, post, self._weights(rng), self.delay)

    def _weights(self, rng: np.random.Generator) -> np.ndarray:
        if self._weight is not None:
            return np.full(self.count, self._weight)
        draw = cn.default_weights if self.plasticity is None else cn.plastic_weights
        return draw(rng, self.count, self._fan_in(), self.post.model, self.synapse, self.pattern)

    def _fan_in(self) -> float:
        return max(self._probability * (self.pre.size - (self.pattern == "lateral")), 1e-9)

    def _largest(self, weight: Optional[float]) -> float:
        """The largest weight at the start, told without drawing."""
        if weight is not None:
            return weight
        return cn.largest_plastic(self._fan_in(), self.post.model, self.synapse, self.pattern)

    def replace(self, connectivity: Connectivity) -> None:
        """Take other synapses."""
        if self.plasticity is not None:
            self.plasticity.must_hold(f"Projection {self.name!r}", connectivity.weight)
        self._given, self.count, self.delay = connectivity, connectivity.count, connectivity.delay
        self.revision += 1

    def __repr__(self) -> str:
        return f"Projection({self.name!r}, {self.count:,} synapses, {self.synapse.name})"


class Network:
    """Populations and projections, described once.

    name: as reports and errors call it. seed: of all that is random in it, default 0. max_neurons, max_synapses: limits
    that are checked at the call that would exceed them, before memory is taken.
    """

    def __init__(
        self,
        name: str = "network",
        seed: int = 0,
        max_neurons: Optional[int] = None,
        max_synapses: Optional[int] = None,
    ) -> None:
        if not isinstance(name, str):
            raise ArgumentTypeError(f"Network: name must be a text (got {shown(name)})")
        self.name = name
        self.seed = checks.whole("Network", "seed", seed, least=0)
        self.max_neurons = None if max_neurons is None else checks.count("Network", "max_neurons", max_neurons)
        limit = 2**62
        self.max_synapses = (
            None if max_synapses is None else checks.count("Network", "max_synapses", max_synapses, limit)
        )
        self.populations: Dict[str, Population] = {}
        self.projections: Dict[str, Projection] = {}
        # rises with every change, so that a simulator knows when its plan is old
        self.version = 0
        # what it was pruned or quantised from, the number format that it was made for, and its bits; None for neither
        self.parent: Optional[Network] = None
        self.precision: Optional[str] = None
        # samples that it has last answered, float32 [n, features] in 0 … 1: what it is used on
        self.seen: Optional[np.ndarray] = None
        self.widths: Optional[Widths] = None

    def copy(self) -> Network:
        """A network of its own with the same populations and synapses. Arrays are shared until they are replaced."""
        fresh = copy(self)
        fresh.populations = dict(self.populations)
        fresh.projections = {name: copy(projection) for name, projection in self.projections.items()}
        return fresh

    @property
    def neurons(self) -> int:
        """Number of neurons of all populations."""
        return sum(p.size for p in self.populations.values())

    @property
    def synapses(self) -> int:
        """Number of synapses of all projections."""
        return sum(p.count for p in self.projections.values())

    def add(self, name: str, size: int, model: Union[str, Model] = "lif", **parameters: Any) -> Population:
        """Add a population of `size` neurons; `model` is a neuroedge model, or its name with parameters."""
        population = Population(name, size, make_model(model, parameters))
        if name in self.populations:
            raise ParameterError(f"population {name!r} exists already: names are used once")
        if self.max_neurons is not None and self.neurons + population.size > self.max_neurons:
            raise BudgetError("neurons", population.size, self.neurons, self.max_neurons, "raise max_neurons")
        _must_fit(population.owner, population.size * BYTES_PER_NEURON, "make it smaller")
        self.populations[name] = population
        self.version += 1
        return population

    def population(self, name: str) -> Population:
        """The population of that name."""
        return self.populations[checks.known("population", name, self.populations)]

    def connect(
        self,
        pre: str,
        post: str,
        pattern: str = "feedforward",
        probability: float = 1.0,
        weights: Any = None,
        synapses: Any = None,
        delay: Any = None,
        synapse: Optional[Synapse] = None,
        plasticity: Union[None, str, Plasticity] = None,
    ) -> Projection:
        """Add a projection.

        pattern: "feedforward" and "feedback" (every pair), "random" (the same, meant with a probability), "lateral"
        (within a population, inhibitory, nobody to itself), "one_to_one". probability: of each pair, 0 to 1.
        weights: None (default weights), a number, or a matrix [pre, post], dense or scipy sparse, in mV.
        synapses: instead of weights, arrays (pre, post, weight) of one length. delay: ms, one number, or one per
        synapse in the shape of `weights` or `synapses`; None is one step. synapse: Delta(), Exponential(tau) or
        Alpha(tau); None is what the target's model takes (an exponential current for CubaLIF, else delta).
        plasticity: STDP(…), RewardSTDP(…), or "stdp" and "rstdp" with their defaults; None learns nothing. Weights that
        learn are 0 to w_max; default weights then are uniform on 0.5 to 1.5 times what drives the target to its
        threshold. Projections that learn always deliver their weights, whatever the event threshold.
        """
        source, target = self.population(pre), self.population(post)
        name = self._free_name(pre, post)
        owner = f"Projection {name!r}"
        if target.model.source:
            raise ParameterError(f"{owner}: {post!r} is a source and takes no synapses")
        if not source.model.spiking:
            raise ParameterError(f"{owner}: {pre!r} never spikes ({source.model.name}), so nothing would arrive")
        kind, rule = _synapse_kind(owner, synapse, target), plasticity_of(owner, plasticity)
        if rule is not None:
            must_learn(owner, target.model, kind)
        projection = self._make(owner, name, source, target, kind, pattern, probability, weights, synapses, delay, rule)
        self._afford(owner, projection.count)
        self.projections[name] = projection
        self.version += 1
        return projection

    def _make(
        self, owner: str, name: str, source: Population, target: Population, kind: Synapse,
        pattern: str, probability: float, weights: Any, synapses: Any, delay: Any, rule: Optional[Plasticity],
    ) -> Projection:  # fmt: skip
        checks.known("pattern", pattern, cn.PATTERNS)
        probability = checks.probability(owner, "probability", probability)
        if pattern == "lateral" and source is not target:
            raise ParameterError(
                f"{owner}: lateral connects a layer with itself (got {source.name!r}, {target.name!r})"
            )
        if pattern == "one_to_one" and source.size != target.size:
            raise ParameterError(f"{owner}: one_to_one needs equal sizes (got {source.size} and {target.size})")
        shape = (source.size, target.size)
        if synapses is not None:
            if weights is not None:
                raise ParameterError(f"{owner}: give weights or synapses, not both")
            given = cn.from_triples(owner, synapses, shape, delay)
            return Projection(name, source, target, kind, pattern, given, _bounded(owner, rule, given.weight))
        if weights is not None and (hasattr(weights, "tocoo") or not np.isscalar(weights)):
            given = cn.from_dense(owner, weights, shape, delay)
            return Projection(name, source, target, kind, pattern, given, _bounded(owner, rule, given.weight))
        one = None if weights is None else cn.weight_of_all(owner, weights)
        if rule is not None and one is not None:
            rule = _bounded(owner, rule, np.array([one]))
        if rule is not None and one is None and pattern == "lateral":
            raise ParameterError(f"{owner}: default weights of lateral inhibit, and cannot learn; give weights > 0")
        projection = Projection(name, source, target, kind, pattern, None, rule)
        if isinstance(delay, (list, tuple, np.ndarray)):
            cure = "one per synapse goes with a matrix of weights, or with synapses=(pre, post, weight)"
            raise ArgumentTypeError(f"{owner}: delay must be a number (got {shown(delay)}); {cure}")
        ms = None if delay is None else checks.finite(owner, "delay", delay, "ms")
        if ms is not None and ms < 0:
            raise ParameterError(f"{owner}: delay must be >= 0 ms (got {ms:g})")
        if pattern != "one_to_one":
            # what is sure to be too much is refused before it is drawn
            self._afford(owner, cn.surely((source.size, target.size - (pattern == "lateral")), probability))
        projection.describe(probability, one, ms, np.random.SeedSequence([self.seed, len(self.projections)]))
        return projection

    def _afford(self, owner: str, asked: int) -> None:
        """So many more synapses must be within the limits."""
        if self.max_synapses is not None and self.synapses + asked > self.max_synapses:
            raise BudgetError("synapses", asked, self.synapses, self.max_synapses, "raise max_synapses")
        if asked > cn.MAX_SYNAPSES:
            cure = "make it sparser, or split its populations"
            raise BudgetError(f"synapses of {owner}", asked, 0, cn.MAX_SYNAPSES, cure)

    def _free_name(self, pre: str, post: str) -> str:
        name, k = f"{pre}->{post}", 2
        while name in self.projections:
            name, k = f"{pre}->{post}#{k}", k + 1
        return name

    def get_weights(self, sparse: bool = False) -> Dict[str, Any]:
        """Weights of each projection, {"pre->post": array [pre, post]}; scipy CSR matrices if `sparse`."""
        result = {}
        if not checks.boolean("get_weights", "sparse", sparse):
            entries = sum(p.pre.size * p.post.size for p in self.projections.values())
            _must_fit("dense weights", 4 * entries, "take them sparse: get_weights(sparse=True)")
        for name, projection in self.projections.items():
            c = projection.connectivity
            result[name] = _scipy_sparse(c) if sparse else c.dense()
        return result

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Replace weights, as `get_weights` gives them. Nothing changes unless all of them fit."""
        fresh: List[Tuple[Projection, Connectivity]] = []
        for name, value in checks.mapping("set_weights", "weights", weights, "'pre->post': [pre, post]").items():
            projection = self.projections[checks.known("projection", name, self.projections)]
            fresh.append((projection, _reweighted(f"Projection {name!r}", projection, value)))
        self._afford("set_weights", sum(c.count - p.count for p, c in fresh))
        for projection, c in fresh:
            projection.replace(c)
        self.version += 1

    def __repr__(self) -> str:
        return (
            f"Network({self.name!r}: {len(self.populations)} populations, {self.neurons:,} neurons, "
            f"{self.synapses:,} synapses)"
        )


def _must_fit(what: str, asked: int, cure: str) -> None:
    """What is large must fit into the memory of this machine, before it is taken."""
    if asked > _LARGE:
        allowed = checks.free_memory()
        if asked > allowed:
            raise BudgetError(f"bytes for {what}", asked, 0, allowed, cure)


def _bounded(owner: str, rule: Optional[Plasticity], weights: np.ndarray) -> Optional[Plasticity]:
    """The rule with its bounds, within which the weights must lie."""
    if rule is None:
        return None
    rule.must_hold(owner, weights)
    bounded = rule.bounded(owner, float(np.max(weights, initial=0.0)))
    bounded.must_hold(owner, weights)
    return bounded


def _synapse_kind(owner: str, synapse: Optional[Synapse], target: Population) -> Synapse:
    if synapse is None:
        return Exponential(target.model.tau_syn) if isinstance(target.model, CubaLIF) else Delta()
    if not isinstance(synapse, (Delta, Exponential, Alpha)):
        kinds = "Delta(), Exponential(tau) or Alpha(tau)"
        raise ArgumentTypeError(f"{owner}: synapse must be {kinds} (got {shown(synapse)})")
    if not isinstance(synapse, Delta) and np.ndim(synapse.tau) and np.shape(synapse.tau) != (target.size,):
        raise ParameterError(f"{owner}: tau must be one number or {target.size} (got {np.shape(synapse.tau)[0]})")
    return synapse


def _reweighted(owner: str, projection: Projection, value: Any) -> Connectivity:
    old, rule = projection.connectivity, projection.plasticity
    if not isinstance(old.delay, np.ndarray) and rule is None:
        return cn.from_dense(owner, value, projection.shape, old.delay)
    # with delays of their own, or weights that may have been learnt to be 0, the synapses stay where they are
    fresh = cn.from_dense(owner, value, projection.shape, None).dense()
    pre, post = old.pre(), old.targets()
    elsewhere = fresh != 0
    elsewhere[pre, post] = False
    if elsewhere.any():
        at = np.argwhere(elsewhere)[0].tolist()
        why = "its delay is not known" if rule is None else "those that learn stay where they are"
        raise ParameterError(f"{owner}: no synapse at {at}, and {why}; connect anew instead")
    weight = fresh[pre, post]
    if rule is not None:
        if len(np.unique(pre.astype(np.int64) * old.shape[1] + post)) < old.count:
            cure = "which a matrix cannot tell apart; connect anew with synapses=(pre, post, weight)"
            raise ParameterError(f"{owner}: some pairs of neurons have several synapses that learn, {cure}")
        rule.must_hold(owner, weight)
    return Connectivity(old.shape, old.indptr, old.post, weight, old.delay)


def _scipy_sparse(c: Connectivity) -> Any:
    try:
        from scipy.sparse import csr_matrix
    except ImportError:
        raise MissingExtraError("scipy", "sparse") from None
    return csr_matrix((c.weight, c.targets(), c.indptr), shape=c.shape)
