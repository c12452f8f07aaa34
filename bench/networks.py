"""Networks that are drawn here, from fixed seeds, for every simulator: what is drawn also goes into a file for peers.

All are one population of LIF neurons that is driven by a table of given spikes, so that everyone gets the same input.
"""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from neuroedge import LIF, Network, SpikeTrain

# one group of synapses of equal weight, mV: sources, targets, weight
Group = Tuple[np.ndarray, np.ndarray, float]


class Drawn(NamedTuple):
    """feed: from sources to cells, None where given spikes force the cells; delay 0: one step; band: of rates, Hz."""

    name: str
    cells: int
    sources: int
    seconds: float
    cell: Dict[str, float]
    groups: List[Group]
    feed: Any
    delay: float
    spike_neuron: np.ndarray
    spike_ms: np.ndarray
    band: Tuple[float, float]

    @property
    def fed(self) -> str:
        """The population that the given spikes go to."""
        return "cells" if self.feed is None else "input"

    @property
    def fed_events(self) -> int:
        """Synaptic events that the given spikes cause by way of the feed."""
        if self.feed is None:
            return 0
        fan = np.bincount(self.feed[0], minlength=self.sources)
        return int(fan[self.spike_neuron].sum())


def network(drawn: Drawn) -> Network:
    """As a network of neuroedge."""
    net, delay = Network(drawn.name), drawn.delay or None
    net.add("cells", drawn.cells, LIF(v_rest=0.0, **drawn.cell))
    if drawn.feed is not None:
        net.add("input", drawn.sources, "rate")
        net.connect("input", "cells", synapses=_triples(drawn.feed), delay=delay)
    for group in drawn.groups:
        net.connect("cells", "cells", synapses=_triples(group), delay=delay)
    return net


def _triples(group: Group) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    pre, post, weight = group
    return pre, post, np.full(len(pre), weight, np.float32)


def given(drawn: Drawn) -> Dict[str, SpikeTrain]:
    """The inputs of a run."""
    size = drawn.cells if drawn.feed is None else drawn.sources
    return {drawn.fed: SpikeTrain(drawn.spike_neuron, drawn.spike_ms, size=size)}


def save(drawn: Drawn, path: Path) -> None:
    """As the file that the peers read. Who has no forced spikes gets a source and a large synapse for each cell."""
    everyone = np.arange(drawn.cells, dtype=np.uint32)
    feed = drawn.feed or (everyone, everyone, 2.0 * drawn.cell["v_threshold"])
    arrays: Dict[str, Any] = {
        "cells": drawn.cells, "sources": drawn.sources, "seconds": drawn.seconds, "delay": drawn.delay,
        "band": np.array(drawn.band), "spike_neuron": drawn.spike_neuron, "spike_ms": drawn.spike_ms, **drawn.cell,
    }  # fmt: skip
    for name, (pre, post, weight) in zip(["feed", *(f"g{k}" for k in range(len(drawn.groups)))], [feed, *drawn.groups]):
        arrays.update({f"{name}_pre": pre, f"{name}_post": post, f"{name}_weight": weight})
    np.savez(path, **arrays)


def brunel(quick: bool = False) -> Drawn:
    """W4: Brunel (2000), 8,000 excitatory and 2,000 inhibitory LIF, 1,000 inputs each, 1.5 ms; g 5, eta 1.5.

    That is his asynchronous irregular regime, here at about 31 Hz, with the weak fast oscillation that a network of
    finite size has in it. The drive has the mean of 800 Poisson synapses of 0.1 mV at eta times the threshold rate,
    in fewer and larger spikes: 10 sources of 150 Hz and 1 mV for each cell, 1,000 sources in all.
    """
    rng = np.random.Generator(np.random.PCG64(4))
    n, seconds, sources = 10_000, 0.2 if quick else 0.5, 1000
    g, jump = 5.0, 0.1
    cell = {"tau_m": 20.0, "v_threshold": 20.0, "v_reset": 10.0, "refractory": 2.0}
    groups = [
        (rng.integers(0, 8_000, n * 800, np.uint32), _each(n, 800), jump),
        (rng.integers(8_000, n, n * 200, np.uint32), _each(n, 200), -g * jump),
    ]
    feed = (rng.integers(0, sources, n * 10, np.uint32), _each(n, 10), 1.0)
    tick, neuron = np.nonzero(rng.random((round(seconds * 1e4), sources)) < 150.0 * 1e-4)
    ms = np.round(tick * 0.1, 1)
    return Drawn("w4", n, sources, seconds, cell, groups, feed, 1.5, neuron.astype(np.uint32), ms, (27.0, 35.0))


def forced(name: str, n: int, fan: int, hz: float, seconds: float, seed: int, grid: float) -> Drawn:
    """Cells that given spikes force at `hz`, of times that are multiples of `grid` ms, and that reach `fan` others by
    synapses too small to matter: 1/1000 of the threshold."""
    rng = np.random.Generator(np.random.PCG64(seed))
    cell = {"tau_m": 20.0, "v_threshold": 1.0, "v_reset": 0.0, "refractory": 0.0}
    group = (_each(n, fan), rng.integers(0, n, n * fan, np.uint32), 0.001)
    neuron, ms = spikes(rng, n, hz, seconds, grid)
    rate = len(neuron) / n / seconds
    return Drawn(name, n, n, seconds, cell, [group], None, 0.0, neuron, ms, (0.95 * rate, 1.05 * rate))


def spikes(rng: np.random.Generator, n: int, hz: float, seconds: float, grid: float) -> Tuple[np.ndarray, np.ndarray]:
    """Neurons and times of about n·hz·seconds spikes, in order of time, no two of a neuron at once."""
    slots = round(seconds * 1000.0 / grid)
    code = np.unique(rng.integers(0, slots * n, rng.poisson(n * hz * seconds)))
    return (code % n).astype(np.uint32), np.round(code // n * grid, 1)


def _each(n: int, times: int) -> np.ndarray:
    return np.repeat(np.arange(n, dtype=np.uint32), times)
