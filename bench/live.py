"""Networks beside their sensors: what a level of quality costs and loses, how dear sleep is, how fast waking."""

import statistics
import time
from typing import Iterator, List, Optional, Tuple

import numpy as np
from pairs import Row, goal, row

from neuroedge import Network, Simulator
from neuroedge.applications.classify import Digits, digits_classifier, load_digits
from neuroedge.encoding.rate import regular_spikes
from neuroedge.tutorial.api import NeuromorphicAPI
from neuroedge.tutorial.quality import QUALITIES, Quality

# ms that a digit is shown for, and that its run goes on until the last spike has reached the output
SHOWN, RUN = 16, 18.0


def live(repeats: int, quick: bool) -> Iterator[Row]:
    """All of this file."""
    yield from levels(quick)
    yield from costs(repeats)
    yield from switches(repeats)
    yield asleep(2.0 if quick else 10.0)
    yield from waking(200 if quick else 1000)


def levels(quick: bool) -> Iterator[Row]:
    """The digits classifier, trained at steps of 1 ms, on the 540 test digits at each level."""
    digits = load_digits()
    network = digits_classifier(epochs=40 if quick else 400, progress=False)
    # it was trained in steps of 1 ms; in finer ones a spike still takes that long from layer to layer
    for projection in network.projections.values():
        projection.delay = 1.0
    network.version += 1
    trained = Quality(1.0, 0.0, 1)
    for name, quality in {"as trained": trained, **{f"{name} quality": q for name, q in QUALITIES.items()}}.items():
        right, walls, events, dropped = _answers(network, quality, digits)
        note = f"steps of {quality.step:g} ms, {events:,.0f} events delivered and {dropped:,.0f} not"
        shares = [100.0 * right]
        yield row(f"digits, {name}", "%", shares, note, more_is_better=True, events=events, dropped=dropped)
        yield row(f"digits, {name}, each", "us", walls, "one inference of 18 ms")


def _answers(network: Network, quality: Quality, digits: Digits) -> Tuple[float, List[float], float, float]:
    """Share that is right, us of each, synaptic events and dropped ones of each."""
    sim = Simulator(network, quality.step, event_threshold=quality.event_threshold)
    right, walls, events, dropped = 0, [], 0, 0
    for values, label in zip(digits.test_inputs, digits.test_labels):
        ticks, neurons = regular_spikes(values, SHOWN)
        inputs = {"input": list(zip(neurons.tolist(), (ticks + 1.0).tolist()))}
        sim.reset()
        began = time.perf_counter()
        answer = sim.run(RUN, inputs, record=["potentials"], record_from=["output"])
        walls.append((time.perf_counter() - began) * 1e6)
        right += int(np.argmax(answer.potentials["output"].mean(axis=0)) == label)
        events += answer.performance["synaptic_events"]
        dropped += answer.performance["dropped_events"]
    n = len(digits.test_labels)
    return right / n, walls, events / n, dropped / n


def robot(clock: Optional["Later"] = None) -> NeuromorphicAPI:
    """The tutorial's robot: 1,779 neurons, 390,000 synapses, AdEx in the middle."""
    api = NeuromorphicAPI(seed=1, clock=clock)
    api.create_network()
    for name, size, kind in (("vision", 1024, "lif"), ("lidar", 360, "rate"), ("imu", 9, "rate")):
        api.add_sensory_layer(name, size, kind)
    api.add_processing_layer("perception", 256, "adex")
    api.add_processing_layer("planning", 128, "adex")
    api.add_motor_layer("wheels", 2)
    for pre, post in (("vision", "perception"), ("lidar", "perception"), ("imu", "planning"),
                      ("perception", "planning"), ("planning", "wheels")):  # fmt: skip
        api.connect_layers(pre, post)
    return api


def currents() -> NeuromorphicAPI:
    """1,000 neurons with exponential synapses, which are stepped in every tick: 200,000 synapses."""
    api = NeuromorphicAPI(seed=1)
    api.create_network()
    api.add_sensory_layer("in", 200, "lif")
    api.add_processing_layer("hidden", 1000, "cubalif")
    api.connect_layers("in", "hidden")
    return api


