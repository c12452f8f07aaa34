"""The tutorial's blocks on the board, power and sleep, word for word: on this machine and on every captured board."""

import itertools
import math
import threading
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import blocks
import numpy as np
import pytest
from api.neuromorphic_api import NeuromorphicAPI

from neuroedge.board.files import Tree
from neuroedge.board.modes import modes

TREES = Path(__file__).parent.parent / "board" / "trees"
BOARDS = sorted(folder.name for folder in TREES.iterdir() if folder.is_dir())

# what a captured board answers to the lines that block 1 prints; None is printed as it is
TOLD = {
    "jetson-nano-4gb-jp4.6": ("None", "128", "1479"),
    "jetson-nano-2gb-jp4.6": ("None", "128", "None"),
    "jetson-tx2": ("None", "256", "None"),
    "jetson-orin-nano-jp6": ("None", "1024", "None"),
    "raspberry-pi-4": ("None", "0", "None"),
    "x86-laptop": ("13151", "None", "3300"),
}


@pytest.fixture(autouse=True)
def no_battery_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROEDGE_UPS", raising=False)


@pytest.fixture(params=[None, *BOARDS], ids=lambda name: name or "this machine")
def board(request: Any, monkeypatch: pytest.MonkeyPatch) -> Optional[str]:
    if request.param is None:
        monkeypatch.delenv("NEUROEDGE_BOARD_ROOT", raising=False)
        if modes(Tree()) is not None:
            pytest.skip("this machine has power modes, and a test does not change them")
    else:
        monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(TREES / request.param))
    return request.param


def run(text: str, names: Dict[str, Any]) -> List[str]:
    """Run a block; returns what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(text, "edge_deployment.md", "exec"), names)
    return [str(w.message) for w in caught]


def test_performance_optimization(board: Optional[str], capsys: pytest.CaptureFixture) -> None:
    names: Dict[str, Any] = {}
    if board is None:
        # what this machine is, and what it lets us set, is its own affair
        run(blocks.block("### Performance Optimization"), names)
        assert names["info"]["memory_available"] > 0 and names["info"]["cpu_count"] > 0
        return
    said = run(blocks.block("### Performance Optimization"), names)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Available memory", "GPU cores", "Max frequency"]
    for line, told in zip(lines, TOLD.get(board, (None, None, None))):
        assert told is None or line.split(": ")[1].split()[0] in (told, f"{told}.0"), line
    # nothing of a captured board is set, and each refusal is said
    assert any("power mode" in text for text in said) and any("GPU" in text for text in said), said


@pytest.fixture
def api() -> NeuromorphicAPI:
    net = NeuromorphicAPI(seed=1)
    net.create_network()
    net.add_sensory_layer("in", 10, "lif")
    net.add_motor_layer("out", 4)
    net.connect_layers("in", "out", weights=np.full((10, 4), 6.0))
    return net


def test_dynamic_power_scaling(board: Optional[str], api: NeuromorphicAPI) -> None:
    names: Dict[str, Any] = {"api": api}
    said = run(blocks.block("### Dynamic Power Scaling"), names)
    assert 0.0 <= names["battery_level"] <= 100.0 and api.simulation_quality == "high"
    assert math.isnan(names["temp"]) or -40.0 <= names["temp"] <= 150.0
    if board == "x86-laptop":
        assert names["battery_level"] == 98.0 and not any("no battery" in text for text in said)
    elif board is not None:
        assert names["battery_level"] == 100.0 and sum("no battery" in text for text in said) == 1
    if board == "jetson-nano-4gb-jp4.6":
        # not AO-therm (41.5), nor PMIC-Die (100)
        assert names["temp"] == 34.0


@pytest.mark.parametrize("level, mode, quality", [(19, "5W", "low"), (20, "10W", "medium"), (49, "10W", "medium"),
                                                  (50, "MAXN", "high"), (98, "MAXN", "high")])  # fmt: skip
def test_the_battery_decides(
    level: int, mode: str, quality: str, api: NeuromorphicAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    battery = tmp_path / "sys/class/power_supply/BAT0"
    battery.mkdir(parents=True)
    for name, text in {"type": "Battery", "present": "1", "capacity": str(level), "status": "Discharging"}.items():
        (battery / name).write_text(f"{text}\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/nvpmodel.conf").write_text("< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=5W >\n")
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(tmp_path))
    names: Dict[str, Any] = {"api": api}
    said = " ".join(run(blocks.block("### Dynamic Power Scaling"), names))
    assert names["battery_level"] == level and api.simulation_quality == quality
    assert f"'{mode}'" in said or mode == "10W", said


def test_it_is_hot(api: NeuromorphicAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("76000\n")
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(tmp_path))
    names: Dict[str, Any] = {"api": api}
    run(blocks.block("### Dynamic Power Scaling"), names)
    pm = names["pm"]
    try:
        assert names["temp"] == 76.0
        for _ in range(200):
            if api.simulation_quality == "low":
                break
            pm._throttle._thread.join(0.01)
        assert api.simulation_quality == "low"
    finally:
        pm.disable_thermal_throttling()
    assert api.simulation_quality == "high"


class End(Exception):
    """The stand-in that ends an endless loop."""


class Time:
    """The reader's `time`, turned by hand: polling takes a millisecond, and input comes when it does."""

    def __init__(self, pushes: Dict[int, Any], polls: int) -> None:
        self.pushes, self.polls, self.now = pushes, polls, itertools.count(1)
        self.ms = 0

    def __call__(self) -> float:
        return self.ms / 1000.0

    def sleep(self, seconds: float) -> None:
        assert seconds == 0.001
        self.ms = next(self.now)
        if self.ms in self.pushes:
            self.pushes[self.ms]()
        if self.ms >= self.polls:
            raise End


def test_sleep_modes() -> None:
    results: List[Any] = []
    slept: List[bool] = []
    time = Time({}, 2600)

    class Watched(NeuromorphicAPI):
        def process_input(self) -> Any:
            results.append(super().process_input())
            return results[-1]

    net = Watched(seed=1, clock=time)
    net.create_network()
    net.add_sensory_layer("in", 10, "lif")
    net.add_motor_layer("out", 4)
    net.connect_layers("in", "out", weights=np.full((10, 4), 6.0))
    volley = [(n, 0.0) for n in range(10)]
    time.pushes = {
        100: lambda: net.push_input("in", volley),
        999: lambda: slept.append(net.asleep),
        1200: lambda: slept.append(net.asleep),
        2400: lambda: (slept.append(net.asleep), net.push_input("in", volley), slept.append(net.asleep)),
    }
    with pytest.raises(End):
        run(blocks.block("### Sleep Modes"), {"api": net, "time": time})
    assert slept == [False, True, True, False]
    assert [round(r.duration) for r in results] == [100, 2300]
    assert results[0]["layer_spike_counts"]["in"].sum() == 10
    assert net.input_counts == (20, 20, 0, 0)
    # once it has had the time to travel
    time.ms += 10
    assert net.process_input()["layer_spike_counts"]["out"].sum() == 4


@pytest.fixture(autouse=True)
def no_throttle_is_left() -> Iterator[None]:
    yield
    assert not [t for t in threading.enumerate() if t.name == "neuroedge-thermal-throttle"]
