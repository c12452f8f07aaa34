"""jetson_clocks: what it shows and keeps, clocks that are held, and given back as they were."""

import os
from pathlib import Path
from typing import Any, Optional

import pytest
from captured import TREES, Captured, said

from neuroedge.board.clocks import lock_clocks, read_show, read_store, restore_clocks, show_clocks, store_path
from neuroedge.board.commands import Answer
from neuroedge.board.files import Tree

NANO = "jetson-nano-4gb-jp4.6"
FREE = "jetson_clocks_--show.maxn-l4t32.1.stdout"
HELD = "jetson_clocks_--show.5w-clocks-locked-l4t32.7.stdout"
BEFORE = "jetson_clocks_--store.default.l4t_dfs.conf"


def test_what_is_shown() -> None:
    free = read_show(said(NANO, FREE).out)
    assert free.mode == "MAXN" and free.locked is False
    assert [c.name for c in free.clocks] == ["cpu0", "cpu1", "cpu2", "cpu3", "GPU", "EMC"]
    assert free.clocks[0][1:] == (102.0, 1428.0, 1428.0, True)
    assert free.clocks[4][1:] == (76.8, 921.6, 153.6, None)
    held = read_show(said(NANO, HELD).out)
    assert held.mode == "5W" and held.locked is True
    assert [c.online for c in held.clocks[:4]] == [True, True, False, False]


@pytest.mark.parametrize("text", ["", "cpu0: Online=1", "GPU MinFreq= MaxFreq=x", "\x00", "cpu0: Online=2 MinFreq=-1"])
def test_what_shows_no_clock(text: str) -> None:
    assert read_show(text).locked is None
    assert all(c.low is None for c in read_show(text).clocks)


def test_what_is_kept() -> None:
    before = read_store(said(NANO, BEFORE).out)
    after = read_store(said(NANO, "jetson_clocks_--store.after-jetson_clocks.l4t_dfs.conf").out)
    assert len(before) == len(after) == 21
    lowest = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq"
    assert before[lowest] == 102000 and after[lowest] == 1428000
    assert read_store("/sys/x:1\nfree text\n/sys/y:\n:3\n/soc/a:b/z:7\n") == {"/sys/x": 1, "/soc/a:b/z": 7}


class Clocked:
    """A Nano's jetson_clocks, which asks a question where its file exists, as the real one does."""

    def __init__(self, works: bool = True) -> None:
        self.held, self.works, self.asked = False, works, []  # type: ignore[var-annotated]

    def run(self, words: Any, timeout: float = 5.0) -> Optional[Answer]:
        self.asked.append(" ".join(words))
        if words[0] != "jetson_clocks":
            return None
        if words[1:2] == ["--show"]:
            return said(NANO, HELD if self.held else FREE)
        if words[1:2] == ["--store"]:
            if os.path.exists(words[2]):
                return Answer(1, f"File {words[2]} already exists. Can I overwrite it? Y/N:\n", "")
            Path(words[2]).write_text(said(NANO, BEFORE).out)
        elif words[1:2] == ["--restore"]:
            self.held = False
        else:
            self.held = self.works
        return Answer(0, "", "")


@pytest.fixture
def nano(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tree:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Tree(TREES / NANO)


@pytest.mark.parametrize("uid", [0, 1000])
def test_clocks_are_held_and_given_back(nano: Tree, monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    runner = Clocked()
    for _ in range(2):
        assert lock_clocks(nano, runner) == (True, None, None)
    assert len(read_store(store_path().read_text())) == 21
    assert show_clocks(nano, runner).locked is True  # type: ignore[union-attr]
    assert restore_clocks(nano, runner).done and not store_path().exists()
    assert show_clocks(nano, runner).locked is False  # type: ignore[union-attr]
    again = restore_clocks(nano, runner)
    assert not again.done and "no clocks are kept" in str(again.reason)


def test_what_did_not_work(nano: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("USER", "robo")
    assert "no clock is held" in str(lock_clocks(nano, Clocked(works=False)).reason)
    store = f"sudo -n jetson_clocks --store {tmp_path / 'a'}"
    asked = Captured({store: Answer(1, "", "sudo: a password is required")})
    _, reason, cure = lock_clocks(nano, asked, tmp_path / "a")
    assert reason == "jetson_clocks needs root" and "robo ALL=(root) NOPASSWD: /usr/bin/jetson_clocks" in str(cure)
    said_no = Captured({store: Answer(1, "Error: Run this script(/usr/bin/jetson_clocks) as a root user\n", "")})
    assert lock_clocks(nano, said_no, tmp_path / "a").reason == "jetson_clocks needs root"
    full = Captured({store: Answer(2, "", "\nno space left\n")})
    assert "ended with 2 and said: no space left" in str(lock_clocks(nano, full, tmp_path / "a").reason)
    stays = Captured({f"sudo -n jetson_clocks --restore {tmp_path}": Answer(0, "", "")})
    assert "the clocks are back, but" in str(restore_clocks(nano, stays, tmp_path).reason)
    (tmp_path / "file").write_text("")
    assert "XDG_CACHE_HOME" in str(lock_clocks(nano, Clocked(), tmp_path / "file" / "x").cure)


def test_no_jetson_and_another_root(nano: Tree) -> None:
    assert "only a Jetson" in str(lock_clocks(nano, Captured({})).reason)
    assert show_clocks(nano, Captured({})) is None
    for outcome in (lock_clocks(nano), restore_clocks(nano)):
        assert not outcome.done and "not this machine" in str(outcome.reason)
    assert show_clocks(nano) is None
