"""Power modes by name and by budget: which mode of a board is meant by a name that all boards understand."""

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from ..errors import ArgumentTypeError, UnknownNameError, shown

__all__ = ["PORTABLE", "PowerMode", "budget_of", "pick_budget", "pick_governor"]

# names that are understood on every board
PORTABLE = ("MAXN", "10W", "5W")

# a budget in a mode's name: 10W, MODE_20W_6CORE, 7W_AI
_WATTS = re.compile(r"(?:^|[_ -])([0-9]{1,3}(?:\.[0-9])?)W(?=$|[_ -])", re.IGNORECASE)
# budgets that the names of a Jetson TX2 do not tell: NVIDIA's guide, "Supported Modes and Power Efficiency"
_TX2 = {"MAXQ": 7.5, "MAXP": 15.0}
# governors for each portable name, the best first
_GOVERNORS = {
    "MAXN": ("performance", "schedutil", "ondemand", "conservative"),
    "10W": ("schedutil", "ondemand", "conservative", "powersave"),
    "5W": ("powersave", "conservative", "schedutil", "ondemand"),
}


class PowerMode(NamedTuple):
    """id: of nvpmodel; watts: its budget; cores: online in it; current: whether it is on. None is unknown."""

    name: str
    id: Optional[int] = None
    watts: Optional[float] = None
    cores: Optional[int] = None
    current: bool = False


def budget_of(name: str, nano: bool = False) -> Optional[float]:
    """The budget that a mode's name tells, W; None if it tells none. nano: there MAXN is the budget of 10 W."""
    found = _WATTS.search(name)
    if found:
        return float(found.group(1))
    if nano and name.upper() == "MAXN":
        return 10.0
    return next((watts for start, watts in _TX2.items() if re.match(rf"{start}(_|$)", name.upper())), None)


def pick_budget(name: str, modes: Sequence[PowerMode]) -> Tuple[Optional[PowerMode], Optional[str]]:
    """(the mode that a name means, what to say where it is another than was named).

    A mode of that name, whatever its case and with or without MODE_; else, for the three portable names, the one of
    the nearest budget, of more cores where two are as near. (None, why) where the board's budgets are not known.
    """
    mode, plain = _named(name, modes)
    if mode is not None:
        return mode, None
    if plain == "MAXN":
        mode = next((m for m in modes if m.name.upper().startswith("MAXN")), None)
        mode = mode or max((m for m in modes if m.watts is not None), key=_size, default=None)
        return _chosen(plain, mode, modes, "it is the largest")
    wanted = float(plain[:-1])
    known = [m for m in modes if m.watts is not None]
    mode = min(known, key=lambda m: (abs((m.watts or 0.0) - wanted), -(m.cores or 0)), default=None)
    return _chosen(plain, mode, modes, _why(mode, wanted))


def pick_governor(name: str, modes: Sequence[PowerMode]) -> Tuple[Optional[PowerMode], Optional[str]]:
    """(the governor that a name means, what to say where it is another than was named); (None, why) without one."""
    mode, plain = _named(name, modes)
    if mode is not None:
        return mode, None
    by_name = {m.name: m for m in modes}
    mode = next((by_name[g] for g in _GOVERNORS[plain] if g in by_name), None)
    if mode is None:
        return None, f"none of this machine's governors ({_listed(modes)}) stands for {plain!r}"
    return mode, f"this machine has no power budgets: for {plain!r} its governor {mode.name!r} is taken"


def _named(name: str, modes: Sequence[PowerMode]) -> Tuple[Optional[PowerMode], str]:
    """(the mode of that name, or None; the portable name in its usual form)."""
    if not isinstance(name, str):
        raise ArgumentTypeError(f"power mode: name must be a text (got {shown(name)})")
    for form in (str.upper, _plain):
        same = [m for m in modes if form(m.name) == form(name)]
        if same:
            return same[0], ""
    if _plain(name) not in PORTABLE:
        raise UnknownNameError("power mode", name, dict.fromkeys([*(m.name for m in modes), *PORTABLE]))
    return None, _plain(name)


def _plain(name: str) -> str:
    text = re.sub(r"[ -]", "_", name.strip().upper())
    return text[5:] if text.startswith("MODE_") else text


def _why(mode: Optional[PowerMode], wanted: float) -> str:
    if mode is None or mode.watts is None:
        return ""
    return f"its budget is {wanted:g} W" if mode.watts == wanted else f"its budget of {mode.watts:g} W is the nearest"


def _size(mode: PowerMode) -> Tuple[float, int]:
    return mode.watts or 0.0, mode.cores or 0


def _chosen(
    name: str, mode: Optional[PowerMode], modes: Sequence[PowerMode], why: str
) -> Tuple[Optional[PowerMode], str]:
    if mode is None:
        return None, f"this board has no mode {name!r}, and the budgets of its modes ({_listed(modes)}) are not known"
    return mode, f"this board has no mode {name!r}: {mode.name!r} is taken, since {why}"


def _listed(modes: Sequence[PowerMode]) -> str:
    names: List[str] = [m.name for m in modes]
    return ", ".join(names)
