"""Balancing with spikes: the tutorial's IMU network in a closed loop, and a classical controller beside it.

    imu 6 (rate) → integration 20 (AdEx or LIF) → balance 4 (LIF), run for 10 ms in each control step of 10 ms

What is where. The encoder turns each of the six readings into a spike rate by a fixed linear map; it estimates nothing.
All that depends on the readings passes through the synapses of the network. Its four motor neurons are two pairs that
pull against each other, forward and backward, a quick and a slow one. The decoder is fixed and linear, and is silent
if they are:

    quick = low-pass(r0 − r1, 10 ms),  slow = low-pass(r2 − r3, 550 ms)
    duty  = limit(0.002 quick + 0.01 slow + BETA · low-pass(duty, 30 ms), ±1)

The last term makes up for the motors' back-EMF: without wheel encoders, and with none in the tutorial, what has been
asked of the motors is all that is known of the speed, and no lean-feedback alone holds such a robot (the plant has a
real pole that only a controller with one can stabilise). The classical controller has the same term. Both therefore
come to rest rather than roll on.

One network may hold many robots side by side (`copies`), each with synapses of its own; a copy gives the bits that it
gives alone.
"""

from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..events import SpikeTrain
from ..network.graph import Network
from ..simulator import Simulator
from .pendulum import GRAVITY, BalancingRobot

__all__ = [
    "BALANCE_LAYERS",
    "BalanceResult",
    "BalanceWeights",
    "ClassicalBalance",
    "SpikingBalance",
    "balance_network",
    "encode_imu_readings",
    "evaluate_balance",
]

BALANCE_LAYERS = (("imu", 6), ("integration", 20), ("balance", 4))
PERIOD_MS = 10.0
# readings that give rates of 0 and of MAX_RATE: m/s² and rad/s; z stands for gravity
_CENTRE = np.array([0.0, 0.0, GRAVITY, 0.0, 0.0, 0.0])
_SPAN = np.array([10.0, 10.0, 10.0, 2.0, 2.0, 2.0])
MAX_RATE = 2000.0
_SLOTS = MAX_RATE * PERIOD_MS / 1000.0
# of the decoder, s and 1/Hz
QUICK, SLOW, MEMORY = 0.010, 0.55, 0.03
BETA = 1.87
GAINS = (0.002, 0.01)
# of the classical controller: duty per rad and per rad/s
KP, KD = 3.3, 0.36

BalanceWeights = Dict[str, np.ndarray]


