"""Making networks smaller: pruning."""

from .prune import NetworkPruner
from .ranking import gradual_sparsity, saliency_masks
from .report import PruneReport

__all__ = ["NetworkPruner", "PruneReport", "gradual_sparsity", "saliency_masks"]
