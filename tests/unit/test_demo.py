"""The demo: right answers on real video, one picture, one JSON object."""

import json
from pathlib import Path

import pytest

from neuroedge.applications import demo
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


@pytest.mark.long
def test_json_is_one_object(capsys: pytest.CaptureFixture) -> None:
    assert main(["demo", "--flat-out", "--no-picture", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "neuroedge.demo/1"
    assert report["direction"] == "up" and report["right"] == len(report["answers"]) == len(CASES)
    assert report["frames"] == 50 and report["deadline_ms"] == 40.0


def test_the_picture_is_written(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("matplotlib", reason="pip install neuroedge[plot]")
    path = tmp_path / "demo.png"
    assert main(["demo", "--flat-out", "--out", str(path)]) == 0
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size > 50_000
    out = capsys.readouterr().out
    for line in ("board", "network", "camera", "spikes", "speed", "latency", "answer"):
        assert f"\n{line}" in f"\n{out}"


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("matplotlib", reason="pip install neuroedge[plot]")
    assert main(["demo", "--flat-out", "--out", str(tmp_path / "absent" / "demo.png")]) == 1
    assert "error:" in capsys.readouterr().err
