"""Weights under Adam (Kingma & Ba 2015, arXiv:1412.6980): shards of gradients, moments, and which synapses live."""

import ctypes
from typing import Dict, List, Mapping

import numpy as np

from ..engines.address import address
from ..engines.library import SHARDS, AdamStruct, library
from ..plan.plan import Plan

__all__ = ["Adam", "schedule"]

KEEP_FIRST, KEEP_SECOND, LEAST = 0.9, 0.999, 1e-8


def schedule(rate: float, done: float) -> float:
    """The rate after a share `done` of all steps: from `rate` to 0 by a cubic within 2 % of half a cosine, of sums and
    products alone."""
    left = 1.0 - done
    return rate * left * left * (1.0 + 2.0 * done)


class Adam:
    """places: where the synapses of each projection that learns lie in `weights`; units: mV they are counted in."""

    def __init__(
        self, plan: Plan, weights: np.ndarray, places: Mapping[str, np.ndarray], units: Mapping[str, float]
    ) -> None:
        self.weights, self._places = weights, places
        self.living = np.zeros_like(weights)
        self._first, self._second = np.zeros_like(weights), np.zeros_like(weights)
        self.shards: List[np.ndarray] = [np.zeros_like(weights) for _ in range(SHARDS)]
        self._spans = {name: _span(plan, name) for name in places}
        self._units = units
        self._powers = [1.0, 1.0]
        for where in places.values():
            self.living[where] = 1.0
        self._args = AdamStruct(keep_first=KEEP_FIRST, keep_second=KEEP_SECOND, least=LEAST)
        self._args.weight, self._args.living = address(weights), address(self.living)
        self._args.first, self._args.second = address(self._first), address(self._second)
        for k, shard in enumerate(self.shards):
            self._args.shard[k] = address(shard)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return (4 + SHARDS) * self.weights.nbytes

    def step(self, rate: float, samples: int, decay: float = 0.0) -> None:
        """One step by the gradients of so many samples; rate in units of each projection; decay: share of each weight
        that goes, times the rate (Loshchilov & Hutter 2019, arXiv:1711.05101). Shards are cleared."""
        self._powers = [self._powers[0] * KEEP_FIRST, self._powers[1] * KEEP_SECOND]
        self._args.share = 1.0 / samples
        self._args.keep = 1.0 - rate * decay
        self._args.scale_second = 1.0 / (1.0 - self._powers[1])
        for name, (begin, end) in self._spans.items():
            self._args.step = rate * self._units[name] / (1.0 - self._powers[0])
            library().ne_adam(ctypes.addressof(self._args), begin, end)

    def keep(self, masks: Mapping[str, np.ndarray]) -> None:
        """Only these synapses live on, bool in the order of each projection's connectivity; what dies is 0 for good."""
        for name, mask in masks.items():
            dead = self._places[name][~mask]
            for array in (self.living, self.weights, self._first, self._second):
                array[dead] = 0.0

    def kept(self) -> Dict[str, np.ndarray]:
        """Which synapses of each projection live, bool."""
        return {name: self.living[where] > 0.0 for name, where in self._places.items()}


def _span(plan: Plan, name: str) -> "tuple[int, int]":
    q = plan.projections.index(name)
    end = int(plan.proj_weight[q + 1]) if q + 1 < len(plan.projections) else len(plan.weight)
    return int(plan.proj_weight[q]), end
