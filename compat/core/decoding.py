"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.encoding import (
    RateDecoder,
    TraceDecoder,
    decode_count,
    decode_first_spike,
    decode_motor,
    decode_population,
    decode_rate,
    decode_trace,
)

__all__ = [
    "RateDecoder",
    "TraceDecoder",
    "decode_count",
    "decode_first_spike",
    "decode_motor",
    "decode_population",
    "decode_rate",
    "decode_trace",
]
