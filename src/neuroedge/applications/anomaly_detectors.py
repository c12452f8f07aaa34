"""What each detector neuron looks for: a direction in which faults move the held levels, and a threshold."""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from .anomaly_readout import DIRECT, GATE, RELAY, Spikes, held, window_sums

__all__ = ["Detector", "Window", "find_detectors", "stuck_groups", "tail"]

# chance of a false hit per sample: of all detectors of single sensors together, and of each one of a whole kind, whose
# noise is correlated in time and so hits again
CHANCE, CHANCE_OF_KIND = 1e-3, 1e-5
# a jump of all sensors of a kind stands out from noise that is correlated in time more than their level does
CHANGE = 0.5


class Window(NamedTuple):
    """A weight (mV) on spikes of a layer: kind k0 or k1, `delay` after the spike, taken back after `length` ms more."""

    kind: str
    weight: float
    delay: float
    length: float


class Detector(NamedTuple):
    """relays: mV for each relay's K1; windows: layer → windows over its own spikes, the same for all its neurons;
    level: u, this sum, at which it fires, in mV; unit: which accumulator hears it, 0 for single sensors, 1 else.
    change: how much of u's change since the last sample counts besides, (1 + change)·u(t) − change·u(t − 1)."""

    name: str
    relays: np.ndarray
    windows: Dict[str, List[Window]]
    level: float
    unit: int
    change: float = 0.0


def tail(u: np.ndarray, chance: float) -> float:
    """The level that u passes with that chance: beyond its largest values, 2 % of them or 30, as an exponential with
    their mean excess, which errs on the high side for Gaussian tails."""
    share = float(min(0.02, max(30.0 / u.size, chance)))
    base = float(np.quantile(u, 1.0 - share))
    excess = float(np.mean(u[u > base] - base)) if (u > base).any() else 0.0
    return base + excess * float(np.log(share / chance))


