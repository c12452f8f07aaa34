"""Progress of long work: on standard error, after one second, off without a terminal."""

import os
import sys
from typing import Any, Optional

from tqdm import tqdm

__all__ = ["bar"]


def bar(total: int, unit: str) -> Any:
    """A tqdm bar; NEUROEDGE_NO_PROGRESS turns it off."""
    silent = bool(os.environ.get("NEUROEDGE_NO_PROGRESS")) or not sys.stderr.isatty()
    wide = None if silent else _columns()
    return tqdm(
        total=total, unit=unit, unit_scale=True, delay=1.0, leave=False, disable=silent, file=sys.stderr, ncols=wide
    )


def _columns() -> Optional[int]:
    """What tqdm finds out by itself; serial consoles tell 0, and it would draw nothing."""
    try:
        return None if os.get_terminal_size(sys.stderr.fileno()).columns else 79
    except (OSError, ValueError):
        return None
