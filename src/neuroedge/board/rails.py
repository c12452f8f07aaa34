"""Supply lines that Linux measures: INA3221 of Jetson boards in both layouts of its driver, INA238, INA219 and INA226.

JetPack 4 (kernel 4.9): `iio:deviceN/rail_name_k`, `in_power{k}_input` (mW), `in_voltage{k}_input` (mV) and
`in_current{k}_input` (mA). JetPack 5 and later, and mainline: `hwmonN/in{k}_label`, `in{k}_input` (mV) and
`curr{k}_input` (mA), without power. The same chip is reached on several paths, and is counted once.
"""

import os
import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from .files import Tree
from .source import VOLTS, WATTS, PowerSource, Rail, amperes, product

__all__ = ["Channel", "RailSource", "channels", "measure", "rail_source"]

# rails that are the board's whole input by themselves: Nano and TX1, all others
WHOLE = ("POM_5V_IN", "VDD_IN")
# and those that are only together, every one of them: AGX Orin (jetson_stats#344), AGX Xavier
TOGETHER = (
    ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"),
    ("GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"),
)
# the carrier board's input on Thor (jetson_stats#900)
INPUT = ("ina238", "VIN")

# chips of one channel, whose driver multiplies itself: power1_input in µW
SINGLE = ("ina209", "ina219", "ina220", "ina226", "ina230", "ina231", "ina237", "ina238", "ina2xx")
I2C = "sys/bus/i2c"
_ADDRESS = re.compile(r"[0-9]+-[0-9a-f]{4}\Z")
_UNUSED = ("NC", "SUM OF SHUNT VOLTAGES")


class Channel(NamedTuple):
    """One measured line and its files. power: its file and unit in W; volts and current in mV and mA."""

    name: str
    chip: str
    power: Optional[Tuple[str, float]]
    volts: str
    current: str


def channels(tree: Tree) -> List[Channel]:
    """All measured lines of a board, by chip and channel."""
    found: List[Channel] = []
    done = set()
    for folder in _folders(tree):
        place = os.path.realpath(os.path.join(str(tree.root), folder))
        if place not in done:
            done.add(place)
            found += _iio(tree, folder, _chip(place)) or _hwmon(tree, folder, _chip(place))
    # a tree that was copied without its links holds one chip in several places
    unique: Dict[Tuple[str, str], Channel] = {}
    for channel in found:
        folder, name = channel.volts.rsplit("/", 1)
        leaf = folder.rsplit("/", 1)[1]
        # the kernel gives each number once; folders without one are told apart by their chip
        unique.setdefault((leaf if leaf[-1].isdigit() else channel.chip, name), channel)
    return sorted(unique.values(), key=lambda channel: (channel.chip, channel.volts.rsplit("/", 1)[1]))


def measure(tree: Tree, channel: Channel, total: bool = False) -> Rail:
    """A line as it is now."""
    volts = tree.number(channel.volts, VOLTS[0], VOLTS[1], 0.001)
    current = amperes(tree.number(channel.current, -100.0, 100.0, 0.001))
    watts = _power(tree, channel)
    return Rail(channel.name, product(volts, current) if watts is None else watts, volts, current, channel.chip, total)


def _power(tree: Tree, channel: Channel) -> Optional[float]:
    if channel.power is None:
        return None
    path, unit = channel.power
    return tree.number(path, WATTS[0], WATTS[1], unit)


def _watts(tree: Tree, channel: Channel) -> Optional[float]:
    # for a sampler: no more files are read than are needed
    watts = _power(tree, channel)
    return measure(tree, channel).watts if watts is None else watts


class RailSource(PowerSource):
    """The lines that make up a board's whole input."""

    def __init__(self, tree: Tree, members: Sequence[Channel], kind: str) -> None:
        self.tree, self.members, self.kind = tree, list(members), kind
        self.method = f"measured: {kind} {' + '.join(member.name for member in members)}"

    def read(self) -> Optional[float]:
        """The sum of its lines in W; None if any of them tells nothing, or if all say 0, as no board that runs does."""
        total = 0.0
        for member in self.members:
            watts = _watts(self.tree, member)
            if watts is None:
                return None
            total += watts
        return total if 0.0 < total <= WATTS[1] else None

    def rails(self) -> List[Rail]:
        """Every line of the board; total only where one line is all of the input."""
        alone = self.members[0] if len(self.members) == 1 else None
        return [measure(self.tree, channel, channel == alone) for channel in channels(self.tree)]