def find_detectors(
    spikes: Dict[str, Spikes], rate: List[str], temporal: List[str], room: int, scale: float, skip: int
) -> List[Detector]:
    """Detectors for at most `room` neurons.

    scale: of all times, length of a sample / 50 ms. skip: samples at the begin that do not count.
    """
    n = next(iter(spikes.values())).samples
    fit = (np.arange(n) // 50) % 2 == 0
    fit[:skip] = False
    check = ~fit
    check[:skip] = False
    levels = _levels(spikes, rate, scale)
    kinds = np.repeat(np.arange(len(rate)), [spikes[layer].neurons for layer in rate])
    patterns = {layer: _mean_time(spikes[layer], fit, scale) for layer in temporal}
    detectors = _whole_kinds(levels, kinds, rate, patterns, fit, check)
    for layer in temporal:
        detectors += _counts(layer, spikes[layer], levels.shape[1], fit, check, scale)
    left = room - len(detectors)
    detectors += _neighbours(levels, max(0, left), fit, check)
    return detectors[: max(0, room)]


def _levels(spikes: Dict[str, Spikes], rate: List[str], scale: float) -> np.ndarray:
    """Held levels [samples, relays]."""
    parts = [window_sums(held(spikes[layer]), RELAY * scale, GATE * scale, scale)["k1"] for layer in rate]
    n = next(iter(spikes.values())).samples
    return np.concatenate(parts, axis=1) if parts else np.zeros((n, 0))


def _residuals(levels: np.ndarray) -> np.ndarray:
    """Columns that give what a relay's level is beyond what all others predict, in its own standard deviations."""
    spread = levels.std(axis=0)
    spread[spread == 0] = 1.0
    correlation = np.cov((levels / spread).T).reshape(len(spread), len(spread))
    inverse = np.linalg.inv(correlation + 1e-3 * np.eye(len(spread)))
    columns: np.ndarray = inverse / np.sqrt(np.diag(inverse)) / spread[:, None]
    return columns


def _neighbours(levels: np.ndarray, room: int, fit: np.ndarray, check: np.ndarray) -> List[Detector]:
    """One for each sensor: it is high and the next one is low, beyond what all others predict. In a ring each sensor so
    has one for either direction."""
    n = levels.shape[1]
    count = min(n, room)
    if count < 1 or n < 2:
        return []
    apart = _residuals(levels[fit])
    groups = np.array_split(np.arange(n), count)
    first = np.stack([apart[:, group].sum(axis=1) for group in groups], axis=1)
    weights = first - np.roll(first, -1, axis=1) if count > 1 else first
    u = levels @ weights
    weights = weights / np.maximum(u[fit].std(axis=0), 1e-12)
    u = levels @ weights
    middle = u[fit].mean(axis=0)
    # one shape of the tail for all: each alone has too few samples
    level = tail((u[check] - middle).ravel(), CHANCE / max(1, count))
    return [Detector(f"sensor {k}", weights[:, k], {}, level + middle[k], 0) for k in range(count)]


def _mean_time(spikes: Spikes, fit: np.ndarray, scale: float) -> Tuple[np.ndarray, List[Window]]:
    """How early a layer of single spikes fires on the whole [samples], and the windows that tell it."""
    sums = window_sums(spikes, DIRECT * scale, GATE * scale, scale)
    ages, counts = sums["k1"].sum(axis=1), sums["k0"].sum(axis=1)
    # neurons that are silent by chance shall not count as late: what one spike says on average is taken off
    mean = float(ages[fit].sum() / max(counts[fit].sum(), 1e-12))
    seen = (GATE - DIRECT) * scale
    return ages - mean * counts, [Window("k1", 1.0, DIRECT * scale, seen), Window("k0", -mean, DIRECT * scale, seen)]


def _whole_kinds(
    levels: np.ndarray, kinds: np.ndarray, rate: List[str], patterns: Dict[str, Tuple[np.ndarray, List[Window]]],
    fit: np.ndarray, check: np.ndarray,
) -> List[Detector]:  # fmt: skip
    """Two for each layer: all its sensors are high, or low, beyond what the other layers predict."""
    n = levels.shape[1]
    columns = np.concatenate([levels, *[u[:, None] for u, _ in patterns.values()]], axis=1)
    kinds = np.concatenate([kinds, len(rate) + np.arange(len(patterns))])
    spread = np.maximum(columns[fit].std(axis=0), 1e-12)
    covariance = np.atleast_2d(np.cov((columns[fit] / spread).T))
    inverse = np.linalg.inv(covariance + 1e-2 * np.eye(len(spread)))
    found = []
    for k, layer in enumerate([*rate, *patterns]):
        weights = inverse @ (kinds == k) / spread
        u = columns @ weights
        u = (1.0 + CHANGE) * u - CHANGE * np.concatenate((u[:1], u[:-1]))
        gain = 1.0 / max(float(u[fit].std()), 1e-12)
        for sign, word in ((gain, "high"), (-gain, "low")):
            windows = {
                name: [w._replace(weight=w.weight * sign * float(weights[n + j])) for w in patterns[name][1]]
                for j, name in enumerate(patterns)
            }
            level = tail(sign * u[check], CHANCE_OF_KIND)
            found.append(Detector(f"all of {layer} {word}", weights[:n] * sign, windows, level, 1, CHANGE))
    return found


def _counts(
    layer: str, spikes: Spikes, relays: int, fit: np.ndarray, check: np.ndarray, scale: float
) -> List[Detector]:
    """Two for a layer of single spikes: there are few, and some are far earlier or later than normal ones."""
    none, seen = np.zeros(relays), (GATE - DIRECT) * scale
    counts = window_sums(spikes, DIRECT * scale, GATE * scale, scale)["k0"].sum(axis=1)
    gain = 1.0 / max(float(counts[fit].std()), 1e-12)
    few = [Window("k0", -gain, DIRECT * scale, seen)]
    found = [Detector(f"{layer} silent", none, {layer: few}, tail(-gain * counts[check], CHANCE_OF_KIND), 1)]
    early, late = (float(edge) for edge in np.quantile(spikes.time, (0.0005, 0.9995)))
    ends = [Window("k0", 1.0, GATE * scale - early, early), Window("k0", 1.0, DIRECT * scale, seen - late)]
    ends = [w for w in ends if w.length > 0.5 * scale]
    outside = (spikes.time <= early) | ((spikes.time > late) & (spikes.time <= seen))
    u = np.bincount(spikes.sample[outside], minlength=spikes.samples).astype(float)
    # whole spikes: halfway between two counts, and never a single one; they come in bursts that an extrapolation misses
    level = max(2.5, 2.0 * float(u[fit | check].max()) + 0.5, float(np.ceil(tail(u[check], CHANCE_OF_KIND))) + 0.5)
    return [*found, Detector(f"{layer} scattered", none, {layer: ends}, level, 1)]


def stuck_groups(neurons: int, units: int) -> List[np.ndarray]:
    """Which sensors each accumulator of silence watches: one each while there are enough of them."""
    return [group for group in np.array_split(np.arange(neurons), max(1, min(units, neurons))) if len(group)]
