"""The picture of the growth sweeps: three panels, one for each thing that grows."""

from pathlib import Path
from typing import Any, Dict, List, Tuple

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito's colours, which stay apart for colour-blind eyes
COLOUR = {"clock": "#0072B2", "event": "#D55E00", "auto": "#000000", "brian2-cpp": "#009E73", "nest": "#CC79A7"}
NAME = {"brian2-cpp": "Brian2 C++", "nest": "NEST"}
MARK = {"brian2-cpp": "s", "nest": "D"}
LINE = {0.1: "-", 1.0: (0, (4, 2))}
AXES = {
    "neurons": ("neurons", "neurons", "100 synapses each, 1 Hz"),
    "synapses": ("fan", "synapses of each neuron", "10,000 neurons, 1 Hz"),
    "rate": ("hz", "rate [Hz]", "10,000 neurons, 100 synapses each"),
}
GREY = "#555555"


def draw(rows: List[Dict[str, Any]], sweeps: Dict[str, List[Any]], path: Path) -> None:
    """Lines: clock and event. Rings: auto. Squares and diamonds: other simulators at 0.1 ms."""
    with matplotlib.rc_context({"font.size": 9, "svg.fonttype": "none"}):
        figure = Figure(figsize=(11, 4.4), dpi=110)
        axes = figure.subplots(1, 3, sharey=True)
        for ax, (name, points) in zip(axes, sweeps.items()):
            _panel(ax, [r for r in rows if (r["neurons"], r["fan"], r["hz"]) in points], *AXES[name])
        axes[0].set_ylabel("times real time, one thread")
        axes[0].axhline(1.0, color=GREY, lw=0.8, zorder=0)
        _explain(figure, {r["engine"] for r in rows})
        figure.subplots_adjust(left=0.065, right=0.985, top=0.83, bottom=0.125, wspace=0.07)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)


def _panel(ax: Any, rows: List[Dict[str, Any]], key: str, label: str, title: str) -> None:
    for dt in (0.1, 1.0):
        for engine in ("clock", "event"):
            x, y = _series(rows, key, engine, dt)
            ax.plot(x, y, color=COLOUR[engine], ls=LINE[dt], lw=1.8, solid_capstyle="round")
        x, y = _series(rows, key, "auto", dt)
        ax.plot(x, y, "o", mfc="none", mec=COLOUR["auto"], ms=7.5, mew=1.1, zorder=4)
    for peer, mark in MARK.items():
        x, y = _series(rows, key, peer, 0.1)
        ax.plot(x, y, mark, color=COLOUR[peer], ms=5.5, zorder=3)
    ax.set(xscale="log", yscale="log", xlabel=label)
    ax.set_title(title, fontsize=9, color=GREY)
    ax.grid(True, which="major", color="#e4e4e4", lw=0.7)
    ax.tick_params(which="both", length=0, colors=GREY)
    ax.set_axisbelow(True)
    for side in ax.spines.values():
        side.set_visible(False)


def _series(rows: List[Dict[str, Any]], key: str, engine: str, dt: float) -> Tuple[List[float], List[float]]:
    found = sorted((r[key], r["median"]) for r in rows if r["engine"] == engine and r["dt"] == dt)
    return [x for x, _ in found], [y for _, y in found]


def _explain(figure: Any, engines: Any) -> None:
    """A key in one line above the panels: lines cross too often for labels at their ends to be told apart."""
    from matplotlib.lines import Line2D

    handles = []
    for engine in ("clock", "event"):
        for dt in (0.1, 1.0):
            handles.append(Line2D([], [], color=COLOUR[engine], ls=LINE[dt], lw=1.8, label=f"{engine}, {dt:g} ms"))
    handles.append(Line2D([], [], ls="", marker="o", mfc="none", mec="black", ms=7.5, mew=1.1, label="auto"))
    for peer, mark in MARK.items():
        if peer in engines:
            handles.append(Line2D([], [], ls="", marker=mark, color=COLOUR[peer], label=f"{NAME[peer]}, 0.1 ms"))
    figure.legend(handles=handles, loc="upper center", ncol=len(handles), frameon=False, fontsize=9, columnspacing=1.3)
