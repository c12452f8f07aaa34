"""What goes first: units of synapses, budgets over projections, masks by magnitude, and how sparsity grows in training.

A unit is what goes together: one synapse ("weight"), or all synapses of a source to 8 neighbouring targets
("block8": targets 0 to 7, 8 to 15, …), which `plan/storage.py` keeps as one block without padding.
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from .. import checks
from ..errors import ParameterError, shown
from ..network.connectivity import Connectivity, from_dense

__all__ = [
    "GRANULARITIES",
    "Units",
    "caps",
    "check_sparsity",
    "gradual_sparsity",
    "lowest",
    "saliency_masks",
    "units_of",
]

# targets of a unit
GRANULARITIES = {"weight": 1, "block8": 8}

# of a readout at least this share stays, and at least so many times its even share of what stays
READOUT_SHARE, READOUT_TIMES = 0.2, 4.0

# of any other projection at least this part of its even share stays, so that no layer breaks off
LEAST_PART = 0.25

# the part of training in which sparsity rises; in the rest the mask stands
RISE = 0.6


class Units(NamedTuple):
    """of: unit of each synapse, int64 [n]; size: synapses of each unit, int64 [u]."""

    of: np.ndarray
    size: np.ndarray

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum of a value per synapse over each unit, [u]."""
        return np.bincount(self.of, values, len(self.size))

    def largest(self, values: np.ndarray) -> np.ndarray:
        """Largest of a value per synapse in each unit, values ≥ 0, [u]."""
        if len(values) == len(self.size):
            return values
        most = np.zeros(len(self.size))
        np.maximum.at(most, self.of, values)
        return most


