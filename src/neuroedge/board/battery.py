"""The battery of a board: what Linux lists under sys/class/power_supply, or a battery board at an I2C bus."""

from typing import Callable, List, NamedTuple, Optional, Tuple, Union

from .files import Tree
from .ina219 import Ina219, ups_of
from .source import AMPERES, LEVEL, VOLTS, WATTS, PowerSource, Rail, product

__all__ = ["Battery", "BatterySource", "batteries", "battery", "battery_source"]

BASE = "sys/class/power_supply"
STATES = ("Charging", "Discharging", "Not charging", "Full")
# Wh or Ah of a battery that a board may have
CAPACITY = (0.0, 100000.0)
MICRO = 1e-6


class Battery(NamedTuple):
    """level: 0–100; status: Charging, Discharging, Not charging or Full; watts: into it or out of it, by status;
    volts (V). None where not told."""

    name: str
    level: Optional[float]
    status: Optional[str]
    watts: Optional[float]
    volts: Optional[float]


class _Told(NamedTuple):
    battery: Battery
    # of what it holds when full: Wh, Ah
    energy: Optional[float]
    charge: Optional[float]


def battery(tree: Tree, ups: Union[str, Ina219, None] = None) -> Optional[Battery]:
    """The board's battery; several as one, their levels weighted by size. None without any.

    ups: a battery board such as `ina219@1:0x42`, which comes first (default: NEUROEDGE_UPS; no bus is searched).
    """
    board = ups_of(tree, ups)
    if board is not None:
        return _ups(tree, board)
    told = _all(tree)
    if len(told) < 2:
        return told[0].battery if told else None
    each = [one.battery for one in told]
    states = [one.status for one in each]
    status = next((state for state in STATES[:2] if state in states), states[0] if len(set(states)) == 1 else None)
    moving = [one.watts for one in each if one.status == status] if status in STATES[:2] else []
    watts = None if not moving or None in moving else sum(w for w in moving if w is not None)
    return Battery("+".join(one.name for one in each), _level(told), status, watts, None)


def batteries(tree: Tree) -> List[Battery]:
    """Each battery that Linux lists, without those of mice and other devices."""
    return [one.battery for one in _all(tree)]


class BatterySource(PowerSource):
    """What the batteries give while the board runs on them alone. Most are asked anew only every few seconds."""

    kind, rate = "battery", 10.0

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        names = "+".join(one.name for one in batteries(tree))
        self.method = f"measured: battery {names} (discharging)"

    def read(self) -> Optional[float]:
        """W out of all batteries; None while one of them is charged, or none discharges."""
        each = batteries(self.tree)
        states = [one.status for one in each]
        if "Discharging" not in states or "Charging" in states:
            return None
        watts = [one.watts for one in each if one.status == "Discharging"]
        total = sum(w for w in watts if w is not None)
        return None if None in watts or not 0.0 < total <= WATTS[1] else total

    def rails(self) -> List[Rail]:
        """One for each battery."""
        return [Rail(one.name, one.watts, one.volts, None, "battery") for one in batteries(self.tree)]


def battery_source(tree: Tree) -> Optional[BatterySource]:
    """The batteries of this board, if they tell now what they give."""
    source = BatterySource(tree)
    return source if source.read() is not None else None


def _ups(tree: Tree, board: Ina219) -> Optional[Battery]:
    reading = board.read()
    if reading is None:
        reason = "no battery is connected" if board.fault is None else str(board.fault.strerror or board.fault)
        tree.skip(f"dev/i2c-{board.bus} {board.address:#04x}", reason.lower())
        return None
    status = None
    if reading.amperes:
        status = "Discharging" if reading.amperes < 0.0 else "Charging"
    return Battery(board.name, reading.level, status, reading.watts, reading.volts)


def _all(tree: Tree) -> List[_Told]:
    return [told for name in tree.names(BASE) for told in [_told(tree, name)] if told is not None]


def _told(tree: Tree, name: str) -> Optional[_Told]:
    path = f"{BASE}/{name}"
    if tree.text(f"{path}/type") != "Battery" or tree.text(f"{path}/scope") == "Device":
        return None
    if tree.text(f"{path}/present") == "0":
        return None

    def number(what: str, span: Tuple[float, float]) -> Optional[float]:
        return tree.number(f"{path}/{what}", span[0], span[1], MICRO)

    volts = number("voltage_now", VOLTS)
    energy, charge = number("energy_full", CAPACITY), number("charge_full", CAPACITY)
    level = tree.number(f"{path}/capacity", LEVEL[0], LEVEL[1])
    if level is None:
        level = _share(number("energy_now", CAPACITY), energy)
    if level is None:
        level = _share(number("charge_now", CAPACITY), charge)
    status = tree.text(f"{path}/status")
    known = status if status in STATES else None
    return _Told(Battery(name, level, known, _watts(number, volts), volts), energy, charge)


def _watts(number: Callable[[str, Tuple[float, float]], Optional[float]], volts: Optional[float]) -> Optional[float]:
    # some drivers give what flows out a minus
    watts = number("power_now", (-WATTS[1], WATTS[1]))
    if watts is not None:
        return abs(watts)
    current = number("current_now", (-AMPERES[1], AMPERES[1]))
    return None if current is None else product(volts, abs(current))


def _share(now: Optional[float], full: Optional[float]) -> Optional[float]:
    # a new battery holds a little more than its gauge has learnt
    if now is None or not full or now > 1.2 * full:
        return None
    return min(100.0 * now / full, 100.0)


def _level(told: List[_Told]) -> Optional[float]:
    """The level of several: by energy, else by charge, else each alike; of those that tell one."""
    known = [one for one in told if one.battery.level is not None]
    for sizes in ([one.energy for one in known], [one.charge for one in known], [1.0] * len(known)):
        weights = [size for size in sizes if size]
        if known and len(weights) == len(known):
            levels = [one.battery.level or 0.0 for one in known]
            return min(sum(w * v for w, v in zip(weights, levels)) / sum(weights), 100.0)
    return None
