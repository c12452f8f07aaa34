"""Where a loop's answers go: a function, a CSV file, JSON lines.

A sink has `write(value, seconds)`, `safe()`, which puts an actuator where it can do no harm, and `close()`. seconds: of
the loop's schedule. A line reaches a file whole or not at all, as soon as it is written.
"""

import json
import math
import os
import stat
from typing import Any, Callable, Dict, List, Optional, Sequence, Union

import numpy as np

from ..errors import ArgumentTypeError, ParameterError, shown

__all__ = ["CallbackSink", "CsvSink", "JsonlSink", "NO_SAFE", "Sink", "open_sink", "plain"]

_FORMS = "- (JSON lines on standard output), file:out.jsonl, file:out.csv"

# no safe value is declared
NO_SAFE = object()


class Sink:
    """safe: the value that is written when the sensor has failed, and at the end; by default none is."""

    name = "sink"
    # whether something may move by what is written
    acts = False

    def __init__(self, safe: Any = NO_SAFE) -> None:
        self._safe = safe

    @property
    def has_safe(self) -> bool:
        """Whether a safe value was given."""
        return self._safe is not NO_SAFE

    def write(self, value: Any, seconds: float) -> None:
        """Take a value. Raises OSError where it cannot; the loop counts that, and goes on."""

    def safe(self, seconds: float = 0.0) -> None:
        """Take the safe value, if there is one."""
        if self._safe is not NO_SAFE:
            self.write(self._safe, seconds)

    def close(self) -> None:
        """Let go of it."""

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class CallbackSink(Sink):
    """Calls `function(value)`."""

    acts = True

    def __init__(self, function: Callable[[Any], Any], safe: Any = NO_SAFE) -> None:
        super().__init__(safe)
        if not callable(function):
            raise ArgumentTypeError(f"CallbackSink: function must be callable (got {shown(function)})")
        self._function, self.name = function, getattr(function, "__name__", "callback")

    def write(self, value: Any, seconds: float) -> None:
        """Give it to the function."""
        self._function(value)


class _Lines(Sink):
    """Lines that are written in one piece. A line that only went in part, as on a full disk, is taken back."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], safe: Any, append: bool) -> None:
        super().__init__(safe)
        self._own = os.fspath(path) != "-"
        self.name = os.fspath(path) if self._own else "standard output"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (0 if append else os.O_TRUNC)
        self._handle: Optional[int] = os.open(os.fspath(path), flags, 0o666) if self._own else 1
        self._regular = stat.S_ISREG(os.fstat(self._handle).st_mode)
        # a pipe cannot take back half a line, but can end it
        self._torn = False

    def _line(self, text: str) -> None:
        if self._handle is None:
            raise ParameterError(f"{self.name}: the sink is closed")
        # half of a surrogate pair is no text: ? stands for it
        data = ("\n" if self._torn else "").encode() + text.encode("utf-8", "replace") + b"\n"
        done = 0
        try:
            while done < len(data):
                done += os.write(self._handle, data[done:])
        except OSError:
            if done and self._regular:
                try:
                    os.ftruncate(self._handle, os.fstat(self._handle).st_size - done)
                except OSError:
                    self._torn = True
            elif done:
                self._torn = True
            raise
        self._torn = False

    def close(self) -> None:
        """Close the file; standard output stays open."""
        handle, self._handle = self._handle, None
        if handle is not None and self._own:
            os.close(handle)


class JsonlSink(_Lines):
    """One JSON object in a line, `{"s": seconds, "value": …}`. path: of a file, which is begun anew unless `append`, or
    "-" for standard output. What JSON has no number for, as nan, is null."""

    def __init__(self, path: Union[str, "os.PathLike[str]"] = "-", safe: Any = NO_SAFE, append: bool = False) -> None:
        super().__init__(path, safe, append)

    def write(self, value: Any, seconds: float) -> None:
        """Write a line."""
        self._line(json.dumps({"s": round(seconds, 9), "value": plain(value)}, allow_nan=False, ensure_ascii=False))


class CsvSink(_Lines):
    """One row a value: seconds, then its numbers. columns: their names; by default keys of a dictionary, or value_0,
    value_1, …, as the first value has them. Another number of values later on is a ParameterError."""

    def __init__(
        self, path: Union[str, "os.PathLike[str]"], columns: Optional[Sequence[str]] = None, safe: Any = NO_SAFE,
        append: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(path, safe, append)
        self._columns: Optional[List[str]] = None if columns is None else list(columns)
        # a file that is continued has its header
        self._headed = append and self._handle is not None and os.fstat(self._handle).st_size > 0

    def safe(self, seconds: float = 0.0) -> None:
        """Write the safe value, if there is one: cells of other names are left out, and columns that it has not are
        empty, so that it never fails for its form."""
        if self.has_safe:
            row = _row(self._safe)
            known = row if self._columns is None else {name: row.get(name, row.get(name[6:])) for name in self._columns}
            self.write({name: value for name, value in known.items()}, seconds)

    def write(self, value: Any, seconds: float) -> None:
        """Write a row."""
        row = _row(value)
        if self._columns is None:
            self._columns = [f"value_{name}" if name[:1].isdigit() else name for name in row]
        if len(row) != len(self._columns):
            raise ParameterError(f"{self.name}: a row has {len(self._columns)} values (got {len(row)})")
        if not self._headed:
            self._line(",".join(["seconds", *(_cell(name) for name in self._columns)]))
            self._headed = True
        self._line(",".join([f"{seconds:.9g}", *(_cell(v) for v in row.values())]))


def plain(value: Any) -> Any:
    """A value as JSON has it: arrays as lists, recordings as their spike counts, nan and inf as None."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    counts = getattr(value, "counts", None)
    if counts is not None and hasattr(counts, "items"):
        return {str(name): plain(each) for name, each in counts.items()}
    return str(value)


def open_sink(spec: Any, safe: Any = NO_SAFE) -> Any:
    """The sink of a text, `spec`: - for JSON lines on standard output, file:out.jsonl, file:out.csv. A function becomes
    a `CallbackSink`; what has `write` is taken as it is.
    safe: the value that it gets when the sensor has failed, and at the end; by default none."""
    if not isinstance(spec, str):
        if callable(getattr(spec, "write", None)):
            return spec
        if callable(spec):
            return CallbackSink(spec, safe)
        raise ArgumentTypeError(f"sink must be a text, a function, or have write() (got {shown(spec)}); as in {_FORMS}")
    if spec == "-":
        return JsonlSink("-", safe)
    kind, _, path = spec.partition(":")
    suffix = os.path.splitext(path)[1].lower()
    if kind == "file" and suffix in (".jsonl", ".json", ".ndjson"):
        return JsonlSink(path, safe)
    if kind == "file" and suffix == ".csv":
        return CsvSink(path, safe=safe)
    raise ParameterError(f"unknown sink {shown(spec)}; known forms: {_FORMS}")


def _row(value: Any) -> Dict[str, Any]:
    """Cells of a value; those of a list are numbered, also within a dictionary."""
    value = plain(value)
    if not isinstance(value, (dict, list)):
        return {"value": value}
    cells: Dict[str, Any] = {}
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, (dict, list)):
            cells.update({f"{key}_{inner}": cell for inner, cell in _row(each).items()})
        else:
            cells[str(key)] = each
    return cells


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text
