"""A balancing robot: an inverted pendulum on two wheels, with motors, batteries and an IMU as hobby parts have them.

theta: lean of the body, forward positive; phi: angle of the wheels, rolling forward positive; x = r·phi, no slip. From
Lagrange's equations, with the torque tau of both motors between body and wheels (F. Grasser et al. 2002,
doi:10.1109/41.982254, in the plane):

    (M + m + J/r²) r² phi'' + M r l cos(theta) theta'' = M r l sin(theta) theta'² + tau
    M r l cos(theta) phi'' + (I + M l²) theta''        = M g l sin(theta)         − tau

    tau = 2 · limit(k (u V − k w) / R) − c tanh(w / w0) − b w,    w = phi' − theta'

with m and J of both wheels and both rotors, u the duty cycle in −1 … 1 that a driver applies after its dead time, and
the driver's current limit. Integrated by Runge-Kutta of fourth order. Many robots at once: every state is an array [n].
Units: m, kg, s, rad, N·m, V, A.
"""

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from .. import checks
from ..errors import ParameterError
from .imu import IMU

__all__ = ["GRAVITY", "BalancingRobot", "Build"]

GRAVITY = 9.80665


@dataclass(frozen=True)
class Build:
    """What a robot is made of: a 1 kg body of 0.2 m on 67 mm wheels, two 12 V gear motors, a driver of 1.2 A.

    body: kg. height: of its centre of mass above the axle, m. inertia: about that centre, kg·m². wheels: of both, kg.
    radius: m. wheel_inertia: of both wheels and both rotors through their gears, kg·m². motor: constant of one motor
    behind its gear, N·m/A = V·s/rad. resistance: ohm. current_limit: A for each motor. voltage: of the battery.
    friction: of both gears, N·m, smoothed around rest over `creep` rad/s. viscous: N·m·s/rad. dead_time: from a command
    to the voltage, s. sensor_height: of the IMU above the axle, m.
    """

    body: float = 1.0
    height: float = 0.10
    inertia: float = 4.5e-3
    wheels: float = 0.07
    radius: float = 0.0335
    wheel_inertia: float = 1.4e-4
    motor: float = 0.33
    resistance: float = 9.8
    current_limit: float = 1.2
    voltage: float = 11.1
    friction: float = 0.016
    creep: float = 0.3
    viscous: float = 4e-4
    dead_time: float = 0.005
    sensor_height: float = 0.05


