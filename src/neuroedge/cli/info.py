"""Tell what board this is and what neuroedge can use of it.

examples:
  neuroedge info
  neuroedge info --json

NEUROEDGE_BOARD_ROOT=FOLDER looks at the files of another board.
"""

import argparse
import json
from importlib.util import find_spec
from typing import Any, Dict, List, Optional, Tuple

from .. import __version__
from ..board.commands import runner_for
from ..board.cuda import cupy_missing
from ..board.files import Tree
from ..board.identify import Board
from ..board.nvpmodel import TOOL
from ..board.rights import may, right_to
from ..board.survey import Survey, survey
from ..engines.library import simd, simd_levels
from ..engines.names import ENGINES
from .readings import (
    battery_json,
    battery_text,
    mode_text,
    modes_json,
    number,
    power_json,
    power_text,
    skipped_rows,
    throttled_json,
    throttled_text,
    zone_json,
    zone_text,
)
from .table import print_lines, rows

__all__ = ["options", "run"]

# optional packages: what they are for, and the extra that brings them
EXTRAS = {
    "cv2": ("cameras and video files", "camera"),
    "matplotlib": ("pictures", "plot"),
    "scipy": ("sparse weight matrices", "sparse"),
    "smbus2": ("I2C sensors", "sensors"),
}

# of the numbers of a board, which its fields do not say
_UNITS = {
    "memory_total": "_mb",
    "memory_available": "_mb",
    "max_frequency": "_mhz",
    "frequency_limit": "_mhz",
    "gpu_frequency": "_mhz",
}


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge info`: none of its own."""


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    # all that may fail comes before the first line
    tree = Tree()
    seen, level, levels = survey(tree), simd(), simd_levels()
    missing = {name: extra for name, (_, extra) in EXTRAS.items() if find_spec(name) is None}
    cures = _cures(tree, seen)
    if options.json:
        print(json.dumps({**_report(seen), **_software(level, levels), "missing": missing, "cures": cures}))
        return 0
    table = [
        ("neuroedge", f"{__version__}, native code for {level} (of {', '.join(levels)})"),
        *([] if tree.here else [("files of", f"{tree.root}; neuroedge, engines and missing are of this machine")]),
        *_board_rows(seen.board),
        *_reading_rows(seen),
        ("engines", ", ".join(ENGINES)),
        *skipped_rows(seen.skipped),
    ]
    table += [("missing", f"{n}, for {EXTRAS[n][0]}: pip install neuroedge[{extra}]") for n, extra in missing.items()]
    table += [("missing", f"{cure['what']}: {cure['cure']}") for cure in cures]
    print_lines(rows(table))
    return 0


def _board_rows(board: Board) -> List[Tuple[str, str]]:
    form = None if board.form == "board" else board.form
    words = [word for word in (board.model or board.kind, board.machine, form, board.container) if word]
    found = [("board", f"{board.name} ({', '.join(words)})")]
    jetpack = f"JetPack {board.jetpack}" if board.jetpack else None
    linux = f"L4T {board.l4t}" if board.l4t else None
    chip = [part for part in (board.soc, jetpack, linux) if part]
    if chip:
        found.append(("chip", ", ".join(chip)))
    count = "" if board.cpu_count is None else f"{board.cpu_count} × " if board.cpu_name else f"{board.cpu_count}"
    cores = f"{count}{board.cpu_name or ''}" or "unknown"
    if board.max_frequency is not None:
        cores += f", {board.max_frequency:,.0f} MHz"
        if board.frequency_limit is not None and board.frequency_limit < board.max_frequency:
            cores += f", now limited to {board.frequency_limit:,.0f} MHz"
    available = "" if board.memory_available is None else f", {board.memory_available:,} MB available"
    found += [("cores", cores), ("memory", f"{number(board.memory_total, 0, ' MB')}{available}")]
    return [*found, ("gpu", _gpu(board))]


def _gpu(board: Board) -> str:
    if board.gpu_name is None:
        return "none for CUDA" if board.gpu_cores == 0 else "unknown"
    cores = None if board.gpu_cores is None else f"{board.gpu_cores:,} CUDA cores" if board.gpu_cores else "no CUDA"
    clock = f"{board.gpu_frequency:,.0f} MHz" if board.gpu_frequency else None
    arch = f"compute {board.gpu_arch}" if board.gpu_arch else None
    idle = "networks run on the CPU" if board.gpu_cores != 0 else None
    return ", ".join(part for part in (board.gpu_name, cores, arch, clock, idle) if part)


def _reading_rows(seen: Survey) -> List[Tuple[str, str]]:
    return [
        ("temperature", zone_text(seen.zone)),
        ("throttled", throttled_text(seen.throttled)),
        ("power", power_text(seen.power)),
        ("battery", battery_text(seen.battery)),
        ("power mode", _mode(seen)),
    ]


def _mode(seen: Survey) -> str:
    if seen.modes is None:
        return "none that can be read"
    now = seen.modes.current
    others = [mode.name for mode in seen.modes.list if mode != now]
    text = "unknown" if now is None else mode_text(now)
    return f"{text}; {seen.modes.kind} has also {', '.join(others)}" if others else f"{text} ({seen.modes.kind})"


def _cures(tree: Tree, seen: Survey) -> List[Dict[str, str]]:
    """What is missing beside the extras, each with its cure."""
    found = list(seen.refused)
    package = cupy_missing(seen.board)
    if package is not None:
        found.append(("CuPy, for the GPU (no engine of this version uses it)", package))
    if seen.modes is not None and seen.modes.kind == "nvpmodel" and tree.here:
        if may(runner_for(tree), TOOL) is False:
            found.append(("the right to set power modes", right_to(TOOL, "nvpmodel -m ID")))
    return [{"what": what, "cure": cure} for what, cure in found]


def _software(level: str, levels: List[str]) -> Dict[str, Any]:
    return {"version": __version__, "simd": level, "simd_levels": levels, "engines": list(ENGINES)}


def _report(seen: Survey) -> Dict[str, Any]:
    zones: List[Dict[str, Optional[object]]] = [
        {"name": z.name, "path": z.path, "temperature_c": z.temperature, "trust": z.trust} for z in seen.zones
    ]
    return {
        "schema": "neuroedge.info/1",
        "board": {f"{name}{_UNITS.get(name, '')}": value for name, value in seen.board._asdict().items()},
        **zone_json(seen.zone),
        "zones": zones,
        "throttled": throttled_json(seen.throttled),
        **power_json(seen.power),
        "battery": battery_json(seen.battery),
        "power_modes": modes_json(seen.modes),
        "skipped": [file._asdict() for file in seen.skipped],
    }
