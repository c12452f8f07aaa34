"""How hot each captured board is, which sensors count, and what a board says of being held back."""

import random
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from captured import BOARDS, Captured, said

from neuroedge.board import Flags, Throttled, Zone, hottest, temperature, throttled, zones
from neuroedge.board.files import Tree
from neuroedge.board.thermal import zone_types

CLASS = "sys/class/thermal"
NANO = "jetson-nano-4gb-jp4.6"

# (sensor, °C, trust) in the order of their numbers; a board that is not here tells of none
SENSORS: Dict[str, List[Any]] = {
    "jetson-nano-2gb-jp4.6": [
        ("AO-therm", None, "other"),
        ("CPU-therm", None, "die"),
        ("GPU-therm", None, "die"),
        ("PLL-therm", None, "other"),
        ("PMIC-Die", None, "fake"),
        ("thermal-fan-est", None, "other"),
    ],
    NANO: [
        ("AO-therm", 41.5, "other"),
        ("CPU-therm", 34.0, "die"),
        ("GPU-therm", 31.0, "die"),
        ("PLL-therm", 31.5, "other"),
        ("PMIC-Die", 100.0, "fake"),
        ("thermal-fan-est", 33.0, "other"),
    ],
    "jetson-tx2": [
        ("BCPU-therm", 38.0, "die"),
        ("MCPU-therm", 38.0, "die"),
        ("GPU-therm", 36.5, "die"),
        ("PLL-therm", 38.0, "other"),
        ("Tboard_tegra", 36.0, "other"),
        ("Tdiode_tegra", 35.0, "other"),
        ("PMIC-Die", 100.0, "fake"),
        ("thermal-fan-est", 37.6, "other"),
    ],
    "raspberry-pi-3": [("bcm2835_thermal", 49.925, "die")],
    # -44 °C
    "x86-laptop": [("acpitz", None, "other")],
}
HOTTEST = {NANO: 34.0, "jetson-tx2": 38.0, "raspberry-pi-3": 49.925}


def made(root: Path, kinds: Dict[str, Optional[str]], base: str = CLASS) -> Tree:
    """A tree with these zones: {type: what its file says, None for no file}."""
    for number, (kind, text) in enumerate(kinds.items()):
        folder = root / base / f"thermal_zone{number}"
        folder.mkdir(parents=True)
        (folder / "type").write_text(f"{kind}\n")
        if text is not None:
            (folder / "temp").write_text(f"{text}\n")
    return Tree(root)


def monitor(root: Path, number: int, files: Dict[str, str]) -> None:
    folder = root / f"sys/class/hwmon/hwmon{number}"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("name", BOARDS)
def test_a_captured_board(board: Callable[[str], Path], name: str) -> None:
    tree = Tree(board(name))
    found = [(zone.name, zone.temperature, zone.trust) for zone in zones(tree)]
    assert found == SENSORS.get(name, [])
    assert temperature(tree) == HOTTEST.get(name)
    assert zone_types(tree) == {kind for kind, _, _ in SENSORS.get(name, [])}


def test_the_laptop_names_what_it_could_not_use(board: Callable[[str], Path]) -> None:
    tree = Tree(board("x86-laptop"))
    assert temperature(tree) is None and temperature(tree) is None
    (skipped,) = tree.skipped
    assert skipped.path.endswith("thermal_zone1/temp") and "-44" in skipped.reason and skipped.times == 2


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "CPU-therm",
            "GPU-therm",
            "BCPU-therm",
            "MCPU-therm",
            "AUX-therm",
            "cpu-thermal",
            "gpu-thermal",
            "tj-thermal",
        ),
        *("cv0-thermal", "cv2-thermal", "soc0-thermal", "soc012-thermal", "soc-thermal", "CV1-therm", "SOC2-therm"),
        *("cpu_thermal", "cpu", "gpu", "bcm2835_thermal", "x86_pkg_temp", "bigcore0-thermal", "cpu0-0-top-thermal"),
    ],
)
def test_sensors_on_the_die(tmp_path: Path, kind: str) -> None:
    assert temperature(made(tmp_path, {"AO-therm": "80000", kind: "50000", "PMIC-Die": "100000"})) == 50.0


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "AO-therm",
            "PLL-therm",
            "pllx",
            "mem",
            "Tboard_tegra",
            "Tdiode_tegra",
            "thermal-fan-est",
            "acpitz",
            "iwlwifi",
        ),
        *("iwlwifi_1", "nvme", "BAT0", "battery", "ddr_thermal", "pch_skylake", "INT3400 Thermal", "rp1_adc"),
    ],
)
def test_other_sensors_count_only_where_there_is_nothing_better(tmp_path: Path, kind: str) -> None:
    tree = made(tmp_path, {kind: "80000", "cpu-thermal": "50000"})
    assert temperature(tree) == 50.0
    (tmp_path / CLASS / "thermal_zone1/temp").unlink()
    assert temperature(tree) == 80.0


