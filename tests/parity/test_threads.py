"""Threads share the neurons, and change no bit: neither of what spikes, nor of its order, nor of the state."""

from typing import Any, Tuple

import numpy as np
import pytest
from comparing import Tally, difference, seeds, share, simulator
from silence import silent
from strategies import build, everything

from neuroedge import LIF, Network, PoissonSource, Simulator
from neuroedge.engines import native
from neuroedge.plan.compile import compile_network

THREADS = (2, 3, 4)
# 200 neurons are four blocks, so that each of up to four threads has one
SIZE = 200


@pytest.mark.long
def test_generated_networks(report: Any) -> None:
    tally = Tally("one thread == 2, 3, 4, every model")
    names = ("clock", *(f"clock@{n}" for n in THREADS))
    errors = seeds(range(30_000, 30_060), tally, "every", names)
    assert not errors, "\n".join(errors)
    report(tally)
    assert tally.share >= 0.9, str(tally)


@pytest.mark.long
def test_generated_networks_of_lif_alone(report: Any) -> None:
    tally = Tally("one thread == 2, 3, 4, LIF alone, event-driven or not")
    errors = seeds(range(2000, 2040), tally, "silent", ("event", "event@2", "clock@3", "hybrid@4"))
    assert not errors, "\n".join(errors)
    report(tally)
    assert tally.share >= 0.9, str(tally)


@pytest.mark.long
def test_generated_networks_of_long_delays(report: Any) -> None:
    # threads meet once in the ticks of the shortest delay: what they find then is spikes of several ticks
    tally = Tally("one thread == 2, 3, 4, delays of 2 to 6 ticks")
    names = ("clock", *(f"clock@{n}" for n in THREADS))
    errors = seeds(range(32_000, 32_060), tally, "late", names)
    assert not errors, "\n".join(errors)
    report(tally)
    assert tally.share >= 0.9, str(tally)


@pytest.mark.long
def test_many_more_networks(report: Any) -> None:
    tally = Tally("one thread == 2, 3, 4, every model, long")
    errors = seeds(range(31_000, 31_150), tally, "every", ("hybrid", "hybrid@2", "clock@3", "hybrid@4"))
    assert not errors, "\n".join(errors)
    report(tally)
    assert tally.share >= 0.9, str(tally)


@pytest.mark.long
def test_more_threads_than_blocks() -> None:
    # most of the sixteen have no neuron at all, and deliver nothing to anybody
    tally = Tally("sixteen")
    errors = seeds(range(8), tally, "every", ("clock", "clock@16"))
    errors += seeds(range(8), tally, "silent", ("event", "event@16"))
    assert not errors, "\n".join(errors)
    assert tally.fired >= 14, str(tally)


def pair(
    network: Network, threads: int, mode: str = "clock", precision: str = "float32"
) -> Tuple[Simulator, Simulator]:
    """One thread, and several."""
    plan = compile_network(network, 1.0, precision)
    return simulator(plan, mode), simulator(plan, f"{mode}@{threads}")


def assert_same(one: Simulator, several: Simulator, duration: float, **call: Any) -> int:
    a, b = (s.run(duration, record=("spikes", "potentials"), **call) for s in (one, several))
    assert difference(a, b) is None and one.state.equal(several.state) is None
    return sum(int(c.sum()) for c in a.counts.values())


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("mode", ["clock", "hybrid"])
@pytest.mark.parametrize("threads", THREADS)
def test_all_models_at_length(threads: int, mode: str, precision: str) -> None:
    # 1,100 ticks pass a flush and many frames
    one, several = pair(everything(SIZE), threads, mode, precision)
    given = [(k % SIZE, 0.5 * k) for k in range(1000)]
    for _ in range(2):
        assert assert_same(one, several, 550.0, inputs={"given": given}) > 10_000


@pytest.mark.parametrize("threads", THREADS)
def test_currents_and_given_spikes_of_every_share(threads: int) -> None:
    one, several = pair(everything(SIZE), threads)
    rng = np.random.default_rng(threads)
    for ticks in (1, 30, 2):
        currents = {"frame": rng.normal(5.0, 5.0, (ticks, SIZE)), "adex": 300.0, "cuba": rng.normal(3.0, 3.0, SIZE)}
        forced = [(int(i), float(rng.uniform(0, ticks))) for i in rng.integers(0, SIZE, 50)]
        inputs = {"given": forced, "lowered": forced, "alif": forced, "izhikevich": forced}
        assert assert_same(one, several, float(ticks), inputs=inputs, currents=currents) > 50


