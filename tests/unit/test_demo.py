"""The demo: steps that are measured, right answers on real video, one picture, one report, one JSON object."""

import json
import os
import time
from pathlib import Path
from typing import Any, List

import pytest

from neuroedge.applications import demo, steps
from neuroedge.applications.classify import load_digits
from neuroedge.applications.demo_report import CAPTIONS
from neuroedge.cli import main


@pytest.fixture(scope="module")
def sim():
    return demo.simulator()


CASES = demo.cases(demo.load_clip())


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_the_answer_is_right(case: demo.Case, sim) -> None:
    seen = demo.watch(sim, case.clip)
    assert seen.motion.direction == case.direction
    assert case.speed in (None, seen.motion.speed)
    # not by a hair: the second direction gets at most two thirds of the first
    assert seen.motion.margin > 1 / 3


def test_all_ways_are_asked_for() -> None:
    clips, bars = CASES[:5], CASES[5:]
    assert [c.direction for c in clips] == ["up", "down", "down", "left", "right"]
    assert len({(c.direction, c.speed) for c in bars}) == 16


def test_without_weights_there_is_no_answer(sim) -> None:
    blind = demo.simulator()
    network = blind._network
    network.set_weights({"fields->output": network.get_weights()["fields->output"] * 0})
    assert demo.watch(blind, CASES[0].clip).motion.direction is None


def test_a_live_clip_keeps_its_cameras_pace(sim) -> None:
    clip, came = demo.load_clip(), []
    began = time.perf_counter()
    demo.watch(sim, demo.Clip(clip.frames[:4], 20.0), live=True, saw=lambda _: came.append(time.perf_counter() - began))
    assert all(moment >= 0.02 * k for k, moment in enumerate(came)) and len(came) == 4


@pytest.fixture
def quick(shrunk: steps.ShrunkDigits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The demo with steps that were measured before, in a folder of its own."""
    monkeypatch.setattr("neuroedge.cli.demo.shrink_digits", lambda: shrunk)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.long
def test_every_step_is_measured(shrunk: steps.ShrunkDigits) -> None:
    first, pruned, coded, small = shrunk.steps
    assert shrunk.samples == len(load_digits().test_labels)
    assert first.accuracy > 0.95 and min(s.accuracy for s in shrunk.steps) > 0.85
    assert pruned.synapses == coded.synapses == pytest.approx(0.2 * first.synapses, rel=0.01)
    assert small.nbytes < coded.nbytes < first.nbytes and pruned.additions < first.additions / 2
    for step in shrunk.steps:
        assert step.p50_us > 0.0 and step.energy_source
        assert step.microjoules is None or step.microjoules > 0.0
    wrong = [digit for digit in shrunk.digits if digit.answer != digit.label]
    assert len(shrunk.digits) >= steps.FIRST and len(wrong) >= steps.WRONG


@pytest.mark.long
def test_json_is_one_object(quick: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["demo", "--flat-out", "--no-picture", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "neuroedge.demo/1"
    assert report["direction"] == "up" and report["right"] == len(report["answers"]) == len(CASES)
    assert report["frames"] == 50 and report["deadline_ms"] == 40.0
    latency = report["latency_ms"]
    assert latency["p50"] <= latency["p99"] <= latency["p99_9"] <= latency["max"]
    assert len(report["digits"]["steps"]) == 4 and report["digits"]["samples"] == 540
    # without pictures the page says how to get them
    assert os.listdir(quick) == ["demo.html"]
    page = (quick / "demo.html").read_text(encoding="utf-8")
    assert "<img" not in page and "without pictures" in page


@pytest.mark.long
def test_picture_and_report_are_written(quick: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("matplotlib", reason="pip install neuroedge[plot]")
    assert main(["demo", "--flat-out"]) == 0
    path, page = quick / "demo.png", (quick / "demo.html").read_text(encoding="utf-8")
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size > 50_000
    assert page.count("<img src=\"data:image/") == len(CAPTIONS) and len(page) < 3_000_000
    out = capsys.readouterr().out
    for line in ("step", "energy", "board", "network", "camera", "spikes", "speed", "latency", "answer"):
        assert f"\n{line}" in f"\n{out}"
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["--out", "absent/demo.png"], 1),
        (["--report", "absent/demo.html"], 1),
        (["--out", "demo.jpg"], 2),
        (["--report", "demo.png"], 2),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(
    arguments: List[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", *arguments]) == code
    captured = capsys.readouterr()
    assert "error:" in captured.err and captured.out == "" and "demo:" not in captured.err
    assert os.listdir(tmp_path) == []


@pytest.mark.long
def test_an_interrupt_leaves_no_half_file(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> bytes:
        raise KeyboardInterrupt

    (quick / "demo.html").write_text("old")
    monkeypatch.setattr("neuroedge.cli.demo.demo_page", interrupted)
    assert main(["demo", "--flat-out", "--no-picture"]) == 130
    assert os.listdir(quick) == ["demo.html"] and (quick / "demo.html").read_text() == "old"


@pytest.mark.long
def test_a_wrong_answer_is_told(quick: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    swapped = [CASES[0]._replace(direction="down"), CASES[1]]
    monkeypatch.setattr("neuroedge.cli.demo.cases", lambda clip: swapped)
    assert main(["demo", "--flat-out", "--no-picture"]) == 1
    assert "WRONG" in capsys.readouterr().out
    assert "WRONG" in (quick / "demo.html").read_text(encoding="utf-8")
