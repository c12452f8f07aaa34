"""One policy from temperature, battery, missed deadlines and power to a level of quality.

Each signal filters its readings and keeps a demand of its own (`signals.py`, `load.py`); the level is the lowest that
any of them asks for. Levels fall at once. A signal asks for more only when its value is back by a band, or when what
the work costs is expected to fit; never within `hold` seconds of its last change; and after a raise that failed, not
within hold·2^failures. A reading that is missing leaves the signal's demand as it was, and a signal that was never
read asks for nothing. Clocks that stand still or go back make no time pass.
"""

import math
from collections import deque
from typing import Any, Deque, List, NamedTuple, Optional, Tuple

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from .caps import Caps
from .load import Load, Window
from .signals import Patience, Threshold, usable

__all__ = ["LEVELS", "Change", "Governor", "Limits", "Reading"]

# from the highest
LEVELS = ("high", "medium", "low")

# seconds of the filters: noise of a sensor against how fast boards heat, and batteries drain
_TEMPERATURE_SMOOTH, _BATTERY_SMOOTH = 5.0, 30.0

# °C that a board's sensor can mean
_COLDEST, _HOTTEST = -40.0, 150.0

# seconds over which deadlines and power are judged, and turns and readings that this takes at least
_SPAN, _TURNS, _READINGS = 5.0, 20.0, 3.0

# counts, loads and times beyond this are nonsense
_MOST = 1e15

# changes that are remembered
_CHANGES = 100


class Limits(NamedTuple):
    """What a governor keeps to; None turns a signal off.

    temperature, °C: above it medium, above temperature + temperature_step low; back where temperature_band below that.
    battery, %: below the first medium, below the second low; back at battery_band above; while charging it asks for no
    less. missed: share of deadlines that may be missed; headroom: share of the period that a higher level is expected
    to take at most. power, W: of the budget; power_back: share of it that a higher level is expected to draw at most.
    hold, longest: seconds before a signal asks for more, at least, and at most after failures.
    """

    temperature: Optional[float] = 70.0
    temperature_step: float = 5.0
    temperature_band: float = 5.0
    battery: Optional[Tuple[float, float]] = (50.0, 20.0)
    battery_band: float = 5.0
    missed: Optional[float] = 0.01
    headroom: float = 0.8
    power: Optional[float] = None
    power_back: float = 0.85
    hold: float = 10.0
    longest: float = 300.0


class Reading(NamedTuple):
    """What is known at one moment; None, nan or nonsense where it is not.

    now: s, of a monotonic clock. temperature: °C. battery: %. charging: whether. turns, missed: of a loop, that ended
    since the reading before, and those of them that missed their deadline. busy: share of a period that these turns
    worked, in the mean; above 1 in an overrun. power: W.
    """

    now: float
    temperature: Optional[float] = None
    battery: Optional[float] = None
    charging: Optional[bool] = None
    turns: Optional[int] = None
    missed: Optional[int] = None
    busy: Optional[float] = None
    power: Optional[float] = None


class Change(NamedTuple):
    """When (as the reading said), from which level to which, and why."""

    now: float
    before: str
    after: str
    reason: str


