"""Pictures a little turned, sheared, stretched and shifted: more to learn from than there is."""

from typing import Any, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError, shown

__all__ = ["Variation"]

# entries of the map, and pixels, beyond which no picture is left
MOST_MAP, MOST_PIXELS = 8.0, 4096


class Variation:
    """Each epoch sees each picture another way: give it to `train(…, vary=Variation((8, 8)))`.

    shape: (height, width) of the pictures, whose pixels are the features. turn, shear, stretch: largest entries of the
    affine map beside 1 (turn 0.25 is about 14°); shift: pixels; jitter: pixels by which each pixel's source is moved
    at random. Drawn uniformly for each picture, from `seed` and the epoch alone. Raises ParameterError and
    ArgumentTypeError for what is out of range: the map 0 to 8, pixels 0 to 4,096.
    """

    def __init__(
        self, shape: Tuple[int, int], turn: float = 0.25, shear: float = 0.2, stretch: float = 0.12, shift: float = 0.8,
        jitter: float = 0.0, seed: int = 0,
    ) -> None:  # fmt: skip
        sides = checks.several("Variation", "shape", shape, "(height, width)")
        if len(sides) != 2:
            raise ParameterError(f"Variation: shape must be (height, width) (got {shown(shape)})")
        self.shape = tuple(checks.count("Variation", "shape", side, MOST_PIXELS) for side in sides)
        self.turn, self.shear, self.stretch = (
            _within(name, value, MOST_MAP) for name, value in (("turn", turn), ("shear", shear), ("stretch", stretch))
        )
        self.shift, self.jitter = _within("shift", shift, MOST_PIXELS), _within("jitter", jitter, MOST_PIXELS)
        self.seed = checks.whole("Variation", "seed", seed, least=0)

    def __repr__(self) -> str:
        fields = ("turn", "shear", "stretch", "shift", "jitter", "seed")
        return f"Variation({self.shape}, {', '.join(f'{name}={getattr(self, name)}' for name in fields)})"

    def __call__(self, inputs: np.ndarray, epoch: int) -> np.ndarray:
        """Pictures float32 [n, height·width] of this epoch, in 0 … 1 as `inputs` are."""
        height, width = self.shape
        if inputs.shape[1] != height * width:
            raise ParameterError(f"Variation: pictures of {height} × {width} have {height * width} features "
                                 f"(got {inputs.shape[1]})")  # fmt: skip
        rng = np.random.Generator(np.random.PCG64([self.seed, epoch]))
        fresh = np.empty_like(inputs)
        # some at a time, so that what is in between stays small
        step = max(1, (1 << 18) // (height * width))
        for first in range(0, len(inputs), step):
            some = inputs[first : first + step].reshape(-1, height, width)
            fresh[first : first + step] = self._moved(some, rng).reshape(len(some), -1)
        return fresh

    def _moved(self, pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Each pixel from where the map says, bilinearly; black outside (inverse mapping)."""
        n, (height, width) = len(pictures), self.shape
        row, column = self._sources(n, rng)
        top, left = np.floor(row).astype(np.int32), np.floor(column).astype(np.int32)
        down, right = row - top, column - left
        padded = np.zeros((n, height + 2, width + 2), np.float32)
        padded[:, 1:-1, 1:-1] = pictures
        flat, base = padded.reshape(-1), (np.arange(n, dtype=np.int32) * ((height + 2) * (width + 2)))[:, None]

        def at(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
            # the frame around the picture is black
            y, x = np.clip(rows + 1, 0, height + 1), np.clip(columns + 1, 0, width + 1)
            return flat[base + y * np.int32(width + 2) + x]

        upper = at(top, left) * (1 - right) + at(top, left + 1) * right
        lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
        return np.minimum(upper * (1 - down) + lower * down, np.float32(1.0))

    def _sources(self, n: int, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
        """Row and column that each pixel of each picture comes from, float32 [n, pixels]."""
        height, width = self.shape
        y, x = np.mgrid[0:height, 0:width].reshape(2, -1).astype(np.float32)
        y, x = y - np.float32((height - 1) / 2), x - np.float32((width - 1) / 2)
        turn, shear, tall, wide = (
            rng.uniform(-most, most, (n, 1)).astype(np.float32)
            for most in (self.turn, self.shear, self.stretch, self.stretch)
        )
        shift = rng.uniform(-self.shift, self.shift, (n, 2, 1)).astype(np.float32)
        row = (1 + tall) * y + (turn + shear) * x + shift[:, 0] + np.float32((height - 1) / 2)
        column = (1 + wide) * x - turn * y + shift[:, 1] + np.float32((width - 1) / 2)
        if self.jitter:
            row += rng.uniform(-self.jitter, self.jitter, row.shape).astype(np.float32)
            column += rng.uniform(-self.jitter, self.jitter, row.shape).astype(np.float32)
        return row, column


def _within(name: str, value: Any, most: float) -> float:
    number = checks.not_negative("Variation", name, value)
    if number > most:
        raise ParameterError(f"Variation: {name} must be 0 to {most:,.0f} (got {shown(value)})")
    return number
