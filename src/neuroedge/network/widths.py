"""How many bits a network was quantised to."""

from typing import Any, Mapping, NamedTuple

__all__ = ["Widths"]


class Widths(NamedTuple):
    """Bits of potentials, of what arrives in a tick, and of weights, with their signs.

    arrivals: by population, the largest |sum of weights| of a tick that its bits must hold, mV, one per neuron.
    potentials: by reader (`li`), the largest |potential − rest|, mV. What is absent is estimated from the weights.
    """

    voltage: int = 16
    current: int = 32
    weight: int = 8
    arrivals: Mapping[str, Any] = {}
    potentials: Mapping[str, Any] = {}
