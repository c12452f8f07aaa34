"""Recordings of event cameras, and of spikes, played in windows: .csv and .npz by ourselves, others through faery."""

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .. import checks
from ..errors import MissingExtraError, NotReadyError, ParameterError, shown
from ..events import SpikeTrain
from .replay import read_csv
from .sample import Sample, Source

__all__ = ["EventFile", "Events", "events_of", "is_events", "read_arrays", "read_events"]

# bytes that arrays of one .npz may take
_MOST = 1 << 31

_TIMES = {"t": 1e3, "t_us": 1e3, "timestamp": 1e3, "time_us": 1e3, "t_ms": 1.0, "time_ms": 1.0, "time": 1.0}
_SIGNS = ("p", "polarity", "on")


class Events(NamedTuple):
    """neurons: [n], y·width + x where it was a camera; times: ms [n] from the first, ascending; polarity: [n], 1 = ON,
    or None; size: of the sensor in (width, height), or None for spikes."""

    neurons: np.ndarray
    times: np.ndarray
    polarity: Optional[np.ndarray]
    size: Optional[Tuple[int, int]]


class EventFile(Source):
    """Events in windows of `window_ms`: each `read()` gives the next as a SpikeTrain, times in ms from the window's
    begin. A window without events is an empty train, so that time passes as it did."""

    def __init__(self, events: Events, window_ms: float = 10.0, name: str = "events") -> None:
        self.window_ms = checks.positive(name, "window_ms", window_ms, "ms")
        self.events, self.name = events, name
        self._window = self._next = 0

    def read(self) -> Optional[Sample]:
        """The next window."""
        events, first = self.events, self._next
        if first >= len(events.times):
            return None
        begin = self._window * self.window_ms
        self._window += 1
        end = self._window * self.window_ms
        last = self._next = int(np.searchsorted(events.times, end, side="left"))
        times = np.clip(events.times[first:last] - begin, 0.0, self.window_ms)
        signs = None if events.polarity is None else events.polarity[first:last]
        size = None if events.size is None else events.size[0] * events.size[1]
        return Sample(SpikeTrain(events.neurons[first:last], times, size, signs), begin / 1000.0)


def read_events(path: Union[str, "os.PathLike[str]"], size: Optional[Tuple[int, int]] = None) -> Events:
    """Events of a file, by its suffix: .csv and .npz with columns t (µs), x, y, p, or neuron, time (ms); .aedat4, .es,
    .raw, .dat through the `faery` extra. size: (width, height) of the sensor, default what the file says or needs.

    Times that go back are a ParameterError that names the row.
    """
    name = os.fspath(path)
    suffix = os.path.splitext(name)[1].lower()
    if not os.path.exists(name):
        raise NotReadyError(f"{name}: there is no such file")
    if suffix == ".csv":
        header, table = read_csv(name)
        return events_of(name, {column: table[:, k] for k, column in enumerate(header)}, size)
    if suffix == ".npz":
        return events_of(name, read_arrays(name), size)
    return _through_faery(name, size)


def is_events(header: Sequence[str]) -> bool:
    """Whether columns are those of events."""
    names = set(header)
    return bool(names & set(_TIMES)) and ({"x", "y"} <= names or "neuron" in names)


def events_of(name: str, columns: Mapping[str, Any], size: Optional[Tuple[int, int]] = None) -> Events:
    """Events of arrays by column: t, x, y and maybe p, or neuron and time."""
    if not is_events(list(columns)):
        rule = "events need columns t (µs), x, y and maybe p, or neuron and time (ms)"
        raise ParameterError(f"{name}: {rule} (got {', '.join(columns) or 'none'})")
    stamp = next(column for column in _TIMES if column in columns)
    times = checks.real_array(name, stamp, columns[stamp])
    back = np.flatnonzero(np.diff(times) < 0.0)
    if len(back):
        k = int(back[0])
        rule = f"{stamp} must not go back: event {k + 2} is at {times[k + 1]:.15g}, after {times[k]:.15g}"
        raise ParameterError(f"{name}: {rule}; sort the events by {stamp}")
    ms = (times - times[0]) / _TIMES[stamp] if len(times) and "x" in columns else times / _TIMES[stamp]
    if "x" not in columns:
        if len(ms) and ms[0] < 0.0:
            raise ParameterError(f"{name}: {stamp} must be >= 0 (got {ms[0]:g} ms)")
        return Events(_whole(name, "neuron", columns["neuron"], len(ms), 2**32), ms, None, None)
    x, y = (_whole(name, axis, columns[axis], len(ms), 65536) for axis in ("x", "y"))
    if size is None:
        size = (int(x.max()) + 1, int(y.max()) + 1) if len(x) else (1, 1)
    for axis, given, most in (("x", x, size[0]), ("y", y, size[1])):
        if len(given) and int(given.max()) >= most:
            raise ParameterError(f"{name}: {axis} must be 0 to {most - 1} (got {int(given.max())})")
    sign = next((column for column in _SIGNS if column in columns), None)
    signs = None if sign is None else _whole(name, sign, _signs(columns[sign]), len(ms), 2)
    return Events(y * size[0] + x, ms, signs, size)


def read_arrays(name: str) -> Dict[str, np.ndarray]:
    """Arrays of a .npz file, none of them objects; a structured one gives its fields."""
    found: Dict[str, np.ndarray] = {}
    try:
        with np.load(name, allow_pickle=False) as file:
            whole = sum(one.file_size for one in file.zip.infolist())
            if whole > _MOST:
                raise ParameterError(f"{name}: its arrays take {whole:,} bytes, more than {_MOST:,}")
            for key in file.files:
                array = file[key]
                if array.dtype.names:
                    found.update({field: array[field] for field in array.dtype.names})
                else:
                    found[key] = array
    except ParameterError:
        raise
    except Exception as error:  # zip, zlib and NumPy each raise their own
        # NumPy's advice is to trust the file
        why = "it is no .npz of plain arrays" if "pickle" in str(error) else str(error)
        raise NotReadyError(f"{name}: cannot be read: {why}; write one with numpy.savez(path, name=array, …)") from None
    return found


def _signs(values: Any) -> np.ndarray:
    array = np.asarray(values)
    # some recordings write OFF as −1
    return np.where(array < 0, 0, array) if array.dtype.kind in "if" else array.astype(np.int64)


def _whole(name: str, field: str, values: Any, n: int, limit: int) -> np.ndarray:
    array = checks.real_array(name, field, np.asarray(values), (n,))
    bad = (array != np.rint(array)) | (array < 0) | (array >= limit)
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise ParameterError(f"{name}: {field} must be 0 to {limit - 1:,}, whole (event {k + 1} has {array[k]:g})")
    return array.astype(np.int64)


def _through_faery(name: str, size: Optional[Tuple[int, int]]) -> Events:
    try:
        import faery
    except ImportError:
        raise MissingExtraError("faery", "events") from None
    parts: List[np.ndarray] = []
    try:
        stream = faery.events_stream_from_file(name)
        width, height = (int(n) for n in stream.dimensions())
        for part in stream:
            parts.append(np.array(part))
    except Exception as error:  # of another library, in whatever way it fails
        raise NotReadyError(f"{name}: cannot be read: {shown(str(error))}") from None
    if not parts:
        raise ParameterError(f"{name}: there are no events in it")
    events = np.concatenate(parts)
    columns = {"t": events["t"], "x": events["x"], "y": events["y"], "p": events["on"]}
    return events_of(name, columns, (width, height) if size is None else size)
