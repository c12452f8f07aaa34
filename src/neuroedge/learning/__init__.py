"""Learning on the device: the online rule, training, distillation."""

from .answers import Answers, answers, evaluate, predict
from .layout import Layout, layout_of
from .train import Epoch, History, train
from .tune import fine_tune
from .vary import Variation

__all__ = [
    "Answers",
    "Epoch",
    "History",
    "Layout",
    "Variation",
    "answers",
    "evaluate",
    "fine_tune",
    "layout_of",
    "predict",
    "train",
]
