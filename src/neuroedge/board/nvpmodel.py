"""NVIDIA's power modes: what nvpmodel.conf lists, which one is on, and how nvpmodel sets another.

The tool's exit codes mislead: 0 for what it did not do, 234 where it would have asked a question, and an error for
users whose question it has answered. So its lines are read, and a new mode counts when it can be read back.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Set

from .budgets import PowerMode, budget_of
from .commands import Answer, Runner
from .files import Tree
from .rights import Outcome, as_root, refused, right_to

__all__ = ["Listed", "Now", "listed", "nvpmodes", "query", "read_modes", "status", "switch"]

CONFIG, STATUS = "etc/nvpmodel.conf", "var/lib/nvpmodel/status"
TOOL = "/usr/sbin/nvpmodel"

# of nvpmodel.conf `< POWER_MODEL ID=0 NAME=MAXN >`, of `nvpmodel -p --verbose` `NVPM VERB: POWER_MODEL: ID=0 NAME=MAXN`
_MODEL = re.compile(r"<?\s*POWER_MODEL\b\s*:?\s*(.*)")
_DEFAULT = re.compile(r"<?\s*PM_CONFIG\b\s*:?\s*DEFAULT\s*=\s*([^\s<>]+)")
_FIELD = re.compile(r"(\w+)\s*=\s*([^\s<>]+)")
_ONLINE = re.compile(r"CPU_ONLINE\s+(CORE_[0-9]+)\s+([01])\s*\Z")
_PREFIX = re.compile(r"NVPM VERB:\s*")
_NAME = re.compile(r"[\x21-\x7e]{1,40}\Z")
_ID = re.compile(r"[0-9]{1,4}\Z")
# `NV Power Mode: MAXN` and then the id, or `NV Power Mode[8]: MODE_20W_6CORE`
_NOW = re.compile(r"NV Power Mode\s*(?:\[([0-9]{1,4})\])?\s*:\s*([\x21-\x7e][\x20-\x7e]{0,39})\s*\Z")
_PMODE = re.compile(r"\bpmode:([0-9]{1,4})\b")
_ERROR = re.compile(r"NVPM ERROR: (.*)")
_REBOOT = re.compile(r"reboot required|reboot now", re.IGNORECASE)


class Listed(NamedTuple):
    """The modes that a configuration lists, and the id of the one after a fresh installation."""

    modes: List[PowerMode]
    default: Optional[int]


class Now(NamedTuple):
    """The mode that is on: its name, its id; None is unknown."""

    name: Optional[str]
    id: Optional[int]


def listed(text: str, nano: bool = False) -> Listed:
    """What nvpmodel.conf, or `nvpmodel -p --verbose`, lists. Of two modes with one id the first counts."""
    names: Dict[int, str] = {}
    cores: Dict[int, Set[str]] = {}
    default, current = None, None
    for line in text.splitlines():
        line = _PREFIX.sub("", line.split("#", 1)[0].strip(), count=1)
        model = _MODEL.match(line)
        if model:
            fields = dict(_FIELD.findall(model.group(1)))
            name, number = fields.get("NAME", ""), fields.get("ID", "")
            fits = bool(_ID.match(number) and _NAME.match(name)) and int(number) not in names
            current = int(number) if fits else None
            if current is not None:
                names[current] = name
        elif line.startswith("<"):
            current = None
        online = _ONLINE.match(line)
        if online and current is not None:
            cores.setdefault(current, set()).update([online.group(1)] if online.group(2) == "1" else [])
        default = _default(line) if default is None else default
    modes = [
        PowerMode(name, number, budget_of(name, nano), len(cores[number]) if cores.get(number) else None)
        for number, name in names.items()
    ]
    return Listed(modes, default)


def _default(line: str) -> Optional[int]:
    found = _DEFAULT.match(line)
    # `DEFAULT=0` in the file, `DEFAULT=MAXN(0)` in what the tool prints
    number = re.search(r"(?:^|\()([0-9]{1,4})(?:\)|$)", found.group(1)) if found else None
    return int(number.group(1)) if number else None


def status(tree: Tree) -> Optional[int]:
    """The id of the mode that nvpmodel has kept, which is the one that is on; readable without the tool."""
    text = tree.text(STATUS)
    found = _PMODE.search(text or "")
    if text is not None and not found:
        tree.skip(STATUS, "names no mode")
    return int(found.group(1)) if found else None


def query(runner: Runner) -> Optional[Now]:
    """What `nvpmodel -q` tells, among its warnings and errors; None where it tells none."""
    answer = runner.run(["nvpmodel", "-q"])
    lines = [line.strip() for line in answer.text.splitlines()] if answer else []
    for place, line in enumerate(lines):
        found = _NOW.match(line)
        if found:
            # the id comes alone in a line, with others in between at times
            after = next((text for text in lines[place + 1 :] if _ID.match(text)), None)
            number = found.group(1) or after
            return Now(found.group(2).strip(), int(number) if number else None)
    return None


def nvpmodes(tree: Tree, runner: Runner) -> Optional[List[PowerMode]]:
    """The modes of a board that has nvpmodel, the one that is on marked; None for any other."""
    known = read_modes(tree, runner)
    # the file costs no process, and users may read it without an error
    number = status(tree)
    now = Now(None, number) if number is not None else query(runner)
    if not known and now and now.name is not None:
        known = [PowerMode(now.name, now.id, budget_of(now.name, _nano(tree)))]
    return [mode._replace(current=_is(mode, now)) for mode in known] or None


def read_modes(tree: Tree, runner: Runner) -> List[PowerMode]:
    """The modes that etc/nvpmodel.conf lists; without that file, those that the tool lists."""
    text, nano = _config(tree), _nano(tree)
    if text is not None:
        modes = listed(text, nano).modes
        if modes:
            return modes
        tree.skip(CONFIG, "lists no power mode")
    answer = runner.run(["nvpmodel", "-p", "--verbose"])
    return listed(answer.text, nano).modes if answer else []


def _config(tree: Tree) -> Optional[str]:
    text = tree.text(CONFIG)
    # where a capture was stored without links, the file holds what the link said
    if text is not None and re.match(r"[\w./-]{1,200}\.conf\Z", text):
        return tree.text(text if text.startswith("/") else f"etc/{text}")
    return text


def _nano(tree: Tree) -> bool:
    return any(re.search(r"jetson-nano|p3448", entry) for entry in tree.entries("proc/device-tree/compatible"))


def _is(mode: PowerMode, now: Optional[Now]) -> bool:
    if now is None:
        return False
    return mode.id == now.id if now.id is not None and mode.id is not None else mode.name == now.name


def switch(tree: Tree, runner: Runner, mode: PowerMode) -> Outcome:
    """Set a mode. Never answers a question, so the board is not restarted by it."""
    if _on(tree, runner, mode):
        return Outcome(True)
    if mode.id is None:
        return Outcome(False, f"the id of the mode {mode.name!r} is not known", "look at: nvpmodel -p --verbose")
    line = f"nvpmodel -m {mode.id}"
    answer = as_root(runner, ["nvpmodel", "-m", str(mode.id)])
    if answer is None:
        return Outcome(False, "there is no nvpmodel command here", "on a Jetson: outside of the container")
    now = _on(tree, runner, mode)
    return Outcome(True) if now else _failed(answer, now, mode, line)


def _on(tree: Tree, runner: Runner, mode: PowerMode) -> Optional[bool]:
    """Whether a mode is on: what the tool says, since the file may name the one of the next start; else the file."""
    now = query(runner)
    number = status(tree) if now is None else None
    return _is(mode, now or Now(None, number)) if now or number is not None else None


def _failed(answer: Answer, now: Optional[bool], mode: PowerMode, line: str) -> Outcome:
    if _REBOOT.search(answer.text):
        cure = f"type: sudo {line}, answer yes, and the board restarts in {mode.name}"
        return Outcome(False, f"the board must be restarted for the mode {mode.name!r}", cure)
    errors = [text for text in _ERROR.findall(answer.text) if "optMask" not in text]
    if refused(answer):
        return Outcome(False, "nvpmodel -m needs root", right_to(TOOL, line))
    if answer.code is None:
        return Outcome(False, f"nvpmodel gave no answer ({answer.err.strip()})", f"type: sudo {line}")
    if errors:
        return Outcome(False, f"nvpmodel says: {errors[0].strip()}", f"see all of it with: sudo {line}")
    if now is None:
        return Outcome(False, "the mode cannot be read back, so nobody knows", "look at: nvpmodel -q")
    return Outcome(False, f"nvpmodel reports no error (exit code {answer.code}), but the mode did not change", None)
