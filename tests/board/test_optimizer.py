"""JetsonOptimizer and PowerManager on every captured board: what they tell, what they refuse, and what helps."""

import importlib
import math
import os
import sys
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from captured import BOARDS, TREES, Captured, said

from neuroedge.board.commands import Answer
from neuroedge.board.cuda import cupy_cure, cupy_missing
from neuroedge.board.identify import identify
from neuroedge.errors import ArgumentTypeError, MissingExtraError, ParameterError, UnknownNameError, UnsupportedError
from neuroedge.tutorial.api import NeuromorphicAPI
from neuroedge.tutorial.jetson import JetsonOptimizer, PowerManager

NANO, ORIN, LAPTOP = "jetson-nano-4gb-jp4.6", "jetson-orin-nano-jp6", "x86-laptop"

# what the tutorial and its readers ask for, and of what kind it is where it is not None
KINDS: Dict[str, Any] = {
    "board": str, "kind": str, "model": str, "soc": str, "jetpack": str, "l4t": str, "machine": str, "container": str,
    "memory_total": (int, float), "memory_available": (int, float), "cpu_name": str, "cpu_count": int,
    "max_frequency": (int, float), "frequency_limit": (int, float), "gpu_name": str, "gpu_cores": int,
    "gpu_frequency": (int, float), "temperature": float, "temperature_zone": str, "throttled": bool,
    "power": float, "power_source": str, "power_mode": str, "power_modes": list,
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_battery_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROEDGE_UPS", raising=False)


def heard(call: Callable[[], Any]) -> Any:
    """(what a call gave, the texts of its warnings)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [str(w.message) for w in caught]


@pytest.mark.parametrize("board", BOARDS)
def test_what_each_board_tells(board: str) -> None:
    info = JetsonOptimizer(TREES / board).get_system_info()
    assert list(info) == list(KINDS)
    for key, value in info.items():
        assert value is None or isinstance(value, KINDS[key]), (key, value)
    assert info["board"] and (info["power"] is None) == (info["power_source"] is None)
    assert info["power_mode"] is None or info["power_mode"] in info["power_modes"]


def test_what_a_nano_tells() -> None:
    info = JetsonOptimizer(TREES / NANO).get_system_info()
    assert info["board"] == "NVIDIA Jetson Nano Developer Kit" and info["jetpack"] == "4.6"
    assert (info["gpu_cores"], info["max_frequency"], info["cpu_count"]) == (128, 1479.0, 4)
    assert (info["power_mode"], info["power_modes"]) == ("MAXN", ["MAXN", "5W"])
    assert info["power"] == 0.9 and info["power_source"].startswith("measured: ina3221")
    assert info["temperature_zone"] == "CPU-therm" and info["memory_total"] is None


@pytest.mark.parametrize("board", BOARDS)
def test_the_tutorials_calls_never_raise(board: str) -> None:
    optimizer, manager = JetsonOptimizer(TREES / board), PowerManager(TREES / board)
    info = optimizer.get_system_info()
    assert f"{info['memory_available']} MB, {info['gpu_cores']}, {info['max_frequency']} MHz"
    for who in (optimizer, manager):
        for name in ("MAXN", "10W", "5W"):
            done, texts = heard(lambda: who.set_power_mode(name))
            assert done is False and len(texts) in (1, 2)
            assert "not this machine" in texts[-1] or "none that can be read" in texts[-1]
    assert heard(optimizer.enable_gpu_acceleration)[0] is False
    level, temperature, power = (heard(call)[0] for call in (
        manager.get_battery_level, manager.get_temperature, manager.get_power))  # fmt: skip
    assert 0.0 <= level <= 100.0
    assert math.isnan(temperature) or -40.0 <= temperature <= 150.0
    assert math.isnan(power) or power >= 0.0


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_missing_is_said_once(board: str) -> None:
    manager = PowerManager(TREES / board)
    for call, words in (
        (manager.get_battery_level, "no battery"),
        (manager.get_temperature, "no temperature"),
        (manager.get_power, "measures this board's power"),
    ):
        value, first = heard(call)
        again, second = heard(call)
        assert second == [] and (again == value or math.isnan(again))
        without = call == manager.get_battery_level and manager.battery() is None
        assert len(first) == (1 if math.isnan(value) or without else 0)
        assert all(words in text for text in first)


def test_a_battery_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "sys/class/power_supply/BAT0"
    folder.mkdir(parents=True)
    for name, text in {"type": "Battery", "status": "Discharging", "present": "1"}.items():
        (folder / name).write_text(text)
    manager = PowerManager(tmp_path)
    level, texts = heard(manager.get_battery_level)
    # it is there and tells no level: neither full nor empty
    assert math.isnan(level) and len(texts) == 1 and "BAT0 does not tell its level" in texts[0]
    (folder / "capacity").write_text("17\n")
    assert heard(manager.get_battery_level) == (17.0, [])
    found = manager.battery()
    assert found is not None and found.name == "BAT0" and found.status == "Discharging"


def test_a_battery_board_that_does_not_answer() -> None:
    """It was named, so this board runs on a battery: full is the one thing that may not be said."""
    manager = PowerManager(ups="ina219@97:0x42")
    try:
        level, texts = heard(manager.get_battery_level)
    except MissingExtraError as error:
        assert "pip install neuroedge[sensors]" in str(error)
    else:
        assert math.isnan(level) and len(texts) == 1 and "0x42" in texts[0]


def test_throttling_that_is_asked_for_again_goes_on(tmp_path: Path) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("71000\n")
    api, manager = NeuromorphicAPI(), PowerManager(tmp_path)
    try:
        # as a loop does: anew it would forget what it has learnt, and let go of what it caps
        throttle = manager.enable_thermal_throttling(target=[api])
        assert throttle is not None and manager.enable_thermal_throttling(70.0, [api]) is throttle
        other = manager.enable_thermal_throttling(60.0, [api])
        assert other is not throttle and other is not None and other.running and not throttle.running
        assert manager.enable_thermal_throttling(60.0) is not other
        other = manager.enable_thermal_throttling(60.0)
        assert other is not None
        other.stop()
        assert manager.enable_thermal_throttling(60.0) is not other
    finally:
        manager.disable_thermal_throttling()


class Nano:
    """The nvpmodel of a Nano; `may`: whether the one who asks may set modes."""

    def __init__(self, may: bool) -> None:
        self.may, self.mode = may, "NV Power Mode: MAXN\n0\n"

    def run(self, words: Any, timeout: float = 5.0) -> Optional[Answer]:
        line = " ".join(words)
        if line == "nvpmodel -q":
            return Answer(0, self.mode, "")
        if line.endswith("nvpmodel -m 1") and self.may:
            self.mode = "NV Power Mode: 5W\n1\n"
        return Answer(0, "", "") if self.may else Answer(1, "", "sudo: a password is required\n")


def test_a_mode_is_set_through_a_given_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for made in (JetsonOptimizer, PowerManager):
        who = made(TREES / NANO, runner=Nano(True))
        assert heard(lambda: who.set_power_mode("5W")) == (True, [])
        done, texts = heard(lambda: made(TREES / NANO, runner=Nano(True)).set_power_mode("10W"))
        assert done and len(texts) == 1 and "no mode '10W': 'MAXN' is taken" in texts[0]


def test_what_may_not_be_set_is_a_warning_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("USER", "robo")
    optimizer = JetsonOptimizer(TREES / NANO, runner=Nano(False))
    done, texts = heard(lambda: optimizer.set_power_mode("5W"))
    assert done is False and len(texts) == 1
    for words in ("'5W' was not set", "needs root", "sudo nvpmodel -m 1", "robo ALL=(root) NOPASSWD: /usr/sbin/nvp"):
        assert words in texts[0]
    with pytest.raises(UnsupportedError, match="'5W' was not set: nvpmodel -m needs root; type: sudo nvpmodel -m 1"):
        optimizer.set_power_mode("5W", strict=True)


def test_modes_that_do_not_exist(tmp_path: Path) -> None:
    for made in (JetsonOptimizer, PowerManager):
        with pytest.raises(UnknownNameError, match="unknown power mode '6W'.*5W, MAXN"):
            made(TREES / NANO).set_power_mode("6W")
        with pytest.raises(ArgumentTypeError, match="name must be a text"):
            made(tmp_path).set_power_mode(5)  # type: ignore[arg-type]
        done, texts = heard(lambda: made(tmp_path).set_power_mode("6W"))
        assert done is False and "none that can be read" in texts[0]
        with pytest.raises(UnsupportedError, match="none that can be read"):
            made(tmp_path).set_power_mode("MAXN", strict=True)


def test_a_board_whose_budgets_nobody_knows() -> None:
    thor = "jetson-agx-thor"
    runner = Captured({"nvpmodel -q": said(thor, "nvpmodel_-q.stdout")})
    done, texts = heard(lambda: PowerManager(TREES / thor, runner=runner).set_power_mode("5W"))
    assert done is False and len(texts) == 1 and "budgets of its modes (MAXN) are not known" in texts[0]


def test_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(TREES / ORIN))
    assert JetsonOptimizer().get_system_info()["power_mode"] == "MAXN_SUPER"
    assert repr(PowerManager()) == f"PowerManager(Tree({str(TREES / ORIN)!r}))"
    for made in (JetsonOptimizer, PowerManager):
        with pytest.raises(ParameterError, match="root must be a directory"):
            made(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("board", "words", "helps"),
    [
        (ORIN, "CuPy is not installed", "pip install cupy-cuda12x"),
        ("jetson-agx-xavier", "CuPy is not installed", "pip install cupy-cuda102==12.3.0"),
        (NANO, "CuPy is not installed", "pip install cupy-cuda102==12.3.0"),
        ("jetson-tx2", "CuPy is not installed", "docs/jetson.md"),
        ("raspberry-pi-5", "no CUDA GPU", None),
        ("raspberry-pi-3", "no CUDA GPU", None),
        (LAPTOP, "CuPy is not installed", "an NVIDIA GPU"),
    ],
)
def test_what_a_gpu_needs(board: str, words: str, helps: Optional[str]) -> None:
    why, cure = cupy_cure(identify(TREES / board))
    assert words in why and ((cure is None) if helps is None else (cure is not None and helps in cure))


@pytest.mark.parametrize(
    ("l4t", "package"),
    [("32.1", None), ("32.3.1", None), ("32.4.2", "cuda102==12.3.0"), ("32.7.6", "cuda102==12.3.0"),
     ("35.4.1", "cuda11x==12.3.0"), ("36.4.3", "cuda12x"), ("38.2.0", "cuda13x"), ("99", None), (None, None)],
)  # fmt: skip
def test_the_cupy_of_each_release(l4t: Optional[str], package: Optional[str]) -> None:
    cure = cupy_cure(identify(TREES / NANO)._replace(l4t=l4t))[1]
    assert cure is not None and (f"cupy-{package}" in cure if package else "docs/jetson.md" in cure)


GPU = {
    "works": "from numpy import *\nasnumpy = asarray\n",
    "is wrong": "from numpy import *\ndef asnumpy(values): return asarray(values) + 1\n",
    "fails": "raise RuntimeError('libcuda.so.1: cannot open\\n shared object file')\n",
    "is old": "arange = None\n",
}


@pytest.mark.parametrize("case", sorted(GPU))
def test_a_gpu_is_what_computes_right(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for CuPy, which this machine need not have: what counts is what it answers."""
    monkeypatch.delenv("NEUROEDGE_BOARD_ROOT", raising=False)
    (tmp_path / "cupy.py").write_text(GPU[case])
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    importlib.invalidate_caches()
    try:
        done, texts = heard(JetsonOptimizer().enable_gpu_acceleration)
        assert cupy_missing(identify(TREES / NANO)) is None
    finally:
        sys.modules.pop("cupy", None)
    assert done is (case == "works") and len(texts) == 1
    expected: Dict[str, List[str]] = {
        "works": ["the GPU computes", "still run on the CPU engines"],
        "is wrong": ["computed 333,328,333,350,001", "Networks run on the CPU"],
        "fails": ["CuPy does not work here", "libcuda.so.1: cannot open shared object file"],
        "is old": ["CuPy does not work here", "not callable"],
    }
    assert all(words in texts[0] for words in expected[case])


def test_another_boards_gpu_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cupy.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    done, texts = heard(JetsonOptimizer(TREES / NANO).enable_gpu_acceleration)
    assert done is False and "not this machine" in texts[0] and "cupy" not in sys.modules


def test_the_tutorials_import_path() -> None:
    from scripts.jetson_optimization import JetsonOptimizer as Optimizer
    from scripts.jetson_optimization import PowerManager as Manager

    assert Optimizer is JetsonOptimizer and Manager is PowerManager
