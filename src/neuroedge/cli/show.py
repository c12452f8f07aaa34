"""Show what a saved model is: populations, projections, precision, bytes, provenance.

examples:
  neuroedge show digits.ne
  neuroedge show digits.ne --costs
  neuroedge show digits.ne --json
"""

import argparse
import json
from typing import Any, Dict

from ..formats.bundle import Bundle, load
from ..plan.explain import synapses
from .table import print_lines

__all__ = ["options", "run"]


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge show`: the model."""
    parser.add_argument("model", metavar="MODEL", help="a file that neuroedge.save wrote")
    parser.add_argument("--costs", action="store_true", help="how each projection is stored, and why")


def run(options: argparse.Namespace) -> int:
    """Load and tell."""
    bundle = load(options.model)
    if options.json:
        print(json.dumps(_report(bundle)))
        return 0
    print_lines(bundle.describe().splitlines())
    if options.costs:
        print_lines(["", *str(bundle.plan.explain()).splitlines()])
    return 0


def _report(bundle: Bundle) -> Dict[str, Any]:
    plan = bundle.plan
    return {
        "schema": "neuroedge.show/1",
        "file": bundle.file,
        "file_bytes": bundle.nbytes,
        "dt_ms": plan.dt,
        "precision": plan.precision,
        "plan_bytes": plan.nbytes,
        "populations": [
            {"name": name, "neurons": n, "model": model.name}
            for name, n, model in zip(plan.names, plan.pop_n.tolist(), plan.models)
        ],
        "projections": [{"name": name, "synapses": synapses(plan, q)} for q, name in enumerate(plan.projections)],
        "network": bundle.has_network,
        "golden_ms": None if bundle.golden is None else bundle.golden.duration,
        "encoder": bundle.encoder,
        "decoder": bundle.decoder,
        "labels": bundle.labels,
        "provenance": bundle.provenance,
    }
