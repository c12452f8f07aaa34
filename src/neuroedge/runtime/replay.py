"""Values that were recorded: rows of a CSV or NumPy file, JSON lines, or what a function or an iterable gives."""

import csv
import json
import math
import os
import select
import sys
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, NotReadyError, ParameterError, shown
from .pace import Clock, MonotonicClock
from .sample import PENDING, Sample, Source

__all__ = ["CallbackSource", "IterableSource", "JsonLines", "PacedSource", "ReplaySource", "from_table", "read_csv"]

# names of a column of times, and how many of their units are a second; "time" and "t" alone are seconds
_TIMES = {"time": 1.0, "t": 1.0, "s": 1.0, "seconds": 1.0, "time_s": 1.0, "t_s": 1.0, "timestamp": 1.0,
          "time_ms": 1e3, "t_ms": 1e3, "ms": 1e3, "time_us": 1e6, "t_us": 1e6, "us": 1e6}  # fmt: skip

# s by which a value may come before its time, at most a quarter of what is between it and the one before: a loop reads
# at moments that shake by less, and else would find nothing in one period and two values in the next
_EARLY = 0.005

# bytes of one JSON line
_LONGEST = 1 << 20


class CallbackSource(Source):
    """Values that `function()` gives; None says that there is nothing new, and StopIteration that it is over."""

    def __init__(self, function: Callable[[], Any]) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"CallbackSource: function must be callable (got {shown(function)})")
        self._function, self.name = function, getattr(function, "__name__", "callback")

    def read(self) -> Optional[Sample]:
        """Call it."""
        try:
            value = self._function()
        except StopIteration:
            return None
        return PENDING if value is None else Sample(value)