def units_of(c: Connectivity, granularity: str) -> Units:
    """Units of a connectivity. The last block of a row may be short."""
    width = GRANULARITIES[checks.known("granularity", granularity, GRANULARITIES)]
    if width == 1:
        return Units(np.arange(c.count), np.ones(c.count, np.int64))
    across = -(-c.shape[1] // width)
    block = c.pre().astype(np.int64) * across + c.targets() // width
    _, of, size = np.unique(block, return_inverse=True, return_counts=True)
    return Units(of.reshape(-1), size.astype(np.int64))


def check_sparsity(owner: str, field: str, value: Any) -> float:
    """A share of synapses to remove, 0 ≤ value < 1."""
    share = checks.finite(owner, field, value)
    if not 0.0 <= share < 1.0:
        rule = f"{field} must be in [0, 1), the share of synapses to remove"
        raise ParameterError(f"{owner}: {rule} (got {shown(value)}); 0.8 keeps a fifth of them")
    return share


def gradual_sparsity(step: int, steps: int, target: float) -> float:
    """Sparsity after `step` of `steps` of training: target·(1 − (1 − t/(0.6·steps))³), then target.

    The cubic schedule of Zhu & Gupta 2017 (arXiv:1710.01878), with the last 40 % left for the survivors.
    """
    share = check_sparsity("gradual_sparsity", "target", target)
    done = checks.whole("gradual_sparsity", "step", step, least=0)
    rise = RISE * checks.count("gradual_sparsity", "steps", steps)
    return share * (1.0 - (1.0 - min(1.0, done / rise)) ** 3)


def caps(before: Sequence[int], readout: Sequence[bool], sparsity: float) -> List[np.ndarray]:
    """Synapses that may be taken from each projection at most, in turns: the next is for where one does not suffice.

    First a readout keeps a fifth (beyond 95 % sparsity four times its even share) and others a quarter of their even
    share; then a readout is as others are; then each keeps one synapse.
    """
    total, last = np.asarray(before, np.int64), np.asarray(readout, bool)
    even = 1.0 - sparsity
    kept = np.maximum(1, np.ceil(LEAST_PART * even * total)).astype(np.int64)
    guarded = np.ceil(min(READOUT_SHARE, READOUT_TIMES * even) * total).astype(np.int64)
    return [total - np.maximum(kept, guarded * last), total - kept, total - 1]


def lowest(
    losses: Sequence[np.ndarray], units: Sequence[Units], need: int, turns: Sequence[np.ndarray]
) -> List[np.ndarray]:
    """Units that go, bool [u] for each projection: those of the lowest loss a synapse until `need` synapses are gone.

    turns: as `caps` gives them; never more is taken from a projection than the last of them says.
    """
    part = np.repeat(np.arange(len(units)), [len(u.size) for u in units])
    size = np.concatenate([u.size for u in units])
    order = np.argsort(np.concatenate(losses) / size, kind="stable")
    # synapses of its own projection that are gone with and before a unit
    own = np.empty(len(size), np.int64)
    for k in range(len(units)):
        mine = order[part[order] == k]
        own[mine] = np.cumsum(size[mine])
    for most in turns:
        free = order[(own <= np.asarray(most)[part])[order]]
        gone = np.cumsum(size[free])
        if len(gone) and gone[-1] >= need:
            break
    taken = np.zeros(len(size), bool)
    taken[free[: np.searchsorted(gone, need) + 1 if need > 0 else 0]] = True
    return [taken[part == k] for k in range(len(units))]


def saliency_masks(
    weights: Mapping[str, Any],
    sparsity: float,
    granularity: str = "weight",
    yardsticks: Optional[Mapping[str, Any]] = None,
    readout: Sequence[str] = (),
) -> Dict[str, np.ndarray]:
    """Which weights stay when the smallest go, across all projections: the mask of gradual pruning.

    weights: {name: matrix [pre, post], in which 0 is no synapse, or Connectivity}; yardsticks: {name: what its weights
    are measured by, a number or one per target}, by default the root of the mean square of its weights; readout: names
    of those that are guarded as `caps` says. Returns {name: bool}, True where a weight stays, in the shape of the
    matrix, or one per synapse. Raises ParameterError for a sparsity outside [0, 1).
    """
    owner, share = "saliency_masks", check_sparsity("saliency_masks", "sparsity", sparsity)
    given = checks.mapping(owner, "weights", weights, "name: matrix or Connectivity")
    held = {name: w if isinstance(w, Connectivity) else _matrix(f"{owner}: {name!r}", w) for name, w in given.items()}
    units = [units_of(c, granularity) for c in held.values()]
    if not held or not all(c.count for c in held.values()):
        raise ParameterError(f"{owner}: every projection must have synapses (got {[c.count for c in held.values()]})")
    by = checks.mapping(owner, "yardsticks", yardsticks, "name: number or one per target")
    losses = []
    for u, (name, c) in zip(units, held.items()):
        w = c.weight.astype(np.float64)
        spread = float(np.sqrt(np.mean(w * w))) or 1.0
        yard = np.broadcast_to(by[name] if name in by else spread, (c.shape[1],))
        losses.append(u.total((w / yard[c.targets()]) ** 2))
    before = [c.count for c in held.values()]
    turns = caps(before, [name in readout for name in held], share)
    gone = lowest(losses, units, round(share * sum(before)), turns)
    kept = {name: ~g[u.of] for (name, u), g in zip(zip(held, units), gone)}
    return {name: _shaped(given[name], held[name], mask) for name, mask in kept.items()}


def _matrix(owner: str, weights: Any) -> Connectivity:
    array = checks.real_array(owner, "weights", weights)
    if array.ndim != 2:
        raise ParameterError(f"{owner}: weights must be a matrix [pre, post] (got shape {array.shape})")
    return from_dense(owner, array, (array.shape[0], array.shape[1]), None)


def _shaped(given: Any, c: Connectivity, mask: np.ndarray) -> np.ndarray:
    if isinstance(given, Connectivity):
        return mask
    full = np.zeros(c.shape, bool)
    full[c.pre(), c.targets()] = mask
    return full
