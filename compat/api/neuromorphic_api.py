"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.tutorial.api import NeuromorphicAPI

__all__ = ["NeuromorphicAPI"]
