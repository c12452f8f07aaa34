"""Weights as a device with few bits would hold them: what the forward pass of quantisation-aware training uses."""

from typing import Dict

import numpy as np

from ..network.graph import Network

__all__ = ["Snap"]


class Snap:
    """Rounds the weights of projections to `bits` (2 … 8), one scale for each target neuron and projection, as int8
    plans have them: s = max|w|/(2^(bits−1) − 1), taken anew at each step. Gradients pass straight through
    (Bengio et al. 2013, arXiv:1308.3432)."""

    def __init__(self, network: Network, places: Dict[str, np.ndarray], bits: int) -> None:
        self._most = np.float32((1 << (bits - 1)) - 1)
        self._parts = []
        for name, where in places.items():
            projection = network.projections[name]
            self._parts.append((where, projection.connectivity.targets().astype(np.int64), projection.post.size))

    def __call__(self, master: np.ndarray, rounded: np.ndarray) -> None:
        """Write the rounded weights."""
        for where, target, n in self._parts:
            weight = master[where]
            most = np.zeros(n, np.float32)
            np.maximum.at(most, target, np.abs(weight))
            scale = np.where(most > 0, most / self._most, np.float32(1.0))[target]
            rounded[where] = np.rint(weight / scale) * scale
