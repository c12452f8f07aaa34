"""What board this is, how hot it is, and what it draws. Knows nothing of networks."""

from .battery import Battery
from .energy import EnergyMeter
from .identify import Board, identify
from .power import Power, Rail
from .source import PowerSource
from .thermal import Flags, Throttled, Zone, hottest, temperature, throttled, zones

__all__ = [
    "Battery",
    "Board",
    "EnergyMeter",
    "Flags",
    "Power",
    "PowerSource",
    "Rail",
    "Throttled",
    "Zone",
    "hottest",
    "identify",
    "temperature",
    "throttled",
    "zones",
]
