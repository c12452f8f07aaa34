"""A made-up sensor node: what its sensors say on normal days, and faults of stated size.

One sample a minute. Thermometers (°C), hygrometers (% RH) and the cells of one motion sensor (0 … 1) share a daily
cycle: it is warm, dry and busy in the afternoon. Each value is an offset of its own + the cycle + noise of standard
deviation σ (0.8 °C, 2 % RH, 0.05). Half of its variance all sensors of a kind share, correlated in time (a first-order
autoregression with 0.8 a sample); the other half is each sensor's own, white.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks

__all__ = ["FAULTS", "SIGMA", "Fault", "Samples", "draw_fault", "inject", "normal_samples"]

Samples = List[Dict[str, np.ndarray]]

# samples a day, and what stays of shared noise from one sample to the next
DAY, STAYS = 1440, 0.8
SIGMA = {"temperature": 0.8, "humidity": 2.0, "motion": 0.05}
# of each kind: middle, height of its cycle, spread of the sensors' offsets, lowest and highest value
_KINDS = {
    "temperature": (21.0, 3.0, 0.5, -40.0, 85.0),
    "humidity": (50.0, -8.0, 1.5, 0.0, 100.0),
    "motion": (0.5, 0.1, 0.05, 0.0, 1.0),
}
_SIZES = {"temperature": 10, "humidity": 10, "motion": 100}
# samples that each kind of fault lasts
FAULTS = {"spike": 3, "drift": 200, "stuck": 50, "dropout": 5, "noise": 50}


class Fault(NamedTuple):
    """kind: of FAULTS; start, length: in samples; where: layer → indices of the values that it strikes; sign: 1 or −1,
    the direction of a spike or drift in each layer."""

    kind: str
    start: int
    length: int
    where: Dict[str, np.ndarray]
    sign: Dict[str, float]


def normal_samples(
    n: int, seed: int = 0, start: int = 0, sizes: Optional[Dict[str, int]] = None, node: int = 0
) -> Samples:
    """n samples of a node in time order, {layer: values}. seed: of the noise; node: of the offsets, the same node has
    the same ones; start: the minute of the day of the first."""
    n = checks.count("normal_samples", "n", n)
    rng = np.random.default_rng([checks.whole("normal_samples", "seed", seed, 0), 1])
    offsets = np.random.default_rng([checks.whole("normal_samples", "node", node, 0), 2])
    cycle = -np.cos(2.0 * np.pi * (start + np.arange(n)) / DAY)
    values = {}
    for name, size in (sizes or _SIZES).items():
        middle, height, spread, low, high = _KINDS[checks.known("kind of sensor", name, _KINDS)]
        shared = rng.standard_normal(n) * np.sqrt(1.0 - STAYS**2)
        shared[0] /= np.sqrt(1.0 - STAYS**2)
        for t in range(1, n):
            shared[t] += STAYS * shared[t - 1]
        noise = SIGMA[name] * np.sqrt(0.5) * (shared[:, None] + rng.standard_normal((n, size)))
        own = middle + spread * offsets.standard_normal(size)
        values[name] = np.clip(own + (height * cycle)[:, None] + noise, low, high)
    return [{name: rows[t] for name, rows in values.items()} for t in range(n)]


def draw_fault(kind: str, scope: str, start: int, rng: np.random.Generator, sample: Dict[str, np.ndarray]) -> Fault:
    """A fault of a random place and direction.

    scope "sensor": one thermometer, one hygrometer or the motion sensor (all its cells), each kind equally likely;
    "kind": all sensors of one kind; "all": all sensors.
    """
    checks.known("kind of fault", kind, FAULTS)
    checks.known("scope of a fault", scope, ("sensor", "kind", "all"))
    names = list(sample) if scope == "all" else [list(sample)[rng.integers(len(sample))]]
    where = {name: np.arange(len(sample[name])) for name in names}
    if scope == "sensor" and names[0] != "motion":
        where[names[0]] = rng.integers(len(sample[names[0]]), size=1)
    return Fault(kind, start, FAULTS[kind], where, {name: float(rng.choice((-1.0, 1.0))) for name in names})


def inject(samples: Samples, fault: Fault, rng: np.random.Generator) -> Samples:
    """The samples with a fault in them; the given ones stay as they are.

    spike: 6 σ for its length; drift: rises to 6 σ; stuck: as in its first sample; dropout: reads 0; noise: noise of its
    own is added so that its standard deviation is 4 σ. What leaves a sensor's range is set to its end.
    """
    faulty = [dict(sample) for sample in samples]
    for name, which in fault.where.items():
        low, high = _KINDS[name][3:]
        for k in range(fault.length):
            t = fault.start + k
            if t >= len(samples):
                break
            values = faulty[t][name].copy()
            values[which] = _struck(fault, name, k, values[which], samples[fault.start][name][which], rng)
            faulty[t][name] = np.clip(values, low, high)
    return faulty


def _struck(
    fault: Fault, name: str, k: int, values: np.ndarray, first: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    step, sigma = fault.sign[name] * SIGMA[name], SIGMA[name]
    changed: Dict[str, Tuple[float, np.ndarray]] = {
        "spike": (6.0 * step, values),
        "drift": (6.0 * step * (k + 1) / fault.length, values),
        "stuck": (0.0, first),
        "dropout": (0.0, np.zeros_like(values)),
        "noise": (0.0, values),
    }
    shift, base = changed[fault.kind]
    if fault.kind == "noise":
        base = base + sigma * np.sqrt(15.0) * rng.standard_normal(len(values))
    return base + shift
