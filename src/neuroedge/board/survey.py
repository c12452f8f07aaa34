"""Everything that a board tells at one moment, for those who show it."""

from typing import List, NamedTuple, Optional, Tuple, Union

from ..errors import MissingExtraError
from .battery import Battery, battery
from .commands import Runner
from .files import Skipped, Tree
from .identify import Board, identify
from .ina219 import Ina219
from .modes import Modes, modes
from .power import Power, power, refusals
from .thermal import Throttled, Zone, hottest, throttled, zones

__all__ = ["Survey", "battery_told", "power_told", "survey"]


class Survey(NamedTuple):
    """What a board tells now; None is what it does not tell.

    zone: the hottest sensor that can be trusted; refused: sensors that may not be read, each with its cure; skipped:
    files that were there and of no use.
    """

    board: Board
    zone: Optional[Zone]
    zones: List[Zone]
    throttled: Optional[Throttled]
    power: Power
    battery: Optional[Battery]
    modes: Optional[Modes]
    refused: List[Tuple[str, str]]
    skipped: List[Skipped]


def battery_told(tree: Tree, ups: Union[str, Ina219, None] = None) -> Optional[Battery]:
    """The board's battery. A report goes on where a battery board lacks its package; `refusals` names that."""
    try:
        return battery(tree, ups)
    except MissingExtraError:
        return None


def power_told(tree: Tree, runner: Optional[Runner] = None, ups: Union[str, Ina219, None] = None) -> Power:
    """What the board draws, likewise."""
    try:
        return power(tree, runner, ups)
    except MissingExtraError:
        # it is asked where nothing of the board itself tells
        return Power(None, None, [])


def survey(tree: Tree, runner: Optional[Runner] = None, ups: Union[str, Ina219, None] = None) -> Survey:
    """Ask the board under a root for all it tells. ups: a battery board, as `power` takes it."""
    found = zones(tree)
    board = identify(tree, runner)
    limits = throttled(tree, runner)
    drawn = power_told(tree, runner, ups)
    return Survey(
        board=board,
        zone=hottest(found),
        zones=found,
        throttled=limits,
        power=drawn,
        battery=battery_told(tree, ups),
        modes=modes(tree, runner),
        # only after the sensors were asked is it known which of them refuse
        refused=refusals(tree, runner, ups),
        skipped=tree.skipped,
    )
