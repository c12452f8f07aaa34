"""What verbs share that make and judge models: options, numbers, and the command that a file says it came from."""

import argparse
import os
import shlex
import warnings
from contextlib import contextmanager
from typing import Iterator, Optional, Sequence, Tuple

from ..errors import ParameterError
from ..plan.plan import MAX_THREADS
from .table import print_error

__all__ = ["command_of", "count", "must_differ", "percent", "sides", "threads_usable", "warnings_as_notes"]


def command_of(verb: str, options: argparse.Namespace, model: str, names: Sequence[str]) -> str:
    """The command line that gives these options, defaults included."""
    words = ["neuroedge", verb, model]
    for name in names:
        value = getattr(options, name)
        if value is not None and value is not False:
            text = [] if value is True else [f"{value:.12g}" if isinstance(value, float) else str(value)]
            words += ["-o" if name == "output" else f"--{name.replace('_', '-')}", *text]
    return " ".join(shlex.quote(word) for word in words)


def sides(text: Optional[str]) -> Optional[Tuple[int, int]]:
    """Height and width of pictures, of a text such as "8x8"."""
    if text is None:
        return None
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and 0 < int(height) <= 4096 and 0 < int(width) <= 4096):
        raise ParameterError(f"--vary must be height x width of the pictures, in pixels, as 8x8 (got {text!r})")
    return int(height), int(width)


def must_differ(output: str, option: str, other: Optional[str], cure: str) -> None:
    """The file to write is not one that is read."""
    if other is not None and os.path.exists(other) and os.path.realpath(other) == os.path.realpath(output):
        raise ParameterError(f"-o must not be {option}, which would be lost (got {output!r}); {cure}")


def threads_usable(threads: Optional[int]) -> None:
    """Threads that the core can make."""
    if threads is not None and not 1 <= threads <= MAX_THREADS:
        raise ParameterError(f"--threads must be 1 to {MAX_THREADS} (got {threads})")


def percent(share: Optional[float]) -> str:
    """A share 0 … 1 in percent, or a dash where it is not known."""
    return "-" if share is None else f"{100.0 * share:.1f}"


def count(number: Optional[float]) -> str:
    """A number of things, or a dash where it is not known."""
    return "-" if number is None else f"{number:,.0f}"


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """What is warned of inside, each once, as `note: …` on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for text in dict.fromkeys(str(warning.message) for warning in caught):
                print_error(text, "note")
