"""Driving with spikes: the tutorial's robot network in a closed loop, and a classical reactive planner beside it.

    vision 1024 (LIF), lidar 360 → perception 256 (AdEx) ─┐
                                                 imu 9 ───┴→ planning 128 (AdEx) → wheels 2, arm 6 (LIF)

run for 20 ms in each control step of 20 ms. What is where. The encoder turns each pixel, ray and IMU value into spikes
of its own neuron by a fixed map; it plans nothing. All that the wheels do passes through the synapses: from vision and
lidar to perception fixed random mixtures, from perception and IMU to planning and from there to the wheels what was
learnt. The decoder is fixed and linear: a low-pass of 100 ms over the two wheels' rates, 150 Hz is at rest, ±200 Hz
full speed. The arm has no task here: its synapses are zero.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..events import SpikeTrain
from ..network.graph import Network
from ..plan.compile import compile_network
from ..plan.plan import Plan
from ..simulator import Simulator
from .courses import Courses
from .rover import Rover, Senses

__all__ = [
    "ROVER_LAYERS",
    "ClassicalDriver",
    "DriveResult",
    "RoverWeights",
    "SpikingDriver",
    "evaluate_rover",
    "imu_share",
    "nearness",
    "rover_network",
    "rover_spikes",
]

ROVER_LAYERS = {"vision": 1024, "lidar": 360, "imu": 9, "perception": 256, "planning": 128, "wheels": 2, "arm": 6}
MODELS = {"vision": "lif", "lidar": "rate", "imu": "rate", "perception": "adex", "planning": "adex"}
WIRES = (
    ("vision", "perception"), ("lidar", "perception"), ("imu", "planning"), ("perception", "planning"),
    ("planning", "wheels"), ("planning", "arm"),
)  # fmt: skip
PERIOD_MS = 20.0
# within which a ray is felt, m
REACH, TOUCH = 1.5, 0.2
# rates, Hz: of a ray that meets nothing near, of one that touches, and of an IMU value at its upper end
RAY_REST, RAY_RATE, IMU_RATE = 10.0, 200.0, 2000.0
_IMU_CENTRE = np.array([0.0, 0.0, 9.80665, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
_IMU_SPAN = np.array([5.0, 5.0, 5.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0])
# a pixel darker than this spikes
DARK = 0.45
# of the decoder: s, Hz, Hz
SMOOTH, REST, FULL = 0.1, 150.0, 200.0

RoverWeights = Dict[str, np.ndarray]


def nearness(lidar: np.ndarray) -> np.ndarray:
    """0 beyond 1.5 m, 1 at 0.2 m."""
    return np.asarray(np.clip((REACH - lidar) / (REACH - TOUCH), 0.0, 1.0))


def imu_share(senses: Senses) -> np.ndarray:
    """IMU values as shares 0 … 1 of their ranges, [n, 9]."""
    return np.asarray(np.clip((senses.imu - _IMU_CENTRE) / _IMU_SPAN, -1.0, 1.0) * 0.5 + 0.5)


def rover_spikes(senses: Senses, carry: np.ndarray) -> Tuple[List[Dict[str, SpikeTrain]], np.ndarray]:
    """Events of the next 20 ms for each rover, and the carry [n, 369] for the step after.

    A ray fires at 10 Hz, and up to 200 Hz with its nearness, an IMU value at 0 … 2,000 Hz over its range (±5 m/s², z
    around gravity; ±2 rad/s; ±1), both exact to one spike over time; a pixel darker than 0.45 fires once, the darker
    the earlier.
    """
    share = imu_share(senses)
    rates = np.concatenate([RAY_REST + nearness(senses.lidar) * (RAY_RATE - RAY_REST), share * IMU_RATE], axis=1)
    level = carry + rates * (PERIOD_MS / 1000.0)
    counts = np.floor(level).astype(np.int64)
    rays = ROVER_LAYERS["lidar"]
    found = []
    for one, picture in zip(counts, senses.camera.reshape(len(counts), -1)):
        dark = np.flatnonzero(picture < DARK)
        found.append({
            "lidar": _even(one[:rays]), "imu": _even(one[rays:]),
            "vision": SpikeTrain(dark.astype(np.uint32), np.clip(picture[dark] / DARK, 0.0, 1.0) * 0.9 * PERIOD_MS),
        })  # fmt: skip
    return found, level - counts


def _even(counts: np.ndarray) -> SpikeTrain:
    who = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
    times = (place + 0.5) * (PERIOD_MS / np.maximum(counts[who], 1)) if len(who) else np.zeros(0)
    return SpikeTrain(who.astype(np.uint32), times)


def rover_network(weights: RoverWeights) -> Network:
    """The network of the tutorial with given weights, {"pre->post": [pre, post]} in mV for all six projections."""
    net = Network("rover")
    for name, size in ROVER_LAYERS.items():
        net.add(name, size, MODELS.get(name, "lif"))
    for pre, post in WIRES:
        net.connect(pre, post, weights=weights[f"{pre}->{post}"])
    return net


class SpikingDriver:
    """n rovers, each driven by the same network in a state of its own: `act(senses)` gives wheel speeds."""

    def __init__(self, weights: RoverWeights, n: int = 1, precision: str = "float32", dt: float = 0.1) -> None:
        self.n = checks.count("SpikingDriver", "n", n)
        plan: Plan = compile_network(rover_network(weights), dt, precision)
        self._simulators = [Simulator(plan, precision=precision) for _ in range(self.n)]
        self._carry = np.full((self.n, 369), 0.5)
        self._smooth = np.full((self.n, 2), REST)
        # of the last step
        self.counts = {name: np.zeros((self.n, ROVER_LAYERS[name])) for name in ("perception", "planning", "wheels")}

    def spikes(self, senses: Senses, active: Optional[np.ndarray] = None) -> Dict[str, np.ndarray]:
        """Spike counts of all that is not a sensor over the next 20 ms, {layer: [n, size]}; those not active rest."""
        events, self._carry = rover_spikes(senses, self._carry)
        for kept in self.counts.values():
            kept[:] = 0.0
        for k, (simulator, inputs) in enumerate(zip(self._simulators, events)):
            if active is None or active[k]:
                found = simulator.run(PERIOD_MS, inputs, record=()).counts
                for name, kept in self.counts.items():
                    kept[k] = found[name]
        return self.counts

    def act(self, senses: Senses, active: Optional[np.ndarray] = None) -> np.ndarray:
        """Wheel speeds (left, right), shares −1 … 1 of the top speed [n, 2]."""
        rates = self.spikes(senses, active)["wheels"] * (1000.0 / PERIOD_MS)
        self._smooth += PERIOD_MS / 1000.0 / SMOOTH * (rates - self._smooth)
        return np.asarray(np.clip((self._smooth - REST) / FULL, -1.0, 1.0))


class ClassicalDriver:
    """A potential field on lidar and compass, tuned for this rover: turn along the lane and away from what is near,
    slow down for what is ahead."""

    along, away, slow, pace = 0.4, 1.8, 1.0, 0.5

    def __init__(self, n: int = 1) -> None:
        angle = np.radians((np.arange(360.0) + 180.0) % 360.0 - 180.0)
        side, ahead = np.exp(-((angle / 0.8) ** 2)), np.exp(-((angle / 0.5) ** 2))
        # straight ahead counts as left, so that nothing is balanced
        self._side = 2.0 * np.where(angle >= 0, 1.0, -1.0) * side / side.sum()
        self._ahead = ahead / ahead.sum()

    def act(self, senses: Senses, active: Optional[np.ndarray] = None) -> np.ndarray:
        """Wheel speeds (left, right), shares −1 … 1 of the top speed [n, 2]."""
        near = nearness(senses.lidar) ** 2
        heading = np.arctan2(-senses.imu[:, 7], senses.imu[:, 6])
        turn = np.clip(-self.along * heading - self.away * (near @ self._side), -0.6, 0.6)
        pace = self.pace * np.clip(1.0 - self.slow * (near @ self._ahead), 0.15, 1.0)
        return np.stack([pace - turn, pace + turn], axis=1)


class DriveResult(NamedTuple):
    """crossed: share of rovers that reached the finish without a hit. hit: share that touched something. times: seconds
    to the finish, the hit or the end [n]."""

    crossed: float
    hit: float
    times: np.ndarray


def evaluate_rover(pilot: Any, n: int = 100, seconds: float = 40.0, seed: int = 0) -> DriveResult:
    """Let `pilot` (act(senses, active) → wheel speeds) drive n rovers, each on a random course of its own."""
    checks.positive("evaluate_rover", "seconds", seconds, "s")
    rover = Rover(Courses(n, seed), seed)
    times = np.zeros(n)
    for _ in range(round(seconds / rover.period)):
        times += rover.period * rover.active
        if not rover.drive(pilot.act(rover.sense(), rover.active)).any():
            break
    return DriveResult(float(rover.arrived.mean()), float(rover.hit.mean()), times)
