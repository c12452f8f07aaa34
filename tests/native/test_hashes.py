"""One hash for one run: every instruction set, mode and number of threads ends in the same state."""

from pathlib import Path
from typing import Any, Iterator, List

import pytest
from dumps import Dumped, assert_equal, dumped, networks
from silence import silent
from strategies import begin

from neuroedge import Simulator
from neuroedge.engines.library import simd_levels

WAYS = [*(("clock", n) for n in (1, 2, 3, 4)), ("event", 1), ("event", 3), ("hybrid", 1), ("hybrid", 2)]

# 200 neurons are four blocks, one for each thread
SIZE = 200


@pytest.fixture(scope="module")
def files(tmp_path_factory: Any) -> Iterator[List[Dumped]]:
    folder = tmp_path_factory.mktemp("hashes")
    made = networks(folder, WAYS, 3, SIZE)
    for seed in (3, 4, 12, 21):
        case = silent(seed)
        simulator = Simulator(case.plan(), engine="event")
        begin(case, simulator.plan, simulator.state)
        made.append(dumped(simulator, case.calls[1], folder, f"silent {seed}", WAYS))
    yield made


@pytest.mark.long
@pytest.mark.parametrize("level", simd_levels())
def test_one_hash(level: str, driver: Path, files: List[Dumped], report: Any) -> None:
    for file in files:
        assert_equal(driver, file, level)
    spikes = sum(int(f.answer["spikes"]) for f in files)
    assert spikes > 20_000 and len({f.answer["state"] for f in files}) == len(files)
    first = files[0].answer["state"]
    report(f"{level}: {len(files)} networks in {len(WAYS)} modes and threads, one hash each; first {first}")
