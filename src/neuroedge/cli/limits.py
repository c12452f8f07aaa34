"""`--require WHAT=X` on the verbs that measure: the exit code is 3 where a limit is missed."""

from typing import Iterable, Optional, Tuple

from ..errors import ParameterError
from .table import print_error

__all__ = ["keeps", "limit_of", "told_missed"]

_MISSED = 3


def limit_of(text: str, known: Iterable[str]) -> Tuple[str, float]:
    """Name and number of a limit such as "p99_ms=2". Raises ParameterError."""
    name, equals, number = text.partition("=")
    try:
        if name in known and equals:
            return name, float(number)
    except ValueError:
        pass
    raise ParameterError(f"--require must be one of {', '.join(known)}, = and a number (got {text!r})")


def keeps(value: Optional[float], limit: float, at_least: bool = False) -> bool:
    """Whether a value is at most, or at least, so much; what is not known, and a limit of nan, is missed."""
    return value is not None and (value >= limit if at_least else value <= limit)


def told_missed(missed: Iterable[str]) -> int:
    """Name what is missed; returns the exit code."""
    code = 0
    for text in missed:
        print_error(f"--require {text}: missed")
        code = _MISSED
    return code
