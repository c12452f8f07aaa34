"""Generated networks that learn: small, of every model, storage, delay and loop that learning takes, most of them busy.

A case follows from its seed alone, so that a failure is one number.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from neuroedge import ALIF, LI, LIF, CubaLIF, Delta, Exponential, Network, PoissonSource
from neuroedge.learning.layout import Layout, layout_of
from neuroedge.learning.places import places
from neuroedge.learning.task import learnable
from neuroedge.network.neurons import SpikeSource, TemporalSource
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import Plan

__all__ = ["Case", "build"]

# sizes around a chunk of ticks, a block of targets, a dense row and the lanes of a population
SIZES = (1, 2, 5, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65)
CLASSES = (2, 3, 3, 10, 10, 16, 17)
SHOWN = (8, 9, 15, 16, 16, 17, 24, 25, 30, 40, 70)
BRIEF = (1, 2, 7)
DELAYS = (None, None, None, 2, 3, 9)
SEVERAL = 3


class Case(NamedTuple):
    """inputs float32 [samples, features]; labels int32 [samples], -1 for none; soft: chances of another network, or
    None; places: of all synapses among the plan's weights; knobs: steep, unit, gain, share of soft, heat."""

    seed: int
    network: Network
    plan: Plan
    layout: Layout
    learned: List[str]
    shown: int
    inputs: np.ndarray
    labels: np.ndarray
    soft: Optional[np.ndarray]
    places: Dict[str, np.ndarray]
    knobs: Tuple[float, float, float, float, float]

    def in_precision(self, precision: str) -> "Case":
        """The same compiled anew, for answers alone."""
        return self._replace(plan=compile_network(self.network, self.plan.dt, precision, 1 << 30))


class _Draw:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 7])

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, values: Sequence[Any]) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


def build(seed: int) -> Case:
    """The case of one seed."""
    draw = _Draw(seed)
    dt, top = draw.pick((1.0, 1.0, 0.5)), draw.pick((1.0, 15.0))
    net = Network(seed=seed % 1000)
    layers = _populations(draw, net, dt, top)
    _projections(draw, net, layers, dt, top)
    storage = draw.pick(("auto", "auto", "dense", "block8", "rows"))
    plan = compile_network(net, dt, memory_limit=1 << 30, storage=storage)
    layout = layout_of(net, dt)
    features = sum(net.populations[name].size for name in layout.inputs)
    classes = net.populations[layout.output].size
    shown = draw.pick(BRIEF if draw.chance(0.08) else SHOWN)
    # in few ticks only large values fire
    inputs = draw.rng.uniform(0.5 if shown < 7 else 0.1, 1.0, (SEVERAL, features))
    inputs[draw.rng.random(inputs.shape) < 0.2] = draw.pick((0.0, 1.0))
    labels = draw.rng.integers(-draw.chance(0.2), classes, SEVERAL).astype(np.int32)
    soft = _soft(draw, classes) if draw.chance(0.4) else None
    unit, gain = (top, 0.5) if isinstance(net.populations[layout.output].model, LI) else (1.0, 10.0)
    return Case(
        seed, net, plan, layout, learnable(net, layout), shown, np.ascontiguousarray(inputs, np.float32),
        labels, soft, places(net, plan, storage), (5.0, unit, gain, draw.pick((0.0, 0.5, 1.0)), 2.0),
    )  # fmt: skip


def _soft(draw: _Draw, classes: int) -> np.ndarray:
    chances = draw.rng.random((SEVERAL, classes)) + 1e-3
    return np.ascontiguousarray(chances / chances.sum(axis=1, keepdims=True), np.float32)


def _populations(draw: _Draw, net: Network, dt: float, top: float) -> List[List[str]]:
    """Names of each layer: inputs, hidden layers, output."""
    inputs, hidden = [], []
    for k in range(draw.pick((1, 1, 2, 3))):
        models = (SpikeSource(), SpikeSource(), TemporalSource(), LIF(refractory=draw.pick((0.0, 2 * dt))))
        inputs.append(net.add(f"in{k}", draw.pick(SIZES), draw.pick(models)).name)
    # not in order of the layers, so that populations are not stepped on the way that spikes take
    if draw.chance(0.3):
        net.add("out", draw.pick(CLASSES), _output(draw, dt, top))
    for k in range(draw.pick((1, 1, 2, 3))):
        size = draw.pick(SIZES)
        hidden.append([net.add(f"h{k}", size, _neuron(draw, size, dt, top)).name])
    if "out" not in net.populations:
        net.add("out", draw.pick(CLASSES), _output(draw, dt, top))
    if draw.chance(0.2):
        net.add("noise", 9, PoissonSource(100.0 / dt))
    return [inputs, *hidden, ["out"]]


