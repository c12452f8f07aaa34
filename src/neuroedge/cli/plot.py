"""`--plot out.svg` on the verbs: what cannot be drawn or written is refused before any work."""

import argparse
import os
from importlib.util import find_spec
from typing import Any, Callable

from ..errors import MissingExtraError, ParameterError, StorageError
from ..formats.atomic import must_be_writable, write_whole
from .table import print_error

__all__ = ["SUFFIXES", "add_plot", "file_usable", "picture_usable", "plot_usable", "write_picture", "write_plot"]

SUFFIXES = (".svg", ".png", ".pdf")


def add_plot(parser: argparse.ArgumentParser, what: str = "a picture of it") -> None:
    """The option --plot of a verb; what: the picture, in a few words."""
    parser.add_argument("--plot", metavar="FILE", help=f"{what}: a name that ends in {', '.join(SUFFIXES)}")


def plot_usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for a name that is no picture's, MissingExtraError without matplotlib, and StorageError for
    a folder that is not there or not ours to write to."""
    if options.plot is not None:
        picture_usable("--plot", options.plot)
        if find_spec("matplotlib") is None:
            raise MissingExtraError("matplotlib", "plot")


def write_plot(options: argparse.Namespace, draw: Callable[[], Any]) -> None:
    """Draw and write what --plot asks for. draw: gives a matplotlib Figure, or Axes of one; only called if wanted."""
    if options.plot is not None:
        write_picture(options.plot, draw())
        print_error(options.plot, "picture")


def picture_usable(option: str, path: str) -> None:
    """Raises ParameterError for a name that is no picture's, StorageError where a file of it cannot be written."""
    if os.path.splitext(path)[1].lower() not in SUFFIXES:
        raise ParameterError(f"{option} must end in {', '.join(SUFFIXES)} (got {path!r})")
    file_usable(path)


def file_usable(path: str) -> None:
    """Raises StorageError where a file cannot be written: a folder or a device of that name, no folder for it, or
    no right to."""
    if not path:
        raise StorageError("'': cannot be written: is no name; give the name of a file")
    must_be_writable(path)


def write_picture(path: str, drawn: Any, dpi: int = 150) -> None:
    """Write a matplotlib Figure, or the one of Axes, whole or not at all; its kind is told by the name's end."""
    from ..applications.figures import figure_bytes

    write_whole(path, [figure_bytes(drawn, os.path.splitext(path)[1][1:].lower(), dpi)])
