"""The kernels of 64-bit ARM, cross-compiled and emulated, end in the states of this machine (`make aarch64`)."""

import shutil
from pathlib import Path
from typing import Any, List

import pytest
from driver_build import build_driver
from dumps import Dumped, assert_equal, dumped, networks
from silence import silent

from neuroedge import Simulator

WAYS = [("clock", 1), ("clock", 2), ("event", 1), ("hybrid", 3)]
CURE = "sudo apt install g++-aarch64-linux-gnu qemu-user-static; the NEON kernels are not tested here"

pytestmark = pytest.mark.long


def tools() -> List[str]:
    """Cross compiler and emulator."""
    compiler = shutil.which("aarch64-linux-gnu-g++")
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not compiler:
        pytest.skip(f"NO aarch64 cross compiler: {CURE}")
    if not emulator:
        pytest.skip(f"NO qemu for aarch64: {CURE}")
    return [compiler, emulator]


@pytest.fixture(scope="module")
def files(tmp_path_factory: Any) -> List[Dumped]:
    folder = tmp_path_factory.mktemp("aarch64")
    made = networks(folder, WAYS, 3, 130)
    for seed in (3, 4):
        case = silent(seed)
        made.append(dumped(Simulator(case.plan(), engine="event"), case.calls[0], folder, f"silent {seed}", WAYS))
    return made


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: Any) -> List[str]:
    compiler, emulator = tools()
    return [str(build_driver(tmp_path_factory.mktemp("driver"), compiler, "aarch64", ["-O2"], ["-static"])), emulator]


@pytest.mark.parametrize("level", ["neon", "portable"])
def test_aarch64_gives_the_same_states(level: str, emulated: List[str], files: List[Dumped], report: Any) -> None:
    for file in files:
        assert_equal(Path(emulated[0]), file, level, emulated[1])
    report(f"aarch64 {level}: {len(files)} networks in {len(WAYS)} ways, equal; first {files[0].answer['state']}")
