"""Measure what a spike costs in each storage: the table that src/neuroedge/plan/costs.py ships.

`python bench/storage.py` prints it. One thread, processor time.
"""

import statistics
import time
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from neuroedge import LIF, Network, compile_network
from neuroedge.engines.job import Given, Job
from neuroedge.engines.library import simd
from neuroedge.engines.native import NativeEngine
from neuroedge.plan.plan import Plan, State

TICKS, REPEATS = 100, 31
SILENT = LIF(v_threshold=1e6)


class Form(NamedTuple):
    """sources → targets, rows of `units` synapses, lanes or blocks each: a short and a long one; spikes in a tick."""

    sources: int
    targets: int
    units: Tuple[int, int]
    spikes: int


# what stays in the second level of a cache, and what is far beyond the third
NEAR: Dict[str, Form] = {
    "rows16": Form(512, 1024, (48, 192), 64),
    "rows32": Form(256, 100_000, (100, 400), 64),
    "local16": Form(256, 100_000, (100, 400), 64),
    "dense": Form(256, 0, (256, 768), 64),
    "block8": Form(512, 1024, (12, 48), 64),
}
FAR: Dict[str, Form] = {
    "rows16": Form(12_000, 10_000, (250, 1000), 100),
    "rows32": Form(25_000, 100_000, (100, 500), 100),
    "local16": Form(25_000, 100_000, (100, 500), 100),
    "dense": Form(25_000, 0, (512, 1024), 100),
    "block8": Form(25_000, 4096, (32, 128), 100),
}


def plan_of(storage: str, form: Form, units: int, precision: str) -> Plan:
    """One projection of rows that are all equally long, its targets spread over the population."""
    rng, net = np.random.default_rng(1), Network()
    net.add("source", form.sources, "rate")
    net.add("cell", form.targets or units, SILENT)
    places = (form.targets or units) // (8 if storage == "block8" else 1)
    stride = places // units
    post = np.arange(units) * stride + rng.integers(0, stride, (form.sources, units))
    if storage == "block8":
        post = (post[:, :, None] * 8 + np.arange(8)).reshape(form.sources, -1)
    pre = np.repeat(np.arange(form.sources), post.shape[1])
    net.connect("source", "cell", synapses=(pre, post.reshape(-1), np.full(post.size, 0.5, np.float32)))
    plan = compile_network(net, 1.0, precision, storage="rows" if storage == "rows16" else storage)
    if plan.choices[0].storage != storage:
        raise SystemExit(f"{storage}: stored as {plan.choices[0].storage}")
    return plan


def spike_ns(plan: Plan, form: Form) -> float:
    """ns of one spike: what more of them in a tick take, so that stepping the targets is not counted."""
    rng, engine = np.random.default_rng(2), NativeEngine(plan, State(plan))
    jobs = []
    for spikes in (1, 1 + form.spikes):
        drawn = [np.sort(rng.permutation(form.sources)[:spikes]) for _ in range(TICKS)]
        given = Given(np.repeat(np.arange(TICKS, dtype=np.int32), spikes), np.concatenate(drawn).astype(np.uint32))
        jobs.append(Job(TICKS, {0: given}, {}, {}, [False] * 2, [False] * 2))
    walls: List[List[float]] = [[], []]
    for _ in range(REPEATS):
        for job, mine in zip(jobs, walls):
            began = time.thread_time()
            engine.run(job)
            mine.append(time.thread_time() - began)
    # the quiet half: a neighbour on the machine only ever adds
    few, many = (statistics.median(sorted(mine)[: REPEATS // 2]) for mine in walls)
    return (many - few) * 1e9 / (TICKS * form.spikes)


def row_and_unit(storage: str, form: Form, precision: str) -> Tuple[float, float]:
    """ns of a row, or segment, and of each unit in it."""
    short, long = (spike_ns(plan_of(storage, form, units, precision), form) for units in form.units)
    unit = (long - short) / (form.units[1] - form.units[0])
    segments = 2 if storage == "local16" else 1
    return max(0.0, short - unit * form.units[0]) / segments, unit


def table() -> None:
    """The lines of COSTS."""
    print(f"ns, {simd()}; row and unit near, then far")
    for storage in NEAR:
        for precision in ("float32", "float16"):
            near, far = (row_and_unit(storage, forms[storage], precision) for forms in (NEAR, FAR))
            print(f'    ("{storage}", "{precision}"): Cost({near[0]:.1f}, {near[1]:.3f}, {far[0]:.1f}, {far[1]:.3f}),')


if __name__ == "__main__":
    table()
