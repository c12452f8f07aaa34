"""The MPU6050, register by register."""

import math
import struct
from typing import Any, Dict, List

import numpy as np
import pytest
from parts import encode, network

from neuroedge.errors import MissingExtraError, NotReadyError, ParameterError, UnknownNameError
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.imu import Mpu6050
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.sinks import CallbackSink
from neuroedge.runtime.sources import open_source


class Chip:
    """Registers of an MPU6050 behind a bus; it sleeps after power-up, and gives zeros then."""

    def __init__(self, who: int = 0x68, raw: Any = (16384, 0, -16384, 1000, 131, -131, 13100)) -> None:
        self.registers: Dict[int, int] = {0x75: who, 0x6B: 0x40, 0x1B: 0x18, 0x1C: 0x18}
        self.raw, self.fault, self.closed, self.asked = raw, 0, 0, []

    def __call__(self, number: int) -> "Chip":
        self.asked: List[int] = [*self.asked, number]
        return self

    def _may(self, address: int) -> None:
        if address != 0x68:
            raise OSError(121, "Remote I/O error")
        if self.fault:
            raise OSError(self.fault, "Remote I/O error")

    def read_byte_data(self, address: int, register: int) -> int:
        self._may(address)
        return self.registers[register]

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self._may(address)
        self.registers[register] = value

    def read_i2c_block_data(self, address: int, register: int, length: int) -> List[int]:
        self._may(address)
        assert (register, length) == (0x3B, 14)
        return list(struct.pack(">7h", *self.raw)) if not self.registers[0x6B] & 0x40 else [0] * 14

    def close(self) -> None:
        self.closed += 1


def test_registers_and_scales() -> None:
    chip = Chip()
    with Mpu6050(3, 0x68, open_bus=chip) as imu:
        assert chip.registers[0x6B] == 0x01 and chip.registers[0x1B] == chip.registers[0x1C] == 0 and chip.asked == [3]
        sample = imu.read()
    one = math.pi / 180.0
    assert sample is not None and chip.closed == 1
    assert np.allclose(sample.value, [9.80665, 0.0, -9.80665, one, -one, 100.0 * one])


def test_the_largest_values() -> None:
    sample = Mpu6050(open_bus=Chip(raw=(32767, -32768, 0, 0, 32767, -32768, 0))).read()
    assert sample is not None and sample.value.dtype == np.float64
    assert sample.value[1] == pytest.approx(-2.0 * 9.80665)
    assert sample.value[4] == pytest.approx(math.radians(-32768 / 131))


def test_nobody_or_somebody_else_is_there() -> None:
    with pytest.raises(NotReadyError, match=r"i2cdetect -y 1.*usermod -aG i2c"):
        Mpu6050(1, 0x69, open_bus=Chip())
    with pytest.raises(NotReadyError, match="WHO_AM_I says 0xea"):
        Mpu6050(open_bus=Chip(who=0xEA))

    def no_bus(number: int) -> Any:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(NotReadyError, match="imu:mpu6050@7:0x68 does not answer: No such file"):
        Mpu6050(7, open_bus=no_bus)


def test_faults_while_it_runs() -> None:
    chip = Chip()
    imu = Mpu6050(open_bus=chip)
    chip.fault = 110
    with pytest.raises(NotReadyError, match="does not answer"):
        imu.read()
    chip.fault, chip.registers[0x6B] = 0, 0x40
    with pytest.raises(NotReadyError, match="sleeps"):
        imu.read()
    imu.reopen()
    assert imu.read() is not None
    imu.close()
    with pytest.raises(NotReadyError, match="not open"):
        imu.read()


def test_a_loop_wakes_it_up_again() -> None:
    chip, got = Chip(), []
    imu = Mpu6050(open_bus=chip)
    loop = Loop(imu, lambda six: encode(3), network(), lambda answer: 1, CallbackSink(got.append, safe=0), dt=1.0,
                clock=SimulatedClock())  # fmt: skip
    for k in range(100):
        if k == 10:
            chip.registers[0x6B] = 0x40
        loop.step()
    # safe in the very period, and back within a second
    assert got[9:11] == [1, 0] and got[-1] == 1 and got.count(0) < 30
    assert loop.report().outages == 1


@pytest.mark.parametrize("options", [{"address": 0x80}, {"address": 3}, {"bus": -1}])
def test_refused(options: Any) -> None:
    with pytest.raises(ParameterError):
        Mpu6050(open_bus=Chip(), **options)
    with pytest.raises(UnknownNameError):
        Mpu6050(driver="spi", open_bus=Chip())


def test_by_its_spelling_without_hardware() -> None:
    with pytest.raises((MissingExtraError, NotReadyError)):
        open_source("imu:mpu6050@99:0x68")
    with pytest.raises(NotReadyError, match="adafruit"):
        Mpu6050(driver="adafruit")
