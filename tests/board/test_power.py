"""What boards draw: the total by the right rail, rails by name, no total twice, and nothing where nothing is told."""

import shutil
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import pytest
from captured import BOARDS, TREES, Captured, said
from links import linked, write

from neuroedge.board.commands import Answer
from neuroedge.board.files import Tree
from neuroedge.board.power import power, refusals, sources
from neuroedge.board.rails import channels

CHIP5 = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
CHIP4 = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
NX = "sys/bus/i2c/drivers/ina3221/7-0040/hwmon/hwmon6"

# watts, method, rails with their watts; a board whose capture holds no values tells none
TOLD: Dict[str, Tuple[Optional[float], Optional[str], Dict[str, Optional[float]]]] = {
    "jetson-agx-orin-jp5": (None, None, {}),
    "jetson-agx-thor": (None, None, {}),
    "jetson-agx-xavier": (None, None, {}),
    "jetson-nano-2gb-jp4.6": (None, None, {}),
    "jetson-nano-4gb-jp4.6": (
        0.9,
        "measured: ina3221 POM_5V_IN",
        {"POM_5V_IN": 0.9, "POM_5V_GPU": 0.0, "POM_5V_CPU": 0.123},
    ),
    "jetson-orin-nano-jp6": (None, None, {}),
    "jetson-tx2": (None, None, {"VDD_SYS_GPU": 1.159}),
    "jetson-xavier-nx": (None, None, {"VDD_IN": None, "VDD_CPU_GPU_CV": None, "VDD_SOC": None}),
    "raspberry-pi-3": (None, None, {}),
    "raspberry-pi-4": (None, None, {}),
    "raspberry-pi-5": (None, None, {}),
    "x86-laptop": (4.83, "measured: battery BAT0 (discharging)", {"BAT0": 4.83}),
}


def hwmon(rails: Dict[str, Tuple[int, int]], number: int = 1, chip: str = "1-0040") -> Dict[str, Optional[str]]:
    """Files of an INA3221 under hwmon: label → (mV, mA)."""
    base = f"sys/bus/i2c/drivers/ina3221/{chip}/hwmon/hwmon{number}"
    files: Dict[str, Optional[str]] = {f"{base}/name": "ina3221\n", f"{base}/in7_label": "sum of shunt voltages\n"}
    for k, (label, (volts, current)) in enumerate(rails.items(), 1):
        files[f"{base}/in{k}_label"] = f"{label}\n"
        files[f"{base}/in{k}_input"] = f"{volts}\n"
        files[f"{base}/curr{k}_input"] = f"{current}\n"
    return files


def iio(rails: List[Tuple[str, int]], device: str) -> Dict[str, Optional[str]]:
    """Files of an INA3221 under iio: (name, mW)."""
    files: Dict[str, Optional[str]] = {}
    for k, (name, watts) in enumerate(rails):
        files[f"{device}/rail_name_{k}"] = f"{name}\n"
        files[f"{device}/in_power{k}_input"] = f"{watts}\n"
    return files


def test_every_captured_board_is_in_the_table() -> None:
    assert sorted(TOLD) == BOARDS


@pytest.mark.parametrize("name", sorted(TOLD))
def test_a_captured_board(tmp_path: Path, name: str) -> None:
    told = power(Tree(linked(name, tmp_path)))
    watts, method, rails = TOLD[name]
    assert (told.watts, told.method) == (pytest.approx(watts) if watts is not None else None, method)
    assert {rail.name: rail.watts for rail in told.rails} == {n: w and pytest.approx(w) for n, w in rails.items()}
    assert [rail.name for rail in told.rails if rail.total] == [n for n in rails if n in ("POM_5V_IN", "VDD_IN")]


def test_the_nano_as_tegrastats_shows_it(tmp_path: Path) -> None:
    rows = [line for line in said("jetson-nano-4gb-jp4.6", "tegrastats.lines").out.splitlines() if "POM_5V_IN" in line]
    assert len(rows) == 7
    for row in rows:
        words = row.split()
        shown = [(name, int(words[words.index(name) + 1].split("/")[0])) for name in words if name.startswith("POM_")]
        root = write(tmp_path, iio(shown, CHIP4))
        assert power(Tree(root)).watts == pytest.approx(dict(shown)["POM_5V_IN"] / 1000)


