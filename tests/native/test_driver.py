"""The core without Python: the driver's states are those of the native engines, and what it cannot run it refuses."""

from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from driver_build import run_words
from dumps import ALONE, Dumped, assert_equal, networks

from neuroedge.engines.library import simd_levels
from neuroedge.plan.fields import PERSISTENT, SCALARS, STATE

LEVELS = simd_levels()


@pytest.fixture(scope="session")
def files(tmp_path_factory: Any) -> List[Dumped]:
    return networks(tmp_path_factory.mktemp("dumps"))


@pytest.mark.long
@pytest.mark.parametrize("level", LEVELS)
def test_states_equal_those_of_the_engine(level: str, driver: Path, files: List[Dumped], report: Any) -> None:
    for file in files:
        assert_equal(driver, file, level)
    spikes = sum(int(f.answer["spikes"]) for f in files)
    report(f"{level}: {len(files)} states, {spikes:,} spikes; all models float32 {files[0].answer['state']}")


def test_what_is_hashed_comes_first() -> None:
    # the driver hashes the first arrays of a state, as many as the dump says
    assert tuple(f.name for f in STATE)[: len(PERSISTENT)] == PERSISTENT


def refused(driver: Path, path: Path, *options: str) -> str:
    done = run_words([str(driver), str(path), *options])
    assert done.returncode == 1 and not done.stdout, (done.returncode, done.stderr)
    return done.stderr


@pytest.mark.long
def test_short_files_are_refused(driver: Path, files: List[Dumped], tmp_path: Path) -> None:
    data = files[2].paths[ALONE[0]].read_bytes()
    cuts = [0, 3, 8, 12, 16, 40, len(data) - 1] + np.linspace(60, len(data) - 2, 25).astype(int).tolist()
    for cut in cuts:
        path = tmp_path / "short"
        path.write_bytes(data[:cut])
        assert "cut off" in refused(driver, path), cut


def test_foreign_files_are_refused(driver: Path, files: List[Dumped], tmp_path: Path) -> None:
    data, path = files[2].paths[ALONE[0]].read_bytes(), tmp_path / "foreign"
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
    assert "it has: " in refused(driver, files[2].paths[ALONE[0]], "--simd", "mmx")
