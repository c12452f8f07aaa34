"""Address, undefined behaviour and thread sanitizers find nothing in the native core (`make sanitize`)."""

import shutil
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from driver_build import NATIVE, build_driver, machine, missing, run_words
from dumps import Dumped, assert_equal, dumped, networks
from silence import silent

from neuroedge import Simulator
from neuroedge.engines.library import simd_levels

ALONE = [("clock", 1), ("event", 1)]
SEVERAL = [("clock", 2), ("clock", 3), ("hybrid", 4)]

pytestmark = pytest.mark.long


def build(folder: Path, sanitizers: str) -> Path:
    if missing():
        pytest.skip(f"{missing()}; no sanitizer has looked at the native core")
    options = ["-O1", "-g", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]
    return build_driver(folder, "g++", machine(), options)


def some_networks(folder: Path, ways: Any, size: int) -> List[Dumped]:
    made = networks(folder, ways, 2, size)
    for seed in (3, 12):
        case = silent(seed)
        made.append(dumped(Simulator(case.plan(), engine="event"), case.calls[0], folder, f"silent {seed}", ways))
    return made


def refused(driver: Path, path: Path) -> None:
    """Whatever a file holds, the driver says why it cannot run it, or runs it."""
    done = run_words([str(driver), str(path)])
    assert done.returncode in (0, 1) and "Sanitizer" not in done.stderr, done.stderr
    assert "runtime error" not in done.stderr, done.stderr


def test_address_and_undefined(tmp_path: Path, report: Any) -> None:
    driver = build(tmp_path, "address,undefined")
    files = some_networks(tmp_path, [*ALONE, ("hybrid", 3)], 70)
    for level in simd_levels():
        for file in files:
            assert_equal(driver, file, level)
    data = files[2].paths[ALONE[0]].read_bytes()
    for cut in np.linspace(0, len(data) - 1, 12).astype(int):
        path = tmp_path / "short"
        path.write_bytes(data[:cut])
        refused(driver, path)
    report(f"address and undefined sanitizers: clean, {len(files)} networks on {', '.join(simd_levels())}")


def before_threads(driver: Path, path: Path) -> List[str]:
    """What the thread sanitizer needs in front of it: nothing, or addresses that are not random."""
    words = ""
    for before in ([], [shutil.which("setarch") or "setarch", "-R"]):
        try:
            done = run_words([*before, str(driver), str(path)])
        except OSError as error:
            words = str(error)
            continue
        words = done.stderr
        if "unexpected memory mapping" not in words and "setarch" not in words:
            return before
    pytest.skip(f"NO thread sanitizer on this kernel: {words.strip()[-200:]}")


def test_threads(tmp_path: Path, report: Any) -> None:
    driver = build(tmp_path, "thread")
    # 200 neurons are four blocks, one for each thread
    files = some_networks(tmp_path, SEVERAL, 200)
    before = before_threads(driver, files[0].paths[SEVERAL[0]])
    for level in simd_levels():
        for file in files:
            assert_equal(driver, file, level, *before)
    report(f"thread sanitizer: clean, {len(files)} networks in {len(SEVERAL)} ways on {', '.join(simd_levels())}")


def test_a_race_is_seen(tmp_path: Path) -> None:
    # a barrier at which nobody waits: the sanitizer must say so, or its silence proves nothing
    if missing():
        pytest.skip(f"{missing()}; no sanitizer has looked at the native core")
    sources = tmp_path / "native"
    shutil.copytree(str(NATIVE), str(sources))
    text = (sources / "threads.cpp").read_text()
    head = "void ne_barrier_wait(ne_barrier* b) {"
    assert text.count(head) == 1
    (sources / "threads.cpp").write_text(text.replace(head, head + " if (b->threads) return;"))
    driver = build_driver(tmp_path, "g++", machine(), ["-O1", "-g", "-fsanitize=thread"], sources=sources)
    path = networks(tmp_path, SEVERAL[:1], 0, 130)[0].paths[SEVERAL[0]]
    done = run_words([*before_threads(driver, path), str(driver), str(path)])
    assert "data race" in done.stderr, done.stderr[-2000:]
