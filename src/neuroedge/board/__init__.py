"""What board this is, and how hot. Knows nothing of networks."""

from .identify import Board, identify
from .thermal import Flags, Throttled, Zone, hottest, temperature, throttled, zones

__all__ = ["Board", "Flags", "Throttled", "Zone", "hottest", "identify", "temperature", "throttled", "zones"]
