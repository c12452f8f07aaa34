"""A long run hears Ctrl-C, leaves whole ticks behind, lets other threads work, and is never run by two at once."""

import subprocess
import sys
import threading
import time
from typing import List

import pytest

from neuroedge import Network, Simulator
from neuroedge.engines.native import MOST_EVENTS

# prints the seconds from the signal to the exception, and whether the state goes on like one that was not interrupted
INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np
from neuroedge import Network, Simulator

def network():
    net = Network(seed=1)
    net.add("noise", 500, "poisson", rate=20.0)
    net.add("hidden", 2000, "lif")
    net.add("slow", 200, "cubalif")
    net.connect("noise", "hidden", probability=0.2)
    net.connect("hidden", "slow", probability=0.1, delay=3.0)
    return net

engine = sys.argv[1]
simulator = Simulator(network(), dt=0.1, engine=engine)
simulator.run(5.0)

def interrupt():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
try:
    simulator.run(100_000_000.0)
    sys.exit("not interrupted")
except KeyboardInterrupt:
    pass
tick = simulator.state.tick
twin = Simulator(network(), dt=0.1)
while twin.state.tick < tick:
    twin.run(min(20_000, tick - twin.state.tick) * 0.1)
for _ in range(3):
    simulator.run(10.0)
    twin.run(10.0)
same = all(np.array_equal(a, b) for a, b in zip(simulator.snapshot().values(), twin.snapshot().values()))
print(same, tick)
"""


@pytest.mark.long
@pytest.mark.parametrize("engine", ["clock", "reference"])
def test_ctrl_c_is_heard_between_ticks(engine: str) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, engine], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    same, tick = done.stdout.split()
    # the clock engine stops between ticks, the reference engine goes back to the start of the call
    assert int(tick) > 50 if engine == "clock" else int(tick) == 50
    assert same == "True"


@pytest.mark.long
def test_a_network_that_wakes_up_is_still_interrupted() -> None:
    """Silent ticks are quick; the pace that they set must not hold for ticks in which everything fires."""
    net = Network()
    net.add("a", 2000, "rate")
    net.add("b", 2000)
    net.connect("a", "b", weights=0.001)
    large, calls = Simulator(net, dt=1.0, engine="clock"), []
    large.run(1000.0)
    run = large.engine._run
    large.engine._run = lambda *args: calls.append(run(*args)) or calls[-1]
    everyone = [(k, float(t)) for t in range(1, 101) for k in range(2000)]
    assert large.run(100.0, {"a": everyone}).performance["synaptic_events"] == 400_000_000
    # four million synapses a tick: the core comes back before it has passed many more than its budget
    assert sum(calls) == 100 and max(calls) * 4_000_000 <= MOST_EVENTS + 4_000_000
    net = Network()
    net.add("a", 3)
    tiny = Simulator(net, dt=1.0)
    tiny.run(100_000.0)
    assert tiny.engine._ticks_a_call > 10_000


def busy(cells: int = 300) -> Simulator:
    net = Network()
    net.add("noise", 300, "poisson", rate=100.0)
    net.add("cells", cells, "adex")
    net.connect("noise", "cells", weights=0.1)
    return Simulator(net, dt=0.1)


@pytest.mark.long
def test_other_threads_work_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = busy(3000)
    monkeypatch.setattr(simulator.engine, "_ticks_a_call", 1 << 30)
    monkeypatch.setattr(simulator.engine, "_pace", lambda *_: None)
    ran, spans = simulator.engine._run, []

    def timed(*arguments: object) -> int:
        began = time.perf_counter()
        done = int(ran(*arguments))
        spans.append((began, time.perf_counter()))
        return done

    monkeypatch.setattr(simulator.engine, "_run", timed)
    stamps: List[float] = []
    running = threading.Event()

    def stamping() -> None:
        while running.is_set():
            stamps.append(time.perf_counter())
            time.sleep(0.001)

    running.set()
    thread = threading.Thread(target=stamping)
    thread.start()
    try:
        while not spans or spans[-1][1] - spans[-1][0] < 0.1:
            simulator.run(200.0 * 2 ** len(spans))
    finally:
        running.clear()
        thread.join()
    began, ended = spans[-1]
    # with the GIL held there could be none but at the very end
    inside = [t for t in stamps if 0.1 < (t - began) / (ended - began) < 0.6]
    assert len(inside) >= 2


def test_two_threads_wait_for_one_another() -> None:
    shared, alone = busy(), busy()
    errors: List[BaseException] = []

    def runs() -> None:
        try:
            for _ in range(20):
                shared.run(5.0)
                shared.step()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=runs) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    alone.run(60 * 5.0 + 60 * 0.1)
    assert shared.state.tick == alone.state.tick
    assert shared.state.equal(alone.state) is None


def test_an_interrupt_elsewhere_leaves_the_simulator_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator, twin = busy(), busy()
    monkeypatch.setattr(simulator.engine, "_ticks_a_call", 7)
    ran = simulator.engine._run
    calls = [0]

    def stops_at_the_third(*arguments: object) -> int:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return int(ran(*arguments))

    monkeypatch.setattr(simulator.engine, "_run", stops_at_the_third)
    monkeypatch.setattr(simulator.engine, "_pace", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        simulator.run(50.0)
    assert simulator.state.tick == 14
    simulator.run(48.6)
    twin.run(50.0)
    assert simulator.state.equal(twin.state) is None
