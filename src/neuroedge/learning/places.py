"""Where the synapses of a network lie among the weights of its plan."""

from dataclasses import replace
from typing import Dict, Mapping, Optional

import numpy as np

from ..network.connectivity import subset
from ..network.graph import Network
from ..plan.compile import compile_network
from ..plan.plan import Plan

__all__ = ["places", "write_back"]

# float32 holds whole numbers up to 2^24
_STEP = 1 << 20


def places(network: Network, plan: Plan, storage: str = "auto") -> Dict[str, np.ndarray]:
    """{projection: index into plan.weight of each of its synapses, int64, in the order of its connectivity}.

    Found by compiling the same network with numbers in place of weights, for the storage that the plan was asked for.
    """
    low, high = (_numbered(network, plan, storage, part) for part in (0, 1))
    found: Dict[str, np.ndarray] = {}
    for k, (name, projection) in enumerate(network.projections.items()):
        begin = int(plan.proj_weight[k])
        end = int(plan.proj_weight[k + 1]) if k + 1 < len(plan.projections) else len(plan.weight)
        span = slice(begin, end)
        number = low[span].astype(np.int64) + _STEP * (high[span].astype(np.int64) - 1)
        # what only fills up rows is 0 in the low part
        at = np.flatnonzero(low[span] > 0)
        where = np.empty(projection.count, np.int64)
        where[number[at] - 1] = begin + at
        found[name] = where
    return found


def _numbered(network: Network, plan: Plan, storage: str, part: int) -> np.ndarray:
    numbered = network.copy()
    for projection in numbered.projections.values():
        c = projection.connectivity
        number = np.arange(c.count, dtype=np.int64)
        weight = number // _STEP + 1 if part else number % _STEP + 1
        projection.replace(replace(c, weight=weight.astype(np.float32)))
    return compile_network(numbered, plan.dt, plan.precision, storage=storage).weight


def write_back(
    network: Network, found: Dict[str, np.ndarray], weights: np.ndarray,
    living: Optional[Mapping[str, np.ndarray]] = None,
) -> None:  # fmt: skip
    """Give the projections named the weights that lie at their places; what does not live is left out."""
    fresh = {}
    for name, where in found.items():
        fresh[name] = replace(network.projections[name].connectivity, weight=weights[where].copy())
        if living is not None and not living[name].all():
            fresh[name] = subset(fresh[name], living[name])
    # all that may fail came first
    for name, c in fresh.items():
        network.projections[name].replace(c)
    network.version += 1
