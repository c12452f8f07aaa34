"""Which board this is. Every file is looked for under `root`, so that a captured tree can stand in for a board."""

import os
import platform
from pathlib import Path
from typing import NamedTuple, Optional, Union

__all__ = ["Board", "identify"]

# device-tree compatible entries of each family, the most telling first
FAMILIES = (("nvidia,tegra", "jetson"), ("nvidia,jetson", "jetson"), ("raspberrypi,", "raspberrypi"))


class Board(NamedTuple):
    """kind: jetson, raspberrypi, arm or x86; name: what the board calls itself; memory_total: MB, None if unknown."""

    kind: str
    name: str
    machine: str
    cpu_count: Optional[int]
    memory_total: Optional[int]


def identify(root: Union[str, Path, None] = None) -> Board:
    """The board whose files lie under `root` (default: NEUROEDGE_BOARD_ROOT, or this machine)."""
    base = Path(root or os.environ.get("NEUROEDGE_BOARD_ROOT") or "/")
    model = _text(base / "proc/device-tree/model") or _text(base / "sys/firmware/devicetree/base/model")
    compatible = _text(base / "proc/device-tree/compatible") or _text(base / "sys/firmware/devicetree/base/compatible")
    machine = platform.machine()
    kind = next((family for mark, family in FAMILIES if mark in (compatible or "")), None)
    if kind is None:
        kind = "arm" if model or machine.startswith(("aarch64", "arm")) else "x86"
    name = model or _cpu_name(base) or machine
    return Board(kind, name, machine, os.cpu_count() if str(base) == "/" else None, _memory(base))


def _text(path: Path) -> Optional[str]:
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    # device-tree texts end in NUL, and hold several entries apart with it
    return raw.decode("utf-8", "replace").replace("\0", " ").strip() or None


def _cpu_name(base: Path) -> Optional[str]:
    for line in (_text(base / "proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return None


def _memory(base: Path) -> Optional[int]:
    for line in (_text(base / "proc/meminfo") or "").splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "MemTotal:" and words[1].isdigit():
            return int(words[1]) // 1024
    return None
