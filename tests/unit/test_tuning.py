"""Clock or events: chosen anew for each run by what goes on, on costs measured here, and never seen in a bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusing import refused

from neuroedge import LIF, CubaLIF, Network, PoissonSource, Simulator
from neuroedge.engines.activity import Activity
from neuroedge.engines.costs import _quota, cores, costs, threads_for
from neuroedge.engines.crew import LOOK_AGAIN, Crew
from neuroedge.engines.inputs import Intake
from neuroedge.engines.job import Job
from neuroedge.engines.native import NativeEngine
from neuroedge.errors import ParameterError
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import MAX_THREADS, State


def chain(n: int = 400, model: Any = None) -> Network:
    net = Network(seed=2)
    net.add("in", 40, "rate")
    net.add("out", n, model or LIF(tau_m=20.0))
    net.connect("in", "out", probability=0.25)
    return net


def volley(count: int, duration: float) -> Any:
    rng = np.random.default_rng(count)
    return [(int(i), float(t)) for i, t in zip(rng.integers(0, 40, count), np.sort(rng.uniform(0, duration, count)))]


def test_quiet_runs_by_events_and_busy_ones_by_the_clock() -> None:
    simulator, clock = Simulator(chain(), dt=1.0), Simulator(chain(), dt=1.0, engine="clock")
    said = []
    for count in (2, 4000, 4000, 3, 3):
        inputs = {"in": volley(count, 100.0)}
        answer, other = simulator.run(100.0, inputs), clock.run(100.0, inputs)
        said.append(answer.performance["engine"])
        assert "synaptic events per neuron and step" in answer.performance["reason"]
        assert np.array_equal(answer.spikes["out"].times, other.spikes["out"].times)
        assert simulator.state.equal(clock.state) is None
    # what the last run had counts as long as nothing else was seen
    assert said == ["event", "clock", "clock", "clock", "event"]


def test_a_current_is_taken_by_the_clock() -> None:
    simulator = Simulator(chain(), dt=1.0)
    assert simulator.run(10.0, {"in": volley(1, 10.0)}).performance["engine"] == "event"
    assert simulator.run(10.0, currents={"out": 1.0}).performance["engine"] == "clock"


def test_what_cannot_be_event_driven_says_so() -> None:
    answer = Simulator(chain(model=CubaLIF()), dt=1.0).run(10.0)
    assert answer.performance["engine"] == "clock" and "can be event-driven" in answer.performance["reason"]
    net = chain()
    net.add("more", 5, CubaLIF())
    net.connect("out", "more")
    assert Simulator(net, dt=1.0).run(10.0).performance["engine"] == "hybrid"


def test_expected_events_are_those_of_the_synapses() -> None:
    net = Network()
    net.add("noise", 50, PoissonSource(100.0))
    net.add("cells", 20, LIF())
    net.connect("noise", "cells")
    plan = compile_network(net, 1.0)
    activity, simulator = Activity(plan), Simulator(plan)
    assert activity.neurons == 20 and activity.whole
    chances = {0: np.full(50, round(0.1 * 2**32), np.uint32)}
    assert activity.expected(Job(10, {}, {}, chances, [False] * 2, [False] * 2)) == pytest.approx(50 * 0.1 * 20)
    events = simulator.run(2000.0).performance["synaptic_events"]
    assert events == pytest.approx(2000 * 50 * 0.1 * 20, rel=0.05)


@pytest.mark.parametrize("neurons", [1, 5000, 1_000_000])
def test_costs_are_measured(neurons: int) -> None:
    # a listed neuron costs more than one of a row, but not without bound
    found = costs(neurons)
    assert 0.0 < found.all < found.one < 1e4
    assert costs(neurons) is found


def test_threads_are_for_large_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = compile_network(chain(), 1.0)
    monkeypatch.delenv("NEUROEDGE_THREADS", raising=False)
    assert threads_for(plan) == 1 and Simulator(plan).run(5.0).performance["threads"] == 1
    monkeypatch.setattr("neuroedge.engines.costs.SHARED_FROM", 100)
    assert threads_for(plan) == min(cores(), 4)
    monkeypatch.setenv("NEUROEDGE_THREADS", "3")
    assert threads_for(plan) == 3
    assert Simulator(plan, engine="clock").run(5.0).performance["threads"] == 3
    assert Simulator(plan, engine="event").run(5.0).performance["threads"] == 1


def test_threads_stay_only_while_they_pay() -> None:
    crew = Crew(4, fixed=False)
    tried = []
    for _ in range(5):
        tried.append(crew.parts())
        crew.learn(tried[-1], 1.0 if tried[-1] == 1 else 2.0, 100.0)
    assert tried == [4, 1, 1, 1, 1]
    # after a while the other is looked at again, and kept where it pays now
    later = []
    for _ in range(LOOK_AGAIN + 3):
        later.append(crew.parts())
        crew.learn(later[-1], 1.0 if later[-1] == 1 else 0.5, 100.0)
    assert later.count(4) >= 2 and later[-1] == 4
    assert Crew(3, fixed=True).parts() == 3 and Crew(1, fixed=False).parts() == 1


def test_a_change_of_threads_within_a_call_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = compile_network(chain(700), 1.0)
    engines = [NativeEngine(plan, State(plan)), NativeEngine(plan, State(plan), "clock", 3, fixed=False)]
    intake = Intake(plan, None, engines[0].on_grid)
    monkeypatch.setattr("neuroedge.engines.crew.LOOK_AGAIN", 1)
    job = intake.job(3000.0, 3000, {"in": volley(3000, 3000.0)}, None, ["spikes"], None)
    for engine in engines:
        engine._ticks_a_call = engine._most_ticks = 50
    a, b = (engine.run(job) for engine in engines)
    assert np.array_equal(a.spike_tick, b.spike_tick) and np.array_equal(a.spike_lane, b.spike_lane)
    assert len(a.spike_lane) > 100 and a.events == b.events
    assert engines[0].state.equal(engines[1].state) is None


@pytest.mark.parametrize("value", ["0", "17", "two", "-1", "1.5"])
def test_bad_numbers_of_threads(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROEDGE_THREADS", value)
    with refused(ParameterError, "NEUROEDGE_THREADS", f"1 to {MAX_THREADS}", value):
        Simulator(chain(), dt=1.0)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "rubbish"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ],
)
def test_the_quota_of_a_container(files: Any, expected: int, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert _quota(tmp_path, 8) == expected
