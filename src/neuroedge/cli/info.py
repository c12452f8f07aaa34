"""Tell what board this is and what neuroedge can use of it.

examples:
  neuroedge info
  neuroedge info --json
"""

import argparse
import json
from importlib.util import find_spec

from .. import __version__
from ..board import identify
from ..engines.choose import ENGINES
from ..engines.library import simd, simd_levels

__all__ = ["options", "run"]

# optional packages: what they are for, and the extra that brings them
EXTRAS = {
    "cv2": ("cameras and video files", "camera"),
    "matplotlib": ("pictures", "plot"),
    "scipy": ("sparse weight matrices", "sparse"),
    "smbus2": ("I2C sensors", "sensors"),
}


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge info`: none of its own."""


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    # all that may fail comes before the first line
    board, level, levels = identify(), simd(), simd_levels()
    missing = {name: extra for name, (_, extra) in EXTRAS.items() if find_spec(name) is None}
    if options.json:
        report = {
            "schema": "neuroedge.info/1",
            "version": __version__,
            "board": board._asdict(),
            "simd": level,
            "simd_levels": levels,
            "engines": list(ENGINES),
            "missing": missing,
        }
        print(json.dumps(report))
        return 0
    memory = "unknown" if board.memory_total is None else f"{board.memory_total:,} MB"
    print(f"neuroedge  {__version__}")
    print(f"board      {board.name} ({', '.join(word for word in (board.kind, board.machine) if word)})")
    print(f"cores      {board.cpu_count or 'unknown'}, memory {memory}")
    print(f"engines    {', '.join(ENGINES)}; native code for {level} (of {', '.join(levels)})")
    for name, extra in missing.items():
        print(f"missing    {name}, for {EXTRAS[name][0]}: pip install neuroedge[{extra}]")
    return 0
