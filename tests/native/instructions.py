"""Instructions a tick of W1 (tests/data), counted by callgrind and compared with those of instructions.json.

`python tests/native/instructions.py` measures and shows them; with `--update` it writes them down for this compiler.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

import numpy as np
from driver_build import build_driver, machine, missing, run_words

from neuroedge import LIF, Network, Simulator, SpikeTrain
from neuroedge.engines.dump import dump
from neuroedge.engines.inputs import Intake
from neuroedge.engines.library import simd_levels

__all__ = ["BAND", "CASES", "COUNTS", "Case", "compiler", "expected", "measure", "obstacle"]

HERE = Path(__file__).resolve().parent
COUNTS = HERE / "instructions.json"
W1 = HERE.parent / "data" / "w1.npz"

# how far a count may be from what is written down
BAND = 0.03

# as it is shipped
OPTIONS = ["-O3", "-fPIC", "-fvisibility=hidden"]


class Case(NamedTuple):
    """Ticks [first, last) of W1 are counted: what comes before, and reading the file, is the same in both runs."""

    mode: str
    dt: float
    level: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.mode}, dt {self.dt:g} ms, {self.level}"


# valgrind knows no AVX-512
CASES = tuple(
    Case(mode, dt, level, *ticks)
    for level in ("portable", "avx2")
    if level in simd_levels()
    for mode, dt, ticks in (("clock", 1.0, (200, 1200)), ("clock", 0.1, (2000, 6000)), ("event", 0.1, (2000, 12_000)))
)


def compiler() -> str:
    """What the counts depend on."""
    words = subprocess.run(["g++", "-dumpversion"], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    return f"g++ {words.split('.')[0].strip()}"


def obstacle() -> str:
    """Why nothing can be counted here, or an empty text."""
    if missing():
        return missing()
    if machine() != "x86_64":
        return f"NO counts for {machine()}"
    return "" if shutil.which("valgrind") else "NO valgrind: sudo apt install valgrind"


def expected() -> Dict[str, int]:
    """Counts by case for this compiler; none where nobody has counted yet."""
    table: Dict[str, Dict[str, int]] = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    return table.get(compiler(), {})


def w1() -> Tuple[Network, SpikeTrain]:
    z = np.load(str(W1))
    net = Network("w1")
    net.add("input", 100, "rate")
    for name, n in (("hidden", 800), ("output", 100)):
        net.add(name, n, LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0))
    net.connect("input", "hidden", synapses=(z["pre1"], z["post1"], z["w1"]))
    net.connect("hidden", "output", synapses=(z["pre2"], z["post2"], z["w2"]))
    return net, SpikeTrain(z["spike_neuron"], z["spike_ms"].astype(float), size=100)


def count(driver: Path, path: Path, level: str) -> int:
    """Instructions of one run of the driver."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(driver), str(path)]
    done = run_words([*command, "--simd", level])
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise RuntimeError(f"callgrind does not run here: {done.stderr[-300:]}")
    return int(found.group(1))


def measure(folder: Path) -> Dict[str, float]:
    """Instructions a tick, by case."""
    driver, (net, spikes), found = build_driver(folder, "g++", "x86_64", OPTIONS), w1(), {}
    for case in CASES:
        sim = Simulator(net, dt=case.dt, engine=case.mode)
        intake = Intake(sim.plan, None, sim.engine.on_grid)
        # the same spikes are in both files, though the shorter run does not reach the last of them
        job = intake.job(10_000.0, round(10_000.0 / case.dt), {"input": spikes}, None, ["spikes"], None)
        counts = []
        for ticks in (case.first, case.last):
            dump(sim.plan, sim.state, job, ticks, folder / "dump", case.mode)
            counts.append(count(driver, folder / "dump", case.level))
        found[str(case)] = (counts[1] - counts[0]) / (case.last - case.first)
    return found


def update(found: Dict[str, float]) -> None:
    table = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    table[compiler()] = {name: round(value) for name, value in found.items()}
    COUNTS.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Instructions a tick of W1.")
    parser.add_argument("--update", action="store_true", help=f"write them into {COUNTS.name}")
    options = parser.parse_args()
    if obstacle():
        print(f"SKIPPED: {obstacle()}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    for name, value in found.items():
        print(f"{name:30} {value:10,.1f}   {expected().get(name, 0):10,} expected for {compiler()}")
    if options.update:
        update(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
