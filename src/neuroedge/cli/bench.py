"""Measure a model, or the digits classifier, in several precisions and sizes.

examples:
  neuroedge bench
  neuroedge bench --precision float16 --require p99_ms=2 --json
  neuroedge bench digits --precision float32,int8 --keep 1,0.1 -r 3 -o md

Without MODEL digits, pruned and tuned. A MODEL is pruned without data.
"""

import argparse
import json
import platform
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .. import __version__
from ..applications.benchmark import CONFIGS
from ..applications.labelled import labelled_for
from ..applications.measure import drive_of
from ..applications.ready import open_model
from ..applications.sweep import SWEEP, Row, digits_row, model_row
from ..board.identify import identify
from ..engines.library import simd
from ..errors import ParameterError
from ..network.graph import Network
from ..plan.precision import PRECISIONS
from ..progress import bar
from .bench_tables import print_rows, row_json
from .limits import keeps, limit_of, told_missed
from .plot import add_plot, plot_usable, write_plot

__all__ = ["LIMITS", "options", "run", "usable"]

SCHEMA = "neuroedge.bench/1"

# what can be required, and whether at least or at most
LIMITS = {
    "p50_ms": False,
    "p99_ms": False,
    "p99_9_ms": False,
    "max_ms": False,
    "memory_bytes": False,
    "accuracy": True,
    "speed": True,
}


class _Asked(NamedTuple):
    """precision: None for the model's own."""

    precision: Optional[str]
    keep: float


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge bench`."""
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a file, or digits, motion")
    parser.add_argument("--precision", metavar="A,B", help=f"of {', '.join(p for p in PRECISIONS if p != 'float64')}")
    parser.add_argument("--keep", metavar="X,Y", help="shares of synapses, above 0 to 1")
    parser.add_argument("--sweep", action="store_true", help="all precisions, and shares 1, 0.5, 0.2, 0.1")
    parser.add_argument("-r", dest="repeats", type=int, default=1, metavar="N", help="do it N times (default: 1)")
    parser.add_argument("-o", dest="form", choices=("md", "csv", "json"), help="Markdown, CSV or JSON")
    parser.add_argument("--require", action="append", default=[], metavar="WHAT=X", help="exit 3 if missed: p99_ms=2")
    parser.add_argument("--data", metavar="D", help="measure MODEL's accuracy: a .npz file, or digits")
    add_plot(parser, "speed, accuracy")


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for options that cannot be meant."""
    options.json = options.json or options.form == "json"
    _configs(options)
    if not 1 <= options.repeats <= 100:
        raise ParameterError(f"-r must be 1 to 100 (got {options.repeats})")
    for text in options.require:
        name, _ = limit_of(text, LIMITS)
        if name == "accuracy" and options.model is not None and options.data is None:
            raise ParameterError("--require accuracy needs --data; a .npz file, or digits")
    if options.data is not None and options.model is None:
        raise ParameterError("--data needs MODEL; without one the digits of the package are used")
    plot_usable(options)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 0, or 3 if a required limit is missed."""
    what, rows, note = _digits(options) if options.model is None else _model(options)
    write_plot(options, lambda: _drawn(rows))
    missed = sorted(text for text in set(options.require) if not all(_keeps(row, text) for row in rows))
    if options.json:
        report = {"schema": SCHEMA, **_machine(), "model": what, "note": note, "repeats": options.repeats}
        print(json.dumps({**report, "results": [row_json(row) for row in rows], "missed": missed}))
    else:
        print_rows(rows, f"{what}, {identify().name}, {simd()}", note, options.form or "text")
    return told_missed(missed)


def _digits(options: argparse.Namespace) -> Tuple[str, List[Row], str]:
    rows = [digits_row(c.precision or "float32", c.keep, options.repeats) for c in _configs(options)]
    note = "a call is a digit, from values to class, on one thread; accuracy on digits of other writers"
    return "digits 64-128-10", rows, note


def _model(options: argparse.Namespace) -> Tuple[str, List[Row], str]:
    bundle = open_model(options.model)
    drive, configs = drive_of(bundle), _configs(options)
    held = None if options.data is None else labelled_for(bundle, options.data)
    data = None if held is None else (held.test_inputs, held.test_labels)
    shelf: Dict[float, Network] = {}
    rows, steps = [], bar(len(configs), "configuration")
    for c in configs:
        rows.append(model_row(bundle, drive, c.precision, c.keep, options.repeats, data, shelf))
        steps.update(1)
    steps.close()
    measured = "is not measured" if held is None else f"on {len(held.test_labels):,} test samples of {held.name}"
    note = f"a call is {drive.duration:g} ms of {drive.source}; accuracy {measured}"
    if any(row.keep < 1.0 for row in rows):
        note += "; pruned without data, not tuned, and laid out for speed, not for few bytes"
    if any(row.keep < 1.0 for row in rows) or "shrunk" in (bundle.provenance or {}):
        note += "; kept: of the synapses of this model"
    if any(row.events == 0 for row in rows):
        note += "; no synaptic event came of it: these are times of silence"
    return options.model, rows, note


def _drawn(rows: List[Row]) -> Any:
    from ..applications.pictures_model import draw_rows

    return draw_rows(rows)


def _configs(options: argparse.Namespace) -> List[_Asked]:
    if options.precision is None and options.keep is None and not options.sweep:
        tutorial = [_Asked(c["precision"], round(1.0 - c["pruning"], 12)) for c in CONFIGS]
        return tutorial if options.model is None else [_Asked(None, 1.0)]
    precisions: List[Optional[str]] = [None if options.model else "float32"]
    if options.precision is not None or options.sweep:
        precisions = list(SWEEP[0]) if options.precision is None else options.precision.split(",")
    keeps = list(SWEEP[1]) if options.sweep else [1.0]
    if options.keep is not None:
        keeps = [_number("--keep", text) for text in options.keep.split(",")]
    for precision in precisions:
        if precision is not None and (precision not in PRECISIONS or precision == "float64"):
            raise ParameterError(f"--precision must be float32, float16 or int8 (got {precision!r})")
    for keep in keeps:
        if not 0.0 < keep <= 1.0:
            cure = f"; {keep / 100.0:g} keeps {keep:g} %" if 2.0 <= keep <= 100.0 else ""
            raise ParameterError(f"--keep must be shares above 0, up to 1 (got {keep:g}){cure}")
    return [_Asked(p, keep) for p in precisions for keep in keeps]


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"{option} must be a number (got {text!r})") from None


def _keeps(row: Row, text: str) -> bool:
    name, limit = limit_of(text, LIMITS)
    by_name = {"memory_bytes": row.nbytes, "accuracy": row.accuracy, "speed": row.per_second}
    value = by_name[name] if name in by_name else row.latency_ms[name[: -len("_ms")]]
    return keeps(value, limit, LIMITS[name])


def _machine() -> Dict[str, Any]:
    return {"version": __version__, "board": identify().name, "simd": simd(), "python": platform.python_version(),
            "machine": platform.machine()}  # fmt: skip
