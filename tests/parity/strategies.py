"""Generated networks: small, of every model, storage, delay and input, and most of them firing.

A network follows from its seed alone, so that a failure is one number; hypothesis draws seeds and the largest size.
Even seeds have weights on a 1/16 grid, where a sum meets its threshold exactly.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from neuroedge import ALIF, LI, LIF, AdEx, Alpha, CubaLIF, Delta, Exponential, Izhikevich, Network, PoissonSource
from neuroedge.network.arithmetic import growth
from neuroedge.network.neurons import SpikeSource, TemporalSource
from neuroedge.network.synapses import Synapse
from neuroedge.network.widths import Widths
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import ADEX, FRAME, SOURCE, Plan, State

__all__ = ["Call", "Case", "begin", "build", "everything", "integer", "late"]

# sizes around the lanes of a register, a dense row and a block
SIZES = (1, 2, 15, 16, 17, 31, 48, 63, 64, 65, 80, 127, 128, 129, 150)
SMALL = SIZES[:10]
RESETS = ("value", "value", "subtract")
TAUS = (2.0, 5.0, 10.0)

# where a run begins: 1024 is the tick of a flush, and far ticks have other frames
STARTS = (0, 0, 0, 1010, 1020, 1_000_000, 2**33 + 5)


class Call(NamedTuple):
    duration: float
    inputs: Dict[str, Any]
    currents: Dict[str, Any]
    potentials: bool
    rewards: Any = None


class Case(NamedTuple):
    seed: int
    network: Network
    dt: float
    precision: str
    start: int
    specks: bool
    calls: List[Call]
    event_threshold: float = 0.0

    def plan(self) -> Plan:
        """Mostly in the storage that costs least, and then in those that seldom do in networks this small."""
        storage = ("auto", "auto", "block8", "rows")[self.seed // 2 % 4]
        # a limit, so that nobody asks the machine how much memory is free
        limit = 1 << 30
        return compile_network(self.network, self.dt, self.precision, limit, self.event_threshold, storage)


class Draw:
    """Choices from one generator."""

    def __init__(self, seed: int, least: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.grid = seed % 2 == 0
        # ticks of the shortest delay
        self.least = least

    def later(self, delay: Any, dt: float) -> Any:
        """A delay, or each of them, that is not below the shortest."""
        return np.maximum(0.0 if delay is None else delay, self.least * dt) if self.least else delay

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, values: Sequence[Any]) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def between(self, low: float, high: float) -> float:
        return self.on_grid(self.rng.uniform(low, high))

    def on_grid(self, x: Any) -> Any:
        return np.round(np.asarray(x) * 16.0) / 16.0 + 0.0 if self.grid else x

    def each(self, x: float, spread: float, n: int, p: float = 0.2) -> Any:
        """A number, or sometimes one per neuron."""
        return x * (1.0 + self.on_grid(self.rng.uniform(-spread, spread, n))) if self.chance(p) else x


def integer(seed: int, largest: Optional[int] = None) -> Case:
    """An int8 plan, of which half have fewer bits, and sums that were seen to be small or large."""
    case, draw = build(seed, largest), Draw(seed + 1)
    if seed // 2 % 2:
        seen = {name: draw.rng.uniform(0.0, 40.0) for name in case.network.populations if draw.chance(0.5)}
        bits = draw.pick((8, 9, 12, 16)), draw.pick((4, 8, 8, 16, 32)), draw.pick((2, 4, 8))
        case.network.widths = Widths(*bits, seen, seen)
        # currents that go beyond what few bits hold, either way
        for call in case.calls:
            size = draw.pick((1.0, 300.0, 300.0, -300.0))
            call.currents.update({name: size * current for name, current in call.currents.items()})
    return case._replace(precision="int8")


def late(seed: int) -> Case:
    """The same with delays of several ticks, as long as nobody needs the spikes of another thread."""
    return build(seed, None, 2 + seed % 5)


def build(seed: int, largest: Optional[int] = None, least: int = 0) -> Case:
    """The network and the calls of one seed; least: ticks of the shortest delay."""
    draw = Draw(seed, least)
    largest = largest or draw.pick((33, 66, 150))
    dt = draw.pick((0.1, 0.5, 1.0))
    net = Network(seed=seed % 1000)
    _populations(draw, net, dt, largest)
    _projections(draw, net, dt)
    slow = dt > 0.1 and any(isinstance(p.model, AdEx) for p in net.populations.values())
    ticks = [int(draw.rng.integers(1, 12 if slow else 26)) for _ in range(3)]
    calls = [_call(draw, net, dt, n) for n in ticks]
    precision = "float16" if draw.chance(0.3) else "float32"
    start = draw.pick(STARTS)
    specks = start % 1024 > 1000 or draw.chance(0.3)
    return Case(seed, net, dt, precision, start, specks, calls, draw.pick((0.0, 0.0, 0.0, 0.0, 0.02, 0.1)))


def _populations(draw: Draw, net: Network, dt: float, largest: int) -> None:
    total = int(draw.rng.integers(2, 6))
    for k in range(total):
        # mostly small: the reference engine delivers synapse rows one by one
        size = draw.pick(SIZES if draw.chance(0.2) else SMALL) if draw.chance(0.8) else int(draw.rng.integers(1, 151))
        size = min(size, largest)
        source = k == 0 or (k < total - 1 and draw.chance(0.12))
        model = _source(draw, size, dt) if source else _neuron(draw, size, dt)
        net.add(f"p{k}", size, model)
    spiking = [p for p in net.populations.values() if p.model.spiking and not p.model.source]
    if not spiking:
        net.add("p9", min(33, largest), LIF(tau_m=10.0))
    if draw.chance(0.3):
        net.add("quiet", 20, _quiet(draw, dt))
    if draw.grid and draw.chance(0.3):
        _tie(draw, net, dt)


def _quiet(draw: Draw, dt: float) -> Any:
    """Nothing arrives here: potentials decay to where they are flushed, or stay above threshold after a subtraction."""
    start = draw.on_grid(draw.rng.uniform(-4.0, 30.0, 20)) * draw.pick((0.0, 1.0, 1.0))
    taus = draw.each(draw.pick((2.0, 5.0)), 0.2, 20, 0.5)
    wait, reset = draw.pick((0.0, 2 * dt)), draw.pick(("value", "subtract", "subtract"))
    return LIF(taus, 0.0, 0.0, 8.0, wait, reset, start)


def _tie(draw: Draw, net: Network, dt: float) -> None:
    """Neurons that start at rest, go back to rest, and meet their threshold exactly with every arrival."""
    n = 20
    model = draw.pick((LIF(10.0), LIF(np.linspace(5.0, 10.0, n)), ALIF(5.0), CubaLIF(5.0)))
    net.add("tie", n, model)
    rows, columns = draw.rng.integers(0, net.population("p0").size, n), np.arange(n)
    delay = draw.later(None, dt)
    net.connect("p0", "tie", synapses=(rows, columns, 15.0), delay=delay, synapse=Delta())


def _source(draw: Draw, n: int, dt: float) -> Any:
    # chances a tick rather than rates, so that short and long steps see as many spikes
    hz = draw.rng.uniform(0.02, 0.15) * 1000.0 / dt
    kind = draw.pick(("poisson", "poisson", "rate", "rate", "temporal"))
    if kind == "poisson":
        return PoissonSource(draw.each(hz, 0.5, n))
    return SpikeSource() if kind == "rate" else TemporalSource()


def _neuron(draw: Draw, n: int, dt: float) -> Any:
    kinds = (_lif, _lif, _lif, _cuba, _cuba, _alif, _alif, _li, _adex, _izhikevich)
    return draw.pick(kinds)(draw, n, dt)


def _refractory(draw: Draw, n: int, dt: float) -> Any:
    waits = np.array([0.0, dt, 2 * dt, 1.0, 2.0, 5.0])
    return draw.rng.choice(waits, n) if draw.chance(0.25) else float(draw.pick(waits))


def _membrane(draw: Draw, n: int, dt: float) -> Dict[str, Any]:
    rest, gap = draw.pick((0.0, -65.0)), draw.between(1.0, 4.0) * 4.0
    down = draw.pick((0.0, 0.0, -2.0, 0.25 * gap))
    # up to several thresholds: lowered by one, such a neuron is still above it
    start = draw.on_grid(rest + draw.rng.uniform(-0.3, draw.pick((0.9, 1.1, 4.0)), n) * gap)
    return {
        "tau_m": draw.each(draw.pick((2.0, 5.0, 10.0, 20.0)), 0.3, n, 0.15),
        "v_rest": rest,
        "v_reset": draw.each(rest + down, 0.0, n) if draw.chance(0.5) else rest,
        "v_threshold": rest + draw.each(gap, 0.25, n),
        "refractory": _refractory(draw, n, dt),
        "v_init": draw.pick((None, start)),
    }


def _lif(draw: Draw, n: int, dt: float) -> Any:
    return LIF(reset=draw.pick(RESETS), **_membrane(draw, n, dt))


def _cuba(draw: Draw, n: int, dt: float) -> Any:
    return CubaLIF(reset=draw.pick(RESETS), tau_syn=draw.pick(TAUS), **_membrane(draw, n, dt))


def _alif(draw: Draw, n: int, dt: float) -> Any:
    tau_a, step = draw.each(draw.pick((5.0, 30.0)), 0.3, n), draw.each(draw.between(0.25, 2.0), 0.5, n)
    return ALIF(reset=draw.pick(RESETS), tau_a=tau_a, threshold_step=step, **_membrane(draw, n, dt))


def _li(draw: Draw, n: int, dt: float) -> Any:
    m = _membrane(draw, n, dt)
    return LI(m["tau_m"], m["v_rest"], m["v_init"])


def _adex(draw: Draw, n: int, dt: float) -> Any:
    return AdEx(
        C=draw.each(draw.between(60.0, 281.0), 0.2, n), g_L=draw.between(5.0, 30.0),
        delta_T=draw.each(2.0, 0.3, n, 0.1), a=draw.pick((0.0, 4.0)), b=draw.each(40.0, 0.5, n, 0.1),
        tau_w=draw.pick((20.0, 144.0)), v_peak=draw.pick((0.0, 20.0)), refractory=_refractory(draw, n, dt),
    )  # fmt: skip


def _izhikevich(draw: Draw, n: int, dt: float) -> Any:
    return Izhikevich(
        a=draw.each(draw.pick((0.02, 0.1)), 0.3, n, 0.15), b=draw.pick((0.2, 0.25)), c=draw.each(-60.0, 0.1, n),
        d=draw.pick((2.0, 8.0)), refractory=_refractory(draw, n, dt),
    )  # fmt: skip


def _projections(draw: Draw, net: Network, dt: float) -> None:
    pops = list(net.populations.values())
    pres = [p for p in pops if p.model.spiking]
    posts = [p for p in pops if not p.model.source and p.name not in ("quiet", "tie")]
    for post in posts:
        before = [p for p in pres if p.model.source] if draw.chance(0.6) else pres
        _connect(draw, net, draw.pick(before), post, dt)
    for _ in range(int(draw.rng.integers(0, 4))):
        _connect(draw, net, draw.pick(pres), draw.pick(posts), dt)


def _connect(draw: Draw, net: Network, pre: Any, post: Any, dt: float) -> None:
    synapse = _synapse(draw, post)
    kinds = ["matrix", "holes", "holes", "triples", "triples", "random"]
    kinds += ["lateral"] if pre is post else []
    kinds += ["one_to_one"] if pre.size == post.size else []
    kind = draw.pick(kinds)
    if kind in ("random", "lateral", "one_to_one"):
        p = 1.0 if kind == "one_to_one" else draw.pick((0.1, 0.6, 1.0))
        delay = draw.later(draw.pick((None, dt, 7 * dt)), dt)
        net.connect(pre.name, post.name, kind, p, delay=delay, synapse=synapse)
        return
    if kind == "triples":
        count = int(draw.rng.integers(1, 4 * max(pre.size, post.size) + 2))
        rows, columns = draw.rng.integers(0, pre.size, count), draw.rng.integers(0, post.size, count)
        # half of them twice or more, with other weights: their order shows
        again = draw.rng.integers(0, count, count)
        rows, columns = np.concatenate([rows, rows[again]]), np.concatenate([columns, columns[again]])
        weights = _weights(draw, pre, post, synapse, dt, (2 * count,), 2.0 * count / post.size)
        delay = draw.later(_delay(draw, dt, weights.shape), dt)
        net.connect(pre.name, post.name, synapses=(rows, columns, weights), delay=delay, synapse=synapse)
        return
    share = 1.0 if kind == "matrix" else draw.pick((0.05, 0.3, 0.9))
    weights = _weights(draw, pre, post, synapse, dt, (pre.size, post.size), share * pre.size)
    weights[draw.rng.random(weights.shape) >= share] = 0.0
    delay = draw.later(_delay(draw, dt, weights.shape), dt)
    net.connect(pre.name, post.name, weights=weights, delay=delay, synapse=synapse)


def _synapse(draw: Draw, post: Any) -> Optional[Synapse]:
    if draw.chance(0.55):
        return None
    if post.size % 2 == 0:
        # with the current of CubaLIF itself no more than four, of which alpha takes two
        return draw.pick((Exponential(2.0), Alpha(5.0)))
    if draw.chance(0.1):
        # one array for each population, so that no more than four currents are asked for
        return Exponential(np.linspace(3.0, 9.0, post.size) if post.size > 1 else 4.0)
    return Exponential(draw.pick(TAUS))


def _delay(draw: Draw, dt: float, shape: Any) -> Any:
    kind = draw.pick(("none", "none", "one", "one", "one", "few", "few", "many", "any"))
    if kind == "none":
        return None
    if kind == "one":
        return draw.pick((0.0, dt, 3 * dt, 12 * dt, 1.5))
    if kind == "any":
        return draw.rng.uniform(0.0, 9 * dt, shape)
    return draw.rng.integers(0, 3 if kind == "few" else 8, shape) * dt


def unit(model: Any, synapse: Optional[Exponential], dt: float) -> float:
    """Weight of one arrival that lifts a neuron from rest to threshold within some 20 ticks."""
    if synapse is None and not isinstance(model, CubaLIF):
        return model.drive
    tau = float(np.mean(synapse.tau if synapse is not None else model.tau_syn))
    window = min(tau, 20 * dt)
    if isinstance(model, AdEx):
        return model.drive * float(np.mean(model.C)) / window
    return model.drive / window * (1.0 if isinstance(model, Izhikevich) else model.membrane)


def _weights(draw: Draw, pre: Any, post: Any, synapse: Any, dt: float, shape: Any, fan_in: float) -> np.ndarray:
    source = pre.model.source
    arrivals = max(1.0, fan_in * (0.08 if source else 0.04) * 20)
    mean = unit(post.model, synapse, dt) * draw.rng.uniform(0.8, 3.0) / arrivals
    weights = mean * (1.0 + 0.5 * draw.rng.standard_normal(shape))
    if draw.grid and draw.chance(0.6):
        # whole shares of the way from rest to threshold, so that sums meet it exactly
        weights = np.full(shape, post.model.drive / draw.pick((1, 1, 2, 4)))
    if not source:
        # inhibition
        weights *= np.where(draw.rng.random(shape) < draw.pick((0.0, 0.3, 1.0)), -1.0, 1.0)
    return np.clip(draw.on_grid(weights), -3e4, 3e4).astype(np.float32)


def _call(draw: Draw, net: Network, dt: float, ticks: int) -> Call:
    inputs, currents = {}, {}
    for name, p in net.populations.items():
        if isinstance(p.model, PoissonSource) or not p.model.spiking:
            pass
        elif p.model.source:
            inputs[name] = _source_input(draw, p, dt, ticks)
        elif draw.chance(0.2):
            inputs[name] = _forced(draw, p.size, dt, ticks)
        if not p.model.source and name not in ("quiet", "tie") and draw.chance(0.4):
            currents[name] = _current(draw, p, dt, ticks)
    return Call(ticks * dt, inputs, currents, draw.chance(0.4))


def _source_input(draw: Draw, p: Any, dt: float, ticks: int) -> Any:
    if isinstance(p.model, TemporalSource) and draw.chance(0.7):
        return draw.rng.random(p.size)
    if isinstance(p.model, SpikeSource) and draw.chance(0.3):
        return draw.rng.uniform(0.0, 0.2, p.size) * 1000.0 / dt
    return _events(draw, p.size, dt, ticks, int(0.08 * p.size * ticks) + 1)


def _forced(draw: Draw, n: int, dt: float, ticks: int) -> Any:
    """Some spikes, or one neuron in every tick: also in the last of its refractory ticks."""
    if draw.chance(0.5):
        return _events(draw, n, dt, ticks, int(draw.rng.integers(1, 6)))
    neuron = int(draw.rng.integers(n))
    return [(neuron, (k + 1) * dt) for k in range(ticks)]


def _events(draw: Draw, n: int, dt: float, ticks: int, count: int) -> Any:
    """Pairs (neuron, time), with duplicates, on the grid, at time 0 and at the end."""
    neurons, times = draw.rng.integers(0, n, count), draw.rng.uniform(0.0, ticks * dt, count)
    if draw.chance(0.5):
        times = np.rint(times / dt) * dt
    edge = draw.rng.integers(0, n, 4)
    pairs = list(zip(neurons.tolist(), np.minimum(times, ticks * dt).tolist()))
    pairs += [(int(edge[0]), 0.0), (int(edge[1]), ticks * dt), (int(edge[2]), 0.0), (int(edge[2]), 0.0)]
    return pairs


def _current(draw: Draw, p: Any, dt: float, ticks: int) -> Any:
    window = 20 * dt
    full = p.model.drive / min(window, p.model.membrane)
    full *= float(np.mean(p.model.C)) if isinstance(p.model, AdEx) else 1.0
    full *= 1.0 if isinstance(p.model, (AdEx, Izhikevich)) else p.model.membrane
    shape = draw.pick(((), (1, p.size), (ticks, 1), (ticks, p.size)))
    return draw.on_grid(full * draw.rng.uniform(0.2, 2.0, shape))


def begin(case: Case, plan: Plan, state: State) -> None:
    """Put a state at the case's first tick, and strew values around the limits below which states are flushed."""
    state.clock[0] = case.start
    for k in np.flatnonzero(plan.pop_kind == FRAME):
        state.exponent[k] = growth(float(plan.frame_rate[plan.pop_frame[k]]), case.start)[1]
    for k in range(len(plan.names)):
        for entry in plan.syn_entries(k):
            state.syn_exponent[entry] = growth(float(plan.frame_rate[plan.syn_frame[entry]]), case.start)[1]
    for entry, rate in enumerate(plan.learn_frame.tolist()):
        if rate >= 0:
            state.learn_exponent[entry] = growth(float(plan.frame_rate[rate]), case.start)[1]
    if not case.specks:
        return
    rng = np.random.default_rng(case.seed)
    for k, name in enumerate(plan.names):
        if plan.pop_kind[k] != SOURCE and plan.pop_kind[k] < ADEX:
            _speckle(rng, state.v[plan.spans[name]])
            _speckle(rng, state.u[plan.spans[name]])
    _speckle(rng, state.syn)
    for traces in (state.trace_pre, state.trace_post, state.eligible, state.dopamine):
        _speckle(rng, traces)