@pytest.mark.parametrize("kind", ["PMIC-Die", "PMIC", "pmic_die"])
def test_a_constant_is_never_the_temperature(tmp_path: Path, kind: str) -> None:
    tree = made(tmp_path, {kind: "100000"})
    assert [zone.trust for zone in zones(tree)] == ["fake"] and temperature(tree) is None


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        (None, 0), ("", 0), ("-256000", 1), ("-256", 1), ("warm", 1), ("151000", 1), ("-40001", 1), ("1e5", 1),
        ("99999999999999999999", 1), ("4 1", 1),
    ],
)  # fmt: skip
def test_a_zone_that_cannot_be_read(tmp_path: Path, text: Optional[str], skipped: int) -> None:
    tree = made(tmp_path, {"gpu-thermal": text, "cpu-thermal": "47400"})
    gpu = zones(tree)[0]
    assert (gpu.name, gpu.temperature, gpu.trust) == ("gpu-thermal", None, "die")
    assert temperature(tree) == 47.4
    assert [(s.path, s.times) for s in tree.skipped] == [(f"{gpu.path}/temp", 2)] * skipped


@pytest.mark.parametrize(("text", "value"), [("-40000", -40.0), ("150000", 150.0), ("0", 0.0), ("49925", 49.925)])
def test_what_a_board_may_have(tmp_path: Path, text: str, value: float) -> None:
    assert temperature(made(tmp_path, {"cpu-thermal": text})) == value


def test_a_sensor_of_unknown_type_says_nothing(tmp_path: Path) -> None:
    tree = made(tmp_path, {"cpu-thermal": "99000"})
    (tmp_path / CLASS / "thermal_zone0/type").unlink()
    assert zones(tree) == [Zone("thermal_zone0", f"{CLASS}/thermal_zone0", None, "other")]
    assert temperature(tree) is None and tree.skipped[0].reason == "a thermal zone without a type"


class Vanishing(Tree):
    """A tree from which a file goes between its being listed and its being read."""

    def __init__(self, root: Path, gone: str) -> None:
        super().__init__(root)
        self.gone = self.root / gone

    def names(self, folder: str) -> List[str]:
        found = super().names(folder)
        if self.gone.exists() and folder in str(self.gone):
            self.gone.unlink()
        return found


@pytest.mark.parametrize("file", ["temp", "type"])
def test_a_file_that_vanishes(changed: Callable[..., Path], file: str) -> None:
    tree = Vanishing(changed(NANO, {}), f"{CLASS}/thermal_zone1/{file}")
    assert temperature(tree) == 31.0 and not tree.gone.exists()


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_zones_does_not_count(tmp_path: Path, seed: int) -> None:
    kinds = [(kind, None if value is None else str(round(value * 1000))) for kind, value, _ in SENSORS["jetson-tx2"]]
    random.Random(seed).shuffle(kinds)
    tree = made(tmp_path, dict(kinds))
    zone = hottest(zones(tree))
    assert zone is not None and (zone.name, zone.temperature) == ("MCPU-therm", 38.0)


def test_zones_are_found_once(tmp_path: Path) -> None:
    made(tmp_path, {"cpu-thermal": "50000", "gpu-thermal": "51000"}, "sys/devices/virtual/thermal")
    tree = Tree(tmp_path)
    assert len(zones(tree)) == 2 and temperature(tree) == 51.0
    folder = tmp_path / CLASS
    folder.mkdir(parents=True)
    for k in range(2):
        (folder / f"thermal_zone{k}").symlink_to(f"../../devices/virtual/thermal/thermal_zone{k}")
    assert [zone.path for zone in zones(tree)] == [f"{CLASS}/thermal_zone{k}" for k in range(2)]