@pytest.mark.parametrize("mode", ["clock", "hybrid"])
def test_steps_between_runs(mode: str) -> None:
    # a step is one thread's: queues and marks change hands twice a round
    one, several = pair(everything(SIZE), 3, mode)
    rng = np.random.default_rng(9)
    for ticks in (20, 1, 7):
        assert_same(one, several, float(ticks))
        for _ in range(5):
            given = {"given": rng.integers(0, SIZE, 9), "lowered": rng.integers(0, SIZE, 3)}
            a, b = one.step(given), several.step(given)
            assert all(np.array_equal(a[name], b[name]) for name in a)
        assert one.state.equal(several.state) is None
    assert assert_same(one, several, 20.0) > 1000


def test_reset_gives_the_first_run_again() -> None:
    one, several = pair(everything(SIZE), 4)
    for _ in range(2):
        assert assert_same(one, several, 40.0) > 1000
        several.step()
        for each in (one, several):
            each.reset()
        assert one.state.equal(several.state) is None


def test_snapshots_go_between_numbers_of_threads() -> None:
    one, several = pair(everything(SIZE), 3)
    two = share(Simulator(one.plan, engine="hybrid"), 2)
    several.run(25.0)
    for _ in range(3):
        snapshot = several.snapshot()
        for each in (one, two):
            each.restore(snapshot)
        several.restore(snapshot)
        assert assert_same(one, several, 15.0) > 500
        two.run(15.0)
        assert two.state.equal(one.state) is None
    share(several, 4)
    assert_same(one, several, 15.0)


def test_restored_generated_networks() -> None:
    # the queues of refractory neurons are not in a snapshot: they are made again, for each share
    for seed in range(7000, 7010):
        case = (build, silent)[seed % 2](seed)
        plan = case.plan()
        one, other = simulator(plan, "clock"), simulator(plan, "clock@3")
        for call in case.calls:
            one.run(call.duration, call.inputs, call.currents)
            other.restore(other.snapshot())
            other.run(call.duration, call.inputs, call.currents)
            assert one.state.equal(other.state) is None, seed


@pytest.mark.parametrize("threads", THREADS)
def test_calls_longer_than_the_spike_buffer(threads: int, monkeypatch: Any) -> None:
    # two spikes of every lane is all that fits: some thread is full every few ticks, rarely all at once
    monkeypatch.setattr(native, "SPIKES", 0)
    net = Network()
    net.add("crowd", 500, PoissonSource(np.linspace(1.0, 950.0, 500)))
    net.add("source", 20, PoissonSource(300.0))
    net.add("cell", 130, LIF(refractory=0.0, tau_m=10.0))
    net.connect("source", "cell", probability=0.5, weights=9.0, delay=2.0)
    one, several = pair(net, threads)
    current = np.linspace(0.0, 20.0, 90)[:, None]
    for ticks in (90, 1, 30):
        inputs = {"cell": [(3, ticks - 1.0), (129, float(ticks)), (64, 0.0)]}
        spikes = assert_same(one, several, float(ticks), currents={"cell": current[:ticks]}, inputs=inputs)
        assert spikes > 200 * ticks
    assert several.engine.call.capacity < spikes * 3  # type: ignore[union-attr]


@pytest.mark.long
def test_a_change_of_dt() -> None:
    net = everything(SIZE)
    one, several = (share(Simulator(net, dt=0.5, engine="clock"), n) for n in (1, 3))
    for dt in (0.1, 1.0, 0.3, 0.5):
        assert assert_same(one, several, 15 * one.dt) > 10
        for each, threads in ((one, 1), (several, 3)):
            each.set_dt(dt)
            share(each, threads)
        assert one.state.equal(several.state) is None


def test_every_mode_and_thread_may_follow_another() -> None:
    # one state, handed from engine to engine: each must leave what the next one needs
    plan = compile_network(everything(SIZE), 1.0)
    one, other = Simulator(plan, engine="clock"), Simulator(plan, engine="clock")
    for mode, threads in (("hybrid", 1), ("clock", 3), ("hybrid", 1), ("hybrid", 2), ("clock", 1), ("clock", 4)):
        other.engine = native.NativeEngine(plan, other.state, mode, threads)
        assert assert_same(one, other, 13.0) > 100


@pytest.mark.parametrize("threads", THREADS)
def test_what_is_dropped_is_counted_once(threads: int) -> None:
    plan = compile_network(everything(SIZE), 1.0, event_threshold=0.05)
    one, several = simulator(plan, "clock"), simulator(plan, f"clock@{threads}")
    ours, theirs = one.run(40.0), several.run(40.0)
    assert difference(ours, theirs) is None and one.state.equal(several.state) is None
    assert ours.performance["dropped_events"] > 100
