"""jetson_clocks: clocks held at the top of the power mode that is on, and given back as they were.

Steady clocks make measurements repeatable; they do not raise the limits of a mode, and cost power while idle.
"""

import os
import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Union

from .commands import Answer, Runner, runner_for
from .files import Tree
from .rights import Outcome, as_root, elsewhere, refused, right_to

__all__ = ["Clock", "Clocks", "lock_clocks", "read_show", "read_store", "restore_clocks", "show_clocks", "store_path"]

TOOL = "/usr/bin/jetson_clocks"
Root = Union[str, Path, Tree, None]

_PAIR = re.compile(r"(\w+)=(\S+)")
_CLOCK = re.compile(r"(cpu[0-9]+|GPU|EMC)\s*:?\s+(.*)", re.IGNORECASE)
_MODE = re.compile(r"NV Power Mode\s*(?:\[[0-9]+\])?\s*:\s*([\x21-\x7e]{1,40})")
_STORED = re.compile(r"(/[^:\s]+(?::[^:/\s][^:\s]*)*):([0-9]{1,12})\Z")
# to MHz: CPU clocks are printed in kHz, the others in Hz
_UNITS = {"c": 1e-3, "g": 1e-6, "e": 1e-6}


class Clock(NamedTuple):
    """One clock, MHz: its limits, and where it is. online: for a core whether it is on, for others None."""

    name: str
    low: Optional[float]
    high: Optional[float]
    now: Optional[float]
    online: Optional[bool]


class Clocks(NamedTuple):
    """What `jetson_clocks --show` prints. locked: whether all cores that are on are held at one frequency."""

    clocks: List[Clock]
    locked: Optional[bool]
    mode: Optional[str]


def read_show(text: str) -> Clocks:
    """Read what `jetson_clocks --show` prints, of any JetPack."""
    found = []
    for line in text.splitlines():
        match = _CLOCK.match(line.strip())
        fields = dict(_PAIR.findall(match.group(2))) if match else {}
        if match and "MinFreq" in fields:
            name = match.group(1)
            unit = _UNITS[name[0].lower()]
            low, high, now = (_value(fields.get(key), unit) for key in ("MinFreq", "MaxFreq", "CurrentFreq"))
            online = {"0": False, "1": True}.get(fields.get("Online", ""))
            found.append(Clock(name, low, high, now, online))
    mode = _MODE.search(text)
    cores = [c for c in found if c.name.lower().startswith("cpu") and c.online and c.low and c.high]
    return Clocks(found, all(c.low == c.high for c in cores) if cores else None, mode.group(1) if mode else None)


def _value(text: Optional[str], unit: float) -> Optional[float]:
    return round(int(text) * unit, 3) if text is not None and re.match(r"[0-9]{1,12}\Z", text) else None


def read_store(text: str) -> Dict[str, int]:
    """Read what `jetson_clocks --store` keeps: {file: value}; lines of any other form are left out."""
    found = (_STORED.match(line.strip()) for line in text.splitlines())
    return {match.group(1): int(match.group(2)) for match in found if match}


def store_path() -> Path:
    """Where the clocks are kept as they were before they were locked: in the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home, "neuroedge", "clocks.conf")


def show_clocks(root: Root = None, runner: Optional[Runner] = None) -> Optional[Clocks]:
    """The clocks of a Jetson, through `jetson_clocks --show`, which needs root; None where it tells none."""
    answer = as_root(runner_for(_tree(root), runner), ["jetson_clocks", "--show"], 5.0)
    shown = read_show(answer.text) if answer else None
    return shown if shown and shown.clocks else None


def lock_clocks(root: Root = None, runner: Optional[Runner] = None, store: Optional[Path] = None) -> Outcome:
    """Hold all clocks at the top of the power mode that is on; `restore_clocks` gives them back. Needs root.

    root: the board's files (default: NEUROEDGE_BOARD_ROOT, or this machine); for another root nothing is executed.
    store: where they are kept as they were (default: the user's cache). What was kept before is not overwritten, so
    that locking twice does not lose them.
    """
    place, tree = store or store_path(), _tree(root)
    away = elsewhere(tree, runner)
    if away is not None:
        return away
    given = runner_for(tree, runner)
    kept = _keep(given, place)
    done = _run(given, []) if kept.done else kept
    if not done.done:
        return done
    now = show_clocks(tree, given)
    if now is None or now.locked is None:
        return Outcome(False, "the clocks cannot be read back, so nobody knows", "look at: sudo jetson_clocks --show")
    return Outcome(True) if now.locked else Outcome(False, "jetson_clocks reports no error, but no clock is held")


def restore_clocks(root: Root = None, runner: Optional[Runner] = None, store: Optional[Path] = None) -> Outcome:
    """Give all clocks back as they were before `lock_clocks`."""
    place, tree = store or store_path(), _tree(root)
    away = elsewhere(tree, runner)
    if away is not None:
        return away
    if not os.path.exists(place):
        return Outcome(False, f"no clocks are kept in {str(place)!r}", "lock_clocks() keeps them; a restart frees all")
    done = _run(runner_for(tree, runner), ["--restore", str(place)])
    if done.done:
        try:
            # root wrote it, but into a folder of ours
            place.unlink()
        except OSError as error:
            reason = f"the clocks are back, but {str(place)!r} stays: {(error.strerror or str(error)).lower()}"
            return Outcome(False, reason, f"type: sudo rm {place}, or the next lock will keep no clocks")
    return done


def _tree(root: Root) -> Tree:
    return root if isinstance(root, Tree) else Tree(root)


def _keep(runner: Runner, place: Path) -> Outcome:
    if os.path.exists(place):
        return Outcome(True)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the clocks cannot be kept in {str(place)!r}: {(error.strerror or str(error)).lower()}"
        return Outcome(False, reason, "let XDG_CACHE_HOME name a folder that may be written")
    return _run(runner, ["--store", str(place)])


def _run(runner: Runner, options: List[str]) -> Outcome:
    line = " ".join(["jetson_clocks", *options])
    answer: Optional[Answer] = as_root(runner, ["jetson_clocks", *options])
    if answer is None:
        return Outcome(False, "there is no jetson_clocks command here: only a Jetson has it", None)
    if refused(answer):
        return Outcome(False, "jetson_clocks needs root", right_to(TOOL, line))
    if answer.code != 0:
        said = next((text.strip() for text in answer.text.splitlines() if text.strip()), "nothing")
        return Outcome(False, f"{line} ended with {answer.code} and said: {said[:200]}", f"type: sudo {line}")
    return Outcome(True)
