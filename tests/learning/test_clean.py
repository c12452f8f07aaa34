"""Address, undefined behaviour and thread sanitizers find nothing in the native learning."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from broken import Mutant, build, objects

HERE = Path(__file__).resolve().parent

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("g++") is None, reason="NO g++: no sanitizer has looked at the native learning"),
]


# an array overrun by a quarter, and a count that all threads keep
WRONG = {
    "address,undefined": Mutant(
        "overrun", "(size_t)u.taught_lanes(0) * sizeof(float));\n  present",
        "(size_t)u.taught_lanes(0) * 5);\n  present",
    ),
    "thread": Mutant("race", "*(School*)school_of;", "*(School*)school_of; school.batch->events++;"),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: Any) -> Callable[[str, bool], Path]:
    """`made(sanitizers, wrong)`: the core with its plain kernels, as it is or with something wrong."""
    kept: Dict[str, Dict[str, Path]] = {}

    def library(sanitizers: str, wrong: bool) -> Path:
        folder, options = tmp_path_factory.mktemp("core"), ["-g", f"-fsanitize={sanitizers}"]
        if sanitizers not in kept:
            kept[sanitizers] = objects(tmp_path_factory.mktemp("objects"), options)
        return build(WRONG[sanitizers] if wrong else None, folder, kept[sanitizers], options)

    return library


def look(library: Path, runtimes: List[str], *words: str, before: Any = ()) -> "subprocess.CompletedProcess[str]":
    """Lessons under the sanitizers, which Python itself was not built with."""
    found = [
        subprocess.run(["g++", f"-print-file-name={name}"], stdout=subprocess.PIPE, universal_newlines=True).stdout
        for name in runtimes
    ]
    path = [str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    env = dict(
        os.environ, NEUROEDGE_LIBRARY=str(library), PYTHONPATH=os.pathsep.join(path), NEUROEDGE_SIMD="portable",
        LD_PRELOAD=" ".join(name.strip() for name in found), ASAN_OPTIONS="detect_leaks=0",
        UBSAN_OPTIONS="halt_on_error=1", TSAN_OPTIONS="report_bugs=1", PYTHONMALLOC="malloc",
        OPENBLAS_NUM_THREADS="1",
    )  # fmt: skip
    return subprocess.run(
        [*before, sys.executable, str(HERE / "exact.py"), *words], env=env, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True, timeout=300,
    )  # fmt: skip


RUNTIMES = {"address,undefined": ["libasan.so", "libubsan.so"], "thread": ["libtsan.so"]}


def looked(made: Any, sanitizers: str, wrong: bool, *words: str) -> "subprocess.CompletedProcess[str]":
    # the thread sanitizer wants addresses that are not random
    before = [shutil.which("setarch") or "setarch", "-R"] if sanitizers == "thread" else []
    done = look(made(sanitizers, wrong), RUNTIMES[sanitizers], *words, before=before)
    if "unexpected memory mapping" in done.stderr or "setarch" in done.stderr:
        pytest.skip(f"NO thread sanitizer on this kernel: {done.stderr.strip()[-200:]}")
    return done


@pytest.mark.parametrize("sanitizers, networks, threads", [("address,undefined", 30, 1), ("thread", 12, 4)])
def test_nothing_is_found(sanitizers: str, networks: int, threads: int, made: Any, report: Any) -> None:
    done = looked(made, sanitizers, False, "0", str(networks), str(threads))
    assert (done.returncode, done.stdout.strip()) == (0, "clean"), done.stdout + done.stderr[-3000:]
    assert "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr[-3000:]
    report(f"sanitizers ({sanitizers}): clean, {networks} networks that learn and answer, {threads} threads")


@pytest.mark.parametrize("sanitizers, words", [("address,undefined", "overflow"), ("thread", "data race")])
def test_what_is_wrong_is_seen(sanitizers: str, words: str, made: Any) -> None:
    # or the silence of the sanitizers would prove nothing
    done = looked(made, sanitizers, True, "0", "2", "4")
    assert words in done.stderr, done.stdout + done.stderr[-3000:]
