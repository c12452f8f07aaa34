"""Rules that arguments must keep: each returns the value, or raises with field, rule and value."""

import math
from typing import Any, Collection, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .errors import ArgumentTypeError, ParameterError, UnknownNameError, shown

__all__ = [
    "MAX_TICKS",
    "as_array",
    "boolean",
    "count",
    "finite",
    "free_memory",
    "indices",
    "known",
    "mapping",
    "names",
    "not_negative",
    "positive",
    "probability",
    "real_array",
    "several",
    "ticks_of",
    "whole",
    "whole_array",
]

# ticks of one run: the core and the recording count them in 32 bits
MAX_TICKS = 2**31 - 1

# scalars that Python or NumPy would turn into numbers, but that were hardly meant as such
_NO_NUMBERS = (bool, np.bool_, str, bytes, np.timedelta64)


def _number(owner: str, field: str, value: Any) -> float:
    if type(value) is float:
        return value
    wrong = isinstance(value, _NO_NUMBERS) or not np.isscalar(value)
    try:
        number = math.nan if wrong else float(value)
    except OverflowError:
        # a whole number beyond every float: the rule that the caller checks next says so
        return math.inf
    except (TypeError, ValueError):
        wrong = True
    if wrong:
        raise ArgumentTypeError(f"{owner}: {field} must be a number (got {shown(value)})")
    return number


def finite(owner: str, field: str, value: Any, unit: str = "") -> float:
    """A finite number."""
    number = _number(owner, field, value)
    if not math.isfinite(number):
        raise ParameterError(f"{owner}: {field} must be finite{_in(unit)} (got {shown(value)})")
    return number


def positive(owner: str, field: str, value: Any, unit: str = "") -> float:
    """A finite number above zero."""
    number = _number(owner, field, value)
    if not (math.isfinite(number) and number > 0.0):
        raise ParameterError(f"{owner}: {field} must be > 0{_in(unit)} (got {shown(value)})")
    return number


def not_negative(owner: str, field: str, value: Any, unit: str = "") -> float:
    """A finite number, zero or above."""
    number = finite(owner, field, value, unit)
    if number < 0.0:
        raise ParameterError(f"{owner}: {field} must be >= 0{_in(unit)} (got {shown(value)})")
    # no -0.0
    return number + 0.0


def probability(owner: str, field: str, value: Any) -> float:
    """A number in (0, 1]."""
    number = _number(owner, field, value)
    if not 0.0 < number <= 1.0:
        raise ParameterError(f"{owner}: {field} must be in (0, 1] (got {shown(value)})")
    return number


def whole(owner: str, field: str, value: Any, least: Optional[int] = None) -> int:
    """An integer, never a bool or a fraction, and not below `least`."""
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, (int, np.integer)):
        raise ArgumentTypeError(f"{owner}: {field} must be a whole number (got {shown(value)})")
    if least is not None and value < least:
        raise ParameterError(f"{owner}: {field} must be >= {least:,} (got {shown(value)})")
    return int(value)


def count(owner: str, field: str, value: Any, limit: int = 2**31 - 1) -> int:
    """An integer in 1 … limit."""
    number = whole(owner, field, value)
    if not 1 <= number <= limit:
        raise ParameterError(f"{owner}: {field} must be 1 to {limit:,} (got {shown(number)})")
    return number


def boolean(owner: str, field: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"{owner}: {field} must be True or False (got {shown(value)})")
    return bool(value)


def known(kind: str, name: Any, among: Collection[str]) -> str:
    """One of the known names."""
    # a list or an array is no name, and would fail or mislead in the search
    if not isinstance(name, str) or name not in among:
        raise UnknownNameError(kind, name, among)
    return name


def names(owner: str, field: str, value: Any) -> List[Any]:
    """Several names, as a list; one bare name is an error, since its letters would be taken for names."""
    if isinstance(value, (str, bytes)):
        raise ArgumentTypeError(f"{owner}: {field} must be a list of names, [{shown(value)}] (got {shown(value)})")
    return several(owner, field, value, "a list of names")