def encode_imu_readings(readings: np.ndarray, carry: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Spike counts of the next 10 ms, int [n, 6], and the carry for the step after.

    Rates are linear, 0 … 2,000 Hz over ±10 m/s² (z around gravity) and ±2 rad/s. What is left of a spike is carried
    over, so that sums over time are exact to one spike.
    """
    share = np.clip((readings - _CENTRE) / _SPAN, -1.0, 1.0) * 0.5 + 0.5
    level = carry + share * _SLOTS
    counts = np.floor(level).astype(np.int64)
    return counts, level - counts


def _spikes(counts: np.ndarray) -> SpikeTrain:
    """Each neuron's spikes, evenly over the period."""
    flat = counts.ravel()
    who = np.repeat(np.arange(len(flat)), flat)
    first = np.repeat(np.cumsum(flat) - flat, flat)
    place = np.arange(len(who)) - first
    return SpikeTrain(who.astype(np.uint32), (place + 0.5) * (PERIOD_MS / flat[who]) if len(who) else [])


def balance_network(weights: BalanceWeights, model: str = "adex", copies: int = 0) -> Network:
    """The network of the tutorial with given weights, {"imu->integration": [6, 20], "integration->balance": [20, 4]}.

    model: of the integration layer, "adex" or "lif". copies: 0 for one robot; else so many side by side, and weights
    may have a first axis of that length.
    """
    net = Network("balance")
    n = max(1, copies)
    models = ("rate", checks.known("integration model", model, ("adex", "lif")), "lif")
    for (name, size), kind in zip(BALANCE_LAYERS, models):
        net.add(name, size * n, kind)
    for (pre, rows), (post, columns) in zip(BALANCE_LAYERS[:-1], BALANCE_LAYERS[1:]):
        w = np.broadcast_to(np.asarray(weights[f"{pre}->{post}"], np.float32), (n, rows, columns))
        copy, row, column = np.meshgrid(np.arange(n), np.arange(rows), np.arange(columns), indexing="ij")
        ends = (copy * rows + row).ravel(), (copy * columns + column).ravel()
        net.connect(pre, post, synapses=(*ends, w.ravel()))
    return net


class SpikingBalance:
    """n robots, each driven by a copy of the network: `act(readings)` gives duty cycles."""

    def __init__(
        self, weights: BalanceWeights, n: int = 1, model: str = "adex", precision: str = "float32", dt: float = 0.1
    ) -> None:
        self.n = checks.count("SpikingBalance", "n", n)
        self.simulator = Simulator(balance_network(weights, model, self.n), dt, precision=precision)
        self._carry = np.full((self.n, 6), 0.5)
        self._quick, self._slow, self._asked = np.zeros(self.n), np.zeros(self.n), np.zeros(self.n)

    def spikes(self, readings: np.ndarray) -> Dict[str, np.ndarray]:
        """Spike counts of all neurons over the next 10 ms, {layer: [n · size]}, robot after robot."""
        given = checks.real_array("SpikingBalance", "readings", readings, (self.n, 6))
        counts, self._carry = encode_imu_readings(given, self._carry)
        return dict(self.simulator.run(PERIOD_MS, {"imu": _spikes(counts)}, record=()).counts)

    def act(self, readings: np.ndarray) -> np.ndarray:
        """Duty cycles −1 … 1 [n] for readings [n, 6] in m/s² and rad/s."""
        rates = self.spikes(readings)["balance"].reshape(self.n, 4) * (1000.0 / PERIOD_MS)
        self._quick += _blend(QUICK) * (rates[:, 0] - rates[:, 1] - self._quick)
        self._slow += _blend(SLOW) * (rates[:, 2] - rates[:, 3] - self._slow)
        duty = np.clip(GAINS[0] * self._quick + GAINS[1] * self._slow + BETA * self._asked, -1.0, 1.0)
        self._asked += _blend(MEMORY) * (duty - self._asked)
        return np.asarray(duty)


class ClassicalBalance:
    """Complementary filter and PD with the same compensation of back-EMF, tuned for this robot."""

    def __init__(self, n: int = 1) -> None:
        self._lean: Optional[np.ndarray] = None
        self._asked = np.zeros(n)
        # duty that quick and slow pair should ask for; what an imitation learns
        self.parts = np.zeros((n, 2))

    def act(self, readings: np.ndarray) -> np.ndarray:
        """Duty cycles −1 … 1 [n] for readings [n, 6] in m/s² and rad/s."""
        felt, turning = np.arctan2(-readings[:, 0], readings[:, 2]), readings[:, 4]
        if self._lean is None:
            self._lean = np.array(felt)
        self.parts = np.stack([KD * turning, KP * (felt + SLOW * turning)], axis=1)
        self._lean += _blend(SLOW) * (felt + SLOW * turning - self._lean)
        duty = np.clip(KP * self._lean + KD * turning + BETA * self._asked, -1.0, 1.0)
        self._asked += _blend(MEMORY) * (duty - self._asked)
        return np.asarray(duty)


def _blend(tau: float) -> float:
    return min(1.0, PERIOD_MS / 1000.0 / tau)


class BalanceResult(NamedTuple):
    """standing: share of robots that stood to the end. times: seconds until each fell, or the whole [n]. lean: mean
    absolute lean while standing, degrees. drift: mean distance from the start at the end, of those that stand, m."""

    standing: float
    times: np.ndarray
    lean: float
    drift: float


def evaluate_balance(
    pilot: Any, n: int = 100, seconds: float = 60.0, seed: int = 0, robot: Optional[BalancingRobot] = None
) -> BalanceResult:
    """Let `pilot` (act(readings) → duties) drive n robots from random starts, all at once."""
    bots = BalancingRobot(n, seed) if robot is None else robot
    checks.positive("evaluate_balance", "seconds", seconds, "s")
    times, lean, steps = np.zeros(bots.n), np.zeros(bots.n), round(seconds / bots.period)
    for _ in range(steps):
        standing = bots.drive(pilot.act(bots.read()))
        times += bots.period * standing
        lean += np.abs(bots.lean) * standing
        if not standing.any():
            break
    moved = np.abs(bots.position[standing])
    drift = float(moved.mean()) if len(moved) else float("nan")
    mean = float(np.degrees(lean.sum() / max(times.sum() / bots.period, 1.0)))
    return BalanceResult(float(standing.mean()), times, mean, drift)
