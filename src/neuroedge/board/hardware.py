"""Processors, memory and clocks, as the files of a board tell them."""

import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from .catalogue import processor
from .files import Tree

__all__ = ["Clocks", "Memory", "clocks", "cpu_count", "cpu_fields", "cpu_name", "gpu_clock", "memory"]

CPUS = "sys/devices/system/cpu"
# MHz and MB that a board can have
FASTEST, LARGEST = 20_000.0, 1 << 30

# control groups of versions 2 and 1: where, which line of /proc/self/cgroup, and the names of their files
GROUPS = (
    ("sys/fs/cgroup", "", ("memory.max", "memory.current", "inactive_file")),
    ("sys/fs/cgroup/memory", "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
)
DEEPEST = 32

GPU = re.compile(r"gpu(?!.*nvd)|g[a-z][0-9]{2}b")


class Clocks(NamedTuple):
    """MHz. highest: of any processor; allowed: what the present mode lets the fastest of them reach."""

    highest: Optional[float]
    allowed: Optional[float]


class Memory(NamedTuple):
    """MB (2^20 bytes). available: what programs can still get, within the limits of this process's group."""

    total: Optional[int]
    available: Optional[int]


def cpu_fields(tree: Tree) -> List[Tuple[str, str]]:
    """The lines of /proc/cpuinfo: (name, value)."""
    pairs = (line.split(":", 1) for line in (tree.text("proc/cpuinfo") or "").splitlines() if ":" in line)
    return [(name.strip(), value.strip()) for name, value in pairs]


def cpu_name(fields: List[Tuple[str, str]]) -> Optional[str]:
    """What the processor calls itself; an Arm says it in numbers. Different cores are joined by a plus."""
    found: Dict[str, None] = {}
    implementer = 0
    for name, value in fields:
        if name == "CPU implementer":
            implementer = _hexadecimal(value)
        elif name == "CPU part":
            core = processor(implementer, _hexadecimal(value))
            if core is not None:
                found[core] = None
    texts = [value for name, value in fields if name == "model name" and value]
    return " + ".join(sorted(found)) or (texts[0] if texts else None)


def cpu_count(tree: Tree, fields: List[Tuple[str, str]]) -> Optional[int]:
    """Processors that are switched on."""
    listed = tree.text(f"{CPUS}/online")
    count = _listed(listed) if listed is not None else None
    if listed is not None and count is None:
        tree.skip(f"{CPUS}/online", "no list of processors")
    count = count or sum(name == "processor" and value.isdigit() for name, value in fields)
    return count or (os.cpu_count() if tree.here else None)


def clocks(tree: Tree) -> Clocks:
    """The highest clock of the processors: of the hardware, and as the kernel is told to keep it."""
    folders = [f"{CPUS}/{name}/cpufreq" for name in tree.names(CPUS) if re.match(r"cpu[0-9]+\Z", name)]
    folders += [f"{CPUS}/cpufreq/{name}" for name in tree.names(f"{CPUS}/cpufreq") if name.startswith("policy")]
    return Clocks(*(_highest(tree, folders, name) for name in ("cpuinfo_max_freq", "scaling_max_freq")))


def gpu_clock(tree: Tree) -> Optional[float]:
    """MHz, the highest that the graphics processor offers; where it lists none, the highest that it is now allowed."""
    folders = [f"sys/class/devfreq/{name}" for name in tree.names("sys/class/devfreq")]
    for place in ("sys/devices", "sys/devices/platform"):
        devices = [name for name in tree.names(place) if GPU.search(name)]
        folders += [f"{place}/{d}/devfreq/{name}" for d in devices for name in tree.names(f"{place}/{d}/devfreq")]
    folders = [folder for folder in folders if GPU.search(folder.rsplit("/", 1)[1])]
    listed = [_megahertz(word) for f in folders for word in (tree.text(f"{f}/available_frequencies") or "").split()]
    known = [value for value in listed if value is not None]
    known = known or [v / 1e6 for f in folders for v in [tree.number(f"{f}/max_freq", 1e6, FASTEST * 1e6)] if v]
    return max(known, default=None)


def memory(tree: Tree) -> Memory:
    """What there is, and what is left of it.

    Kernels before 3.14 have no MemAvailable: there it is MemFree + Buffers + Cached − Shmem, which is a little more
    than a program will get.
    """
    lines = (line.split() for line in (tree.text("proc/meminfo") or "").splitlines())
    found = {words[0]: int(words[1]) for words in lines if len(words) > 1 and re.match(r"[0-9]{1,15}\Z", words[1])}
    total, left = found.get("MemTotal:"), found.get("MemAvailable:")
    if left is None and {"MemFree:", "Buffers:", "Cached:"} <= set(found):
        left = found["MemFree:"] + found["Buffers:"] + max(found["Cached:"] - found.get("Shmem:", 0), 0)
    group = _group(tree)
    if left is not None and group is not None:
        left = min(left, group)
    return Memory(_megabytes(total), _megabytes(left))


def _group(tree: Tree) -> Optional[int]:
    """kB that the control groups of a container or service leave; files that are only cached count as left."""
    mine = [line.split(":", 2) for line in (tree.text("proc/self/cgroup") or "").splitlines() if line.count(":") > 1]
    left: List[float] = []
    for base, controller, names in GROUPS:
        paths = [path.strip("/") for _, named, path in mine if named == controller]
        # a limit of a group holds for all within; a container sees its own group as the outermost
        steps = paths[0].split("/") if paths and paths[0] and ".." not in paths[0] else []
        folders = ["/".join([base, *steps[:k]]) for k in range(min(len(steps), DEEPEST) + 1)]
        left += [room for room in (_room(tree, folder, *names) for folder in folders) if room is not None]
    return int(min(left)) // 1024 if left else None


def _room(tree: Tree, folder: str, limit: str, use: str, cached: str) -> Optional[float]:
    # "max" is no limit, and of version 1 a number beyond all memory
    if not (tree.text(f"{folder}/{limit}") or "max").isdigit():
        return None
    most, used = (tree.number(f"{folder}/{name}", 0, 2.0**63) for name in (limit, use))
    if most is None or used is None:
        return None
    match = re.search(rf"^{cached} ([0-9]{{1,18}})$", tree.text(f"{folder}/memory.stat") or "", re.MULTILINE)
    return max(most - used + (min(int(match.group(1)), used) if match else 0.0), 0.0)


def _megabytes(kilobytes: Optional[int]) -> Optional[int]:
    return kilobytes // 1024 if kilobytes is not None and kilobytes // 1024 <= LARGEST else None


def _highest(tree: Tree, folders: List[str], name: str) -> Optional[float]:
    found = [tree.number(f"{folder}/{name}", 1e3, FASTEST * 1e3) for folder in folders]
    return max((value / 1e3 for value in found if value is not None), default=None)


def _megahertz(word: str) -> Optional[float]:
    value = int(word) / 1e6 if re.match(r"[0-9]{1,12}\Z", word) else 0.0
    return value if 1.0 <= value <= FASTEST else None


def _hexadecimal(text: str) -> int:
    return int(text, 16) if re.match(r"0x[0-9a-fA-F]{1,8}\Z", text) else 0


def _listed(text: str) -> Optional[int]:
    """How many a list like 0-1,4 names; None if it is none."""
    cpus = set()
    # longer lists are none: a kernel has at most 8,192
    for part in text[:4096].split(","):
        match = re.match(r"([0-9]{1,4})(?:-([0-9]{1,4}))?\Z", part)
        if not match:
            return None
        cpus |= set(range(int(match.group(1)), int(match.group(2) or match.group(1)) + 1))
    return len(cpus) or None
