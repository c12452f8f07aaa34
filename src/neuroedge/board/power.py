"""What a board draws now, by the best sensor that may be read: never a sum of a total and its parts, never a guess.

In this order: the board's input (INA3221, INA238), the rails of a Raspberry Pi 5, a battery board, a battery while it
discharges, and the counters of x86 packages, which see the processor only.
"""

from typing import List, NamedTuple, Optional, Tuple, Union

from ..errors import MissingExtraError
from .battery import battery_source
from .commands import Answer, Runner, runner_for
from .files import Tree
from .ina219 import Ina219, UpsSource, ups_of
from .pmic import PMIC_COMMAND, PMIC_CURE, pmic_denied, pmic_expected, pmic_source
from .rails import channels, measure, rail_source
from .rapl import POWERCAP, RAPL_CURE, rapl_denied, rapl_source
from .source import PowerSource, Rail

__all__ = ["Power", "PowerSource", "Rail", "power", "refusals", "sources"]

I2C = "add your user to its group, and log in again: sudo usermod -aG i2c $USER"


class Power(NamedTuple):
    """watts: what the board draws, or the part of it that `method` names; both None without a reading.

    method: "measured: …"; rails: every line that is measured, parts of the total among them.
    """

    watts: Optional[float]
    method: Optional[str]
    rails: List[Rail]


def sources(tree: Tree, runner: Optional[Runner] = None, ups: Union[str, Ina219, None] = None) -> List[PowerSource]:
    """What can tell now what this board draws, the best first.

    ups: a battery board such as `ina219@1:0x42,shunt=0.1` (default: NEUROEDGE_UPS). Without its shunt it tells no
    current, and is none of these.
    """
    board = ups_of(tree, ups)
    found: List[Optional[PowerSource]] = [
        rail_source(tree),
        pmic_source(tree, runner_for(tree, runner)),
        UpsSource(board) if board is not None and board.shunt is not None else None,
        battery_source(tree),
        rapl_source(tree),
    ]
    return [source for source in found if source is not None]


def power(tree: Tree, runner: Optional[Runner] = None, ups: Union[str, Ina219, None] = None) -> Power:
    """What this board draws now. A look at counters takes 50 ms."""
    whole = rail_source(tree)
    lines = [measure(tree, channel) for channel in channels(tree)] if whole is None else whole.rails()
    for source in sources(tree, runner, ups):
        watts = source.read()
        if watts is not None:
            return Power(watts, source.method, lines + [rail for rail in source.rails() if rail not in lines])
    return Power(None, None, lines)


def refusals(
    tree: Tree, runner: Optional[Runner] = None, ups: Union[str, Ina219, None] = None
) -> List[Tuple[str, str]]:
    """Sensors that are there but may not be read, each with its cure."""
    found = []
    rapl_source(tree)
    if rapl_denied(tree):
        found.append((f"/{POWERCAP}/intel-rapl:*/energy_uj is for root only", RAPL_CURE))
    if pmic_denied(_asked(tree, runner_for(tree, runner))):
        found.append(("vcgencmd may not ask the firmware", PMIC_CURE))
    board = ups_of(tree, ups)
    if board is not None:
        found += _ups(board)
    return found


def _asked(tree: Tree, runner: Runner) -> Optional[Answer]:
    return runner.run(PMIC_COMMAND, timeout=2.0) if pmic_expected(tree) else None


def _ups(board: Ina219) -> List[Tuple[str, str]]:
    try:
        if board.read() is not None or board.fault is None:
            return []
    except MissingExtraError as error:
        return [(f"{board.name} needs smbus2", str(error).split(": ", 1)[1])]
    return [(f"{board.name}: {(board.fault.strerror or str(board.fault)).lower()}", _i2c(board))]


def _i2c(board: Ina219) -> str:
    if isinstance(board.fault, PermissionError):
        return I2C
    if isinstance(board.fault, FileNotFoundError):
        return f"there is no /dev/i2c-{board.bus}: switch the bus on, or name another (NEUROEDGE_UPS=ina219@BUS:0x42)"
    return f"look at wiring and address, with: i2cdetect -y {board.bus}"