def costs(repeats: int) -> Iterator[Row]:
    """100 ms of networks that are stepped in every tick, 20 Hz in."""
    for what, make in (("robot (AdEx)", robot), ("1,000 CubaLIF", currents)):
        api = make()
        layer, size = next(iter((p.name, p.size) for p in api.network.populations.values()))
        rng = np.random.default_rng(0)
        n = size * 2
        events = list(zip(rng.integers(0, size, n).tolist(), rng.uniform(0.0, 100.0, n).tolist()))
        for name in QUALITIES:
            api.set_simulation_quality(name)
            walls = []
            for _ in range(repeats + 1):
                answer = api.run_simulation(100.0, external_inputs={layer: events}, record_spikes=False)
                walls.append(answer.performance["wall_s"] * 1e3)
            yield row(f"{what}, {name} quality", "ms", walls[1:], "100 ms simulated")


def switches(repeats: int) -> Iterator[Row]:
    """What the first run after a change of level takes more than the next."""
    api = robot()
    api.run_simulation(1.0)
    for name in ("low", "medium", "high"):
        extra = []
        for _ in range(repeats):
            api.set_simulation_quality("high" if name != "high" else "low")
            api.run_simulation(1.0)
            api.set_simulation_quality(name)
            walls = []
            for _ in range(2):
                began = time.perf_counter()
                api.run_simulation(1.0)
                walls.append((time.perf_counter() - began) * 1e3)
            extra.append(walls[0] - walls[1])
        yield row(f"change to {name} quality", "ms", extra, "robot")


def asleep(seconds: float) -> Row:
    """CPU that the tutorial's polling loop takes with a sleeping network, above the same loop without one."""
    api = robot()
    api.set_sleep_mode(enabled=True, idle_threshold=0.01, wake_on_input=True)
    time.sleep(0.02)
    shares = []
    for _ in range(5):
        with_it = _share(api.has_input, seconds / 10)
        shares.append(100.0 * (with_it - _share(_no_input, seconds / 10)))
    share = statistics.median(shares)
    text, met = goal(share, at_most=0.5)
    return row("asleep, above the poll", "% of a core", shares, f"1 kHz poll; {text}", **met)


def _no_input() -> bool:
    return False


def _share(poll: "object", seconds: float) -> float:
    """Share of a core that polling once a millisecond takes."""
    began, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        if poll():  # type: ignore[operator]
            break
        time.sleep(0.001)
    return (time.process_time() - cpu) / (time.perf_counter() - began)


class Later:
    """The machine's clock, which can be put forward."""

    def __init__(self) -> None:
        self.by = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.by


def waking(times: int) -> Iterator[Row]:
    """From the push, on a network that sleeps, to its answer; after 12 ms, and after an hour."""
    for name, make in (("robot (AdEx)", robot), ("64-128-10 (LIF)", _small)):
        for span, seconds in (("12 ms", 0.0), ("an hour", 3600.0)):
            clock = Later()
            api = make(clock)
            layer, size = next(iter((p.name, p.size) for p in api.network.populations.values()))
            api.set_sleep_mode(True, 0.0, True)
            walls = [_woken(api, clock, seconds, layer, size, k) for k in range(times if not seconds else times // 10)]
            text, met = goal(statistics.median(walls), at_most=2.0)
            yield row(f"waking after {span}, {name}", "ms", walls, f"10 events; {text}", **met)


def _woken(api: NeuromorphicAPI, clock: Later, seconds: float, layer: str, size: int, k: int) -> float:
    """ms from the push to the answer."""
    api.process_input()
    api.sleep()
    time.sleep(0.012)
    clock.by += seconds
    began = time.perf_counter()
    api.push_input(layer, [(n % size, 0.0) for n in range(k, k + 10)])
    if api.has_input():
        api.wake()
        api.process_input()
    return (time.perf_counter() - began) * 1e3


def _small(clock: Optional[Later] = None) -> NeuromorphicAPI:
    api = NeuromorphicAPI(seed=1, clock=clock)
    api.create_network()
    api.add_sensory_layer("in", 64, "lif")
    api.add_processing_layer("hidden", 128, "lif")
    api.add_motor_layer("out", 10)
    return api
