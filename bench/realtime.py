"""The loop on the wall clock: what a period costs, and which were missed. Reported, since others share this machine."""

import threading
from typing import Any, Iterator, List

import numpy as np
from pairs import Row, row, say_skipped

from neuroedge import LIF, Network, SpikeTrain
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.report import Report
from neuroedge.runtime.sensing import Policy

# turns after which nothing should fault or be collected any more
WARM = 100


def realtime(repeats: int, quick: bool) -> Iterator[Row]:
    """1,000 neurons at 1 kHz, a ms in each period, and at 100 Hz, ten ms in each."""
    seconds = 10.0 if quick else 60.0
    for name, period in (("1 kHz", 1.0), ("100 Hz", 10.0)):
        for wanted in (False, True):
            report, settled, refused = _measured(period, seconds, wanted)
            if wanted and refused:
                say_skipped(f"real-time scheduling: {'; '.join(refused)}")
                continue
            yield from _rows(f"{name}{', real time' * wanted}", report, settled)


def _rows(name: str, report: Report, settled: Report) -> Iterator[Row]:
    total, missed = report.latency.total, report.latency.missed
    note = f"{report.seconds:.0f} s, {report.read:,} values, {100.0 * missed / total:.2g} % missed"
    for what, figures in (("", report.latency), (", network", report.compute), (", wake-up", report.wake),
                          (", loop itself", report.overhead)):  # fmt: skip
        yield row(f"{name}{what} p50", "ms", [figures.p50], note)
        yield row(f"{name}{what} p99", "ms", [figures.p99], f"p99.9 {figures.p999:.3g}, max {figures.max:.3g} ms")
    yield row(f"{name}, missed", "of all", [float(missed)], f"of {total:,}; {report.skipped:,} periods skipped")
    faults = (report.faults or 0) - (settled.faults or 0)
    yield row(f"{name}, page faults", "", [float(faults)], f"after {WARM} turns")
    collected = float(report.collections - settled.collections)
    yield row(f"{name}, collections", "", [collected], f"after {WARM} turns; in slack time only")


def _measured(period: float, seconds: float, realtime: bool) -> Any:
    """A run of its own, and the report of its first turns. A thread, since Ctrl-C belongs to the bench."""
    loop = Loop(
        iter(range(10**9)), _encoder(), _network(), lambda answer: answer.counts["out"], lambda counts: None, period,
        dt=1.0, policy=Policy(), realtime=realtime,
    )  # fmt: skip
    refused: List[str] = [] if loop.realtime is None else loop.realtime.probe()
    if refused:
        return loop.report(), loop.report(), refused
    found: List[Report] = []

    def run() -> None:
        found.append(loop.run(for_s=WARM * period / 1000.0))
        found.append(loop.run(for_s=seconds))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[1], found[0], refused


def _network() -> Network:
    """1,000 LIF neurons, 100,000 synapses, driven by 100 inputs."""
    net = Network("thousand", seed=1)
    net.add("in", 100, "rate")
    net.add("hidden", 990, LIF())
    net.add("out", 10, LIF())
    net.connect("in", "hidden", "random", 0.5)
    net.connect("hidden", "hidden", "random", 0.05)
    net.connect("hidden", "out")
    return net


def _encoder() -> Any:
    """A hundred trains in turn, five spikes each, made before the loop begins."""
    rng = np.random.default_rng(1)
    trains = [SpikeTrain(rng.integers(0, 100, 5), np.sort(rng.uniform(0.0, 1.0, 5))) for _ in range(100)]
    return lambda value: trains[value % 100]
