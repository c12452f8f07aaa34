"""What a network is: declarations, before anything is compiled or run."""

from .graph import Network, Population, Projection
from .neurons import ALIF, LI, LIF, AdEx, CubaLIF, Izhikevich, PoissonSource, SpikeSource, TemporalSource
from .synapses import Delta, Exponential

__all__ = [
    "ALIF",
    "AdEx",
    "CubaLIF",
    "Delta",
    "Exponential",
    "Izhikevich",
    "LI",
    "LIF",
    "Network",
    "PoissonSource",
    "Population",
    "Projection",
    "SpikeSource",
    "TemporalSource",
]
