"""What board this is. Knows nothing of networks."""

from .identify import Board, identify

__all__ = ["Board", "identify"]
