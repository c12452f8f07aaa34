"""Random courses for a rover: a lane with round and box-shaped obstacles, and what rays meet in it.

A lane runs along x from the start at 0 to the finish at `length`, walls to both sides. Many courses at once: arrays
have a first axis [n]. Units: m, rad.
"""

from typing import Tuple

import numpy as np

from .. import checks

__all__ = ["Courses"]

_TRIES = 4000


class Courses:
    """n random lanes.

    discs: x, y, radius [n, k, 3]. boxes: x, y, half length, half width, angle [n, k, 5]. Any two obstacles, and an
    obstacle and a wall, leave at least `gap` m between them; the first and the last metre are free.
    """

    length = 6.0
    width = 4.0
    gap = 0.9

    def __init__(self, n: int = 1, seed: int = 0, obstacles: int = 6) -> None:
        self.n = checks.count("Courses", "n", n)
        each = checks.whole("Courses", "obstacles", obstacles, least=0)
        rng = np.random.Generator(np.random.PCG64([checks.whole("Courses", "seed", seed, least=0), 31]))
        drawn = [_lane(rng, each, self.length, self.width, self.gap) for _ in range(self.n)]
        self.discs = np.stack([d for d, _ in drawn])
        self.boxes = np.stack([b for _, b in drawn])

    def distances(self, x: np.ndarray, y: np.ndarray, angles: np.ndarray, reach: float) -> np.ndarray:
        """How far each ray goes from (x, y) [n] at absolute angles [n, rays], at most `reach`: [n, rays]."""
        ux, uy = np.cos(angles), np.sin(angles)
        far = np.where(uy > 0, self.width / 2 - y[:, None], self.width / 2 + y[:, None]) / np.maximum(abs(uy), 1e-9)
        least = np.minimum(np.maximum(far, 0.0), reach)
        for k in range(self.discs.shape[1]):
            dx, dy, r = (self.discs[:, k, i][:, None] - p for i, p in enumerate((x[:, None], y[:, None], 0.0)))
            along = dx * ux + dy * uy
            beside = r * r - (dx * dx + dy * dy - along * along)
            hit = along - np.sqrt(np.maximum(beside, 0.0))
            least = np.where((beside > 0) & (along > 0), np.minimum(least, np.maximum(hit, 0.0)), least)
        for k in range(self.boxes.shape[1]):
            bx, by, half, side, turn = (self.boxes[:, k, i][:, None] for i in range(5))
            c, s = np.cos(turn), np.sin(turn)
            px, py = x[:, None] - bx, y[:, None] - by
            near, away = _slabs(c * px + s * py, c * ux + s * uy, half)
            near2, away2 = _slabs(-s * px + c * py, -s * ux + c * uy, side)
            first, last = np.maximum(near, near2), np.minimum(away, away2)
            least = np.where((last >= first) & (last > 0), np.minimum(least, np.maximum(first, 0.0)), least)
        return np.asarray(least)

    def clearance(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Distance from (x, y) [n] to the nearest surface, negative inside: [n]."""
        least = self.width / 2 - np.abs(y)
        if self.discs.shape[1]:
            d = np.hypot(self.discs[:, :, 0] - x[:, None], self.discs[:, :, 1] - y[:, None]) - self.discs[:, :, 2]
            least = np.minimum(least, d.min(axis=1))
        if self.boxes.shape[1]:
            px, py = x[:, None] - self.boxes[:, :, 0], y[:, None] - self.boxes[:, :, 1]
            c, s = np.cos(self.boxes[:, :, 4]), np.sin(self.boxes[:, :, 4])
            qx = np.abs(c * px + s * py) - self.boxes[:, :, 2]
            qy = np.abs(-s * px + c * py) - self.boxes[:, :, 3]
            outside = np.hypot(np.maximum(qx, 0.0), np.maximum(qy, 0.0)) + np.minimum(np.maximum(qx, qy), 0.0)
            least = np.minimum(least, outside.min(axis=1))
        return np.asarray(least)


def _slabs(p: np.ndarray, u: np.ndarray, half: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Where a ray from p along u enters and leaves the slab −half … half."""
    pace = np.where(np.abs(u) < 1e-9, 1e-9, u)
    a, b = (-half - p) / pace, (half - p) / pace
    return np.minimum(a, b), np.maximum(a, b)


def _lane(
    rng: np.random.Generator, each: int, length: float, width: float, gap: float
) -> Tuple[np.ndarray, np.ndarray]:
    """One lane: half of the obstacles discs, half boxes, kept apart by the circles around them."""
    placed, discs, boxes = np.zeros((0, 3)), [], []
    tries = 0
    while len(placed) < each and tries < _TRIES:
        tries += 1
        box = len(placed) >= (each + 1) // 2
        half = rng.uniform(0.1, 0.3, 2)
        radius = float(np.hypot(*half)) if box else float(rng.uniform(0.1, 0.3))
        x, y = rng.uniform(1.2 + radius, length - 1.0), rng.uniform(-1.0, 1.0) * width / 2
        # at a wall it may stand with no gap at all, so that it is passed on one side
        beside = width / 2 - abs(y) - radius
        if 0.0 < beside < gap or (np.hypot(placed[:, 0] - x, placed[:, 1] - y) < placed[:, 2] + radius + gap).any():
            continue
        placed = np.concatenate([placed, [[x, y, radius]]])
        if box:
            boxes.append([x, y, *half, rng.uniform(0.0, np.pi)])
        else:
            discs.append([x, y, radius])
    # what found no place lies far behind the finish
    discs += [[1e3, 0.0, 0.1]] * ((each + 1) // 2 - len(discs))
    boxes += [[1e3, 0.0, 0.1, 0.1, 0.0]] * (each // 2 - len(boxes))
    return np.array(discs).reshape(-1, 3), np.array(boxes).reshape(-1, 5)
