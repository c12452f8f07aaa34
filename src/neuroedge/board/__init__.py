"""What board this is, how hot it is, what it draws, and its power modes. Knows nothing of networks."""

from .battery import Battery
from .clocks import lock_clocks, restore_clocks
from .identify import Board, identify
from .modes import Modes, PowerMode
from .power import Power, Rail
from .source import PowerSource
from .thermal import Flags, Throttled, Zone, hottest, temperature, throttled, zones

__all__ = [
    "Battery",
    "Board",
    "Flags",
    "Modes",
    "Power",
    "PowerMode",
    "PowerSource",
    "Rail",
    "Throttled",
    "Zone",
    "hottest",
    "identify",
    "lock_clocks",
    "restore_clocks",
    "temperature",
    "throttled",
    "zones",
]
