"""What tells how much a board draws: a rail, a source of power or of energy, and what is physically possible."""

from typing import List, NamedTuple, Optional, Tuple

__all__ = ["AMPERES", "LEVEL", "VOLTS", "WATTS", "PowerSource", "Rail", "amperes", "product"]

# what a board, a rail or a battery of ours can have; anything else is garbage
WATTS: Tuple[float, float] = (0.0, 1000.0)
VOLTS: Tuple[float, float] = (0.0, 60.0)
AMPERES: Tuple[float, float] = (0.0, 100.0)
LEVEL: Tuple[float, float] = (0.0, 100.0)

# amplifiers have an offset: a rail that is off may read a little below zero, which is zero
OFFSET = 0.1


class Rail(NamedTuple):
    """One supply line. watts, volts (V) and amperes (A): None where not told; total: the board's whole input."""

    name: str
    watts: Optional[float]
    volts: Optional[float]
    amperes: Optional[float]
    chip: str
    total: bool = False


class PowerSource:
    """Something that tells what a board, or the part of it that `method` names, draws.

    method: "measured: …" or "estimated: …"; kind: ina3221, ina238, pmic, ina219, battery, rapl or estimate;
    rate: reads per second at most; counts: it counts joules, and `joules` is to be preferred over `read`;
    range: the longest time in s between two looks at such a counter; whole: it sees all that the board draws.
    """

    method = ""
    kind = ""
    rate = 50.0
    counts = False
    whole = True
    range = 60.0

    def read(self) -> Optional[float]:
        """What is drawn now, in W; None without a reading."""
        return None

    def joules(self) -> Optional[float]:
        """What has been drawn since the first look, in J, growing only; None without a reading or a counter."""
        return None

    def rails(self) -> List[Rail]:
        """Its supply lines, as far as it knows any."""
        return []


def amperes(value: Optional[float]) -> Optional[float]:
    """A current in A, without the small negative offset of an amplifier; None if it is not possible."""
    if value is None or not -OFFSET <= value <= AMPERES[1]:
        return None
    return max(value, 0.0)


def product(volts: Optional[float], current: Optional[float]) -> Optional[float]:
    """Volts times amperes, in W; None where either is missing or no board draws that much."""
    if volts is None or current is None:
        return None
    watts = volts * current
    return watts if WATTS[0] <= watts <= WATTS[1] else None
