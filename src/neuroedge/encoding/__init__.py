"""Numbers, frames and sensors into events; events into numbers."""

from .dvs import DVSEncoder

__all__ = ["DVSEncoder"]
