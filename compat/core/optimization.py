"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.optimize import NetworkPruner, Quantizer

__all__ = ["NetworkPruner", "Quantizer"]
