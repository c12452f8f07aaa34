"""The tutorial's blocks about the board, word for word, on every captured board."""

import math
import warnings
from pathlib import Path
from typing import Any, Dict

import pytest
from blocks import block

from neuroedge import NeuromorphicAPI

TREES = Path(__file__).parents[1] / "board" / "trees"
BOARDS = sorted(folder.name for folder in TREES.iterdir() if folder.is_dir())


def run(heading: str, board: str, monkeypatch: pytest.MonkeyPatch, **names: Any) -> Dict[str, Any]:
    """The names that a block leaves behind when it runs on that board."""
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(TREES / board))
    monkeypatch.delenv("NEUROEDGE_UPS", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(block(heading), heading, "exec"), names)
    return names


@pytest.mark.parametrize("board", BOARDS)
def test_performance_optimization(board: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    left = run("### Performance Optimization", board, monkeypatch)
    assert left["info"]["board"]
    out = capsys.readouterr().out
    if board == "jetson-nano-4gb-jp4.6":
        assert out == "Available memory: None MB\nGPU cores: 128\nMax frequency: 1479.0 MHz\n"


@pytest.mark.skipif(
    not hasattr(NeuromorphicAPI, "set_simulation_quality"), reason="the API has no qualities of simulation"
)
@pytest.mark.parametrize("board", BOARDS)
def test_dynamic_power_scaling(board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("input", 4)
    left = run("### Dynamic Power Scaling", board, monkeypatch, api=api)
    assert 0.0 <= left["battery_level"] <= 100.0
    assert math.isnan(left["temp"]) or -40.0 <= left["temp"] <= 150.0