def several(owner: str, field: str, value: Any, rule: str) -> List[Any]:
    """Several things, as a list; a text is none, and `rule` says what they are."""
    try:
        if not isinstance(value, (str, bytes)):
            return list(value)
    except TypeError:
        pass
    raise ArgumentTypeError(f"{owner}: {field} must be {rule} (got {shown(value)})")


def mapping(owner: str, field: str, value: Any, holds: str) -> Dict[str, Any]:
    """A dictionary, or an empty one for None."""
    if value is None:
        return {}
    # most are dictionaries, and asking for the abstract class takes longer
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ArgumentTypeError(f"{owner}: {field} must be a dictionary {{{holds}}} (got {shown(value)})")
    return dict(value)


def as_array(rule: str, value: Any) -> np.ndarray:
    """A NumPy array of anything but objects; `rule` begins the message."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        # rows of unequal length, or numbers beyond every type; an old NumPy makes objects of them
        array = np.zeros(0, object)
    if array.dtype.kind == "O":
        raise ArgumentTypeError(f"{rule} (got {shown(value)})")
    return array


def whole_array(owner: str, field: str, value: Any) -> np.ndarray:
    """A 1-d array of integers, of any integer type."""
    rule = f"{owner}: {field} must be a 1-d array of integers"
    array = as_array(rule, value)
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ArgumentTypeError(f"{rule} (got {array.dtype.name}, {array.ndim}-d)")
    return array


def indices(owner: str, field: str, value: Any, n: int) -> np.ndarray:
    """A 1-d array of integers, each 0 to n - 1."""
    array = whole_array(owner, field, value)
    low, top = (int(array.min()), int(array.max())) if array.size else (0, -1)
    if low < 0 or top >= n:
        raise ParameterError(f"{owner}: {field} must be 0 to {n - 1} (got {low if low < 0 else top})")
    return array


def real_array(owner: str, field: str, value: Any, shape: Optional[Tuple[int, ...]] = None) -> np.ndarray:
    """A float64 array with finite entries, of the given shape."""
    array = _numbers(owner, field, value)
    if shape is not None and array.shape != shape:
        raise ParameterError(f"{owner}: {field} must have shape {shape} (got {array.shape})")
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0].tolist()
        which = f"entry {bad} is {array[tuple(bad)]}" if bad else f"got {array}"
        raise ParameterError(f"{owner}: {field} must be finite ({which})")
    return array


def _numbers(owner: str, field: str, value: Any) -> np.ndarray:
    array = as_array(f"{owner}: {field} must hold numbers", value)
    # texts, complex numbers and truth values could be cast too, but were hardly meant
    if array.dtype.kind not in "iuf":
        raise ArgumentTypeError(f"{owner}: {field} must hold numbers (got {array.dtype.name}: {shown(value)})")
    with np.errstate(over="ignore"):
        return array.astype(np.float64, copy=False)


def ticks_of(owner: str, duration: Any, dt: float, step: str = "dt") -> int:
    """Number of ticks in a duration, which must be a multiple of dt (within 1e-6 of a tick). step: how dt is called."""
    ms = positive(owner, "duration", duration, "ms")
    if ms / dt >= MAX_TICKS + 0.5:
        most = f"{MAX_TICKS:,} steps of {step} = {dt:g} ms"
        raise ParameterError(f"{owner}: duration must be at most {most} (got {shown(duration)} ms); run it in parts")
    ticks = round(ms / dt)
    if ticks < 1 or abs(ms / dt - ticks) > 1e-6:
        rule = f"duration must be a multiple of {step} = {dt:g} ms"
        near = max(1, math.floor(ms / dt))
        cure = f"{near * dt:.9g} and {(near + 1) * dt:.9g} ms are"
        raise ParameterError(f"{owner}: {rule} (got {shown(duration)} ms); {cure}")
    return ticks


def free_memory() -> int:
    """Bytes that this machine can still give."""
    # imported here: it would add a fifth to the time of every start
    import psutil

    return int(psutil.virtual_memory().available)


def _in(unit: str) -> str:
    return f" {unit}" if unit else ""
