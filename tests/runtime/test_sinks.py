"""Sinks: whole lines, and errors that leave them whole."""

import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parts import encode, network

from neuroedge.errors import ArgumentTypeError, ParameterError
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.sinks import CallbackSink, CsvSink, JsonlSink, open_sink, plain


def test_spellings(tmp_path: Path) -> None:
    assert isinstance(open_sink(f"file:{tmp_path}/a.csv"), CsvSink)
    assert isinstance(open_sink(f"file:{tmp_path}/a.jsonl"), JsonlSink)
    assert isinstance(open_sink("-"), JsonlSink) and isinstance(open_sink(print), CallbackSink)
    for wrong in ("a.csv", "file:a.txt", "", "mqtt:x"):
        with pytest.raises(ParameterError, match="file:out.jsonl"):
            open_sink(wrong)
    with pytest.raises(ArgumentTypeError):
        open_sink(3)


def test_lines_and_the_safe_value(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JsonlSink(path, safe=[0, 0]) as sink:
        sink.write({"a": np.array([1, 2]), "b": np.float32(0.5), "c": float("nan")}, 0.01)
        # there before the file is closed
        assert len(path.read_text().splitlines()) == 1
        sink.safe(0.02)
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first == {"s": 0.01, "value": {"a": [1, 2], "b": 0.5, "c": None}} and second["value"] == [0, 0]
    with JsonlSink(path, append=True) as sink:
        sink.safe(1.0)
        sink.write("é\n", 1.0)
    assert len(path.read_text().splitlines()) == 3
    with pytest.raises(ParameterError, match="closed"):
        sink.write(1, 2.0)


def test_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with CsvSink(path) as sink:
        sink.write({"left": 1, "right": [0.5, 2]}, 0.0)
        sink.write({"left": None, "right": [1, 'a "b", c']}, 0.01)
        with pytest.raises(ParameterError, match="3 values"):
            sink.write([1], 0.02)
    assert path.read_text() == 'seconds,left,right_0,right_1\n0,1,0.5,2\n0.01,,1,"a ""b"", c"\n'
    with CsvSink(path, append=True) as sink:
        sink.write([1, 2, 3], 0.5)
    assert path.read_text().splitlines()[-1] == "0.5,1,2,3"


@pytest.mark.long
def test_a_loop_writes_what_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    report = Loop([1, 2], encode, network(), None, [f"file:{path}", f"file:{tmp_path}/a.jsonl"], dt=1.0,
                  clock=SimulatedClock()).run()  # fmt: skip
    lines = path.read_text().splitlines()
    assert lines[0].startswith("seconds,in_0,in_1") and len(lines) == 3 and report.written == 4
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[1])["value"]["out"][2] == 1


@pytest.mark.long
def test_a_full_disk_leaves_whole_lines_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    sink = JsonlSink(path)
    loop = Loop(lambda: 3, encode, network(), lambda answer: list(range(50)), sink, dt=1.0, clock=SimulatedClock())
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        report = loop.run(for_s=1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    text = path.read_text()
    assert text.endswith("\n") and all(json.loads(line) for line in text.splitlines())
    assert report.written == len(text.splitlines()) and report.written + report.unwritten == 100
    assert report.unwritten > 0 and "File too large" in report.error


def test_a_pipe_that_nobody_reads() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    sink = JsonlSink(f"/dev/fd/{theirs}") if os.path.exists("/dev/fd") else None
    if sink is None:
        pytest.skip("no /dev/fd here")
    with pytest.raises(BrokenPipeError):
        sink.write(1, 0.0)
    os.close(theirs)


@pytest.mark.parametrize(
    "value, answer", [(np.int64(3), 3), ((1, {2}), [1, [2]]), (float("inf"), None), (b"x", "b'x'")]
)
def test_plain(value: Any, answer: Any) -> None:
    assert plain(value) == answer


def test_a_safe_row_never_fails_for_its_form(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    sink = CsvSink(path, safe={"class": -1, "other": 3})
    sink.write({"class": 4, "margin": 0.5}, 0.0)
    sink.safe(1.0)
    sink.close()
    assert path.read_text().splitlines() == ["seconds,class,margin", "0,4,0.5", "1,-1,"]
