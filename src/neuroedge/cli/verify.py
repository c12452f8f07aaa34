"""Replay a saved model's golden input here, on every engine and instruction set.

examples:
  neuroedge verify digits
  neuroedge verify digits --json

Each line says equal, bit for bit, or the first population, neuron and tick that
differ. Exit 0 if all are equal, 1 if one is not, or the file cannot be read.
"""

import argparse
import json

from ..applications.ready import open_model
from ..applications.verify import verify
from .table import folded, print_error, print_lines

__all__ = ["options", "run"]


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge verify`: the model."""
    parser.add_argument("model", metavar="MODEL", help="a file with a golden input, or digits, motion")


def run(options: argparse.Namespace) -> int:
    """Replay and tell."""
    verdict = verify(open_model(options.model))
    if options.json:
        found = [check._asdict() for check in verdict.checks]
        head = {"schema": "neuroedge.verify/1", "file": verdict.file, "equal": verdict.equal}
        print(json.dumps({**head, "duration_ms": verdict.duration, "spikes": verdict.spikes, "checks": found}))
    else:
        print_lines([part for line in str(verdict).splitlines() for part in folded(line, 21)])
    if not verdict.equal:
        print_error(f"{options.model} answers differently here: please report it, with the lines above")
    return 0 if verdict.equal else 1
