"""What every picture shares: colours, figures, and the bytes of a finished one."""

import io
from typing import Any, Optional

from ..errors import MissingExtraError

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
except ImportError:
    raise MissingExtraError("matplotlib", "plot") from None

__all__ = ["COLOURS", "axes_of", "figure_bytes", "new_figure", "opened"]

# Okabe & Ito (2008), told apart with any colour vision
COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#F0E442", "#D55E00", "#E69F00", "#CC79A7", "#000000")

# a picture tells not when it was made: the same figures give the same file
_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


def new_figure(width: float, height: float, arranged: bool = True) -> Any:
    """An empty figure, inches. arranged: its parts make room for one another."""
    # the newer layout="constrained" is unknown to matplotlib 3.3 and 3.4
    return Figure(figsize=(width, height), constrained_layout=arranged)


def axes_of(ax: Optional[Any], width: float, height: float) -> Any:
    """The axes given, or those of a new figure."""
    if ax is not None:
        return ax
    return opened(new_figure(width, height).add_subplot(1, 1, 1))


def opened(ax: Any) -> Any:
    """Axes without lines above and to the right."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def figure_bytes(drawn: Any, form: str, dpi: int = 150) -> bytes:
    """A figure, or that of some axes, as a file of "svg", "png" or "pdf"."""
    held = io.BytesIO()
    # a figure is in none, says matplotlib 3.3
    figure = drawn if drawn.figure is None else drawn.figure
    with rc_context({"svg.hashsalt": "neuroedge"}):
        figure.savefig(held, format=form, dpi=dpi, metadata=_UNDATED[form])
    return held.getvalue()
