"""How hot a board is, by the names of its sensors and never by their numbers, which move between releases.

Not all that calls itself a temperature is one of the chip: PMIC-Die of a Jetson says 100 °C (or 50 °C) whatever
happens, AO-therm reads 5 … 10 °C above the processor, acpitz is often a constant. So every zone carries how far it can
be trusted, and the hottest is looked for among those on the die.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Set

from .commands import Runner, runner_for
from .files import Tree

__all__ = ["Flags", "Throttled", "Zone", "hottest", "temperature", "throttled", "zone_types", "zones"]

# °C that a board can have; -256 is how drivers say that a sensor is off
COLDEST, WARMEST = -40.0, 150.0
OFF = -256

# the second one is where the links of the first one lead
FOLDERS = ("sys/class/thermal", "sys/devices/virtual/thermal")

# millidegrees follow: JetPack 4 (CPU-therm), JetPack 5 and later (cpu-thermal, cv0-thermal, tj-thermal), mainline (cpu,
# gpu), Raspberry Pi (cpu-thermal, bcm2835_thermal), Rockchip and others (soc-thermal, bigcore0-thermal), Intel
DIE = re.compile(
    r"(x86_pkg_temp|tcpu|bcm2835_thermal|imx_thermal_zone"
    r"|([bm]?cpu|gpu|aux|cv|soc|tj|bigcore|littlecore|package)[0-9]*([-_][0-9a-z]+){0,4}[-_]therm(al)?"
    r"|cpu[0-9]*|gpu[0-9]*|tj)\Z"
)
FAKE = re.compile(r"pmic", re.IGNORECASE)
CHIPS = {"coretemp", "k10temp", "zenpower"}

# where the firmware of a Raspberry Pi says what it does: hexadecimal, without 0x
FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
# cooling devices by which a kernel lowers clocks; their state is 0 while it does not
CLOCKS = re.compile(r"((thermal-)?(cpufreq|devfreq)\b|Processor\Z)")


class Zone(NamedTuple):
    """A sensor. temperature: °C, None where it cannot be read; trust: "die", "other" (of something else, or known to be
    off) or "fake" (a constant)."""

    name: str
    path: str
    temperature: Optional[float]
    trust: str


class Flags(NamedTuple):
    """What holds a board back; None where that cannot be told.

    undervoltage: the supply is too weak; capped: clocks may not rise as high as they could; throttled: they were
    lowered for heat or voltage; soft_limit: the first temperature limit of a Raspberry Pi is reached.
    """

    undervoltage: Optional[bool] = None
    capped: Optional[bool] = None
    throttled: Optional[bool] = None
    soft_limit: Optional[bool] = None

    @property
    def any(self) -> Optional[bool]:
        """Whether any holds; None if none is known to hold and some are unknown."""
        return True if True in self else None if None in self else False


class Throttled(NamedTuple):
    """What holds a board back now, and has since it was started. source: who says so."""

    now: Flags
    since_boot: Flags
    source: str


def zones(tree: Tree) -> List[Zone]:
    """Every sensor of the board, readable or not: thermal zones, then the processor's own of hwmon."""
    found = [_zone(tree, path, kind) for path, kind in _zone_kinds(tree).items()]
    return found + _hwmon(tree, {zone.name.replace("_", "-") for zone in found})


def zone_types(tree: Tree) -> Set[str]:
    """The names of the thermal zones alone."""
    return {kind for kind in _zone_kinds(tree).values() if kind is not None}


def hottest(zones: Sequence[Zone]) -> Optional[Zone]:
    """The hottest zone on the die; where none can be read, the hottest other one; never a fake. None if there is
    none."""
    for trust in ("die", "other"):
        known = [zone for zone in zones if zone.trust == trust and zone.temperature is not None]
        if known:
            # of equals, the one that sorts last, so that the order does not count
            return max(known, key=lambda zone: (zone.temperature, zone.name, zone.path))
    return None


def temperature(tree: Tree) -> Optional[float]:
    """°C of the hottest zone that can be trusted; None where there is none."""
    zone = hottest(zones(tree))
    return None if zone is None else zone.temperature


def _zone_kinds(tree: Tree) -> Dict[str, Optional[str]]:
    """{path: type, None where it cannot be read} of each thermal zone, once."""
    paths: Dict[str, str] = {}
    for folder in FOLDERS:
        for name in tree.names(folder):
            if name.startswith("thermal_zone"):
                paths.setdefault(name, f"{folder}/{name}")
    return {path: tree.text(f"{path}/type") for path in paths.values()}


