"""Compiles the native driver straight from the sources, for this machine or another."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Sequence

__all__ = ["build_driver"]

NATIVE = Path(__file__).resolve().parents[2] / "native"

FLAGS = ["-std=gnu++17", "-Wall", "-Wextra", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-fno-exceptions", "-fno-rtti"]  # fmt: skip
PLAIN = ("driver.cpp", "calibrate.cpp", "clock.cpp", "dispatch.cpp", "grid.cpp", "threads.cpp",
         "kernels/portable.cpp")  # fmt: skip
X86 = {
    "kernels/avx2.cpp": ["-mavx2"],
    "kernels/avx512.cpp": ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mprefer-vector-width=512"],
}
ARM: Dict[str, List[str]] = {"kernels/neon.cpp": []}


def build_driver(folder: Path, compiler: str, machine: str, options: Sequence[str], link: Sequence[str] = ()) -> Path:
    """The driver with every kernel of a machine, compiled two files at a time."""
    kernels = X86 if machine == "x86_64" else ARM
    files: Dict[str, List[str]] = {name: [] for name in PLAIN}
    files.update(kernels)
    command = [compiler, *FLAGS, *(f"-DNE_HAVE_{Path(name).stem.upper()}" for name in kernels), *options]

    def made(name: str) -> str:
        target = str(folder / (Path(name).stem + ".o"))
        subprocess.run([*command, *files[name], "-c", str(NATIVE / name), "-o", target], check=True)
        return target

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(made, files))
    driver = folder / "driver"
    subprocess.run([compiler, *options, *link, "-pthread", *objects, "-o", str(driver)], check=True)
    return driver