class IterableSource(Source):
    """The values of an iterable, one a call."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values: Iterator[Any] = iter(values)
        self.name = type(values).__name__

    def read(self) -> Optional[Sample]:
        """The next."""
        try:
            return Sample(next(self._values))
        except StopIteration:
            return None


class ReplaySource(Source):
    """Rows [samples, values], in order. times: s [samples], ascending, or None. speed: None gives a row for each call,
    however fast they come; 1 gives each when its time has come by `clock`, 2 in half the time. If several are due the
    newest counts, and the others are counted in `dropped`."""

    def __init__(
        self, rows: Any, times: Any = None, speed: Optional[float] = None, clock: Optional[Clock] = None,
        name: str = "replay",
    ) -> None:  # fmt: skip
        self.name = name
        self._rows = checks.as_array(f"{name}: rows must be an array [samples, values]", rows)
        if not self._rows.ndim:
            raise ArgumentTypeError(f"{name}: rows must be an array [samples, values] (got {shown(rows)})")
        self._times = None if times is None else checks.real_array(name, "times", times, (len(self._rows),))
        if speed is not None:
            checks.positive(name, "speed", speed)
            if self._times is None:
                raise ParameterError(f"{name}: speed needs times, and this has none; leave speed out")
            back = np.flatnonzero(np.diff(self._times) < 0.0)
            if len(back):
                k = int(back[0])
                rule = f"times must not go back: row {k + 2} is at {self._times[k + 1]:g} s, after {self._times[k]:g} s"
                raise ParameterError(f"{name}: {rule}; sort the rows, or replay without speed")
        self._speed, self._clock = speed, MonotonicClock() if clock is None else clock
        if speed is not None and self._times is not None:
            gaps = np.diff(self._times, prepend=self._times[:1])
            self._due = self._times - np.minimum(_EARLY * speed, gaps / 4.0)
        self._next = self.dropped = 0
        self._began: Optional[float] = None

    def __len__(self) -> int:
        return len(self._rows)

    def read(self) -> Optional[Sample]:
        """The next row that is due."""
        k = self._next
        if k >= len(self._rows):
            return None
        if self._speed is not None and self._times is not None:
            now = self._clock.now()
            if self._began is None:
                self._began = now
            # to the microsecond: a loop wakes up at the very moment, or a rounding before it
            due = self._times[0] + (now - self._began) * self._speed + 1e-6
            last = int(np.searchsorted(self._due, due, side="right")) - 1
            if last < k:
                return PENDING
            self.dropped += last - k
            k = last
        self._next = k + 1
        self.where = f"{self.name}: row {k + 1}"
        return Sample(self._rows[k], None if self._times is None else float(self._times[k]))


class PacedSource(Source):
    """A recording that tells times, such as a video, at its own pace: each value when its time has come by `clock`,
    `speed` times as fast. If several are due the newest counts, and the others are counted in `dropped`. Values without
    a time come one a call."""

    def __init__(self, source: Any, speed: Optional[float] = 1.0, clock: Optional[Clock] = None) -> None:
        self.name = str(getattr(source, "name", type(source).__name__))
        self._source, self._clock = source, MonotonicClock() if clock is None else clock
        self._speed = checks.positive(self.name, "speed", speed, "")
        self._ahead: Optional[Sample] = None
        self._began = self._first = self._before = 0.0
        self._ended, self._started = False, False
        self.dropped = 0

    def read(self) -> Optional[Sample]:
        """The newest value that is due."""
        due: Optional[Sample] = None
        while not self._ended:
            if self._ahead is None:
                self._ahead = self._source.read()
                self._ended = self._ahead is None
            if self._ahead is None or not self._is_due(self._ahead):
                break
            self.dropped += due is not None
            due, self._ahead = self._ahead, None
            if due.timestamp is None:
                break
            self._before = due.timestamp
        if due is not None:
            return due
        return None if self._ended else PENDING

    def _is_due(self, sample: Sample) -> bool:
        if sample.timestamp is None:
            return True
        if not self._started:
            self._started, self._began, self._first = True, self._clock.now(), sample.timestamp
            self._before = sample.timestamp
        passed = (self._clock.now() - self._began) * self._speed
        passed += min(_EARLY * self._speed, max(0.0, sample.timestamp - self._before) / 4.0)
        # to the microsecond, as a loop wakes up at the very moment, or a rounding before it
        return sample.timestamp - self._first <= passed + 1e-6

    def close(self) -> None:
        """Close the recording."""
        self._source.close()


class JsonLines(Source):
    """A JSON value in each line of a stream, default standard input: {"t": s, "value": …} or the value alone.

    read() never waits: it takes one line, or with `latest` all that are there, of which the last counts and the others
    are counted in `dropped`. A line that is no JSON is a ParameterError with its number.
    """

    def __init__(self, handle: Optional[int] = None, latest: bool = False, name: str = "standard input") -> None:
        if handle is None and sys.stdin is None:
            raise NotReadyError(f"{name}: is closed; give it something to read, as `program | neuroedge run …`")
        self._handle, self._latest, self.name = sys.stdin.fileno() if handle is None else handle, latest, name
        self._rest, self._ended, self._number = b"", False, 0
        self._lines: List[bytes] = []
        self.dropped = 0

    def read(self) -> Optional[Sample]:
        """The next line, or the last that is there."""
        self._fill()
        if self._latest and len(self._lines) > 1:
            self.dropped += len(self._lines) - 1
            self._number += len(self._lines) - 1
            del self._lines[:-1]
        while self._lines:
            line = self._lines.pop(0).strip()
            self._number += 1
            if line:
                return self._parsed(line)
        return None if self._ended else PENDING

    def _fill(self) -> None:
        while not self._ended and (self._latest or not self._lines):
            if not select.select([self._handle], [], [], 0)[0]:
                return
            part = os.read(self._handle, 65536)
            if not part:
                # half a line at the end has no newline, and is judged like any other
                self._ended, part = True, b"\n" if self._rest else b""
            *whole, self._rest = (self._rest + part).split(b"\n")
            self._lines += whole
            if len(self._rest) > _LONGEST:
                self._rest = b""
                raise ParameterError(f"{self.name}: line {self._number + 1} is longer than {_LONGEST:,} bytes")

    def _parsed(self, line: bytes) -> Sample:
        self.where = f"{self.name}: line {self._number}"
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            raise ParameterError(f"{self.name}: line {self._number} is no JSON: {shown(line)}") from None
        if isinstance(value, dict) and "value" in value and set(value) <= {"t", "s", "value"}:
            stamp = value.get("t", value.get("s"))
            if stamp is not None and (isinstance(stamp, bool) or not isinstance(stamp, (int, float))):
                raise ParameterError(f"{self.name}: line {self._number}: t must be seconds (got {shown(stamp)})")
            return Sample(value["value"], None if stamp is None else float(stamp))
        return Sample(value)


def read_csv(path: Union[str, "os.PathLike[str]"]) -> Tuple[List[str], np.ndarray]:
    """Columns' names and numbers [rows, columns] of a CSV file; an empty cell is nan. Without a header the names are
    column_0, column_1, … Another number of cells, or a text, is a ParameterError with its line."""
    name = os.fspath(path)
    rows: List[List[float]] = []
    header: List[str] = []
    try:
        with open(name, newline="", encoding="utf-8-sig") as file:
            for cells in csv.reader(file):
                if not cells or (len(cells) == 1 and not cells[0].strip()):
                    continue
                numbers = [_number(cell) for cell in cells]
                if not header:
                    header = [f"column_{k}" for k in range(len(cells))]
                    if None in numbers:
                        header = [cell.strip() for cell in cells]
                        continue
                if len(cells) != len(header):
                    rule = f"row {len(rows) + 1} must have {len(header)} cells"
                    raise ParameterError(f"{name}: {rule} (got {len(cells)})")
                if None in numbers:
                    bad = numbers.index(None)
                    rule = f"row {len(rows) + 1}: {header[bad]} must be a number"
                    raise ParameterError(f"{name}: {rule} (got {shown(cells[bad])})")
                rows.append([n for n in numbers if n is not None])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NotReadyError(f"{name}: cannot be read: {error}") from None
    if not rows:
        raise ParameterError(f"{name}: there is no row of numbers in it")
    return header, np.array(rows, np.float64)


def from_table(
    name: str, header: Sequence[str], table: np.ndarray, speed: Optional[float] = None, clock: Optional[Clock] = None
) -> ReplaySource:
    """A replay of all columns but the one of times, which is known by its name (time, t, time_ms, t_us, …)."""
    places: Dict[str, int] = {column: k for k, column in enumerate(header)}
    stamp = next((column for column in header if column.lower() in _TIMES), None)
    wanted = [column for column in header if column != stamp]
    if not wanted:
        raise ParameterError(f"{name}: there is no column but the times")
    times = None if stamp is None else table[:, places[stamp]] / _TIMES[stamp.lower()]
    return ReplaySource(table[:, [places[column] for column in wanted]], times, speed, clock, name)


def _number(cell: str) -> Optional[float]:
    cell = cell.strip()
    if not cell:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return None
