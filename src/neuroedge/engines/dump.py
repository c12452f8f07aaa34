"""A plan, a state and what a run is given, in one flat file: for the native driver (native/driver.cpp).

Little-endian: magic, layout id, number of persistent state arrays, ticks, threads, the plan's scalars; every array of
plan, state and call in the order of the field table, as its size in bytes and its data; then what the call's pointers
mean, in the same form: an entry k > 0 of a pointer array stands for the k-th of them, 0 for nothing.
"""

import struct
from pathlib import Path
from typing import Any, Dict, List, Union

import numpy as np

from ..errors import UnsupportedError
from ..plan.fields import CALL, PERSISTENT, PLAN, SCALARS, STATE, layout_id
from ..plan.plan import MAX_THREADS, Plan, State
from .job import Job
from .native import event_driven

__all__ = ["MAGIC", "dump", "state_hash"]

MAGIC = b"NEDUMP1\n"

# spikes that the driver writes down before it empties the buffer, beyond the two of each lane
SPIKES = 1 << 12


def dump(
    plan: Plan, state: State, job: Job, ticks: int, path: Union[str, Path], mode: str = "clock", threads: int = 1
) -> None:
    """Write what `ticks` ticks from `state` need to `path`: in that mode, by so many threads. Potentials are not
    recorded."""
    if plan.precision == "float64":
        raise UnsupportedError("dump: float64 runs on the reference engine alone")
    blobs: List[np.ndarray] = []
    call = _call(plan, job, mode, threads, blobs)
    state.share(plan, threads)
    tables = [(PLAN, plan.arrays), (STATE, state.arrays), (CALL, call)]
    with open(path, "wb") as file:
        file.write(MAGIC + struct.pack("<IIqq", layout_id(), len(PERSISTENT), ticks, threads))
        file.write(struct.pack(f"<{len(SCALARS['plan'])}q", *(plan.sizes[name] for name in SCALARS["plan"])))
        for rows, arrays in tables:
            for field in rows:
                _write(file, arrays[field.name])
        file.write(struct.pack("<q", len(blobs)))
        for blob in blobs:
            _write(file, blob)


def _write(file: Any, array: np.ndarray) -> None:
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    file.write(struct.pack("<q", len(data)) + data)


def _call(plan: Plan, job: Job, mode: str, threads: int, blobs: List[np.ndarray]) -> Dict[str, np.ndarray]:
    """The arrays of a call, its pointers as numbers of blobs."""
    lanes = plan.sizes["lanes"]
    entries = {"pops": len(plan.names), "lanes": lanes, "capacity": threads * (2 * lanes + SPIKES), "cuts": 1}
    entries["threads"] = MAX_THREADS
    arrays = {f.name: np.zeros(entries[f.shape], f.numpy("float32")) for f in CALL}
    arrays["record"][:] = job.record
    arrays["sparse"][:] = event_driven(plan, mode)
    for k, given in job.given.items():
        arrays["event_tick"][k] = _blob(blobs, given.ticks, np.int32)
        arrays["event_neuron"][k] = _blob(blobs, given.neurons, np.uint32)
        arrays["event_n"][k] = len(given.ticks)
    for k, current in job.currents.items():
        arrays["current"][k] = _blob(blobs, current, np.float32)
        arrays["current_tick"][k] = current.shape[1] if current.shape[0] > 1 else 0
        arrays["current_neuron"][k] = 1 if current.shape[1] > 1 else 0
        arrays["sparse"][k] = 0
    for k, chance in job.chances.items():
        arrays["chance"][k] = _blob(blobs, chance, np.uint32)
    return arrays


def _blob(blobs: List[np.ndarray], array: np.ndarray, dtype: Any) -> int:
    blobs.append(np.ascontiguousarray(array, dtype))
    return len(blobs)


def state_hash(state: State) -> int:
    """FNV-1a (64 bit) of all persistent arrays of a state, as the driver prints it."""
    value = 0xCBF29CE484222325
    for name in PERSISTENT:
        for byte in state.arrays[name].tobytes():
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
