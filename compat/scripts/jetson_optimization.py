"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.tutorial.jetson import JetsonOptimizer, PowerManager

__all__ = ["JetsonOptimizer", "PowerManager"]
