"""The native drivers, and the lines that these tests print at the end."""

import sys
from pathlib import Path
from typing import Any, Callable, List

import pytest

# the generated networks are those of the parity suites
sys.path.append(str(Path(__file__).resolve().parents[1] / "parity"))

from driver_build import build_driver, machine, missing  # noqa: E402

_LINES: List[str] = []


@pytest.fixture(scope="session")
def driver(tmp_path_factory: Any) -> Path:
    """The driver for this machine."""
    if missing():
        pytest.skip(f"{missing()}; the native driver is not tested here")
    return build_driver(tmp_path_factory.mktemp("driver"), "g++", machine(), ["-O1"])


@pytest.fixture(scope="session")
def report() -> Callable[[Any], None]:
    """`report(text)`: a line for the end of the run."""
    return lambda text: _LINES.append(str(text))


def pytest_configure(config: Any) -> None:
    # which populations of a generated network stay in floats is no news here
    config.addinivalue_line("filterwarnings", "ignore:int8:UserWarning")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _LINES:
        terminalreporter.section("native driver")
        for line in _LINES:
            terminalreporter.line(line)
