"""Whether the GPU of this machine computes: tried with CuPy, never taken from a name."""

import re
import sys
from importlib.util import find_spec
from typing import Optional, Tuple

from .files import Tree
from .identify import Board
from .rights import Outcome

__all__ = ["cupy_cure", "cupy_missing", "try_cupy"]

# CuPy for each major release of Jetson Linux, by the CUDA that comes with it; of each the last that has a wheel there
_CUPY = {
    "32": "cupy-cuda102==12.3.0",
    "35": "cupy-cuda11x==12.3.0",
    "36": "cupy-cuda12x",
    "38": "cupy-cuda13x",
    "39": "cupy-cuda13x",
}
# a sum that single precision, or a kernel that did not run, gets wrong
_COUNT = 100_000
_SUM = (_COUNT - 1) * _COUNT * (2 * _COUNT - 1) // 6


def cupy_cure(board: Board) -> Tuple[str, Optional[str]]:
    """(why the GPU is not used, what to install; None where nothing would help)."""
    if board.kind == "raspberrypi":
        return f"{board.name} has no CUDA GPU", None
    if board.gpu_cores == 0:
        return "this machine has no NVIDIA GPU whose driver is loaded", None
    if board.kind != "jetson":
        return "CuPy is not installed", "pip install cupy-cuda12x (for CUDA 12), on a machine with an NVIDIA GPU"
    release = (board.l4t or "").split(".")[0]
    # before L4T 32.4 (JetPack 4.4) CUDA was 10.0, for which there is none
    old = re.match(r"32\.[0-3](\.|$)", board.l4t or "")
    package = None if old else _CUPY.get(release)
    if package is None:
        return "CuPy is not installed", "install the CuPy of this JetPack's CUDA; docs/jetson.md has the list"
    if release == "32" and sys.version_info[:2] != (3, 8):
        return "CuPy is not installed", f"in an environment of apt's python3.8: pip install {package}"
    return "CuPy is not installed", f"pip install {package}"


def cupy_missing(board: Board) -> Optional[str]:
    """What to install for a GPU that is there but has no CuPy; None without either."""
    if board.gpu_cores == 0 or (board.gpu_cores is None and board.gpu_name is None) or find_spec("cupy") is not None:
        return None
    return cupy_cure(board)[1]


def try_cupy(tree: Tree, board: Board) -> Outcome:
    """Compute on the GPU with CuPy and compare. For another root nothing is tried."""
    if not tree.here:
        reason = f"{str(tree.root)!r} is not this machine: its GPU cannot be tried"
        return Outcome(False, reason, "try it on the board itself")
    if find_spec("cupy") is None:
        return Outcome(False, *cupy_cure(board))
    try:
        import cupy

        numbers = cupy.arange(_COUNT, dtype="int64")
        result = int(cupy.asnumpy((numbers * numbers).sum()))
    # what CuPy, its libraries and the driver raise has no common root
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        why, cure = cupy_cure(board)
        return Outcome(False, f"CuPy does not work here: {said}", cure if cure else why)
    if result != _SUM:
        reason = f"the GPU computed {result:,} where {_SUM:,} is right"
        return Outcome(False, reason, "look at what the driver says: sudo dmesg | tail")
    return Outcome(True)
