"""How training went: loss and accuracy by epoch."""

from typing import Any, Optional

import numpy as np

from ..errors import MissingExtraError, ParameterError
from ..learning import History
from .figures import COLOURS, axes_of

try:
    from matplotlib.ticker import MaxNLocator
except ImportError:
    raise MissingExtraError("matplotlib", "plot") from None

__all__ = ["draw_training"]


def draw_training(history: History, ax: Optional[Any] = None) -> Any:
    """Accuracy, %, and loss of the training samples by epoch, while they were learned; the epoch that was kept is
    marked. Returns the matplotlib Axes of the accuracy, new ones unless given. Raises ParameterError without epochs.
    """
    if not history.epochs:
        raise ParameterError("draw_training: history must have at least one epoch (got none)")
    ax = axes_of(ax, 7.0, 4.0)
    epochs = np.arange(1, len(history) + 1)
    loss, right = [e.loss for e in history.epochs], [100.0 * e.accuracy for e in history.epochs]
    ax.plot(epochs, right, ".-", color=COLOURS[0], label="accuracy, training samples")
    if all(e.validation is not None for e in history.epochs):
        held = [100.0 * float(e.validation or 0.0) for e in history.epochs]
        ax.plot(epochs, held, "s-", ms=4, color=COLOURS[2], label="accuracy, held out")
    ax.axvline(history.best + 1, color="#777777", ls=":", lw=1.2, label="kept epoch")
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy [%]")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    other = ax.twinx()
    other.spines["top"].set_visible(False)
    other.plot(epochs, loss, ".--", color=COLOURS[4], label="loss, training samples")
    other.set_ylabel("loss [nats]")
    other.set_ylim(bottom=0.0)
    lines = [*ax.get_lines(), *other.get_lines()]
    ax.legend(lines, [str(line.get_label()) for line in lines], fontsize=9, frameon=False, loc="center")
    return ax
