"""How speed goes with size, wiring and activity: real-time factors of each engine over three sweeps, and a picture."""

import statistics
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple

import networks
import numpy as np
from large import beside
from networks import Drawn
from pairs import Row, row, say_skipped

from neuroedge import Simulator, SpikeTrain, compile_network

ENGINES = ("clock", "event", "auto")
STEPS = (0.1, 1.0)
PICTURE = Path("bench/results/growth.png")

# rounds at each point, and wall seconds that a run of one aims at
ROUNDS = 3
AIM = 0.1

# simulated seconds and given spikes of a run, at most
LONGEST = 50.0
SPIKES = 300_000


class Point(NamedTuple):
    """Cells, synapses of each, and Hz at which given spikes force them."""

    cells: int
    fan: int
    hz: float


MIDDLE = Point(10_000, 100, 1.0)
SWEEPS: Dict[str, List[Point]] = {
    "neurons": [Point(n, 100, 1.0) for n in (100, 1000, 10_000, 100_000, 1_000_000)],
    "synapses": [Point(10_000, fan, 1.0) for fan in (10, 30, 100, 300, 1000)],
    "rate": [Point(10_000, 100, hz) for hz in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)],
}

# where other simulators are asked too, at 0.1 ms: they take half a minute each to build
BESIDE = (Point(1000, 100, 1.0), MIDDLE, Point(10_000, 1000, 1.0), Point(10_000, 100, 100.0))


def growth(repeats: int, quick: bool) -> Iterator[Row]:
    """A row for each point, step and engine; each point is measured once, whatever sweeps it lies on."""
    points = list(dict.fromkeys(p for sweep in SWEEPS.values() for p in sweep))
    if quick:
        say_skipped("growth above 100,000 neurons: --quick")
        points = [p for p in points if p.cells <= 100_000]
    rows: List[Row] = []
    for point in points:
        for found in _point(point, not quick and point in BESIDE):
            rows.append(found)
            yield found
    try:
        from growth_picture import draw
    except ImportError:
        say_skipped("growth.png: matplotlib is not installed (pip install 'neuroedge[plot]')")
        return
    draw(rows, SWEEPS, PICTURE)
    print(PICTURE, flush=True)


def _point(point: Point, with_peers: bool) -> Iterator[Row]:
    drawn = networks.forced("growth", *point, seconds=0.5 if with_peers else 0.001, seed=6, grid=0.1)
    net = networks.network(drawn)
    for dt in STEPS:
        plan = compile_network(net, dt)
        runs = {name: Timed(Simulator(plan, engine=name), point) for name in ENGINES}
        factors: Dict[str, List[float]] = {name: [] for name in ENGINES}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                factors[name].append(run.factor())
        for name, run in runs.items():
            yield _row(point, dt, name, factors[name], **_about(name, factors, run))
        del plan
        if with_peers and dt == 0.1:
            yield from _peers(point, drawn, net)


class Timed:
    """Goes on with a network for as long as `AIM` takes."""

    def __init__(self, sim: Simulator, point: Point) -> None:
        self._sim, self._point, self.cost = sim, point, {}
        self._give(0.02)
        # twice: the first run meets cold memory, and tells `auto` what to expect
        for _ in range(2):
            most = min(LONGEST, SPIKES / (point.cells * point.hz))
            self._give(round(min(most, max(0.005, AIM * self.factor())), 3))

    def _give(self, seconds: float) -> None:
        n, grid = self._point.cells, self._sim.dt
        rng = np.random.Generator(np.random.PCG64(7))
        self._inputs = {"cells": SpikeTrain(*networks.spikes(rng, n, self._point.hz, seconds, grid), size=n)}
        self._seconds = seconds

    def factor(self) -> float:
        """The real-time factor of one run."""
        began = time.perf_counter()
        recording = self._sim.run(self._seconds * 1000.0, self._inputs)
        wall = time.perf_counter() - began
        self.cost = recording.performance
        return self._seconds / wall


def _about(name: str, factors: Dict[str, List[float]], run: Timed) -> Row:
    if name != "auto":
        return {}
    better = [max(pair) for pair in zip(factors["clock"], factors["event"])]
    share = statistics.median(mine / other for mine, other in zip(factors["auto"], better))
    return {"chose": run.cost["engine"], "of_the_better": share}


def _peers(point: Point, drawn: Drawn, net: Any) -> Iterator[Row]:
    sim, inputs = Simulator(net, dt=0.1), networks.given(drawn)

    def ours() -> float:
        sim.reset()
        began = time.perf_counter()
        sim.run(drawn.seconds * 1000.0, inputs)
        return time.perf_counter() - began

    ours()
    for name, walls, ratio in beside(drawn, 0.1, ours, True):
        yield _row(point, 0.1, name, [drawn.seconds / wall for wall in walls], ours_is_faster_by=ratio)


def _row(point: Point, dt: float, name: str, factors: List[float], **more: Any) -> Row:
    note = name
    if "chose" in more:
        note = f"auto chose {more['chose']}: {more['of_the_better']:.2f}x of the better"
    if "ours_is_faster_by" in more:
        note = f"{name}; ours is {more['ours_is_faster_by']:.1f}x as fast"
    label = f"{point.cells:g} x {point.fan}, {point.hz:g} Hz, {dt:g} ms"
    return row(
        label, "x real time", factors, note, True,
        engine=name, dt=dt, neurons=point.cells, fan=point.fan, hz=point.hz, **more,
    )  # fmt: skip
