"""The board, as the tutorial asks for it: `JetsonOptimizer` and `PowerManager`, on every board, not on Jetsons alone.

What a board does not tell is None, or nan with a warning; what it does not let us do is a warning with the cure.
"""

import math
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple, Union

from ..board.battery import Battery, battery
from ..board.commands import Runner
from ..board.cuda import try_cupy
from ..board.files import Tree
from ..board.identify import identify
from ..board.ina219 import Ina219, ups_of
from ..board.modes import modes
from ..board.power import power, refusals
from ..board.survey import survey
from ..board.thermal import temperature
from ..errors import ArgumentTypeError, UnsupportedError, shown, warn
from ..runtime.throttle import ThermalThrottle
from .live import live_networks

__all__ = ["JetsonOptimizer", "PowerManager"]


class JetsonOptimizer:
    """What the board is, and its power mode.

    root: the directory under which a board's files are looked for (default: NEUROEDGE_BOARD_ROOT, or this machine); for
    another one nothing is executed or written. runner: runs the board's commands, in place of this machine's shell.
    """

    def __init__(self, root: Union[str, Path, None] = None, runner: Optional[Runner] = None) -> None:
        self._tree, self._runner = Tree(root), runner

    def __repr__(self) -> str:
        return f"JetsonOptimizer({self._tree!r})"

    def get_system_info(self) -> Dict[str, Any]:
        """What the board tells now; what it does not tell is None.

        Memory in MB (2^20 bytes), frequencies in MHz, temperature in °C (of `temperature_zone`, the hottest that can be
        trusted), power in W (`power_source` says how it was measured, and of what). gpu_cores: CUDA cores, 0 without
        any. power_modes: the names of all.
        """
        seen = survey(self._tree, self._runner)
        board, now = seen.board, seen.modes.current if seen.modes else None
        return {
            "board": board.name,
            "kind": board.kind,
            "model": board.model,
            "soc": board.soc,
            "jetpack": board.jetpack,
            "l4t": board.l4t,
            "machine": board.machine,
            "container": board.container,
            "memory_total": board.memory_total,
            "memory_available": board.memory_available,
            "cpu_name": board.cpu_name,
            "cpu_count": board.cpu_count,
            "max_frequency": board.max_frequency,
            "frequency_limit": board.frequency_limit,
            "gpu_name": board.gpu_name,
            "gpu_cores": board.gpu_cores,
            "gpu_frequency": board.gpu_frequency,
            "temperature": None if seen.zone is None else seen.zone.temperature,
            "temperature_zone": None if seen.zone is None else seen.zone.name,
            "throttled": None if seen.throttled is None else seen.throttled.now.any,
            "power": seen.power.watts,
            "power_source": seen.power.method,
            "power_mode": None if now is None else now.name,
            "power_modes": seen.modes.names if seen.modes else None,
        }

    def set_power_mode(self, name: str, strict: bool = False) -> bool:
        """Set a power mode; whether it is on now.

        "MAXN", "10W" and "5W" are understood on every board: where it has no mode of that name, the nearest is taken,
        and a warning says which. Another unknown name raises UnknownNameError. What cannot be done is a warning with
        the cure, or with `strict` an UnsupportedError.
        """
        return _set_mode(self._tree, self._runner, name, strict)

    def enable_gpu_acceleration(self) -> bool:
        """Whether the GPU computes: tried, and compared. Else a warning says why not, and what helps.

        Networks of this version run on the CPU whatever the answer is, and a warning says so too.
        """
        done, reason, cure = try_cupy(self._tree, identify(self._tree, self._runner))
        if done:
            warn("the GPU computes, but networks of this version still run on the CPU engines; CuPy is yours to use")
            return True
        helps = f"; {cure}" if cure else "; nothing that could be installed would change that"
        warn(f"GPU acceleration: {reason}{helps}. Networks run on the CPU, which needs no GPU")
        return False


