"""How fast a saved model runs on this machine: its golden input, replayed call by call, and timed."""

import platform
import time
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..board.energy import EnergyMeter
from ..board.estimate import per_core
from ..errors import NotReadyError
from ..events import SpikeTrain
from ..formats.bundle import Bundle
from ..network.graph import Network
from ..network.neurons import PoissonSource
from ..optimize import NetworkPruner
from ..plan.compile import compile_network
from ..plan.plan import SOURCE, Plan
from ..simulator import Simulator

__all__ = [
    "Drawn", "Drive", "Measured", "Speed", "drawn", "drive_of", "int8_is_known", "measure", "quantiles", "replayed",
    "speed_of", "variant",
]  # fmt: skip

# s of calls that are timed in one repeat, and that draw power; more latencies than this say no more
TIMED, DRAWN, MOST = 0.5, 1.0, 50_000
# a model without a golden input is driven at this rate, Hz by neuron, for as long, ms
RATE, LENGTH = 20.0, 1000.0
# percent
_QUANTILES = {"p50": 50.0, "p99": 99.0, "p99_9": 99.9, "max": 100.0}


class Drive(NamedTuple):
    """What a model is driven with. duration: ms; inputs: as `Simulator.run` takes them; source: what it is, in words;
    golden: it is the model's own."""

    duration: float
    inputs: Mapping[str, Any]
    source: str
    golden: bool

    def cut(self, period: float, dt: float) -> List["Drive"]:
        """The same in calls of `period` ms, a whole number of steps; what is left over at the end is a call too."""
        ticks, each = checks.ticks_of("drive", self.duration, dt), max(1, checks.ticks_of("drive", period, dt))
        edges = [min(k, ticks) * dt for k in range(0, ticks + each, each)]
        # a run that ends on an edge has no call after it
        return [self._part(a, b) for a, b in zip(edges, edges[1:]) if b > a]

    def _part(self, begin: float, end: float) -> "Drive":
        given: Dict[str, Any] = {}
        for name, value in self.inputs.items():
            if isinstance(value, SpikeTrain):
                # as in a run: an event on the edge belongs to the tick before it, and one at 0 to the first
                inside = (value.times > begin) & (value.times <= end) | (value.times <= begin) & (begin == 0.0)
                value = SpikeTrain(value.neurons[inside], value.times[inside] - begin, size=value.size)
            given[name] = value
        return self._replace(duration=end - begin, inputs=given)


class Measured(NamedTuple):
    """What replaying a drive took here. period: ms of network time that one call runs for; calls: how many were timed.

    latency_ms: {p50, p99, p99_9, max} of one call; means: of each repeat, ms a call; realtime_factor: ms of network
    time for one of wall time; events: synaptic events of one replay; spikes: of all neurons that are no sources.
    """

    period: float
    calls: int
    latency_ms: Mapping[str, float]
    means: Tuple[float, ...]
    realtime_factor: float
    events: int
    spikes: int
    plan_bytes: int
    state_bytes: int
    engine: str
    reason: str
    threads: int


class Speed(NamedTuple):
    """latency_ms: {p50, p99, p99_9, max} of single calls; per_second: of all in a row."""

    latency_ms: Mapping[str, float]
    per_second: float


class Drawn(NamedTuple):
    """watts: None where nothing is measured or known; source: "measured: …" or "estimated: …"; joules: of one call."""

    watts: Optional[float]
    source: str
    joules: Optional[float]


def quantiles(ms: Any) -> Dict[str, float]:
    """How latencies are told: {p50, p99, p99_9, max}, ms."""
    return {name: float(np.percentile(ms, percent)) for name, percent in _QUANTILES.items()}


