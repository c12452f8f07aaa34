"""The kernel's CPU governors, which are the power modes of a machine without nvpmodel."""

import errno
import re
from pathlib import Path
from typing import List, Optional

from .budgets import PowerMode
from .files import Tree
from .rights import Outcome

__all__ = ["governors", "policies", "set_governor"]

CPUS = "sys/devices/system/cpu"
# the kernel's names have at most 15 letters
_NAME = re.compile(r"[\x21-\x7e]{1,40}\Z")


def policies(tree: Tree) -> List[str]:
    """The folders that steer CPU frequencies, one per policy, relative to the root."""
    found = [f"{CPUS}/cpufreq/{name}" for name in tree.names(f"{CPUS}/cpufreq") if name.startswith("policy")]
    if not found:
        cpus = [name for name in tree.names(CPUS) if name.startswith("cpu") and name[3:].isdigit()]
        found = [f"{CPUS}/{name}/cpufreq" for name in cpus]
    return [folder for folder in found if tree.has(f"{folder}/scaling_governor")]


def governors(tree: Tree) -> Optional[List[PowerMode]]:
    """The governors that every policy offers, the one that is on marked; None where no policy offers any."""
    folders = policies(tree)
    offers = [(tree.text(f"{folder}/scaling_available_governors") or "").split() for folder in folders]
    names = [name for name in (offers[0] if offers else []) if all(name in offer for offer in offers)]
    now = _now(tree, folders)
    modes = [PowerMode(name, current=name == now) for name in dict.fromkeys(names) if _NAME.match(name)]
    return modes or None


def _now(tree: Tree, folders: List[str]) -> Optional[str]:
    """The governor of all policies; None where they differ."""
    found = {tree.text(f"{folder}/scaling_governor") for folder in folders}
    return found.pop() if len(found) == 1 else None


def set_governor(tree: Tree, name: str) -> Outcome:
    """Write a governor's name into every policy under the root, and read it back."""
    folders = policies(tree)
    for folder in folders:
        try:
            Path(tree.root, folder, "scaling_governor").write_text(name)
        except OSError as error:
            return _refused(folder, name, error)
    if folders and _now(tree, folders) == name:
        return Outcome(True)
    return Outcome(False, f"the kernel took the governor {name!r} without an error, but did not keep it")


def _refused(folder: str, name: str, error: OSError) -> Outcome:
    reason = f"/{folder}/scaling_governor: {(error.strerror or str(error)).lower()}"
    if error.errno == errno.EROFS:
        return Outcome(False, reason, "set it outside of the container")
    if error.errno in (errno.EACCES, errno.EPERM):
        files = f"/{folder.rsplit('/', 1)[0]}/policy*" if "policy" in folder else f"/{CPUS}/cpu*/cpufreq"
        cure = f"type: echo {name} | sudo tee {files}/scaling_governor; docs/jetson.md gives the right for good"
        return Outcome(False, reason, cure)
    return Outcome(False, reason)
