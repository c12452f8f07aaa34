"""Learning on the device: the online rule, training, distillation."""

from .answers import Answers, answers, evaluate, predict
from .layout import Layout, layout_of
from .train import Epoch, History, train

__all__ = ["Answers", "Epoch", "History", "Layout", "answers", "evaluate", "layout_of", "predict", "train"]
