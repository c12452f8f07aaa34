"""Energy counters of x86 processors (RAPL), as Linux offers them under sys/class/powercap.

Each package has a zone with `energy_uj` (µJ), which starts again at zero at `max_energy_range_uj`. Subzones (core,
uncore, dram) are parts of it or beside it, and psys contains it: none of them is added. Since kernel 5.10 only root may
read `energy_uj`.
"""

import re
import time
from typing import Callable, List, NamedTuple, Optional

from .files import Tree
from .source import WATTS, PowerSource, Rail

__all__ = ["POWERCAP", "RAPL_CURE", "RaplSource", "Zone", "rapl_denied", "rapl_source", "unwrapped", "zones"]

POWERCAP = "sys/class/powercap"
RAPL_CURE = (
    "let your user read it: sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj (until the next start), or for "
    'good a udev rule: SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chmod a+r /sys%p/energy_uj"'
)

# beyond any counter: 64 bits of µJ
MOST = 2.0**64
# between two looks of a single reading
PAUSE = 0.05
_TOP = re.compile(r"intel-rapl:[^:/]+\Z")


class Zone(NamedTuple):
    """One package. path: its folder; range: J at which its counter starts again."""

    name: str
    path: str
    range: float

    def look(self, tree: Tree) -> Optional[float]:
        """The counter in J."""
        return tree.number(f"{self.path}/energy_uj", 0, self.range, 1e-6)


def zones(tree: Tree) -> List[Zone]:
    """The packages of a board, each once: a zone whose counter equals another's to the digit is the same counter."""
    found: List[Zone] = []
    for name in tree.names(POWERCAP):
        label = tree.text(f"{POWERCAP}/{name}/name") if _TOP.match(name) else None
        if label is None or not label.startswith("package-"):
            continue
        span = tree.number(f"{POWERCAP}/{name}/max_energy_range_uj", 1e-6, MOST * 1e-6, 1e-6)
        if span is not None:
            found.append(Zone(label, f"{POWERCAP}/{name}", span))
    # counters go on between two looks, so equal once of three is equal
    looks = [[zone.look(tree) for zone in found] for _ in range(3)] if len(found) > 1 else []
    twins = {
        b
        for look in looks
        for b in range(len(found))
        if look[b] is not None and any(look[a] == look[b] for a in range(b))
    }
    return [zone for index, zone in enumerate(found) if index not in twins]


def rapl_denied(tree: Tree) -> bool:
    """Whether a package is there whose counter may not be read. To be asked after a look at it."""
    return any(s.path.startswith(POWERCAP) and s.reason == "permission denied" for s in tree.skipped)


def unwrapped(before: float, now: float, span: float) -> float:
    """How far a counter went that starts again at `span`."""
    return now - before if now >= before else now - before + span


class RaplSource(PowerSource):
    """The sum of all packages: the processors, not the board."""

    kind, counts, whole = "rapl", True, False

    def __init__(self, tree: Tree, members: List[Zone], sleep: Callable[[float], None] = time.sleep) -> None:
        self.tree, self.members, self.sleep = tree, members, sleep
        names = "+".join(zone.name for zone in members)
        self.method = f"measured: rapl {names} (CPU package{'s' if len(members) > 1 else ''} only)"
        # a counter that went around unseen would lose a whole range
        self.range = min(zone.range for zone in members) / WATTS[1]
        self._last: List[Optional[float]] = [None] * len(members)
        self._sum = 0.0

    def joules(self) -> Optional[float]:
        """J since the first look; None unless every package tells its counter."""
        looks = [zone.look(self.tree) for zone in self.members]
        told = [look for look in looks if look is not None]
        if len(told) < len(looks):
            return None
        for index, (zone, now) in enumerate(zip(self.members, told)):
            before = self._last[index]
            self._sum += 0.0 if before is None else unwrapped(before, now, zone.range)
            self._last[index] = now
        return self._sum

    def read(self) -> Optional[float]:
        """W over 50 ms; None if the counter does not move, as in many virtual machines."""
        first, start = self.joules(), time.perf_counter()
        self.sleep(PAUSE)
        last, end = self.joules(), time.perf_counter()
        if first is None or last is None or last <= first or end <= start:
            return None
        watts = (last - first) / (end - start)
        return watts if watts <= WATTS[1] else None

    def rails(self) -> List[Rail]:
        """One for each package, without watts: a single look at a counter tells none."""
        return [Rail(zone.name, None, None, None, "rapl") for zone in self.members]


def rapl_source(tree: Tree) -> Optional[RaplSource]:
    """The counters of this board that may be read; None where there are none."""
    members = zones(tree)
    if not members or any(zone.look(tree) is None for zone in members):
        return None
    return RaplSource(tree, members)
