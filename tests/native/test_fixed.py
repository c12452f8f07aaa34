"""native/fixed.h by itself: C99 without warnings on every compiler here, and equal to whole numbers in Python."""

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuroedge.network.dynamics import Narrow, fixed_tick

HEADER = Path(__file__).resolve().parents[2] / "native" / "fixed.h"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2"]
SOURCE = """
#include "fixed.h"
void tick(int16_t* v, int32_t* sum, const int32_t* drive, const int16_t* held, const int16_t* decay,
          const int16_t* shift, const int16_t* theta, int16_t* fired, const int16_t* right, int32_t most_v,
          int32_t most_sum, int32_t n) {
  if (right) ne_fixed_advance_narrow(v, sum, held, decay, right, shift, most_v, most_sum, n);
  else ne_fixed_advance(v, sum, held, decay, shift, n);
  if (drive) ne_fixed_inject(v, drive, held, right ? -most_v : -32768, right ? most_v : 32767, n);
  ne_fixed_fire(v, held, theta, fired, n);
}
"""


def compiled(folder: Path, compiler: str, *options: str) -> Path:
    path = shutil.which(compiler)
    if path is None:
        pytest.skip(f"skipped: no {compiler}")
    source, target = folder / "fixed.c", folder / "fixed.o"
    source.write_text(SOURCE)
    subprocess.run([path, *STRICT, *options, f"-I{HEADER.parent}", str(source), "-o", str(target)], check=True)
    return target


COMPILERS = [(name, "-O3") for name in ("gcc", "clang", "aarch64-linux-gnu-gcc")]
COMPILERS += [("arm-none-eabi-gcc", "-mcpu=cortex-m0")]


@pytest.mark.parametrize("compiler,option", COMPILERS)
def test_compiles_as_c99(compiler: str, option: str, tmp_path: Path) -> None:
    assert compiled(tmp_path, compiler, option, "-c").stat().st_size > 0


@pytest.fixture(scope="module")
def library(tmp_path_factory: Any) -> Any:
    return ctypes.CDLL(str(compiled(tmp_path_factory.mktemp("fixed"), "gcc", "-shared", "-fPIC")))


def values(rng: np.random.Generator, low: int, high: int, n: int, dtype: Any) -> np.ndarray:
    """Of all sizes, with the ends and what is around 0."""
    wide = rng.integers(low, high + 1, n)
    small = rng.integers(-300, 300, n)
    picked = np.where(rng.random(n) < 0.4, small, wide)
    picked[rng.random(n) < 0.1] = low
    picked[rng.random(n) < 0.1] = high
    return np.clip(picked, low, high).astype(dtype)


@pytest.mark.parametrize("driven", [False, True])
@pytest.mark.parametrize("bits", [None, (8, 4), (12, 8), (16, 16), (16, 32)])
@pytest.mark.parametrize("seed", range(10))
def test_equals_whole_numbers(driven: bool, bits: Any, seed: int, library: Any) -> None:
    rng, n = np.random.default_rng(seed), 4000
    v, decay = values(rng, -32768, 32767, n, np.int16), values(rng, 0, 32767, n, np.int16)
    theta, shift = values(rng, -32768, 32767, n, np.int16), rng.integers(0, 15, n).astype(np.int16)
    sums = values(rng, -(2**31), 2**31 - 1, n, np.int32)
    drive = values(rng, -131072, 131072, n, np.int32) if driven else None
    held = -rng.integers(0, 2, n).astype(np.int16)
    twin, fired, narrow = v.copy(), np.zeros(n, np.int16), None
    if bits is not None:
        most = [min(2 ** (b - 1) - 1, 65535) for b in bits]
        narrow = Narrow(rng.integers(0, 31, n).astype(np.int16), *most)
    expected = fixed_tick(twin, held == 0, sums, shift, drive, decay, theta, narrow)
    right = 0 * v if narrow is None else narrow.right
    limits = (-32768, 32767, 2**31) if narrow is None else (-narrow.most_v, narrow.most_v, narrow.most_sum)
    each = zip(v, decay, sums, shift, drive if driven else 0 * sums, held, right)
    by_hand = [exact(*map(int, values), *limits) for values in each]
    arrays = (v, sums, drive, held, decay, shift, theta, fired, None if narrow is None else right)
    pointers = (a.ctypes.data_as(ctypes.c_void_p) if a is not None else None for a in arrays)
    library.tick(*pointers, limits[1], min(limits[2], 65535), n)
    assert np.array_equal(v, by_hand) and np.array_equal(v, twin)
    assert np.array_equal(np.flatnonzero(fired), expected) and set(fired.tolist()) <= {0, -1}
    assert not sums.any()


def exact(
    v: int, decay: int, total: int, shift: int, drive: int, held: int, right: int, low: int, high: int, most: int
) -> int:
    """One tick in Python's integers, which have no end."""
    if held:
        return v
    leaked = (v * decay + 2**14) // 2**15
    scaled = min(max((2 * total + 2**right) // 2 ** (right + 1), -most), most)
    added = min(max(leaked + scaled * 2**shift, low), high)
    return min(max(added + drive, low), high)
