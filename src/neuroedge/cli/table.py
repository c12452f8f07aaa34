"""Rows of a name and a value, as people read them: within 80 columns, whatever a board calls itself."""

import sys
import textwrap
from typing import Any, Dict, List, Optional, Sequence, TextIO, Tuple

__all__ = [
    "WIDTH", "folded", "plain", "print_aside", "print_error", "print_failure", "print_lines", "rows", "table",
    "wrapped",
]  # fmt: skip

WIDTH = 80
# of the names of rows
_INDENT = 13
# a value of more lines than this is cut
_LINES = 4
_WHOLE: Dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def plain(text: str) -> str:
    """A text of a board without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def rows(pairs: Sequence[Tuple[str, str]]) -> List[str]:
    """A line for each pair, and more where a value is long; a pair without a name goes on with the one before."""
    lines = []
    for name, value in pairs:
        first = f"{name:<{_INDENT}}"
        for line in wrapped(plain(value), WIDTH - _INDENT):
            lines.append(f"{first}{line}".rstrip())
            first = " " * _INDENT
    return lines


def wrapped(text: str, width: int) -> List[str]:
    """A text in lines of that many letters, four of them at most."""
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


def folded(line: str, indent: int) -> List[str]:
    """A line of a table; what is too long goes on below, so far to the right."""
    lines = []
    while len(line) > WIDTH:
        at = line.rfind(", ", indent, WIDTH) + 1 or line.rfind(" ", indent + 1, WIDTH + 1)
        # a word without an end is cut
        at = at if at > 0 else WIDTH
        lines.append(line[:at].rstrip())
        line = " " * indent + line[at:].lstrip()
    return [*lines, line]


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
            hint = text[k + 2 :]
            # a list of all that is known takes some lines, and no word of it is broken
            lines = textwrap.wrap(hint, WIDTH - 6, **_WHOLE) if len(hint) > 2 * WIDTH else [hint]
            print_error(lines[0], "hint")
            print_aside([f"      {line}" for line in lines[1:]])
            return
    print_error(text)


def _print(line: str, stream: Optional[TextIO]) -> None:
    if stream is None:
        # closed before Python began
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), file=stream)


def table(heads: Sequence[str], lines: Sequence[Sequence[str]], form: str = "text", left: int = 1) -> List[str]:
    """A table as text, as Markdown ("md") or as "csv".

    heads: what stands above each column, with its unit in parentheses, which text puts on a line of its own. lines:
    cells as texts. left: so many first columns are words, the others numbers. CSV has neither thousands nor spaces.
    """
    if form == "csv":
        return [",".join(_csv(cell) for cell in line) for line in [heads, *lines]]
    if form == "md":
        marks = ["---" if k < left else "---:" for k in range(len(heads))]
        return [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in [heads, marks, *lines]]
    split = [head.partition(" (") for head in heads]
    tops, units = [name for name, _, _ in split], [f"({unit}" if unit else "" for _, _, unit in split]
    above = [tops, units] if any(units) else [tops]
    wide = [max(len(line[k]) for line in [*above, *lines]) for k in range(len(heads))]
    return [_aligned(line, wide, left) for line in [*above, *lines]]


def _aligned(cells: Sequence[str], wide: Sequence[int], left: int) -> str:
    padded = [f"{c:<{w}}" if k < left else f"{c:>{w}}" for k, (c, w) in enumerate(zip(cells, wide))]
    return "  ".join(padded).rstrip()


def _csv(cell: str) -> str:
    # 1,234.5 is one number
    bare = cell.replace(",", "")
    if bare.replace(".", "", 1).replace("-", "", 1).isdigit():
        return bare
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\n') else cell