@contextmanager
def int8_is_known() -> Iterator[None]:
    """Inside, nobody is warned that leaky integrators keep float states in int8: no news where figures are told."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "int8", UserWarning)
        yield


def drive_of(bundle: Bundle) -> Drive:
    """The golden input of a model, or Poisson spikes for one that has none: at 20 Hz into each neuron of its sources,
    or of populations that nothing projects to."""
    plan = bundle.plan
    if bundle.golden is not None:
        return Drive(bundle.golden.duration, bundle.golden.inputs, "its golden input", True)
    duration = max(1, round(LENGTH / plan.dt)) * plan.dt
    return Drive(duration, _poisson(plan, duration), f"Poisson input, {RATE:g} Hz by neuron, made up", False)


def _poisson(plan: Plan, duration: float) -> Dict[str, Any]:
    targets = set(plan.proj_post.tolist())
    sources = [k for k in range(len(plan.names)) if plan.pop_kind[k] == SOURCE]
    rng, given = np.random.default_rng(0), {}
    for k in sources or [k for k in range(len(plan.names)) if k not in targets]:
        if not isinstance(plan.models[k], PoissonSource) and plan.models[k].spiking:
            n = int(plan.pop_n[k])
            count = rng.poisson(n * RATE * duration / 1000.0)
            times = np.sort(rng.uniform(0.0, duration, count))
            given[plan.names[k]] = SpikeTrain(rng.integers(0, n, count), times, size=n)
    return given


def variant(
    bundle: Bundle, precision: Optional[str] = None, keep: float = 1.0, shelf: Optional[Dict[float, Network]] = None
) -> Tuple[Optional[Network], Plan]:
    """A saved model in another precision, or with a share of its synapses, pruned without data; the network is None for
    a plan alone, which can be had only as it is. shelf: keeps what was pruned, by its share, for other precisions."""
    same = keep == 1.0 and precision in (None, bundle.plan.precision)
    if same:
        return bundle.network if bundle.has_network else None, bundle.plan
    if not bundle.has_network:
        cure = "save it from its network, not from a plan"
        raise NotReadyError(f"{bundle.file}: holds a plan alone, which keeps its precision and synapses; {cure}")
    network, dt = bundle.network, bundle.plan.dt
    with warnings.catch_warnings():
        # that samples are made up, and which states stay float, is said where the figures are
        warnings.simplefilter("ignore", UserWarning)
        if keep < 1.0:
            held = {} if shelf is None else shelf
            if keep not in held:
                held[keep] = NetworkPruner(sparsity_target=1.0 - keep, dt=dt).prune(network)
            network = held[keep]
        return network, compile_network(network, dt, precision or bundle.plan.precision)


def measure(
    plan: Plan, drive: Drive, repeats: int = 1, period: Optional[float] = None, seconds: Optional[float] = None
) -> Measured:
    """Replay a drive from the start of the network, over and over, on `Simulator.run`.

    period: ms of network time in one call; by default all of the drive is one. repeats: how often everything is done
    anew, each time for `seconds`, half a second by default. Neither making a network nor starting it over is timed.
    """
    parts = [drive] if period is None else drive.cut(period, plan.dt)
    walls: List[float] = []
    means: List[float] = []
    for _ in range(checks.count("measure", "repeats", repeats, 1000)):
        found = _timed(plan, parts, TIMED if seconds is None else seconds)
        means.append(1e3 * float(np.mean(found)))
        walls += found
    simulator, ran = Simulator(plan), []
    for part in parts:
        ran.append(simulator.run(part.duration, part.inputs))
    spiking = [n for n, k in zip(plan.names, plan.pop_kind.tolist()) if k != SOURCE]
    ms = 1e3 * np.array(walls)
    return Measured(
        parts[0].duration,
        len(walls),
        quantiles(ms),
        tuple(means),
        drive.duration / len(parts) / float(np.mean(ms)),
        sum(int(r.performance["synaptic_events"]) for r in ran),
        sum(int(r.counts[name].sum()) for r in ran for name in spiking),
        plan.nbytes - plan.state_bytes,
        plan.state_bytes,
        str(ran[-1].performance["engine"]),
        str(ran[-1].performance["reason"]),
        int(ran[-1].performance["threads"]),
    )


def _timed(plan: Plan, parts: List[Drive], seconds: float) -> List[float]:
    """s of each call."""
    simulator = Simulator(plan)
    walls: List[float] = []
    for _ in _replays(simulator, parts, None):
        break
    began = time.perf_counter()
    while not walls or (time.perf_counter() - began < seconds and len(walls) < MOST):
        walls += list(_replays(simulator, parts, began + 4.0 * seconds))
    return walls


def _replays(simulator: Simulator, parts: List[Drive], until: Optional[float]) -> Iterator[float]:
    simulator.reset()
    for part in parts:
        began = time.perf_counter()
        simulator.run(part.duration, part.inputs)
        now = time.perf_counter()
        yield now - began
        # one replay of a long recording on a slow board need not come to its end
        if until is not None and now > until:
            return


def speed_of(once: Callable[[int], Any], samples: int, seconds: Optional[float] = None) -> Speed:
    """Time once(0) to once(samples - 1), over and over for so many seconds, half a second by default."""
    for k in range(samples):
        once(k)
    walls: List[float] = []
    limit = TIMED if seconds is None else seconds
    began = last = time.perf_counter()
    while last - began < limit and len(walls) < MOST:
        for k in range(samples):
            once(k)
            now = time.perf_counter()
            walls.append(now - last)
            last = now
    return Speed(quantiles(1e3 * np.array(walls)), len(walls) / (last - began))


def drawn(work: Callable[[], Any], calls: int = 1, seconds: Optional[float] = None) -> Drawn:
    """What the machine draws while `work`, of so many calls, is done over and over, for a second by default."""
    done, limit = 0, DRAWN if seconds is None else seconds
    with warnings.catch_warnings():
        # what nothing measures is said in the answer
        warnings.simplefilter("ignore", UserWarning)
        meter = EnergyMeter()
        with meter:
            began = time.perf_counter()
            while time.perf_counter() - began < limit:
                work()
                done += calls
            wall = time.perf_counter() - began
    if meter.watts is not None and meter.method is not None:
        return Drawn(meter.watts, meter.method, meter.watts * wall / done)
    watts, method = per_core(platform.machine())
    return Drawn(watts, method, None if watts is None else watts * wall / done)


def replayed(plan: Plan, drive: Drive) -> Callable[[], Any]:
    """A replay of the whole drive, as work to draw power for."""
    simulator = Simulator(plan)

    def work() -> None:
        simulator.reset()
        simulator.run(drive.duration, drive.inputs)

    return work
