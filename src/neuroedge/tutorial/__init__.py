"""The names that the edge deployment tutorial uses, on top of the public API."""

from .api import NeuromorphicAPI

__all__ = ["NeuromorphicAPI"]
