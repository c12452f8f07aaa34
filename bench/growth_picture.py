"""The picture of the growth sweeps: a column for each thing that grows, a row for each step."""

from pathlib import Path
from typing import Any, Dict, List, Tuple

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

# Okabe and Ito's colours, which stay apart for colour-blind eyes
COLOUR = {"clock": "#0072B2", "event": "#D55E00", "auto": "#000000", "brian2-cpp": "#009E73", "nest": "#CC79A7"}
MARK = {"brian2-cpp": ("s", "Brian2 C++"), "nest": ("D", "NEST")}
STEPS = (0.1, 1.0)
AXES = {
    "neurons": ("neurons", "neurons", "100 synapses each, 1 Hz"),
    "synapses": ("fan", "synapses of each neuron", "10,000 neurons, 1 Hz"),
    "rate": ("hz", "rate, Hz", "10,000 neurons, 100 synapses each"),
}
GREY = "#555555"


def draw(rows: List[Dict[str, Any]], sweeps: Dict[str, List[Any]], path: Path) -> None:
    """Lines: clock and event. Rings: auto. Squares and diamonds: other simulators."""
    figure = Figure(figsize=(11, 7), dpi=110)
    axes = figure.subplots(len(STEPS), len(sweeps), sharey=True, sharex="col")
    for line, dt in zip(axes, STEPS):
        for ax, (name, points) in zip(line, sweeps.items()):
            found = [r for r in rows if (r["neurons"], r["fan"], r["hz"]) in points and r["dt"] == dt]
            _panel(ax, found, AXES[name][0])
        line[0].set_ylabel(f"steps of {dt:g} ms\ntimes real time, one thread", fontsize=10)
    for k, name in enumerate(sweeps):
        axes[0][k].set_title(AXES[name][2], fontsize=10, color=GREY)
        axes[-1][k].set_xlabel(AXES[name][1], fontsize=10)
    _name(axes[0][0], rows)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.95, bottom=0.08, wspace=0.07, hspace=0.09)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _panel(ax: Any, rows: List[Dict[str, Any]], key: str) -> None:
    for engine in ("clock", "event"):
        ax.plot(*_series(rows, key, engine), color=COLOUR[engine], lw=2.2, solid_capstyle="round")
    ax.plot(*_series(rows, key, "auto"), "o", mfc="none", mec=COLOUR["auto"], ms=9, mew=1.2, zorder=4)
    for peer, (mark, _) in MARK.items():
        ax.plot(*_series(rows, key, peer), mark, color=COLOUR[peer], ms=6, zorder=3)
    ax.set(xscale="log", yscale="log")
    # what is below the line is slower than the world
    ax.axhline(1.0, color=GREY, lw=0.9, zorder=1)
    ax.grid(True, which="major", color="#e6e6e6", lw=0.7)
    ax.set_axisbelow(True)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(10, numticks=12))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(_short))
    ax.tick_params(length=0, colors=GREY, labelsize=9)
    for side in ax.spines.values():
        side.set_visible(False)


def _short(value: float, _: Any) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _series(rows: List[Dict[str, Any]], key: str, engine: str) -> Tuple[List[float], List[float]]:
    found = sorted((r[key], r["median"]) for r in rows if r["engine"] == engine)
    return [x for x, _ in found], [y for _, y in found]


def _name(ax: Any, rows: List[Dict[str, Any]]) -> None:
    """Names beside what they name, in the first panel: in the others the same colours mean the same."""
    mine = [r for r in rows if r["dt"] == STEPS[0] and r["fan"] == 100 and r["hz"] == 1.0]
    for engine, text, shift in (("clock", "clock", (2, -26)), ("event", "event", (30, -8)), ("auto", "auto", (10, 3))):
        at = next(iter(zip(*_series(mine, "neurons", engine))), None)
        if at is not None:
            ax.annotate(text, at, shift, textcoords="offset points", color=COLOUR[engine], fontsize=10)
    for peer, (_, text) in MARK.items():
        at = next(iter(zip(*_series(mine, "neurons", peer))), None)
        if at is not None:
            ax.annotate(
                text, at, (-8, 0), textcoords="offset points", color=COLOUR[peer], fontsize=10, ha="right", va="center"
            )
    ax.annotate("real time", (100, 1), (0, 3), textcoords="offset points", color=GREY, fontsize=9)
