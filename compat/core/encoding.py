"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.encoding import DVSEncoder

__all__ = ["DVSEncoder"]
