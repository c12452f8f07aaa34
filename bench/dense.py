"""W3: a dense network, a sample at a time, and the same arithmetic in NumPy."""

import time
from typing import Any, Dict, Iterator, List

import numpy as np
import workloads
from pairs import Row, Run, in_turn, precisions, row, say_skipped, times_as_fast

from neuroedge import Simulator, SpikeTrain
from neuroedge.errors import NeuroedgeError
from neuroedge.plan.explain import projection_bytes

# a round is long enough that its weights are in the cache, as where samples follow one another
TIMES = 10


def w3(repeats: int, quick: bool) -> Iterator[Row]:
    """Milliseconds for a sample of 100 steps, reset included; a round runs four samples ten times, one by one."""
    sims = _simulators()
    for percent in (10, 5):
        runs: Dict[str, Run] = {name: _ours(sim, workloads.w3_samples(percent)) for name, sim in sims.items()}
        runs["NumPy, step by step"] = _stepwise(percent)
        runs["NumPy, one product"] = _product(percent)
        for run in runs.values():
            run()
        yield from _rows(percent, in_turn(runs, repeats))
    for name, sim in sims.items():
        count = sum(projection_bytes(sim.plan, q) for q in range(len(sim.plan.projections)))
        share = f"of them {count / 1e3:.1f} kB for synapses"
        yield row(f"w3 plan, {name}", "kB", [sim.plan.nbytes / 1e3], share, synapse_bytes=count)


def _simulators() -> Dict[str, Simulator]:
    net, sims = workloads.w3_network(), {}
    for precision in precisions():
        try:
            sims[precision] = Simulator(net, dt=1.0, precision=precision)
        except NeuroedgeError as error:
            say_skipped(f"w3 {precision}: {error}")
    return sims


def _ours(sim: Simulator, samples: List[SpikeTrain]) -> Run:
    def run() -> float:
        began = time.perf_counter()
        for sample in TIMES * samples:
            sim.reset()
            sim.run(100.0, {"input": sample})
        return (time.perf_counter() - began) / (TIMES * len(samples))

    return run


def _stepwise(percent: int) -> Run:
    """What a loop in NumPy takes: in each step a product of a vector and a matrix, and the neurons of both layers."""
    hidden, out = workloads.w3_weights()
    raster = workloads.w3_raster(percent).astype(np.float32)

    def layer(v: np.ndarray, arriving: np.ndarray) -> np.ndarray:
        v *= np.float32(0.9)
        v += arriving
        spikes = (v >= 1.0).astype(np.float32)
        v -= spikes
        return spikes

    def run() -> float:
        began = time.perf_counter()
        for sample in range(raster.shape[1]):
            v1, v2 = np.zeros(256, np.float32), np.zeros(10, np.float32)
            for step in range(raster.shape[0]):
                layer(v2, layer(v1, raster[step, sample] @ hidden) @ out)
        return (time.perf_counter() - began) / raster.shape[1]

    return run


def _product(percent: int) -> Run:
    """What the best library takes for the first layer alone, all steps at once and no neurons: a lower bound."""
    hidden, _ = workloads.w3_weights()
    samples = np.ascontiguousarray(workloads.w3_raster(percent).transpose(1, 0, 2), np.float32)
    result = np.empty((samples.shape[1], hidden.shape[1]), np.float32)

    def run() -> float:
        began = time.perf_counter()
        for _ in range(TIMES):
            for sample in samples:
                np.matmul(sample, hidden, out=result)
        return (time.perf_counter() - began) / (TIMES * len(samples))

    return run


def _rows(percent: int, walls: Dict[str, List[float]]) -> Iterator[Row]:
    for name, seconds in walls.items():
        more: Dict[str, Any] = {}
        note = ""
        if name != "float32":
            ratio = times_as_fast(walls["float32"], seconds)
            ours = "float32 is" if name.startswith("NumPy") else "float32 would be"
            note, more = f"{ours} {ratio:.2f}x as fast", {"float32_is_faster_by": ratio}
        label = f"  {name}" if name.startswith("NumPy") else f"w3 {name}, {percent} % input"
        yield row(label, "ms a sample", [s * 1e3 for s in seconds], note, **more)
