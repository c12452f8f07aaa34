"""What a board tells, as texts for people and as objects for machines."""

from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..board.battery import Battery
from ..board.files import Skipped
from ..board.modes import Modes, PowerMode
from ..board.power import Power
from ..board.thermal import Flags, Throttled, Zone

__all__ = [
    "battery_json",
    "battery_text",
    "mode_json",
    "mode_text",
    "modes_json",
    "number",
    "power_json",
    "power_text",
    "skipped_rows",
    "throttled_json",
    "throttled_text",
    "zone_json",
    "zone_text",
]

# files of no use that a table names; --json has all
_NAMED = 3
# what holds a board back
_FLAGS = {
    "undervoltage": "undervoltage",
    "capped": "capped clocks",
    "throttled": "lowered clocks",
    "soft_limit": "soft temperature limit",
}


def number(value: Optional[float], digits: int = 0, unit: str = "") -> str:
    """A number with its unit, or `unknown`."""
    return "unknown" if value is None else f"{value:,.{digits}f}{unit}"


def zone_text(zone: Optional[Zone]) -> str:
    """How hot, and where."""
    return "not told" if zone is None else f"{number(zone.temperature, 1)} °C ({zone.name})"


def zone_json(zone: Optional[Zone]) -> Dict[str, Any]:
    """The same for machines."""
    return {"temperature_c": zone.temperature if zone else None, "temperature_zone": zone.name if zone else None}


def power_text(power: Power) -> str:
    """How much is drawn, and who says so."""
    return "not measured" if power.watts is None else f"{power.watts:.2f} W ({power.method})"


def power_json(power: Power) -> Dict[str, Any]:
    """The same for machines, with every line that is measured."""
    rails = [
        {"name": r.name, "power_w": r.watts, "voltage_v": r.volts, "current_a": r.amperes, "chip": r.chip}
        for r in power.rails
    ]
    return {"power_w": power.watts, "power_method": power.method, "rails": rails}


def battery_text(battery: Optional[Battery]) -> str:
    """Level and state of a battery."""
    if battery is None:
        return "none found"
    level = "level unknown" if battery.level is None else f"{battery.level:.0f} %"
    watts = None if battery.watts is None else f"{battery.watts:.1f} W"
    parts = [level, battery.status.lower() if battery.status else None, watts]
    return f"{', '.join(part for part in parts if part)} ({battery.name})"


def battery_json(battery: Optional[Battery]) -> Optional[Dict[str, Any]]:
    """The same for machines."""
    if battery is None:
        return None
    return {
        "name": battery.name,
        "level_percent": battery.level,
        "status": battery.status,
        "power_w": battery.watts,
        "voltage_v": battery.volts,
    }


def throttled_text(throttled: Optional[Throttled]) -> str:
    """What holds the board back now, and what has since it was started."""
    if throttled is None:
        return "not told"
    now, ever = _named(throttled.now, True), _named(throttled.since_boot, True)
    free = _named(throttled.now, False)
    text = f"now: {now}" if now else f"no {free} now; no more is told" if free else "now: not told"
    if throttled.now.any is False:
        text = "no"
    return f"{text}; since the start: {ever}" if ever else text


def throttled_json(throttled: Optional[Throttled]) -> Optional[Dict[str, Any]]:
    """The same for machines."""
    if throttled is None:
        return None
    return {
        "now": throttled.now._asdict(),
        "since_boot": throttled.since_boot._asdict(),
        "source": throttled.source,
    }


def _named(flags: Flags, held: bool) -> str:
    return ", ".join(_FLAGS[name] for name, value in flags._asdict().items() if value is held)


def mode_text(mode: PowerMode) -> str:
    """A mode with its budget and its cores, where these are known."""
    watts = None if mode.watts is None or f"{mode.watts:g}W" in mode.name else f"{mode.watts:g} W"
    parts = [part for part in (watts, f"{mode.cores} cores" if mode.cores else None) if part]
    return f"{mode.name} ({', '.join(parts)})" if parts else mode.name


def mode_json(mode: Optional[PowerMode]) -> Optional[Dict[str, Any]]:
    """A mode for machines."""
    if mode is None:
        return None
    return {"name": mode.name, "id": mode.id, "budget_w": mode.watts, "cores": mode.cores, "current": mode.current}


def modes_json(modes: Optional[Modes]) -> Optional[Dict[str, Any]]:
    """All modes for machines."""
    if modes is None:
        return None
    now = modes.current
    return {"kind": modes.kind, "current": now.name if now else None, "modes": [mode_json(m) for m in modes.list]}


def skipped_rows(skipped: Sequence[Skipped]) -> List[Tuple[str, str]]:
    """Rows of files that were there and of no use, with the reason of each."""
    found: List[Tuple[str, str]] = []
    for file in skipped[:_NAMED]:
        times = f", {file.times} times" if file.times > 1 else ""
        found.append(("skipped" if not found else "", f"{file.path}: {file.reason}{times}"))
    more = len(skipped) - _NAMED
    return [*found, ("", f"and {more} more: neuroedge info --json names them")] if more > 0 else found
