"""How the weights of a projection change while a network runs: pair STDP, and STDP that waits for a reward.

Times are as seen at the synapse: a presynaptic spike counts when it arrives, a postsynaptic one when it is fired. Each
synapse sees a trace x of what has arrived and a trace y of what its target has fired:

    x' = −x/tau_plus,  y' = −y/tau_minus;  a spike adds 1 (pairing "all"), or sets to 1 ("nearest")

In one tick arrivals come first, then the target's spikes, then rewards. What arrives is delivered with the weight that
it finds, before this arrival lowers it. An arrival and a spike in one tick are a pair of 0 ms, arrival first.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Dict, Optional, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from .synapses import Alpha, Synapse

__all__ = ["Plasticity", "RewardSTDP", "STDP", "must_learn", "plasticity_of"]

PAIRINGS = ("all", "nearest")

# of the largest weight at the start, where w_max is not given
HEADROOM = 2.0

# of w_max, where RewardSTDP is not given a learning rate
SHARE = 0.01


class _Rule:
    """What both rules share: numbers that are checked, and bounds."""

    positives: ClassVar[Dict[str, str]] = {}
    texts: ClassVar[Dict[str, Any]] = {}
    lowest: ClassVar[float] = 0.0
    w_max: Optional[float]

    def __post_init__(self) -> None:
        owner = type(self).__name__
        for field in fields(self):  # type: ignore[arg-type]
            name, value = field.name, getattr(self, field.name)
            if name in self.texts:
                checks.known(f"{owner} {name}", value, self.texts[name])
            elif name in self.positives and not (value is None and field.default is None):
                object.__setattr__(self, name, checks.positive(owner, name, value, self.positives[name]))
            elif value is not None or field.default is not None:
                kind = checks.finite if name == "baseline" else checks.not_negative
                object.__setattr__(self, name, kind(owner, name, value))
        if self.w_max is not None and self.w_max <= self.floor:
            raise ParameterError(f"{owner}: w_max must be > w_min = {self.floor:g} (got {self.w_max:g})")

    @property
    def floor(self) -> float:
        """The smallest weight."""
        return self.lowest

    def bounded(self, owner: str, largest: float) -> "Plasticity":
        """The same with w_max, twice the `largest` weight unless it is given; owner: whom errors name."""
        rule: Any = self
        if rule.w_max is None:
            if not largest > rule.floor / HEADROOM:
                cure = "give it: STDP(w_max=…)"
                what = f"w_max is {HEADROOM:g} times the largest weight, which must be > {rule.floor / HEADROOM:g}"
                raise ParameterError(f"{owner}: {what} (got {largest:g}); {cure}")
            rule = replace(rule, w_max=HEADROOM * largest)
        if getattr(rule, "learning_rate", 0.0) is None:
            rule = replace(rule, learning_rate=SHARE * rule.w_max)
        bounded: Plasticity = rule
        return bounded

    def must_hold(self, owner: str, weights: np.ndarray) -> None:
        """Raise ParameterError, which names the owner, for weights outside of the bounds."""
        low, high = np.float32(self.floor), np.float32(np.inf if self.w_max is None else self.w_max)
        with np.errstate(over="ignore"):
            small = np.asarray(weights).astype(np.float32, copy=False)
        bad = (small < low) | (small > high)
        if bad.any():
            rule = f"weights that learn must be {low:g} to {high:g} (w_max)"
            cure = "inhibitory synapses do not learn: connect them apart, with plasticity=None"
            raise ParameterError(f"{owner}: {rule} (got {float(small[bad][0]):g}); {cure}")


@dataclass(frozen=True)
class STDP(_Rule):
    """Pair STDP (Song, Miller & Abbott 2000; van Rossum, Bi & Turrigiano 2000; review: Morrison, Diesmann & Gerstner
    2008, doi:10.1007/s00422-008-0233-1). With lam = learning_rate, and x and y as this module has them:

        arrival: w ← max(0, w − alpha·lam·F·y), F = w_max ("additive") or w ("multiplicative");  then x
        spike:   w ← min(w_max, w + lam·G·x),   G = w_max or w_max − w;                           then y

    rule: "additive" or "multiplicative". tau_plus, tau_minus: ms. learning_rate: share of G by which a pair of 0 ms
    changes a weight; alpha: how much more depression there is. w_max: in the unit of the weights; None is twice the
    largest weight at the start. pairing: "all" spikes, or the "nearest" arrival and spike (symmetric scheme).
    """

    name: ClassVar[str] = "stdp"
    positives: ClassVar[Dict[str, str]] = {"tau_plus": "ms", "tau_minus": "ms", "w_max": ""}
    texts: ClassVar[Dict[str, Any]] = {"rule": ("additive", "multiplicative"), "pairing": PAIRINGS}
    tau_plus: float = 20.0
    tau_minus: float = 20.0
    learning_rate: float = 0.01
    alpha: float = 1.05
    w_max: Optional[float] = None
    rule: str = "additive"
    pairing: str = "all"


@dataclass(frozen=True)
class RewardSTDP(_Rule):
    """STDP that changes an eligibility e, which rewards turn into weights (Izhikevich 2007, doi:10.1093/cercor/bhl152).

        arrival: e ← e − A_minus·y, then x;  spike: e ← e + A_plus·x, then y;  e' = −e/tau_e

    mode "event": a reward r makes w ← clip(w + learning_rate·e·r, w_min, w_max).
    mode "dopamine": a reward adds r/tau_n to n, n' = −n/tau_n, and w' = learning_rate·e·(n − baseline). This is
    integrated exactly between events and clipped to the bounds at each of them; `baseline` is in the unit of n, 1/ms.

    tau_plus, tau_minus: ms, of the traces x and y; tau_e, tau_n: ms. pairing: as of `STDP`. learning_rate: None is
    w_max/100. w_max: in the unit of the weights, None is twice the largest weight at
    the start. Rewards are given to `Simulator.run(rewards=…)` and `Simulator.reward`, and reach all such projections;
    a negative one punishes.
    """

    name: ClassVar[str] = "rstdp"
    positives: ClassVar[Dict[str, str]] = {
        "tau_plus": "ms", "tau_minus": "ms", "tau_e": "ms", "tau_n": "ms", "w_max": "", "learning_rate": "",
    }  # fmt: skip
    texts: ClassVar[Dict[str, Any]] = {"mode": ("event", "dopamine"), "pairing": PAIRINGS}
    tau_plus: float = 20.0
    tau_minus: float = 20.0
    tau_e: float = 1000.0
    A_plus: float = 1.0
    A_minus: float = 1.2
    learning_rate: Optional[float] = None
    w_min: float = 0.0
    w_max: Optional[float] = None
    mode: str = "event"
    tau_n: float = 200.0
    baseline: float = 0.0
    pairing: str = "all"

    @property
    def floor(self) -> float:
        return self.w_min


Plasticity = Union[STDP, RewardSTDP]

_NAMED: Dict[str, Any] = {"rstdp": RewardSTDP, "stdp": STDP}


def plasticity_of(owner: str, value: Any) -> Optional[Plasticity]:
    """A rule from None, a name or a rule."""
    if value is None or isinstance(value, (STDP, RewardSTDP)):
        return value
    if not isinstance(value, str):
        raise ArgumentTypeError(
            f"{owner}: plasticity must be None, 'stdp', 'rstdp', STDP(…) or RewardSTDP(…) (got {shown(value)})"
        )
    rule: Plasticity = _NAMED[checks.known("plasticity", value, _NAMED)]()
    return rule


def must_learn(owner: str, target: Any, synapse: Synapse) -> None:
    """Raise for a projection that cannot learn."""
    if not target.spiking:
        raise ParameterError(f"{owner}: {target.name} neurons never spike, so nothing would be learnt; use 'lif'")
    if isinstance(synapse, Alpha) and np.ndim(synapse.tau):
        raise ParameterError(f"{owner}: an alpha synapse that learns takes one tau (got one per neuron)")
