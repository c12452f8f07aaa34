"""Lessons with arrays that end where they end, for sanitizers: `python exact.py FIRST LAST THREADS`."""

import sys
from typing import Dict, Tuple

import numpy as np
from learners import build
from lessons import same_adam, work

from neuroedge.learning import school
from neuroedge.plan.fields import Field


def exactly(fields: Tuple[Field, ...], sizes: Dict[str, int], precision: str) -> Dict[str, np.ndarray]:
    """As `school._made`, without room behind each array."""
    return {f.name: np.zeros(max(sizes[f.shape], 1), f.numpy(precision)) for f in fields}


if __name__ == "__main__":
    school._made = exactly  # type: ignore[attr-defined]
    FIRST, LAST, THREADS = (int(word) for word in sys.argv[1:])
    for SEED in range(FIRST, LAST):
        CASE = build(SEED)
        ERROR = same_adam(CASE, work(CASE, THREADS))
        if ERROR:
            sys.exit(ERROR)
        for PRECISION in ("float32", "float16", "int8"):
            work(CASE.in_precision(PRECISION), THREADS, teach=False)
    print("clean")
