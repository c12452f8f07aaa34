"""Repeats in turn: every round runs everyone once, so that a slow minute of the machine hits all alike."""

import os
import statistics
import sys
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from peers.drive import available_peers
from peers.drive import skipped as peers_left_out

from neuroedge import Simulator
from neuroedge.plan.precision import PRECISIONS

Row = Dict[str, Any]
Run = Callable[[], float]

PEERS = ("brian2-cpp", "nest")

# each reason once
_said: List[str] = []


def say_skipped(reason: str) -> None:
    """Nothing is left out silently."""
    if reason not in _said:
        _said.append(reason)
        print(f"SKIPPED: {reason}", file=sys.stderr, flush=True)


def precisions() -> List[str]:
    """Number formats that the native engines run here."""
    if "int8" not in PRECISIONS:
        say_skipped("int8: this version of neuroedge has no such precision")
    return [name for name in ("float32", "float16", "int8") if name in PRECISIONS]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Simulators that are made meanwhile use so many threads."""
    before = os.environ.get("NEUROEDGE_THREADS")
    os.environ["NEUROEDGE_THREADS"] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ["NEUROEDGE_THREADS"]
        else:
            os.environ["NEUROEDGE_THREADS"] = before


@contextmanager
def peers(
    data: str, workload: str, dt: float, wanted: bool, names: Tuple[str, ...] = PEERS, whole: bool = False
) -> Iterator[Dict[str, Any]]:
    """What runs a repeat of each other simulator, and gives its seconds, or its whole record. They end with the block,
    however it is left."""
    others = available_peers(data, workload, dt, names) if wanted else []
    patience = 0.5
    try:
        for name, reason in peers_left_out if wanted else []:
            say_skipped(f"{name}: {reason}")
        yield {
            other.name: (lambda other=other: other.once() if whole else float(other.once()["wall_s"]))
            for other in others
        }
        patience = 10.0
    finally:
        # after an error or Ctrl-C one may be in the middle of a long repeat
        for other in others:
            other.close(patience)


def in_turn(runs: Dict[str, Run], repeats: int, budget: float = float("inf")) -> Dict[str, List[float]]:
    """Wall seconds of each, round by round. Who has used up `budget` seconds, building included, is left out then."""
    walls: Dict[str, List[float]] = {name: [] for name in runs}
    spent = dict.fromkeys(runs, 0.0)
    for _ in range(repeats):
        for name, run in runs.items():
            if spent[name] < budget:
                began = time.perf_counter()
                walls[name].append(run())
                spent[name] += time.perf_counter() - began
    return walls


def times_as_fast(walls: List[float], than: List[float]) -> float:
    """How many times as fast as another, the median over the rounds that both ran in."""
    return statistics.median(other / mine for mine, other in zip(walls, than))


def row(name: str, unit: str, values: List[float], note: str = "", more_is_better: bool = False, **more: Any) -> Row:
    """One line of the table."""
    best = max(values) if more_is_better else min(values)
    return {
        "measure": name, "unit": unit, "median": statistics.median(values), "best": best, "n": len(values),
        "note": note, **more,
    }  # fmt: skip


def goal(value: float, at_most: Optional[float] = None, at_least: Optional[float] = None) -> Tuple[str, Row]:
    """A goal as text, and as entries of a row."""
    met = value <= at_most if at_most is not None else value >= (at_least or 0.0)
    text = f"<= {at_most:g}" if at_most is not None else f">= {at_least:g}"
    return f"goal {text} {'met' if met else 'MISSED'}", {"goal": text, "goal_met": met}


def timed(sim: Simulator, ms: float, inputs: Any, seen: Dict[str, Any], name: str) -> Run:
    """A run from the start each time. seen[name]: the last recording."""

    def run() -> float:
        sim.reset()
        began = time.perf_counter()
        seen[name] = sim.run(ms, inputs)
        return time.perf_counter() - began

    return run
