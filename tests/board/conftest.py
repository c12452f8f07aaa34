"""Captured boards as roots, and captured outputs as commands."""

import shutil
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

import pytest

from neuroedge.board.commands import Answer

TREES = Path(__file__).parent / "trees"
BOARDS = sorted(folder.name for folder in TREES.iterdir() if folder.is_dir() and folder.name != "ups-ina219")


class Captured:
    """A runner that answers with what was captured: {command line: answer}; it remembers what was asked."""

    def __init__(self, answers: Dict[str, Answer]) -> None:
        self.answers, self.asked = answers, []  # type: ignore[var-annotated]

    def run(self, words: Sequence[str], timeout: float = 5.0) -> Optional[Answer]:
        self.asked.append(" ".join(words))
        return self.answers.get(" ".join(words))


def said(board: str, name: str, code: int = 0) -> Answer:
    """A captured output as the answer of a command."""
    text = (TREES / board / "_cmd" / name).read_text()
    return Answer(code, "", text) if name.endswith(".stderr") else Answer(code, text, "")


@pytest.fixture
def board() -> Callable[[str], Path]:
    """`board(name)`: the captured tree of a board, to be read only."""
    return lambda name: TREES / name


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """`changed(name, {path: text or None, …})`: a copy of a captured tree with files written anew, or taken away."""

    def copy(name: str, files: Dict[str, Optional[str]]) -> Path:
        root = tmp_path / name
        shutil.copytree(TREES / name, root, symlinks=True)
        for path, text in files.items():
            place = root / path
            if text is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        return root

    return copy


def boards() -> List[str]:
    """Names of all captured boards."""
    return BOARDS
