"""Files of a board: what cannot be read is None, what is of no use is named and counted, nothing leads out."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from neuroedge.board.commands import Shell, runner_for
from neuroedge.board.files import Tree
from neuroedge.errors import ArgumentTypeError, ParameterError


def test_a_number_with_its_unit_and_its_range(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("41500\n")
    tree = Tree(tmp_path)
    assert tree.number("temp", -40, 150, 0.001) == 41.5
    assert tree.number("/temp", -40, 150, 0.001) == 41.5
    assert tree.skipped == []


@pytest.mark.parametrize(
    "raw", [b"", b"warm", b"4 1", b"0x20", b"1e3", b"4.5", b"\xff\x00", b"nan", b"-", b"9" * 40, b"1_0", "٤".encode()]
)
def test_garbage_is_none_named_and_counted(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "temp").write_bytes(raw)
    tree = Tree(tmp_path)
    assert tree.number("temp", -40, 150) is None
    assert tree.number("temp", -40, 150) is None
    assert [(s.path, s.times) for s in tree.skipped] == ([("temp", 2)] if raw else [])


def test_out_of_range_is_named_with_the_range(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("-256000")
    tree = Tree(tmp_path)
    assert tree.number("temp", -40, 150, 0.001) is None
    assert tree.skipped[0].reason == "-256 is not in -40 … 150"


def test_what_is_not_there_is_none_and_no_fault(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert tree.text("sys/nothing") is None and tree.names("sys") == [] and not tree.has("sys")
    assert tree.skipped == []


def test_a_file_without_right_is_named(tmp_path: Path) -> None:
    (tmp_path / "energy_uj").write_text("7")
    (tmp_path / "energy_uj").chmod(0)
    tree = Tree(tmp_path)
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    assert tree.number("energy_uj", 0, 1e9) is None
    assert tree.skipped[0].reason == "permission denied"


def test_links_stay_in_the_root(tmp_path: Path) -> None:
    root = tmp_path / "board"
    (root / "sys/devices/gpu").mkdir(parents=True)
    (root / "sys/devices/gpu/load").write_text("310")
    (tmp_path / "secret").write_text("7")
    (root / "out").symlink_to("../secret")
    (root / "far").symlink_to("/proc/meminfo")
    (root / "round").symlink_to("round")
    (root / "sys/gpu").symlink_to("devices/gpu")
    # on the board this leads to the board's own
    (root / "own").symlink_to("/sys/gpu/load")
    (root / "up").symlink_to("../../../own")
    tree = Tree(root)
    for path in ("out", "far", "round", "../secret", "../../secret"):
        assert tree.text(path) is None, path
    for path in ("own", "up", "sys/gpu/load", "/sys/gpu/../gpu/load", "sys/devices/gpu/load"):
        assert tree.number(path, 0, 1000) == 310.0, path
    assert tree.names("sys/gpu") == ["load"]


def test_a_copy_that_lost_its_links_has_their_targets_as_text(tmp_path: Path) -> None:
    (tmp_path / "devices/gpu").mkdir(parents=True)
    (tmp_path / "class").mkdir()
    for path, text in {
        "devices/gpu/load": "5\n", "devices/gpu/device": "../gpu", "class/gpu": "../devices/gpu", "a": "b", "b": "a",
        "c": "class/gpu/device/load", "5": "5", "6": "nothing/there", "d": "/c",
    }.items():  # fmt: skip
        (tmp_path / path).write_text(text)
    tree = Tree(tmp_path)
    for path in ("class/gpu/load", "class/gpu/device/device/load", "c", "d"):
        assert tree.number(path, 0, 10) == 5.0, path
    assert tree.number("5", 0, 10) == 5.0 and tree.text("6") == "nothing/there"
    assert tree.names("class/gpu") == ["device", "load"]
    assert tree.text("a") in ("a", "b", None)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "temp")
    assert Tree(tmp_path).number("temp", 0, 1) is None


def test_names_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("hwmon10", "hwmon2", "hwmon", "a9"):
        (tmp_path / name).mkdir()
    assert Tree(tmp_path).names("") == ["a9", "hwmon", "hwmon2", "hwmon10"]


def test_a_root_that_is_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for bad in (tmp_path / "file", tmp_path / "nothing", "\0"):
        with pytest.raises(ParameterError, match="root must be a directory"):
            Tree(bad)
    with pytest.raises(ArgumentTypeError, match="root must be a directory"):
        Tree(7)  # type: ignore[arg-type]
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(tmp_path / "nothing"))
    with pytest.raises(ParameterError, match="NEUROEDGE_BOARD_ROOT must be a directory"):
        Tree()


def test_only_this_machine_runs_commands(tmp_path: Path) -> None:
    assert runner_for(Tree(tmp_path)).run(["true"]) is None
    answer = runner_for(Tree("/")).run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert answer is not None and (answer.code, answer.out, answer.err) == (3, "out\n", "err\n")
    assert Shell().run(["no-such-command-anywhere"]) is None


def test_a_command_gets_no_input_and_no_more_than_its_time() -> None:
    answer = Shell().run(["cat"])
    assert answer is not None and answer.out == ""
    late = Shell().run(["sleep", "5"], timeout=0.05)
    assert late is not None and late.code is None and "no answer within 0.05 s" in late.err


def test_a_command_that_may_not_be_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(running: object) -> None:
        # what the kernel says to a user about what sudo runs
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(subprocess.Popen, "kill", forbidden)
    began = time.monotonic()
    answer = Shell().run(["sleep", "3"], timeout=0.05)
    assert time.monotonic() - began < 2.5
    assert answer is not None and answer.code is None and "no answer" in answer.err


def test_a_long_chain_of_written_links_ends_soon(tmp_path: Path) -> None:
    for k in range(60):
        (tmp_path / f"l{k}").write_text(f"l{k + 1}")
    (tmp_path / "l60").write_text("7\n")
    tree = Tree(tmp_path)
    assert tree.number("l58", 0, 10) == 7.0
    # as text, when it is too long to be followed
    assert tree.text("l0") is not None
