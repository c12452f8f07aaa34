"""INA219 of battery boards (UPS) at an I2C bus: Waveshare and others for Jetson Nano and Raspberry Pi.

Registers (data sheet of the INA219): 16 bits, the high byte first. 1: voltage over the shunt, signed, 10 µV a step.
2: voltage of the bus, in bits 15 to 3, 4 mV a step; bit 0 (OVF) says that a sum went over. The chip measures by itself
after power-up, and these two registers do not depend on its settings, so it is only ever read.

Level as the vendors compute it: (V − 6) / 2.4 for two cells, (V − 3) / 1.2 for one.
"""

import os
import re
from typing import Any, Callable, NamedTuple, Optional, Union

from ..errors import ArgumentTypeError, MissingExtraError, ParameterError, shown
from .files import Tree
from .source import AMPERES, PowerSource, product

__all__ = ["ENVIRONMENT", "Ina219", "Reading", "UpsSource", "open_smbus", "parse_ups", "ups_of"]

ENVIRONMENT = "NEUROEDGE_UPS"
CELLS = {0x42: 2, 0x43: 1}
SHUNT, BUS = 1, 2
# V of one cell that is there: below, nothing is connected; above, nothing of lithium
CELL = (1.0, 5.0)

_FORM = re.compile(r"ina219@([0-9]{1,2}):0x([0-9a-fA-F]{1,2})((?:,[a-z]+=[^,]*)*)\Z")
_CURE = "as in ina219@1:0x42, or ina219@1:0x42,shunt=0.1,cells=2"


class Reading(NamedTuple):
    """volts: of the battery; amperes: negative while it discharges; watts: without sign; level: 0–100."""

    volts: float
    amperes: Optional[float]
    watts: Optional[float]
    level: float


def open_smbus(number: int) -> Any:
    """The I2C bus of that number, through smbus2."""
    try:
        from smbus2 import SMBus
    except ImportError:
        raise MissingExtraError("smbus2", "sensors") from None
    return SMBus(number)


class Ina219:
    """A battery board. bus, address: where it is; cells: in series; shunt: ohm, without which no current is told, and
    negative where the chip sits the other way round.

    open_bus(number) gives an object with `read_word_data(address, register)` and `close()`, as smbus2 does. fault: why
    the last reading gave nothing.
    """

    def __init__(
        self,
        bus: int = 1,
        address: int = 0x42,
        cells: Optional[int] = None,
        shunt: Optional[float] = None,
        open_bus: Optional[Callable[[int], Any]] = None,
    ) -> None:
        self.bus, self.address, self.shunt = bus, address, shunt
        if not 0x03 <= address <= 0x77:
            raise ParameterError(f"ups: address must be 0x03 to 0x77 (got {shown(address)})")
        count = CELLS.get(address) if cells is None else cells
        if count is None or not 1 <= count <= 6:
            raise ParameterError(f"ups: cells must be 1 to 6 at address {address:#04x} (got {shown(cells)}); {_CURE}")
        if shunt is not None and not 1e-4 <= abs(shunt) <= 10.0:
            raise ParameterError(f"ups: shunt must be 0.0001 to 10 ohm, or minus that (got {shown(shunt)})")
        self.cells = count
        self.injected = open_bus is not None
        self.fault: Optional[OSError] = None
        self._open = open_bus or open_smbus
        self._device: Any = None

    @property
    def name(self) -> str:
        """As it is spelled."""
        return f"ina219@{self.bus}:{self.address:#04x}"

    def read(self) -> Optional[Reading]:
        """What the battery does now; None where the chip does not answer or no battery is connected."""
        try:
            raw = self._word(BUS)
            across = None if self.shunt is None else self._word(SHUNT)
            self.fault = None
        except OSError as error:
            # absent (121), hung (110), no bus (2) or no right (13)
            self.fault = error
            self.close()
            return None
        volts = (raw >> 3) * 0.004
        if not CELL[0] <= volts / self.cells <= CELL[1]:
            return None
        level = (volts / self.cells - 3.0) / 1.2 * 100.0
        current = None if across is None or raw & 1 else self._current(across)
        watts = None if current is None else product(volts, abs(current))
        return Reading(volts, current, watts, min(max(level, 0.0), 100.0))

    def close(self) -> None:
        """Let go of the bus; the next reading opens it again."""
        device, self._device = self._device, None
        try:
            if device is not None:
                device.close()
        except OSError:
            pass

    def _current(self, across: int) -> Optional[float]:
        signed = across - 0x10000 if across & 0x8000 else across
        current = signed * 1e-5 / (self.shunt or 1.0)
        return current if abs(current) <= AMPERES[1] else None

    def _word(self, register: int) -> int:
        if self._device is None:
            self._device = self._open(self.bus)
        # SMBus takes the first byte for the low one
        word = int(self._device.read_word_data(self.address, register)) & 0xFFFF
        return (word & 0xFF) << 8 | word >> 8


class UpsSource(PowerSource):
    """What a battery board gives while it discharges. On mains its current is the charge, and tells nothing."""

    kind = "ina219"

    def __init__(self, ups: Ina219) -> None:
        self.ups = ups
        self.method = f"measured: battery {ups.name} (discharging)"

    def read(self) -> Optional[float]:
        """W out of the battery."""
        reading = self.ups.read()
        return reading.watts if reading is not None and (reading.amperes or 0.0) < 0.0 else None


def parse_ups(text: str, source: str = "ups") -> Ina219:
    """The battery board of a spelling such as `ina219@1:0x42,shunt=0.1`. source: named in errors."""
    if not isinstance(text, str):
        raise ArgumentTypeError(f"{source} must be a text {_CURE} (got {shown(text)})")
    match = _FORM.match(text.strip())
    if match is None:
        raise ParameterError(f"{source} must be ina219@BUS:ADDRESS, {_CURE} (got {shown(text)})")
    bus, address, rest = match.groups()
    options = dict(part.split("=", 1) for part in rest.split(",") if part)
    try:
        shunt = float(options.pop("shunt")) if "shunt" in options else None
        cells = int(options.pop("cells")) if "cells" in options else None
    except ValueError:
        raise ParameterError(f"{source}: shunt and cells must be numbers (got {shown(text)}); {_CURE}") from None
    if options:
        raise ParameterError(f"{source}: unknown option {shown(min(options))}; {_CURE}")
    return Ina219(int(bus), int(address, 16), cells, shunt)


def ups_of(tree: Tree, ups: Union[str, Ina219, None] = None) -> Optional[Ina219]:
    """The battery board to ask: the given one, or the one that NEUROEDGE_UPS names; no bus is searched.

    The buses of this machine are not another root's: there, only a board with a bus of its own is asked.
    """
    if ups is None:
        named = os.environ.get(ENVIRONMENT)
        found = parse_ups(named, ENVIRONMENT) if named else None
    else:
        found = ups if isinstance(ups, Ina219) else parse_ups(ups)
    return found if found is not None and (tree.here or found.injected) else None
