"""Captured boards as roots."""

import shutil
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

# tests take these from `captured`: there is more than one conftest
from captured import BOARDS, TREES, Captured, boards, said

__all__ = ["BOARDS", "TREES", "Captured", "board", "boards", "changed", "said"]


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
