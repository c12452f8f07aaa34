"""Teaching the robot network to drive: layer after layer it imitates the classical planner, then corrects itself.

1. Sensors to perception stay as they are drawn: each perception neuron looks at the rays and pixels around some
   direction with some width; most are driven by what is near there, others held back by it.
2. Rovers under the planner, pushed at random, give perception spikes, IMU values and wheel speeds. A ridge regression
   makes each planning neuron stand for a random mixture of turn and pace, as its drive (weights into planning).
3. With these, another drive gives planning spikes, and a ridge regression to the drive that a LIF neuron needs for the
   wanted rate gives the weights into the wheels.
4. The network drives itself, more and more; what the planner would have done where it went is added, and the last
   weights are fitted anew (DAgger: Ross, Gordon & Bagnell 2011, AISTATS).
"""

import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from .balance_training import lif_drive
from .courses import Courses
from .driving import FULL, PERIOD_MS, REST, ROVER_LAYERS, WIRES, ClassicalDriver, RoverWeights, SpikingDriver, imu_share
from .rover import Rover

__all__ = ["RoverTraining", "fixed_layers", "train_rover", "untrained_rover"]

INTO_PLANNING = ("perception->planning", "imu->planning")
WHEELS = "planning->wheels"
# share of the planner in the wheel speeds of each drive that corrects
_HELP = (0.5, 0.0)
_SECONDS = 45.0
# drive of a planning neuron, mV/ms: its mean, and how far one standard deviation of turn or pace moves it
_MEAN, _REACH = 10.0, 6.0
# sums of small rates need it large, or noise is learnt
_RIDGE_PLANNING, _RIDGE_WHEELS = 1e-2, 3e-3


class RoverTraining(NamedTuple):
    """weights: all six projections. learnt: those of them that were not drawn. crossed: share of rovers that crossed
    in each drive of the lessons, with the planner's help. seconds: what it took."""

    weights: RoverWeights
    learnt: RoverWeights
    crossed: List[float]
    seconds: float


def _empty(names: Tuple[str, ...]) -> RoverWeights:
    return {f"{a}->{b}": np.zeros((ROVER_LAYERS[a], ROVER_LAYERS[b])) for a, b in WIRES if f"{a}->{b}" in names}


def fixed_layers(seed: int = 0) -> RoverWeights:
    """What is drawn and not learnt: sensors to perception, and an arm without synapses."""
    rng = np.random.Generator(np.random.PCG64([checks.whole("fixed_layers", "seed", seed, least=0), 41]))
    n = ROVER_LAYERS["perception"]
    centre = rng.uniform(-1.0, 1.0, n) * np.radians(110.0)
    width = np.exp(rng.uniform(np.log(0.12), np.log(0.7), n))
    driven = rng.random(n) < 0.6
    gain = np.where(driven, 1.0, -0.6) * 200.0 * np.exp(rng.normal(0.0, 0.5, n))
    tonic = np.where(driven, rng.uniform(2.0, 8.0, n), rng.uniform(6.0, 14.0, n))
    rays = np.radians(np.arange(360.0))
    field = np.exp(-((((rays[:, None] - centre + np.pi) % (2.0 * np.pi) - np.pi) / width) ** 2))
    # all rays at rest bring 3.6 spikes a ms together, a field full of nearness 0.19 each
    lidar = tonic / 3.6 + field / field.sum(axis=0) * gain / 0.19
    columns = np.arctan(1.0 - 2.0 * (np.arange(32) + 0.5) / 32)
    looks = 0.1 * np.sign(gain) * np.exp(-(((columns[:, None] - centre) / width) ** 2))
    vision = np.broadcast_to(looks, (32, 32, n)).reshape(1024, n)
    return {"lidar->perception": lidar, "vision->perception": vision, **_empty(("planning->arm",))}


def untrained_rover(seed: int = 0) -> RoverWeights:
    """Random synapses where training would put learnt ones, as large as those are on average."""
    rng = np.random.Generator(np.random.PCG64([checks.whole("untrained_rover", "seed", seed, least=0), 42]))
    empty = _empty((*INTO_PLANNING, WHEELS))
    spread = {INTO_PLANNING[0]: 1.0, INTO_PLANNING[1]: 1.5, WHEELS: 1.0}
    drawn = {name: rng.normal(0.1, spread[name], w.shape) for name, w in empty.items()}
    return {**fixed_layers(seed), **drawn}


