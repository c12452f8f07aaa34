"""Run a model from sensor to actuator, once in every period.

examples:
  neuroedge run motion --flat-out --sink -
  neuroedge run digits --for 2 --record r.npz --json

Also --governor (less quality if hot or late), --realtime, --watchdog (systemd).
"""

import argparse
import json
import os
import re
import time
import warnings
from contextlib import ExitStack
from typing import Any, Dict, List, Optional

from .. import __version__
from ..applications.deploy import LONGEST, Parts, assembled, parts_of
from ..applications.ready import open_model
from ..applications.records import RunRecord
from ..applications.samples import SAMPLES, sample_source
from ..errors import NotReadyError, ParameterError, StorageError, shown
from ..runtime.clock import HurriedClock
from ..runtime.governor import Governor
from ..runtime.loop import Loop, Step
from ..runtime.pace import MonotonicClock
from ..runtime.report import WHY, Report
from ..runtime.sinks import open_sink, plain
from ..runtime.sources import SOURCE_FORMS
from .limits import keeps, limit_of, told_missed
from .plot import add_plot, file_usable, plot_usable, write_plot
from .table import print_aside, print_error, rows

__all__ = ["options", "run", "usable"]

SCHEMA, STATUS = "neuroedge.run/1", "neuroedge.run.status/1"

