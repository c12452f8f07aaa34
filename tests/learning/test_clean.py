"""Address, undefined behaviour and thread sanitizers find nothing in the native learning."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, List

import pytest
from broken import FLAGS, NATIVE

HERE = Path(__file__).resolve().parent

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("g++") is None, reason="NO g++: no sanitizer has looked at the native learning"),
]


def build(folder: Path, sanitizers: str, sources: Path = NATIVE) -> Path:
    """The core with its plain kernels."""
    names = [path.name for path in sorted(sources.glob("*.cpp")) if path.name != "driver.cpp"]
    options = [*FLAGS, "-O1", "-g", f"-fsanitize={sanitizers}"]

    def made(name: str) -> str:
        path = str(folder / (Path(name).stem + ".o"))
        subprocess.run(["g++", *options, "-c", str(sources / name), "-o", path], check=True)
        return path

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(made, [*names, "kernels/portable.cpp"]))
    library = folder / "_native.so"
    subprocess.run(["g++", *options, "-shared", "-o", str(library), *objects], check=True)
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


def test_address_and_undefined(tmp_path: Path, report: Any) -> None:
    done = look(build(tmp_path, "address,undefined"), ["libasan.so", "libubsan.so"], "0", "40", "1")
    assert (done.returncode, done.stdout.strip()) == (0, "clean"), done.stdout + done.stderr[-3000:]
    assert "runtime error" not in done.stderr, done.stderr[-3000:]
    report("address and undefined sanitizers: clean, 40 networks that learn and answer")


def test_threads(tmp_path: Path, report: Any) -> None:
    before = [shutil.which("setarch") or "setarch", "-R"]
    done = look(build(tmp_path, "thread"), ["libtsan.so"], "0", "12", "4", before=before)
    if "unexpected memory mapping" in done.stderr or "setarch" in done.stderr:
        pytest.skip(f"NO thread sanitizer on this kernel: {done.stderr.strip()[-200:]}")
    assert (done.returncode, done.stdout.strip()) == (0, "clean"), done.stdout + done.stderr[-3000:]
    assert "WARNING: ThreadSanitizer" not in done.stderr, done.stderr[:3000]
    report("thread sanitizer: clean, 12 networks that learn and answer by 4 threads")


# an array overrun by a quarter, and a count that all threads keep
WRONG = {
    "address": ("(size_t)u.taught_lanes(0) * sizeof(float));\n  present", "(size_t)u.taught_lanes(0) * 5);\n  present"),
    "thread": ("*(School*)school_of;", "*(School*)school_of; school.batch->events++;"),
}


@pytest.mark.parametrize("sanitizer, words", [("address", "overflow"), ("thread", "data race")])
def test_what_is_wrong_is_seen(sanitizer: str, words: str, tmp_path: Path) -> None:
    # or the silence of the sanitizers would prove nothing
    sources = tmp_path / "native"
    shutil.copytree(str(NATIVE), str(sources))
    text = (sources / "learn.cpp").read_text()
    old, new = WRONG[sanitizer]
    assert text.count(old) == 1
    (sources / "learn.cpp").write_text(text.replace(old, new))
    runtime, threads = ("libasan.so", "1") if sanitizer == "address" else ("libtsan.so", "4")
    before = [] if sanitizer == "address" else [shutil.which("setarch") or "setarch", "-R"]
    done = look(build(tmp_path, sanitizer, sources), [runtime], "0", "2", threads, before=before)
    if "unexpected memory mapping" in done.stderr or "setarch" in done.stderr:
        pytest.skip(f"NO thread sanitizer on this kernel: {done.stderr.strip()[-200:]}")
    assert words in done.stderr, done.stdout + done.stderr[-3000:]
