"""Levels of quality given to whatever can take them, and given back."""

import weakref
from typing import Any, Callable, Dict, Tuple

__all__ = ["Caps"]

_HIGHEST = "high"


class Caps:
    """Caps targets in the name of `owner`.

    A target has `limit_quality(owner, level)`, which lowers what its user asked for to `level` at most, and with None
    lifts that again; or, without it, `set_simulation_quality(level)`, which is first called when a level below the
    highest is. Targets are held weakly where they allow it.
    """

    def __init__(self, owner: object) -> None:
        self._owner = owner
        self._given: Dict[int, Tuple[Callable[[], Any], str]] = {}

    def apply(self, target: Any, level: str) -> bool:
        """Give a target its level, unless it has that from here already; whether it was told. What it raises, is
        raised, and it will be told again."""
        if self._level_of(target) == level:
            return False
        limit = getattr(target, "limit_quality", None)
        if limit is not None:
            limit(self._owner, None if level == _HIGHEST else level)
        else:
            target.set_simulation_quality(level)
        if level == _HIGHEST:
            self._given.pop(id(target), None)
        else:
            self._given[id(target)] = _held(target), level
        return True

    def capped(self) -> Tuple[Any, ...]:
        """Targets that are below the highest level because of this."""
        found = [(key, held()) for key, (held, _) in tuple(self._given.items())]
        for key, target in found:
            if target is None:
                del self._given[key]
        return tuple(target for _, target in found if target is not None)

    def _level_of(self, target: Any) -> str:
        held, level = self._given.get(id(target), (None, _HIGHEST))
        # another object may have come to where one that is gone was
        return level if held is not None and held() is target else _HIGHEST


def _held(target: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(target)
    except TypeError:
        return lambda: target
