"""Networks made smaller: pruning, quantisation, and the report of what that cost."""

from .report import Figures, Report, report

__all__ = ["Figures", "Report", "report"]
