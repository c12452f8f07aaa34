"""Any picture as a small grey one, in NumPy alone."""

from typing import Any, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError

__all__ = ["resize_area", "resized_rows", "small_frame", "small_picture"]

_RULE = "an image [H, W], or [H, W, 1 to 4] in colour, of uint8 or floats 0 to 1"


def small_picture(owner: str, image: Any, width: int, height: int) -> Tuple[np.ndarray, int]:
    """Grey values 0 … 1, float64 [height, width], and how many values of the image had to be clipped into its range.

    image: [H, W], or [H, W, C] with C = 1, 3 or 4 (the fourth, opacity, is left out) or 2 (grey and opacity). Integers
    are 0 to 255 (uint16: to 65,535), floats 0 to 1. Grey is the mean of the colours, whatever their order.
    Raises ArgumentTypeError or ParameterError for anything else.
    """
    array = _colours(owner, image)
    white, clipped = _white(owner, array), 0
    if array.dtype not in (np.uint8, np.uint16):
        clipped = int(np.count_nonzero((array < 0) | (array > white)))
        array = np.clip(array, 0, white) if clipped else array
    # first fewer rows of all colours: most of the work is then done on few numbers
    rows = resized_rows(array.reshape(len(array), -1), height).reshape(height, *array.shape[1:])
    grey = rows.sum(axis=2) / (white * array.shape[2])
    return np.ascontiguousarray(resized_rows(np.ascontiguousarray(grey.T), width).T), clipped


def _colours(owner: str, image: Any) -> np.ndarray:
    """The colours of an image, [H, W, 1 or 3]."""
    if image is None:
        raise ArgumentTypeError(f"{owner}: image must be an array (got None); did the camera give a frame?")
    array = checks.as_array(f"{owner}: image must be {_RULE}", image)
    if array.dtype.kind not in "uif":
        raise ArgumentTypeError(f"{owner}: image must be {_RULE} (got {array.dtype})")
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] <= 4)):
        raise ParameterError(f"{owner}: image must be {_RULE} (got shape {list(array.shape)})")
    if array.ndim == 2:
        return array[:, :, None]
    return array[:, :, : 3 if array.shape[2] >= 3 else 1]


def _white(owner: str, array: np.ndarray) -> float:
    """The value of white."""
    if array.dtype.kind != "f":
        return 65535.0 if array.dtype == np.uint16 else 255.0
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ParameterError(f"{owner}: image must be finite (entry {bad} is {array[tuple(bad)]})")
    # what lies a little outside is clipped; this is another scale
    if array.max() > 2.0:
        cure = "divide by 255, or use image.astype(np.uint8)"
        raise ParameterError(f"{owner}: image in floats must be 0 to 1 (got up to {float(array.max()):g}); {cure}")
    return 1.0


def resized_rows(array: np.ndarray, new: int) -> np.ndarray:
    """`new` rows of an array [rows, columns], float64: means of areas if they get fewer, else along straight lines.

    Beside `resize_area`, whose running sums are exact in integers: these are of single stretches, so that one bright
    spot far away changes no last bit of a float, and a camera's frame is not copied into 8 bytes a value.
    """
    old = array.shape[0]
    if old == new:
        return array.astype(np.float64)
    if new > old:
        # centres of pixels lie on centres
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.minimum(place.astype(np.int64), max(old - 2, 0))
        part = (place - low)[:, None]
        return array[low] * (1.0 - part) + array[np.minimum(low + 1, old - 1)] * part
    # a row across a border counts by its shares
    whole, part = np.divmod(np.arange(new + 1) * old, new)
    ends = list(zip(whole.tolist(), whole.tolist()[1:]))
    sums = np.stack([array[start:end].sum(axis=0, dtype=np.float64) for start, end in ends])
    edges = (part / new)[:, None] * array[np.minimum(whole, old - 1)]
    return (sums + np.diff(edges, axis=0)) * (new / old)


def small_frame(owner: str, frame: Any, size: Tuple[int, int]) -> np.ndarray:
    """A camera's frame of any size, grey or in colour, as a grey one [height, width] for size = (width, height), by
    means of areas: uint8 of whole numbers 0 to 255, else floats 0 to 1. Raises as `small_picture`."""
    array = _colours(owner, frame)
    if array.dtype.kind == "f":
        white, whole = _white(owner, array), array.astype(np.float64)
        grey = np.clip(whole.mean(axis=2), 0.0, white)
    elif array.min() < 0 or array.max() > (65535 if array.dtype == np.uint16 else 255):
        raise ParameterError(f"{owner}: image must be {_RULE} (got {array.min()} to {array.max()})")
    else:
        n = array.shape[2]
        grey = array[:, :, 0] if n == 1 else (array.sum(axis=2, dtype=np.uint32) + n // 2) // n
        grey = (grey >> 8 if array.dtype == np.uint16 else grey).astype(np.uint8)
    return grey if grey.shape == (size[1], size[0]) else resize_area(grey, size)


def resize_area(frame: np.ndarray, size: Tuple[int, int] = (64, 64)) -> np.ndarray:
    """A grey frame [H, W] averaged over areas to [height, width], for size = (width, height).

    The same dtype comes back; integers are rounded, and equal on every machine.
    """
    array: np.ndarray = np.asarray(frame)
    if array.ndim != 2 or array.size == 0:
        cure = "use cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) on a colour frame"
        raise ParameterError(f"resize_area: frame must be grey, shape (H, W) (got shape {array.shape}); {cure}")
    if array.dtype.kind not in "uif":
        raise ArgumentTypeError(f"resize_area: frame must hold numbers (got {array.dtype})")
    width, height = _size(size)
    exact = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    mean = _areas(_areas(exact, height).T, width).T / array.size
    return (mean if array.dtype.kind == "f" else np.rint(mean)).astype(array.dtype)


def _size(size: Tuple[int, int]) -> Tuple[int, int]:
    if not isinstance(size, (tuple, list)) or len(size) != 2:
        raise ArgumentTypeError(f"resize_area: size must be (width, height) (got {size!r})")
    return checks.count("resize_area", "width", size[0]), checks.count("resize_area", "height", size[1])


def _areas(array: np.ndarray, new: int) -> np.ndarray:
    """Sums over `new` equal stretches of the first axis, times `new`; a row across a border counts by its shares.

    Differences of running sums: a matrix product would wake a BLAS and its threads, which costs a live loop more.
    """
    old = array.shape[0]
    sums = np.concatenate([np.zeros_like(array[:1]), np.cumsum(array, axis=0)])
    whole, part = np.divmod(np.arange(new + 1) * old, new)
    upto = sums[whole] * new + part[:, None] * array[np.minimum(whole, old - 1)]
    return np.diff(upto, axis=0)
