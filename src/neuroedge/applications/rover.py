"""A rover on two driven wheels, with a lidar, a camera and an IMU, on courses with obstacles.

    v' = (asked − v) / tau for each wheel,   turning = (right − left) / base,   forward = (right + left) / 2
    x' = forward · cos(heading),  y' = forward · sin(heading),  heading' = turning

integrated in steps of 2 ms along arcs (exact for constant wheel speeds). It is round: a course is over at the first
touch. Many rovers at once, one on each course: arrays [n]. Units: m, s, rad.

Sensors, with noise: a lidar of 360 rays, one per degree from straight ahead to the left and round, 4 m, 1 cm + 1 %
(standard deviation); a camera of 32 × 32 grey pixels, 90° wide and 60° high, 0.15 m above the floor, 0.02 of noise, in
which obstacles and walls, 0.4 m tall, are dark, the nearer the darker; an IMU of nine values: acceleration (m/s²) and
turning (rad/s) with the noise of an MPU-6050, and the direction of the magnetic field (unit vector in the rover's axes,
x along the lane, 0.01 of noise).
"""

from typing import NamedTuple, Optional

import numpy as np

from .. import checks
from .courses import Courses
from .imu import IMU

__all__ = ["Rover", "Senses"]

_PIXELS = 32
_TALL, _EYE = 0.4, 0.15


class Senses(NamedTuple):
    """lidar: m [n, 360]. camera: grey 0 … 1 [n, 32, 32], the top row first, the left column first. imu: [n, 9]."""

    lidar: np.ndarray
    camera: np.ndarray
    imu: np.ndarray


class Rover:
    """One rover on each course, starting at x = 0 near the middle, headed along the lane within ±20°."""

    period = 0.02
    radius = 0.18
    base = 0.30
    top_speed = 0.6
    tau = 0.08
    reach = 4.0

    def __init__(self, courses: Optional[Courses] = None, seed: int = 0, noise: bool = True) -> None:
        self.courses = Courses() if courses is None else courses
        self.n = self.courses.n
        self._rng = np.random.Generator(np.random.PCG64([checks.whole("Rover", "seed", seed, least=0), 32]))
        self._noise = 1.0 if noise else 0.0
        self.x = np.zeros(self.n)
        self.y = self._rng.uniform(-0.5, 0.5, self.n)
        self.heading = np.radians(self._rng.uniform(-20.0, 20.0, self.n))
        self.wheels = np.zeros((self.n, 2))
        self.hit = np.zeros(self.n, bool)
        self.arrived = np.zeros(self.n, bool)
        self.time = 0.0
        self._imu = IMU(self.n, self._rng, noise)
        self._felt = np.zeros((self.n, 6))

    @property
    def active(self) -> np.ndarray:
        """Which rovers are still under way, bool [n]."""
        return ~(self.hit | self.arrived)

    def sense(self) -> Senses:
        """What all sensors say now."""
        lidar = self.courses.distances(self.x, self.y, self.heading[:, None] + np.radians(np.arange(360.0)), self.reach)
        blur = self._rng.standard_normal(lidar.shape) * (0.01 + 0.01 * lidar) * self._noise
        compass = np.stack([np.cos(self.heading), -np.sin(self.heading), np.zeros(self.n)], axis=1)
        compass = compass + 0.01 * self._noise * self._rng.standard_normal(compass.shape)
        imu = np.concatenate([self._imu.read(self._felt), compass], axis=1)
        return Senses(np.clip(lidar + blur, 0.0, self.reach), self._picture(), imu)

    def _picture(self) -> np.ndarray:
        """Floor and sky light, what stands on the floor dark, the nearer the darker."""
        half = np.radians(45.0)
        columns = np.arctan(np.tan(half) * (1.0 - 2.0 * (np.arange(_PIXELS) + 0.5) / _PIXELS))
        away = self.courses.distances(self.x, self.y, self.heading[:, None] + columns, 8.0) * np.cos(columns)
        rise = np.tan(np.radians(30.0)) * (1.0 - 2.0 * (np.arange(_PIXELS) + 0.5) / _PIXELS)
        height = _EYE + away[:, None, :] * rise[:, None]
        thing = (height > 0.0) & (height < _TALL) & (away[:, None, :] < 7.9)
        shade = 0.15 + 0.6 * np.minimum(away[:, None, :] / 4.0, 1.0)
        grey = np.where(thing, shade, np.where(rise[:, None] < 0, 0.8, 0.95))
        grey = grey + 0.02 * self._noise * self._rng.standard_normal(grey.shape)
        return np.asarray(np.clip(grey, 0.0, 1.0))

    def drive(self, wheels: np.ndarray) -> np.ndarray:
        """Ask for wheel speeds (left, right), shares −1 … 1 of the top speed [n, 2], for 20 ms; returns who goes on."""
        asked = np.clip(checks.real_array("drive", "wheels", wheels, (self.n, 2)), -1.0, 1.0) * self.top_speed
        step, before = 0.002, self.wheels.mean(axis=1)
        for _ in range(round(self.period / step)):
            fresh = asked + (self.wheels - asked) * np.exp(-step / self.tau)
            self.wheels = np.where(self.active[:, None], fresh, 0.0)
            self._move(step)
            self.hit |= self.active & (self.courses.clearance(self.x, self.y) < self.radius)
            self.arrived |= ~self.hit & (self.x >= self.courses.length)
        forward, turning = self.wheels.mean(axis=1), (self.wheels[:, 1] - self.wheels[:, 0]) / self.base
        self._felt[:, 0] = (forward - before) / self.period
        self._felt[:, 1] = forward * turning
        self._felt[:, 2] = 9.80665
        self._felt[:, 5] = turning
        self.time += self.period
        return self.active

    def _move(self, step: float) -> None:
        """Along an arc, whose chord points half the turn away."""
        forward, turn = self.wheels.mean(axis=1) * step, (self.wheels[:, 1] - self.wheels[:, 0]) / self.base * step
        chord = forward * np.sinc(turn / (2.0 * np.pi))
        self.x = self.x + chord * np.cos(self.heading + 0.5 * turn)
        self.y = self.y + chord * np.sin(self.heading + 0.5 * turn)
        self.heading = self.heading + turn
