"""What steps cost on this machine, measured once per process, and how many threads share a network."""

import ctypes
import os
from pathlib import Path
from typing import Dict, NamedTuple

from ..errors import ParameterError, shown
from ..plan.plan import MAX_THREADS, Plan
from .library import library, simd

__all__ = ["Costs", "cores", "costs", "threads_asked", "threads_for"]

# neurons and synapses from which several threads pay: below, they wait for one another more than they work
SHARED_FROM = 1_000_000

# threads that are taken without being asked for, at most
MOST_UNASKED = 4

# neurons for which costs are measured: in a cache near the core, and beyond it
_SIZES = (4096, 131_072)


class Costs(NamedTuple):
    """ns to step a neuron: with all others of its population, or because something reaches it."""

    all: float
    one: float


_measured: Dict[str, Costs] = {}


def costs(neurons: int) -> Costs:
    """Costs in a population of about so many neurons; the first call takes 0.1 to 2 ms."""
    size = _SIZES[0] if neurons <= 4 * _SIZES[0] else _SIZES[1]
    key = f"{simd()} {size}"
    if key not in _measured:
        ns = (ctypes.c_double * 2)()
        done = library().ne_costs(size, ctypes.addressof(ns))
        # without memory for the trial: as measured on x86-64 with AVX2
        _measured[key] = Costs(ns[0], ns[1]) if done == 0 else Costs(0.12, 1.5)
    return _measured[key]


def cores() -> int:
    """Cores that this process may use: its affinity, and the quota of its container."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(own, _quota(Path("/sys/fs/cgroup"), own)))


def _quota(root: Path, otherwise: int) -> int:
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text()
        except OSError:
            return otherwise
    try:
        return max(1, int(quota) // int(period)) if int(quota) > 0 else otherwise
    except (ValueError, ZeroDivisionError):
        return otherwise


def threads_asked() -> bool:
    """Whether NEUROEDGE_THREADS says how many."""
    return bool(os.environ.get("NEUROEDGE_THREADS", "").strip())


def threads_for(plan: Plan) -> int:
    """Threads that share a network: NEUROEDGE_THREADS, or as many as pay, 1 for all but large networks."""
    asked = os.environ.get("NEUROEDGE_THREADS", "").strip()
    if len(plan.learn_proj):
        # spikes of all of its neurons change a projection that learns
        return 1
    if asked:
        # isdigit would take "²", which is no number
        if not (asked.isdecimal() and 1 <= int(asked) <= MAX_THREADS):
            rule = f"NEUROEDGE_THREADS must be a whole number, 1 to {MAX_THREADS}"
            raise ParameterError(f"{rule} (got {shown(asked)}); unset, the number is chosen")
        return int(asked)
    if plan.sizes["lanes"] + plan.synapses < SHARED_FROM:
        return 1
    return min(cores(), MOST_UNASKED)
