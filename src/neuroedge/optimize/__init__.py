"""Networks made smaller: pruning, quantisation, and the report of what that cost."""

from .prune import NetworkPruner
from .pruned import PruneReport
from .ranking import gradual_sparsity, saliency_masks
from .report import Figures, Report, report

__all__ = ["Figures", "NetworkPruner", "PruneReport", "Report", "gradual_sparsity", "report", "saliency_masks"]