# what can be required to be at most so much, and where it stands in a report
LIMITS = {
    "p50_ms": "latency_p50_ms", "p99_ms": "latency_p99_ms", "p99_9_ms": "latency_p999_ms", "max_ms": "latency_max_ms",
    "missed": "missed", "skipped": "skipped", "dropped": "dropped", "unwritten": "unwritten",
}  # fmt: skip
SINKS = (".csv", ".json", ".jsonl", ".ndjson")


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge run`: the model, where its input comes from and its output goes, and when."""
    parser.usage = "neuroedge run MODEL [options]"
    add = parser.add_argument
    add("model", metavar="MODEL", help=argparse.SUPPRESS)
    add("--source", metavar="S", help="camera:0, file:a.csv, imu:…, -; default: a sample")
    add("--deadline", type=float, metavar="MS", help="the period; default: the model's own")
    add("--sink", metavar="S", help="- or file:out.jsonl, file:out.csv; default: none")
    add("--safe", metavar="JSON", help="for the sink at the end, and without a sensor")
    add("--for", dest="seconds", type=float, metavar="S", help="end after so many seconds")
    add("--on-error", default="retry", choices=("retry", "hold", "stop"), metavar="HOW",
        help="of the sensor: retry, hold or stop")  # fmt: skip
    add("--flat-out", action="store_true", help="recordings as fast as they go")
    add("--record", metavar="R.npz", help="times, values, spikes, latency of each period")
    add_plot(parser, "latencies")
    add("--require", action="append", default=[], metavar="WHAT=X", help="as p99_ms=2, missed=0; else exit 3")
    for flag in ("--governor", "--realtime", "--watchdog"):
        add(flag, action="store_true", help=argparse.SUPPRESS)


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for options that cannot be meant."""
    for name, value, unit in (("--deadline", options.deadline, "ms"), ("--for", options.seconds, "s")):
        if value is not None and not 0.0 < value < float("inf"):
            raise ParameterError(f"{name} must be above 0 {unit} (got {value:g})")
    if options.deadline is not None and options.deadline > LONGEST:
        raise ParameterError(f"--deadline must be at most a day, {LONGEST:,.0f} ms (got {options.deadline:g})")
    # a model that is not there is told first
    if options.source is None and options.model not in SAMPLES and os.path.exists(options.model):
        rule = "--source is missing: only the ready-made models have samples"
        raise ParameterError(f"{rule}; one of {SOURCE_FORMS}")
    _sensible_ways(options)
    if options.record is not None:
        folder = os.path.dirname(os.path.abspath(options.record))
        if not options.record.endswith(".npz") or not os.path.isdir(folder):
            raise ParameterError(f"--record must be a file .npz in a folder that exists (got {options.record!r})")
        file_usable(options.record)
    if options.sink is not None and options.sink.startswith("file:"):
        folder = os.path.dirname(os.path.abspath(options.sink[5:]))
        if not os.path.isdir(folder):
            wrong = f"{options.sink[5:]}: cannot be written: there is no folder {folder}"
            raise StorageError(f"{wrong}; make the folder first")
    _nothing_lost(options)
    _safe(options)
    for text in options.require:
        limit_of(text, LIMITS)
    plot_usable(options)


def _sensible_ways(options: argparse.Namespace) -> None:
    source, sink = options.source, options.sink
    if source is not None and not (source in ("-", "-,latest") or source.startswith(("camera:", "file:", "imu:"))):
        found = os.path.splitext(source)[1] or os.path.exists(source)
        cure = f"did you mean {f'file:{source}'!r}?" if found and ":" not in source else f"one of {SOURCE_FORMS}"
        raise ParameterError(f"--source {source!r} is unknown; {cure}")
    if options.flat_out and source is not None and not source.startswith("file:"):
        raise ParameterError(f"--flat-out is for recordings, and {source!r} is live; leave it out")
    if sink is not None and sink != "-" and not (sink.startswith("file:") and sink.lower().endswith(SINKS)):
        raise ParameterError(f"--sink {sink!r} is unknown; one of -, file:out.jsonl, file:out.csv")


def _nothing_lost(options: argparse.Namespace) -> None:
    """No file is written that is read."""
    source = options.source if (options.source or "").startswith("file:") else None
    sink = options.sink[5:] if (options.sink or "").startswith("file:") else None
    for option, path in (("--sink", sink), ("--record", options.record)):
        for other, read in (("MODEL", options.model), ("--source", source and re.sub(",speed=[^,]*$", "", source[5:]))):
            if path and read and os.path.exists(read) and os.path.realpath(path) == os.path.realpath(read):
                raise ParameterError(f"{option} must not be {other}, which would be lost (got {path!r}); give another")


def _safe(options: argparse.Namespace) -> Dict[str, Any]:
    if options.safe is None:
        return {}
    if options.sink is None:
        raise ParameterError("--safe is for a sink; name one with --sink")
    try:
        safe = json.loads(options.safe)
        # what JSON has no number for, as NaN and 1e999, would reach the actuator as null
        json.dumps(safe, allow_nan=False)
    except (ValueError, RecursionError):
        raise ParameterError(f"--safe must be JSON, as 0 or '[0, 0]' (got {shown(options.safe)})") from None
    return {"safe": safe}


def run(options: argparse.Namespace) -> int:
    """Run until the end; 0, 1 if the sensor ended it or gave nothing of use, or 3 if a required limit is missed."""
    bundle = open_model(options.model)
    last: Dict[str, Any] = {}
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _warned
        parts = parts_of(bundle, options.deadline, compiled=not options.governor)
        for note in parts.notes:
            print_error(note, "note")
        record = RunRecord(parts.period_ms, parts.simulator.plan.names) if options.record or options.plot else None
        loop = _loop(options, parts, record, last, stack)
        began = time.monotonic()
        try:
            report = loop.run(options.seconds)
        finally:
            # what was recorded is kept, however it ended
            if options.record and record is not None and len(record):
                record.save(options.record)
        took = time.monotonic() - began
    missed = [text for text in options.require if not _keeps(report, text)]
    _summary(options, loop, report, took, last.get("value"), missed)
    write_plot(options, lambda: _picture(record, parts.period_ms))
    if report.reason == "error":
        raise NotReadyError(report.error)
    came = report.read + report.errors.get("read", 0)
    if report.reason == "end" and came and not report.used:
        raise NotReadyError(f"no value of {came:,} could be used: {report.error}")
    return told_missed(missed)


def _loop(
    options: argparse.Namespace, parts: Parts, record: Optional[RunRecord], last: Dict[str, Any], stack: ExitStack
) -> Loop:  # fmt: skip
    clock = HurriedClock() if options.flat_out else MonotonicClock()
    source, sink = options.source, None
    if source is None:
        source, what = sample_source(options.model, clock)
        print_error(f"no --source: this is {what}", "note")
    if options.sink is not None:
        sink = stack.enter_context(open_sink(options.sink, **_safe(options)))

    def step(one: Step) -> None:
        if one.value is not None:
            last["value"] = one.value
        if record is not None:
            record.add(one)

    def status(line: str) -> None:
        if options.json:
            print(json.dumps({"schema": STATUS, **_figures(loop.report())}), flush=True)
        else:
            print_aside([line])

    loop = assembled(
        parts, source, sink, clock=clock, policy=options.on_error, on_step=step, on_status=status,
        governor=Governor() if options.governor else None, watchdog=options.watchdog, realtime=options.realtime,
    )  # fmt: skip
    return stack.enter_context(loop)


def _warned(
    message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Optional[str] = None
) -> None:  # fmt: skip
    print_error(str(message), "warning")


def _figures(report: Report) -> Dict[str, Any]:
    found: Dict[str, Any] = plain(report.as_dict())
    return found


def _picture(record: Optional[RunRecord], deadline_ms: float) -> Any:
    from ..applications.pictures_latency import draw_latency

    return None if record is None else draw_latency(record.arrays()["latency_ms"], deadline_ms)


def _keeps(report: Report, text: str) -> bool:
    name, most = limit_of(text, LIMITS)
    return keeps(report.as_dict()[LIMITS[name]], most)


def _summary(
    options: argparse.Namespace, loop: Loop, report: Report, took: float, value: Any, missed: List[str]
) -> None:  # fmt: skip
    if options.json:
        head = {"schema": SCHEMA, "version": __version__, "model": options.model, "wall_s": took}
        print(json.dumps({**head, **_figures(report), "last_value": plain(value), "missed_limits": missed}), flush=True)
        return
    figures, why = report.latency, WHY.get(report.reason, report.reason)
    pairs = [
        ("ended", f"{why}, after {report.seconds:,.1f} s of {report.turns:,} periods, {report.skipped:,} skipped"),
        ("latency", f"p50 {figures.p50:.3g}, p99 {figures.p99:.3g}, p99.9 {figures.p999:.3g}, max {figures.max:.3g} ms "
         f"of {report.period_ms:g}; {figures.missed:,} of {figures.total:,} missed"),
        ("values", f"{report.read:,} read = {report.used:,} used + {report.dropped:,} dropped{_kinds(report)}"),
        ("sink", f"{report.written:,} written, {report.unwritten:,} not" if options.sink else "none"),
        ("last value", json.dumps(plain(value), ensure_ascii=False)),
    ]  # fmt: skip
    if options.record is not None:
        pairs.append(("recorded", options.record))
    print_aside([loop.status(), *rows(pairs)])


def _kinds(report: Report) -> str:
    """What was wrong with values, and how often."""
    kinds = [f"{name} {n:,}" for name, n in sorted(report.errors.items())]
    return f" ({', '.join(kinds)}; {report.error})" if kinds else ""
