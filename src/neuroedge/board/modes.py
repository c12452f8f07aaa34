"""Power modes of a board: NVIDIA's where it has them, else the kernel's CPU governors."""

from typing import List, NamedTuple, Optional, Sequence, Tuple

from .budgets import PORTABLE, PowerMode, pick_budget, pick_governor
from .commands import Runner, runner_for
from .files import Tree
from .governors import governors, set_governor
from .nvpmodel import nvpmodes, switch
from .rights import Outcome, elsewhere

__all__ = ["PORTABLE", "Change", "Modes", "PowerMode", "modes"]


class Change(NamedTuple):
    """What became of setting a mode.

    done: whether it is on now; mode: which one was meant, None if none could be; note: said where it is another than
    was named; reason and cure: of what could not be done.
    """

    done: bool
    mode: Optional[PowerMode]
    note: Optional[str] = None
    reason: Optional[str] = None
    cure: Optional[str] = None


class Modes:
    """The power modes of one board. kind: nvpmodel, or cpufreq for the kernel's governors."""

    def __init__(self, kind: str, known: Sequence[PowerMode], tree: Tree, runner: Optional[Runner]) -> None:
        self.kind = kind
        self.list: List[PowerMode] = list(known)
        self._tree, self._runner = tree, runner

    def __repr__(self) -> str:
        return f"Modes({self.kind!r}, {self.names}, current={self.current and self.current.name!r})"

    @property
    def names(self) -> List[str]:
        """The names of all modes, in the board's order."""
        return [mode.name for mode in self.list]

    @property
    def current(self) -> Optional[PowerMode]:
        """The mode that is on; None where that cannot be read, or where cores differ."""
        return next((mode for mode in self.list if mode.current), None)

    def pick(self, name: str) -> Tuple[Optional[PowerMode], Optional[str]]:
        """(the mode that a name means, what to say where it is another than was named).

        "MAXN", "10W" and "5W" are understood on every board; (None, why) where none of its modes can stand for them.
        An unknown name raises UnknownNameError with the list.
        """
        return (pick_budget if self.kind == "nvpmodel" else pick_governor)(name, self.list)

    def set(self, name: str) -> Change:
        """Set the mode that a name means. Nothing is executed or written for another root without its own runner."""
        mode, note = self.pick(name)
        if mode is None:
            return Change(False, None, None, note)
        done, reason, cure = self._set(mode)
        if done:
            self.list = [m._replace(current=m == mode) for m in self.list]
            mode = mode._replace(current=True)
        return Change(done, mode, note, reason, cure)

    def _set(self, mode: PowerMode) -> Outcome:
        # governors are files, so a runner alone cannot set them
        away = elsewhere(self._tree, None if self.kind == "cpufreq" else self._runner)
        if away is not None:
            return away
        if self.kind == "cpufreq":
            return set_governor(self._tree, mode.name)
        return switch(self._tree, runner_for(self._tree, self._runner), mode)


def modes(tree: Tree, runner: Optional[Runner] = None) -> Optional[Modes]:
    """The power modes of the board under a root; None where it has none that can be read."""
    found = nvpmodes(tree, runner_for(tree, runner))
    if found:
        return Modes("nvpmodel", found, tree, runner)
    found = governors(tree)
    return Modes("cpufreq", found, tree, runner) if found else None
