"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.optimize import Quantizer

__all__ = ["Quantizer"]
