"""`neuroedge info`: a report within 80 columns on every board, the same for machines, a cure for what is missing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import pytest

from neuroedge import Network, cli, compile_network
from neuroedge.cli.table import rows
from neuroedge.engines.choose import choose
from neuroedge.engines.names import ENGINES
from neuroedge.plan.plan import State

TREES = Path(__file__).parents[1] / "board" / "trees"
BOARDS = sorted(folder.name for folder in TREES.iterdir() if folder.is_dir())
NANO = "jetson-nano-4gb-jp4.6"
LABELS = ["neuroedge", "files of", "board", "cores", "memory", "gpu", "temperature", "throttled", "power", "battery",
          "power mode", "engines"]  # fmt: skip


@pytest.fixture
def info(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`info(root, *arguments)`: what `neuroedge info` prints for the board under that root."""
    monkeypatch.delenv("NEUROEDGE_UPS", raising=False)

    def run(root: Path, *arguments: str) -> str:
        monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(root))
        assert cli.main(["info", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return str(out)

    return run


def labels(out: str) -> List[str]:
    return [line[:13].strip() for line in out.splitlines() if line[:13].strip()]


@pytest.mark.parametrize("board", BOARDS)
def test_a_report_of_every_board(info: Any, board: str) -> None:
    out = info(TREES / board)
    assert all(len(line) <= 80 and line == line.rstrip() for line in out.splitlines())
    assert [label for label in labels(out) if label in LABELS] == LABELS
    assert set(labels(out)) - set(LABELS) <= {"chip", "skipped", "missing"}
    assert not re.search(r"\b(None|nan)\b", out)


@pytest.mark.parametrize("board", BOARDS)
def test_the_same_for_machines(info: Any, board: str) -> None:
    out = info(TREES / board, "--json")
    report = json.loads(out, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    assert out.count("\n") == 1 and report["schema"] == "neuroedge.info/1"
    assert set(report) == {
        "schema", "version", "board", "simd", "simd_levels", "engines", "missing", "temperature_c", "temperature_zone",
        "zones", "throttled", "power_w", "power_method", "rails", "battery", "power_modes", "skipped", "cures",
    }  # fmt: skip


def test_a_nano(info: Any) -> None:
    out = info(TREES / NANO)
    for words in (
        "NVIDIA Jetson Nano Developer Kit", "JetPack 4.6", "4 × ARM Cortex-A57, 1,479 MHz", "128 CUDA cores",
        "34.0 °C (CPU-therm)", "0.90 W (measured: ina3221 POM_5V_IN)", "none found",
        "MAXN (10 W, 4 cores); nvpmodel has also 5W", "cupy-cuda102==12.3.0",
    ):  # fmt: skip
        assert words in " ".join(out.split()), words
    report = json.loads(info(TREES / NANO, "--json"))
    assert report["power_w"] == 0.9 and report["temperature_c"] == 34.0 and report["battery"] is None
    assert report["power_modes"]["current"] == "MAXN" and report["power_modes"]["kind"] == "nvpmodel"
    assert report["power_modes"]["modes"][1] == {"name": "5W", "id": 1, "budget_w": 5.0, "cores": 2, "current": False}


def test_a_pi_that_was_held_back(info: Any, tmp_path: Path) -> None:
    assert "soft temperature limit; since the start: soft temperature limit" in " ".join(
        info(TREES / "raspberry-pi-4").split())  # fmt: skip
    place = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    place.parent.mkdir(parents=True)
    for text, words in (("0", "no"), ("50000", "no; since the start: undervoltage, lowered clocks"),
                        ("50005", "now: undervoltage, lowered clocks; since")):  # fmt: skip
        place.write_text(text)
        assert f"throttled {words}" in " ".join(info(tmp_path).split())


def test_files_of_no_use_are_named_and_counted(info: Any, tmp_path: Path) -> None:
    for number in range(5):
        zone = tmp_path / f"sys/class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text("CPU-therm")
        (zone / "temp").write_text("hot\x1b[31m")
    out = info(tmp_path)
    assert labels(out).count("skipped") == 1 and "thermal_zone0/temp: no whole number" in out
    assert "and 2 more: neuroedge info --json names them" in out and "\x1b" not in out
    skipped = json.loads(info(tmp_path, "--json"))["skipped"]
    assert len(skipped) == 5 and skipped[4]["times"] >= 1


def test_what_a_board_calls_itself_steers_no_terminal(info: Any, tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("\x1b]0;x\x07 " + "board" * 100)
    out = info(tmp_path)
    assert "\x1b" not in out and "\x07" not in out and all(len(line) <= 80 for line in out.splitlines())


def test_the_engines_that_are_listed_are_those_that_run() -> None:
    net = Network()
    net.add("one", 1, "lif")
    plan = compile_network(net, 1.0)
    assert [choose(name, plan, State(plan))[0].name for name in ENGINES] == list(ENGINES)


def test_long_values_wrap_and_end() -> None:
    lines = rows([("skipped", "word " * 60), ("x", "")])
    assert len(lines) == 5 and lines[3].endswith(" ...") and lines[4] == "x"
    assert all(len(line) <= 80 for line in lines) and all(line.startswith(" " * 13) for line in lines[1:4])


def run_here(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    program = "import sys; from neuroedge.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env={**os.environ, **environment}, capture_output=True, timeout=60
    )


@pytest.mark.long
def test_a_terminal_without_unicode() -> None:
    done = run_here("info", NEUROEDGE_BOARD_ROOT=str(TREES / NANO), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0 and b"34.0 ?C" in done.stdout and done.stderr == b""


@pytest.mark.long
def test_this_machine_itself() -> None:
    done = run_here("info", "--json", NEUROEDGE_BOARD_ROOT="")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["board"]["cpu_count"] >= 1 and report["board"]["memory_total_mb"] > 0


def test_a_root_that_is_none(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", "/nowhere")
    assert cli.main(["info"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: board: NEUROEDGE_BOARD_ROOT must be a directory (got '/nowhere')")


@pytest.mark.parametrize("verb", ["info", "power"])
def test_a_battery_board_that_does_not_answer_is_named(
    verb: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", "/")
    monkeypatch.setenv("NEUROEDGE_UPS", "ina219@97:0x42,shunt=0.1")
    assert cli.main([verb]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "battery none found" in out and "missing ina219@97:0x42" in out
    monkeypatch.setenv("NEUROEDGE_UPS", "ina219")
    assert cli.main([verb]) == 1
    assert capsys.readouterr().err.startswith("error: NEUROEDGE_UPS must be ina219@BUS:ADDRESS")
