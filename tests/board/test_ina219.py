"""Battery boards at an I2C bus: registers as they come over the wire, and only when named."""

import builtins
import errno
import sys
from pathlib import Path
from typing import Any, Optional

import pytest
from registers import Bus, Chip

from neuroedge.board.battery import battery
from neuroedge.board.files import Tree
from neuroedge.board.ina219 import Ina219, UpsSource, parse_ups, ups_of
from neuroedge.board.power import power, refusals, sources
from neuroedge.errors import ArgumentTypeError, MissingExtraError, ParameterError


def ups(bus: Bus, address: int = 0x42, shunt: Optional[float] = None, cells: Optional[int] = None) -> Ina219:
    return Ina219(1, address, cells, shunt, open_bus=bus.open)


@pytest.mark.parametrize(
    ("address", "volts", "level"),
    [
        (0x42, 8.4, 100.0),
        (0x42, 7.2, 50.0),
        (0x42, 6.0, 0.0),
        (0x42, 5.2, 0.0),
        (0x42, 8.6, 100.0),
        (0x43, 4.2, 100.0),
        (0x43, 3.3, 25.0),
        (0x43, 2.8, 0.0),
    ],
)
def test_level_as_the_vendors_compute_it(address: int, volts: float, level: float) -> None:
    reading = ups(Bus({address: Chip(volts)}), address).read()
    assert reading is not None
    assert reading.volts == pytest.approx(volts) and reading.level == pytest.approx(level, abs=1e-6)
    assert reading.amperes is None and reading.watts is None


def test_a_word_by_hand() -> None:
    chip = Chip(0.0)
    # 7.4 V is 1850 steps, 0x39D0 with the flags below it; 0xFE0C is −500 steps: −5 mV
    chip.wire[2], chip.wire[1] = b"\x39\xd2", b"\xfe\x0c"
    reading = ups(Bus({0x42: chip}), shunt=0.01).read()
    assert reading is not None and reading.volts == pytest.approx(7.4)
    assert reading.amperes == pytest.approx(-0.5) and reading.watts == pytest.approx(3.7)


def test_the_shunt_tells_direction() -> None:
    told = battery(Tree(), ups(Bus({0x42: Chip(7.6, -100.0)}), shunt=0.1))
    assert told is not None and told.status == "Discharging" and told.watts == pytest.approx(7.6)
    told = battery(Tree(), ups(Bus({0x42: Chip(7.6, 50.0)}), shunt=0.1))
    assert told is not None and told.status == "Charging" and told.watts == pytest.approx(3.8)
    # a chip that sits the other way round
    told = battery(Tree(), ups(Bus({0x42: Chip(7.6, 50.0)}), shunt=-0.1))
    assert told is not None and told.status == "Discharging"


def test_an_overflow_is_no_current() -> None:
    reading = ups(Bus({0x42: Chip(7.6, 320.0, ovf=True)}), shunt=0.1).read()
    assert reading is not None and reading.amperes is None and reading.watts is None and reading.level > 0.0


@pytest.mark.parametrize("raw", [b"\x00\x00", b"\xff\xff", b"\x03\xe8"])
def test_no_battery_is_no_level(raw: bytes) -> None:
    chip = Chip(7.4)
    chip.wire[2] = raw
    assert ups(Bus({0x42: chip})).read() is None


@pytest.mark.parametrize("number", [errno.EREMOTEIO, errno.ETIMEDOUT, errno.EIO])
def test_a_chip_that_does_not_answer(number: int) -> None:
    bus = Bus({0x42: Chip(7.4)}, failing=number)
    board = ups(bus, shunt=0.1)
    assert board.read() is None and board.fault is not None and board.fault.errno == number
    tree = Tree()
    assert battery(tree, board) is None and tree.skipped[0].path == "dev/i2c-1 0x42"
    # it comes back: the bus is opened again
    bus.failing = None
    assert board.read() is not None and bus.closed == len(bus.opened) - 1


def test_an_absent_chip_says_where_to_look() -> None:
    ((what, cure),) = refusals(Tree(), ups=ups(Bus({})))
    assert "ina219@1:0x42" in what and "i2cdetect -y 1" in cure


def test_no_right_to_the_bus_names_the_group() -> None:
    def closed(number: int) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    ((_, cure),) = refusals(Tree(), ups=Ina219(open_bus=closed))
    assert "usermod -aG i2c" in cure

    def absent(number: int) -> Any:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    ((_, cure),) = refusals(Tree(), ups=Ina219(open_bus=absent))
    assert "/dev/i2c-1" in cure


def test_power_of_the_board_only_while_it_discharges() -> None:
    bus = Bus({0x42: Chip(7.6, -100.0)})
    source = UpsSource(ups(bus, shunt=0.1))
    assert source.method == "measured: battery ina219@1:0x42 (discharging)"
    assert source.read() == pytest.approx(7.6)
    bus.chips[0x42] = Chip(8.2, 30.0)
    assert source.read() is None
    assert bus.written == 0 and bus.opened == [1]


def test_without_a_shunt_it_is_no_source_of_power(tmp_path: Path) -> None:
    bus = Bus({0x42: Chip(7.6, -100.0)})
    assert sources(Tree(tmp_path), ups=ups(bus)) == []
    told = power(Tree(tmp_path), ups=ups(bus, shunt=0.1))
    assert told.watts == pytest.approx(7.6)


def test_nothing_is_asked_unless_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROEDGE_UPS", raising=False)
    assert ups_of(Tree("/")) is None
    # the bus of this machine is not another root's
    monkeypatch.setenv("NEUROEDGE_UPS", "ina219@1:0x42")
    assert ups_of(Tree(tmp_path)) is None and ups_of(Tree(tmp_path), "ina219@1:0x42") is None
    found = ups_of(Tree("/"))
    assert found is not None and (found.bus, found.address, found.cells) == (1, 0x42, 2)
    monkeypatch.setenv("NEUROEDGE_UPS", "0x42")
    with pytest.raises(ParameterError, match="NEUROEDGE_UPS must be ina219@BUS:ADDRESS"):
        ups_of(Tree("/"))


def test_spelling() -> None:
    told = parse_ups(" ina219@7:0x43,shunt=0.05 ")
    assert (told.bus, told.address, told.cells, told.shunt, told.name) == (7, 0x43, 1, 0.05, "ina219@7:0x43")
    assert parse_ups("ina219@0:0x45,cells=3").cells == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ina219",
        "ina219@1:42",
        "ina219@1:0x42,",
        "ina219@1:0x42,shunt=",
        "ina219@1:0x42,shunt=nan",
        "ina219@1:0x42,shunt=0",
        "ina219@1:0x42,cells=9",
        "ina219@1:0x42,ohm=1",
        "ina219@1:0x02",
        "ina219@1:0x45",
        "ina226@1:0x42",
    ],
)
def test_a_spelling_that_is_none(text: str) -> None:
    with pytest.raises(ParameterError, match="ups"):
        parse_ups(text)
    with pytest.raises(ArgumentTypeError, match="ups must be a text"):
        parse_ups(42)  # type: ignore[arg-type]


def test_without_the_package_the_cure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "smbus2":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "smbus2", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install neuroedge\[sensors\]"):
        battery(Tree("/"), "ina219@1:0x42")
    ((what, cure),) = refusals(Tree("/"), ups="ina219@1:0x42")
    assert "smbus2" in what and cure == "pip install neuroedge[sensors]"