def test_the_agx_xavier_is_the_sum_of_all_of_its_rails(tmp_path: Path) -> None:
    # the captured line: GPU 0/16 CPU 310/432 SOC 931/953 CV 0/0 VDDRQ 466/488 SYS5V 1522/1559
    base = "sys/bus/i2c/drivers/ina3221x"
    write(tmp_path, iio([("GPU", 0), ("CPU", 310), ("SOC", 931)], f"{base}/1-0040/iio:device0"))
    write(tmp_path, iio([("CV", 0), ("VDDRQ", 466), ("SYS5V", 1522)], f"{base}/1-0041/iio:device1"))
    told = power(Tree(tmp_path))
    assert told.watts == pytest.approx(3.229) and told.method is not None and told.method.endswith("VDDRQ + SYS5V")
    assert len(told.rails) == 6 and not any(rail.total for rail in told.rails)
    (tmp_path / f"{base}/1-0041/iio:device1/in_power0_input").unlink()
    assert power(Tree(tmp_path)).watts is None


def test_the_agx_orin_is_the_sum_of_three_rails_and_not_of_the_memory(tmp_path: Path) -> None:
    # 5139 + 3268 + 5500 mW as in its tegrastats, with made-up voltages
    write(tmp_path, hwmon({"VDD_GPU_SOC": (5000, 1028), "VDD_CPU_CV": (5000, 654), "VIN_SYS_5V0": (5000, 1100)}))
    write(tmp_path, hwmon({"VDDQ_VDD2_1V8AO": (5000, 300), "NC": (5000, 900)}, 2, "1-0041"))
    told = power(Tree(tmp_path))
    assert told.watts == pytest.approx(5.0 * (1.028 + 0.654 + 1.1))
    assert [rail.name for rail in told.rails] == ["VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"]
    (tmp_path / CHIP5 / "in2_label").write_text("VDD_OTHER")
    assert power(Tree(tmp_path)).watts is None


def test_the_orin_nano_multiplies_and_does_not_add_parts(tmp_path: Path) -> None:
    write(tmp_path, hwmon({"VDD_IN": (5032, 2480), "VDD_CPU_GPU_CV": (5024, 928), "VDD_SOC": (5024, 560)}))
    told = power(Tree(tmp_path))
    assert told.watts == pytest.approx(5.032 * 2.48) and told.method == "measured: ina3221 VDD_IN"
    assert told.rails[0].total and told.rails[0].volts == 5.032 and told.rails[0].amperes == pytest.approx(2.48)


def test_thor_is_the_input_of_its_carrier(tmp_path: Path) -> None:
    base = "sys/class/hwmon/hwmon4"
    files = {"name": "ina238\n", "in1_input": "20000\n", "curr1_input": "1500\n", "power1_input": "30100000\n"}
    write(tmp_path, {f"{base}/{name}": text for name, text in files.items()})
    # such a chip may measure anything on another board
    assert power(Tree(tmp_path)).watts is None
    assert [(rail.watts, rail.total) for rail in power(Tree(tmp_path)).rails] == [(pytest.approx(30.1), False)]
    write(tmp_path, {"proc/device-tree/compatible": "nvidia,p3971-0050+p3834-0008\0nvidia,tegra264\0"})
    told = power(Tree(tmp_path))
    assert (told.watts, told.method) == (pytest.approx(30.1), "measured: ina238 VIN")


@pytest.mark.parametrize("kind", ["ina219", "ina226"])
def test_other_amplifiers_are_rails_and_no_total(tmp_path: Path, kind: str) -> None:
    base = "sys/class/hwmon/hwmon3"
    write(tmp_path, {f"{base}/name": kind, f"{base}/in1_input": "12000", f"{base}/curr1_input": "500"})
    told = power(Tree(tmp_path))
    assert told.watts is None and [rail.watts for rail in told.rails] == [pytest.approx(6.0)]


def test_one_chip_on_many_paths_is_one_chip(tmp_path: Path) -> None:
    name = "jetson-nano-4gb-jp4.6"
    whole = [(channel.name, channel.chip) for channel in channels(Tree(linked(name, tmp_path)))]
    assert len(whole) == 3
    # as copied by tools that follow links
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / name / "sys/bus", copy / "sys/bus")
    assert not any(path.is_symlink() for path in copy.rglob("*"))
    assert [(channel.name, channel.chip) for channel in channels(Tree(copy))] == whole
    assert power(Tree(copy)).watts == 0.9


