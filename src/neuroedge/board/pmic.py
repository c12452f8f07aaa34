"""Power of a Raspberry Pi 5, from the converter chip that feeds it: `vcgencmd pmic_read_adc`.

Twelve rails tell current and voltage; EXT5V and BATT tell a voltage alone and are not counted. Boards up to the Pi 4
have no such chip. The firmware answers about ten times a second (zeus#274).
"""

import re
from typing import Dict, List, Optional

from .commands import Answer, Runner
from .files import Tree
from .source import AMPERES, VOLTS, WATTS, PowerSource, Rail, product

__all__ = ["PMIC_COMMAND", "PMIC_CURE", "PmicSource", "parse", "pmic_denied", "pmic_expected", "pmic_source", "total"]

PMIC_COMMAND = ("vcgencmd", "pmic_read_adc")
PMIC_CURE = "add your user to its group, and log in again: sudo usermod -aG video $USER"

# lines that tell only a voltage
UNCOUNTED = ("EXT5V", "BATT")
_LINE = re.compile(r"([0-9A-Z_]{1,32})_([AV])\s+(current|volt)\([0-9]{1,3}\)=([0-9]{1,4}\.[0-9]{1,12})([AV])\Z")


def parse(text: str) -> List[Rail]:
    """The rails of an answer, in its order, those with a voltage alone too."""
    volts: Dict[str, float] = {}
    amperes: Dict[str, float] = {}
    names: List[str] = []
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if match is None:
            continue
        name, letter, word, digits, unit = match.groups()
        value = float(digits)
        most = AMPERES[1] if unit == "A" else VOLTS[1]
        if letter != unit or (word == "volt") != (unit == "V") or value > most:
            continue
        (amperes if unit == "A" else volts)[name] = value
        names += [] if name in names else [name]
    rails = []
    for name in names:
        watts = product(volts.get(name), amperes.get(name))
        rails.append(Rail(name, watts, volts.get(name), amperes.get(name), "pmic"))
    return rails


def total(rails: List[Rail]) -> Optional[float]:
    """The sum over all rails that count, in W; None for an answer in which one of them is not whole, or all say 0."""
    counted = [rail for rail in rails if rail.name not in UNCOUNTED]
    if not counted or any(rail.watts is None for rail in counted):
        return None
    watts = sum(rail.watts for rail in counted if rail.watts is not None)
    return watts if 0.0 < watts <= WATTS[1] else None


class PmicSource(PowerSource):
    """All rails behind the converter chip. What USB and the header take at 5 V passes it by, and so do its losses."""

    kind, rate = "pmic", 10.0

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.method = "measured: pmic, sum of rails (without USB and header at 5 V)"

    def rails(self) -> List[Rail]:
        """All rails of one answer."""
        answer = self.runner.run(PMIC_COMMAND, timeout=2.0)
        return parse(answer.out) if answer is not None and answer.code == 0 else []

    def read(self) -> Optional[float]:
        """W of one answer."""
        return total(self.rails())


def pmic_source(tree: Tree, runner: Runner) -> Optional[PmicSource]:
    """The converter chip of a Raspberry Pi 5; None on every other board."""
    source = PmicSource(runner)
    return source if pmic_expected(tree) and source.read() is not None else None


def pmic_expected(tree: Tree) -> bool:
    """Whether vcgencmd is worth asking: on a Raspberry Pi."""
    model = tree.text("proc/device-tree/model") or tree.text("sys/firmware/devicetree/base/model") or ""
    return "Raspberry Pi" in model


def pmic_denied(answer: Optional[Answer]) -> bool:
    """Whether vcgencmd says that it may not ask the firmware."""
    text = "" if answer is None or answer.code == 0 else answer.text.lower()
    return "vcio" in text or "vchi" in text or "permission" in text
