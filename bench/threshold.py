"""What an event threshold saves, and what it costs, on W1 and on a recurrent network."""

from typing import Any, Dict, Iterator, Set, Tuple

import numpy as np
import workloads
from pairs import Row, in_turn, row, say_skipped, timed

from neuroedge import Network, Simulator

THRESHOLDS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def thresholds(repeats: int, quick: bool) -> Iterator[Row]:
    """A row for each network and threshold."""
    networks: Dict[str, Any] = {}
    if workloads.missing():
        say_skipped(f"threshold, w1: {workloads.missing()}")
    else:
        networks["w1"] = (workloads.w1_network(), workloads.w1_inputs(), 0.1, 10_000.0, ("hidden", "output"))
    networks["recurrent"] = (_recurrent(), {}, 0.5, 1000.0 if quick else 4000.0, ("cells",))
    for name, (net, inputs, dt, duration, counted) in networks.items():
        seen: Dict[str, Any] = {}
        sims = {x: Simulator(net, dt=dt, event_threshold=x) for x in THRESHOLDS}
        runs = {f"{x:g}": timed(sim, duration, inputs, seen, f"{x:g}") for x, sim in sims.items()}
        walls = in_turn(runs, repeats + 1)
        exact = _spikes(seen["0"], counted, dt)
        for x in runs:
            yield _row(name, x, walls[x][1:], seen[x].performance, _spikes(seen[x], counted, dt), exact)


def _recurrent() -> Network:
    """400 LIF at random, most synapses weak: a log-normal spread, one neuron in five inhibitory."""
    net = Network("recurrent", seed=1)
    net.add("input", 100, "poisson", rate=20.0)
    net.add("cells", 400, "lif")
    net.connect("input", "cells", probability=0.2)
    rng = np.random.Generator(np.random.PCG64(1))
    weights = rng.lognormal(-1.5, 1.0, (400, 400)) * (rng.random((400, 400)) < 0.1)
    weights[::5] *= -4.0
    net.connect("cells", "cells", weights=weights, delay=2.0)
    return net


def _spikes(recording: Any, populations: Tuple[str, ...], dt: float) -> Set[Tuple[str, int, int]]:
    found: Set[Tuple[str, int, int]] = set()
    for name in populations:
        train = recording.spikes[name]
        ticks = np.rint(train.times / dt).astype(int)
        found.update(zip([name] * len(ticks), train.neurons.tolist(), ticks.tolist()))
    return found


def _row(name: str, x: str, walls: Any, cost: Dict[str, Any], spikes: Set[Any], exact: Set[Any]) -> Row:
    delivered, dropped = cost["synaptic_events"], cost["dropped_events"]
    # spikes of either run that the other does not have at that very tick
    apart, change = len(spikes ^ exact), len(spikes) / max(len(exact), 1) - 1.0
    note = f"{delivered:,} delivered, {dropped:,} dropped; {len(spikes):,} spikes, {apart:,} not shared, {change:+.1%}"
    return row(
        f"threshold {x}, {name}", "ms", [w * 1e3 for w in walls], note, delivered=delivered, dropped=dropped,
        spikes=len(spikes), not_shared=apart, rate_change=change, engine=cost["engine"],
    )  # fmt: skip
