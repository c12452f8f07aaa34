"""Names that no file may take: what is there stays what it was."""

import os
import stat
from pathlib import Path
from typing import List

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.cli import main
from neuroedge.cli.plot import file_usable
from neuroedge.errors import StorageError


def model() -> ne.Network:
    """The smallest."""
    net = ne.Network("small")
    net.add("in", 2, "rate")
    net.add("out", 2, "lif")
    net.connect("in", "out", weights=np.ones((2, 2), np.float32))
    return net


@pytest.mark.parametrize("link", [False, True])
def test_a_pipe_or_a_device_is_not_replaced(link: bool, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.html"
    os.mkfifo(pipe)
    target = pipe
    if link:
        target = tmp_path / "link.html"
        target.symlink_to(pipe)
    with pytest.raises(StorageError, match="a device or a pipe; give the name of a file"):
        ne.save(target, model(), dt=1.0)
    with pytest.raises(StorageError, match="a device or a pipe"):
        file_usable(str(target))
    verbs: List[List[str]] = [["shrink", "digits", "--keep", "0.5"], ["train", "64-8-10", "--data", "digits"]]
    assert [main([*verb, "-o", str(target)]) for verb in verbs] == [1, 1]
    assert stat.S_ISFIFO(os.stat(pipe).st_mode) and len(os.listdir(tmp_path)) == 1 + link


def test_what_is_read_is_not_written(tmp_path: Path) -> None:
    ne.save(tmp_path / "m.ne", model(), dt=1.0)
    np.savez(tmp_path / "in.npz", x=np.ones((3, 2)))
    (tmp_path / "in.csv").write_text("a,b\n0,1\n1,0\n")
    before = [(tmp_path / name).read_bytes() for name in ("in.npz", "in.csv")]
    run = ["run", str(tmp_path / "m.ne"), "--flat-out", "--source"]
    for name, option, prefix in (("in.npz", "--record", ""), ("in.csv", "--sink", "file:")):
        path = tmp_path / name
        for source in (f"file:{path}", f"file:{tmp_path}/./{name},speed=1"):
            assert main([*run, source, option, f"{prefix}{path}"]) == 2
    assert [(tmp_path / name).read_bytes() for name in ("in.npz", "in.csv")] == before


def test_closed_standard_streams_are_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    with monkeypatch.context() as closed:
        closed.setattr("sys.stdin", None)
        assert main(["run", "digits", "--source", "-"]) == 1
    assert "standard input: is closed" in capsys.readouterr().err
    with monkeypatch.context() as closed:
        closed.setattr("sys.stdout", None)
        assert main(["show", "digits"]) == 1
        assert "standard output is closed" in capsys.readouterr().err
        closed.setattr("sys.stderr", None)
        assert main(["show", "digits"]) == 1


def test_safe_values_are_values(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    sink = tmp_path / "out.jsonl"
    run = ["run", "digits", "--flat-out", "--for", "0.02", "--sink", f"file:{sink}", "--safe"]
    assert [main([*run, text]) for text in ("NaN", "[1e999]", "[" * 9999)] == [2, 2, 2]
    assert max(map(len, capsys.readouterr().err.splitlines())) < 200 and not sink.exists()
    assert main([*run, '"\\ud800"']) == 0
    assert sink.read_text().splitlines()[-1].endswith('"value": "?"}')


def test_a_record_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.npz")
    sink = tmp_path / "out.jsonl"
    assert main(["run", "digits", "--flat-out", "--sink", f"file:{sink}", "--record", str(tmp_path / "r.npz")]) == 1
    assert not sink.exists()
