"""The exceptions of neuroedge.

    NeuroedgeError
    ├── ParameterError        (ValueError)    a value breaks a rule
    │   ├── UnknownNameError  (KeyError)      a name that does not exist, with the list of those that do
    │   └── NotRecordedError  (KeyError, AttributeError)  a part of an answer that the run was not asked for
    ├── ArgumentTypeError     (TypeError)     a value of the wrong kind
    ├── FormatError           (ValueError)    a file that is none of ours, damaged, newer or unsound
    ├── StorageError          (OSError)       a file that cannot be read or written
    ├── BudgetError           (MemoryError)   more neurons, synapses or bytes than allowed
    ├── NotReadyError         (RuntimeError)  a call before what it needs exists
    ├── UnsupportedError      (RuntimeError)  this engine or build cannot do it, with the reason
    ├── MissingExtraError     (ImportError)   an optional package is absent, with the pip line
    └── NativeError           (OSError)       the native core cannot be loaded or answered with a fault

Every message names the thing, the field, the rule and the value that was given.
"""

import difflib
import sys
import warnings
from typing import Any, Iterable, Tuple

__all__ = [
    "ArgumentTypeError",
    "BudgetError",
    "FormatError",
    "MissingExtraError",
    "NativeError",
    "NeuroedgeError",
    "NotReadyError",
    "NotRecordedError",
    "ParameterError",
    "StorageError",
    "UnknownNameError",
    "UnsupportedError",
    "shown",
    "warn",
]


def shown(value: object) -> str:
    """A value as a message shows it: its repr, cut where it gets long."""
    try:
        text = repr(value)
    except Exception:  # of a stranger's class, or an integer of more digits than Python prints
        text = f"a {type(value).__name__}"
    shape, kind = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and shape and kind is not None and (len(text) > 80 or "\n" in text):
        # rows of numbers say less than their shape
        return f"an array {list(shape)} of {kind}"
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= 80 else f"{text[:77]}..."


def warn(text: str) -> None:
    """A warning that points at the line outside this package that led to it."""
    level, frame = 1, sys._getframe()
    # contextlib enters what is written as a generator
    ours = ("neuroedge", "contextlib")
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in ours:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)


class NeuroedgeError(Exception):
    """Root of everything that neuroedge raises on purpose."""

    def __str__(self) -> str:
        # KeyError, a base of some, would put the message in quotes
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> Tuple[Any, ...]:
        # by message and attributes, so that errors travel between processes whatever their constructor takes
        return _revived, (type(self), self.args, self.__dict__)


def _revived(kind: Any, args: Tuple[Any, ...], attributes: Any) -> Exception:
    # of several built-in bases, the one that the instance is laid out after must make it
    error: Exception = kind.__base__.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class ParameterError(NeuroedgeError, ValueError):
    """A value breaks a rule."""


class UnknownNameError(ParameterError, KeyError):
    """A name is not among the known ones."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        names = sorted(str(k) for k in known)
        close = difflib.get_close_matches(name, names, n=1) if isinstance(name, str) else []
        hint = f"; did you mean {close[0]!r}?" if close else ""
        listed = ", ".join(names) if names else "none yet"
        super().__init__(f"unknown {kind} {shown(name)}{hint} (known: {listed})")


class NotRecordedError(ParameterError, KeyError, AttributeError):
    """A part of an answer that the run was not asked for."""


class ArgumentTypeError(NeuroedgeError, TypeError):
    """A value is of the wrong kind."""


class BudgetError(NeuroedgeError, MemoryError):
    """More neurons, synapses or bytes are asked for than are allowed."""

    def __init__(self, what: str, asked: int, used: int, allowed: int, cure: str = "") -> None:
        self.asked, self.used, self.allowed = asked, used, allowed
        tail = f"; {cure}" if cure else ""
        super().__init__(f"{what}: asked for {asked:,}, {used:,} in use, {allowed:,} allowed{tail}")


class FormatError(NeuroedgeError, ValueError):
    """A file is none of ours, damaged, of a newer version, or says what cannot be."""


class StorageError(NeuroedgeError, OSError):
    """A file cannot be read or written: the disk is full, broken or not ours to write to."""


class NotReadyError(NeuroedgeError, RuntimeError):
    """A call came before what it needs exists."""


class UnsupportedError(NeuroedgeError, RuntimeError):
    """This engine, precision or build cannot do what was asked."""


class MissingExtraError(NeuroedgeError, ImportError):
    """An optional package is absent."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install neuroedge[{extra}]")


class NativeError(NeuroedgeError, OSError):
    """The native core cannot be loaded, or it answered with a fault."""