def _neuron(draw: _Draw, n: int, dt: float, top: float) -> LIF:
    rest = draw.pick((0.0, -65.0))
    theta: Any = rest + top * (draw.rng.uniform(0.8, 1.3, n) if draw.chance(0.2) else 1.0)
    common = {
        "tau_m": draw.pick((3.0, 7.488876, 20.0)), "v_rest": rest, "v_reset": rest - draw.pick((0.0, 0.2)) * top,
        "v_threshold": theta, "refractory": draw.pick((0.0, 0.0, dt, 3 * dt)),
        "reset": draw.pick(("value", "subtract")),
        "v_init": rest + 0.6 * top if draw.chance(0.5) else None,
    }  # fmt: skip
    kind = draw.pick(("lif", "lif", "cuba", "alif"))
    if kind == "alif":
        return ALIF(tau_a=draw.pick((5.0, 30.0)), threshold_step=0.3 * top, **common)
    return CubaLIF(tau_syn=draw.pick((2.0, 5.0)), **common) if kind == "cuba" else LIF(**common)


def _output(draw: _Draw, dt: float, top: float) -> Any:
    tau = draw.pick((5.0, 15.494461))
    if draw.chance(0.6):
        return LI(tau_m=tau, v_rest=0.0)
    reset = draw.pick(("value", "subtract"))
    return LIF(tau, 0.0, 0.0, top, draw.pick((0.0, dt, 2 * dt)), reset)


def _projections(draw: _Draw, net: Network, layers: List[List[str]], dt: float, top: float) -> None:
    for k, (before, after) in enumerate(zip(layers[:-1], layers[1:])):
        for pre in before:
            _connect(draw, net, pre, after[0], dt, top)
        if k and draw.chance(0.3):
            # past a layer, or a second time along the same way
            _connect(draw, net, draw.pick(draw.pick(layers[: k + 1])), after[0], dt, top)
    hidden = [layer[0] for layer in layers[1:-1]]
    for name in hidden:
        if draw.chance(0.4):
            _connect(draw, net, name, name, dt, 0.3 * top, True)
    if len(hidden) > 1 and draw.chance(0.4):
        _connect(draw, net, hidden[-1], hidden[0], dt, 0.3 * top, True)
    if net.populations["out"].model.spiking and draw.chance(0.4):
        _connect(draw, net, "out", "out", dt, 0.3 * top, True)
    if "noise" in net.populations:
        _connect(draw, net, "noise", hidden[0], dt, top)


def _connect(draw: _Draw, net: Network, pre: str, post: str, dt: float, top: float, loop: bool = False) -> None:
    sources, targets = net.populations[pre].size, net.populations[post].size
    there = draw.rng.random((sources, targets)) < draw.pick((1.0, 1.0, 0.5, 0.2))
    if draw.chance(0.3):
        # whole blocks of 8 targets
        there = np.repeat(there[:, ::8], 8, axis=1)[:, :targets]
    there[draw.rng.integers(sources), draw.rng.integers(targets)] = True
    fan = max(float(there.sum()) / targets, 1.0)
    tau = draw.pick((2.0, 5.0, 7.488876))
    kinds = (None, None, Delta(), Exponential(tau)) if isinstance(net.populations[post].model, LIF) else (None, Delta())
    kind = draw.pick(kinds)
    current = isinstance(kind, Exponential) or (kind is None and isinstance(net.populations[post].model, CubaLIF))
    # enough for most to fire: a current of 1 mV lasts some ms, and lifts a membrane by part of it
    scale = top * (3.0 if current else 1.0)
    weight = draw.rng.normal(1.2 / fan + 0.3 / np.sqrt(fan), 1.0 / np.sqrt(fan), (sources, targets)) * scale
    weight[weight == 0.0] = scale
    delay = draw.pick(DELAYS[:4] if loop else DELAYS)
    net.connect(pre, post, weights=np.where(there, weight, 0.0), delay=delay and delay * dt, synapse=kind)
