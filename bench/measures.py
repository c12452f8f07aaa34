"""What is measured: repeats of workloads, latencies of single calls, and what an installation weighs."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import workloads
from workloads import Workload

from neuroedge import Network, Simulator, compile_network
from neuroedge.engines.library import simd

Row = Dict[str, Any]


def once(workload: Workload) -> float:
    """Wall seconds of one repeat; an error if its rates are not those of the workload."""
    began = time.perf_counter()
    rates = workload.once()
    wall = time.perf_counter() - began
    for name, (low, high) in workload.expected.items():
        if not low <= rates[name] <= high:
            raise SystemExit(f"{workload.name}: {name} fires at {rates[name]:.2f} Hz, not {low} to {high}")
    return wall


def realtime(workload: Workload, walls: List[float]) -> Row:
    """Median and best real-time factor."""
    return {
        "measure": f"{workload.name} at {workload.dt:g} ms", "unit": "x real time",
        "median": workload.seconds / statistics.median(walls), "best": workload.seconds / min(walls),
        "n": len(walls), "simd": simd(),
    }  # fmt: skip


def dense(percent: int, repeats: int) -> Row:
    """Milliseconds for one sample of W3, reset included, one at a time."""
    sim, samples = Simulator(workloads.w3_network(), dt=1.0), workloads.w3_samples(percent)
    walls = []
    for _ in range(repeats):
        for sample in samples:
            began = time.perf_counter()
            sim.reset()
            sim.run(100.0, {"input": sample})
            walls.append((time.perf_counter() - began) * 1e3)
    return _lower(f"w3, {percent} % input", "ms a sample", walls)


def step(repeats: int) -> Row:
    """Microseconds for one closed-loop step of 64 neurons, three spikes in, spikes out."""
    net = Network()
    net.add("input", 64, "rate")
    net.add("output", 64, "lif")
    net.connect("input", "output")
    sim = Simulator(net, dt=1.0)
    spikes = {"input": np.array([3, 17, 40], np.uint32)}
    walls = []
    for _ in range(repeats):
        began = time.perf_counter_ns()
        sim.step(spikes)
        walls.append((time.perf_counter_ns() - began) / 1e3)
    return _lower("step(), 64 neurons", "us", walls)


def build(repeats: int) -> Row:
    """Milliseconds to compile 10,000 neurons with 1,000,000 given synapses into a plan."""
    rng = np.random.default_rng(0)
    net = Network()
    net.add("a", 10_000, "lif")
    ends = rng.integers(0, 10_000, size=(2, 1_000_000))
    net.connect("a", "a", synapses=(ends[0], ends[1], rng.random(1_000_000, np.float32)))
    walls = []
    for _ in range(repeats):
        began = time.perf_counter()
        compile_network(net, 0.1)
        walls.append((time.perf_counter() - began) * 1e3)
    return _lower("plan of 1e6 synapses", "ms", walls)


def imports(repeats: int) -> Row:
    """Seconds that `import neuroedge` and its first names add to a Python that has NumPy, and with NumPy."""
    code = "import time; t = time.perf_counter(); import neuroedge; neuroedge.Simulator; print(time.perf_counter() - t)"
    walls = [float(_python(code)) for _ in range(repeats)]
    return _lower("import, NumPy included", "s", walls)


def memory() -> Row:
    """Peak resident memory of a process that runs W1, MB."""
    folder = str(Path(__file__).parent)
    code = (
        f"import sys, resource; sys.path.insert(0, {folder!r}); import workloads; workloads.w1(1.0).once(); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    return _lower("peak memory of w1", "MB", [float(_python(code))])


def wheel() -> Row:
    """Size of the wheel, MB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, str(workloads.ROOT)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        size = sum(f.stat().st_size for f in Path(folder).glob("*.whl"))
    return _lower("wheel", "MB", [size / 1e6])


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def _lower(name: str, unit: str, walls: List[float]) -> Row:
    return {
        "measure": name, "unit": unit, "median": statistics.median(walls), "best": min(walls), "n": len(walls),
        "simd": simd(),
    }  # fmt: skip


def line(row: Row) -> str:
    """A measurement as one JSON line."""
    return json.dumps({"schema": "neuroedge.bench/1", **row})
