"""Tell whether a model can run on a board, how fast, and what is in its way.

examples:
  neuroedge check digits
  neuroedge check digits --board nano
  neuroedge check digits --deadline 10 --json

Changes nothing. Times are measured on this machine; for another board they are
estimated where instructions have been counted for its cores, else not known.
Exit 0 if it fits, 1 if it does not, or cannot keep the deadline.
"""

import argparse
import json
from typing import Any, Dict, List, Tuple

from ..applications.preflight import HERE, Preflight, preflight, rate_of
from ..applications.ready import open_model
from ..board.targets import TARGETS
from ..errors import ParameterError
from ..plan.explain import megabytes
from .table import print_error, print_lines, rows

__all__ = ["options", "run", "usable"]

SCHEMA = "neuroedge.check/1"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge check`."""
    parser.add_argument("model", metavar="MODEL", help="a file, or digits, motion")
    parser.add_argument("--board", default=HERE, metavar="B", help=f"here (default), {', '.join(TARGETS)}")
    parser.add_argument(
        "--deadline", type=float, metavar="MS", help="ms that a call may take (default: what the model says)"
    )


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for a board that is not known, and a deadline that is none."""
    if options.board not in (HERE, *TARGETS):
        raise ParameterError(f"--board must be one of here, {', '.join(TARGETS)} (got {options.board!r})")
    if options.deadline is not None and not 0.0 < options.deadline < float("inf"):
        raise ParameterError(f"--deadline must be > 0 ms (got {options.deadline:g})")


def run(options: argparse.Namespace) -> int:
    """Check and tell; 0 if the model can run there, else 1."""
    bundle = open_model(options.model)
    found = preflight(bundle, options.board, options.deadline)
    if options.json:
        print(json.dumps(_report(bundle.file, options.board, found)))
    else:
        print_lines(rows(_table(bundle.file, found)))
    for text in _failures(options.model, found):
        print_error(text, "hint" if text.startswith("neuroedge ") else "error")
    return 0 if found.ready else 1


def _failures(model: str, found: Preflight) -> List[str]:
    lines = []
    if not found.memory.fits:
        lines.append(
            f"does not fit: {megabytes(found.memory.need)} are needed, {found.board} has "
            f"{megabytes(found.memory.board)} ({found.memory.source})"
        )
    if found.met is False:
        lines.append(f"the deadline of {found.deadline:g} ms is missed")
    if lines:
        lines.append(f"neuroedge shrink {model} -o small.ne --keep 0.1 --precision int8")
    return lines


def _table(file: str, found: Preflight) -> List[Tuple[str, str]]:
    m, here = found.memory, found.here
    latency = here.latency_ms
    table = [
        ("model", file),
        ("board", found.board),
        ("memory", f"{'fits' if m.fits else 'does NOT fit'}: {megabytes(m.need)} of {megabytes(m.board)} ({m.source})"),
        ("", f"plan {megabytes(m.plan)}, state {megabytes(m.state)}, Python and NumPy {megabytes(m.python)} "
             "(measured: this process)"),
        ("engine", f"{here.engine}, {here.threads} thread{'s' * (here.threads > 1)}, {found.simd} here: {here.reason}"),
        ("driven by", f"{found.drive.source}, {found.drive.duration:g} ms, in calls of {here.period:g} ms"),
        ("time here", f"{latency['p50']:.3g} ms median, p99 {latency['p99']:.3g}, p99.9 {latency['p99_9']:.3g}, "
                      f"max {latency['max']:.3g} ({here.calls:,} calls, measured)"),
        ("rate here", f"{rate_of(here):,.0f} calls/s, {here.realtime_factor:,.0f} times real time (measured)"),
    ]  # fmt: skip
    table += _there(found) + _deadline(found)
    subjects = [subject for subject, _ in found.notes]
    # a subject is said once
    shown = ["" if k and s == subjects[k - 1] else s for k, s in enumerate(subjects)]
    return table + [(s, text) for s, (_, text) in zip(shown, found.notes)]


def _there(found: Preflight) -> List[Tuple[str, str]]:
    there = found.there
    if there is None:
        return []
    if there.least is None or there.most is None:
        return [("time there", f"not known: {there.source}")]
    return [("time there", f"{there.least:.3g} to {there.most:.3g} ms in native code, estimated ({there.source})")]


def _deadline(found: Preflight) -> List[Tuple[str, str]]:
    if found.deadline is None:
        return [("deadline", "the model names none; --deadline MS checks one")]
    if found.met is None:
        words = "not known before it is measured on the board"
    else:
        words = "met by p99, as measured here" if found.met else "MISSED"
    return [("deadline", f"{found.deadline:g} ms ({found.deadline_source}): {words}")]


def _report(file: str, board: str, found: Preflight) -> Dict[str, Any]:
    m, here, there = found.memory, found.here, found.there
    return {
        "schema": SCHEMA,
        "file": file,
        "board": board,
        "board_name": found.board,
        "ready": found.ready,
        "fits": m.fits,
        "memory": {
            "plan_bytes": m.plan, "state_bytes": m.state, "python_bytes": m.python, "need_bytes": m.need,
            "board_bytes": m.board, "source": m.source,
        },
        "engine": here.engine,
        "reason": here.reason,
        "threads": here.threads,
        "simd": found.simd,
        "driven_by": found.drive.source,
        "duration_ms": found.drive.duration,
        "call_ms": here.period,
        "calls": here.calls,
        "latency_ms": {**here.latency_ms, "source": "measured here"},
        "calls_per_second": rate_of(here),
        "realtime_factor": here.realtime_factor,
        "synaptic_events": here.events,
        "there": None if there is None else {"native_ms_least": there.least, "native_ms_most": there.most,
                                             "source": f"{'not known' if there.least is None else 'estimated'}: "
                                                       f"{there.source}"},
        "deadline_ms": found.deadline,
        "deadline_source": found.deadline_source or None,
        "deadline_met": found.met,
        "notes": [{"what": what, "note": text} for what, text in found.notes],
    }  # fmt: skip
