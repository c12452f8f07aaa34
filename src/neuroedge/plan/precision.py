"""Number formats of a plan: what weights and states are stored as."""

from typing import Dict, NamedTuple

import numpy as np

from ..errors import ParameterError, UnknownNameError

__all__ = ["PRECISIONS", "Precision", "precision", "to_half"]


class Precision(NamedTuple):
    name: str
    weight_bytes: int
    state: np.dtype


# float64 is for checking: the reference engine alone runs it
PRECISIONS: Dict[str, Precision] = {
    "float32": Precision("float32", 4, np.dtype(np.float32)),
    "float16": Precision("float16", 2, np.dtype(np.float32)),
    "float64": Precision("float64", 8, np.dtype(np.float64)),
}


def precision(name: str) -> Precision:
    """The precision of that name."""
    if name not in PRECISIONS:
        raise UnknownNameError("precision", name, PRECISIONS)
    return PRECISIONS[name]


def to_half(owner: str, weights: np.ndarray) -> np.ndarray:
    """Weights as IEEE half (uint16 bits), rounded to nearest; an error beyond ±65,504."""
    if len(weights) and float(np.abs(weights).max()) > 65504.0:
        most = float(np.abs(weights).max())
        raise ParameterError(f"{owner}: float16 holds weights to ±65504 (got {most:g}); use float32")
    return weights.astype(np.float16).view(np.uint16)
