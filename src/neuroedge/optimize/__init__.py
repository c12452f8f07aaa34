"""Networks made smaller: pruning, quantisation, and the report of what that cost."""

from .codes import QuantizedWeights
from .impact import AccuracyImpact
from .prune import NetworkPruner
from .pruned import PruneReport
from .quantize import Quantizer
from .ranking import gradual_sparsity, saliency_masks
from .report import Figures, Report, report

__all__ = [
    "AccuracyImpact",
    "Figures",
    "NetworkPruner",
    "PruneReport",
    "QuantizedWeights",
    "Quantizer",
    "Report",
    "gradual_sparsity",
    "report",
    "saliency_masks",
]
