"""The picture of the sweep: accuracy by bytes and by time, a line for each precision and granularity."""

from pathlib import Path
from typing import Any, Dict, List

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

# Okabe and Ito's colours, which stay apart for colour-blind eyes
COLOUR = {"float32": "#0072B2", "float16": "#009E73", "int8": "#D55E00"}
LINE = {"weight": "-", "block8": "--"}
GREY = "#555555"


def draw(rows: List[Dict[str, Any]], others: List[Dict[str, Any]], path: Path) -> None:
    """Full lines: single weights pruned; dashed: blocks of 8. From the top down 0, 50, 80, 90 and 95 %. Upright: what
    others take for an inference, where that is not far out of the picture."""
    figure = Figure(figsize=(11, 4.6), dpi=110)
    size, speed = figure.subplots(1, 2, sharey=True)
    for precision in COLOUR:
        for granularity in LINE:
            mine = [r for r in rows if r["precision"] == precision and r["granularity"] in (granularity, "weight")]
            mine = [r for r in mine if r["granularity"] == granularity or not r["sparsity"]]
            style = {"color": COLOUR[precision], "ls": LINE[granularity], "marker": "o", "ms": 4.5, "lw": 1.8}
            height = [r["mean"] for r in mine]
            size.plot([r["weight_bytes"]["small"] / 1e3 for r in mine], height, **style)
            speed.plot([r["microseconds"]["auto"] for r in mine], height, **style)
    size.set_xscale("log")
    size.set_xticks([2, 5, 10, 20, 40])
    speed.set_xlim(0, 18)
    for other in others:
        if other["median"] < 18:
            speed.axvline(other["median"], color=GREY, lw=1.0)
            at = other["median"], 84
            away = {"textcoords": "offset points", "color": GREY, "fontsize": 9, "ha": "right"}
            speed.annotate(other["measure"], at, (-4, 0), **away)
    size.set_xlabel("weights in their smallest storage, kB", fontsize=10)
    speed.set_xlabel("one inference in the fastest storage, µs", fontsize=10)
    size.set_ylabel("accuracy on digits, %", fontsize=10)
    for ax in (size, speed):
        _plain(ax)
    _name(size, rows)
    figure.subplots_adjust(left=0.07, right=0.985, top=0.95, bottom=0.13, wspace=0.06)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _plain(ax: Any) -> None:
    ax.grid(True, which="major", color="#e6e6e6", lw=0.7)
    ax.set_axisbelow(True)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    ax.tick_params(length=0, colors=GREY, labelsize=9)
    for side in ax.spines.values():
        side.set_visible(False)


def _name(ax: Any, rows: List[Dict[str, Any]]) -> None:
    """Precisions beside their unpruned points; sparsities along one line; what a dashed line is."""
    for precision, colour in COLOUR.items():
        full = next(r for r in rows if r["precision"] == precision and not r["sparsity"])
        at = full["weight_bytes"]["small"] / 1e3, full["mean"]
        ax.annotate(precision, at, (0, 7), textcoords="offset points", color=colour, fontsize=10, ha="center")
    for r in rows:
        if r["precision"] == "int8" and r["granularity"] == "weight" and r["sparsity"]:
            at = r["weight_bytes"]["small"] / 1e3, r["mean"]
            ax.annotate(f"{r['sparsity']:.0%}", at, (-4, -13), textcoords="offset points", color=GREY, fontsize=9)
    text = "full: single weights pruned\ndashed: blocks of 8"
    ax.annotate(text, (0.97, 0.04), xycoords="axes fraction", color=GREY, fontsize=9, ha="right")
