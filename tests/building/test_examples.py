"""Examples run, are short, and say something."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


@pytest.mark.long
@pytest.mark.parametrize("path", EXAMPLES, ids=[p.stem for p in EXAMPLES])
def test_example(path: Path, capsys: pytest.CaptureFixture) -> None:
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip()
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60


def test_the_closed_loop_holds_the_ball(capsys: pytest.CaptureFixture) -> None:
    left = runpy.run_path(str(EXAMPLES[1]))["farthest"]
    assert max(left[-50:]) < 0.5 * max(left[:50])