def _zone(tree: Tree, path: str, kind: Optional[str]) -> Zone:
    if kind is None:
        # nobody knows what it measures
        tree.skip(path, "a thermal zone without a type")
        return Zone(path.rsplit("/", 1)[1], path, None, "other")
    trust = "fake" if FAKE.match(kind) else "die" if DIE.match(kind.lower()) else "other"
    return Zone(kind, path, _degrees(tree, f"{path}/temp"), trust)


def _degrees(tree: Tree, path: str) -> Optional[float]:
    if tree.text(path) == str(OFF):
        tree.skip(path, f"{OFF}: the sensor is off")
        return None
    value = tree.number(path, COLDEST, WARMEST, 0.001)
    return None if value is None else round(value, 3)


def _hwmon(tree: Tree, known: Set[str]) -> List[Zone]:
    """Sensors on the die that hwmon has and the thermal zones have not."""
    found = []
    for monitor in tree.names("sys/class/hwmon"):
        folder = f"sys/class/hwmon/{monitor}"
        chip = tree.text(f"{folder}/name") or ""
        twin = chip.replace("_", "-")
        if chip in CHIPS or (DIE.match(chip.lower()) and twin not in known):
            found += _sensors(tree, folder, chip)
    return found


def _sensors(tree: Tree, folder: str, chip: str) -> List[Zone]:
    names = {f.split("_")[0]: f for f in tree.names(folder) if re.match(r"temp[0-9]+_input\Z", f)}
    labels = {name: tree.text(f"{folder}/{name}_label") for name in names}
    # what AMD calls Tctl may lie up to 27 °C above Tdie: it is there for fans
    control = "Tdie" in labels.values()
    found = []
    for name, file in names.items():
        label = labels[name]
        trust = "other" if control and label == "Tctl" else "die"
        title = f"{chip} {label or name}"
        found.append(Zone(title, f"{folder}/{file}", _degrees(tree, f"{folder}/{file}"), trust))
    return found


def throttled(tree: Tree, runner: Optional[Runner] = None) -> Optional[Throttled]:
    """What holds the board back; None where nobody tells. A Raspberry Pi's firmware knows most (through sysfs or
    `vcgencmd`), its voltage alarm one thing of now; else the kernel's cooling devices and an x86's own counters."""
    return _firmware(tree, runner) or _alarm(tree) or _kernel(tree)


def _firmware(tree: Tree, runner: Optional[Runner]) -> Optional[Throttled]:
    text, source = tree.text(FIRMWARE), "get_throttled"
    if text is None:
        answer = runner_for(tree, runner).run(["vcgencmd", "get_throttled"])
        match = re.match(r"throttled=(\S+)", answer.out) if answer is not None else None
        text, source = match.group(1) if match else None, "vcgencmd get_throttled"
    if text is None:
        return None
    if not re.match(r"(0x)?[0-9a-fA-F]{1,8}\Z", text):
        tree.skip(FIRMWARE if source == "get_throttled" else source, "no hexadecimal number")
        return None
    bits = int(text, 16)
    now, ever = ([bool(bits >> first & 1 << k) for k in range(4)] for first in (0, 16))
    return Throttled(Flags(*now), Flags(*ever), source)


def _alarm(tree: Tree) -> Optional[Throttled]:
    for monitor in tree.names("sys/class/hwmon"):
        folder = f"sys/class/hwmon/{monitor}"
        if tree.text(f"{folder}/name") == "rpi_volt":
            low = tree.number(f"{folder}/in0_lcrit_alarm", 0, 1)
            if low is not None:
                return Throttled(Flags(undervoltage=bool(low)), Flags(), "rpi_volt")
    return None


def _kernel(tree: Tree) -> Optional[Throttled]:
    states, counts = [], []
    for name in tree.names(FOLDERS[0]):
        folder = f"{FOLDERS[0]}/{name}"
        if name.startswith("cooling_device") and CLOCKS.match(tree.text(f"{folder}/type") or ""):
            states.append(tree.number(f"{folder}/cur_state", 0, 1e6))
    for name in tree.names("sys/devices/system/cpu"):
        if re.match(r"cpu[0-9]+\Z", name):
            folder = f"sys/devices/system/cpu/{name}/thermal_throttle"
            counts += [tree.number(f"{folder}/{part}_throttle_count", 0, 1e18) for part in ("core", "package")]
    capped, ever = _one_of(states), _one_of(counts)
    if capped is None and ever is None:
        return None
    return Throttled(Flags(capped=capped), Flags(throttled=ever), "kernel")


def _one_of(numbers: List[Optional[float]]) -> Optional[bool]:
    """Whether one is above 0; None where none is known."""
    known = [number > 0 for number in numbers if number is not None]
    return any(known) if known else None
