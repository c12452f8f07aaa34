"""Values as regular spikes: deterministic, without random numbers."""

from typing import Any, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError

__all__ = ["regular_spikes", "unit_values"]


def unit_values(owner: str, values: Any, shape: Tuple[int, ...]) -> np.ndarray:
    """Values in 0 … 1 as float32 of that shape; -1 in the shape takes any length."""
    # what is right already is not copied: samples may be most of the memory in use
    fits = isinstance(values, np.ndarray) and values.dtype == np.float32 and bool(np.isfinite(values).all())
    array = values if fits else checks.real_array(owner, "inputs", values)
    if array.ndim != len(shape) or any(want not in (-1, got) for want, got in zip(shape, array.shape)):
        wanted = "[" + ", ".join("samples" if n == -1 else str(n) for n in shape) + "]"
        raise ParameterError(f"{owner}: inputs must have shape {wanted} (got {list(array.shape)})")
    if array.size and not (array.min() >= 0.0 and array.max() <= 1.0):
        bad = float(array[(array < 0.0) | (array > 1.0)].flat[0])
        raise ParameterError(f"{owner}: inputs must be 0 to 1 (got {bad:g}); divide by their largest value")
    return np.ascontiguousarray(array, np.float32)


def regular_spikes(values: np.ndarray, ticks: int) -> Tuple[np.ndarray, np.ndarray]:
    """Spikes of one sample, (ticks int32, neurons uint32), ascending: a value x in 0 … 1 fires every 1/x ticks.

    acc starts at 1/2; each tick acc += x, and at 1 or above it fires and acc −= 1, all in float32. So n ticks of x
    bring n·x spikes, rounded, wherever they run.
    """
    level = np.full(len(values), 0.5, np.float32)
    when, who = [], []
    for tick in range(ticks):
        level += values
        fires = np.flatnonzero(level >= np.float32(1.0))
        level[fires] -= np.float32(1.0)
        when.append(np.full(len(fires), tick, np.int32))
        who.append(fires.astype(np.uint32))
    return np.concatenate(when), np.concatenate(who)
