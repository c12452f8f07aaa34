"""Show what a saved model is: its populations, projections, bytes and provenance.

examples:
  neuroedge show digits
  neuroedge show digits --costs
  neuroedge show motion --plot motion.svg

Bytes of a projection are those of weights, targets and rows as they are stored.
"""

import argparse
import json
from typing import Any, Dict, List, Sequence, Tuple

from ..applications.card import (
    golden_in_words,
    in_words,
    populations,
    projections,
    totals,
    value_in_words,
)
from ..applications.ready import open_model
from ..formats.bundle import Bundle
from ..plan.explain import megabytes, projection_bytes, synapses
from ..plan.plan import Plan
from ..plan.storage import STORAGE_NAMES
from .plot import add_plot, plot_usable, write_plot
from .table import WIDTH, folded, plain, print_lines, rows, wrapped

__all__ = ["options", "run", "usable"]

# letters of names and labels in a row; longer ones are cut
_LONGEST, _LABELS = 28, 200


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge show`: the model."""
    parser.add_argument("model", metavar="MODEL", help="a file, or digits, motion")
    parser.add_argument("--costs", action="store_true", help="how each projection is stored, and why")
    add_plot(parser, "spikes and rates of the golden input")


def usable(options: argparse.Namespace) -> None:
    """Raises for a picture that cannot be drawn or written."""
    plot_usable(options)


def run(options: argparse.Namespace) -> int:
    """Load and tell."""
    bundle = open_model(options.model)
    write_plot(options, lambda: _drawn(bundle))
    if options.json:
        print(json.dumps(_report(bundle)))
        return 0
    print_lines(_card(bundle))
    if options.costs:
        text = str(bundle.plan.explain()).splitlines()
        print_lines(["", *(line for long in text for line in folded(long, 24))])
    return 0


def _drawn(bundle: Bundle) -> Any:
    from ..applications.pictures_model import draw_model

    return draw_model(bundle)


def _card(bundle: Bundle) -> List[str]:
    plan = bundle.plan
    neurons, own, count = totals(plan)
    head = [
        ("model", f"{bundle.file}, {bundle.nbytes:,} bytes"),
        ("size", f"{neurons:,} neurons, {neurons - own:,} of them inputs; {count:,} synapses"),
        ("runs in", f"{plan.precision}, steps of {plan.dt:g} ms; plan {megabytes(plan.nbytes - plan.state_bytes)}, "
                    f"state {megabytes(plan.state_bytes)}"),
    ]  # fmt: skip
    lines = [*rows(head), "", *_cut(("population", "neurons", "model", "parameters"), populations(plan), (1,))]
    if plan.projections:
        told = [[*line[:4], megabytes(line[4])] for line in projections(plan)]
        lines += ["", *_cut(("projection", "synapses", "storage", "delay", "bytes"), told, (1, 3, 4))]
    tail = [("encoder", in_words(bundle.encoder)), ("decoder", in_words(bundle.decoder))]
    if bundle.settings is not None:
        tail.append(("settings", in_words(bundle.settings)))
    tail += [("labels", _labels(bundle.labels)), ("golden input", golden_in_words(bundle))]
    tail.append(("network", "yes: it can be taught and shrunk" if bundle.has_network else "no, a plan alone"))
    made = bundle.provenance or {}
    return [*lines, "", *rows([*tail, *_provenance(made)])]


def _provenance(made: Any) -> List[Tuple[str, str]]:
    if not made:
        return [("provenance", "none")]
    told = [f"{name.replace('_', ' ')}: {value_in_words(value)}" for name, value in sorted(made.items())]
    return [("" if k else "provenance", text) for k, text in enumerate(told)]


def _labels(labels: Any) -> str:
    if not labels:
        return "none"
    text = ", ".join(labels)
    if len(text) <= _LABELS:
        return text
    shown = text[:_LABELS].rsplit(", ", 1)[0]
    return f"{shown}, … ({len(labels):,} in all)"


def _cut(heads: Sequence[str], lines: Sequence[Sequence[str]], numbers: Sequence[int]) -> List[str]:
    """A table of words and numbers within 80 columns; long names are cut, a long last column goes on below."""
    named = [[_short(plain(cell)) if k == 0 else plain(cell) for k, cell in enumerate(line)] for line in lines]
    last = len(heads) - 1
    wide = [max(len(line[k]) for line in [heads, *named]) for k in range(last)]
    room = max(20, WIDTH - sum(wide) - 2 * last)
    found = []
    for line in [list(heads), *named]:
        parts = wrapped(line[last], room) if last not in numbers else [line[last]]
        cells = [f"{c:>{w}}" if k in numbers else f"{c:<{w}}" for k, (c, w) in enumerate(zip(line, wide))]
        tail = f"{parts[0]:>9}" if last in numbers else parts[0]
        found.append("  ".join([*cells, tail]).rstrip())
        found += [" " * (WIDTH - room) + part for part in parts[1:]]
    return found


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _report(bundle: Bundle) -> Dict[str, Any]:
    plan = bundle.plan
    golden = bundle.golden
    neurons, _, count = totals(plan)
    return {
        "schema": "neuroedge.show/1",
        "file": bundle.file,
        "file_bytes": bundle.nbytes,
        "dt_ms": plan.dt,
        "precision": plan.precision,
        "plan_bytes": plan.nbytes - plan.state_bytes,
        "state_bytes": plan.state_bytes,
        "neurons": neurons,
        "synapses": count,
        "populations": [
            {"name": name, "neurons": n, "model": model.name}
            for name, n, model in zip(plan.names, plan.pop_n.tolist(), plan.models)
        ],
        "projections": [_projection(plan, q, name) for q, name in enumerate(plan.projections)],
        "network": bundle.has_network,
        "golden_ms": None if golden is None else golden.duration,
        "encoder": bundle.encoder,
        "decoder": bundle.decoder,
        "settings": bundle.settings,
        "labels": bundle.labels,
        "provenance": bundle.provenance,
    }


def _projection(plan: Plan, q: int, name: str) -> Dict[str, Any]:
    stored = STORAGE_NAMES[int(plan.proj_storage[q])]
    return {"name": name, "synapses": synapses(plan, q), "storage": stored, "bytes": projection_bytes(plan, q)}
