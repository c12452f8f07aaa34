"""What a network is: declarations, before anything is compiled or run."""

from .graph import Network, Population, Projection
from .neurons import ALIF, LI, LIF, AdEx, CubaLIF, Izhikevich, PoissonSource, SpikeSource, TemporalSource
from .plasticity import STDP, RewardSTDP
from .synapses import Alpha, Delta, Exponential

__all__ = [
    "ALIF",
    "AdEx",
    "Alpha",
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
    "RewardSTDP",
    "STDP",
    "SpikeSource",
    "TemporalSource",
]
