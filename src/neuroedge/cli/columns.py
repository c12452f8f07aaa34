"""Tables of numbers: a name on the left, numbers on the right of their columns, units in the heading."""

from typing import List, Optional, Sequence

__all__ = ["columns", "count", "percent"]


def columns(head: Sequence[str], lines: Sequence[Sequence[str]]) -> List[str]:
    """Lines of a table: the first column to the left, all others to the right, each as wide as its widest entry. A
    heading may have two lines."""
    tops = [name.split("\n") for name in head]
    deep = max(len(top) for top in tops)
    heads = [[top[k - deep] if k >= deep - len(top) else "" for top in tops] for k in range(deep)]
    every = [*heads, *lines]
    wide = [max(len(line[k]) for line in every) for k in range(len(head))]
    return [
        "  ".join([f"{line[0]:<{wide[0]}}", *(f"{text:>{n}}" for text, n in zip(line[1:], wide[1:]))]).rstrip()
        for line in every
    ]


def percent(share: Optional[float], digits: int = 1) -> str:
    """A share 0 … 1 in percent, or a dash where it is not known."""
    return "-" if share is None else f"{100.0 * share:.{digits}f}"


def count(number: Optional[float]) -> str:
    """A number of things, or a dash where it is not known."""
    return "-" if number is None else f"{number:,.0f}"
