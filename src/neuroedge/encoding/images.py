"""Any picture as a small grey one, in NumPy alone."""

from typing import Any, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError

__all__ = ["grey_picture", "resized"]

_RULE = "an image [H, W], or [H, W, 1 to 4] in colour, of uint8 or floats 0 to 1"


def grey_picture(owner: str, image: Any) -> Tuple[np.ndarray, int]:
    """Grey values 0 … 1, float32 [H, W], and how many values of the image had to be clipped into its range.

    image: [H, W], or [H, W, C] with C = 1, 3 or 4 (the fourth, opacity, is left out) or 2 (grey and opacity). Integers
    are 0 to 255 (uint16: to 65,535), floats 0 to 1. Grey is the mean of the colours, whatever their order.
    Raises ArgumentTypeError or ParameterError for anything else.
    """
    if image is None:
        raise ArgumentTypeError(f"{owner}: image must be an array (got None); did the camera give a frame?")
    array = checks.as_array(f"{owner}: image must be {_RULE}", image)
    if array.dtype.kind not in "uif":
        raise ArgumentTypeError(f"{owner}: image must be {_RULE} (got {array.dtype})")
    colours = array.ndim == 3 and 1 <= array.shape[2] <= 4
    if not (array.ndim == 2 or colours) or array.size == 0:
        raise ParameterError(f"{owner}: image must be {_RULE} (got shape {list(array.shape)})")
    if colours:
        array = array[:, :, : 3 if array.shape[2] >= 3 else 1]
    white, clipped = _white(owner, array), 0
    if array.dtype not in (np.uint8, np.uint16):
        clipped = int(np.count_nonzero((array < 0) | (array > white)))
        array = np.clip(array, 0, white) if clipped else array
    if colours:
        # one colour after the other: a mean along a short axis takes many times as long
        total = array[:, :, 0].astype(np.float32)
        for k in range(1, array.shape[2]):
            total += array[:, :, k]
        return total / np.float32(white * array.shape[2]), clipped
    return array.astype(np.float32) / np.float32(white), clipped


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


def resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture [H, W] at another size: each axis by the mean of areas where it shrinks, else by straight lines."""
    rows = _axis(picture.astype(np.float64), height)
    return np.ascontiguousarray(_axis(np.ascontiguousarray(rows.T), width).T)


def _axis(array: np.ndarray, new: int) -> np.ndarray:
    """The first axis at a length of `new`."""
    old = array.shape[0]
    if old == new:
        return array
    if new > old:
        # centres of pixels lie on centres
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.minimum(place.astype(np.int64), max(old - 2, 0))
        part = (place - low)[:, None]
        return array[low] * (1.0 - part) + array[np.minimum(low + 1, old - 1)] * part
    # differences of running sums; a row across a border counts by its shares
    sums = np.zeros((old + 1, *array.shape[1:]))
    np.cumsum(array, axis=0, out=sums[1:])
    whole, part = np.divmod(np.arange(new + 1) * old, new)
    upto = sums[whole] + (part / new)[:, None] * array[np.minimum(whole, old - 1)]
    return np.diff(upto, axis=0) * (new / old)
