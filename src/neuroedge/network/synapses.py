"""Synapse kinds: how an arriving weight acts on its target."""

from dataclasses import dataclass
from typing import ClassVar, Union

import numpy as np

from .. import checks
from ..errors import ParameterError

__all__ = ["Delta", "Exponential", "Synapse"]


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
        tau = checks.real_array("Exponential", "tau", self.tau)
        if not (tau > 0).all():
            raise ParameterError(f"Exponential: tau must be > 0 ms (got {float(tau.min()):g})")
        object.__setattr__(self, "tau", float(tau) if tau.ndim == 0 else tau.copy())

    def same_as(self, other: "Exponential") -> bool:
        """Whether both can share one current."""
        return bool(np.array_equal(np.asarray(self.tau), np.asarray(other.tau)))


Synapse = Union[Delta, Exponential]
