"""Files for the native driver, what the native engine makes of them, and the driver run on them."""

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from driver_build import run_words
from plastic import learning
from strategies import Call, begin, build, everything, late

from neuroedge import Simulator
from neuroedge.engines.dump import dump, state_hash
from neuroedge.engines.inputs import Intake
from neuroedge.engines.job import Job
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import Plan

__all__ = ["ALONE", "Dumped", "assert_equal", "drive", "dumped", "job_of", "networks"]

# a mode, and how many threads
Way = Tuple[str, int]
ALONE: Tuple[Way, ...] = (("clock", 1),)


class Dumped(NamedTuple):
    """One run from one state, as a file for each way to run it, and the answer that all of them must give."""

    name: str
    paths: Dict[Way, Path]
    answer: Dict[str, str]


def job_of(plan: Plan, call: Call) -> Job:
    """What an engine is asked in a call."""
    engine = Simulator(plan, engine="clock").engine
    intake = Intake(plan, None, engine.on_grid)
    return intake.job(call.duration, round(call.duration / plan.dt), call.inputs, call.currents, ["spikes"], None)


def dumped(simulator: Simulator, call: Call, folder: Path, name: str, ways: Sequence[Way] = ALONE) -> Dumped:
    """Dump what a run begins from, once for each way, and run it."""
    plan, state, job = simulator.plan, simulator.state, job_of(simulator.plan, call)
    paths = {way: folder / f"{name}-{way[0]}-{way[1]}" for way in ways}
    for (mode, threads), path in paths.items():
        dump(plan, state, job, job.ticks, path, mode, threads)
    answer = simulator.engine.run(job)
    printed = {
        "ticks": str(job.ticks),
        "spikes": str(int(answer.counts.sum())),
        "events": str(answer.events),
        "dropped": str(answer.dropped),
        "state": f"{state_hash(state):016x}",
    }
    return Dumped(name, paths, printed)


def networks(folder: Path, ways: Sequence[Way] = ALONE, generated: int = 12, size: int = 40) -> List[Dumped]:
    """All models in every precision, from the middle of a run, and some generated networks."""
    made, rng = [], np.random.default_rng(1)
    for precision in ("float32", "float16", "int8"):
        simulator = Simulator(compile_network(everything(size), 0.5, precision), engine="clock")
        simulator.run(30.0)
        events = [(int(n), float(t)) for n, t in zip(rng.integers(0, size, 90), np.sort(rng.uniform(0, 100.0, 90)))]
        currents = {"adex": 300.0, "frame": rng.normal(5.0, 5.0, (200, size)), "cuba": np.full((200, 1), 3.0)}
        call = Call(100.0, {"given": events, "alif": events[:9]}, currents, False)
        made.append(dumped(simulator, call, folder, precision, ways))
    for seed in range(8000, 8000 + generated):
        for case in (build(seed, 80), build(seed, 80)._replace(precision="int8"), late(seed)):
            simulator = Simulator(case.plan(), engine=("clock", "hybrid")[seed % 2])
            begin(case, simulator.plan, simulator.state)
            made.append(dumped(simulator, case.calls[0], folder, f"{seed}-{len(made)}", ways))
        # what learns runs by one thread, and rewards are given by Python
        case, alone = learning(seed), [way for way in ways if way[1] == 1]
        if alone:
            simulator = Simulator(case.plan(), engine="clock")
            begin(case, simulator.plan, simulator.state)
            made.append(dumped(simulator, case.calls[0], folder, f"{seed}-{len(made)}", alone))
    # a small one third, for the tests that break it
    return made[:2] + made[3:] + made[2:3]


def drive(driver: Path, path: Path, level: Optional[str] = None, *before: str) -> Dict[str, str]:
    """What the driver prints, by name."""
    done = run_words([*before, str(driver), str(path), *(["--simd", level] if level else [])])
    assert done.returncode == 0, f"{path.name} on {level}: {done.stderr[-3000:]}"
    return dict(pair.split("=") for pair in done.stdout.split())


def assert_equal(driver: Path, file: Dumped, level: str, *before: str) -> None:
    """Every way to run a file gives its answer."""
    for (mode, threads), path in file.paths.items():
        printed = drive(driver, path, level, *before)
        assert (printed.pop("simd"), printed.pop("threads")) == (level, str(threads))
        assert printed == file.answer, f"{file.name} on {level}, {mode}, threads {threads}"
