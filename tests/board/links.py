"""Captured trees as they are on a board: links are kept as files that hold where they lead."""

import shutil
from pathlib import Path
from typing import Dict, Optional

from captured import TREES

__all__ = ["linked", "write"]


def linked(name: str, place: Path) -> Path:
    """A copy of a captured tree with its links, the looping ones among them."""
    root = place / name
    shutil.copytree(TREES / name, root)
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.stat().st_size < 300:
            text = path.read_bytes().decode("utf-8", "replace")
            if text.startswith("../") and "\n" not in text and "\0" not in text and (path.parent / text).exists():
                path.unlink()
                path.symlink_to(text)
    return root


def write(root: Path, files: Dict[str, Optional[str]]) -> Path:
    """Write files under a root; None takes one away."""
    for path, text in files.items():
        place = root / path
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    return root
