"""An INA219 at the level of its registers, behind an I2C bus as SMBus hands it out."""

import errno
import os
from typing import Dict, List, Optional

__all__ = ["Bus", "Chip"]


class Chip:
    """Registers by number, 16 bits, the high byte first on the wire. volts (V), millivolts over the shunt, ovf."""

    def __init__(self, volts: float, shunt_mv: float = 0.0, ovf: bool = False) -> None:
        bus = round(volts / 0.004) << 3 | 0x2 | (1 if ovf else 0)
        shunt = round(shunt_mv / 0.01)
        self.wire: Dict[int, bytes] = {
            0: (0x399F).to_bytes(2, "big"),
            1: shunt.to_bytes(2, "big", signed=True),
            2: bus.to_bytes(2, "big"),
        }


class Bus:
    """A bus with chips by address; failing: the errno that every transfer ends with."""

    def __init__(self, chips: Dict[int, Chip], failing: Optional[int] = None) -> None:
        self.chips, self.failing = chips, failing
        self.opened: List[int] = []
        self.closed = 0
        self.written = 0

    def open(self, number: int) -> "Bus":
        self.opened.append(number)
        return self

    def read_word_data(self, address: int, register: int) -> int:
        if self.failing is not None:
            raise OSError(self.failing, os.strerror(self.failing))
        if address not in self.chips:
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        # SMBus: low byte first
        return int.from_bytes(self.chips[address].wire[register], "little")

    def write_word_data(self, address: int, register: int, value: int) -> None:
        self.written += 1

    def close(self) -> None:
        self.closed += 1
