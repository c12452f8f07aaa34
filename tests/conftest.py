"""What all tests share."""

import os
import signal
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).parent))


def pytest_configure() -> None:
    # started in the background of a shell, a process ignores Ctrl-C, and so do those that it starts
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """`data(name)`: path of a reference recording; skips, saying why, where the recordings are absent.

    They are looked for under NEUROEDGE_DATA, or else beside the repository in shared/data.
    """
    given = os.environ.get("NEUROEDGE_DATA")
    folder = Path(given) if given else _ROOT.parent / "shared" / "data"

    def path_of(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"no {path}: set NEUROEDGE_DATA to the folder of reference recordings")
        return path

    return path_of


@pytest.fixture(scope="session")
def shrunk() -> Any:
    """The steps of the demo's digits classifier, pruned by fewer samples, tuned and measured for a moment only."""
    from neuroedge.applications import steps
    from neuroedge.optimize import calibration

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "MOST", 200)
        patch.setattr(steps, "TUNED", 1)
        patch.setattr(steps, "TUNED_INT8", 1)
        patch.setattr(steps, "TIMED", 0.02)
        patch.setattr(steps, "DRAWN", 0.02)
        return steps.shrink_digits(progress=False)
