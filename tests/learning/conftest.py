"""What the suites of learning compared and measured, printed at the end."""

import sys
from pathlib import Path
from typing import Any, List

import pytest

# errors are asked for as everywhere else
sys.path.append(str(Path(__file__).resolve().parents[1] / "unit"))

_LINES: List[str] = []


@pytest.fixture(scope="session")
def report() -> Any:
    """`report(text)`: a line for the end of the run."""
    return lambda text: _LINES.append(str(text))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _LINES:
        terminalreporter.section("learning")
        for line in _LINES:
            terminalreporter.line(line)
