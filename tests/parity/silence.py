"""Generated networks that may be event-driven as a whole: sources, and LIF with delta synapses, wired into loops.

Small, with few events in long calls: silence is what events save. Even seeds have weights on a 1/16 grid.
"""

from typing import Any, Dict

import numpy as np
from strategies import STARTS, Call, Case, Draw

from neuroedge import LIF, Network, PoissonSource, SpikeSource

__all__ = ["silent"]

SIZES = (1, 2, 16, 31, 63, 64, 65, 128, 130)

# here a list of who is reached holds more than one sorts by hand
WIDE = 600


def silent(seed: int) -> Case:
    """The network and the calls of one seed."""
    draw = Draw(seed)
    dt = draw.pick((0.1, 0.5, 1.0))
    net = Network(seed=seed % 1000)
    net.add("given", draw.pick((3, 17, 64)), SpikeSource())
    if draw.chance(0.4):
        net.add("noise", draw.pick((2, 33)), PoissonSource(draw.rng.uniform(0.005, 0.05) * 1000.0 / dt))
    cells = [f"c{k}" for k in range(draw.pick((1, 1, 2, 3)))]
    for name in cells:
        size = WIDE if draw.chance(0.08) else draw.pick(SIZES)
        net.add(name, size, _cell(draw, size, dt))
    for k, post in enumerate(cells):
        # something reaches everybody; then a loop, more often than not to itself
        _wire(draw, net, draw.pick(("given", "given", *cells[:k])), post, dt)
        if draw.chance(0.7):
            _wire(draw, net, draw.pick((post, *net.populations)), post, dt)
    calls = [_call(draw, net, dt) for _ in range(2 + draw.chance(0.5))]
    return Case(seed, net, dt, draw.pick(("float32", "float16")), draw.pick(STARTS), False, calls)


def _cell(draw: Draw, n: int, dt: float) -> LIF:
    gap = draw.between(1.0, 4.0) * 4.0
    waits = draw.rng.choice(np.array([0.0, dt, 3 * dt, 2.0]), n)
    rest = draw.pick((0.0, 0.0, -65.0))
    return LIF(
        tau_m=draw.pick((2.0, 10.0, 20.0)), v_rest=rest, v_reset=rest + draw.pick((0.0, -2.0, 0.25 * gap)),
        v_threshold=rest + draw.each(gap, 0.25, n), reset=draw.pick(("value", "value", "subtract")),
        refractory=waits if draw.chance(0.25) else draw.pick((0.0, dt, 2.0, 5.0)),
        v_init=rest + draw.pick((0.0, 0.0, 0.9 * gap, 2.5 * gap)),
    )  # fmt: skip


def _wire(draw: Draw, net: Network, pre: str, post: str, dt: float) -> None:
    shape = (net.populations[pre].size, net.populations[post].size)
    drive = net.populations[post].model.drive
    share = draw.pick((0.002, 0.003, 0.03) if shape[1] == WIDE else (0.15, 0.5, 1.0))
    mean = draw.pick((0.9, 0.6, 0.6)) if pre != post else draw.pick((0.15, 0.0, -0.5))
    given = max(1.0, 0.1 * share * shape[0])
    weights = draw.on_grid(drive * draw.rng.normal(mean, 0.4, shape) / given)
    if draw.grid and draw.chance(0.4):
        # whole shares of the way to the threshold, so that sums meet it exactly
        weights = np.full(shape, draw.on_grid(drive / draw.pick((1, 2, 4)) * (1 if mean > 0 else -1)))
    weights[draw.rng.random(shape) >= share] = 0.0
    net.connect(pre, post, weights=weights.astype(np.float32), delay=_delay(draw, dt, shape))


def _delay(draw: Draw, dt: float, shape: Any) -> Any:
    """None, one, some, or longer than most calls."""
    kind = draw.pick(("none", "none", "one", "few", "long"))
    if kind in ("none", "one"):
        return None if kind == "none" else 3 * dt
    if kind == "few":
        return draw.rng.integers(1, 9, shape) * dt
    return draw.rng.choice(np.array([1.0, 40.0, 250.0]), shape) * dt


def _call(draw: Draw, net: Network, dt: float) -> Call:
    ticks = int(draw.rng.integers(1, draw.pick((2, 60, 120, 120, 400))))
    inputs: Dict[str, Any] = {}
    for name, p in net.populations.items():
        if not isinstance(p.model, PoissonSource) and (name == "given" or draw.chance(0.3)):
            # volleys: a few of them make somebody spike; one at the end is still under way when the call is over
            times = np.sort(draw.rng.uniform(0.0, ticks * dt, int(draw.rng.integers(1, 8))))
            times = np.append(times, ticks * dt) if draw.chance(0.2) else times
            each = 1 + p.size // 3 if name == "given" else 2
            neurons = draw.rng.integers(0, p.size, (len(times), each)).ravel()
            inputs[name] = list(zip(neurons.tolist(), np.repeat(times, each).tolist()))
    return Call(ticks * dt, inputs, {}, draw.chance(0.2))