def test_processors_of_hwmon(tmp_path: Path) -> None:
    monitor(tmp_path, 0, {"name": "nvme", "temp1_input": "88000"})
    monitor(
        tmp_path, 1, {"name": "coretemp", "temp1_label": "Package id 0", "temp1_input": "61000", "temp2_input": "59000"}
    )
    tree = made(tmp_path, {"acpitz": "27800"})
    named = [(zone.name, zone.temperature, zone.trust) for zone in zones(tree)]
    assert named[1:] == [("coretemp Package id 0", 61.0, "die"), ("coretemp temp2", 59.0, "die")]
    assert temperature(tree) == 61.0


def test_what_amd_adds_for_its_fans(tmp_path: Path) -> None:
    files = {"name": "k10temp", "temp1_label": "Tctl", "temp1_input": "87000"}
    monitor(tmp_path, 0, files)
    assert temperature(Tree(tmp_path)) == 87.0
    monitor(tmp_path, 1, {**files, "temp2_label": "Tdie", "temp2_input": "60000"})
    (tmp_path / "sys/class/hwmon/hwmon0/temp1_input").unlink()
    assert temperature(Tree(tmp_path)) == 60.0


def test_a_monitor_that_repeats_a_zone(tmp_path: Path) -> None:
    monitor(tmp_path, 0, {"name": "cpu_thermal", "temp1_input": "50000"})
    assert [zone.name for zone in zones(Tree(tmp_path))] == ["cpu_thermal temp1"]
    tree = made(tmp_path, {"cpu-thermal": "50000"})
    assert [zone.name for zone in zones(tree)] == ["cpu-thermal"]


NO = Flags(False, False, False, False)


@pytest.mark.parametrize(
    ("name", "now", "ever"),
    [
        ("ok", NO, NO),
        ("soft-temp-limit", NO._replace(soft_limit=True), NO._replace(soft_limit=True)),
        (
            "undervolt-now",
            NO._replace(undervoltage=True, throttled=True),
            NO._replace(undervoltage=True, throttled=True),
        ),
        ("undervolt-past", NO, NO._replace(undervoltage=True, throttled=True)),
    ],
)
def test_what_vcgencmd_says(changed: Callable[..., Path], name: str, now: Flags, ever: Flags) -> None:
    tree = Tree(changed("raspberry-pi-4", {"sys/devices/platform/soc/soc:firmware/get_throttled": None}))
    runner = Captured({"vcgencmd get_throttled": said("raspberry-pi-4", f"vcgencmd_get_throttled.{name}.stdout")})
    assert throttled(tree, runner) == Throttled(now, ever, "vcgencmd get_throttled")
    assert (now.any, ever.any) == (True in now, True in ever)


def test_what_the_firmware_says_in_a_file(board: Callable[[str], Path]) -> None:
    soft = NO._replace(soft_limit=True)
    runner = Captured({})
    assert throttled(Tree(board("raspberry-pi-4")), runner) == Throttled(soft, soft, "get_throttled")
    assert runner.asked == []


@pytest.mark.parametrize("text", ["0x", "throttled=0x5", "50005 50005", "-5", "fffffffff", "x"])
def test_a_file_of_the_firmware_that_says_nothing(changed: Callable[..., Path], text: str) -> None:
    tree = Tree(changed("raspberry-pi-4", {"sys/devices/platform/soc/soc:firmware/get_throttled": text}))
    assert throttled(tree) is None and tree.skipped[0].reason == "no hexadecimal number"


@pytest.mark.parametrize(("text", "low"), [("0", False), ("1", True)])
def test_the_voltage_alarm(changed: Callable[..., Path], text: str, low: bool) -> None:
    told = throttled(Tree(changed("raspberry-pi-5", {"sys/class/hwmon/hwmon3/in0_lcrit_alarm": text})))
    assert told == Throttled(Flags(undervoltage=low), Flags(), "rpi_volt")
    assert told.now.any is (True if low else None) and told.since_boot.any is None


@pytest.mark.parametrize("name", [NANO, "jetson-tx2", "jetson-agx-thor", "raspberry-pi-3"])
def test_boards_that_do_not_tell(board: Callable[[str], Path], name: str) -> None:
    assert throttled(Tree(board(name))) is None


def test_what_the_kernel_does_and_has_counted(changed: Callable[..., Path]) -> None:
    cooling = f"{CLASS}/cooling_device0/cur_state"
    count = "sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count"
    told = throttled(Tree(changed("x86-laptop", {cooling: "3", count: "12"})))
    assert told == Throttled(Flags(capped=True), Flags(throttled=True), "kernel")
