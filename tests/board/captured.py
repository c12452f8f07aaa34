"""Captured boards and captured outputs of commands."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence

from neuroedge.board.commands import Answer

__all__ = ["BOARDS", "TREES", "Captured", "boards", "said"]

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


def boards() -> List[str]:
    """Names of all captured boards."""
    return BOARDS
