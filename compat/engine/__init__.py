"""Import path of the tutorial: `from engine import Network, Simulator`."""

from neuroedge.network import Network
from neuroedge.simulator import Simulator

__all__ = ["Network", "Simulator"]
