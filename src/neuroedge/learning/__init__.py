"""Learning on the device: the online rule, training, distillation."""

from .layout import Layout, layout_of

__all__ = ["Layout", "layout_of"]
