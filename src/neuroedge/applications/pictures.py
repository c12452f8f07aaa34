"""Pictures: functions that take and return matplotlib axes, label them, in colours that everyone can tell apart."""

from typing import Any, Sequence

import numpy as np

from ..events import SpikeTrain
from .demo import Watched
from .figures import COLOURS, new_figure
from .motion import DIRECTIONS, SPEEDS

__all__ = [
    "COLOURS", "draw_activity", "draw_demo", "draw_events", "draw_frames", "draw_raster", "draw_rates", "draw_votes",
]  # fmt: skip

ON, OFF = "#E69F00", "#0072B2"
ARROWS = ("↑", "↗", "→", "↘", "↓", "↙", "←", "↖")


def draw_events(ax: Any, frame: np.ndarray, events: SpikeTrain, title: str = "") -> Any:
    """A grey frame [H, W] with the ON and OFF events of its pixels on it."""
    width = frame.shape[1]
    ax.imshow(frame, cmap="gray", vmin=0, vmax=255, alpha=0.75)
    on = np.zeros(0, bool) if events.polarity is None else events.polarity == 1
    for mask, colour, label in ((on, ON, "brighter"), (~on, OFF, "darker")):
        y, x = np.divmod(events.neurons[mask], width)
        ax.scatter(x, y, s=4, c=colour, marker="s", linewidths=0, label=label)
    ax.set_title(title, fontsize=9)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def draw_raster(ax: Any, spikes: SpikeTrain, rows: np.ndarray, colours: Sequence[str], ylabel: str) -> Any:
    """Spikes over time, ms; neuron i in row rows[i], in colours[i]."""
    ax.scatter(spikes.times, rows[spikes.neurons], s=7, c=[colours[n] for n in spikes.neurons], linewidths=0)
    ax.set_ylabel(ylabel)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    return ax


def draw_rates(ax: Any, outputs: np.ndarray, interval: float) -> Any:
    """Rate of each direction's output over time, Hz, averaged over five frames; outputs [frames, 10]."""
    time = (np.arange(len(outputs)) + 1) * interval
    kernel = np.ones(5) / (5 * interval / 1000.0)
    for k, name in enumerate(DIRECTIONS):
        rate = np.convolve(outputs[:, k], kernel)[: len(outputs)]
        ax.plot(time, rate, color=COLOURS[k], lw=2, label=f"{ARROWS[k]} {name}")
    ax.set_ylabel("rate [Hz]")
    ax.set_xlabel("time [ms]")
    ax.legend(ncol=4, fontsize=8, frameon=False, loc="upper left")
    ax.set_ylim(0, max(1.0, ax.get_ylim()[1]) * 1.35)
    return ax


def _frames(figure: Any, grid: Any, seen: Watched, rows: int = 1, columns: int = 7) -> None:
    shown = np.linspace(0, len(seen.small) - 1, rows * columns + 1).astype(int)[1:]
    cells = grid.subgridspec(rows, columns, wspace=0.06)
    for place, k in enumerate(shown):
        ax = figure.add_subplot(cells[place // columns, place % columns])
        draw_events(
            ax, seen.small[k], seen.events[k], f"{(k + 1) * seen.interval:,.0f} ms: {len(seen.events[k]):,} events"
        )
        if place == 0:
            ax.legend(fontsize=7, loc="lower left", markerscale=2, framealpha=0.9)


def draw_frames(seen: Watched) -> Any:
    """Six frames of a clip with the events of each; returns a matplotlib Figure."""
    figure = new_figure(7.0, 5.2)
    _frames(figure, figure.add_gridspec(1, 1)[0], seen, 2, 3)
    return figure


def draw_activity(seen: Watched) -> Any:
    """The fields' spikes over the outputs' rates; returns a matplotlib Figure."""
    figure = new_figure(7.0, 6.6)
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1.3, 1.0]})
    _fields(above, seen)
    draw_rates(below, seen.outputs, seen.interval).set_xlim(0, len(seen.events) * seen.interval)
    return figure


def draw_votes(seen: Watched) -> Any:
    """Spikes of every output; returns a matplotlib Figure."""
    figure = new_figure(7.0, 3.4)
    _votes(figure.add_subplot(1, 1, 1), seen)
    return figure


def _votes(ax: Any, seen: Watched) -> Any:
    counts = seen.outputs.sum(axis=0)
    labels = [f"{a} {n}" for a, n in zip(ARROWS, DIRECTIONS)] + list(SPEEDS)
    ax.barh(np.arange(len(labels)), counts, color=[*COLOURS, "#999999", "#999999"], edgecolor="black", linewidth=0.5)
    ax.set_yticks(np.arange(len(labels)))
    ax.set_yticklabels(labels, fontsize=9)
    ax.invert_yaxis()
    ax.set_xlabel("output spikes")
    ax.set_title(f"answer: {seen.motion.direction}, {seen.motion.speed}", fontsize=11, fontweight="bold")
    return ax


def _fields(ax: Any, seen: Watched) -> Any:
    direction = np.arange(256) % 16 // 2
    rows = np.empty(256, int)
    rows[np.argsort(direction, kind="stable")] = np.arange(256)
    draw_raster(ax, seen.fields, rows, [COLOURS[d] for d in direction], "motion fields")
    ax.set_yticks(np.arange(8) * 32 + 16)
    ax.set_yticklabels([f"{a} {n}" for a, n in zip(ARROWS, DIRECTIONS)], fontsize=9)
    ax.set_title("spikes of the 256 motion fields, by the direction that they prefer", fontsize=9)
    return ax


def draw_demo(seen: Watched) -> Any:
    """One picture of a watched clip: frames with their events, the fields' spikes, the outputs' rates and votes."""
    # placed by hand: matplotlib 3.3 finds no arrangement for grids within grids
    figure = new_figure(13, 7.6, arranged=False)
    _frames(figure, figure.add_gridspec(1, 1, left=0.006, right=0.994, top=0.925, bottom=0.69)[0], seen)
    grid = figure.add_gridspec(
        2, 1, height_ratios=[1.3, 1.0], left=0.105, right=0.64, top=0.66, bottom=0.07, hspace=0.16
    )
    raster = _fields(figure.add_subplot(grid[0]), seen)
    rates = draw_rates(figure.add_subplot(grid[1], sharex=raster), seen.outputs, seen.interval)
    rates.set_xlim(0, len(seen.events) * seen.interval)
    _votes(figure.add_subplot(figure.add_gridspec(1, 1, left=0.73, right=0.99, top=0.66, bottom=0.07)[0]), seen)
    title = "A car drives up the picture: camera frames → events → 256 motion fields → direction and speed"
    figure.suptitle(title, y=0.993)
    return figure
