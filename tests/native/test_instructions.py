"""A tick costs the instructions that it did: counted, not timed, so that a shared machine cannot hide a loss."""

from pathlib import Path
from typing import Any

import pytest
from instructions import BAND, compiler, expected, measure, obstacle

UPDATE = "to write these down: python tests/native/instructions.py --update"


@pytest.mark.long
def test_instructions_per_tick(tmp_path: Path, report: Any) -> None:
    if obstacle():
        pytest.skip(f"{obstacle()}; instructions are not counted here")
    found, wanted = measure(tmp_path), expected()
    words = [f"{name}: {value:,.0f} instructions a tick of W1" for name, value in found.items()]
    for line in words:
        report(line)
    if not wanted:
        pytest.skip(f"NO counts for {compiler()}: measured {'; '.join(words)}; {UPDATE}")
    wrong = [
        f"{name}: measured {value:,.1f}, expected {wanted.get(name, 0):,} ± {BAND:.0%} with {compiler()}"
        for name, value in found.items()
        if abs(value - wanted.get(name, 0)) > BAND * wanted.get(name, 0)
    ]
    assert not wrong, "\n".join([*wrong, UPDATE])
