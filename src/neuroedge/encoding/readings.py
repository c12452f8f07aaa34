"""The tutorial's `encode_*`: one function per sensor, each with its range, on encoders that this process keeps.

Each gives a `SensorPattern` with as many neurons as values, `.clipped` of which lay outside the stated range. What a
value says is told in `neuroedge.encoding.sensors`: nothing while it stays as it was, its level when it has changed. The
first reading is what later ones differ from, and is silent.

What was said last is kept per function and `stream`, a name for when there are several sensors of a kind;
`reset_sensors()` forgets it. `sensor_encoder(kind)` is an encoder of the same ranges that belongs to the caller alone.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from .sensors import SensorEncoder, SensorPattern, VisionEncoder

__all__ = [
    "SENSORS",
    "clipped_values",
    "encode_humidity",
    "encode_imu",
    "encode_lidar",
    "encode_motion",
    "encode_sensor_data",
    "encode_temperature",
    "encode_vision",
    "reset_sensors",
    "sensor_encoder",
]

# standard gravity, m/s²
_G = 9.80665


class Range(NamedTuple):
    """What a sensor's values may be, and by how much one must change to speak again."""

    low: float
    high: float
    change: float
    unit: str
    code: str = "rate"
    falling: bool = False


# of an IMU: accelerations, angular rates and magnetic field, each with three axes
_AXES = (
    Range(-2.0 * _G, 2.0 * _G, 0.2, "m/s²"),
    # 500 degrees per second, as the MPU6050's driver sets it
    Range(-8.7266463, 8.7266463, 0.02, "rad/s"),
    Range(-100.0, 100.0, 1.0, "µT"),
)

# what each function takes; an IMU's are of its three accelerations
SENSORS: Dict[str, Range] = {
    "humidity": Range(0.0, 100.0, 0.2, "% RH"),
    "imu": _AXES[0],
    "lidar": Range(0.1, 12.0, 0.1, "m", falling=True),
    "motion": Range(0.0, 1.0, 0.01, "share of full motion", "time"),
    "sensor_data": _AXES[0],
    "temperature": Range(-40.0, 85.0, 0.1, "°C"),
}

_kept: Dict[Tuple[str, str, int], Union[SensorEncoder, VisionEncoder]] = {}


