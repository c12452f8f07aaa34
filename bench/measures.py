"""Latencies of single calls, and what an installation weighs."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator

import numpy as np
import workloads
from pairs import Row, row, say_skipped

from neuroedge import Network, Simulator, compile_network


def calls(repeats: int, quick: bool) -> Iterator[Row]:
    """All of this file."""
    yield step(2_000 if quick else 20_000)
    yield build(repeats)
    yield imports(repeats)
    if workloads.missing():
        say_skipped(f"peak memory of w1: {workloads.missing()}")
    else:
        yield memory()
    if quick:
        say_skipped("wheel: --quick")
    else:
        yield wheel()


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
    return row("step(), 64 neurons", "us", walls)


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
    return row("plan of 1e6 synapses", "ms", walls)


def imports(repeats: int) -> Row:
    """Seconds that `import neuroedge` and its first names add to a Python that has NumPy, and with NumPy."""
    code = "import time; t = time.perf_counter(); import neuroedge; neuroedge.Simulator; print(time.perf_counter() - t)"
    walls = [float(_python(code)) for _ in range(repeats)]
    return row("import, NumPy included", "s", walls)


def memory() -> Row:
    """Peak resident memory of a process that runs W1, MB."""
    folder = str(Path(__file__).parent)
    code = (
        f"import sys; sys.path.insert(0, {folder!r}); import workloads; workloads.w1(1.0).once(); "
        # getrusage would also count the process that this one was forked from
        "print([int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')][0] / 1024)"
    )
    return row("peak memory of w1", "MB", [float(_python(code))])


def wheel() -> Row:
    """Size of the wheel, MB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, str(workloads.ROOT)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        size = sum(f.stat().st_size for f in Path(folder).glob("*.whl"))
    return row("wheel", "MB", [size / 1e6])


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
