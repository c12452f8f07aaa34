"""The clock engine answers with the bits of the reference engine: spikes, counts, potentials, states."""

from typing import Any, List

import numpy as np
import pytest
from comparing import Tally, compare, difference, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from searches import networks
from strategies import build, everything

from neuroedge import LIF, CubaLIF, Exponential, Network, PoissonSource, Simulator, compile_network

QUICK, PARTS = 300, 6


@pytest.fixture(scope="module")
def tally(report: Any) -> Any:
    tally = Tally("reference == clock, quick")
    yield tally
    report(tally)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_networks(part: int, tally: Tally) -> None:
    errors = seeds(list(range(part, QUICK, PARTS)), tally)
    assert not errors, "\n".join(errors)


def test_most_of_them_fired(tally: Tally) -> None:
    if tally.networks < QUICK:
        pytest.skip("only after all of the generated networks")
    assert tally.share >= 0.9, str(tally)
    assert tally.spikes > 50 * QUICK, str(tally)


def test_even_seeds_are_on_the_grid() -> None:
    for seed in (0, 2, 4, 6):
        for projection in build(seed).network.projections.values():
            if projection.pattern == "feedforward" and projection._weight is None and projection._given is not None:
                weights = projection.connectivity.weight
                assert np.array_equal(weights, np.rint(weights * 16) / 16)


@pytest.mark.long
def test_many_more_networks(report: Any) -> None:
    tally = Tally("reference == clock, hypothesis")

    # no deadline: time is measured elsewhere, and the machine is shared
    checks = list(HealthCheck)

    @settings(max_examples=networks(1300), deadline=None, database=None, derandomize=True, suppress_health_check=checks)
    @given(seed=st.integers(10_000, 2**32 - 1), largest=st.sampled_from((8, 16, 20, 40, 66, 150)))
    def search(seed: int, largest: int) -> None:
        outcome = compare(build(seed, largest))
        assert outcome.error is None, f"largest {largest}: {outcome.error}"
        tally.add(outcome)

    search()
    report(tally)
    assert tally.share >= 0.9 and tally.networks >= networks(1300), str(tally)


def pair(network: Network, dt: float, precision: str = "float32") -> List[Simulator]:
    return [Simulator(network, dt=dt, precision=precision, engine=name) for name in ("reference", "clock")]


def assert_same(simulators: List[Simulator], duration: float, **inputs: Any) -> int:
    a, b = (s.run(duration, record=("spikes", "potentials"), **inputs) for s in simulators)
    assert difference(a, b) is None
    assert simulators[0].state.equal(simulators[1].state) is None
    return sum(int(c.sum()) for c in b.counts.values())


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_every_model_in_one_network(dt: float, precision: str) -> None:
    given = [(k, 1.0 + k % 7) for k in range(20)]
    assert assert_same(pair(everything(35), dt, precision), 12.0, inputs={"given": given}) > 100


@pytest.mark.parametrize("storage, kind", [("rows32", 1), ("local16", 4)])
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_targets_beyond_16_bits(precision: str, storage: str, kind: int) -> None:
    rng = np.random.default_rng(5)
    net, n, count = Network(), 66_000, 4000
    net.add("source", 40, PoissonSource(200.0))
    net.add("wide", n, LIF(tau_m=10.0))
    rows, columns = rng.integers(0, 40, count), np.concatenate([[n - 1, n - 1], rng.integers(65_000, n, count - 2)])
    for k in range(2):
        weights = rng.normal(8.0, 8.0, count)
        delay = rng.integers(1, 3 + k, count) * 1.0
        synapse = Exponential(4.0) if k else None
        net.connect("source", "wide", synapses=(rows, columns, weights), delay=delay, synapse=synapse)
    plan = compile_network(net, 1.0, precision, storage=storage)
    simulators = [Simulator(plan, engine=name) for name in ("reference", "clock")]
    assert set(simulators[0].plan.proj_storage.tolist()) == {kind}
    assert assert_same(simulators, 40.0) > 1000


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("delay", [None, 1.0])
def test_sums_that_meet_the_threshold_exactly(reset: str, delay: Any) -> None:
    # 240 weights of 1/16 make 15 mV, the distance from rest to threshold: >= must hold, and does in any order
    net = Network()
    net.add("input", 240, "rate")
    net.add("cell", 130, LIF(tau_m=7.0, reset=reset, refractory=0.0))
    net.connect("input", "cell", weights=np.full((240, 130), 1 / 16), delay=delay)
    simulators = pair(net, 1.0)
    for ticks in (1, 5, 29):
        events = [(k, float(ticks)) for k in range(240)]
        assert_same(simulators, ticks + 2.0, inputs={"input": events})
    counts = simulators[1].run(3.0, inputs={"input": [(k, 1.0) for k in range(240)]}).counts["cell"]
    assert (counts == 1).all()


@pytest.mark.parametrize("dt", [1.0, 20.0])
def test_steps_far_longer_than_the_membrane(dt: float) -> None:
    # the decay rounds to 0, and what is refractory is held at -inf: their product would be no number
    net = Network()
    net.add("cell", 3, LIF(tau_m=0.005, refractory=3 * dt))
    net.add("tail", 3, CubaLIF(tau_m=0.005, tau_syn=0.004, refractory=2 * dt))
    net.connect("cell", "tail", weights=np.full((3, 3), 1e4))
    simulators = pair(net, dt)
    inputs = {"cell": [(0, dt)]}
    assert assert_same(simulators, 8 * dt, inputs=inputs, currents={"cell": 30.0}) > 3
    assert not np.isnan(simulators[1].state.v).any()


def test_a_call_longer_than_the_spike_buffer() -> None:
    # the core returns when the buffer is full; what is given and recorded goes on where it was
    net = Network()
    net.add("crowd", 1500, PoissonSource(900.0))
    net.add("source", 20, PoissonSource(300.0))
    net.add("cell", 30, LIF(refractory=0.0))
    net.connect("source", "cell", weights=9.0, delay=2.0)
    current = np.linspace(0.0, 20.0, 80)[:, None]
    assert assert_same(pair(net, 1.0), 80.0, currents={"cell": current}, inputs={"cell": [(3, 77.0)]}) > 2**16 + 4000