def train_rover(
    seed: int = 0, rovers: int = 10, progress: Optional[Callable[[str], None]] = None
) -> RoverTraining:  # fmt: skip
    """Weights of `rover_network` that drive, in about a minute; the same for the same seed.

    rovers: in each of the four drives that it learns from. progress: is told a line after each.
    """
    began, n = time.perf_counter(), checks.count("train_rover", "rovers", rovers)
    tell = progress if progress is not None else _silent
    rng = np.random.Generator(np.random.PCG64([checks.whole("train_rover", "seed", seed, least=0), 43]))
    learnt = _empty((*INTO_PLANNING, WHEELS))
    weights, crossed = {**fixed_layers(seed), **learnt}, []
    lesson, share = _drive(weights, n, rng, 1.0)
    tell(f"the planner drives: {share:.0%} cross")
    learnt.update(_planning(lesson, rng))
    seen: List[Dict[str, np.ndarray]] = []
    for helped in (1.0, *_HELP):
        lesson, share = _drive({**weights, **learnt}, n, rng, helped)
        crossed.append(share)
        tell(f"the planner's share {helped:g}: {share:.0%} cross")
        seen.append(lesson)
        x, y = (np.concatenate([one[name] for one in seen]) for name in ("planning", "wanted"))
        learnt[WHEELS] = _ridge(x, lif_drive(np.clip(REST + FULL * y, 3.0, 400.0)), _RIDGE_WHEELS)
    return RoverTraining({**weights, **learnt}, learnt, crossed, time.perf_counter() - began)


def _silent(line: str) -> None:
    """Where nobody asks."""


def _drive(
    weights: RoverWeights, n: int, rng: np.random.Generator, helped: float
) -> Tuple[Dict[str, np.ndarray], float]:
    """Filtered spikes [samples, size] of perception and planning, IMU rates and the planner's wheel speeds, all in
    spikes per ms as a membrane of 20 ms sees them; and the share of rovers that crossed."""
    seed = int(rng.integers(2**31))
    rover, pilot, planner = Rover(Courses(n, seed), seed), SpikingDriver(weights, n), ClassicalDriver(n)
    traces = {"perception": np.zeros((n, 256)), "planning": np.zeros((n, 128)), "imu": np.zeros((n, 9))}
    traces["wanted"] = np.zeros((n, 2))
    kept: Dict[str, List[np.ndarray]] = {name: [] for name in traces}
    push, blend = np.zeros((n, 2)), -np.expm1(-1.0)
    for step in range(round(_SECONDS / rover.period)):
        senses, active = rover.sense(), rover.active
        wanted, own = planner.act(senses), pilot.act(senses, active)
        now = {**{name: c / PERIOD_MS for name, c in pilot.counts.items()}, "wanted": wanted}
        now["imu"] = 2.0 * imu_share(senses)
        for name, trace in traces.items():
            trace += blend * (now[name] - trace)
            if step >= 5:
                kept[name].append(trace[active])
        push = 0.9 * push + 0.1 * rng.standard_normal((n, 2))
        if not rover.drive(helped * wanted + (1.0 - helped) * own + push * min(1.0, 2.0 * helped)).any():
            break
    return {name: np.concatenate(rows) for name, rows in kept.items()}, float(rover.arrived.mean())


def _planning(lesson: Dict[str, np.ndarray], rng: np.random.Generator) -> RoverWeights:
    """Weights into planning, by which each neuron's drive follows its mixture of turn and pace."""
    wanted, n = lesson["wanted"], ROVER_LAYERS["planning"]
    parts = np.stack([wanted[:, 1] - wanted[:, 0], wanted[:, 1] + wanted[:, 0]], axis=1)
    parts = (parts - parts.mean(axis=0)) / parts.std(axis=0)
    angle = rng.uniform(0.0, 2.0 * np.pi, n)
    mixture = np.stack([np.cos(angle), np.sin(angle)]) * np.exp(rng.normal(0.0, 0.4, n))
    drive = np.maximum(_MEAN + rng.normal(0.0, 2.0, n) + _REACH * parts @ mixture, -5.0)
    x = np.concatenate([lesson["perception"], lesson["imu"]], axis=1)
    both = _ridge(x, drive, _RIDGE_PLANNING)
    rows = lesson["perception"].shape[1]
    return {INTO_PLANNING[0]: both[:rows], INTO_PLANNING[1]: both[rows:]}


def _ridge(x: np.ndarray, y: np.ndarray, share: float) -> np.ndarray:
    gram = x.T @ x
    return np.asarray(np.linalg.solve(gram + share * np.trace(gram) / len(gram) * np.eye(len(gram)), x.T @ y))
