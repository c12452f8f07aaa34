"""Progress of long work: on standard error, after one second, off without a terminal."""

import os
import sys
from typing import Any

from tqdm import tqdm

__all__ = ["bar"]


def bar(total: int, unit: str) -> Any:
    """A tqdm bar; NEUROEDGE_NO_PROGRESS turns it off."""
    silent = bool(os.environ.get("NEUROEDGE_NO_PROGRESS")) or not sys.stderr.isatty()
    return tqdm(total=total, unit=unit, unit_scale=True, delay=1.0, leave=False, disable=silent, file=sys.stderr)
