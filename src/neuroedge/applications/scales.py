"""The range of each value of a sample, which is 0 … 1 to a network: what `train --scale` learns, and encoders do."""

from typing import Any, Mapping, NamedTuple, Optional

import numpy as np

from ..errors import FormatError, shown

__all__ = ["Scale", "learned_scale", "scale_of"]


class Scale(NamedTuple):
    """low, high: float64 [values], or [] for all values alike; clip: what lies outside counts as the end that is next
    to it. A value whose ends are equal is always 0."""

    low: np.ndarray
    high: np.ndarray
    clip: bool = False

    @property
    def plain(self) -> bool:
        """Whether values stay as they are, and must be 0 to 1."""
        return not self.clip and self.low.ndim == 0 and (float(self.low), float(self.high)) == (0.0, 1.0)

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Finite values [..., values] in 0 … 1, float32; the same for one sample as among others."""
        # halves, since the whole of a range may be more than a number holds
        low, half = self.low / 2.0, self.high / 2.0 - self.low / 2.0
        inside = np.clip(np.asarray(values, np.float64), self.low, self.high)
        share = (inside / 2.0 - low) / np.where(half > 0.0, half, 1.0)
        return np.where(half > 0.0, share, 0.0).astype(np.float32)

    def outside(self, values: np.ndarray) -> np.ndarray:
        """Which values [..., values] lie outside; nan does."""
        return np.asarray(~((values >= self.low) & (values <= self.high)))


def learned_scale(samples: np.ndarray) -> Scale:
    """The lowest and the highest of each value of samples [samples, values]."""
    return Scale(samples.min(axis=0).astype(np.float64), samples.max(axis=0).astype(np.float64), True)


def scale_of(encoder: Optional[Mapping[str, Any]], file: str) -> Optional[Scale]:
    """The ranges that the words of an encoder state, None where values come as 0 to 1. Raises FormatError."""
    words = {} if encoder is None or encoder.get("kind") != "values" else encoder
    try:
        low, high = (np.array(words.get(name, end), np.float64) for name, end in (("low", 0.0), ("high", 1.0)))
    except (TypeError, ValueError):
        raise FormatError(f"{file}: encoder: low and high must be numbers (got {shown(words.get('low'))})") from None
    if low.ndim > 1 or low.shape != high.shape or not (np.isfinite(low) & np.isfinite(high) & (low <= high)).all():
        raise FormatError(f"{file}: encoder: low and high must be numbers, one or one a value, low below high")
    found = Scale(low, high, words.get("clip") is True)
    return None if found.plain else found
