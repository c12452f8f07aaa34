"""One projection while it is pruned: its units, what each is worth, and the synapses that are left of it."""

from dataclasses import replace
from typing import Optional, Tuple

import numpy as np

from ..network.connectivity import Connectivity, subset
from ..network.graph import Projection
from ..network.neurons import LI
from ..network.synapses import Alpha, Delta
from ..plan.threshold import in_mv
from .hessian import damped, elimination_losses, error, refit, solving
from .ranking import GRANULARITIES, lowest, units_of
from .traces import delays_differ, has_trace, moments, powers

__all__ = ["Layer"]

# sources, and entries of a matrix [pre, post], up to which covariances are taken
MAX_SOURCES, MAX_ENTRIES = 4096, 1 << 25

# operations of a refit: some ten seconds
MAX_SOLVING = 3e11


class Layer:
    """A projection with its synapses in units.

    how: by what its units are ranked, as a report says it. below: units under the threshold, bool [u].
    """

    def __init__(self, q: Projection, granularity: str, criterion: str, dt: float) -> None:
        self.q, self.c, self.dt = q, q.connectivity, dt
        self.units = units_of(self.c, granularity)
        self.width = GRANULARITIES[granularity]
        self.pre, self.post = self.c.pre().astype(np.int64), self.c.targets().astype(np.int64)
        self.weight = self.c.weight.astype(np.float64)
        self.relative = np.abs(self.weight) / np.broadcast_to(_yardstick(q, self.weight), (q.post.size,))[self.post]
        self.below = np.zeros(len(self.units.size), bool)
        self.traced = criterion == "trace" and has_trace(q)
        self.how = "diagonal" if self.traced else "magnitude"
        if criterion == "trace" and not self.traced:
            self.how = f"magnitude ({q.post.model.name})"
        self.matrix = self.traced and self._is_matrix()

    def _is_matrix(self) -> bool:
        """Whether a matrix says all of it: one delay, no parallel synapses, and not too large."""
        if self.q.pre.size > MAX_SOURCES or self.q.pre.size * self.q.post.size > MAX_ENTRIES:
            return False
        same = (self.pre[1:] == self.pre[:-1]) & (self.post[1:] == self.post[:-1])
        return not same.any() and not delays_differ(self.q, self.dt)

    @property
    def name(self) -> str:
        return self.q.name

    def under(self, threshold: float) -> None:
        """Mark units whose synapses are all under the threshold; if all units are, the largest stays."""
        largest = self.units.largest(self.relative)
        self.below = largest < threshold
        if self.below.all():
            self.below[int(np.argmax(largest))] = False

    def losses(self, spikes: Optional[np.ndarray]) -> Tuple[np.ndarray, float]:
        """Loss of each unit [u], and the mean square of what the projection brings to all targets, by which losses
        compare. spikes: of the source, bool [samples, ticks, n]; None ranks by magnitude."""
        if not self.traced or spikes is None:
            return self._marked(self.units.total(self.relative**2)), float(np.sum(self.relative**2))
        if self.matrix:
            moment = moments(self.q, spikes, None, self.dt)[0]
            full = self._full(self.weight)
            return self._unit_losses(full, moment), error(full, damped(moment))
        power = powers(self.q, spikes, self.dt)
        each = self.weight**2 * (power if power.any() else np.ones_like(power))[self.pre]
        return self._marked(self.units.total(each)), float(np.sum(each))

    def _marked(self, losses: np.ndarray) -> np.ndarray:
        """What is under the threshold goes before all else."""
        return np.where(self.below, -1.0, losses)

    def _full(self, values: np.ndarray) -> np.ndarray:
        """Values of synapses as a matrix [pre, post], zero where there is none."""
        full = np.zeros(self.c.shape, values.dtype)
        full[self.pre, self.post] = values
        return full

    def _unit_losses(self, weights: np.ndarray, moment: np.ndarray) -> np.ndarray:
        found = elimination_losses(weights, moment, self._full(~self.below[self.units.of]), self.width)
        if found is None:
            each = weights[self.pre, self.post] ** 2 * damped(moment).diagonal()[self.pre]
            return self._marked(self.units.total(each))
        self.how = "elimination"
        # all synapses of a unit have its source and its group of targets
        losses = np.zeros(len(self.units.size))
        losses[self.units.of] = found[self.pre, self.post // self.width]
        return self._marked(losses)

    def cut(self, need: int, losses: np.ndarray, spikes: Optional[np.ndarray], dense: Optional[np.ndarray]) -> None:
        """Take `need` synapses and refit the others.

        losses: as `losses` gave them. spikes, dense: of the source as it is now and as it was, the same object where
        nothing has changed before it. Where it has, weights are fitted to the potentials from before, and ranked anew.
        """
        weights = None
        if self.matrix and spikes is not None and dense is not None:
            changed = spikes is not dense
            same, cross = moments(self.q, spikes, dense if changed else None, self.dt)
            hessian, full = damped(same), self._full(self.weight)
            ridge = hessian[0, 0] - same[0, 0]
            wanted = hessian @ full if cross is None else cross @ full + ridge * full
            mask = self._full(~self.below[self.units.of])
            if (changed or self.below.any()) and solving(mask) <= MAX_SOLVING:
                losses = self._unit_losses(refit(hessian, wanted, mask), same)
            kept = ~self._gone(need, losses)
            mask = self._full(kept)
            if (changed or not kept.all()) and solving(mask) <= MAX_SOLVING:
                self.how += ", refitted"
                weights = refit(hessian, wanted, mask)[self.pre, self.post]
        else:
            kept = ~self._gone(need, losses)
        self.q.replace(self._left(kept, weights))

    def _gone(self, need: int, losses: np.ndarray) -> np.ndarray:
        return lowest([losses], [self.units], need, [np.array([self.c.count - 1])])[0][self.units.of]

    def _left(self, kept: np.ndarray, weights: Optional[np.ndarray]) -> Connectivity:
        """The synapses that stay, with their delays."""
        c = self.c
        if weights is not None:
            c = replace(c, weight=weights.astype(c.weight.dtype))
        if kept.all():
            return c
        return subset(c, kept)


def _yardstick(q: Projection, weight: np.ndarray) -> np.ndarray:
    """What weights are measured by, a number or one per target: threshold − rest.

    For currents in pA, the one that brings its charge. A target without a threshold has the spread of potentials when
    each of its sources spikes once: √(fan-in · mean square of the weights).
    """
    model = q.post.model
    if isinstance(model, LI):
        return np.asarray(np.sqrt(np.sum(weight**2) / q.post.size) or 1.0)
    drives = np.asarray(model.drives, np.float64)
    # a threshold at rest tells nothing of size
    drives = np.where(drives > 0.0, drives, 1.0)
    if in_mv(q) or isinstance(q.synapse, Delta):
        return drives
    duration = np.asarray(q.synapse.tau) * (np.e if isinstance(q.synapse, Alpha) else 1.0)
    return drives * model.charge / duration