class PowerManager:
    """Battery, temperature, power and power mode of a board.

    root, runner: as of JetsonOptimizer. ups: a battery board at an I2C bus, such as "ina219@1:0x42,shunt=0.1" (default:
    NEUROEDGE_UPS). What cannot be read is said in one warning each, however often it is asked for.
    """

    def __init__(
        self,
        root: Union[str, Path, None] = None,
        runner: Optional[Runner] = None,
        ups: Union[str, Ina219, None] = None,
    ) -> None:
        self._tree, self._runner = Tree(root), runner
        self._ups = ups_of(self._tree, ups)
        self._said: Set[str] = set()
        self._throttle: Optional[ThermalThrottle] = None
        # what it was asked for
        self._asked: Optional[Tuple[float, float, Optional[List[int]]]] = None

    def __repr__(self) -> str:
        return f"PowerManager({self._tree!r})"

    def get_battery_level(self) -> float:
        """0–100; 100.0 and one warning without a battery, nan and one warning where it does not tell."""
        found = self.battery()
        if found is not None and found.level is not None:
            return float(found.level)
        if found is not None or self._ups is not None:
            name = found.name if found is not None else getattr(self._ups, "name", "battery board")
            self._once("level", f"battery {name} does not tell its level, so it is nan{self._cures()}")
            return math.nan
        cure = "name a battery board, as in NEUROEDGE_UPS=ina219@1:0x42, if it has one"
        self._once("level", f"this board tells of no battery, so its level counts as 100 %; {cure}")
        return 100.0

    def battery(self) -> Optional[Battery]:
        """The full reading: name, level (0–100), status, watts, volts; None without a battery."""
        return battery(self._tree, self._ups)

    def get_temperature(self) -> float:
        """°C of the hottest sensor that can be trusted; nan and one warning where none can be read."""
        value = temperature(self._tree)
        if value is None:
            self._once("temperature", "no temperature of this board can be read, so it is nan; see: neuroedge info")
            return math.nan
        return value

    def get_power(self) -> float:
        """W that the board draws now; nan and one warning where nothing measures it. `neuroedge power` says how."""
        watts = power(self._tree, self._runner, self._ups).watts
        if watts is None:
            self._once("power", f"nothing that may be read measures this board's power, so it is nan{self._cures()}")
            return math.nan
        return watts

    def set_power_mode(self, name: str, strict: bool = False) -> bool:
        """Set a power mode, as `JetsonOptimizer.set_power_mode` does."""
        return _set_mode(self._tree, self._runner, name, strict)

    def enable_thermal_throttling(
        self, limit: float = 70.0, target: Any = None, every: float = 1.0
    ) -> Optional[ThermalThrottle]:
        """Lower the quality of simulation when it gets hot, and raise it again when it is cool; for as long as the
        process runs, or until `stop()` of what this returns, or a call that asks for something else: asked for the same
        again, as a loop does that looks at the temperature, the one at work goes on, with what it has learnt.

        Above `limit` °C quality is medium at most, 5 °C above that low; it is back 5 °C below either, after 10 s at
        least. target: anything with `set_simulation_quality`, or several; default every NeuromorphicAPI of this
        process, also those to come. every: s between two readings, in a thread of their own. Without a temperature that
        can be read: a warning, and None.
        """
        several = _several(target)
        # targets by identity: what equality means to a stranger's object, nobody knows
        asked = limit, every, None if several is None else [id(one) for one in several]
        running = self._throttle
        if running is not None and running.running and asked == self._asked:
            return running
        targets: Callable[[], Iterable[Any]] = live_networks if several is None else lambda: several or ()
        throttle = ThermalThrottle(lambda: temperature(self._tree), targets, limit, every)
        if math.isnan(self.get_temperature()):
            warn("thermal throttling: no temperature of this board can be read, so it is not enabled")
            return None
        self.disable_thermal_throttling()
        self._throttle, self._asked = throttle.start(), asked
        return throttle

    def disable_thermal_throttling(self) -> None:
        """Stop it, and give back the quality that was asked for."""
        if self._throttle is not None:
            self._throttle.stop()
            self._throttle = None

    def _cures(self) -> str:
        found: List[Tuple[str, str]] = refusals(self._tree, self._runner, self._ups)
        return "".join(f"; {what}: {cure}" for what, cure in found)

    def _once(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            warn(text)


def _several(target: Any) -> Optional[List[Any]]:
    """Those whose quality is lowered; None for every network of this process."""
    if target is None:
        return None
    several = list(target) if isinstance(target, (list, tuple, set)) else [target]
    for one in several:
        if not (hasattr(one, "limit_quality") or hasattr(one, "set_simulation_quality")):
            rule = "target must have set_simulation_quality(level), as a NeuromorphicAPI has"
            raise ArgumentTypeError(f"enable_thermal_throttling: {rule} (got {shown(one)})")
    return several


def _set_mode(tree: Tree, runner: Optional[Runner], name: str, strict: bool) -> bool:
    if not isinstance(name, str):
        raise ArgumentTypeError(f"power mode: name must be a text (got {shown(name)})")
    found = modes(tree, runner)
    if found is None:
        return _refuse("power mode: this board has none that can be read, neither of nvpmodel nor of cpufreq", strict)
    done, mode, note, reason, cure = found.set(name)
    if note and mode is not None:
        warn(f"power mode: {note}")
    if done:
        return True
    text = f"power mode {name!r}" if mode is None else f"power mode {mode.name!r}"
    said = "; ".join(part for part in (reason or note, cure) if part)
    return _refuse(f"{text} was not set: {said}", strict)


def _refuse(text: str, strict: bool) -> bool:
    if strict:
        raise UnsupportedError(text)
    warn(text)
    return False
