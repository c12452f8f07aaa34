"""The Python blocks of the tutorial, read from its own text, and what stands in for the reader's own things."""

import re
from pathlib import Path
from typing import Any, List

import numpy as np

TEXT = (Path(__file__).parent / "edge_deployment.md").read_text(encoding="utf-8")
BLOCKS: List[str] = re.findall(r"```python\n(.*?)```", TEXT, re.S)


def block(heading: str) -> str:
    """The first Python block after a heading."""
    after = TEXT.split(f"{heading}\n", 1)[1]
    return str(re.findall(r"```python\n(.*?)```", after, re.S)[0])


class ClipCapture:
    """A camera that plays frames: what `cv2.VideoCapture(0)` would be with a device."""

    def __init__(self, frames: np.ndarray) -> None:
        self._frames = list(frames)
        self.released = False

    def __call__(self, _: Any) -> "ClipCapture":
        return self

    def read(self) -> Any:
        if not self._frames:
            return False, None
        grey = self._frames.pop(0)
        # a camera gives colour
        return True, np.repeat(grey[:, :, None], 3, axis=2)

    def release(self) -> None:
        self.released = True
