"""Estimates: only for boards whose figures have a source, along a line, and never called measured."""

from pathlib import Path
from typing import Optional

import pytest
from links import write

from neuroedge.board.estimate import MODELS, EstimateSource, estimate, model_for, utilisation
from neuroedge.board.files import Tree
from neuroedge.board.identify import identify


def stat(root: Path, *ticks: int) -> None:
    write(root, {"proc/stat": f"cpu  {' '.join(map(str, ticks))}\ncpu0 1 2 3 4\n"})


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("NVIDIA Jetson Nano Developer Kit", "jetson-nano-4gb"),
        ("NVIDIA Jetson Nano 2GB Developer Kit", "jetson-nano-2gb"),
        ("jetson-nano", "jetson-nano-4gb"),
        ("NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super", None),
        ("Raspberry Pi 4 Model B Rev 1.5", "raspberry-pi-4"),
        ("Raspberry Pi 3 Model B Rev 1.2", "raspberry-pi-3"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "raspberry-pi-3-plus"),
        ("Raspberry Pi 5 Model B Rev 1.0", None),
        ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", None),
        ("", None),
    ],
)
def test_which_boards_have_one(name: str, board: Optional[str]) -> None:
    found = model_for(name)
    assert (found.board if found else None) == board


def test_ids_and_captured_boards(board: object) -> None:
    assert all(model_for(model.board) == model for model in MODELS)
    assert model_for("raspberry-pi-3", "Raspberry Pi 3 Model B Plus Rev 1.3") == model_for("raspberry-pi-3-plus")
    found = model_for(identify(board("jetson-nano-2gb-jp4.6")).name)  # type: ignore[operator]
    assert found is not None and found.board == "jetson-nano-2gb"


def test_every_model_has_a_source_and_sense() -> None:
    for model in MODELS:
        assert 0.0 < model.idle < model.full < 20.0 and len(model.source) > 20


def test_the_line_of_the_nano_meets_its_captures() -> None:
    model = model_for("jetson-nano-4gb")
    assert model is not None
    # 2515 mW at (15 + 15 + 14 + 100) / 400 busy, 900 mW at 0.5 %
    assert estimate(model, 0.36) == pytest.approx(2.515, rel=0.02)
    assert estimate(model, 0.005) == pytest.approx(0.9, rel=0.03)
    assert estimate(model, -1.0) == model.idle and estimate(model, 7.0) == model.full


def test_utilisation_from_clock_ticks() -> None:
    before = [100, 0, 50, 1000, 10, 0, 0, 0]
    assert utilisation(before, [150, 0, 50, 1040, 20, 0, 0, 0]) == 0.5
    assert utilisation(before, before) is None
    assert utilisation([], before) is None
    # iowait that falls is not negative time
    assert utilisation(before, [150, 0, 50, 1050, 5, 0, 0, 0]) == 0.5


def test_a_source_from_proc_stat(tmp_path: Path) -> None:
    model = model_for("raspberry-pi-4")
    assert model is not None
    stat(tmp_path, 0, 0, 0, 100, 0, 0, 0, 0)
    now = [0.0]
    source = EstimateSource(Tree(tmp_path), model, clock=lambda: now[0])
    assert source.method.startswith("estimated: raspberry-pi-4, 2.7 to 6.4 W by CPU use (")
    assert source.read() is None
    now[0] = 2.0
    stat(tmp_path, 50, 0, 0, 150, 0, 0, 0, 0)
    assert source.joules() == pytest.approx(2.0 * (2.7 + 0.5 * 3.7)) and source.read() == pytest.approx(4.55)
    # no tick has gone by: that time is told with the next one
    now[0] = 3.0
    assert source.joules() == pytest.approx(9.1)
    stat(tmp_path, 50, 0, 0, 350, 0, 0, 0, 0)
    assert source.joules() == pytest.approx(9.1 + 2.7)
    write(tmp_path, {"proc/stat": "cpu x y z\n"})
    assert source.joules() is None
