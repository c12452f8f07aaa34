"""Rules that arguments must keep: each returns the value, or raises with field, rule and value."""

import math
from typing import Any, Optional

import numpy as np

from .errors import ArgumentTypeError, ParameterError

__all__ = ["boolean", "count", "finite", "positive", "probability", "real_array", "ticks_of", "whole"]


def _number(owner: str, field: str, value: Any) -> float:
    if isinstance(value, (bool, str, bytes)) or not np.isscalar(value):
        raise ArgumentTypeError(f"{owner}: {field} must be a number (got {value!r})")
    return float(value)


def finite(owner: str, field: str, value: Any, unit: str = "") -> float:
    """A finite number."""
    number = _number(owner, field, value)
    if not math.isfinite(number):
        raise ParameterError(f"{owner}: {field} must be finite{_in(unit)} (got {value!r})")
    return number


def positive(owner: str, field: str, value: Any, unit: str = "") -> float:
    """A finite number above zero."""
    number = _number(owner, field, value)
    if not (math.isfinite(number) and number > 0.0):
        raise ParameterError(f"{owner}: {field} must be > 0{_in(unit)} (got {value!r})")
    return number


def probability(owner: str, field: str, value: Any) -> float:
    """A number in (0, 1]."""
    number = _number(owner, field, value)
    if not 0.0 < number <= 1.0:
        raise ParameterError(f"{owner}: {field} must be in (0, 1] (got {value!r})")
    return number


def whole(owner: str, field: str, value: Any) -> int:
    """An integer, never a bool or a fraction."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ArgumentTypeError(f"{owner}: {field} must be a whole number (got {value!r})")
    return int(value)


def count(owner: str, field: str, value: Any, limit: int = 2**31 - 1) -> int:
    """An integer in 1 … limit."""
    number = whole(owner, field, value)
    if not 1 <= number <= limit:
        raise ParameterError(f"{owner}: {field} must be 1 to {limit:,} (got {number:,})")
    return number


def boolean(owner: str, field: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"{owner}: {field} must be True or False (got {value!r})")
    return bool(value)


def real_array(owner: str, field: str, value: Any, shape: Optional[tuple] = None) -> np.ndarray:
    """A float64 array with finite entries, of the given shape."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{owner}: {field} must hold numbers (got {type(value).__name__})") from None
    if shape is not None and array.shape != shape:
        raise ParameterError(f"{owner}: {field} must have shape {shape} (got {array.shape})")
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ParameterError(f"{owner}: {field} must be finite (entry {bad} is {array[tuple(bad)]})")
    return array


def ticks_of(owner: str, duration: Any, dt: float) -> int:
    """Number of ticks in a duration, which must be a multiple of dt (within 1e-6 of a tick)."""
    exact = positive(owner, "duration", duration, "ms") / dt
    ticks = round(exact)
    if ticks < 1 or abs(exact - ticks) > 1e-6:
        raise ParameterError(f"{owner}: duration must be a multiple of dt = {dt:g} ms (got {duration!r} ms)")
    return ticks


def _in(unit: str) -> str:
    return f" {unit}" if unit else ""