class BalancingRobot:
    """n robots, each with an IMU of its own.

    lean: where they start, rad [n] or one number; None is uniform within ±5°, seeded. noise: of IMUs; without it they
    are exact. step: of the integration, s, a divisor of the control period of 10 ms. Raises ParameterError.
    """

    period = 0.01
    # beyond this lean a robot lies, rad
    fallen_at = np.radians(35.0)

    def __init__(
        self, n: int = 1, seed: int = 0, lean: Any = None, build: Optional[Build] = None, noise: bool = True,
        step: float = 0.001,
    ) -> None:  # fmt: skip
        self.n = checks.count("BalancingRobot", "n", n)
        self.build = Build() if build is None else build
        self.step = checks.positive("BalancingRobot", "step", step, "s")
        self._steps = round(self.period / self.step)
        if self._steps < 1 or abs(self._steps * self.step - self.period) > 1e-9:
            raise ParameterError(f"BalancingRobot: step must divide {self.period:g} s (got {self.step:g})")
        rng = np.random.Generator(np.random.PCG64([checks.whole("BalancingRobot", "seed", seed, least=0), 11]))
        first = rng.uniform(-1.0, 1.0, self.n) * np.radians(5.0)
        if lean is not None:
            first = self._one_each("lean", lean)
        # lean, wheel angle, and their rates
        self.state = np.zeros((4, self.n))
        self.state[0] = first
        self.imu = IMU(self.n, rng, noise)
        self.fallen = np.zeros(self.n, bool)
        self.time = 0.0
        self._dead = round(self.build.dead_time / self.step)
        self._pending = np.zeros((self._dead + 1, self.n))
        self._constants()
        self._delayed = [self._felt(np.zeros(self.n))] * (1 + round(self.imu.delay / self.step))

    def _one_each(self, field: str, value: Any) -> np.ndarray:
        array = checks.real_array("BalancingRobot", field, value)
        if array.shape not in ((), (self.n,)):
            raise ParameterError(f"BalancingRobot: {field} must be one number or {self.n} (got shape {array.shape})")
        return np.array(np.broadcast_to(array, (self.n,)))

    def _constants(self) -> None:
        b = self.build
        self._m11 = (b.body + b.wheels + b.wheel_inertia / b.radius**2) * b.radius**2
        self._m12 = b.body * b.radius * b.height
        self._m22 = b.inertia + b.body * b.height**2
        self._weight = b.body * GRAVITY * b.height

    @property
    def lean(self) -> np.ndarray:
        """Lean of each body, rad [n]."""
        return np.array(self.state[0])

    @property
    def position(self) -> np.ndarray:
        """Where each axle is, m [n]."""
        return np.array(self.state[1] * self.build.radius)

    @property
    def speed(self) -> np.ndarray:
        """m/s [n]."""
        return np.array(self.state[3] * self.build.radius)

    def torque(self, duty: np.ndarray, state: np.ndarray) -> np.ndarray:
        """What both motors bring to the wheels, friction taken off, N·m [n]."""
        b = self.build
        w = state[3] - state[2]
        current = (duty * b.voltage - b.motor * w) / b.resistance
        driven = 2.0 * b.motor * np.clip(current, -b.current_limit, b.current_limit)
        return np.asarray(driven - b.friction * np.tanh(w / b.creep) - b.viscous * w)

    def slope(self, state: np.ndarray, duty: np.ndarray) -> np.ndarray:
        """Time derivative of the state (lean, wheel angle, their rates) [4, n]."""
        sine, cosine = np.sin(state[0]), np.cos(state[0])
        tau = self.torque(duty, state)
        coupling = self._m12 * cosine
        wheel = self._m12 * sine * state[2] ** 2 + tau
        body = self._weight * sine - tau
        share = 1.0 / (self._m11 * self._m22 - coupling**2)
        fresh = np.empty_like(state)
        fresh[:2] = state[2:]
        fresh[2] = (self._m11 * body - coupling * wheel) * share
        fresh[3] = (self._m22 * wheel - coupling * body) * share
        return fresh

    def energy(self) -> np.ndarray:
        """Kinetic and potential energy, J [n], potential zero at the axle."""
        theta, _, turn, roll = self.state
        cross = self._m12 * np.cos(theta) * turn * roll
        kinetic = 0.5 * (self._m11 * roll**2 + self._m22 * turn**2) + cross
        return np.asarray(kinetic + self._weight * np.cos(theta))

    def read(self) -> np.ndarray:
        """What the IMUs say: acceleration x, y, z in m/s² and turning x, y, z in rad/s, [n, 6]."""
        return self.imu.read(self._delayed[0])

    def drive(self, duty: Any) -> np.ndarray:
        """Apply duty cycles (−1 … 1, [n] or one number) for 10 ms; returns who stands. Fallen ones lie still."""
        asked = np.clip(self._one_each("duty", duty), -1.0, 1.0)
        h = self.step
        for _ in range(self._steps):
            self._pending = np.roll(self._pending, -1, axis=0)
            self._pending[-1] = asked
            now = self._pending[0]
            s = self.state
            k1 = self.slope(s, now)
            k2 = self.slope(s + 0.5 * h * k1, now)
            k3 = self.slope(s + 0.5 * h * k2, now)
            k4 = self.slope(s + h * k3, now)
            fresh = s + (h / 6.0) * (k1 + 2.0 * (k2 + k3) + k4)
            self.state = np.where(self.fallen, s, fresh)
            self.fallen |= np.abs(self.state[0]) > self.fallen_at
            self._delayed = [*self._delayed[1:], self._felt(now)]
        self.time += self.period
        return ~self.fallen

    def _felt(self, duty: np.ndarray) -> np.ndarray:
        """Specific force and turning in the axes of the body, x forward and z up, [n, 6]."""
        theta, turn = self.state[0], self.state[2]
        pace = self.slope(self.state, duty)
        h = self.build.sensor_height
        sine, cosine = np.sin(theta), np.cos(theta)
        along = self.build.radius * pace[3] + h * (pace[2] * cosine - turn**2 * sine)
        up = GRAVITY - h * (pace[2] * sine + turn**2 * cosine)
        felt = np.zeros((self.n, 6))
        felt[:, 0] = along * cosine - up * sine
        felt[:, 2] = along * sine + up * cosine
        felt[:, 4] = turn
        return felt
