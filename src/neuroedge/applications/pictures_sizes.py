"""Accuracy against bytes: what making a network smaller saves and costs."""

import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import MissingExtraError, ParameterError, shown
from .figures import COLOURS, axes_of
from .labels import place_labels

try:
    from matplotlib.textpath import TextPath
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
except ImportError:
    raise MissingExtraError("matplotlib", "plot") from None

__all__ = ["Size", "draw_sizes"]

# one colour and mark for each group
_STYLES = [(COLOURS[k], mark) for k, mark in ((0, "o"), (4, "s"), (2, "^"), (6, "D"), (5, "v"), (7, "P"))]
_LABEL = 9.0


class Size(NamedTuple):
    """A point: its label, bytes on the device, accuracy as a share 0 … 1, and the group that it is of, as "int8"."""

    label: str
    nbytes: float
    accuracy: float
    group: str = ""


def draw_sizes(points: Sequence[Any], ax: Optional[Any] = None) -> Any:
    """Accuracy, %, against bytes on a logarithmic axis; returns the matplotlib Axes, new ones unless given.

    points: `Size`, or tuples (label, bytes, accuracy 0 … 1) or (label, bytes, accuracy, group). Points of a group have
    one colour and a line. Raises ParameterError for no points, and for figures that are none.
    """
    sizes = [_size(point) for point in points]
    if not sizes:
        raise ParameterError("draw_sizes: points must hold at least one (got none)")
    ax = axes_of(ax, 7.0, 4.4)
    groups: Dict[str, List[Size]] = {}
    for size in sizes:
        groups.setdefault(size.group, []).append(size)
    for k, (name, mine) in enumerate(groups.items()):
        colour, mark = _STYLES[k % len(_STYLES)]
        ordered = sorted(mine, key=lambda size: size.nbytes)
        x, y = [size.nbytes for size in ordered], [100.0 * size.accuracy for size in ordered]
        ax.plot(x, y, mark, ls="-" if name else "", lw=1.2, ms=7, color=colour, label=name or None, zorder=3)
    _axes(ax, sizes)
    if any(groups):
        ax.legend(fontsize=_LABEL, frameon=False, loc="lower right")
    _labels(ax, sizes, [mine for name, mine in groups.items() if name])
    return ax


def _size(point: Any) -> Size:
    try:
        size = Size(*point)
        good = 0.0 < float(size.nbytes) < math.inf and 0.0 <= float(size.accuracy) <= 1.0
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ParameterError(f"draw_sizes: a point must be label, bytes > 0, accuracy in [0, 1] (got {shown(point)})")
    return size


def _axes(ax: Any, sizes: Sequence[Size]) -> None:
    low, high = min(s.nbytes for s in sizes), max(s.nbytes for s in sizes)
    # room for labels beside the outermost points
    room = max(1.25, (high / low) ** 0.18)
    ax.set_xscale("log")
    ax.set_xlim(low / room, high * room)
    decades = math.log10(high * room**2 / low)
    steps = (1.0,) if decades > 3 else (1.0, 2.0, 5.0) if decades > 0.8 else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
    ax.xaxis.set_major_locator(LogLocator(subs=steps))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    worst, best = 100.0 * min(s.accuracy for s in sizes), 100.0 * max(s.accuracy for s in sizes)
    spare = max(0.5, 0.2 * (best - worst))
    ax.set_ylim(max(0.0, worst - spare), best + spare)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value <= 100.0 else ""))
    ax.set_xlabel("size on the device [bytes], logarithmic")
    ax.set_ylabel("accuracy [%]")
    ax.grid(True, color="#DDDDDD", lw=0.6, zorder=0)


def _labels(ax: Any, sizes: Sequence[Size], lines: Sequence[Sequence[Size]]) -> None:
    """Labels beside their points, with a thin line to those that had to go further."""
    per_point = ax.figure.dpi / 72.0

    def place(size: Size) -> Tuple[float, float]:
        x, y = ax.transData.transform((size.nbytes, 100.0 * size.accuracy)) / per_point
        return float(x), float(y)

    boxes = [TextPath((0, 0), size.label or " ", size=_LABEL).get_extents() for size in sizes]
    edges = (ax.bbox.x0, ax.bbox.y0, ax.bbox.x1, ax.bbox.y1)
    left, bottom, right, top = (edge / per_point for edge in edges)
    along = [spot for mine in lines for spot in _along([place(s) for s in sorted(mine, key=lambda s: s.nbytes)])]
    offsets = place_labels(
        [place(size) for size in sizes], [(box.width + 2.0, _LABEL * 1.3) for box in boxes],
        (left, bottom, right, top), [(x - 1.0, y - 1.0, x + 1.0, y + 1.0) for x, y in along],
    )  # fmt: skip
    groups = list(dict.fromkeys(size.group for size in sizes))
    for size, offset, box in zip(sizes, offsets, boxes):
        # from the middle of a label to its point: further than half of it and the gap
        far = abs(offset[0]) > box.width / 2 + 9.0 or abs(offset[1]) > _LABEL * 0.65 + 8.0
        line = {"arrowstyle": "-", "color": "#777777", "lw": 0.7} if far else None
        ax.annotate(
            size.label, (size.nbytes, 100.0 * size.accuracy), offset, textcoords="offset points", ha="center",
            va="center", fontsize=_LABEL, arrowprops=line, zorder=4,
            color=_STYLES[groups.index(size.group) % len(_STYLES)][0] if size.group else "black",
        )  # fmt: skip


def _along(corners: Sequence[Tuple[float, float]]) -> List[Tuple[float, float]]:
    """Spots on a line, every three points (1/72 inch)."""
    spots = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:]):
        steps = max(1, int(math.hypot(x1 - x0, y1 - y0) / 3.0))
        spots += [(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(steps + 1)]
    return spots
