"""Numbers, frames and sensors into events; events into numbers."""

from .decoding import (
    RateDecoder,
    TraceDecoder,
    decode_count,
    decode_first_spike,
    decode_motor,
    decode_population,
    decode_rate,
    decode_trace,
)
from .delta import DeltaEncoder
from .dvs import DVSEncoder
from .latency import TemporalEncoder
from .population import PopulationEncoder
from .rate import RateEncoder
from .readings import (
    clipped_values,
    encode_humidity,
    encode_imu,
    encode_lidar,
    encode_motion,
    encode_sensor_data,
    encode_temperature,
    encode_vision,
    reset_sensors,
    sensor_encoder,
)
from .sensors import SensorEncoder, SensorPattern, VisionEncoder

__all__ = [
    "DVSEncoder",
    "DeltaEncoder",
    "PopulationEncoder",
    "RateDecoder",
    "RateEncoder",
    "SensorEncoder",
    "SensorPattern",
    "TemporalEncoder",
    "TraceDecoder",
    "VisionEncoder",
    "clipped_values",
    "decode_count",
    "decode_first_spike",
    "decode_motor",
    "decode_population",
    "decode_rate",
    "decode_trace",
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
