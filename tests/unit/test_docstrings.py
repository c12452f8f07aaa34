"""Everything public says what it is, and what each of its arguments is."""

import inspect
import re
from typing import Any, Iterator, List, Tuple

import pytest

import neuroedge

# who refers to another docstring for what it shares with it
REFERS = re.compile(r"arguments as for `[\w.]+`|as `[\w.]+` does")


def things() -> Iterator[Tuple[str, Any]]:
    for name in neuroedge.__all__:
        # an exception takes what Python's do
        if name not in ("__version__", "NeuroedgeError"):
            yield name, getattr(neuroedge, name)


def members(name: str, thing: type) -> Iterator[Tuple[str, Any]]:
    """Public methods and properties that are ours."""
    for own, value in inspect.getmembers(thing):
        ours = str(getattr(value, "__module__", None) or "neuroedge").startswith("neuroedge")
        if not own.startswith("_") and (inspect.isroutine(value) or isinstance(value, property)) and ours:
            yield f"{name}.{own}", value


def everything() -> List[Tuple[str, Any]]:
    found: List[Tuple[str, Any]] = []
    for name, thing in things():
        found.append((name, thing))
        if inspect.isclass(thing):
            found += members(name, thing)
    return found


@pytest.fixture(scope="module")
def documented() -> List[Tuple[str, Any, str]]:
    return [(name, thing, inspect.getdoc(thing) or "") for name, thing in everything()]


def test_everything_public_says_what_it_is(documented: List[Tuple[str, Any, str]]) -> None:
    silent = [name for name, _, text in documented if len(text.split()) < 2]
    assert not silent and len(documented) > 200
    unfinished = [name for name, _, text in documented if text.rstrip()[-1:] not in (".", ":", "`", ")")]
    assert not unfinished, unfinished


def test_every_argument_is_told(documented: List[Tuple[str, Any, str]]) -> None:
    untold = []
    for name, thing, text in documented:
        if isinstance(thing, property) or REFERS.search(text):
            continue
        # keywords of a population are its model's, told there
        skipped = {"self", "parameters", "options", "args", "kwargs"}
        for argument in set(inspect.signature(thing).parameters) - skipped:
            if not re.search(rf"(?<!\w){re.escape(argument)}(?!\w)", text):
                untold.append(f"{name}({argument})")
    assert not untold, sorted(untold)


def test_units_are_told_with_times_and_rates(documented: List[Tuple[str, Any, str]]) -> None:
    units = {"duration": r"\bms\b|\btick", "period_ms": r"\bms\b|period", "tau": r"\bms\b", "max_rate": r"\bHz\b"}
    for name, thing, text in documented:
        if isinstance(thing, property) or REFERS.search(text):
            continue
        for argument in inspect.signature(thing).parameters:
            if argument in units:
                assert re.search(units[argument], text), f"{name}({argument}) has no unit"
