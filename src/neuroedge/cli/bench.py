"""Measure the digits classifier in several precisions and sparsities, on this machine.

examples:
  neuroedge bench
  neuroedge bench --precision float32,int8 --keep 1,0.2
  neuroedge bench --precision int8 --keep 0.2 --require p99_ms=2 --json

Without --precision and --keep, the four configurations of the tutorial. The
classifier comes with the package; pruned and int8 ones are tuned for ten epochs.
Accuracy is on digits of writers that it never saw. One thread.
"""

import argparse
import json
import platform
from typing import Any, Callable, Dict, List, Sequence, Tuple

from .. import __version__
from ..applications.benchmark import CONFIGS, benchmark_edge
from ..board.identify import identify
from ..engines.library import simd
from ..errors import ParameterError
from ..plan.precision import PRECISIONS
from .table import print_error, print_lines

__all__ = ["options", "run", "usable"]

SCHEMA = "neuroedge.bench/1"
MISSED = 3

# what can be required, whether at most or at least, and where it stands
LIMITS = {
    "p50_ms": (False, ("latency_ms", "p50")),
    "p99_ms": (False, ("latency_ms", "p99")),
    "memory_bytes": (False, ("memory_bytes",)),
    "accuracy": (True, ("accuracy",)),
    "speed": (True, ("speed",)),
}

# heading, width, format, and what it shows
COLUMNS: Tuple[Tuple[str, int, str, Callable[[Dict[str, Any]], float]], ...] = (
    ("accuracy (%)", 12, "{:.2f}", lambda r: 100.0 * r["accuracy"]),
    ("speed (Hz)", 10, "{:,.0f}", lambda r: r["speed"]),
    ("p50 (us)", 8, "{:.1f}", lambda r: 1e3 * r["latency_ms"]["p50"]),
    ("p99 (us)", 8, "{:.1f}", lambda r: 1e3 * r["latency_ms"]["p99"]),
    ("bytes", 7, "{:,}", lambda r: r["memory_bytes"]),
    ("additions", 9, "{:,.0f}", lambda r: r["synaptic_operations"]["effective_acs"]),
)


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge bench`."""
    parser.add_argument("--precision", metavar="A,B", help=f"of {', '.join(p for p in PRECISIONS if p != 'float64')}")
    parser.add_argument("--keep", metavar="X,Y", help="shares of synapses that are kept, above 0 to 1")
    limits = f"a limit on {', '.join(LIMITS)}; exit 3 if missed"
    parser.add_argument("--require", action="append", default=[], metavar="WHAT=X", help=limits)


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for options that cannot be meant."""
    _configs(options)
    for text in options.require:
        _limit(text)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 0, or 3 if a required limit is missed."""
    configs, limits = _configs(options), [_limit(text) for text in options.require]
    results = [benchmark_edge(config) for config in configs]
    missed = [text for name, most, text in limits for r in results if _misses(r, name, most)]
    if options.json:
        print(json.dumps({"schema": SCHEMA, **_machine(), "results": results, "missed": sorted(set(missed))}))
    else:
        _print(results)
    for text in sorted(set(missed)):
        print_error(f"--require {text}: missed")
    return MISSED if missed else 0


def _configs(options: argparse.Namespace) -> List[Dict[str, Any]]:
    if options.precision is None and options.keep is None:
        return [dict(config) for config in CONFIGS]
    precisions = (options.precision or "float32").split(",")
    keeps = [_number("--keep", text) for text in (options.keep or "1").split(",")]
    for precision in precisions:
        if precision not in PRECISIONS or precision == "float64":
            raise ParameterError(f"--precision must be float32, float16 or int8 (got {precision!r})")
    for keep in keeps:
        if not 0.0 < keep <= 1.0:
            raise ParameterError(f"--keep must be shares above 0, up to 1 (got {keep:g})")
    return [{"precision": p, "pruning": round(1.0 - keep, 12)} for p in precisions for keep in keeps]


def _limit(text: str) -> Any:
    name, equals, number = text.partition("=")
    if name not in LIMITS or not equals:
        raise ParameterError(f"--require must be one of {', '.join(LIMITS)}, = and a number (got {text!r})")
    return name, _number("--require", number), text


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"{option} must be a number (got {text!r})") from None


def _misses(result: Dict[str, Any], name: str, limit: float) -> bool:
    least, path = LIMITS[name]
    value: Any = result
    for key in path:
        value = value[key]
    # a limit that is no number is missed
    return not (value >= limit if least else value <= limit)


def _machine() -> Dict[str, Any]:
    return {"version": __version__, "board": identify().name, "simd": simd(), "python": platform.python_version()}


def _print(results: Sequence[Dict[str, Any]]) -> None:
    machine = _machine()
    print_lines([f"digits 64-128-10, {machine['board']}, {machine['simd']}, one thread", ""])
    print_lines(["precision  kept (%)" + "".join(f"{head:>{wide + 2}}" for head, wide, _, _ in COLUMNS)])
    for r in results:
        line = f"{r['config']['precision']:<9}{100.0 * (1.0 - r['config']['pruning']):>10.0f}"
        line += "".join(f"{form.format(value(r)):>{wide + 2}}" for _, wide, form, value in COLUMNS)
        print_lines([line])
    print_lines(["", "power"])
    for source in sorted({r["power_source"] for r in results}):
        mine = [r for r in results if r["power_source"] == source]
        watts = [r["power"] for r in mine if r["power"] is not None]
        energy = [1e6 * r["energy_per_inference"] for r in mine if r["energy_per_inference"] is not None]
        if watts and energy:
            print_lines([f"  {_span(watts, '.2f')} W, {_span(energy, '.0f')} uJ an inference"])
        print_lines([f"  {source}"])


def _span(values: Sequence[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
