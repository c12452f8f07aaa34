"""The core without Python: the driver's states are those of the native engines, on every level and machine."""

import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np
import pytest
from driver_build import build_driver
from strategies import Call, begin, build, everything

from neuroedge import Simulator
from neuroedge.engines.dump import dump, state_hash
from neuroedge.engines.library import simd_levels
from neuroedge.plan.compile import compile_network
from neuroedge.plan.fields import PERSISTENT, SCALARS, STATE

LEVELS = simd_levels()


class Dumped(NamedTuple):
    """A file for the driver, and what the native engine made of it."""

    path: Path
    answer: Dict[str, str]


def dumped(simulator: Simulator, call: Call, path: Path) -> Dumped:
    """Dump what a run begins from, just before it runs."""
    run, jobs = simulator.engine.run, []

    def spied(job: Any) -> Any:
        dump(simulator.plan, simulator.state, job, job.ticks, path, simulator.engine.name)
        jobs.append(run(job))
        return jobs[-1]

    simulator.engine.run = spied
    simulator.run(call.duration, call.inputs, call.currents)
    simulator.engine.run = run
    answer = {
        "ticks": str(round(call.duration / simulator.dt)),
        "spikes": str(int(jobs[0].counts.sum())),
        "events": str(jobs[0].events),
        "dropped": str(jobs[0].dropped),
        "state": f"{state_hash(simulator.state):016x}",
    }
    return Dumped(path, answer)


@pytest.fixture(scope="session")
def files(tmp_path_factory: Any) -> List[Dumped]:
    """All models in both precisions, from the middle of a run, and some generated networks."""
    folder, made = tmp_path_factory.mktemp("dumps"), []
    rng = np.random.default_rng(1)
    for precision in ("float32", "float16"):
        simulator = Simulator(compile_network(everything(40), 0.5, precision), engine="clock")
        simulator.run(30.0)
        events = [(int(n), float(t)) for n, t in zip(rng.integers(0, 40, 90), np.sort(rng.uniform(0, 100.0, 90)))]
        currents = {"adex": 300.0, "frame": rng.normal(5.0, 5.0, (200, 40)), "cuba": np.full((200, 1), 3.0)}
        call = Call(100.0, {"given": events, "alif": events[:9]}, currents, False)
        made.append(dumped(simulator, call, folder / precision))
    for seed in range(8000, 8012):
        case = build(seed, 80)
        simulator = Simulator(case.plan(), engine=("clock", "hybrid")[seed % 2])
        begin(case, simulator.plan, simulator.state)
        made.append(dumped(simulator, case.calls[0], folder / str(seed)))
    return made


def words_of(command: List[str]) -> "subprocess.CompletedProcess[str]":
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(command, universal_newlines=True, timeout=120, **pipes)  # type: ignore[call-overload]


def drive(driver: Path, path: Path, level: Optional[str] = None, *before: str) -> Dict[str, str]:
    """What the driver prints, by name."""
    command = [*before, str(driver), str(path), *(["--simd", level] if level else [])]
    done = words_of(command)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(pair.split("=") for pair in done.stdout.split())


def assert_all_equal(driver: Path, files: List[Dumped], level: str, *before: str) -> None:
    for file in files:
        printed = drive(driver, file.path, level, *before)
        assert printed.pop("simd") == level
        assert printed == file.answer, f"{file.path.name} on {level}"


@pytest.mark.parametrize("level", LEVELS)
def test_states_equal_those_of_the_engine(level: str, driver: Path, files: List[Dumped], report: Any) -> None:
    assert_all_equal(driver, files, level)
    spikes = sum(int(f.answer["spikes"]) for f in files)
    report(f"{level}: {len(files)} states, {spikes:,} spikes; all models float32 {files[0].answer['state']}")


def test_what_is_hashed_comes_first() -> None:
    # the driver hashes the first arrays of a state, as many as the dump says
    assert tuple(f.name for f in STATE)[: len(PERSISTENT)] == PERSISTENT


def refused(driver: Path, path: Path, *options: str) -> str:
    done = words_of([str(driver), str(path), *options])
    assert done.returncode == 1 and not done.stdout, (done.returncode, done.stderr)
    return done.stderr


