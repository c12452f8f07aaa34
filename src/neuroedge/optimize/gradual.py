"""Pruning while training: a network learns, and loses its smallest weights on the way (Zhu & Gupta 2017,
arXiv:1710.01878)."""

from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .. import checks
from ..learning.layout import layout_of
from ..learning.lessons import OPTIONS, lessons_of
from ..learning.task import pair, taught
from ..learning.train import History, give_lessons
from ..network.graph import Network
from .ranking import gradual_sparsity, saliency_masks

__all__ = ["train_pruned"]


class _Thinner:
    """What lives at each look of the trainer; what is gone stays gone."""

    def __init__(self, network: Network, target: float, granularity: str, readout: List[str]) -> None:
        self._connectivity = {name: q.connectivity for name, q in network.projections.items()}
        self._target, self._granularity, self._readout = target, granularity, readout

    def __call__(
        self, step: int, steps: int, weights: Mapping[str, np.ndarray]
    ) -> Optional[Dict[str, np.ndarray]]:
        share = gradual_sparsity(step, steps, self._target)
        if share <= 0.0:
            return None
        held = {name: self._with(name, weight) for name, weight in weights.items()}
        return saliency_masks(held, share, self._granularity, readout=self._readout)

    def _with(self, name: str, weight: np.ndarray) -> Any:
        # weights that are gone are 0 and rank lowest, so they go again
        return replace(self._connectivity[name], weight=weight)


def train_pruned(
    owner: str, network: Network, data: Tuple[Any, Any], target: float, granularity: str, epochs: int, duration: float,
    dt: float, options: Mapping[str, Any],
) -> History:  # fmt: skip
    """Train `network` in place while its sparsity grows to `target` over the first 60 % of all steps."""
    for name in options:
        checks.known(f"option of {owner}", name, (*OPTIONS, "bits"))
    given = {"seed": None, **options}
    lessons = lessons_of(owner, network, epochs, given)
    task = taught(owner, network, *pair(owner, "data", data), duration, dt, least=2)
    layout = layout_of(network, dt)
    readout = [name for name, q in network.projections.items() if q.post.name == layout.output]
    thinner = _Thinner(network, target, granularity, readout)
    return give_lessons(owner, network, task, lessons._replace(thin=thinner))
