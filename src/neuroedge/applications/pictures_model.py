"""A saved model at work, as a raster with rates; and what its configurations answer, take and do, as points."""

from typing import Any, List, Sequence, Tuple

import numpy as np

from ..errors import MissingExtraError
from ..events import SpikeTrain
from ..formats.bundle import Bundle
from ..simulator import Simulator
from .figures import COLOURS, new_figure
from .measure import drive_of
from .pictures_sizes import Size, draw_sizes
from .sweep import Row

try:
    from matplotlib.ticker import MaxNLocator
except ImportError:
    raise MissingExtraError("matplotlib", "plot") from None

__all__ = ["draw_model", "draw_rows"]

# populations that are drawn, and spikes of each; bins of the rates
_MOST, _SPIKES, _BINS = 8, 20_000, 40


def draw_model(bundle: Bundle) -> Any:
    """The spikes of every population at the golden input, and its mean rate over time; a matplotlib Figure."""
    drive = drive_of(bundle)
    run = Simulator(bundle.plan).run(drive.duration, drive.inputs)
    named = [(name, run.spikes[name]) for name, model in zip(bundle.plan.names, bundle.plan.models) if model.spiking]
    shown, plan = named[:_MOST], bundle.plan
    figure = new_figure(8.0, 1.6 + 1.3 * (len(shown) + 1))
    axes = figure.subplots(len(shown) + 1, 1, sharex=True, squeeze=False)[:, 0]
    for k, (name, spikes) in enumerate(shown):
        _raster(axes[k], name, spikes, plan.size(name), COLOURS[k % len(COLOURS)])
    _rates(axes[-1], [(name, spikes, plan.size(name)) for name, spikes in shown], drive.duration, plan.dt)
    more = f" (first {_MOST} of {len(named)} populations)" if len(named) > _MOST else ""
    figure.suptitle(f"{bundle.file.rsplit('/', 1)[-1]}: {drive.duration:g} ms of {drive.source}{more}", fontsize=10)
    return figure


def _raster(ax: Any, name: str, spikes: SpikeTrain, n: int, colour: str) -> None:
    step = 1 + len(spikes.times) // _SPIKES
    # more points than can be told apart make a file large
    ax.scatter(spikes.times[::step], spikes.neurons[::step], s=5, c=colour, linewidths=0, rasterized=len(spikes) > 2000)
    every = f", every {step}th drawn" if step > 1 else ""
    ax.set_title(f"{name}: {len(spikes.times):,} spikes of {n:,} neurons{every}", fontsize=9, loc="left")
    ax.set_ylim(n - 0.5, -0.5)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylabel("neuron")


def _rates(ax: Any, shown: Sequence[Tuple[str, SpikeTrain, int]], duration: float, dt: float) -> None:
    edges = np.linspace(0.0, duration, 1 + max(1, min(_BINS, round(duration / dt))))
    width = float(edges[1]) / 1000.0
    for k, (name, spikes, n) in enumerate(shown):
        # a spike is stamped with the end of its tick
        counts = np.histogram(spikes.times - dt / 2.0, edges)[0]
        ax.step(edges, np.append(counts, counts[-1:]) / (n * width), where="post", lw=1.5, label=name,
                color=COLOURS[k % len(COLOURS)])  # fmt: skip
    ax.set_ylabel("rate [Hz]")
    ax.set_xlabel("time [ms]")
    ax.set_xlim(0.0, duration)
    # room above for the names
    ax.set_ylim(0.0, 1.3 * max(ax.get_ylim()[1], 1e-9))
    if shown:
        ax.legend(fontsize=8, frameon=False, ncol=8, loc="upper right")


def draw_rows(rows: Sequence[Row]) -> Any:
    """Accuracy against bytes, where it was measured, and calls a second, measured; a matplotlib Figure."""
    right = [row for row in rows if row.accuracy is not None]
    figure = new_figure(11.0 if right else 6.5, 0.8 + max(3.4, 0.32 * len(rows)))
    axes: List[Any] = list(figure.subplots(1, 1 + bool(right), squeeze=False)[0])
    if right:
        draw_sizes([Size(f"{100.0 * row.keep:g} %", row.nbytes, row.accuracy or 0.0, row.precision) for row in right],
                   axes[0])  # fmt: skip
        axes[0].set_title("share of synapses kept", fontsize=9)
    _speeds(axes[-1], rows)
    return figure


def _speeds(ax: Any, rows: Sequence[Row]) -> None:
    forms = list(dict.fromkeys(row.precision for row in rows))
    colours = [COLOURS[(0, 4, 2, 6)[forms.index(row.precision) % 4]] for row in rows]
    low = [row.per_second - 1e3 / (row.call_ms + (row.sd_ms or 0.0)) for row in rows]
    ax.barh(range(len(rows)), [row.per_second for row in rows], color=colours,
            xerr=low if any(row.sd_ms for row in rows) else None)  # fmt: skip
    ax.set_yticks(range(len(rows)))
    ax.set_yticklabels([f"{row.precision}, {100.0 * row.keep:g} % kept" for row in rows], fontsize=8)
    ax.invert_yaxis()
    ax.set_xlabel("calls a second, measured here")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.xaxis.set_major_locator(MaxNLocator(5))
