"""The event threshold: synapses too small to matter are left out of the plan, and counted where they would arrive.

A synaptic event is small where |weight| < x·(threshold − rest) of its target. That is a property of the synapse, so it
is settled when the plan is compiled, and what is not delivered costs nothing. Weights in pA (currents of AdEx and
Izhikevich) have no measure in mV and are all delivered.
"""

from dataclasses import replace
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..network.connectivity import Connectivity
from ..network.graph import Projection
from ..network.neurons import LI, LIF
from ..network.synapses import Delta
from .storage import concatenate

__all__ = ["counts_of", "in_mv", "without_small"]


def in_mv(projection: Projection) -> bool:
    """Whether weights are in mV, by which the threshold measures."""
    return isinstance(projection.synapse, Delta) or isinstance(projection.post.model, (LIF, LI))


def without_small(
    projection: Projection, arriving: Connectivity, threshold: float
) -> Tuple[Connectivity, Optional[np.ndarray]]:
    """What of `arriving` is delivered, and how many synapses of each source are not (None if all are).

    The weights that are measured are those of the description: of an alpha synapse its peak.
    """
    if threshold == 0.0 or arriving.count == 0 or not in_mv(projection):
        return arriving, None
    targets = arriving.targets()
    with np.errstate(over="ignore"):
        least = threshold * np.broadcast_to(projection.post.model.drives, (projection.post.size,))
    keep = np.abs(projection.connectivity.weight.astype(np.float64)) >= least[targets]
    if keep.all():
        return arriving, None
    pre = arriving.pre()
    small = np.bincount(pre[~keep], minlength=arriving.shape[0])
    indptr = arriving.indptr - np.concatenate(([0], np.cumsum(small)))
    delay = arriving.delay[keep] if isinstance(arriving.delay, np.ndarray) else arriving.delay
    kept = replace(arriving, indptr=indptr, post=targets[keep], weight=arriving.weight[keep], delay=delay)
    return kept, small


def counts_of(small: List[Optional[np.ndarray]]) -> Dict[str, np.ndarray]:
    """The plan's arrays of what is not delivered: counts by source end to end, and where each projection's begin."""
    lengths = [0 if counts is None else len(counts) for counts in small]
    starts = np.cumsum([0, *lengths])[:-1]
    begins = [-1 if counts is None else int(at) for counts, at in zip(small, starts)]
    parts = [counts for counts in small if counts is not None]
    return {"small": concatenate(parts, np.uint32), "proj_small": np.array(begins, np.int64)}
