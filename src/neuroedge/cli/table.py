"""Rows of a name and a value, as people read them: within 80 columns, whatever a board calls itself."""

import sys
from typing import List, Sequence, TextIO, Tuple

__all__ = ["WIDTH", "plain", "print_aside", "print_error", "print_failure", "print_lines", "rows"]

WIDTH = 80
# of the names of rows
_INDENT = 13
# a value of more lines than this is cut
_LINES = 4


def plain(text: str) -> str:
    """A text of a board without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def rows(pairs: Sequence[Tuple[str, str]]) -> List[str]:
    """A line for each pair, and more where a value is long; a pair without a name goes on with the one before."""
    lines = []
    for name, value in pairs:
        first = f"{name:<{_INDENT}}"
        for line in _wrapped(plain(value), WIDTH - _INDENT):
            lines.append(f"{first}{line}".rstrip())
            first = " " * _INDENT
    return lines


def _wrapped(text: str, width: int) -> List[str]:
    lines: List[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        # a path, or a name, that is longer than a line
        while len(word) > width:
            lines[-1], word = word[:width], word[width:]
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"{lines[_LINES - 1][: width - 4]} ..."]
    return lines


def print_lines(lines: Sequence[str]) -> None:
    """Print to standard output, with ? for what its encoding has not."""
    for line in lines:
        _print(line, sys.stdout)


def print_aside(lines: Sequence[str]) -> None:
    """Print to standard error what is neither data nor trouble."""
    for line in lines:
        _print(plain(line), sys.stderr)


def print_error(text: str, kind: str = "error") -> None:
    """Print `error: …`, `hint: …` or `note: …` to standard error."""
    _print(f"{kind}: {plain(text)}", sys.stderr)


def print_failure(text: str) -> None:
    """Print `error: what is wrong`, and behind the first semicolon outside of parentheses `hint: the cure`."""
    depth = 0
    for k, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth <= 0 and text.startswith("; ", k):
            print_error(text[:k])
            print_error(text[k + 2 :], "hint")
            return
    print_error(text)


def _print(line: str, stream: TextIO) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), file=stream)
