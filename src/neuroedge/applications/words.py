"""What a model's file says of its encoder and decoder: dictionaries, read with rules, and written from an encoder.

Files are not trusted: a key that is missing, unknown or of another kind is a FormatError that names file, field and
rule.
"""

from typing import Any, Dict, List, Mapping, NoReturn, Optional, Type

import numpy as np

from .. import checks
from ..encoding import (
    DeltaEncoder,
    DVSEncoder,
    PopulationEncoder,
    RateEncoder,
    SensorEncoder,
    TemporalEncoder,
    VisionEncoder,
)
from ..errors import ArgumentTypeError, FormatError, shown
from ..plan.plan import Plan

__all__ = ["KINDS", "Words", "encoder_words"]

# encoders of the library by the kind that words give them; the other words are their parameters
KINDS: Dict[str, Type[Any]] = {
    "delta": DeltaEncoder, "dvs": DVSEncoder, "population": PopulationEncoder, "rate": RateEncoder,
    "sensor": SensorEncoder, "temporal": TemporalEncoder, "vision": VisionEncoder,
}  # fmt: skip

_MISSING = object()


def encoder_words(
    encoder: Any, population: str, period_ms: Optional[float] = None, simulate_ms: Optional[float] = None
) -> Dict[str, Any]:
    """The dictionary of an encoder of the library, for `save(encoder=…)`.

    population: that gets its spikes. period_ms: of the loop that runs the model, unless it is given another;
    simulate_ms: time of the network in one period, default the period.
    """
    kind = next((kind for kind, known in KINDS.items() if type(encoder) is known), None)
    if kind is None:
        listed = ", ".join(known.__name__ for known in KINDS.values())
        raise ArgumentTypeError(f"encoder_words: encoder must be one of {listed} (got {shown(encoder)})")
    if not isinstance(population, str):
        raise ArgumentTypeError(f"encoder_words: population must be a name (got {shown(population)})")
    found: Dict[str, Any] = {"kind": kind, "population": population}
    for name, value in (("period_ms", period_ms), ("simulate_ms", simulate_ms)):
        if value is not None:
            found[name] = checks.positive("encoder_words", name, value, "ms")
    given = {name: value for name, value in encoder.parameters().items() if value is not None}
    return {**found, **{name: _plain(value) for name, value in given.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


class Words:
    """A dictionary of a file, whose keys are taken one by one. owner: file and part, as errors name them."""

    def __init__(self, file: str, part: str, given: Mapping[str, Any]) -> None:
        self.owner = f"{file}: {part}"
        if not isinstance(given, Mapping):
            raise FormatError(f"{self.owner}: must be a dictionary (got {shown(given)})")
        self._left: Dict[str, Any] = dict(given)

    def fail(self, text: str) -> NoReturn:
        """Raise FormatError."""
        raise FormatError(f"{self.owner}: {text}")

    def take(self, key: str, default: Any = _MISSING) -> Any:
        """A value of any kind, which is not asked for again."""
        if key not in self._left and default is _MISSING:
            self.fail(f"{key} is missing")
        return self._left.pop(key, default)

    def one_of(self, key: str, known: Any) -> str:
        """One of some names."""
        value = self.take(key)
        if not isinstance(value, str) or value not in known:
            self.fail(f"{key} must be one of {', '.join(sorted(known))} (got {shown(value)})")
        return value

    def ms(self, key: str, default: Any = _MISSING) -> Any:
        """A time above 0 in ms, or the default."""
        return self._number(key, default, lambda value: value > 0.0, "> 0 ms")

    def number(self, key: str, default: Any = _MISSING) -> Any:
        """A number, or the default."""
        return self._number(key, default, lambda value: True, "a number")

    def numbers(self, key: str, n: int, default: float) -> np.ndarray:
        """A number, float64 [], or one for each of n values, [n]."""
        value = self.take(key, default)
        each = value if isinstance(value, list) else [value]
        real = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in each)
        if not real or not np.isfinite(np.array(each, np.float64)).all() or (each is value and len(each) != n):
            self.fail(f"{key} must be a number, or one for each of {n} values (got {shown(value)})")
        return np.array(value, np.float64)

    def flag(self, key: str) -> bool:
        """true or false, which it is where it is not said."""
        value = self.take(key, False)
        if not isinstance(value, bool):
            self.fail(f"{key} must be true or false (got {shown(value)})")
        return value

    def _number(self, key: str, default: Any, fits: Any, rule: str) -> Any:
        value = self.take(key, default)
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value) or not fits(value):
            self.fail(f"{key} must be {rule} (got {shown(value)})")
        return float(value)

    def sizes(self, key: str, n: int, default: Any = _MISSING) -> Any:
        """A list of n whole numbers above 0, or of any length for n = 0; or the default."""
        value = self.take(key, default)
        if value is default:
            return value
        whole: List[Any] = list(value) if isinstance(value, (list, tuple)) else []
        if not whole or n not in (0, len(whole)) or not all(type(one) is int and one > 0 for one in whole):
            rule = f"{n} whole numbers" if n else "whole numbers"
            self.fail(f"{key} must be {rule} > 0 (got {shown(value)})")
        return tuple(whole)

    def population(self, plan: Plan) -> str:
        """The population that it speaks of."""
        return self.one_of("population", plan.names)

    def rest(self) -> Dict[str, Any]:
        """All that has not been taken."""
        left, self._left = self._left, {}
        return left

    def finish(self) -> None:
        """Nothing may be left."""
        if self._left:
            self.fail(f"unknown {', '.join(sorted(map(str, self._left)))}; is it of a newer version?")
