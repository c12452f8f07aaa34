"""Second-order pruning of one layer, without labels: what leaving out a weight costs, and what others make good.

The error of a target that should have got the potential X·w and gets X·v is (v − w)ᵀH(v − w), H = E[x xᵀ] over the
traces x of its sources (`neuroedge.optimize.traces`). Removing weight q, with all others refitted, costs
w_q²/[H⁻¹]_qq (Hassibi & Stork 1993, "Second order derivatives for network pruning: optimal brain surgeon"); without
refitting, w_q²·H_qq (LeCun, Denker & Solla 1990, "Optimal brain damage"). That H of spiking layers is one of
membrane traces: Shi, Li & Ward-Cherrier 2025, arXiv:2506.03996.
"""

from typing import Dict, List, Optional, Tuple

import numpy as np

__all__ = ["damped", "elimination_losses", "error", "refit", "solving"]

# share of the mean trace that is added to the diagonal
DAMPING = 1e-2

# entries of inverses that one elimination may rewrite, and operations of an inversion for each group: some seconds
WORK, INVERTING = 3e8, 5e10

# an elimination takes at least so many steps while half of the sources go; with fewer it finds no better than H_qq
LEAST_STEPS = 3

# by so much losses rise at least
HAIR = 1e-12

# up to this many sources every step is in double
DOUBLE = 256


def damped(moment: np.ndarray) -> np.ndarray:
    """The moment [d, d] plus 1 % of its mean diagonal, by which weights shrink that nothing asks for; 1 where all is
    silent."""
    ridge = DAMPING * float(np.trace(moment)) / len(moment)
    return moment + (ridge or 1.0) * np.eye(len(moment))


def error(change: np.ndarray, moment: np.ndarray) -> float:
    """Mean square of the potentials that a change of weights [d, m] brings, summed over targets."""
    return float(np.sum(change * (moment @ change)))


def _steps(mask: np.ndarray, width: int) -> float:
    """Steps that are affordable while half of the sources go, 0 for none."""
    sources = np.logical_or.reduceat(mask, np.arange(0, mask.shape[1], width), axis=1).sum(axis=0).astype(float)
    return float(WORK / max(np.sum(sources**2), 1.0)) if np.sum(sources**3) <= INVERTING else 0.0


def elimination_losses(weights: np.ndarray, moment: np.ndarray, mask: np.ndarray, width: int) -> Optional[np.ndarray]:
    """Loss of each unit (source, `width` neighbouring targets) when it goes, [d, ceil(m/width)], in the order of
    a backward elimination in which the remaining weights are refitted after every step; None where that takes too long.

    weights: [d, m]; moment: H, [d, d]; mask: bool [d, m], True where there is a synapse. Along the elimination of one
    target losses rise, so the lowest units of a ranking across targets are the first to go in each. Large layers
    are eliminated in steps of several sources.
    """
    speaks = np.flatnonzero(moment.diagonal() > 0.0)
    fine = _steps(mask[speaks], width)
    if fine < LEAST_STEPS:
        return None
    starts = np.arange(0, weights.shape[1], width)
    # in units of its mean, which single precision holds whatever the time constants
    unit = float(np.mean(moment.diagonal())) or 1.0
    hessian, weights = damped(moment / unit), np.where(mask, weights, 0.0)
    # silent sources are independent of all others: H⁻¹ is 1/H there
    losses = np.add.reduceat(weights**2, starts, axis=1) * hessian.diagonal()[:, None]
    held: Tuple[bytes, np.ndarray] = (b"", hessian)
    for g, start in enumerate(starts):
        group = slice(start, start + width)
        sources = speaks[mask[speaks, group].any(axis=1)]
        # neighbours mostly have the same sources
        if held[0] != sources.tobytes():
            real = np.float64 if len(sources) <= DOUBLE else np.float32
            held = sources.tobytes(), np.linalg.inv(hessian[np.ix_(sources, sources)]).astype(real)
        losses[sources, g] = _eliminate(weights[sources, group], held[1].copy(), fine)
    return losses * unit


def _eliminate(weights: np.ndarray, inverse: np.ndarray, fine: float) -> np.ndarray:
    """The same for one group of targets: weights [d, width], H⁻¹ [d, d], which is used up."""
    weights = weights.astype(inverse.dtype)
    losses, source, alive = np.zeros(len(weights)), np.arange(len(weights)), np.ones(len(weights), bool)
    lowest = 0.0
    while alive.any():
        if 4 * int(alive.sum()) <= 3 * len(alive):
            inverse, weights, source = inverse[np.ix_(alive, alive)], weights[alive], source[alive]
            alive = np.ones(len(source), bool)
        cost = np.where(alive, (weights * weights).sum(axis=1) / np.where(alive, inverse.diagonal(), 1.0), np.inf)
        count = max(1, int(alive.sum() / fine))
        gone = np.argpartition(cost, count - 1)[:count]
        gone = gone[np.argsort(cost[gone], kind="stable")]
        # a hair more than the one before, or a ranking could not tell which goes first
        rising = np.maximum.accumulate(np.maximum(cost[gone].astype(np.float64), lowest))
        loss = rising * (1.0 + HAIR * np.arange(1, count + 1))
        losses[source[gone]], lowest = loss, float(loss[-1])
        # w −= H⁻¹_:Q (H⁻¹_QQ)⁻¹ w_Q and the same for H⁻¹, which then is that of the sources left
        columns = inverse[:, gone]
        gain = columns / columns[gone] if count == 1 else np.linalg.solve(columns[gone], columns.T).T
        weights -= gain @ weights[gone]
        inverse -= gain @ columns.T
        alive[gone] = False
    return losses


def refit(hessian: np.ndarray, wanted: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Weights [d, m], zero outside `mask`, that minimise wᵀHw − 2wᵀg for each column g of `wanted` [d, m].

    With wanted = H·w they come closest to what the full weights w would have brought.
    """
    fresh = np.zeros(wanted.shape)
    for columns in _same(mask):
        sources = np.flatnonzero(mask[:, columns[0]])
        if len(sources):
            at = np.ix_(sources, columns)
            fresh[at] = np.linalg.solve(hessian[np.ix_(sources, sources)], wanted[at])
    return fresh


def solving(mask: np.ndarray) -> float:
    """Operations that a refit to `mask` takes, in parts that share their sources."""
    return sum(float(mask[:, columns[0]].sum()) ** 3 / 3.0 for columns in _same(mask))


def _same(mask: np.ndarray) -> List[np.ndarray]:
    """Columns by the sources that they have."""
    found: Dict[bytes, List[int]] = {}
    for k, column in enumerate(np.ascontiguousarray(mask.T)):
        found.setdefault(column.tobytes(), []).append(k)
    return [np.array(columns) for columns in found.values()]
