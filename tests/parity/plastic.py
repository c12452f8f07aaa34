"""Generated networks in which most projections learn: of every rule, delay, synapse and model."""

from dataclasses import replace
from typing import Any

import numpy as np
from strategies import Call, Case, Draw, build

from neuroedge import STDP, Alpha, RewardSTDP
from neuroedge.network.graph import Projection

__all__ = ["learning"]

TAUS = (1.0, 5.0, 20.0, 20.0, 300.0)


def learning(seed: int) -> Case:
    """The network of a seed, with rules, and with rewards where somebody waits for them."""
    # a network that cannot learn gives way to the next one
    case, draw = build(seed), Draw(seed + 1_000_000)
    while not any(_able(q) for q in case.network.projections.values()):
        case = build(case.seed + 1000)
    able = [q for q in case.network.projections.values() if _able(q)]
    for k, projection in enumerate(able):
        if k == 0 or draw.chance(0.7):
            _teach(draw, projection)
    if any(isinstance(q.plasticity, RewardSTDP) for q in able):
        case = case._replace(calls=[_rewarded(draw, call, case.dt) for call in case.calls])
    return case._replace(seed=seed)


def _able(projection: Projection) -> bool:
    synapse = projection.synapse
    each = isinstance(synapse, Alpha) and np.ndim(synapse.tau) > 0
    return projection.post.model.spiking and not each and projection.count > 0


def _teach(draw: Draw, projection: Projection) -> None:
    c = projection.connectivity
    projection.replace(replace(c, weight=np.abs(c.weight)))
    largest = float(np.abs(c.weight).max()) or 1.0
    rule = _pairs(draw, largest) if draw.chance(0.5) else _rewards(draw, largest)
    projection.plasticity = rule.bounded("test", largest)


def _pairs(draw: Draw, largest: float) -> STDP:
    return STDP(
        draw.pick(TAUS), draw.pick(TAUS), draw.pick((0.01, 0.1, 0.5)), draw.pick((0.0, 0.7, 1.05)),
        draw.pick((1.0, 1.25, 2.0)) * largest, draw.pick(("additive", "multiplicative")), draw.pick(("all", "nearest")),
    )  # fmt: skip


def _rewards(draw: Draw, largest: float) -> RewardSTDP:
    rate = draw.pick((0.01, 0.2)) * largest
    return RewardSTDP(
        draw.pick(TAUS), draw.pick(TAUS), draw.pick((10.0, 1000.0)), draw.pick((0.5, 1.0)), draw.pick((0.6, 1.2)), rate,
        0.0, draw.pick((1.0, 2.0)) * largest, draw.pick(("event", "dopamine", "dopamine")), draw.pick((5.0, 200.0)),
        draw.pick((0.0, 0.0, 0.003)), draw.pick(("all", "nearest")),
    )  # fmt: skip


def _rewarded(draw: Draw, call: Call, dt: float) -> Any:
    """Some rewards, also several in one tick, in no order, at the start and at the end."""
    n = int(draw.rng.integers(0, 4))
    times = np.rint(draw.rng.uniform(0.0, call.duration, n) / dt) * dt
    pairs = [(min(float(t), call.duration), float(r)) for t, r in zip(times, draw.rng.normal(0.0, 2.0, n))]
    edges = [(0.0, 1.0), (call.duration, -0.5), (call.duration, 0.25)]
    return call._replace(rewards=pairs + (edges if draw.chance(0.3) else []))
