"""`neuroedge run`: the clip, digits through pipes and files, Ctrl-C, limits, and what is refused."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.applications.classify import load_digits
from neuroedge.applications.ready import ready
from neuroedge.cli import main
from neuroedge.runtime.clock import HurriedClock

DIGITS = load_digits()
LINE = re.compile(r"[\d.]+ Hz · [\d,]+ missed of [\d,]+ · p99\.9 [\d.,]+ ms of \d+( · .*)? · level \d")


def csv_of(path: Path, rows: Any) -> str:
    head = ",".join(f"p{k}" for k in range(len(rows[0])))
    path.write_text("\n".join([head, *(",".join(f"{x:.9g}" for x in row) for row in rows)]) + "\n")
    return f"file:{path}"


@pytest.mark.long
def test_the_clip(capfd: pytest.CaptureFixture) -> None:
    assert main(["run", "motion", "--flat-out", "--sink", "-"]) == 0
    out, err = capfd.readouterr()
    values = [json.loads(line) for line in out.splitlines()]
    # an overrun on a busy machine may cost a frame, and is counted then
    assert len(values) >= 45 and values[-1]["value"]["direction"] == "up"
    said = err.splitlines()
    assert said[0] == "note: no --source: this is the traffic clip, 50 frames, one every 40 ms"
    assert LINE.fullmatch(said[1]) and LINE.fullmatch(said[2]) and said[3].startswith("ended        the source is over")
    assert re.search(r"50 read = (50|4\d) used \+ \d dropped", err) and all(len(line) <= 80 for line in said)


def test_digits_of_a_csv_file_are_told_recorded_and_limited(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    source, out = csv_of(tmp_path / "d.csv", DIGITS.test_inputs[:40]), tmp_path / "out.csv"
    words = ["run", "digits", "--source", source, "--flat-out", "--sink", f"file:{out}", "--safe", '{"class": -1}']
    limits = ["--require", "dropped=0", "--require", "p99_ms=0", "--require", "unwritten=0"]
    assert main([*words[:-2], "--record", str(tmp_path / "r.npz"), *limits, "--json"]) == 3
    said, err = capsys.readouterr()
    assert err == "error: --require p99_ms=0: missed\n"
    first, last = (json.loads(line) for line in said.splitlines())
    assert first["schema"] == "neuroedge.run.status/1" and last["schema"] == "neuroedge.run/1"
    assert last["read"] == last["used"] == last["written"] == 40 and last["missed_limits"] == ["p99_ms=0"]
    assert last["reason"] == "end" and last["period_ms"] == last["deadline_ms"] == 20.0 and last["latency_p99_ms"] > 0
    wanted = ne.predict(ready("digits").network, DIGITS.test_inputs[:40])
    rows = out.read_text().splitlines()
    assert rows[0] == "seconds,class,label,margin" and [int(row.split(",")[1]) for row in rows[1:]] == wanted.tolist()
    with np.load(tmp_path / "r.npz", allow_pickle=False) as held:
        assert np.array_equal(held["value_class"][:40], wanted) and np.isnan(held["value_class"][40])
        assert held["value_label"][0] == str(wanted[0]) and held["value_margin"].dtype == np.float64
        assert held["populations"].tolist() == ["input", "hidden", "output"] and held["spikes"].shape == (41, 3)
        assert (held["spikes"][:40, :2] > 0).all() and not held["spikes"][:, 2].any()
        assert (held["latency_ms"] > 0).all() and (np.diff(held["time_s"]) > 0.019).all()


def test_values_of_a_pipe(capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    lines = [json.dumps(DIGITS.test_inputs[k].tolist()) for k in range(3)]
    os.write(writing, ("\n".join([*lines, "[1, 2]", "half"]) + "\n").encode())
    os.close(writing)
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["run", "digits", "--source", "-", "--deadline", "2", "--sink", "-", "--safe", "null"]) == 0
    out, err = capfd.readouterr()
    values = [json.loads(line)["value"] for line in out.splitlines()]
    assert [v["class"] for v in values[:3]] == ne.predict(ready("digits").network, DIGITS.test_inputs[:3]).tolist()
    # two bad lines and the end: the safe value, and once more when all is over
    assert values[3:] == [None] * 4
    assert "4 read = 3 used + 1 dropped (encode 1, read 1" in " ".join(err.split())


def test_the_safe_value_at_the_end(tmp_path: Path) -> None:
    words = ["run", "digits", "--flat-out", "--for", "0.1", "--sink", f"file:{tmp_path}/o.jsonl", "--safe", "[0, 0]"]
    assert main(words) == 0
    values = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert 3 <= len(values) <= 6 and values[-1]["value"] == [0, 0] and values[0]["value"]["label"] == "4"


def test_a_sensor_that_ends_it(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    rows = DIGITS.test_inputs[:4].copy()
    rows[2, 5] = np.nan
    words = ["run", "digits", "--source", csv_of(tmp_path / "d.csv", rows), "--flat-out"]
    assert main([*words, "--on-error", "stop"]) == 1
    assert "not finite" in capsys.readouterr().err.splitlines()[-1]
    # the others go on
    assert main([*words, "--on-error", "hold", "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["held"] == 1 and last["dropped"] == 1 and last["errors"] == {"nan": 1} and last["used"] == 3


def test_a_model_of_ones_own_without_words(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    net = ne.Network("own")
    net.add("in", 2, "rate")
    net.add("out", 2, "lif", tau_m=5.0, v_rest=0.0, v_threshold=1.0, v_reset=0.0, refractory=0.0)
    net.connect("in", "out", weights=np.eye(2) * 2.0)
    ne.save(tmp_path / "own.ne", net, dt=1.0)
    (tmp_path / "e.csv").write_text("neuron,time\n0,1\n1,12\n1,15\n")
    words = ["run", str(tmp_path / "own.ne"), "--flat-out", "--source", f"file:{tmp_path}/e.csv", "--sink", "-"]
    assert main([*words[:-2], "--json", "--governor"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["last_value"] == [0, 2]
    assert "note: the model has no encoder: the source must give events for in" in err
    assert "note: the model has no decoder: what comes out are spike counts of 'out'" in err


@pytest.mark.long
def test_a_picture_of_its_latencies(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pip install neuroedge[plot]")
    assert main(["run", "digits", "--flat-out", "--for", "1", "--plot", str(tmp_path / "l.svg")]) == 0
    text = (tmp_path / "l.svg").read_text()
    assert text.startswith("<?xml") and not (tmp_path / "r.npz").exists()


USAGE: List[List[str]] = [
    ["motion", "--deadline", "0"], ["motion", "--deadline", "nan"], ["motion", "--for", "-1"],
    ["motion", "--source", "fly"], ["motion", "--source", "camera:0", "--flat-out"], ["motion", "--sink", "out.txt"],
    ["motion", "--safe", "0"], ["motion", "--sink", "-", "--safe", "stop!"], ["motion", "--require", "speed=2"],
    ["motion", "--require", "p99_ms"], ["motion", "--record", "r.txt"], ["motion", "--record", "/nowhere/r.npz"],
    ["motion", "--on-error", "cry"], ["motion", "--plot", "l.jpg"],
]  # fmt: skip


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_usage(words: List[str], capsys: pytest.CaptureFixture) -> None:
    try:
        code = main(["run", *words])
    except SystemExit as exit:
        code = int(exit.code or 0)
    out, err = capsys.readouterr()
    assert code == 2 and out == "" and err.startswith("error: ") and "--" in err


def test_a_model_of_ones_own_needs_a_source(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    (tmp_path / "own.ne").write_bytes(b"")
    assert main(["run", str(tmp_path / "own.ne")]) == 2
    assert "--source is missing: only the ready-made models have samples" in capsys.readouterr().err


def test_what_cannot_be_run(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    short = csv_of(tmp_path / "short.csv", DIGITS.test_inputs[:3, :60])
    for words, said in (
        (["digits", "--source", short, "--flat-out"], "a sample must be 64 numbers (got shape [60]"),
        (["motion", "--source", short, "--flat-out"], "image must be"),
        (["motion", "--deadline", "0.5"], "multiple of its step, 1 ms (got 0.5 ms)"),
        (["digits", "--source", "file:/nowhere.csv"], "there is no such file"),
        (["/nowhere.ne", "--source", "-"], "/nowhere.ne"),
        (["digits", "--sink", "file:/nowhere/o.csv"], "/nowhere/o.csv"),
    ):
        assert main(["run", *words]) == 1
        err = capsys.readouterr().err
        assert said in err and "Traceback" not in err


def started(*words: str) -> "subprocess.Popen[str]":
    program = "import sys; from neuroedge.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "run", "digits", "--source", "-", "--sink", "-", "--safe", "0", *words]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(DIGITS.test_inputs[0].tolist()) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["value"]["label"] == "4"
    return process


@pytest.mark.long
def test_ctrl_c_is_its_normal_end() -> None:
    process = started()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and json.loads(out.splitlines()[-1])["value"] == 0
    assert "ended        Ctrl-C" in err and "Traceback" not in err


@pytest.mark.long
def test_a_second_ctrl_c_ends_it_at_once() -> None:
    process = started("--deadline", "5000")
    process.send_signal(signal.SIGINT)
    # long enough that both are not taken for one
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=4)
    assert process.returncode in (-signal.SIGINT, 0)


def test_a_hurried_clock_measures_work_and_sleeps_for_nothing() -> None:
    clock, began = HurriedClock(), time.monotonic()
    before = clock.now()
    clock.sleep_until(before + 100.0)
    assert 100.0 <= clock.now() - before < 101.0 and time.monotonic() - began < 1.0
    clock.sleep_until(before)
    assert clock.now() >= before + 100.0
