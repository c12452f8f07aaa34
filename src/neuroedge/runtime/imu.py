"""The MPU6050, three axes of acceleration and three of rotation, at an I2C bus.

Registers (MPU-6000/6050 register map, revision 4.2): 0x75 WHO_AM_I; 0x6B PWR_MGMT_1, whose bit 6 is sleep, as after
power-up; 0x1B and 0x1C ranges; 0x3B … 0x48 acceleration x, y, z, temperature, rotation x, y, z, 16 bits each, signed,
the high byte first. At ±2 g a step is 1/16384 g, at ±250 °/s it is 1/131 °/s.
"""

import math
from functools import partial
from typing import Any, Callable, Optional

import numpy as np

from .. import checks
from ..board.ina219 import open_smbus
from ..errors import NotReadyError, ParameterError
from .sample import Sample, Source

__all__ = ["Mpu6050"]

_WHO, _POWER, _GYRO_RANGE, _ACCEL_RANGE, _DATA = 0x75, 0x6B, 0x1B, 0x1C, 0x3B
_BYTES = 14

# of the MPU6050, and of those with the same registers and scales: MPU6500, MPU9250, MPU9255, and copies
_KNOWN = (0x68, 0x69, 0x70, 0x71, 0x72, 0x73, 0x98)

_GRAVITY = 9.80665
_ACCELERATION = _GRAVITY / 16384.0
_ROTATION = math.radians(1.0 / 131.0)

_CURE = (
    "is it wired (i2cdetect -y {0} shows it), and may you use the bus: sudo usermod -aG i2c $USER, then log in again"
)


class Mpu6050(Source):
    """Values float64 [6]: acceleration x, y, z in m/s², rotation x, y, z in rad/s, as adafruit_mpu6050 gives them.

    bus, address: where it is, 0x68 or, with AD0 high, 0x69. driver: "adafruit" (Adafruit's library, on the board's
    own pins), "smbus2", or "auto": the first if it is installed and bus is 1, else the second. open_bus(number): gives
    an object with `read_byte_data`, `write_byte_data`, `read_i2c_block_data` and `close`, in place of smbus2.
    """

    def __init__(
        self, bus: int = 1, address: int = 0x68, driver: str = "auto", open_bus: Optional[Callable[[int], Any]] = None
    ) -> None:
        self.bus = checks.whole("Mpu6050", "bus", bus, 0)
        self.address = checks.whole("Mpu6050", "address", address, 0)
        if not 0x08 <= self.address <= 0x77:
            raise ParameterError(f"Mpu6050: address must be 0x08 to 0x77 (got {self.address:#x}); it has 0x68 or 0x69")
        self.driver = checks.known("driver", driver, ("adafruit", "auto", "smbus2"))
        self.name = f"imu:mpu6050@{self.bus}:{self.address:#x}"
        self._open_bus = open_bus or open_smbus
        self._device: Any = None
        self._adafruit: Any = None
        if open_bus is None and (driver == "adafruit" or (driver == "auto" and self.bus == 1)):
            self._adafruit = _adafruit(self.address)
            if self._adafruit is None and driver == "adafruit":
                raise NotReadyError(
                    f"{self.name}: no access through Adafruit's library: pip install adafruit-circuitpython-mpu6050, "
                    'on a board that it knows; or take driver="smbus2"'
                )
        if self._adafruit is None:
            self.reopen()

    def reopen(self) -> None:
        """Open the bus, look who is there, wake it up, and set its ranges."""
        if self._adafruit is not None:
            return
        self.close()
        self._device = self._asked(lambda: self._open_bus(self.bus))
        who = int(self._asked(lambda: self._device.read_byte_data(self.address, _WHO)))
        if who not in _KNOWN:
            raise NotReadyError(f"{self.name}: WHO_AM_I says {who:#04x}, not 0x68: no MPU6050 is there")
        # 0x01: awake, with the gyroscope's clock, which is the steadier one
        for register, value in ((_POWER, 0x01), (_GYRO_RANGE, 0x00), (_ACCEL_RANGE, 0x00)):
            self._asked(partial(self._device.write_byte_data, self.address, register, value))

    def read(self) -> Optional[Sample]:
        """One reading of all six at one moment."""
        if self._adafruit is not None:
            mpu = self._adafruit
            six = self._asked(lambda: [*mpu.acceleration, *mpu.gyro])
            return Sample(np.array(six, np.float64))
        if self._device is None:
            raise NotReadyError(f"{self.name} is not open; {_CURE.format(self.bus)}")
        raw = self._asked(lambda: self._device.read_i2c_block_data(self.address, _DATA, _BYTES))
        if len(raw) != _BYTES:
            raise NotReadyError(f"{self.name} gave {len(raw)} of {_BYTES} bytes")
        words = np.frombuffer(bytes(raw), ">i2").astype(np.float64)
        if not words.any():
            # asleep, as after a dip of its supply: gravity and temperature never read 0 together
            raise NotReadyError(f"{self.name} gives zeros only: it has lost its supply for a moment, and sleeps")
        return Sample(np.concatenate([words[:3] * _ACCELERATION, words[4:] * _ROTATION]))

    def close(self) -> None:
        """Let go of the bus."""
        device, self._device = self._device, None
        try:
            if device is not None:
                device.close()
        except OSError:
            pass

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except OSError as error:
            reason = error.strerror or str(error)
            raise NotReadyError(f"{self.name} does not answer: {reason}; {_CURE.format(self.bus)}") from None


def _adafruit(address: int) -> Any:
    """Adafruit's driver, or None: where it is absent, knows not the board, or the chip does not answer, each of its
    libraries raises another error."""
    try:
        import adafruit_mpu6050
        import board
        import busio

        mpu = adafruit_mpu6050.MPU6050(busio.I2C(board.SCL, board.SDA), address)
    except Exception:
        return None
    return mpu
