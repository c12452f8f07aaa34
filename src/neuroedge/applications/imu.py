"""An inertial sensor with the noise of an MPU-6050, for simulated robots.

From its data sheet (InvenSense PS-MPU-6000A-00 rev. 3.4): 400 µg/√Hz and 0.005 °/s/√Hz, ±2 g and ±250 °/s in 16 bits,
and from its register map a low-pass of 94 Hz with 3 ms of delay (DLPF_CFG 2). Its zero offsets (±50 mg, ±20 °/s) are
taken off at the start of a robot, as drivers do; what is left of them is set here to ±5 mg and ±0.5 °/s.
"""

import numpy as np

__all__ = ["IMU"]

_G = 9.80665
_BAND = 94.0


class IMU:
    """n sensors of six values: acceleration in m/s², turning in rad/s, x, y, z each.

    noise: with noise, bias and rounding, or exact. delay: of its filter, s.
    """

    delay = 0.003
    acceleration_noise = 400e-6 * _G
    turning_noise = float(np.radians(0.005))
    acceleration_bias = 5e-3 * _G
    turning_bias = float(np.radians(0.5))
    acceleration_range = 2.0 * _G
    turning_range = float(np.radians(250.0))

    def __init__(self, n: int, rng: np.random.Generator, noise: bool = True) -> None:
        self._rng, self._noise = rng, noise
        # of a first-order low-pass, whose noise bandwidth is pi/2 of its corner
        density = np.repeat([self.acceleration_noise, self.turning_noise], 3)
        self._sigma = density * np.sqrt(0.5 * np.pi * _BAND)
        self.bias = rng.uniform(-1.0, 1.0, (n, 6)) * np.repeat([self.acceleration_bias, self.turning_bias], 3)
        self._range = np.repeat([self.acceleration_range, self.turning_range], 3)
        self._unit = self._range / 32768.0

    def read(self, felt: np.ndarray) -> np.ndarray:
        """What sensors say that feel so much, [n, 6]."""
        if not self._noise:
            return np.array(felt)
        values = felt + self.bias + self._sigma * self._rng.standard_normal(felt.shape)
        return np.asarray(np.rint(np.clip(values, -self._range, self._range - self._unit) / self._unit) * self._unit)
