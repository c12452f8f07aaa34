"""What board this is, and what it draws. Knows nothing of networks."""

from .battery import Battery
from .identify import Board, identify
from .power import Power, Rail
from .source import PowerSource

__all__ = [
    "Battery",
    "Board",
    "Power",
    "PowerSource",
    "Rail",
    "identify",
]
