"""The figures of `neuroedge bench` as tables and as objects for machines."""

from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..applications.sweep import Row
from .table import WIDTH, print_lines, table, wrapped

__all__ = ["print_rows", "row_json"]


def row_json(row: Row) -> Dict[str, Any]:
    """A row for machines."""
    return {
        "config": {"precision": row.precision, "pruning": round(1.0 - row.keep, 12)},
        "keep": row.keep,
        "accuracy": row.accuracy,
        "calls_per_second": row.per_second,
        "call_ms": row.call_ms,
        "call_sd_ms": row.sd_ms,
        "latency_ms": dict(row.latency_ms),
        "realtime_factor": row.realtime_factor,
        "synaptic_events": row.events,
        "memory_bytes": row.nbytes,
        "power_w": row.watts,
        "power_source": row.power_source,
        "energy_per_call_j": row.joules,
    }


def print_rows(rows: Sequence[Row], title: str, note: str, form: str) -> None:
    """Two tables below one another, what it is and how long it takes; of CSV one, and nothing else."""
    if form == "csv":
        heads, cells = _joined(_sizes(rows), _times(rows, bare=True))
        cells = [[*line, "" if row.sd_ms is None else _ms(row.sd_ms)] for line, row in zip(cells, rows)]
        print_lines(table([*heads, "sd (ms)"], cells, "csv"))
        return
    lines = [title, ""]
    for part in (_sizes(rows), _times(rows)):
        lines += [*table(*part, form), ""]
    sources = sorted({row.power_source for row in rows})
    foot = [note, *(f"power {source}" for source in sources)]
    repeats = rows[0].repeats
    if repeats > 1:
        foot.insert(0, f"a call (ms): mean ± standard deviation of {repeats} repeats")
    print_lines([*lines, *(line for text in foot for line in wrapped(text, WIDTH))])


def _sizes(rows: Sequence[Row]) -> Tuple[List[str], List[List[str]]]:
    accurate = any(row.accuracy is not None for row in rows)
    heads = ["precision", "kept (%)", *["accuracy (%)"] * accurate, "memory (bytes)", "events (a call)",
             "real time (times)", "power (W)", "energy (uJ a call)"]  # fmt: skip
    lines = []
    for row in rows:
        right = [] if not accurate else ["-" if row.accuracy is None else f"{100.0 * row.accuracy:.2f}"]
        lines.append([
            row.precision, f"{100.0 * row.keep:g}", *right, f"{row.nbytes:,}", f"{row.events:,.0f}",
            f"{row.realtime_factor:,.0f}" if row.realtime_factor >= 10 else f"{row.realtime_factor:.2g}",
            _or_none(row.watts, 1.0, ".2f"), _or_none(row.joules, 1e6, ",.0f"),
        ])  # fmt: skip
    return heads, lines


def _times(rows: Sequence[Row], bare: bool = False) -> Tuple[List[str], List[List[str]]]:
    heads = ["precision", "kept (%)", "calls (a second)", "a call (ms)", "p50 (ms)", "p99 (ms)", "p99.9 (ms)",
             "max (ms)"]  # fmt: skip
    lines = []
    for row in rows:
        call = _ms(row.call_ms) if row.sd_ms is None or bare else f"{_ms(row.call_ms)} ± {_ms(row.sd_ms)}"
        quantiles = [_ms(row.latency_ms[name]) for name in ("p50", "p99", "p99_9", "max")]
        lines.append([row.precision, f"{100.0 * row.keep:g}", f"{row.per_second:,.0f}", call, *quantiles])
    return heads, lines


def _joined(
    sizes: Tuple[List[str], List[List[str]]], times: Tuple[List[str], List[List[str]]]
) -> Tuple[List[str], List[List[str]]]:
    return [*sizes[0], *times[0][2:]], [[*a, *b[2:]] for a, b in zip(sizes[1], times[1])]


def _ms(value: float) -> str:
    return f"{value:.3f}" if value < 100.0 else f"{value:,.0f}"


def _or_none(value: Optional[float], factor: float, form: str) -> str:
    return "-" if value is None else format(factor * value, form)
