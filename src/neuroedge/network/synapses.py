"""Synapse kinds: how an arriving weight acts on its target."""

from dataclasses import dataclass
from typing import ClassVar, Union

import numpy as np

from .. import checks
from ..errors import ParameterError

__all__ = ["Alpha", "Delta", "Exponential", "Synapse"]


@dataclass(frozen=True, eq=False)
class Delta:
    """The weight (mV) is added to the potential at once."""

    name: ClassVar[str] = "delta"


@dataclass(frozen=True, eq=False)
class Exponential:
    """The weight is added to a current that decays with tau (ms): I' = −I/tau.

    The current is in mV for LIF models (resistance times current), in pA for AdEx.
    """

    name: ClassVar[str] = "exponential"
    tau: Union[float, np.ndarray] = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", _positive("Exponential", self.tau))


@dataclass(frozen=True, eq=False)
class Alpha:
    """The weight is the peak, tau ms after arrival, of a current w·(t/tau)·exp(1 − t/tau).

    The current is in mV for LIF models (resistance times current), in pA for AdEx.
    """

    name: ClassVar[str] = "alpha"
    tau: Union[float, np.ndarray] = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", _positive("Alpha", self.tau))


def _positive(owner: str, value: object) -> Union[float, np.ndarray]:
    tau = checks.real_array(owner, "tau", value)
    if not (tau > 0).all():
        raise ParameterError(f"{owner}: tau must be > 0 ms (got {float(tau.min()):g})")
    return float(tau) if tau.ndim == 0 else tau.copy()


Synapse = Union[Delta, Exponential, Alpha]
