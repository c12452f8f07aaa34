"""What the measurements ran on, and how busy it was: a noisy run can then be told from a quiet one."""

import os
import platform
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

import neuroedge
from neuroedge.engines.costs import cores
from neuroedge.engines.library import simd

__all__ = ["describe", "load"]


def load() -> List[float]:
    """Load averages over 1, 5 and 15 minutes."""
    return [round(x, 2) for x in os.getloadavg()]


def describe() -> Dict[str, Any]:
    """Processor, cores, instruction set, versions."""
    return {
        "cpu": _cpu(), "cores": cores(), "simd": simd(), "system": platform.platform(),
        "python": platform.python_version(), "numpy": np.__version__, "neuroedge": neuroedge.__version__,
    }  # fmt: skip


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    # x86 says "model name", boards with ARM "Model" or "Hardware"
    for key in ("model name", "Model", "Hardware"):
        for line in lines:
            if line.split(":")[0].strip() == key:
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
