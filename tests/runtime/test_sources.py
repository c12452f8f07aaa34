"""Sources by their spelling; rows, lines and events that were recorded; what is wrong with them is said."""

import math
import os
import sys
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest
from parts import encode, network

from neuroedge.errors import ArgumentTypeError, MissingExtraError, NeuroedgeError, NotReadyError, ParameterError
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.eventfile import EventFile, read_events
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.replay import JsonLines, ReplaySource, read_csv
from neuroedge.runtime.sources import PENDING, CallbackSource, IterableSource, open_source


def values(source: Any) -> List[Any]:
    found = []
    while True:
        sample = source.read()
        if sample is None:
            return found
        found.append(sample.value.tolist() if isinstance(sample.value, np.ndarray) else sample.value)


@pytest.mark.parametrize("spec", ["camera", "camera:", "camera:x", "imu:mpu6050", "imu:bmi160@1:0x68", "file:", "x", "",
                                  "camera:0,64", "imu:mpu6050@1:68", "file", "-,first"])  # fmt: skip
def test_unknown_spellings_list_the_forms(spec: str) -> None:
    with pytest.raises(ParameterError, match=r"camera:0.*imu:mpu6050@1:0x68"):
        open_source(spec)


def test_what_needs_no_spelling() -> None:
    assert isinstance(open_source(lambda: 1), CallbackSource)
    assert isinstance(open_source([1, 2]), IterableSource)
    source = IterableSource([1])
    assert open_source(source) is source
    with pytest.raises(ArgumentTypeError):
        open_source(3)


def test_functions() -> None:
    steps = iter([1, None, 2])
    source = CallbackSource(lambda: next(steps))
    assert source.read() == (1, None) and source.read() is PENDING
    assert source.read() == (2, None) and source.read() is None


def test_rows_of_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time_ms,ax,ay\n0,1,2\n10,3,\n\n20,5,6\n")
    source = open_source(f"file:{path}")
    samples = [source.read() for _ in range(4)]
    assert [s.timestamp for s in samples[:3]] == [0.0, 0.01, 0.02] and samples[3] is None
    assert samples[0].value.tolist() == [1.0, 2.0] and math.isnan(samples[1].value[1])
    path.write_text("1,2\n3,4\n")
    assert values(open_source(f"file:{path}")) == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.long
def test_a_csv_file_with_gaps_in_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t,digit\n0,1\n0.01,\n0.02,3\n")
    report = Loop(f"file:{path}", lambda row: encode(row[0]), network(), dt=1.0, clock=SimulatedClock()).run()
    assert (report.read, report.used, report.errors) == (3, 2, {"nan": 1})


@pytest.mark.parametrize("text, word", [("a,b\n1,2\n3\n", "row 2 must have 2 cells"), ("a\n1\nx\n", "row 2: a must be"),
                                        ("", "no row"), ("a,b\n", "no row")])  # fmt: skip
def test_bad_csv_files(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ParameterError, match=word):
        read_csv(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotReadyError, match="cannot be read"):
        read_csv(path)


def test_files_that_are_not_there_or_of_no_known_kind(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="no such file"):
        open_source(f"file:{tmp_path}/none.csv")
    for name in ("a.txt", "a.npz"):
        (tmp_path / name).write_bytes(b"PK nothing")
        with pytest.raises(NeuroedgeError):
            open_source(f"file:{tmp_path}/{name}")


def test_a_replay_in_its_own_time() -> None:
    clock = SimulatedClock(50.0)
    source = ReplaySource([[1], [2], [3], [4]], [5.0, 5.1, 5.2, 5.9], speed=2.0, clock=clock)
    assert source.read().value == [1] and source.read() is PENDING
    clock.time += 0.05
    assert source.read().value == [2]
    clock.time += 0.2
    assert source.read() is not PENDING and source.dropped == 0
    clock.time += 10.0
    assert source.read().value == [4] and source.read() is None
    clock.time, late = 0.0, ReplaySource([[1], [2], [3]], [0.0, 0.1, 0.2], 1.0, clock)
    late.read()
    clock.time += 1.0
    assert late.read().value == [3] and late.dropped == 1


def test_replays_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="row 3 is at 1 s, after 2 s"):
        ReplaySource([[1], [2], [3]], [0.0, 2.0, 1.0], speed=1.0)
    with pytest.raises(ParameterError, match="speed needs times"):
        ReplaySource([[1]], speed=1.0)
    with pytest.raises(ParameterError):
        ReplaySource([[1]], [0.0], speed=0.0)
    path = tmp_path / "a.csv"
    path.write_text("t,a\n0,1\n")
    assert open_source(f"file:{path},speed=2").read().value == [1.0]
    with pytest.raises(ParameterError, match="speed must be a number"):
        open_source(f"file:{path},speed=fast")


def piped(*parts: bytes, **options: Any) -> Any:
    """Lines of a pipe, and what writes to it."""
    ours, theirs = os.pipe()
    for part in parts:
        os.write(theirs, part)
    return JsonLines(ours, **options), theirs


