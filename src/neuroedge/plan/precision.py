"""Number formats of a plan: what weights and states are stored as, and what a change of them costs."""

from typing import Any, Dict, NamedTuple

import numpy as np

from .. import checks
from ..errors import ParameterError, UnknownNameError

__all__ = ["Change", "PRECISIONS", "Precision", "device_precision", "precision", "to_half"]


class Precision(NamedTuple):
    name: str
    weight_bytes: int
    state: np.dtype


class Change(NamedTuple):
    """What another precision made of the bytes of plan and state; 0 where nothing was compiled yet."""

    precision: str
    bytes_before: int
    bytes_after: int

    def __repr__(self) -> str:
        if not self.bytes_after:
            return f"Change({self.precision}, from the first run on)"
        return f"Change({self.precision}: {self.bytes_before:,} -> {self.bytes_after:,} bytes)"


# int8: weights are codes, LIF with delta synapses is integers throughout, and the rest keeps float32 states.
# float64 is for checking: the reference engine alone runs it
PRECISIONS: Dict[str, Precision] = {
    "float32": Precision("float32", 4, np.dtype(np.float32)),
    "float16": Precision("float16", 2, np.dtype(np.float32)),
    "int8": Precision("int8", 1, np.dtype(np.float32)),
    "float64": Precision("float64", 8, np.dtype(np.float64)),
}


def precision(name: str) -> Precision:
    """The precision of that name."""
    if name not in PRECISIONS:
        raise UnknownNameError("precision", name, PRECISIONS)
    return PRECISIONS[name]


def device_precision(name: Any) -> str:
    """One of the precisions that run on devices."""
    on_devices = [known for known in PRECISIONS if known != "float64"]
    if isinstance(name, str) and name == "float64":
        cure = "which is for checking: neuroedge.Simulator(network, precision='float64')"
        raise ParameterError(f"precision must be {', '.join(on_devices)} (got 'float64', {cure})")
    return checks.known("precision", name, on_devices)


def to_half(owner: str, weights: np.ndarray) -> np.ndarray:
    """Weights as IEEE half (uint16 bits), rounded to nearest; an error beyond ±65,504."""
    if len(weights) and float(np.abs(weights).max()) > 65504.0:
        most = float(np.abs(weights).max())
        raise ParameterError(f"{owner}: float16 holds weights to ±65504 (got {most:g}); use float32")
    return weights.astype(np.float16).view(np.uint16)
