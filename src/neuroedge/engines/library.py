"""The native core as a shared library: found, checked and bound through ctypes."""

import ctypes
import os
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from .. import checks
from ..errors import NativeError, UnknownNameError
from ..plan.fields import BATCH, CALL, LEARN, PLAN, SCALARS, STATE, Field, layout_id

__all__ = [
    "AdamStruct",
    "BatchStruct",
    "CallStruct",
    "LearnStruct",
    "PlanStruct",
    "SHARDS",
    "StateStruct",
    "library",
    "simd",
    "simd_levels",
    "use_simd",
]

# sums that the gradients of a batch are shared out to: NE_SHARDS
SHARDS = 4


CURE = "install again, with `pip install neuroedge`, or `pip install -e .` in a clone"


def _struct(name: str, table: str, rows: Tuple[Field, ...]) -> type:
    head = [(scalar, ctypes.c_int64) for scalar in SCALARS[table]]
    return type(name, (ctypes.Structure,), {"_fields_": head + [(f.name, ctypes.c_void_p) for f in rows]})


PlanStruct = _struct("PlanStruct", "plan", PLAN)
StateStruct = _struct("StateStruct", "state", STATE)
CallStruct = _struct("CallStruct", "call", CALL)
LearnStruct = _struct("LearnStruct", "learn", LEARN)
BatchStruct = _struct("BatchStruct", "batch", BATCH)


class AdamStruct(ctypes.Structure):
    """ne_adam_args."""

    _fields_ = [
        ("weight", ctypes.c_void_p),
        ("shard", ctypes.c_void_p * SHARDS),
        ("first", ctypes.c_void_p),
        ("second", ctypes.c_void_p),
        ("living", ctypes.c_void_p),
        ("share", ctypes.c_float),
        ("keep_first", ctypes.c_float),
        ("keep_second", ctypes.c_float),
        ("step", ctypes.c_float),
        ("scale_second", ctypes.c_float),
        ("least", ctypes.c_float),
        ("keep", ctypes.c_float),
    ]


_loaded: Dict[str, ctypes.CDLL] = {}


def library_path() -> Path:
    """Where the native core lies: NEUROEDGE_LIBRARY, or beside this package."""
    forced = os.environ.get("NEUROEDGE_LIBRARY")
    if forced:
        return Path(forced)
    import neuroedge

    # an editable install has the sources in one folder and the library in another
    for folder in neuroedge.__path__:
        path = Path(folder) / "_native.so"
        if path.exists():
            return path
    raise NativeError(f"the native core (_native.so) is missing: {CURE}")


def library(path: Optional[str] = None) -> ctypes.CDLL:
    """The library, loaded once."""
    key = path or "default"
    if key not in _loaded:
        _loaded[key] = _load(str(path or library_path()))
    return _loaded[key]


def _load(path: str) -> ctypes.CDLL:
    try:
        lib = ctypes.CDLL(path)
    except OSError as error:
        raise NativeError(f"the native core does not load: {error}") from None
    if not hasattr(lib, "ne_layout"):
        raise NativeError(f"{path} is not the native core of neuroedge: {CURE}")
    lib.ne_layout.restype = ctypes.c_uint32
    if lib.ne_layout() != layout_id():
        raise NativeError(f"{path} belongs to another version of neuroedge: {CURE}")
    lib.ne_simd.restype = lib.ne_simd_levels.restype = ctypes.c_char_p
    lib.ne_simd_set.argtypes = [ctypes.c_char_p]
    lib.ne_run.restype = ctypes.c_int64
    lib.ne_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    lib.ne_step.restype = ctypes.c_int64
    lib.ne_step.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    lib.ne_grid.restype = ctypes.c_int64
    lib.ne_grid.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_double, ctypes.c_int64, ctypes.c_void_p,
    ]  # fmt: skip
    lib.ne_frame_at.restype = ctypes.c_int64
    lib.ne_frame_at.argtypes = [ctypes.c_double, ctypes.c_int64, ctypes.c_void_p]
    lib.ne_cut.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
    lib.ne_cut.restype = None
    lib.ne_costs.argtypes = [ctypes.c_int64, ctypes.c_void_p]
    lib.ne_exp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    lib.ne_exp.restype = None
    lib.ne_learn_batch.restype = ctypes.c_int64
    lib.ne_learn_batch.argtypes = [ctypes.c_void_p] * 5 + [ctypes.c_int64]
    lib.ne_adam.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    lib.ne_adam.restype = None
    level = os.environ.get("NEUROEDGE_SIMD")
    if level and lib.ne_simd_set(level.encode()) != 0:
        raise UnknownNameError("NEUROEDGE_SIMD level", level, lib.ne_simd_levels().decode().split())
    return lib


def simd_levels() -> List[str]:
    """Instruction sets that this machine can run, best first."""
    return library().ne_simd_levels().decode().split()


def simd() -> str:
    """The instruction set in use."""
    return str(library().ne_simd().decode())


def use_simd(level: str) -> None:
    """Use one of `simd_levels()` from now on. No result changes by a bit."""
    if library().ne_simd_set(checks.known("SIMD level", level, simd_levels()).encode()) != 0:
        raise NativeError(f"the native core refuses its own SIMD level {level!r}")
