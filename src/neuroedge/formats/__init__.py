"""Files: models on disk."""

from .bundle import Bundle, load
from .golden import Golden
from .saving import save

__all__ = ["Bundle", "Golden", "load", "save"]
