"""W4 and W5: ten million synapses, busy and quiet."""

import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import networks
import numpy as np
from networks import Drawn
from pairs import PEERS, Row, Run, goal, in_turn, peers, precisions, row, say_skipped, threads, timed, times_as_fast

from neuroedge import Simulator
from neuroedge.engines.costs import cores
from neuroedge.errors import NeuroedgeError

# a repeat of a peer builds ten million synapses anew, or loads them
PEER_REPEATS, PEER_SECONDS = 3, 40.0


def checked(drawn: Drawn, label: str, rate: float) -> None:
    """Another rate is another network, and its time says nothing."""
    low, high = drawn.band
    if not low <= rate <= high:
        raise SystemExit(f"{drawn.name}, {label}: fires at {rate:.2f} Hz, not {low:g} to {high:g}")


def w4(repeats: int, quick: bool) -> Iterator[Row]:
    """ns for a synaptic event of the recurrent projections: all wall time, the neurons' own included."""
    drawn = networks.brunel(quick)
    seen: Dict[str, Any] = {}
    runs = dict(_w4_runs(drawn, seen))
    for run in runs.values():
        run()
    walls = in_turn(runs, repeats)
    events = {name: r.performance["synaptic_events"] - drawn.fed_events for name, r in seen.items()}
    first = "float32, 1 thread"
    for name in runs:
        rate = float(seen[name].rates["cells"].mean())
        if "int8" not in name:
            checked(drawn, name, rate)
        yield _w4_row(drawn, name, walls, events[name], rate, _irregular(seen[name]), first)
    yield from _w4_peers(drawn, runs[first], events[first], not quick)


def _w4_runs(drawn: Drawn, seen: Dict[str, Any]) -> Iterator[Tuple[str, Run]]:
    net, inputs = networks.network(drawn), networks.given(drawn)
    for count, formats in ((1, precisions()), (2, precisions()[:1])):
        if count > cores():
            say_skipped(f"w4 with {count} threads: this machine has {cores()} core")
            continue
        for precision in formats:
            name = f"{precision}, {count} thread{'s' if count > 1 else ''}"
            try:
                with threads(count):
                    sim = Simulator(net, dt=0.1, precision=precision)
            except NeuroedgeError as error:
                say_skipped(f"w4 {name}: {error}")
                continue
            yield name, timed(sim, drawn.seconds * 1000.0, inputs, seen, name)


def _w4_row(
    drawn: Drawn, name: str, walls: Dict[str, List[float]], events: int, rate: float, cv: float, first: str
) -> Row:  # fmt: skip
    ns = [wall * 1e9 / events for wall in walls[name]]
    factor = drawn.seconds / float(np.median(walls[name]))
    notes, more = [f"{factor:.2f}x real time, {rate:.1f} Hz, CV {cv:.2f}"], {}
    if name == first:
        text, more = goal(float(np.median(ns)), at_most=1.2)
        notes.append(text)
    else:
        ratio = times_as_fast(walls[name], walls[first])
        notes.insert(0, f"{ratio:.2f}x as fast as {first}")
        if "2 threads" in name:
            text, more = goal(ratio, at_least=1.5)
            notes.append(text)
        more["as_fast_as_first"] = ratio
    more.update(realtime=factor, rate_hz=rate, cv=cv, synaptic_events=events)
    return row(f"w4 {name}", "ns an event", ns, "; ".join(notes), **more)


def _irregular(recording: Any) -> float:
    """Coefficient of variation of the intervals between spikes, mean over a thousand cells: 1 is Poisson."""
    train = recording.spikes["cells"]
    late = (train.times > 50.0) & (train.neurons < 1000)
    neurons, times = train.neurons[late], train.times[late]
    order = np.lexsort((times, neurons))
    cut = np.flatnonzero(np.diff(neurons[order])) + 1
    gaps = [np.diff(part) for part in np.split(times[order], cut)]
    return float(np.mean([g.std() / g.mean() for g in gaps if len(g) > 3] or [np.nan]))


def _w4_peers(drawn: Drawn, ours: Run, events: int, wanted: bool) -> Iterator[Row]:
    for name, walls, ratio in beside(drawn, 0.1, ours, wanted):
        # a peer's own count of events would differ by less than its rate may
        ns = [wall * 1e9 / events for wall in walls]
        note = f"ours is {ratio:.1f}x as fast; {drawn.seconds / float(np.median(walls)):.2f}x real time"
        yield row(f"  {name}", "ns an event", ns, note, ours_is_faster_by=ratio)


def beside(drawn: Drawn, dt: float, ours: Run, wanted: bool) -> List[Tuple[str, List[float], float]]:
    """Peers on the same network, each repeat after one of ours: name, wall seconds, how many times as fast ours is."""
    if not wanted:
        return []
    names = PEERS
    if drawn.feed is None:
        # a device for each cell, updated in every step, takes NEST longer than the network does
        say_skipped("nest in w5 and growth: it would have a spike generator for each cell, and be measured by these")
        names = ("brian2-cpp",)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{drawn.name}.npz"
        networks.save(drawn, path)
        with peers(str(path), "file", dt, wanted, names) as others:
            walls = in_turn({"ours": ours, **others}, PEER_REPEATS, PEER_SECONDS)
    return [(name, walls[name], times_as_fast(walls["ours"], walls[name])) for name in others]


def w5(repeats: int, quick: bool) -> Iterator[Row]:
    """100,000 neurons that each fire once a second: what silence costs."""
    for dt in (0.1, 1.0):
        drawn = networks.forced("w5", 100_000, 100, 1.0, 0.1 if quick else 0.5, seed=5, grid=dt)
        net, inputs = networks.network(drawn), networks.given(drawn)
        seen: Dict[str, Any] = {}
        with threads(1):
            sims = {engine: Simulator(net, dt=dt, engine=engine) for engine in ("clock", "event", "auto")}
        runs = {name: timed(sim, drawn.seconds * 1000.0, inputs, seen, name) for name, sim in sims.items()}
        for run in runs.values():
            run()
        walls = in_turn(runs, repeats)
        for name in runs:
            checked(drawn, name, float(seen[name].rates["cells"].mean()))
            yield _w5_row(drawn, dt, name, walls, seen[name].performance)
        for name, theirs, ratio in beside(drawn, dt, runs["auto"], not quick and dt == 0.1):
            yield row(
                f"  {name}", "x real time", [drawn.seconds / w for w in theirs], f"ours is {ratio:.1f}x as fast", True,
                ours_is_faster_by=ratio,
            )  # fmt: skip


def _w5_row(drawn: Drawn, dt: float, name: str, walls: Dict[str, List[float]], cost: Dict[str, Any]) -> Row:
    events = cost["synaptic_events"]
    ns = float(np.median(walls[name])) * 1e9 / events
    notes, more = [f"{ns:.1f} ns an event"], {"synaptic_events": events, "engine": cost["engine"]}
    if name != "clock":
        ratio = more["as_fast_as_clock"] = times_as_fast(walls[name], walls["clock"])
        notes.insert(0, f"{ratio:.2f}x as fast as clock")
    if name == "event" and dt == 0.1:
        text, entries = goal(ratio, at_least=5.0)
        notes.append(text)
        more.update(entries)
    if name == "auto":
        notes.append(f"chose {cost['engine']}")
    factors = [drawn.seconds / w for w in walls[name]]
    return row(f"w5 {name}, {dt:g} ms", "x real time", factors, "; ".join(notes), True, **more)