def test_short_files_are_refused(driver: Path, files: List[Dumped], tmp_path: Path) -> None:
    data = files[2].path.read_bytes()
    cuts = [0, 3, 8, 12, 16, 40, len(data) - 1] + np.linspace(60, len(data) - 2, 25).astype(int).tolist()
    for cut in cuts:
        path = tmp_path / "short"
        path.write_bytes(data[:cut])
        assert "cut off" in refused(driver, path), cut


def test_foreign_files_are_refused(driver: Path, files: List[Dumped], tmp_path: Path) -> None:
    data, path = files[2].path.read_bytes(), tmp_path / "foreign"
    arrays = 32 + 8 * len(SCALARS["plan"])
    for content, words in (
        (b"PK\x03\x04" + bytes(100), "no dump"),
        (data[:8] + bytes(4) + data[12:], "another version"),
        (data + b"!", "goes on"),
        (data[:24] + b"\xff" * 8 + data[32:], "impossible"),
        (data[:32] + (9).to_bytes(8, "little") + data[40:], "entry for each population"),
        (data[:arrays] + b"\xff" * 8 + data[arrays + 8 :], "impossible size"),
    ):
        path.write_bytes(content)
        assert words in refused(driver, path)
    assert "does not open" in refused(driver, tmp_path / "none")
    assert "it has: " in refused(driver, files[2].path, "--simd", "mmx")


@pytest.mark.long
def test_sanitizers_find_nothing(files: List[Dumped], tmp_path: Path, report: Any) -> None:
    if shutil.which("g++") is None or platform.machine() != "x86_64":
        pytest.skip("NO x86 g++: no sanitizers")
    options = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    driver = build_driver(tmp_path, "g++", "x86_64", options)
    for level in LEVELS:
        assert_all_equal(driver, files, level)
    data = files[2].path.read_bytes()
    for cut in np.linspace(0, len(data) - 1, 12).astype(int):
        path = tmp_path / "short"
        path.write_bytes(data[:cut])
        assert "Sanitizer" not in refused(driver, path)
    report(f"address and undefined sanitizers: clean on {', '.join(LEVELS)}")


@pytest.mark.long
def test_aarch64_gives_the_same_states(files: List[Dumped], tmp_path: Path, report: Any) -> None:
    compiler, qemu = shutil.which("aarch64-linux-gnu-g++"), shutil.which("qemu-aarch64-static")
    if not compiler or not qemu:
        pytest.skip("skipped: no aarch64 cross compiler or qemu")
    # contraction is off, or every multiply and add would become one rounding here
    driver = build_driver(tmp_path, compiler, "aarch64", ["-O2"], ["-static"])
    for level in ("neon", "portable"):
        assert_all_equal(driver, files, level, qemu)
    report(f"aarch64 (neon, portable): {len(files)} states equal; all models float32 {files[0].answer['state']}")


def instructions(driver: Path, path: Path, folder: Path) -> int:
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'out'}", str(driver), str(path)]
    done = words_of([*command, "--simd", "portable"])
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        pytest.skip(f"callgrind does not run here: {done.stderr[-200:]}")
    return int(found.group(1))


@pytest.mark.long
def test_instructions_per_tick(tmp_path: Path, report: Any) -> None:
    if shutil.which("valgrind") is None or shutil.which("g++") is None or platform.machine() != "x86_64":
        pytest.skip("no valgrind, or no x86 g++")
    # as it is shipped; the driver of the other tests is compiled faster
    driver, counts = build_driver(tmp_path, "g++", "x86_64", ["-O3"]), []
    for ticks in (100, 300):
        simulator = Simulator(everything(100), dt=1.0, engine="clock")
        file = dumped(simulator, Call(float(ticks), {}, {}, False), tmp_path / str(ticks))
        counts.append(instructions(driver, file.path, tmp_path))
    # hashing and reading are the same in both
    each = (counts[1] - counts[0]) / 200
    report(f"all models, 9 populations of 100: {each:,.0f} instructions a tick (portable, -O3)")
