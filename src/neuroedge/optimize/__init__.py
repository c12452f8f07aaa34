"""Smaller networks: fewer bits."""

from .codes import QuantizedWeights
from .impact import AccuracyImpact
from .quantize import Quantizer

__all__ = ["AccuracyImpact", "QuantizedWeights", "Quantizer"]
