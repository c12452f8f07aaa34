"""Teaching the balancing network: it imitates the classical controller, then evolves in the loop.

1. Imitation. The first synapses are random, each integration neuron tuned to some mixture of forward acceleration and
   turning about the axle, with the sum that brings all of them to a middle rate. Robots under the classical controller,
   pushed at random, give readings and what both motor pairs should say; a ridge regression from the filtered spikes of
   the integration layer to the drive that a LIF neuron needs for that rate gives the second synapses. The best of a
   few draws goes on.
2. Evolution strategy (antithetic pairs with ranked costs; Salimans et al. 2017, arXiv:1703.03864) over all 200
   synapses, all candidates side by side in one network. Each is shown the same robots, starts, biases; the centre that
   did best on robots of its own is kept.
"""

import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from .balance import GAINS, PERIOD_MS, BalanceWeights, ClassicalBalance, SpikingBalance
from .pendulum import BalancingRobot

__all__ = ["BalanceTraining", "lif_drive", "train_balance", "untrained_balance"]

FIRST, SECOND = "imu->integration", "integration->balance"
# mean drive of an integration neuron, mV/ms, and how far one reading at its end moves it
_DRIVE = {"adex": (28.0, 12.0), "lif": (8.0, 3.0)}
# rate of each motor neuron at rest, Hz
_REST = 125.0
_RIDGE = 1e-2


class BalanceTraining(NamedTuple):
    """weights: what was learnt. costs: mean cost of each generation, 0 … 1. seconds: what it took."""

    weights: BalanceWeights
    costs: List[float]
    seconds: float


def lif_drive(rate: np.ndarray, drive: float = 15.0, tau: float = 20.0, refractory: float = 2.0) -> np.ndarray:
    """Steady input, mV per ms, that makes a LIF neuron fire at `rate` Hz: the inverse of its f-I curve."""
    interval = 1000.0 / np.asarray(rate, float) - refractory
    return np.asarray(drive / (tau * -np.expm1(-interval / tau)))


def untrained_balance(seed: int = 0, model: str = "adex") -> BalanceWeights:
    """Random synapses as training starts from: the first layer as drawn, the second with their usual spread."""
    checks.known("integration model", model, _DRIVE)
    rng = np.random.Generator(np.random.PCG64([checks.whole("untrained_balance", "seed", seed, least=0), 21]))
    return {FIRST: _mixtures(rng, model), SECOND: rng.normal(0.0, 2.0, (20, 4)) + 1.0}


def _mixtures(rng: np.random.Generator, model: str) -> np.ndarray:
    drive, reach = _DRIVE[model]
    weights = np.zeros((6, 20))
    size = np.exp(rng.normal(0.0, 0.5, (2, 20))) * np.sign(rng.standard_normal((2, 20)))
    weights[[0, 4]] = reach * size * np.array([[0.7], [1.0]])
    # the other readings hardly move, and their spikes serve as a bias
    rest = drive * np.exp(rng.normal(0.0, 0.2, 20)) - weights.sum(axis=0)
    weights[[1, 2, 3, 5]] = rest / 4.0
    return weights


def train_balance(
    model: str = "adex", seed: int = 0, draws: int = 3, generations: int = 8, pairs: int = 48, starts: int = 2,
    judges: int = 48, seconds: float = 8.0, progress: Optional[Callable[[str], None]] = None,
) -> BalanceTraining:  # fmt: skip
    """Weights of `balance_network` that balance, in about a minute; the same for the same seed.

    model: of the integration layer, "adex" or "lif". draws: first layers to choose among. generations, pairs, starts:
    of the evolution strategy, `pairs` directions each tried both ways on `starts` robots. judges: robots that what was
    learnt is judged by. seconds: of the longest trial. progress: is told a line at each step.
    """
    checks.known("integration model", model, _DRIVE)
    checks.whole("train_balance", "seed", seed, least=0)
    for name, value in (("generations", generations), ("pairs", pairs), ("starts", starts), ("judges", judges)):
        checks.count("train_balance", name, value)
    checks.positive("train_balance", "seconds", seconds, "s")
    began, tell = time.perf_counter(), progress if progress is not None else _silent

    def judge(weights: BalanceWeights) -> float:
        # on robots that no candidate is tried on
        one = {name: w[None] for name, w in weights.items()}
        return float(_cost(one, model, 7919 * seed + 1, judges, seconds)[0])

    scored = []
    for draw in range(checks.count("train_balance", "draws", draws)):
        weights = _imitate(model, seed, draw)
        scored.append((judge(weights), draw, weights))
        tell(f"imitation {draw + 1} of {draws}: cost {scored[-1][0]:.4f}")
    centre = min(scored, key=lambda s: s[:2])
    weights, costs = _evolve(centre[2], centre[0], model, seed, (generations, pairs, starts), seconds, judge, tell)
    return BalanceTraining(weights, costs, time.perf_counter() - began)


