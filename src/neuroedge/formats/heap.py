"""Arrays that a description refers to: kept end to end, one heap for each number type."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..errors import FormatError, shown

__all__ = ["Heap", "Kept", "SMALL", "narrow"]

KINDS = ("float64", "float32", "int64", "int32", "uint32", "uint16", "uint8")

# in which whole numbers are kept, whichever suffices
SMALL = ("uint8", "uint16", "uint32")


def narrow(array: np.ndarray) -> np.ndarray:
    """An array of whole numbers in the smallest type of file that holds every one exactly; others as they are."""
    top = float(array.max()) if array.size else 0.0
    for kind in (np.uint8, np.uint16, np.uint32):
        if array.dtype.itemsize > np.dtype(kind).itemsize and 0.0 <= top <= np.iinfo(kind).max:
            with np.errstate(invalid="ignore"):
                small = array.astype(kind)
            # -0.0 is another number than 0
            if np.array_equal(small, array) and not np.signbit(array).any():
                return small
    return array


class Heap:
    """Collects arrays; what stands for one in a description is {"array": its number}."""

    def __init__(self) -> None:
        self._arrays: List[np.ndarray] = []

    def put(self, array: np.ndarray) -> Dict[str, int]:
        """Keep an array of one or two dimensions."""
        self._arrays.append(array)
        return {"array": len(self._arrays) - 1}

    def shapes(self) -> List[List[Any]]:
        """What the description says of all of them: number type, and lengths."""
        return [[array.dtype.name, *array.shape] for array in self._arrays]

    def heaps(self) -> List[Tuple[str, np.ndarray]]:
        """The heaps that hold something, by their names in the table."""
        found = []
        for kind in KINDS:
            mine = [array.reshape(-1) for array in self._arrays if array.dtype.name == kind]
            if mine:
                found.append((f"heap.{kind}", np.concatenate(mine)))
        return found


class Kept:
    """Arrays of a file by number, as views; each must be asked for by the shape and type that it should have."""

    def __init__(self, shapes: Any, arrays: Mapping[str, np.ndarray], file: str) -> None:
        self._file, self._views = file, []
        used = dict.fromkeys(KINDS, 0)
        if not isinstance(shapes, list):
            raise FormatError(f"{file}: arrays: must be a list (got {shown(shapes)})")
        for entry in shapes:
            kind, shape = _shape(entry, file)
            heap = arrays.get(f"heap.{kind}", np.zeros(0, kind))
            n = shape[0] * (shape[1] if len(shape) > 1 else 1)
            if heap.ndim != 1 or heap.dtype.name != kind or n > len(heap) - used[kind]:
                raise FormatError(f"{file}: heap.{kind}: is too short for an array {shape}")
            self._views.append(heap[used[kind] : used[kind] + n].reshape(shape))
            used[kind] += n
        for kind, n in used.items():
            if len(arrays.get(f"heap.{kind}", ())) != n:
                raise FormatError(f"{file}: heap.{kind}: must have {n:,} entries")
        self._left = set(range(len(self._views)))

    def get(self, owner: str, value: Any, kinds: Sequence[str], shape: Tuple[Optional[int], ...]) -> np.ndarray:
        """The array that stands for a value; None in a shape is any length."""
        number = value.get("array") if isinstance(value, dict) and list(value) == ["array"] else None
        if not isinstance(number, int) or isinstance(number, bool) or number not in self._left:
            raise FormatError(f"{self._file}: {owner}: must name an array of its own (got {shown(value)})")
        self._left.discard(number)
        view: np.ndarray = self._views[number]
        fits = view.ndim == len(shape) and all(n is None or n == m for n, m in zip(shape, view.shape))
        if view.dtype.name not in kinds or not fits:
            must = f"{' or '.join(kinds)} {[n for n in shape]}".replace("None", "n")
            raise FormatError(f"{self._file}: {owner}: must be {must} (got {view.dtype.name} {list(view.shape)})")
        if view.dtype.kind == "f" and not np.isfinite(view).all():
            raise FormatError(f"{self._file}: {owner}: must be finite")
        return view

    def finish(self) -> None:
        """Every array must have been asked for."""
        if self._left:
            raise FormatError(f"{self._file}: arrays: {len(self._left)} are not used")


def _shape(entry: Any, file: str) -> Tuple[str, Tuple[int, ...]]:
    fits = isinstance(entry, list) and 2 <= len(entry) <= 3 and entry[0] in KINDS
    if not fits or not all(type(n) is int and 0 <= n < 2**48 for n in entry[1:]):
        raise FormatError(f"{file}: arrays: each must be a type and one or two lengths (got {shown(entry)})")
    return entry[0], tuple(entry[1:])
