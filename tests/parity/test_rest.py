"""Silence in which nothing changes any more is passed over, and the state is that of every tick run."""

from typing import Any, Dict, List

import numpy as np
import pytest

from neuroedge import Network, Simulator
from neuroedge.engines import rest

MODELS = ("lif", "cubalif", "alif", "adex", "izhikevich")


def network(model: str, **parameters: Any) -> Network:
    net = Network("silent", seed=3)
    net.add("in", 20, "rate")
    net.add("event", 20, "lif")
    net.add("clocked", 40, model, **parameters)
    net.add("out", 6, "li")
    net.connect("in", "event")
    net.connect("event", "clocked")
    net.connect("clocked", "clocked", "lateral")
    net.connect("clocked", "out")
    return net


def spikes(seed: int) -> List[Any]:
    rng = np.random.default_rng(seed)
    return list(zip(rng.integers(0, 20, 400).tolist(), rng.uniform(0, 50, 400).tolist()))


def skipped(monkeypatch: pytest.MonkeyPatch) -> List[int]:
    """What is skipped from now on, in ticks."""
    seen: List[int] = []
    skip = rest.Rest.skip
    monkeypatch.setattr(rest.Rest, "skip", lambda self, ticks: (seen.append(ticks), skip(self, ticks))[1])
    return seen


def same(a: Dict[str, np.ndarray], b: Dict[str, np.ndarray]) -> List[str]:
    return [name for name in a if a[name].tobytes() != b[name].tobytes()]


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("model", MODELS)
def test_the_state_is_that_of_every_tick_run(model: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = skipped(monkeypatch)
    sims = [Simulator(network(model), 1.0, precision=precision) for _ in range(2)]
    given = {"in": spikes(1)}
    counts = sims[0].run(40_000.0, given).counts
    assert sum(ticks) > 0
    # in pieces too short to look for silence
    first = sims[1].run(500.0, given).counts
    for _ in range(79):
        sims[1].run(500.0)
    assert same(sims[0].snapshot(), sims[1].snapshot()) == []
    assert all((counts[name] == first[name]).all() for name in counts)
    # and both go on alike
    again = [sim.run(100.0, {"in": spikes(2)}) for sim in sims]
    assert again[0].counts["clocked"].sum() > 0
    assert all((again[0].counts[name] == again[1].counts[name]).all() for name in counts)
    assert same(sims[0].snapshot(), sims[1].snapshot()) == []


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("model", MODELS)
def test_silence_before_a_spike_is_passed_over(model: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on waking: what is given lies at the end of a long silence."""
    ticks = skipped(monkeypatch)
    sims = [Simulator(network(model), 1.0, precision=precision) for _ in range(2)]
    late = [(n, 39_900.0 + t) for n, t in spikes(2)]
    whole = sims[0].run(40_000.0, {"in": spikes(1) + [(3, 39_000.0), *late]})
    assert 0 < sum(ticks) < 39_000
    parts = [sims[1].run(500.0, {"in": spikes(1)} if k == 0 else {}).counts for k in range(78)]
    parts.append(sims[1].run(500.0, {"in": [(3, 0.0)]}).counts)
    parts.append(sims[1].run(500.0, {"in": [(n, 400.0 + t - 39_900.0) for n, t in late]}).counts)
    assert same(sims[0].snapshot(), sims[1].snapshot()) == []
    assert all((whole.counts[name] == sum(part[name] for part in parts)).all() for name in whole.counts)
    assert parts[-1]["clocked"].sum() > 0


@pytest.mark.long
@pytest.mark.parametrize("inputs", [{"in": spikes(1) + [(3, 8990.0)]}, {}])
def test_as_the_reference_engine_says(inputs: Dict[str, Any]) -> None:
    runs = []
    for engine in ("hybrid", "reference"):
        sim = Simulator(network("alif", tau_a=20.0), 1.0, engine=engine)
        counts = sim.run(4000.0 if not inputs else 9000.0, inputs or {"in": spikes(1)}).counts
        runs.append((sim.snapshot(), counts))
    assert same(runs[0][0], runs[1][0]) == []
    assert all((runs[0][1][name] == runs[1][1][name]).all() for name in runs[0][1])


@pytest.mark.parametrize("why", ["drives itself", "current", "chance", "potentials", "oscillates"])
def test_what_still_acts_is_not_skipped(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = skipped(monkeypatch)
    net = network("cubalif", **({"v_rest": -45.0} if why == "drives itself" else {}))
    if why == "chance":
        net.add("noise", 4, "poisson", rate=20.0)
        net.connect("noise", "clocked")
    if why == "oscillates":
        # a spike that comes back with a long delay is still on its way
        net.connect("event", "event", weights=np.eye(20) * 40.0, delay=90.0)
    sim = Simulator(net, 1.0)
    options: Dict[str, Any] = {"current": {"currents": {"clocked": 1.0}}, "potentials": {"record": ["potentials"]}}
    sim.run(5000.0, {"in": spikes(1)}, **options.get(why, {}))
    assert ticks == []


@pytest.mark.long
def test_a_long_refractory_period_is_waited_for() -> None:
    """Nothing changes for thousands of ticks, and then it does."""
    sims = [Simulator(network("cubalif", refractory=5000.0), 1.0, engine=e) for e in ("clock", "reference")]
    for sim in sims:
        sim.run(7000.0, {"in": spikes(1)})
    assert same(sims[0].snapshot(), sims[1].snapshot()) == []


@pytest.mark.parametrize("engine", ["clock", "hybrid"])
def test_who_fires_in_every_tick_goes_on_firing(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its state is the same after each tick, and nobody listens: only its spikes tell that it acts."""
    ticks = skipped(monkeypatch)
    net = Network("fires")
    net.add("out", 3, "cubalif", v_rest=-40.0, v_threshold=-50.0, v_reset=-50.5, refractory=0.0)
    runs = [Simulator(net, 1.0, engine=e).run(5000.0).counts["out"].tolist() for e in (engine, "reference")]
    assert ticks == []
    assert runs[0] == runs[1] and min(runs[0]) > 2000
