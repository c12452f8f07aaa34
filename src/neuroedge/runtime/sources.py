"""Sources by their spelling: `open_source("camera:0")`, `open_source("file:a.csv")`, `open_source("-")`."""

import os
import re
from typing import Any, Dict, Optional, Tuple

import numpy as np

from ..errors import ArgumentTypeError, NotReadyError, ParameterError, shown
from .camera import Camera, csi_pipeline
from .eventfile import EventFile, events_of, is_events, read_arrays, read_events
from .imu import Mpu6050
from .pace import Clock
from .replay import CallbackSource, IterableSource, JsonLines, PacedSource, ReplaySource, from_table, read_csv
from .sample import PENDING, Sample, Source

__all__ = [
    "CallbackSource", "Camera", "EventFile", "IterableSource", "JsonLines", "Mpu6050", "PENDING", "PacedSource",
    "ReplaySource", "SOURCE_FORMS", "Sample", "Source", "VIDEOS", "csi_pipeline", "open_source",
]  # fmt: skip

SOURCE_FORMS = (
    "camera:0, camera:0,64x64, camera:csi, camera:csi,1280x720@30, file:a.csv, file:a.csv,speed=1, file:a.npz, "
    "file:a.mp4, file:a.mp4,speed=1, file:a.aedat4, imu:mpu6050@1:0x68, - (JSON lines on standard input), -,latest"
)

VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".webm")
_EVENTS = (".aedat4", ".aedat", ".dat", ".es", ".raw")

_CAMERA = re.compile(r"camera:(csi)?([0-9]{1,3})?(?:,([0-9]{1,5})x([0-9]{1,5})(?:@([0-9]{1,4}))?)?\Z")
_IMU = re.compile(r"imu:mpu6050@([0-9]{1,3}):0x([0-9a-fA-F]{1,2})\Z")


def open_source(spec: Any, window_ms: float = 10.0, clock: Optional[Clock] = None) -> Any:
    """The source of a text, `spec`. What has `read` is taken as it is, a function becomes a `CallbackSource`, and
    another iterable an `IterableSource`. window_ms: of recorded events, how much one read gives; clock: of replays with
    a speed. An unknown text is a ParameterError that lists the forms."""
    if not isinstance(spec, str):
        return _taken(spec)
    if spec in ("-", "-,latest"):
        return JsonLines(latest=spec != "-")
    camera, imu = _CAMERA.match(spec), _IMU.match(spec)
    if camera is not None and (camera.group(1) or camera.group(2)):
        return _camera(camera)
    if imu is not None:
        return Mpu6050(int(imu.group(1)), int(imu.group(2), 16))
    if spec.startswith("file:") and len(spec) > 5:
        return _file(spec[5:], window_ms, clock)
    raise ParameterError(f"unknown source {shown(spec)}; known forms: {SOURCE_FORMS}")


def _taken(given: Any) -> Any:
    if callable(getattr(given, "read", None)):
        return given
    if callable(given):
        return CallbackSource(given)
    if hasattr(given, "__iter__"):
        return IterableSource(given)
    rule = "source must be a text, a function, an iterable, or have read()"
    raise ArgumentTypeError(f"{rule} (got {shown(given)}); as in {SOURCE_FORMS}")


def _camera(match: Any) -> Camera:
    csi, number, width, height, fps = match.groups()
    rate = None if fps is None else int(fps)
    if csi:
        sensor = None if number is None else int(number)
        return Camera(csi_pipeline(int(width or 640), int(height or 480), rate or 30, None, sensor))
    size: Optional[Tuple[int, int]] = None if width is None else (int(width), int(height))
    return Camera(int(number), size, fps=rate)


def _file(text: str, window_ms: float, clock: Optional[Clock]) -> Any:
    path, options = _options(text)
    if not os.path.exists(path):
        raise NotReadyError(f"{path}: there is no such file")
    suffix = os.path.splitext(path)[1].lower()
    if suffix in VIDEOS:
        video = Camera(path)
        return PacedSource(video, _speed(path, options), clock) if options else video
    if suffix in _EVENTS and not options:
        return EventFile(read_events(path), window_ms, path)
    if suffix == ".csv":
        header, table = read_csv(path)
        columns = {column: table[:, k] for k, column in enumerate(header)}
    elif suffix == ".npz":
        columns = read_arrays(path)
        header, table = list(columns), np.zeros(0)
    else:
        known = ", ".join((".csv", ".npz", *VIDEOS, *_EVENTS))
        rule = f"known suffixes are {known}, and speed is not for recorded events"
        raise ParameterError(f"{path}: {rule} (got {shown(text)})")
    if is_events(header):
        return EventFile(events_of(path, columns), window_ms, path)
    speed = _speed(path, options)
    if suffix == ".csv":
        return from_table(path, header, table, speed=speed, clock=clock)
    rows = [name for name in header if columns[name].ndim in (2, 3, 4)]
    if len(rows) != 1:
        rule = "must hold one array [samples, values], or of frames, with times beside it if there are any, or events"
        raise ParameterError(f"{path}: {rule} (got {', '.join(header) or 'nothing'})")
    times = next((columns[name] for name in ("times", "time", "t") if name in columns), None)
    return ReplaySource(columns[rows[0]], times, speed, clock, path)


def _options(text: str) -> Tuple[str, Dict[str, str]]:
    """The path, and options behind its last commas; a comma may belong to the path."""
    path, found = text, {}
    match = re.match(r"(.*),speed=([^,]*)\Z", text)
    if match is not None and not os.path.exists(text):
        path, found = match.group(1), {"speed": match.group(2)}
    return path, found


def _speed(path: str, options: Dict[str, str]) -> Optional[float]:
    if "speed" not in options:
        return None
    try:
        return float(options["speed"])
    except ValueError:
        raise ParameterError(f"{path}: speed must be a number (got {shown(options['speed'])})") from None
