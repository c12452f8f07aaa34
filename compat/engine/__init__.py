"""Import path of the tutorial: `from engine import Network, Simulator, SimulationMode`."""

from neuroedge.tutorial.engine import Network, SimulationMode, Simulator

__all__ = ["Network", "SimulationMode", "Simulator"]
