"""Boards that a model can be checked for without being there: `target("nano")`.

Memory sizes and clocks are those of the makers' data sheets. What a core of them takes for a step is known only where
instructions have been counted: for the A57 and the A53, statically, by LLVM's models of these cores.
"""

from typing import Dict, NamedTuple, Optional, Tuple

from .. import checks
from .catalogue import MODELS, SOCS

__all__ = ["SYSTEM_BYTES", "TARGETS", "Core", "Target", "core_of", "target"]

MIB = 1 << 20
# what a Linux without a desktop and its services leave to nobody else; an estimate
SYSTEM_BYTES = 256 * MIB


class Core(NamedTuple):
    """Cycles of a core, least and most: of a step of 16 LIF neurons without and with synaptic currents, and of 4
    synaptic events whose weights lie in the cache. source: where that comes from."""

    delta: Tuple[float, float]
    current: Tuple[float, float]
    events: Tuple[float, float]
    source: str


class Target(NamedTuple):
    """A board by a short name. model: in the catalogue; memory: bytes, of the smallest that is sold; sizes: other ones,
    in words; ghz: of its cores in their fastest stock mode; cores: of CUDA."""

    name: str
    model: str
    memory: int
    sizes: str
    ghz: float

    @property
    def title(self) -> str:
        return MODELS[self.model].name

    @property
    def cpu(self) -> str:
        return SOCS[MODELS[self.model].soc or ""].cpu

    @property
    def cuda(self) -> bool:
        """Whether it has a GPU that CUDA can use."""
        return SOCS[MODELS[self.model].soc or ""].arch is not None


_COUNTED = "instructions of its NEON code counted by llvm-mca, never timed on the board"
CORES: Dict[str, Core] = {
    "ARM Cortex-A57": Core((24.0, 30.0), (36.0, 45.0), (11.0, 11.0), _COUNTED),
    "ARM Cortex-A53": Core((50.0, 60.0), (50.0, 60.0), (48.0, 48.0), _COUNTED),
}

TARGETS: Dict[str, Target] = {
    t.name: t
    for t in (
        Target("nano", "jetson-nano-4gb", 4096 * MIB, "", 1.479),
        Target("nano-2gb", "jetson-nano-2gb", 2048 * MIB, "", 1.479),
        Target("tx2", "jetson-tx2", 4096 * MIB, "also 8 GB", 2.0),
        Target("xavier-nx", "jetson-xavier-nx", 8192 * MIB, "also 16 GB", 1.9),
        Target("orin-nano", "jetson-orin-nano", 4096 * MIB, "also 8 GB", 1.5),
        Target("pi3", "raspberry-pi-3", 1024 * MIB, "", 1.2),
        Target("pi4", "raspberry-pi-4", 1024 * MIB, "also 2, 4 and 8 GB", 1.5),
        Target("pi5", "raspberry-pi-5", 2048 * MIB, "also 4, 8 and 16 GB", 2.4),
        Target("zero2w", "raspberry-pi-zero-2", 512 * MIB, "", 1.0),
    )
}


def target(name: str) -> Target:
    """The board of that short name; UnknownNameError lists those that there are."""
    return TARGETS[checks.known("board", name, ["here", *TARGETS])]


def core_of(board: Target) -> Optional[Core]:
    """What is known of its cores' speed; None where nothing is."""
    return CORES.get(board.cpu)
