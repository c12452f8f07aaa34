"""Replay a model's golden input on every engine here; on data, tell accuracy.

examples:
  neuroedge verify digits
  neuroedge verify small.ne --data digits --against digits

Each line says equal, bit for bit, or the first population, neuron and tick that
differ. With --data: what precision costs, with --against what shrinking cost.
Exit 0 if all are equal, 1 if one is not, or the file cannot be read.
"""

import argparse
import json
from typing import Any, Dict, List, Optional

from ..applications.judging import Form, Judgement, judge
from ..applications.labelled import labelled_for
from ..applications.ready import open_model
from ..applications.verify import Verdict, verify
from ..errors import ParameterError
from .making import count, percent, warnings_as_notes
from .table import folded, print_error, print_lines, table

__all__ = ["options", "run", "usable"]


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge verify`: the model, data, and what it was made from."""
    parser.add_argument("model", metavar="MODEL", help="a file, or digits, motion")
    parser.add_argument("--data", metavar="D", help="labelled samples: a .npz file, or digits")
    parser.add_argument("--against", metavar="M", help="the model that it was made from; with --data")


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for options that cannot be meant."""
    if options.against is not None and options.data is None:
        raise ParameterError("--against needs --data, on which both answer; --data digits, or a .npz file")


def run(options: argparse.Namespace) -> int:
    """Replay and tell; measure on data."""
    bundle = open_model(options.model)
    against = None if options.against is None else open_model(options.against)
    data = None if options.data is None else labelled_for(bundle, options.data)
    verdict = None
    if bundle.golden is not None or data is None:
        verdict = verify(bundle)
    found = None
    if data is not None:
        with warnings_as_notes():
            found = judge(bundle, data, against)
    if options.json:
        print(json.dumps(_report(bundle.file, verdict, found)))
    else:
        _print(verdict, found)
    if verdict is None:
        print_error(f"{options.model} holds no golden input, so no engine is checked", "note")
    elif not verdict.equal:
        print_error(f"{options.model} answers differently here: please report it, with the lines above")
        return 1
    return 0


def _report(file: str, verdict: Optional[Verdict], found: Optional[Judgement]) -> Dict[str, Any]:
    report: Dict[str, Any] = {"schema": "neuroedge.verify/1", "file": file}
    if verdict is not None:
        checks = [check._asdict() for check in verdict.checks]
        report.update(equal=verdict.equal, duration_ms=verdict.duration, spikes=verdict.spikes, checks=checks)
    if found is not None:
        forms, recorded = ([entry._asdict() for entry in entries] for entries in (found.forms, found.recorded))
        report.update(data={"name": found.data, "forms": forms, "notes": list(found.notes)}, recorded=recorded)
    return report


def _print(verdict: Optional[Verdict], found: Optional[Judgement]) -> None:
    if verdict is not None:
        print_lines([part for line in _replayed(verdict) for part in folded(line, 21)])
    if found is None:
        return
    head = ["model", "precision", "samples", "accuracy (%)", "agrees (%)", "synapses", "adds", "plan (bytes)"]
    print_lines(["", f"on {found.data}", "", *table(head, [_line(form) for form in found.forms], left=2), ""])
    print_lines(["agrees: with the model as saved; adds: additions of a weight, for one sample"])
    for step, before, after, on in found.recorded:
        change = f"{percent(after)} %" if before is None else f"{percent(before)} -> {percent(after)} %"
        print_lines([f"{step}: {change}, {on}, as recorded then"])
    for note in found.notes:
        print_error(note, "note")


def _replayed(verdict: Verdict) -> List[str]:
    """The verdict; an engine that cannot run the model is no trouble, and takes a short line."""
    if not any(check.reason for check in verdict.checks):
        return str(verdict).splitlines()
    short = [c if c.reason is None else c._replace(reason=c.reason.split(" (")[0]) for c in verdict.checks]
    return str(verdict._replace(checks=tuple(short))).splitlines()


def _line(form: Form) -> List[str]:
    return [
        form.name, form.precision, count(form.samples), percent(form.accuracy), percent(form.agreement),
        count(form.synapses), count(form.additions), count(form.plan_bytes),
    ]  # fmt: skip