def sensor_encoder(kind: str, values: int = 6, change: Optional[float] = None) -> SensorEncoder:
    """A new encoder of the range of `encode_<kind>`, with a state of its own.

    values: how many an IMU has, 3, 6 or 9; the others take any number. change: None is the kind's own; 0 lets every
    value speak in every call, as a controller wants it that reads levels at rest too.
    """
    checks.known("kind of sensor", kind, SENSORS)
    name = f"encode_{kind}"
    if kind not in ("imu", "sensor_data"):
        one = SENSORS[kind]
        return SensorEncoder(
            one.low, one.high, one.change if change is None else change, code=one.code, falling=one.falling, name=name
        )  # fmt: skip
    n = checks.whole(name, "values", values)
    if n not in (3, 6, 9):
        rule = "a reading must have 3 accelerations, or 6 values with angular rates, or 9 with a magnetic field"
        raise ParameterError(f"{name}: {rule} (got {n})")
    axes: List[Range] = [axis for axis in _AXES[: n // 3] for _ in range(3)]
    low, high, own = (np.array(column) for column in zip(*[axis[:3] for axis in axes]))
    return SensorEncoder(low, high, own if change is None else change, name=name)


def encode_sensor_data(values: Any, stream: str = "") -> SensorPattern:
    """An IMU's reading, list(acceleration) + list(gyro): 3 of m/s² in ±2 g (±19.6), 3 of rad/s in ±8.73 (500 °/s); 9
    values as `encode_imu`.

    Zero lies in the middle and says 5 spikes, each end 0 or 10. A value speaks when it has changed by 0.2 m/s² or
    0.02 rad/s, above the noise of such sensors, since it last spoke; at rest, under gravity alone, all are silent.
    stream: a name, where there are several sensors of a kind.
    """
    return _imu("sensor_data", values, stream)


def encode_imu(values: Any, stream: str = "") -> SensorPattern:
    """An IMU's reading of 9 values: 3 accelerations in ±19.6 m/s² (±2 g), 3 angular rates in ±8.73 rad/s, 3 of magnetic
    field in ±100 µT; or the first 3 or 6 of them.

    Zero lies in the middle and says 5 spikes, each end 0 or 10. A value speaks when it has changed by 0.2 m/s²,
    0.02 rad/s or 1 µT since it last spoke; at rest all are silent.
    stream: a name, where there are several sensors of a kind.
    """
    return _imu("imu", values, stream)


def encode_lidar(distances: Any, stream: str = "") -> SensorPattern:
    """A scan of distances, 0.1 to 12 m, any number of them: the nearer, the more spikes, 10 at 0.1 m.

    0 and inf, by which scanners say that nothing came back, are the far end, and counted as clipped. A ray speaks when
    it has changed by 0.1 m since it last spoke; while robot and surroundings stand still, all are silent.
    stream: a name, where there are several sensors of a kind.
    """
    scan = distances
    if scan is not None:
        array = checks.as_array("encode_lidar: a reading must be a list of numbers", scan)
        if array.dtype.kind in "iuf":
            nothing = (array == 0) | (array == np.inf)
            # beyond the range, so that it counts as clipped
            scan = np.where(nothing, 2.0 * SENSORS["lidar"].high, array)
    return _encoder("lidar", stream).encode(scan)


def encode_temperature(values: Any, stream: str = "") -> SensorPattern:
    """Temperatures, −40 to 85 °C, any number of them: the warmer, the more spikes, 10 at 85 °C. One speaks when it has
    changed by 0.1 °C since it last spoke.

    values: [n]. stream: a name, where there are several sensors of a kind.
    """
    return _encoder("temperature", stream).encode(values)


def encode_humidity(values: Any, stream: str = "") -> SensorPattern:
    """Relative humidities, 0 to 100 %, any number of them: the damper, the more spikes, 10 at 100 %. One speaks when it
    has changed by 0.2 % since it last spoke.

    values: [n]. stream: a name, where there are several sensors of a kind.
    """
    return _encoder("humidity", stream).encode(values)


def encode_motion(values: Any, stream: str = "") -> SensorPattern:
    """Motion as a sensor of one or many cells tells it, 0 (none) to 1, or False and True: the more, the earlier the one
    spike, none at 0. A cell speaks when it has changed by 0.01 since it last spoke.

    values: [n]. stream: a name, where there are several sensors of a kind.
    """
    if values is not None:
        array = checks.as_array("encode_motion: a reading must be a list of numbers", values)
        values = array.astype(np.float64) if array.dtype.kind == "b" else values
    return _encoder("motion", stream).encode(values)


def encode_vision(image: Any, neurons: int = 1024, stream: str = "") -> SensorPattern:
    """A picture of any size, grey [H, W] or in colour [H, W, 3], as its changes since the one before.

    image: resized to the nearest square of `neurons` pixels, 32 × 32 = 1,024 by default, of which each fires when its
    log intensity has moved by 0.1 (ten per cent) since it last did. Integers are 0 to 255, floats 0 to 1; values
    outside are clipped and counted. A still picture is silent. stream: a name, where there are several cameras.
    """
    key = ("vision", _stream("vision", stream), checks.count("encode_vision", "neurons", neurons, 1 << 24))
    encoder = _kept.get(key)
    if not isinstance(encoder, VisionEncoder):
        encoder = _kept[key] = VisionEncoder(key[2], name="encode_vision")
    return encoder.encode(image)


def reset_sensors(stream: Optional[str] = None) -> None:
    """Forget what the `encode_*` functions keep, of one stream or of all: the next readings are first ones."""
    for key in [key for key in _kept if stream is None or key[1] == stream]:
        _kept.pop(key, None)


def clipped_values() -> Dict[str, int]:
    """How many values each `encode_*` has clipped since it was reset, by what follows "encode_"."""
    counts = dict.fromkeys(sorted([*SENSORS, "vision"]), 0)
    for key, encoder in list(_kept.items()):
        counts[key[0]] += encoder.clipped
    return counts


def _stream(kind: str, stream: Any) -> str:
    if not isinstance(stream, str):
        raise ArgumentTypeError(f"encode_{kind}: stream must be a name (got {shown(stream)})")
    return stream


def _encoder(kind: str, stream: Any, values: int = 0) -> SensorEncoder:
    """The encoder that this process keeps for a stream."""
    key = (kind, _stream(kind, stream), values)
    encoder = _kept.get(key)
    if not isinstance(encoder, SensorEncoder):
        encoder = _kept[key] = sensor_encoder(kind, values)
    return encoder


def _imu(kind: str, values: Any, stream: Any) -> SensorPattern:
    listed = isinstance(values, (list, tuple)) or (isinstance(values, np.ndarray) and values.ndim == 1)
    # whatever else is refused by the encoder, in its words
    return _encoder(kind, stream, len(values) if listed else 6).encode(values)