class Governor:
    """`governor.decide(Reading(now, temperature=71.0))` gives the level: "high", "medium" or "low".

    limits: of each signal, see `Limits`. For one thread; what it says of itself may be read from others.
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = _checked(limits)
        self._time, self._last = 0.0, math.nan
        self._level = 0
        self._reason = "nothing asks for less"
        self._changes: Deque[Change] = deque(maxlen=_CHANGES)
        self._temperature, self._battery, self._deadlines, self._power = _signals(limits)
        self._demands: List[int] = []
        self._caps = Caps(self)

    def __repr__(self) -> str:
        return f"Governor({self.level}: {self.reason})"

    @property
    def level(self) -> str:
        """In force since the last decision."""
        return LEVELS[self._level]

    @property
    def reason(self) -> str:
        """What the last change of level was for: the signal and its value."""
        return self._reason

    @property
    def changes(self) -> Tuple[Change, ...]:
        """The last hundred."""
        return tuple(self._changes)

    def decide(self, reading: Reading) -> str:
        """Take a reading, and give the level from now on."""
        if not isinstance(reading, Reading):
            raise ArgumentTypeError(f"Governor: decide takes a Reading(now, temperature=…) (got {shown(reading)})")
        now = self._passed(reading.now)
        if self._temperature is not None:
            self._temperature.read(reading.temperature, now)
        if self._battery is not None:
            self._battery.read(reading.battery, now, held=reading.charging is True)
        if self._deadlines is not None:
            turns = usable(reading.turns, 0.0, _MOST) or 0.0
            missed = usable(reading.missed, 0.0, turns)
            if missed is not None:
                self._deadlines.read(now, self._level, turns, missed, _load(reading.busy))
        if self._power is not None:
            load = _load(reading.power, self.limits.power or 1.0)
            if load is not None:
                self._power.read(now, self._level, 1.0, 0.0, load)
        self._settle(now, reading.now)
        return self.level

    def apply(self, target: Any) -> None:
        """Cap a target at the level (see `Caps`); nothing if it is so already."""
        self._caps.apply(target, self.level)

    def release(self) -> None:
        """Lift all caps that `apply` has set."""
        for target in self._caps.capped():
            self._caps.apply(target, LEVELS[0])

    def _passed(self, now: Any) -> float:
        """Time of our own, which only goes forward."""
        moment = usable(now, -_MOST, _MOST)
        if moment is not None:
            if moment > self._last:
                self._time += moment - self._last
            self._last = moment
        return self._time

    def _settle(self, now: float, said: float) -> None:
        signals = [s for s in (self._temperature, self._battery, self._deadlines, self._power) if s is not None]
        earlier, self._demands = self._demands, [s.demand for s in signals]
        before, after = self._level, max(self._demands, default=0)
        if after == before:
            return
        # who asks for the new level, or on the way up, who asked for the old one until now
        asked = self._demands if after > before else earlier
        self._reason = next(s.why for s, demand in zip(signals, asked) if demand == max(before, after))
        self._level = after
        self._changes.append(Change(said, LEVELS[before], LEVELS[after], self._reason))
        for load in (self._deadlines, self._power):
            if load is not None:
                load.changed(now, before, after)


def _signals(limits: Limits) -> Tuple[Optional[Threshold], Optional[Threshold], Optional[Load], Optional[Load]]:
    """Temperature, battery, deadlines and power."""
    heat = charge = deadlines = power = None
    if limits.temperature is not None:
        steps = (limits.temperature, limits.temperature + limits.temperature_step)
        heat = Threshold(
            "temperature", "°C", steps, limits.temperature_band, True,
            _TEMPERATURE_SMOOTH, _COLDEST, _HOTTEST, _patience(limits),
        )  # fmt: skip
    if limits.battery is not None:
        charge = Threshold(
            "battery", "%", limits.battery, limits.battery_band, False, _BATTERY_SMOOTH, 0.0, 100.0, _patience(limits)
        )
    if limits.missed is not None:
        deadlines = Load(len(LEVELS), Window(_SPAN, _TURNS), limits.missed, limits.headroom, _patience(limits))
    if limits.power is not None:
        window = Window(_SPAN, _READINGS)
        power = Load(len(LEVELS), window, None, limits.power_back, _patience(limits), "W", limits.power)
    return heat, charge, deadlines, power


def _patience(limits: Limits) -> Patience:
    return Patience(limits.hold, limits.longest)


def _load(value: Any, whole: float = 1.0) -> Optional[float]:
    """A load as a share of what there is, if it is a believable number."""
    number = usable(value, 0.0, _MOST)
    return None if number is None else number / whole


def _checked(limits: Limits) -> Limits:
    """Numbers that make sense together."""
    if not isinstance(limits, Limits):
        raise ArgumentTypeError(f"Governor: limits must be a Limits (got {shown(limits)})")
    if limits.temperature is not None:
        checks.finite("Limits", "temperature", limits.temperature, "°C")
        # without a step there would be no medium
        checks.positive("Limits", "temperature_step", limits.temperature_step, "°C")
    if limits.battery is not None:
        pair = checks.real_array("Limits", "battery", limits.battery, (2,))
        if not 100.0 >= pair[0] > pair[1] >= 0.0:
            rule = "battery must be two shares in % that fall, such as (50, 20)"
            raise ParameterError(f"Limits: {rule} (got {shown(limits.battery)})")
    for field in ("temperature_band", "battery_band", "hold", "longest"):
        checks.not_negative("Limits", field, getattr(limits, field))
    for field in ("missed", "headroom", "power_back"):
        if getattr(limits, field) is not None or field != "missed":
            checks.probability("Limits", field, getattr(limits, field))
    if limits.power is not None:
        checks.positive("Limits", "power", limits.power, "W")
    return limits
