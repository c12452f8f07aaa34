"""A loop in real time, while other processes take the processor: with the governor, and without it.

The loop runs a network for 20 ms, 50 times a second. Twice as many processes as there are cores begin to compute, and
end again. A level of quality is a step: 0.1, 0.5 or 1.0 ms.
"""

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple

from pairs import Row, row

from neuroedge import Network, Simulator
from neuroedge.engines.costs import cores
from neuroedge.runtime.governor import Governor, Limits, Reading
from neuroedge.runtime.pace import Pace

STEPS = {"high": 0.1, "medium": 0.5, "low": 1.0}
PERIOD = 20.0

# share of the period that the highest level takes on an idle machine
AIM = 0.5

# seconds: alone, with the others, and after them, at most; what follows their begin is not yet settled
CALM, HOGGED, AFTER = 1.0, 3.5, 12.0
SETTLED = 1.5

# shorter than by default, so that it comes back while this runs
LIMITS = Limits(hold=1.0)


class Ran(NamedTuple):
    """settled: turns with the others there, `missed` of them; recovered: s after they ended, None if not; levels: when
    (s since the others began) and which."""

    settled: int
    missed: int
    skipped: int
    recovered: Any
    levels: List[Any]
    work: float
    figures: str


class Loop:
    """The network, at the step of its level."""

    def __init__(self, neurons: int) -> None:
        net = Network(seed=3)
        net.add("noise", 100, "poisson", rate=20.0)
        net.add("cells", neurons, "cubalif")
        net.connect("noise", "cells", probability=0.01, weights=60.0)
        self._sim = Simulator(net, dt=STEPS["high"], engine="clock")

    def set_simulation_quality(self, level: str) -> None:
        """As the governor asks for."""
        self._sim.set_dt(STEPS[level])

    def turn(self) -> float:
        """Seconds that a period's worth of the network took."""
        began = time.perf_counter()
        for _ in range(round(PERIOD / self._sim.dt)):
            self._sim.step()
        return time.perf_counter() - began


def hogs(repeats: int, quick: bool) -> Iterator[Row]:
    """Missed deadlines once settled, without and with the governor, and how it came back. About 20 s, however often
    the others are repeated."""
    neurons = _size()
    share = {}
    for name, governed in (("alone", False), ("governed", True)):
        ran = _run(Loop(neurons), governed)
        share[name] = 100.0 * ran.missed / max(ran.settled, 1)
        note = f"{ran.missed} of {ran.settled} turns, {ran.skipped} periods skipped; {ran.figures}"
        yield row(
            f"hogged, {name}: missed", "%", [share[name]], note, missed=ran.missed, turns=ran.settled,
            skipped=ran.skipped, levels=ran.levels, neurons=neurons, busy_before=ran.work,
        )  # fmt: skip
    told = ", ".join(f"{when:+.1f} s {level}" for when, level in ran.levels) or "always high"
    back = float("nan") if ran.recovered is None else ran.recovered
    note = f"{'not back' if ran.recovered is None else 'back at high'}; since the others began: {told}"
    yield row("hogged: recovery", "s", [back], note, recovered=ran.recovered is not None)


def _size() -> int:
    """Neurons that take `AIM` of a period at the highest level, here and now."""
    neurons = 1000
    for _ in range(6):
        loop = Loop(neurons)
        took = min(loop.turn() for _ in range(5)) * 1000.0 / PERIOD
        if 0.8 * AIM <= took <= 1.1 * AIM:
            break
        neurons = max(100, min(int(neurons * AIM / took), 20 * neurons))
    return neurons


@contextmanager
def others() -> Iterator[None]:
    """Twice as many as there are cores. They end with the block, and by themselves in half a minute."""
    program = "import time\nend = time.monotonic() + 30.0\nwhile time.monotonic() < end: pass"
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2 * cores())]
    try:
        yield
    finally:
        for one in running:
            one.kill()
        for one in running:
            one.wait()


def _run(loop: Loop, governed: bool) -> Ran:
    governor, pace = Governor(LIMITS if governed else Limits(missed=None)), Pace(PERIOD)
    seen: Dict[str, float] = {"missed": 0, "turns": 0, "skipped": 0}
    first = pace.wait().started
    busy = _turns(loop, pace, governor, lambda now: now - first < CALM, {})
    with others():
        began = time.monotonic()
        _turns(loop, pace, governor, lambda now: now - began < SETTLED, {})
        _turns(loop, pace, governor, lambda now: now - began < HOGGED, seen)
        figures = str(pace.end.figures())
    ended = time.monotonic()
    if governed:
        _turns(loop, pace, governor, lambda now: now - ended < AFTER and governor.level != "high", {})
    changes = [(round(change.now - began, 2), change.after) for change in governor.changes]
    back = governor.changes[-1].now - ended if governor.level == "high" and changes else None
    counts = (int(seen["turns"]), int(seen["missed"]), int(seen["skipped"]))
    return Ran(*counts, back, changes, busy, figures)


def _turns(loop: Loop, pace: Pace, governor: Governor, going: Any, seen: Dict[str, float]) -> float:
    """Turns for as long as that; adds up what they missed, and gives their mean share of the period."""
    work, turns = 0.0, 0
    pace.lap()
    while going(time.monotonic()):
        governor.apply(loop)
        loop.turn()
        pace.wait()
        lap = pace.lap()
        governor.decide(Reading(time.monotonic(), turns=lap.turns, missed=lap.missed, busy=lap.busy))
        work, turns = work + (lap.busy or 0.0), turns + 1
        for name in seen:
            seen[name] += getattr(lap, name)
    return work / max(turns, 1)
