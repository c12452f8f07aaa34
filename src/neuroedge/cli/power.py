"""Show what the board draws and its power modes, or set one of them.

examples:
  neuroedge power
  neuroedge power 5W
  neuroedge power --json

MAXN, 10W and 5W are understood on every board: where it has no mode of that
name, the nearest is taken, and a note says which. Setting needs root, or the
right that the hint names. NEUROEDGE_UPS=ina219@1:0x42,shunt=0.1 names a battery
board; NEUROEDGE_BOARD_ROOT=FOLDER looks at another board's files, and sets
nothing there.
"""

import argparse
import json
from typing import Any, Dict, List, Optional

from ..board.files import Tree
from ..board.identify import identify
from ..board.modes import Change, Modes, modes
from ..board.power import refusals
from ..board.survey import battery_told, power_told
from ..board.thermal import hottest, throttled, zones
from ..errors import UnknownNameError
from .readings import (
    battery_json,
    battery_text,
    mode_json,
    mode_text,
    modes_json,
    power_json,
    power_text,
    throttled_json,
    throttled_text,
    zone_json,
    zone_text,
)
from .table import print_error, print_lines, rows

__all__ = ["options", "run"]

SCHEMA = "neuroedge.power/1"
NONE = "this board has no power modes that can be read, neither of nvpmodel nor of cpufreq"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge power`: the mode to set."""
    parser.add_argument("mode", nargs="?", metavar="MODE", help="the mode to set (default: none, only show)")


def run(options: argparse.Namespace) -> int:
    """Show, or set. 0 done, 1 could not, 2 no such mode."""
    tree = Tree()
    if options.mode is None:
        return _show(tree, options.json)
    found = modes(tree)
    if found is None:
        return _failed(Change(False, None, None, NONE), None, options.json)
    try:
        change = found.set(options.mode)
    except UnknownNameError as error:
        print_error(str(error))
        return 2
    if not change.done or change.mode is None:
        return _failed(change, found, options.json)
    if change.note:
        print_error(change.note, "note")
    if options.json:
        print(json.dumps(_changed(change, found)))
    else:
        print_lines(rows([("power mode", mode_text(change.mode))]))
    return 0


def _failed(change: Change, found: Optional[Modes], as_json: bool) -> int:
    if as_json:
        print(json.dumps(_changed(change, found)))
    if change.note and change.mode is not None:
        print_error(change.note, "note")
    print_error(str(change.reason or change.note))
    if change.cure:
        print_error(change.cure, "hint")
    return 1


def _changed(change: Change, found: Optional[Modes]) -> Dict[str, Any]:
    return {
        "schema": SCHEMA,
        "done": change.done,
        "mode": mode_json(change.mode),
        "note": change.note,
        "reason": change.reason,
        "cure": change.cure,
        "power_modes": modes_json(found),
    }


def _show(tree: Tree, as_json: bool) -> int:
    board, zone, limits = identify(tree), hottest(zones(tree)), throttled(tree)
    drawn, charge, found = power_told(tree), battery_told(tree), modes(tree)
    refused = refusals(tree)
    if as_json:
        report = {"schema": SCHEMA, "board": board.name, **power_json(drawn), **zone_json(zone)}
        report.update(throttled=throttled_json(limits), battery=battery_json(charge), power_modes=modes_json(found))
        report.update(cures=[{"what": what, "cure": cure} for what, cure in refused])
        print(json.dumps(report))
        return 0
    table = [("board", board.name), ("power", power_text(drawn))]
    parts = [rail for rail in drawn.rails if not rail.total and rail.watts is not None]
    if parts:
        which = "of it" if drawn.watts is not None else "only parts of it"
        table.append(("", f"{which}: " + ", ".join(f"{rail.name} {rail.watts:.2f} W" for rail in parts)))
    table += [("temperature", zone_text(zone)), ("throttled", throttled_text(limits))]
    table += [("battery", battery_text(charge))]
    table += [("missing", f"{what}: {cure}") for what, cure in refused]
    print_lines([*rows(table), "", *(_listed(found) if found else rows([("modes", "none that can be read")]))])
    return 0


def _listed(found: Modes) -> List[str]:
    """The table of all modes, the one that is on marked with a star."""
    heads = ["mode", "budget (W)", "cores"] if found.kind == "nvpmodel" else [f"mode ({found.kind})"]
    lines = []
    for mode in found.list:
        numbers = ["-" if value is None else f"{value:g}" for value in (mode.watts, mode.cores)]
        lines.append([mode.name, *numbers[: len(heads) - 1]])
    wide = [max(len(line[column]) for line in [heads, *lines]) for column in range(len(heads))]
    marks = [" ", *("*" if mode.current else " " for mode in found.list)]
    return [_line(mark, cells, wide) for mark, cells in zip(marks, [heads, *lines])]


def _line(mark: str, cells: List[str], wide: List[int]) -> str:
    numbers = "".join(f"  {cell:>{width}}" for cell, width in zip(cells[1:], wide[1:]))
    return f"{mark} {cells[0]:<{wide[0]}}{numbers}".rstrip()
