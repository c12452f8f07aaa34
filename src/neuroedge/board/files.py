"""Files of a board, looked for under one root, so that a captured tree can stand in for a board.

Nothing that a file says, and no way of failing to say it, gets further than this: what cannot be read is `None`, and
what was there but could not be used is named, with the reason and how often.
"""

import logging
import os
import re
import threading
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Union

from ..errors import ArgumentTypeError, ParameterError, shown

__all__ = ["Skipped", "Tree"]

ENVIRONMENT = "NEUROEDGE_BOARD_ROOT"
# bytes of a path that Linux takes; links in a row that are followed, each counted as so many: those that are written
# down are walked twice
PATH_MOST, LINKS, WRITTEN = 4096, 40, 5
# more than any file that we read; a stranger in its place costs no memory
MOST = 1 << 20

_WHOLE = re.compile(r"[+-]?[0-9]{1,24}\Z")
_log = logging.getLogger(__name__)


class Skipped(NamedTuple):
    """A file that was there and of no use. reason: of the last time; times: how often."""

    path: str
    reason: str
    times: int


class Tree:
    """The files under `root` (default: NEUROEDGE_BOARD_ROOT, or this machine). Paths are relative to it.

    here: this is the machine that we run on. Only here are commands executed and files written.
    """

    def __init__(self, root: Union[str, Path, None] = None) -> None:
        given = os.environ.get(ENVIRONMENT) or "/" if root is None else root
        source = ENVIRONMENT if root is None else "root"
        if not isinstance(given, (str, os.PathLike)):
            raise ArgumentTypeError(f"board: {source} must be a directory (got {shown(given)})")
        try:
            self.root = Path(given).resolve()
            there = self.root.is_dir()
        except (OSError, ValueError, RuntimeError):
            there = False
        if not there:
            cure = "give the folder that holds the board's sys, proc and etc, or none for this machine"
            raise ParameterError(f"board: {source} must be a directory (got {shown(str(given))}); {cure}")
        self.here = self.root == Path("/")
        self._skipped: Dict[str, Skipped] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "Tree(this machine)" if self.here else f"Tree({str(self.root)!r})"

    @property
    def skipped(self) -> List[Skipped]:
        """What was there and of no use so far, by path."""
        return sorted(self._skipped.values())

    def skip(self, path: str, reason: str) -> None:
        """Note that a file was of no use."""
        with self._lock:
            before = self._skipped.get(path)
            self._skipped[path] = Skipped(path, reason, before.times + 1 if before else 1)
        if before is None:
            _log.warning("%s: %s, skipped", path, reason)

    def text(self, path: str) -> Optional[str]:
        """What a file says, stripped, NULs (which part device-tree entries) as blanks; None where it says nothing."""
        raw = self._read(path)
        return None if raw is None else raw.decode("utf-8", "replace").replace("\0", " ").strip() or None

    def entries(self, path: str) -> List[str]:
        """The entries of a device-tree property, which NULs part."""
        raw = self._read(path) or b""
        return [entry.strip() for entry in raw.decode("utf-8", "replace").split("\0") if entry.strip()]

    def number(self, path: str, low: float, high: float, unit: float = 1.0) -> Optional[float]:
        """The whole number that a file holds, times `unit`; None, and noted, if it is none or not in low … high."""
        text = self.text(path)
        if text is None:
            return None
        if not _WHOLE.match(text):
            self.skip(path, f"no whole number ({shown(text)})")
            return None
        value = int(text) * unit
        if not low <= value <= high:
            self.skip(path, f"{value:g} is not in {low:g} … {high:g}")
            return None
        return value

    def names(self, folder: str) -> List[str]:
        """What lies in a folder, hwmon2 before hwmon10; nothing if it is no folder."""
        place = self._place(folder)
        try:
            return sorted(os.listdir(place), key=_natural) if place is not None else []
        except OSError as error:
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                self.skip(folder, _why(error))
            return []

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        place = self._place(path)
        return place is not None and os.path.exists(place)

    def _place(self, path: str) -> Optional[str]:
        """Where that is. Links of a captured tree stay in it, as the board's own stay on the board."""
        try:
            if self.here:
                return os.path.realpath(os.path.join(str(self.root), path.lstrip("/")))
            return self._walk(str(self.root), path.split("/"), 0)
        except (OSError, ValueError):
            return None

    def _walk(self, place: str, parts: List[str], links: int) -> Optional[str]:
        """From a folder of the tree along a path; None where links go round."""
        for k, part in enumerate(parts):
            if part == "..":
                place = os.path.dirname(place) if place != str(self.root) else place
            elif part not in ("", "."):
                target = self._link(place, part, links)
                if target is not None:
                    if links >= LINKS:
                        return None
                    start = str(self.root) if target.startswith("/") else place
                    return self._walk(start, target.split("/") + parts[k + 1 :], links + WRITTEN)
                place = os.path.join(place, part)
        return place

    def _link(self, folder: str, name: str, links: int) -> Optional[str]:
        """Where a link leads; None if it is none. A copy that lost its links has files instead that hold the target,
        which a board's files never do: these end in a new line or a NUL."""
        path = os.path.join(folder, name)
        if os.path.islink(path):
            return os.readlink(path)
        if links >= LINKS or not os.path.isfile(path) or os.path.getsize(path) > PATH_MOST:
            return None
        target = _written(path)
        if not target or target == name or "\n" in target or "\0" in target:
            return None
        place = self._walk(folder, target.split("/"), links + WRITTEN)
        return target if place is not None and place != path and os.path.exists(place) else None

    def _read(self, path: str) -> Optional[bytes]:
        place = self._place(path)
        if place is None:
            return None
        try:
            # a pipe in a file's place is not waited for
            handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                return _whole(handle)
            finally:
                os.close(handle)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, ValueError) as error:
            self.skip(path, _why(error))
            return None


def _written(path: str) -> str:
    """What a file of a copy says; nothing if it may not be read, which is no link."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _whole(handle: int) -> bytes:
    # proc hands its longer files out in pieces
    raw = b""
    while len(raw) < MOST:
        piece = os.read(handle, MOST - len(raw))
        if not piece:
            break
        raw += piece
    return raw


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _natural(name: str) -> List[Union[int, str]]:
    # split at digits: texts and numbers take turns, so that like meets like
    return [int(part) if part.isdigit() and part.isascii() else part for part in re.split(r"([0-9]+)", name)]