def test_json_lines_are_taken_one_by_one_and_never_waited_for() -> None:
    source, pipe = piped(b'1\n[1, 2]\n\n{"t": 0.5, "value": 3}\n{"in": [[1, 0.5]]}\n{"half')
    assert [source.read() for _ in range(4)] == [(1, None), ([1, 2], None), (3, 0.5), ({"in": [[1, 0.5]]}, None)]
    assert source.read() is PENDING
    os.write(pipe, b'": 1}\n')
    assert source.read() == ({"half": 1}, None)
    os.close(pipe)
    assert source.read() is None


def test_of_many_json_lines_the_latest() -> None:
    source, pipe = piped(b"".join(b"%d\n" % k for k in range(100)), latest=True)
    assert source.read() == (99, None) and source.dropped == 99 and source.read() is PENDING
    os.close(pipe)


@pytest.mark.parametrize("line", [b"{", b"nonsense", b"\xff", b'{"t": "x", "value": 1}', b"[" * 100_000, b"NaN,"])
def test_lines_that_are_no_json_name_their_number(line: bytes) -> None:
    source, pipe = piped(b"1\n", line + b"\n" if len(line) < 60_000 else line[:60_000] + b"\n", b"2\n")
    assert source.read().value == 1
    with pytest.raises(ParameterError, match="line 2"):
        source.read()
    assert source.read().value == 2
    os.close(pipe)


@pytest.mark.long
def test_bad_lines_in_a_loop_are_counted() -> None:
    source, pipe = piped(b"1\nx\nNaN\n2\n3")
    os.close(pipe)
    report = Loop(source, encode, network(), dt=1.0, clock=SimulatedClock()).run()
    assert report.used == 3 and report.errors == {"read": 1, "nan": 1}
    assert report.read == report.used + report.dropped


def test_events_in_windows(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("t,x,y,p\n1000,0,0,1\n2000,1,0,0\n11500,2,1,-1\n45000,0,1,1\n")
    source = open_source(f"file:{path}", window_ms=10.0)
    trains = values(source)
    assert [len(t) for t in trains] == [2, 1, 0, 0, 1]
    assert list(trains[0]) == [(0, 0.0), (1, 1.0)] and trains[0].polarity.tolist() == [1, 0]
    assert list(trains[1]) == [(5, 0.5)] and trains[0].size == 6


def test_spikes_of_an_npz_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", neuron=[1, 2], time=[5.0, 25.0])
    assert [list(t) for t in values(open_source(f"file:{tmp_path}/s.npz"))] == [[(1, 5.0)], [], [(2, 5.0)]]
    events = np.zeros(2, [("t", "u8"), ("x", "u2"), ("y", "u2"), ("on", "?")])
    np.savez(tmp_path / "e.npz", events=events)
    assert len(values(open_source(f"file:{tmp_path}/e.npz"))[0]) == 2
    np.savez(tmp_path / "r.npz", rows=[[1.0, 2.0], [3.0, 4.0]], t=[0.0, 0.5])
    assert open_source(f"file:{tmp_path}/r.npz").read().timestamp == 0.0
    np.savez(tmp_path / "o.npz", rows=np.array([{}], object))
    with pytest.raises(NotReadyError):
        open_source(f"file:{tmp_path}/o.npz")


@pytest.mark.parametrize("rows, word", [
    ("10,0,0,1\n5,0,0,1", "must not go back: event 2 is at 5, after 10"), ("1,-1,0,1", "x must be"),
    ("1,0,0.5,1", "y must be"), ("1,0,0,7", "p must be"), (",0,0,1", "finite"),
    ("1,70000,0,1", "x must be")])  # fmt: skip
def test_bad_events(tmp_path: Path, rows: str, word: str) -> None:
    path = tmp_path / "e.csv"
    path.write_text(f"t,x,y,p\n{rows}\n")
    with pytest.raises(ParameterError, match=word):
        open_source(f"file:{path}")


def test_other_event_files(data: Callable[[str], Path]) -> None:
    path = data("events/dvxplorer_320x240.aedat4")
    try:
        events = read_events(path)
    except MissingExtraError as error:
        assert "neuroedge[events]" in str(error)
        return
    with np.load(data("events/dvxplorer_320x240_expected.npz")) as expected:
        assert events.size == (320, 240)
        assert np.array_equal(events.neurons, expected["y"].astype(int) * 320 + expected["x"])
        assert np.allclose(events.times, (expected["t"] - expected["t"][0]) / 1000.0)
        assert np.array_equal(events.polarity, expected["p"])
    assert sum(map(len, values(EventFile(events)))) == len(events.times)


def test_a_broken_event_file(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat4"
    path.write_bytes(b"#!AER-DAT4.0\r\n nonsense")
    with pytest.raises((NotReadyError, MissingExtraError)):
        open_source(f"file:{path}")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"1\n2\n")
    os.close(theirs)
    with os.fdopen(ours) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert values(open_source("-")) == [1, 2]
