"""Latencies against their deadline, as a histogram."""

from typing import Any, Optional

import numpy as np

from .. import checks
from ..errors import MissingExtraError, ParameterError, shown
from .figures import COLOURS, axes_of

try:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
except ImportError:
    raise MissingExtraError("matplotlib", "plot") from None

__all__ = ["draw_latency"]

# one clock tick of 1 µs: the shortest latency that a logarithmic axis shows, ms
_LEAST = 1e-3
_PERCENTILES = (("p50", 50.0, "-"), ("p99", 99.0, "--"), ("p99.9", 99.9, ":"))


def draw_latency(latencies_ms: Any, deadline_ms: Optional[float] = None, ax: Optional[Any] = None) -> Any:
    """Histogram of latencies, ms, on a logarithmic axis: p50, p99, p99.9, max, the deadline, how many missed it.

    latencies_ms: 1-d, at least one, each >= 0. Returns the matplotlib Axes, new ones unless given. Raises
    ParameterError for what is no latency or deadline.
    """
    latencies = checks.real_array("draw_latency", "latencies_ms", latencies_ms)
    if latencies.ndim != 1 or not latencies.size or latencies.min() < 0.0:
        rule = "latencies_ms must be 1-d, not empty, each >= 0"
        raise ParameterError(f"draw_latency: {rule} (got {shown(latencies_ms)})")
    deadline = None if deadline_ms is None else checks.positive("draw_latency", "deadline_ms", deadline_ms, "ms")
    ax = axes_of(ax, 7.0, 3.8)
    drawn = np.maximum(latencies, _LEAST)
    ends = [drawn.min(), drawn.max()] + ([] if deadline is None else [max(deadline, _LEAST)])
    low, high = min(ends) / 1.3, max(ends) * 1.3
    bins = np.geomspace(low, high, 61)
    ax.hist(drawn, bins=bins, color=COLOURS[1], edgecolor="white", linewidth=0.3, zorder=2)
    for name, percent, style in _PERCENTILES:
        value = float(np.percentile(latencies, percent))
        ax.axvline(max(value, _LEAST), color=COLOURS[0], ls=style, lw=1.4, label=f"{name} {value:.3g} ms", zorder=3)
    ax.plot([], [], " ", label=f"max {latencies.max():.3g} ms")
    _deadline(ax, latencies, deadline)
    _axes(ax, low, high, int(latencies.size))
    return ax


def _deadline(ax: Any, latencies: np.ndarray, deadline: Optional[float]) -> None:
    if deadline is None:
        return
    ax.axvline(max(deadline, _LEAST), color=COLOURS[4], lw=2.4, label=f"deadline {deadline:g} ms", zorder=3)
    missed = int((latencies > deadline).sum())
    ax.set_title(f"{missed:,} of {latencies.size:,} missed the deadline", fontsize=10, loc="left")


def _axes(ax: Any, low: float, high: float, n: int) -> None:
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    decades = np.log10(high / low)
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 4 else (1.0, 2.0, 5.0), numticks=20))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel("latency [ms], logarithmic")
    if n >= 1000:
        # else the few late ones among many are not seen
        ax.set_yscale("log")
        ax.set_ylim(bottom=0.7)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.yaxis.get_major_locator().set_params(integer=True)
    ax.set_ylabel("number, logarithmic" if n >= 1000 else "number")
    ax.grid(True, color="#DDDDDD", lw=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.legend(fontsize=9, loc="best", framealpha=0.9)