def rail_source(tree: Tree) -> Optional[RailSource]:
    """What measures the board's whole input; None where only parts of it are measured."""
    named: Dict[str, Channel] = {}
    for channel in channels(tree):
        named.setdefault(channel.name.upper(), channel)
    for name in WHOLE:
        if name in named:
            return RailSource(tree, [named[name]], "ina3221")
    for names in TOGETHER:
        if all(name in named for name in names):
            return RailSource(tree, [named[name] for name in names], "ina3221")
    source = named.get(INPUT[1])
    if source is not None and source.chip.startswith(INPUT[0]):
        return RailSource(tree, [source], INPUT[0])
    return None


def _folders(tree: Tree) -> List[str]:
    """Every folder that may hold the files of a chip, the ones that name their chip first."""
    chips = []
    for driver in ("ina3221x", "ina3221"):
        base = f"{I2C}/drivers/{driver}"
        chips += [f"{base}/{name}" for name in tree.names(base) if _ADDRESS.match(name)]
    for name in tree.names(f"{I2C}/devices"):
        if _ADDRESS.match(name) and "ina" in (tree.text(f"{I2C}/devices/{name}/name") or ""):
            chips.append(f"{I2C}/devices/{name}")
    folders = []
    for chip in chips:
        folders += [f"{chip}/{name}" for name in tree.names(chip) if name.startswith(("iio:device", "iio_device"))]
        folders += [f"{chip}/hwmon/{name}" for name in tree.names(f"{chip}/hwmon")]
    for base in ("sys/bus/iio/devices", "sys/class/hwmon"):
        folders += [f"{base}/{name}" for name in tree.names(base)]
    return folders


def _chip(place: str) -> str:
    """The chip's address on its bus, as in 6-0040; without one, the folder's own name."""
    parts = place.split(os.sep)
    return next((part for part in reversed(parts) if _ADDRESS.match(part)), parts[-1])


def _iio(tree: Tree, folder: str, chip: str) -> List[Channel]:
    found = []
    for k in range(3):
        name = tree.text(f"{folder}/rail_name_{k}")
        if name is not None and _used(name):
            power = (f"{folder}/in_power{k}_input", 0.001)
            volts, current = f"{folder}/in_voltage{k}_input", f"{folder}/in_current{k}_input"
            found.append(Channel(name, f"ina3221 {chip}", power, volts, current))
    return found


def _hwmon(tree: Tree, folder: str, chip: str) -> List[Channel]:
    kind = tree.text(f"{folder}/name") or ("ina3221" if "/drivers/ina3221" in folder else "")
    if kind in SINGLE:
        label = tree.text(f"{folder}/in1_label") or (INPUT[1] if _thor(tree, kind) else f"{kind} {chip}")
        power = (f"{folder}/power1_input", 1e-6)
        return [Channel(label, f"{kind} {chip}", power, f"{folder}/in1_input", f"{folder}/curr1_input")]
    if "ina3221" not in kind:
        return []
    found = []
    # 4 to 6 are voltages over the shunts, 7 is their sum
    for k in range(1, 4):
        name = tree.text(f"{folder}/in{k}_label")
        if name is not None and _used(name):
            volts, current = f"{folder}/in{k}_input", f"{folder}/curr{k}_input"
            found.append(Channel(name, f"ina3221 {chip}", None, volts, current))
    return found


def _used(name: str) -> bool:
    return name.upper() not in _UNUSED


def _thor(tree: Tree, kind: str) -> bool:
    """Whether that chip measures the input of a Thor carrier, whose driver gives the line no name."""
    return kind == INPUT[0] and any("tegra264" in entry for entry in tree.entries("proc/device-tree/compatible"))
