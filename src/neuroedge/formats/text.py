"""JSON with limits: what a bundle says in words. Nothing is evaluated, and nothing is taken twice."""

import json
import math
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

import numpy as np

from ..errors import ArgumentTypeError, FormatError, ParameterError, shown

__all__ = ["MAX_TEXT", "Reader", "dumps", "loads", "plain"]

# bytes, and how deep lists and objects go
MAX_TEXT, MAX_DEPTH = 16 << 20, 32

# digits of a whole number: more than 64 bits need
_DIGITS = 20


def dumps(value: Any) -> np.ndarray:
    """The one text of a value, uint8 [n]."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")
    if len(text) > MAX_TEXT:
        raise ParameterError(f"save: descriptions must be at most {MAX_TEXT:,} bytes (got {len(text):,})")
    return np.frombuffer(text, np.uint8)


def loads(text: np.ndarray, file: str) -> Any:
    """The value of a text that `dumps` wrote."""
    if text.dtype != np.uint8 or text.ndim != 1 or len(text) > MAX_TEXT:
        raise FormatError(f"{file}: description: must be at most {MAX_TEXT:,} bytes of text")
    data = text.tobytes()
    try:
        value = json.loads(
            data, object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_refused
        )
        same = isinstance(value, dict) and dumps(value).tobytes() == data
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{file}: description: is no JSON of ours ({error})") from None
    if not same:
        raise FormatError(f"{file}: description: must be one object, written in the one way")
    return value


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FormatError("a key stands twice")
    return found


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise FormatError("a number is too long")
    return int(text)


def _real(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise FormatError("a number is too large")
    return number


def _refused(text: str) -> Any:
    raise FormatError(f"{text} is no number")


def plain(owner: str, value: Any, depth: int = 0) -> Any:
    """A value of the caller's as JSON holds it: None, True, numbers, texts, lists, and dictionaries by text."""
    if depth > MAX_DEPTH:
        raise ParameterError(f"{owner}: must be at most {MAX_DEPTH} lists deep")
    if value is None or isinstance(value, (bool, str)):
        if isinstance(value, str) and not _encodes(value):
            raise ParameterError(f"{owner}: texts must be Unicode (got {shown(value)})")
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        if abs(int(value)) >= 2**63:
            raise ParameterError(f"{owner}: whole numbers must be within 64 bits (got {shown(value)})")
        return int(value)
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise ParameterError(f"{owner}: numbers must be finite (got {shown(value)})")
        return float(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.size <= 1 << 16:
        return plain(owner, value.tolist(), depth)
    if isinstance(value, (list, tuple)):
        return [plain(owner, item, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) and _encodes(key) for key in value):
        return {key: plain(owner, item, depth + 1) for key, item in value.items()}
    raise ArgumentTypeError(f"{owner}: must be texts, numbers, lists and dictionaries of them (got {shown(value)})")


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Reader:
    """A parsed object: takes its keys one by one, each of the kind that it must be, and none may be left."""

    def __init__(self, value: Any, file: str, owner: str, keys: Sequence[str]) -> None:
        self._file, self._owner = file, owner
        if not isinstance(value, dict) or sorted(value) != sorted(keys):
            got = shown(sorted(value)) if isinstance(value, dict) else shown(value)
            raise FormatError(f"{file}: {owner}: must have {', '.join(keys) or 'nothing'} (got {got})")
        self._value: Dict[str, Any] = value

    def fail(self, key: str, rule: str, got: Any) -> NoReturn:
        """Raise for a value that breaks a rule."""
        raise FormatError(f"{self._file}: {self._owner}: {key} must be {rule} (got {shown(got)})")

    def any(self, key: str) -> Any:
        return self._value[key]

    def text(self, key: str) -> str:
        value = self._value[key]
        if not isinstance(value, str):
            self.fail(key, "a text", value)
        return value

    def whole(self, key: str, least: int = 0, most: int = 2**63 - 1) -> int:
        value = self._value[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.fail(key, f"a whole number, {least} to {most}", value)
        return value

    def number(self, key: str, least: float = -math.inf) -> float:
        value = self._value[key]
        if not isinstance(value, float) or value < least:
            self.fail(key, f"a number, at least {least:g}", value)
        return value

    def maybe(self, key: str, kind: str, **limits: Any) -> Optional[Any]:
        """None, or what the method of that name takes."""
        return None if self._value[key] is None else getattr(self, kind)(key, **limits)

    def several(self, key: str, n: Optional[int] = None) -> List[Any]:
        value = self._value[key]
        if not isinstance(value, list) or (n is not None and len(value) != n):
            self.fail(key, "a list" if n is None else f"a list of {n}", value)
        return value

    def names(self, key: str, n: Optional[int] = None) -> List[str]:
        """Texts, each once."""
        value = self.several(key, n)
        if not all(isinstance(name, str) for name in value) or len(set(value)) < len(value):
            self.fail(key, "texts, each once", value)
        return value

    def mapping(self, key: str) -> Dict[str, Any]:
        value = self._value[key]
        if not isinstance(value, dict):
            self.fail(key, "an object", value)
        return value
