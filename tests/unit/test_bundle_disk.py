"""Saving: the old file or the new one, whole, whatever happens in between; and nothing is left lying about."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest
from bundles import smallest

from neuroedge import Network, save
from neuroedge.errors import StorageError
from neuroedge.formats.atomic import Disk, write_whole

# two files to tell apart
PARTS = [smallest() + bytes([k]) * 20_000 for k in (1, 2)]

KILLS = int(os.environ.get("NEUROEDGE_KILLS", "25"))


def model(seed: int) -> Network:
    net = Network(seed=seed)
    net.add("a", 30, "rate")
    net.add("b", 20, "lif")
    net.connect("a", "b")
    return net


def left_behind(folder: Path) -> List[str]:
    return [name for name in os.listdir(folder) if name != "m"]


class Failing(Disk):
    """Fails at the k-th call, once or from then on; counts and logs what it is asked."""

    def __init__(self, at: int = -1, number: int = errno.ENOSPC, for_ever: bool = False, short: bool = False) -> None:
        self.calls: List[str] = []
        self.at, self.number, self.for_ever, self.short = at, number, for_ever, short

    def _next(self, what: str) -> None:
        self.calls.append(what)
        k = len(self.calls) - 1
        if k == self.at or (self.for_ever and k > self.at >= 0):
            raise OSError(self.number, os.strerror(self.number))

    def create(self, path: str) -> int:
        self._next("create")
        return super().create(path)

    def write(self, file: int, data: Any) -> int:
        self._next("write")
        # in pieces, so that there are several writes to fail
        return super().write(file, data[:4096])

    def sync(self, file: int) -> None:
        self._next("sync")
        super().sync(file)

    def close(self, file: int) -> None:
        # what fails to close is closed
        super().close(file)
        self._next("close")

    def replace(self, source: str, target: str) -> None:
        self._next("replace")
        super().replace(source, target)

    def remove(self, path: str) -> None:
        self._next("remove")
        super().remove(path)

    def sync_folder(self, path: str) -> None:
        self._next("sync_folder")
        super().sync_folder(path)


@pytest.mark.long
@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_call(number: int, for_ever: bool, tmp_path: Path) -> None:
    path = tmp_path / "m"
    save(path, model(1), dt=1.0)
    old = path.read_bytes()
    plan = Failing()
    save(path, model(2), dt=1.0, disk=plan)
    new = path.read_bytes()
    assert old != new and plan.calls.count("write") > 3
    assert plan.calls[-4:] == ["sync", "replace", "close", "sync_folder"]
    for at in range(len(plan.calls)):
        path.write_bytes(old)
        with pytest.raises(StorageError, match=str(path)) as error:
            save(path, model(2), dt=1.0, disk=Failing(at, number, for_ever))
        assert error.value.errno == number and "; " in str(error.value)
        # only after the new one had the name may it be there
        assert path.read_bytes() == (new if "replace" in plan.calls[:at] else old)
        if not for_ever:
            assert left_behind(tmp_path) == []
        save(path, model(2), dt=1.0)
        assert path.read_bytes() == new and left_behind(tmp_path) == []


def test_limits_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "m"
    save(path, model(1), dt=1.0)
    old = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for limit in range(0, len(old), 4096):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
            with pytest.raises(StorageError, match="ulimit"):
                save(path, model(2), dt=1.0)
            assert path.read_bytes() == old and left_behind(tmp_path) == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


class Log(Disk):
    """Writes down what reaches the disk, and in which order it is sure to be there."""

    def __init__(self) -> None:
        self.steps: List[Tuple[Any, ...]] = []
        self._paths: Dict[int, str] = {}

    def create(self, path: str) -> int:
        file = super().create(path)
        self._paths[file] = path
        self.steps.append(("create", path))
        return file

    def write(self, file: int, data: Any) -> int:
        n = super().write(file, data[:4096])
        self.steps.append(("write", self._paths[file], bytes(data[:n])))
        return n

    def sync(self, file: int) -> None:
        super().sync(file)
        self.steps.append(("sync", self._paths[file]))

    def replace(self, source: str, target: str) -> None:
        super().replace(source, target)
        self.steps.append(("replace", source, target))

    def sync_folder(self, path: str) -> None:
        super().sync_folder(path)
        self.steps.append(("sync_folder",))


def after_power_cut(old: bytes, steps: List[Tuple[Any, ...]], lost: int, named: bool) -> Optional[bytes]:
    """What stands under the name if the cut comes after these steps: of writes that were not synced the last `lost` are
    gone; `named`: whether names that were not synced have reached the disk."""
    synced = max([k for k, step in enumerate(steps) if step[0] == "sync"], default=-1)
    writes = [(k, step[2]) for k, step in enumerate(steps) if step[0] == "write"]
    free = [k for k, _ in writes if k > synced]
    gone = set(free[len(free) - lost :]) if lost else set()
    beside = b"".join(data for k, data in writes if k not in gone)
    renamed = any(step[0] == "replace" for step in steps)
    sure = any(step[0] == "sync_folder" for step in steps)
    return beside if renamed and (named or sure) else old


def test_a_power_cut_at_any_moment_leaves_old_or_new(tmp_path: Path) -> None:
    path, log = tmp_path / "m", Log()
    save(path, model(1), dt=1.0)
    old = path.read_bytes()
    save(path, model(2), dt=1.0, disk=log)
    new = path.read_bytes()
    outcomes = set()
    for cut in range(len(log.steps) + 1):
        for lost in range(cut + 1):
            for named in (False, True):
                outcomes.add(after_power_cut(old, log.steps[:cut], lost, named))
    assert outcomes == {old, new}
    assert after_power_cut(old, log.steps, 99, False) == new
    # and the check can fail: a save that does not sync leaves pieces
    careless = [step for step in log.steps if step[0] != "sync"]
    assert after_power_cut(old, careless[:-1], 1, True) not in (old, new)


@pytest.mark.long
def test_killed_at_any_moment(tmp_path: Path) -> None:
    path, rng, pending = tmp_path / "m", np.random.default_rng(0), 0
    write_whole(path, [PARTS[0]])
    for _ in range(KILLS):
        # a fork that saves in a loop
        child = os.fork()
        if child == 0:
            try:
                k = 0
                while True:
                    write_whole(path, [PARTS[k % 2][:5000], PARTS[k % 2][5000:]])
                    k += 1
            finally:
                os._exit(1)
        time.sleep(float(rng.uniform(0.001, 0.02)))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        pending += len(left_behind(tmp_path))
        assert path.read_bytes() in PARTS
        write_whole(path, [PARTS[0]])
        assert left_behind(tmp_path) == []
    # some were hit in the middle of a save
    assert pending > KILLS // 10


def test_what_is_at_work_is_not_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "m"

    class Meanwhile(Disk):
        def sync(self, file: int) -> None:
            if not hasattr(self, "done"):
                self.done = True
                write_whole(path, [b"other"])
                assert len(left_behind(tmp_path)) == 1
            super().sync(file)

    write_whole(path, [b"mine"], Meanwhile())
    assert path.read_bytes() == b"mine" and left_behind(tmp_path) == []
    # another program's files stay
    (tmp_path / ".other.tmp").write_bytes(b"")
    write_whole(path, [b"mine"])
    assert left_behind(tmp_path) == [".other.tmp"]


def test_links_and_rights_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "m", tmp_path / "link"
    write_whole(real, [b"one"])
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, [b"two"])
    assert link.is_symlink() and real.read_bytes() == b"two" and stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.long
def test_a_pipe_is_no_model_and_waits_for_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code = f"import neuroedge; neuroedge.load({str(tmp_path / 'pipe')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert "FormatError" in done.stderr and "is no file" in done.stderr
