"""Compiles the native driver straight from the sources, for this machine or another."""

import platform
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Sequence

__all__ = ["NATIVE", "build_driver", "machine", "missing", "run_words"]

NATIVE = Path(__file__).resolve().parents[2] / "native"

# gcc 12 warns of its own AVX-512 header
FLAGS = ["-std=gnu++17", "-Wall", "-Wextra", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-fno-exceptions", "-fno-rtti", "-Wno-maybe-uninitialized", "-Wno-uninitialized"]  # fmt: skip
X86 = {
    "kernels/avx2.cpp": ["-mavx2"],
    "kernels/avx512.cpp": ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mprefer-vector-width=512"],
}
ARM: Dict[str, List[str]] = {"kernels/neon.cpp": []}


def machine() -> str:
    """This machine, as compilers call it."""
    return {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())


def missing() -> str:
    """Why the driver cannot be built for this machine, or an empty text."""
    if shutil.which("g++") is None:
        return "NO g++: sudo apt install g++"
    return "" if machine() in ("x86_64", "aarch64") else f"NO list of kernels for {machine()}"


def build_driver(
    folder: Path,
    compiler: str,
    target: str,
    options: Sequence[str],
    link: Sequence[str] = (),
    sources: Path = NATIVE,
) -> Path:
    """The driver with every kernel of a machine, compiled two files at a time."""
    kernels = X86 if target == "x86_64" else ARM
    files: Dict[str, List[str]] = {path.name: [] for path in sorted(sources.glob("*.cpp"))}
    files.update({"kernels/portable.cpp": []}, **kernels)
    command = [compiler, *FLAGS, *(f"-DNE_HAVE_{Path(name).stem.upper()}" for name in kernels), *options]

    def made(name: str) -> str:
        written = str(folder / (Path(name).stem + ".o"))
        subprocess.run([*command, *files[name], "-c", str(sources / name), "-o", written], check=True)
        return written

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(made, files))
    driver = folder / "driver"
    subprocess.run([compiler, *options, *link, "-pthread", *objects, "-o", str(driver)], check=True)
    return driver


def run_words(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(list(command), universal_newlines=True, timeout=120, **pipes)  # type: ignore[call-overload]
