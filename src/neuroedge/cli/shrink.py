"""Make a saved model smaller, and tell what each step cost.

examples:
  neuroedge shrink digits -o small.ne --keep 0.2 --precision int8 --data digits
  neuroedge shrink digits -o half.ne --keep 0.5

Prunes, fine-tunes (without --data to answer as MODEL does), rounds, writes.
"""

import argparse
import json
import os
from typing import Any, List

from ..applications.labelled import labelled_for
from ..applications.ready import open_model
from ..applications.shrink import Shrunk, recipe_for, shrink_model
from ..applications.smaller import Recipe, checked_recipe
from ..errors import ParameterError
from .making import command_of, count, must_differ, percent, sides, warnings_as_notes
from .plot import add_plot, plot_usable, write_plot
from .table import print_error, print_lines, table

__all__ = ["options", "run", "usable"]

SCHEMA = "neuroedge.shrink/1"
TOLD = ("output", "keep", "precision", "bits", "data", "epochs", "vary", "storage")
STORAGES = ("auto", "small")


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge shrink`."""
    new = Recipe()
    parser.add_argument("model", metavar="MODEL", help="a file, or digits, motion")
    parser.add_argument("-o", "--output", metavar="N", required=True, help="the file to write")
    parser.add_argument("--keep", type=float, default=new.keep, metavar="X", help="share of synapses kept (1)")
    parser.add_argument("--precision", metavar="P", help="float32, float16, int8 (the model's)")
    parser.add_argument("--bits", type=int, metavar="B", help="of int8's weights, 2 to 8 (8)")
    parser.add_argument("--data", metavar="D", help="labelled samples: a .npz file, or digits")
    parser.add_argument("--epochs", type=int, default=new.epochs, metavar="E", help=f"of fine-tuning ({new.epochs})")
    parser.add_argument("--vary", metavar="HxW", help="prune by varied pictures too")
    parser.add_argument(
        "--storage", choices=STORAGES, default="auto", metavar="S", help="auto, the fastest, or small: fewer bytes"
    )
    add_plot(parser, "accuracy, bytes")


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for options that cannot be meant."""
    nothing = options.precision is None and options.bits is None and options.storage == "auto"
    if options.keep == 1.0 and nothing:
        raise ParameterError("nothing to do: give --keep, --precision or --storage; --keep 0.2 keeps a fifth")
    precision = options.precision or ("float32" if options.bits is None else "int8")
    checked_recipe(Recipe(options.keep, precision, options.bits, options.epochs))
    if options.vary is not None and options.data is None:
        raise ParameterError("--vary needs --data")
    sides(options.vary)
    plot_usable(options)
    must_differ(options.output, "MODEL", options.model, "give another name")
    must_differ(options.output, "--data", options.data, "give another name")


def run(options: argparse.Namespace) -> int:
    """Shrink, write, tell."""
    bundle = open_model(options.model)
    precision = options.precision or ("int8" if options.bits is not None else None)
    recipe = recipe_for(bundle, precision, keep=options.keep, bits=options.bits, epochs=options.epochs)
    data = None if options.data is None else labelled_for(bundle, options.data)
    command = command_of("shrink", options, options.model, TOLD)
    try:
        with warnings_as_notes():
            shrunk = shrink_model(bundle, options.output, recipe, data, command, sides(options.vary), options.storage)
    except KeyboardInterrupt:
        print_error(f"interrupted: {options.output} is not written", "note")
        raise
    if options.json:
        print(json.dumps(_report(options, shrunk)))
    else:
        _print(options, shrunk)
    write_plot(options, lambda: _drawn(shrunk))
    return 0


def _drawn(shrunk: Shrunk) -> Any:
    from ..applications.pictures_sizes import draw_sizes

    steps, agreed = shrunk.steps, shrunk.steps[0].accuracy is None
    shares = [(s, s.agreement if agreed else s.accuracy) for s in steps]
    ax = draw_sizes([(s.name, s.plan_bytes, share, s.precision) for s, share in shares if share is not None])
    if agreed:
        ax.set_ylabel("agreement with the model as given [%]")
    return ax


def _report(options: argparse.Namespace, shrunk: Shrunk) -> Any:
    steps = [
        {
            "name": s.name, "precision": s.precision, "accuracy": s.accuracy, "agreement": s.agreement,
            "synapses": s.synapses, "plan_bytes": s.plan_bytes, "additions": s.additions,
            "measured_us": s.microseconds,
        }
        for s in shrunk.steps
    ]  # fmt: skip
    return {
        "schema": SCHEMA, "model": options.model, "file": shrunk.file, "file_bytes_before": shrunk.file_bytes_before,
        "file_bytes": shrunk.file_bytes, "measured_on": shrunk.measured_on, "steps": steps,
        "notes": list(shrunk.notes), "seconds": shrunk.seconds,
    }  # fmt: skip


def _print(options: argparse.Namespace, shrunk: Shrunk) -> None:
    head = ["step", "accuracy (%)", "agrees (%)", "synapses", "additions", "plan (bytes)", "measured (us)"]
    lines: List[List[str]] = [
        [
            step.name, percent(step.accuracy), percent(step.agreement), count(step.synapses), count(step.additions),
            count(step.plan_bytes), "-" if step.microseconds is None else f"{step.microseconds:.1f}",
        ]
        for step in shrunk.steps
    ]  # fmt: skip
    name = os.path.basename(options.model)
    print_lines([f"{name} -> {shrunk.file}", "", *table(head, lines), "", f"on {shrunk.measured_on}"])
    print_lines(["agrees: with the model as given; additions and time: of one sample, one thread"])
    size = f"{shrunk.file_bytes_before:,} -> {shrunk.file_bytes:,} bytes"
    print_lines([f"file: {size}, network and plan; made in {shrunk.seconds:.1f} s"])
    for note in shrunk.notes:
        print_error(note, "note")
