"""Batteries: the board's own, one or several, by energy or by charge; mice, chargers and empty bays are none."""

from pathlib import Path
from typing import Dict, Optional

import pytest
from captured import BOARDS, TREES
from links import linked, write

from neuroedge.board.battery import Battery, batteries, battery, battery_source
from neuroedge.board.files import Tree

BASE = "sys/class/power_supply"


def pack(root: Path, name: str, **files: object) -> Tree:
    told: Dict[str, Optional[str]] = {f"{BASE}/{name}/{k}": f"{v}\n" for k, v in {"type": "Battery", **files}.items()}
    return Tree(write(root, told))


def test_a_laptop(tmp_path: Path) -> None:
    tree = Tree(linked("x86-laptop", tmp_path))
    assert battery(tree) == Battery("BAT0", 98.0, "Discharging", pytest.approx(4.83), pytest.approx(12.229))
    assert tree.skipped == []


@pytest.mark.parametrize("name", [name for name in BOARDS if name != "x86-laptop"])
def test_boards_without_one(name: str) -> None:
    assert battery(Tree(TREES / name)) is None


def test_by_charge_and_current(tmp_path: Path) -> None:
    tree = pack(
        tmp_path, "BAT1", status="Charging", charge_now=2_000_000, charge_full=4_000_000,
        current_now=1_500_000, voltage_now=11_000_000,
    )  # fmt: skip
    assert battery(tree) == Battery("BAT1", 50.0, "Charging", pytest.approx(16.5), 11.0)
    assert battery_source(tree) is None


def test_a_driver_that_gives_the_current_a_minus(tmp_path: Path) -> None:
    tree = pack(tmp_path, "battery", status="Discharging", capacity=70, current_now=-500_000, voltage_now=4_000_000)
    source = battery_source(tree)
    assert source is not None and source.read() == pytest.approx(2.0)
    assert source.method == "measured: battery battery (discharging)"


@pytest.mark.parametrize(
    ("files", "level"),
    [
        ({"capacity": 0}, 0.0),
        ({"capacity": 101}, None),
        ({"capacity": 255, "energy_now": 5_000_000, "energy_full": 50_000_000}, 10.0),
        ({"energy_now": 51_000_000, "energy_full": 50_000_000}, 100.0),
        ({"energy_now": 90_000_000, "energy_full": 50_000_000}, None),
        ({"energy_now": 5_000_000, "energy_full": 0}, None),
        ({"capacity": -1}, None),
        ({}, None),
    ],
)
def test_levels(tmp_path: Path, files: Dict[str, int], level: Optional[float]) -> None:
    told = battery(pack(tmp_path, "BAT0", **files))
    assert told is not None and told.level == (None if level is None else pytest.approx(level))


def test_what_is_no_battery_of_the_board(tmp_path: Path) -> None:
    pack(tmp_path, "hidpp_battery_0", scope="Device", capacity=20, status="Discharging")
    pack(tmp_path, "BAT1", present=0, capacity=7)
    write(tmp_path, {f"{BASE}/AC/type": "Mains", f"{BASE}/ucsi-source-psy-1/type": "USB", f"{BASE}/odd/capacity": "5"})
    assert battery(Tree(tmp_path)) is None and batteries(Tree(tmp_path)) == []


def test_several_are_one_by_size(tmp_path: Path) -> None:
    pack(tmp_path, "BAT0", capacity=100, energy_full=20_000_000, status="Not charging", power_now=0)
    tree = pack(
        tmp_path, "BAT1", capacity=40, energy_full=60_000_000, status="Discharging", power_now=9_000_000,
        voltage_now=11_000_000,
    )  # fmt: skip
    assert battery(tree) == Battery("BAT0+BAT1", pytest.approx(55.0), "Discharging", pytest.approx(9.0), None)
    source = battery_source(tree)
    assert source is not None and source.read() == pytest.approx(9.0)
    # one that tells no size: each alike
    (tmp_path / BASE / "BAT1/energy_full").unlink()
    told = battery(tree)
    assert told is not None and told.level == pytest.approx(70.0)
    # one is charged: what the others give is not what the board draws
    (tmp_path / BASE / "BAT0/status").write_text("Charging")
    assert source.read() is None


def test_one_of_several_without_watts_is_no_total(tmp_path: Path) -> None:
    pack(tmp_path, "BAT0", capacity=50, status="Discharging")
    tree = pack(tmp_path, "BAT1", capacity=40, status="Discharging", power_now=9_000_000)
    told = battery(tree)
    assert told is not None and told.watts is None and battery_source(tree) is None


def test_an_unknown_status_is_none(tmp_path: Path) -> None:
    for status in ("Unknown", "burning"):
        told = battery(pack(tmp_path, "BAT0", capacity=50, status=status, power_now=5_000_000))
        assert told is not None and told.status is None


def test_zero_watts_out_of_a_battery_are_no_reading(tmp_path: Path) -> None:
    assert battery_source(pack(tmp_path, "BAT0", status="Discharging", power_now=0)) is None


def test_links_that_loop_are_not_followed(tmp_path: Path) -> None:
    root = linked("x86-laptop", tmp_path)
    assert (root / BASE / "BAT0/subsystem/BAT0/subsystem/AC").is_dir()
    assert [one.name for one in batteries(Tree(root))] == ["BAT0"]
