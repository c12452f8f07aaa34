"""W1 and W2, whichever engine `auto` chooses, and W1 on each engine; beside other simulators."""

import time
from typing import Any, Dict, Iterator, List

import workloads
from pairs import Row, Run, in_turn, peers, precisions, row, say_skipped, times_as_fast
from workloads import Workload

from neuroedge.errors import NeuroedgeError


def w1(repeats: int, quick: bool) -> Iterator[Row]:
    """At both steps, then in each engine and number format at the finer one."""
    for dt in (1.0, 0.1):
        yield from _beside_peers(workloads.w1(dt), repeats, not quick)
    yield from _variants(repeats)


def w2(repeats: int, quick: bool) -> Iterator[Row]:
    """At its one step."""
    yield from _beside_peers(workloads.w2(), repeats, not quick)


def _timed(workload: Workload, seen: Dict[str, Any], name: str) -> Run:
    """A repeat, recording of spikes and reading of rates included; an error if the rates are not the workload's."""

    def run() -> float:
        began = time.perf_counter()
        recording = workload.once()
        rates = {key: float(recording.rates[key].mean()) for key in recording.rates}
        wall = time.perf_counter() - began
        for key, (low, high) in workload.expected.items():
            if not low <= rates[key] <= high:
                raise SystemExit(f"{workload.name}: {key} fires at {rates[key]:.2f} Hz, not {low} to {high}")
        seen[name] = recording.performance, rates
        return wall

    return run


def _beside_peers(workload: Workload, repeats: int, wanted: bool) -> Iterator[Row]:
    seen: Dict[str, Any] = {}
    ours = _timed(workload, seen, "ours")
    # the second run of `auto` knows what the first had
    ours()
    with peers(str(workloads.DATA), workload.name, workload.dt, wanted) as others:
        walls = in_turn({"ours": ours, **others}, repeats)
    cost = seen["ours"][0]
    yield _row(
        workload, f"{workload.name} at {workload.dt:g} ms", walls["ours"], f"auto chose {cost['engine']}", **cost
    )
    for name in others:
        ratio = times_as_fast(walls["ours"], walls[name])
        note = f"ours is {ratio:.1f}x as fast"
        yield _row(workload, f"  {name}", walls[name], note, ours_is_faster_by=ratio)


def _variants(repeats: int) -> Iterator[Row]:
    """Both engines asked for, and other number formats, in turn."""
    choices = {"clock": ("clock", "float32"), "event": ("event", "float32")}
    choices.update({f"auto, {p}": ("auto", p) for p in precisions()[1:]})
    made: Dict[str, Workload] = {}
    for name, (engine, precision) in choices.items():
        try:
            made[name] = workloads.w1(0.1, engine, precision)
        except NeuroedgeError as error:
            say_skipped(f"w1 {name}: {error}")
    seen: Dict[str, Any] = {}
    runs = {name: _timed(workload, seen, name) for name, workload in made.items()}
    for run in runs.values():
        run()
    walls = in_turn(runs, repeats)
    for name, workload in made.items():
        cost, rates = seen[name]
        ratio = times_as_fast(walls[name], walls["clock"])
        fires = f"hidden {rates['hidden']:.2f} Hz, output {rates['output']:.1f} Hz"
        note = f"{ratio:.2f}x as fast as clock; {cost['engine']}; {fires}"
        yield _row(workload, f"w1 at 0.1 ms, {name}", walls[name], note, as_fast_as_clock=ratio, **cost)


def _row(workload: Workload, name: str, walls: List[float], note: str, **more: Any) -> Row:
    # of `performance`, what does not repeat the figures of the row
    kept = {key: more[key] for key in more if key not in ("wall_s", "realtime_factor")}
    return row(name, "x real time", [workload.seconds / w for w in walls], note, True, **kept)
