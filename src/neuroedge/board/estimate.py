"""What a board without a power sensor draws, roughly: a line between idle and full load of its processors.

Only boards whose two figures have a source are here; for all others there is no estimate. An estimate knows neither
what the GPU and devices at the ports draw nor at which clocks the board runs, and is never called measured.
"""

import re
import time
from typing import Callable, List, NamedTuple, Optional, Tuple

from .files import Tree
from .source import PowerSource

__all__ = ["MODELS", "EstimateSource", "Model", "estimate", "model_for", "per_core", "utilisation"]

_TICKS = re.compile(r"[0-9]{1,19}\Z")


class Model(NamedTuple):
    """idle, full: W with all processors idle and busy; source: where that was measured; marks: of the board's name."""

    board: str
    idle: float
    full: float
    source: str
    marks: str


# tegrastats lines of two Nano boards: 900 mW at 1 % CPU, 2515 mW at 36 % of four cores at 1479 MHz, carried on to 100 %
NANO = "two tegrastats captures of the 4 GB board, 0.9 W at 1 % and 2.5 W at 36 % CPU, carried on to 100 %"
PIDRAMBLE = "power consumption benchmarks of pidramble.com, idle and stress --cpu 4"

MODELS: Tuple[Model, ...] = (
    Model("jetson-nano-2gb", 0.9, 5.5, f"{NANO}; the 2 GB board has the same processor", r"jetson nano 2gb"),
    Model("jetson-nano-4gb", 0.9, 5.5, NANO, r"jetson[ -]nano\b"),
    Model("raspberry-pi-3-plus", 1.9, 5.1, PIDRAMBLE, r"raspberry pi 3 model b plus"),
    Model("raspberry-pi-3", 1.4, 3.7, PIDRAMBLE, r"raspberry pi 3 model b"),
    Model("raspberry-pi-4", 2.7, 6.4, PIDRAMBLE, r"raspberry pi 4 model b"),
)


def model_for(*texts: str) -> Optional[Model]:
    """The model of a board, by its id among these texts or by what it calls itself."""
    said = "\n".join(texts).lower()
    return next((model for model in MODELS if model.board in texts or re.search(model.marks, said)), None)


def estimate(model: Model, busy: float) -> float:
    """W at a share 0 … 1 of busy processors: idle + (full − idle) · busy."""
    return model.idle + (model.full - model.idle) * min(max(busy, 0.0), 1.0)


def utilisation(before: List[int], now: List[int]) -> Optional[float]:
    """The share of busy processor time between two looks at the clock ticks of proc/stat; None if none went by.

    Ticks: user, nice, system, idle, iowait, irq, softirq, steal.
    """
    passed = [b - a for a, b in zip(before, now)]
    # iowait may fall on some kernels
    total = sum(max(ticks, 0) for ticks in passed)
    idle = sum(max(ticks, 0) for ticks in passed[3:5])
    return (total - idle) / total if len(passed) >= 4 and total > 0 else None


# W of one busy core, for machines of which nothing better is known, by what the kernel calls their instructions.
# x86: thermal design power by core, 15 W for 4 of an i7-8650U and 360 W for 96 of an EPYC 9654. Arm: full load less
# idle, by core, of the Raspberry Pi 4 and the Jetson Nano above
CORES = ((r"x86_64|amd64|i[3-6]86", 3.75, "x86 core, TDP by core"), (r"aarch64|armv[78].*", 1.0, "Arm core"))


def per_core(machine: str) -> Tuple[Optional[float], str]:
    """W of one busy core and no more of the machine, and how that was estimated; None for other instruction sets."""
    for marks, watts, source in CORES:
        if re.match(marks, machine):
            return watts, f"estimated: {watts:g} W of one busy {source}, the rest of the machine left out"
    return None, f"estimated: nothing, no figure for a core of {machine!r} is known"


class EstimateSource(PowerSource):
    """The model of a board, fed with how busy its processors are: energy grows with the clock, as told by proc/stat."""

    kind, rate, counts = "estimate", 10.0, True

    def __init__(self, tree: Tree, model: Model, clock: Callable[[], float] = time.monotonic) -> None:
        self.tree, self.model, self.clock = tree, model, clock
        self.method = f"estimated: {model.board}, {model.idle:g} to {model.full:g} W by CPU use ({model.source})"
        self._ticks, self._time = self._look(), clock()
        self._sum = 0.0
        self._watts: Optional[float] = None

    def joules(self) -> Optional[float]:
        """J since the first look, up to the last one at which clock ticks had gone by."""
        ticks, now = self._look(), self.clock()
        if not ticks:
            return None
        busy = utilisation(self._ticks, ticks)
        if busy is not None:
            self._watts = estimate(self.model, busy)
            self._sum += self._watts * (now - self._time)
        if busy is not None or not self._ticks:
            self._ticks, self._time = ticks, now
        return self._sum

    def read(self) -> Optional[float]:
        """W between the last two looks; None before clock ticks have gone by."""
        return None if self.joules() is None else self._watts

    def _look(self) -> List[int]:
        words = (self.tree.text("proc/stat") or "").split("\n", 1)[0].split()
        if words[:1] != ["cpu"] or not all(_TICKS.match(word) for word in words[1:9]):
            return []
        # guest time is in user time already
        return [int(word) for word in words[1:9]]