def _silent(line: str) -> None:
    """Where nobody asks."""


def _imitate(model: str, seed: int, draw: int, robots: int = 48, steps: int = 200) -> BalanceWeights:
    rng = np.random.Generator(np.random.PCG64([seed, 22, draw]))
    first = _mixtures(rng, model)
    readings, wanted = _lesson(rng, robots, steps)
    pilot = SpikingBalance({FIRST: first, SECOND: np.zeros((20, 4))}, robots, model)
    spikes, target = np.zeros((robots, 20)), np.zeros((robots, 2))
    features, targets = [], []
    for reading, parts in zip(readings, wanted):
        # as a membrane of 20 ms sees them
        spikes = spikes + 0.4 * (pilot.spikes(reading)["integration"].reshape(robots, 20) / PERIOD_MS - spikes)
        target = target + 0.4 * (parts / np.array(GAINS) - target)
        features.append(spikes)
        targets.append(target)
    x = np.concatenate(features[20:])
    half = 0.5 * np.concatenate(targets[20:])
    rates = np.stack([half[:, 0], -half[:, 0], half[:, 1], -half[:, 1]], axis=1) + _REST
    y = lif_drive(np.clip(rates, 5.0, 400.0))
    gram = x.T @ x
    ridge = _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    return {FIRST: first, SECOND: np.linalg.solve(gram + ridge, x.T @ y)}


def _lesson(rng: np.random.Generator, robots: int, steps: int) -> Tuple[List[np.ndarray], List[np.ndarray]]:
    """Readings [robots, 6], and what the pairs should ask for [robots, 2], at each step."""
    bots, teacher = BalancingRobot(robots, int(rng.integers(2**31))), ClassicalBalance(robots)
    push = np.zeros(robots)
    readings, wanted = [], []
    for _ in range(steps):
        readings.append(bots.read())
        duty = teacher.act(readings[-1])
        wanted.append(teacher.parts)
        push = 0.85 * push + 0.05 * rng.standard_normal(robots)
        bots.drive(duty + push)
    return readings, wanted


def _cost(weights: BalanceWeights, model: str, seed: int, starts: int, seconds: float) -> np.ndarray:
    """Mean cost, 0 … 1, of each candidate: weights with a first axis; all see the same robots."""
    candidates = len(weights[FIRST])
    each = {name: np.repeat(w, starts, axis=0) for name, w in weights.items()}
    one = BalancingRobot(starts, seed)
    bots = BalancingRobot(candidates * starts, seed, np.tile(one.lean, candidates))
    bots.imu.bias = np.tile(one.imu.bias, (candidates, 1))
    pilot, cost, steps = SpikingBalance(each, bots.n, model), np.zeros(bots.n), round(100 * seconds)
    for step in range(steps):
        standing = bots.drive(pilot.act(bots.read()))
        cost += np.where(standing, np.minimum(1.0, 30.0 * bots.lean**2 + 0.3 * bots.speed**2), 1.0)
        if not standing.any():
            cost += steps - step - 1
            break
    return np.asarray(cost.reshape(candidates, starts).mean(axis=1) / steps)


def _evolve(
    centre: BalanceWeights, score: float, model: str, seed: int, sizes: Tuple[int, int, int], longest: float,
    judge: Callable[[BalanceWeights], float], tell: Callable[[str], None],
) -> Tuple[BalanceWeights, List[float]]:  # fmt: skip
    generations, pairs, starts = sizes
    rng = np.random.Generator(np.random.PCG64([seed, 23]))
    spread = {name: float(np.sqrt(np.mean(w**2))) for name, w in centre.items()}
    moving: Dict[str, np.ndarray] = {name: np.zeros_like(w) for name, w in centre.items()}
    best, costs = (score, centre), []
    for generation in range(generations):
        seconds = longest * (3.0 + 5.0 * generation / generations) / 8.0
        ways = {name: rng.standard_normal((pairs, *w.shape)) for name, w in centre.items()}
        tried = {n: centre[n] + 0.05 * spread[n] * np.concatenate([w, -w]) for n, w in ways.items()}
        cost = _cost(tried, model, 1000 * seed + generation + 100, starts, seconds)
        ranks = 0.5 - np.argsort(np.argsort(cost)) / (2.0 * pairs - 1.0)
        gain = ranks[:pairs] - ranks[pairs:]
        for name, way in ways.items():
            moving[name] = 0.8 * moving[name] + np.tensordot(gain, way, 1) / pairs
        centre = {name: w + 0.06 * spread[name] * moving[name] for name, w in centre.items()}
        costs.append(float(cost.mean()))
        own = judge(centre)
        if own < best[0]:
            best = (own, centre)
        tell(f"generation {generation + 1} of {generations}: cost {costs[-1]:.4f}, of the centre {own:.4f}")
    return best[1], costs