def test_power_from_voltage_and_current_where_the_driver_has_no_power(tmp_path: Path) -> None:
    files = {"rail_name_0": "POM_5V_IN", "in_voltage0_input": "5136", "in_current0_input": "368"}
    write(tmp_path, {f"{CHIP4}/{name}": text for name, text in files.items()})
    assert power(Tree(tmp_path)).watts == pytest.approx(5.136 * 0.368)
    (tmp_path / CHIP4 / "in_current0_input").unlink()
    told = power(Tree(tmp_path))
    assert told.watts is None and told.rails[0].volts == 5.136 and told.rails[0].watts is None


@pytest.mark.parametrize(("current", "watts"), [("-8", 0.0), ("-101", None), ("100001", None), ("99000", 495.0)])
def test_offsets_are_zero_and_nonsense_is_nothing(tmp_path: Path, current: str, watts: Optional[float]) -> None:
    write(tmp_path, hwmon({"VDD_IN": (5000, 0)}))
    (tmp_path / CHIP5 / "curr1_input").write_text(current)
    told = power(Tree(tmp_path))
    assert told.rails[0].watts == watts
    # a board that runs draws something: an input that says 0 tells nothing
    assert told.watts == (watts or None)


def test_more_than_a_board_can_draw_is_no_reading(tmp_path: Path) -> None:
    write(tmp_path, hwmon({"VDD_IN": (60000, 99000)}))
    assert power(Tree(tmp_path)).watts is None


def test_values_for_the_xavier_nx(changed: Callable[..., Path]) -> None:
    # its labels are captured, its values are not
    root = changed("jetson-xavier-nx", {f"{NX}/in1_input": "5000", f"{NX}/curr1_input": "900"})
    told = power(Tree(root))
    assert (told.watts, told.method) == (pytest.approx(4.5), "measured: ina3221 VDD_IN")


def test_a_total_that_fails_gives_way_to_the_next_source(tmp_path: Path) -> None:
    root = linked("x86-laptop", tmp_path)
    write(root, hwmon({"VDD_IN": (5000, 0)}))
    (root / CHIP5 / "curr1_input").write_text("")
    told = power(Tree(root))
    assert told.watts == pytest.approx(4.83) and {rail.name for rail in told.rails} == {"VDD_IN", "BAT0"}
    assert [source.kind for source in sources(Tree(root))] == ["ina3221", "battery", "rapl"]


def test_the_pi_5_by_its_converter(board: Callable[[str], Path]) -> None:
    runner = Captured({"vcgencmd pmic_read_adc": said("raspberry-pi-5", "vcgencmd_pmic_read_adc.idle.stdout")})
    told = power(Tree(board("raspberry-pi-5")), runner)
    assert told.watts == pytest.approx(1.9005, abs=1e-4)
    assert told.method is not None and told.method.startswith("measured: pmic")
    assert len(told.rails) == 14 and sum(rail.watts is not None for rail in told.rails) == 12


def test_no_command_is_run_for_another_root_or_another_board(board: Callable[[str], Path]) -> None:
    runner = Captured({})
    power(Tree(board("jetson-nano-4gb-jp4.6")), runner)
    refusals(Tree(board("x86-laptop")), runner)
    assert runner.asked == []


def test_a_pi_that_may_not_ask_its_firmware(board: Callable[[str], Path]) -> None:
    text = "Can't open device file: /dev/vcio\nTry creating a device file with: sudo mknod /dev/vcio c 100 0\n"
    runner = Captured({"vcgencmd pmic_read_adc": Answer(255, "", text)})
    ((what, cure),) = refusals(Tree(board("raspberry-pi-5")), runner)
    assert "vcgencmd" in what and "usermod -aG video" in cure
    runner = Captured({"vcgencmd pmic_read_adc": Answer(0, "VCHI initialization failed\n", "")})
    assert power(Tree(board("raspberry-pi-5")), runner).watts is None


def test_an_empty_tree_draws_nothing_that_is_known(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert power(tree) == (None, None, []) and sources(tree) == [] and refusals(tree) == [] and tree.skipped == []


def test_the_trees_are_not_changed_by_reading() -> None:
    before = {path: path.stat().st_mtime_ns for path in TREES.rglob("*")}
    for name in BOARDS:
        power(Tree(TREES / name))
    assert {path: path.stat().st_mtime_ns for path in TREES.rglob("*")} == before