def _speckle(rng: np.random.Generator, x: np.ndarray) -> None:
    at = rng.random(len(x)) < 0.3
    low = rng.choice([-31.5, -19.5], int(at.sum()))
    x[at] = (10.0 ** (low + rng.uniform(0.0, 3.5, len(low)))).astype(x.dtype)


def everything(size: int = 70, seed: int = 3) -> Network:
    """Every model, synapse and storage in one network that keeps firing on its own."""
    net, rng = Network(seed=seed), np.random.default_rng(seed)
    net.add("noise", size, PoissonSource(60.0))
    net.add("given", size, SpikeSource())
    waits = rng.choice([0.0, 1.0, 3.0], size)
    net.add("frame", size, LIF(tau_m=10.0))
    net.add("lowered", size, LIF(tau_m=15.0, reset="subtract", refractory=waits))
    net.add("cuba", size, CubaLIF(tau_m=np.linspace(8.0, 20.0, size)))
    net.add("alif", size, ALIF(threshold_step=2.0, reset="subtract"))
    net.add("adex", size, AdEx(C=100.0, refractory=2.0))
    net.add("izhikevich", size, Izhikevich())
    net.add("reader", size, LI(tau_m=30.0))
    for name in ("frame", "lowered", "cuba", "alif", "izhikevich"):
        net.connect("noise", name, probability=0.4)
        net.connect("given", name, "one_to_one", delay=1.0)
    net.connect("noise", "adex", probability=0.4, synapse=Exponential(3.0))
    net.connect("frame", "frame", "lateral", probability=0.2)
    net.connect("frame", "lowered", weights=rng.normal(0.0, 0.5, (size, size)))
    delays = rng.integers(1, 9, (size, size)) * 1.0
    net.connect("alif", "adex", weights=rng.normal(0.5, 0.5, (size, size)), delay=delays)
    for k, tau in enumerate((2.0, 6.0, 11.0)):
        net.connect("lowered", "alif", probability=0.1 + 0.1 * k, synapse=Exponential(tau), delay=float(k))
    for name in ("frame", "lowered", "cuba", "alif", "adex", "izhikevich"):
        net.connect(name, "reader", probability=0.3)
    return net
