"""A file is there as it was, or as it shall be, and never in between.

What is new is written beside it, brought to the disk, and only then takes the name; the folder is brought to the disk
too, since the name stands in it. Whoever writes holds a lock on the file beside, which the system lets go when the
process ends, however it ends: so the next save can tell what was left behind from what is at work, and clears it away.
"""

import errno
import fcntl
import itertools
import os
import stat
from pathlib import Path
from typing import Any, Optional, Sequence, Union

from ..errors import ArgumentTypeError, StorageError, shown

__all__ = ["Disk", "as_path", "failed", "must_be_writable", "write_whole"]

PREFIX, SUFFIX = ".neuroedge-", ".tmp"

_count = itertools.count()

_CURES = {
    errno.ENOSPC: "make room, or save elsewhere",
    errno.EDQUOT: "make room, or save elsewhere",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EIO: "the disk is failing: save elsewhere",
    errno.EACCES: "save to a folder of your own",
    errno.EPERM: "save to a folder of your own",
    errno.EROFS: "it is mounted read-only: save elsewhere",
    errno.ENOENT: "make the folder first",
    errno.ENOTDIR: "make the folder first",
}


class Disk:
    """What saving asks of the system; a test may stand in for a disk that fails."""

    def create(self, path: str) -> int:
        """A new file, to be written."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def write(self, file: int, data: Any) -> int:
        """Write, and say how many bytes were."""
        return os.write(file, data)

    def sync(self, file: int) -> None:
        """Bring a file to the disk."""
        os.fsync(file)

    def close(self, file: int) -> None:
        """Close."""
        os.close(file)

    def replace(self, source: str, target: str) -> None:
        """Take the name of another file."""
        os.replace(source, target)

    def remove(self, path: str) -> None:
        """Remove a file."""
        os.unlink(path)

    def sync_folder(self, path: str) -> None:
        """Bring the names in a folder to the disk."""
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        except OSError as error:
            # some file systems have no such thing
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(folder)


def as_path(owner: str, path: Any) -> str:
    """A path, as text."""
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise ArgumentTypeError(f"{owner}: path must be a text or a Path (got {shown(path)})")
    text = str(os.fspath(path))
    if not text or "\0" in text:
        raise ArgumentTypeError(f"{owner}: path must name a file (got {shown(path)})")
    return text


def must_be_writable(path: Any) -> None:
    """Raise StorageError where a file of this name cannot be written, as far as can be told before there is one."""
    text = as_path("save", path)
    target = os.path.realpath(text)
    folder = os.path.dirname(target)
    _must_be_plain(text, target)
    for code, wrong in (
        (errno.ENOENT, not os.path.isdir(folder)), (errno.EACCES, not os.access(folder, os.W_OK | os.X_OK)),
    ):  # fmt: skip
        if wrong:
            failure = failed(text, "written", OSError(code, os.strerror(code)))
            raise failure


def _must_be_plain(text: str, target: str) -> None:
    """A new file takes the name of the old one, which would be the end of a device or a pipe of that name."""
    if os.path.exists(target) and not os.path.isfile(target):
        what = "a folder" if os.path.isdir(target) else "a device or a pipe"
        raise StorageError(f"{text}: cannot be written: is {what}; give the name of a file")


def write_whole(path: Union[str, Path], pieces: Sequence[Any], disk: Optional[Disk] = None) -> None:
    """Write pieces end to end to a file, or leave what is there as it is and raise StorageError."""
    disk = Disk() if disk is None else disk
    # a link stays a link
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    try:
        _must_be_plain(str(path), target)
        _clear(folder, disk)
        _write_beside(target, folder, pieces, disk)
        disk.sync_folder(folder)
    except StorageError:
        raise
    except OSError as error:
        failure = failed(str(path), "written", error)
        raise failure from error


def failed(path: str, done: str, error: OSError) -> StorageError:
    """Why a file cannot be "read" or "written"."""
    reason = (error.strerror or str(error)).lower()
    cure = _CURES.get(error.errno or 0, "")
    if done == "read":
        cure = "is the name right?" if error.errno == errno.ENOENT else ""
    failure = StorageError(f"{path}: cannot be {done}: {reason}{f'; {cure}' if cure else ''}")
    failure.errno = error.errno
    return failure


def _write_beside(target: str, folder: str, pieces: Sequence[Any], disk: Disk) -> None:
    path, file = _create(folder, disk)
    try:
        try:
            _keep_mode(file, target)
            for piece in pieces:
                _write_all(file, memoryview(piece), disk)
            disk.sync(file)
            disk.replace(path, target)
        finally:
            disk.close(file)
    except BaseException:
        try:
            disk.remove(path)
        except OSError:
            # it has the other name by now, or the next save clears it away
            pass
        raise


def _create(folder: str, disk: Disk) -> Any:
    """A file of our own beside, and locked."""
    while True:
        path = os.path.join(folder, f"{PREFIX}{os.getpid()}-{next(_count)}{SUFFIX}")
        try:
            file = disk.create(path)
        except FileExistsError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(file)):
                return path, file
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                # without locks nobody clears away, and so nobody takes this one for left behind
                return path, file
        # another save has cleared it away before it was locked
        disk.close(file)


def _keep_mode(file: int, target: str) -> None:
    if os.path.exists(target):
        os.fchmod(file, stat.S_IMODE(os.stat(target).st_mode))


def _write_all(file: int, data: memoryview, disk: Disk) -> None:
    while len(data):
        written = disk.write(file, data)
        if written <= 0:
            raise StorageError("cannot be written: the disk takes no more bytes; save elsewhere")
        data = data[written:]


def _clear(folder: str, disk: Disk) -> None:
    """Remove what killed processes have left: files of ours that nobody has locked."""
    for name in os.listdir(folder):
        if not (name.startswith(PREFIX) and name.endswith(SUFFIX)):
            continue
        path = os.path.join(folder, name)
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            disk.remove(path)
        except OSError:
            # at work, or not ours to remove
            pass
        finally:
            os.close(file)
