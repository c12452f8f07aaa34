"""What the parity suites compared, printed at the end: a suite in which nothing fires proves nothing."""

from typing import Any, List

import pytest

_LINES: List[str] = []


@pytest.fixture(scope="session")
def report() -> Any:
    """`report(text)`: a line for the end of the run."""
    return lambda text: _LINES.append(str(text))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _LINES:
        terminalreporter.section("parity")
        for line in _LINES:
            terminalreporter.line(line)
