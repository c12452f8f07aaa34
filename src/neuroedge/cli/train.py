"""Teach a classifier from labelled data: a new one, or a model that goes on.

examples:
  neuroedge train 64-128-10 --data digits -o mine.ne --epochs 60 --vary 8x8
  neuroedge train mine.ne --data digits -o better.ne --rate 0.001
"""

import argparse
import json
import os
import re
from typing import Any, List, Optional, Tuple

from ..applications.labelled import Labelled, labelled_for, load_labelled
from ..applications.ready import open_model
from ..applications.remade import LONGEST_SHOWN
from ..applications.teaching import Course, Student, Taught, new_student, sizes_of, student_of, teach
from ..errors import ParameterError
from .making import command_of, count, must_differ, percent, sides, threads_usable, warnings_as_notes
from .plot import add_plot, plot_usable, write_plot
from .table import print_error, print_lines, table

__all__ = ["options", "run", "usable"]

SCHEMA = "neuroedge.train/1"
TOLD = ("data", "output", "epochs", "rate", "decay", "duration", "seed", "vary", "scale")


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge train`."""
    plain = Course()
    parser.add_argument("model", metavar="MODEL", help="a file, digits, or new: values-hidden layers-classes")
    arrays = "a .npz of inputs, labels (test_inputs, test_labels), or digits"
    parser.add_argument("--data", metavar="D", required=True, help=arrays)
    parser.add_argument("-o", "--output", metavar="N", required=True, help="the file to write")
    epochs = f"passes over all samples ({plain.epochs})"
    parser.add_argument("--epochs", type=int, default=plain.epochs, metavar="E", help=epochs)
    rate = f"thresholds a step ({plain.rate}); --decay X: of weights, times it"
    parser.add_argument("--rate", type=float, default=plain.rate, metavar="R", help=rate)
    parser.add_argument("--decay", type=float, default=plain.decay, metavar="X", help=argparse.SUPPRESS)
    parser.add_argument("--duration", type=float, metavar="MS", help="a sample is shown, ms (16, or the model's)")
    parser.add_argument("--seed", type=int, metavar="S", help="of weights and order (0, or the model's)")
    parser.add_argument("--scale", action="store_true", help="new: lowest and highest of each value are 0 and 1")
    parser.add_argument("--vary", metavar="HxW", help="pictures: each epoch sees them turned, shifted")
    parser.add_argument("--threads", type=int, metavar="T", help=argparse.SUPPRESS)
    best = "Ctrl-C saves the best weights so far; also --threads T"
    parser.add_argument("--keep-best", action="store_true", help=best)
    add_plot(parser, "loss, accuracy")


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for options that cannot be meant."""
    sizes = sizes_of(options.model)
    if sizes is None and options.model[:1].isdigit() and not os.path.exists(options.model):
        raise ParameterError(f"MODEL {options.model!r} is neither file nor sizes; {_written(options.model)}")
    if sizes is not None and (len(sizes) < 3 or 0 in sizes):
        raise ParameterError(f"MODEL must be sizes: values, hidden layers, classes, as 64-128-10 (got {options.model})")
    for name, value, least in (("epochs", options.epochs, 1), ("seed", options.seed, 0)):
        if value is not None and value < least:
            raise ParameterError(f"--{name} must be >= {least} (got {value})")
    if options.seed is not None and options.seed >= 2**63:
        raise ParameterError(f"--seed must be below 2^63, as a file keeps it (got {options.seed})")
    if not 0.0 < options.rate <= 1.0:
        raise ParameterError(f"--rate must be above 0, at most 1 (got {options.rate:g}); 0.005 is usual")
    if not 0.0 <= options.decay * options.rate < 1.0:
        raise ParameterError(f"--decay must be >= 0, and below 1 / rate (got {options.decay:g})")
    if options.duration is not None and not 0.0 < options.duration < float("inf"):
        raise ParameterError(f"--duration must be > 0 ms (got {options.duration:g})")
    if options.duration is not None and options.duration > LONGEST_SHOWN:
        raise ParameterError(f"--duration must be at most {LONGEST_SHOWN:,.0f} ms (got {options.duration:g})")
    if options.scale and _new_sizes(options) is None:
        raise ParameterError(f"--scale is for new models, and {options.model} keeps its own ranges; leave it out")
    sides(options.vary)
    threads_usable(options.threads)
    plot_usable(options)
    must_differ(options.output, "--data", options.data, "give another name")


def run(options: argparse.Namespace) -> int:
    """Teach, write, tell."""
    student, data = _student_and_data(options)
    course = Course(
        options.epochs, options.rate, options.decay, options.seed, sides(options.vary), options.threads,
        options.keep_best,
    )  # fmt: skip
    written = _stamp(options.output)
    try:
        with warnings_as_notes():
            taught = teach(student, data, options.output, course, command_of("train", options, options.model, TOLD))
    except KeyboardInterrupt:
        _interrupted(options, written != _stamp(options.output))
        raise
    if options.json:
        print(json.dumps(_report(options, data, taught)))
    else:
        _print(options, data, taught)
    write_plot(options, lambda: _drawn(taught))
    for note in data.notes:
        print_error(note, "note")
    return 0


def _drawn(taught: Taught) -> Any:
    from ..applications.pictures_training import draw_training

    return draw_training(taught.history)


def _student_and_data(options: argparse.Namespace) -> Tuple[Student, Labelled]:
    sizes = _new_sizes(options)
    if sizes is not None:
        data = load_labelled(options.data, scale=True if options.scale else None)
        if sizes[-1] > data.classes:
            more = f"{sizes[-1]:,} classes are asked for, and the labels are 0 to {data.classes - 1:,}"
            data = data._replace(notes=(*data.notes, f"{more}: no sample shows the others"))
        return new_student(sizes, data, options.duration, options.seed or 0), data
    bundle = open_model(options.model)
    return student_of(bundle, options.duration), labelled_for(bundle, options.data)


def _written(model: str) -> str:
    """How sizes are written: those that are meant, if that can be told."""
    parts = re.findall("[0-9]+", model)
    if len(parts) > 2 and re.fullmatch(r"[0-9]+([,x:;/ ]+[0-9]+)+", model):
        return f"sizes are written {'-'.join(parts)}"
    return "64-128-10 has 64 values, 128 hidden neurons, 10 classes"


def _new_sizes(options: argparse.Namespace) -> Optional[List[int]]:
    """Of the layers of a new model, None for one that is there."""
    return None if os.path.exists(options.model) else sizes_of(options.model)


def _stamp(path: str) -> Any:
    """What tells a file from the one that took its name."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _interrupted(options: argparse.Namespace, written: bool) -> None:
    if written:
        text = f"{options.output} holds the best weights so far"
    else:
        cure = "no epoch was done" if options.keep_best else "--keep-best saves the best weights so far"
        text = f"{options.output} is not written; {cure}"
    print_error(f"interrupted: {text}", "note")


def _report(options: argparse.Namespace, data: Labelled, taught: Taught) -> Any:
    return {
        "schema": SCHEMA, "model": options.model, "file": taught.file, "file_bytes": taught.file_bytes,
        "plan_bytes": taught.plan_bytes, "layers": [layer._asdict() for layer in taught.layers],
        "epochs": [epoch._asdict() for epoch in taught.history.epochs], "kept_epoch": taught.history.best + 1,
        "data": {"name": data.title, "sha256": data.sha256, "samples": len(data.inputs),
                 "test_samples": len(data.test_inputs), "notes": list(data.notes)},
        "accuracy_before": taught.accuracy_before, "training_accuracy": taught.training_accuracy,
        "accuracy": taught.accuracy, "seconds": taught.seconds, "training_bytes": taught.history.nbytes,
    }  # fmt: skip


def _print(options: argparse.Namespace, data: Labelled, taught: Taught) -> None:
    samples, tests, history = len(data.inputs), len(data.test_inputs), taught.history
    print_lines([f"{os.path.basename(options.model)} -> {taught.file}, taught with {data.title}", ""])
    lines: List[List[str]] = [[x.name, x.model, count(x.neurons), count(x.synapses)] for x in taught.layers]
    print_lines(table(["layer", "model", "neurons", "synapses in"], lines, left=2))
    rows = [["training", count(samples), "-", percent(taught.training_accuracy)]]
    rows.append(["test", count(tests), percent(taught.accuracy_before), percent(taught.accuracy)])
    print_lines(["", *table(["accuracy", "samples", "before (%)", "after (%)"], rows), ""])
    each = taught.seconds / max(1, len(history))
    kept = f"kept epoch {history.best + 1} (least loss, {history.epochs[history.best].loss:.3g})"
    print_lines([f"{len(history)} epochs in {taught.seconds:.1f} s, {1e3 * each:.0f} ms each; {kept}"])
    sizes = f"{taught.plan_bytes:,} bytes of plan and state, {taught.file_bytes:,} in the file"
    print_lines([sizes, f"training took {taught.history.nbytes:,} bytes of memory"])
