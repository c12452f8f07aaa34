"""What encoders of values have in common: one sample or many, checked before any state changes."""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError, UnsupportedError
from ..events import SpikeTrain

__all__ = ["Encoder", "Volley", "must_be_few", "must_lie", "value_range"]

# neurons, times in ms, polarity
Volley = Tuple[np.ndarray, np.ndarray, Optional[np.ndarray]]

# spikes of one call: what is more is hardly meant, and would take gigabytes
_MOST = 20_000_000


class Encoder:
    """Values become spikes, call by call.

    A call goes on where the last one ended, so that many short calls bring the spikes of one long one. `reset()`
    starts over. The number of values is settled by the first call.
    """

    # arguments of the constructor
    _named: Tuple[str, ...] = ()

    def __init__(self) -> None:
        self._values: Optional[int] = None

    def reset(self) -> None:
        """Forget everything: the next call is a first one."""
        self._values = None

    def parameters(self) -> Dict[str, Any]:
        """What makes another encoder like this one: type(encoder)(**parameters)."""
        return {name: getattr(self, name) for name in self._named}

    def encode(self, values: Any, duration: float) -> SpikeTrain:
        """Spikes of values [n], or of samples [k, n] one after the other, each for `duration` ms.

        Times are ms from the start of the call. Raises ArgumentTypeError or ParameterError, before any state
        changes, for values that are not finite numbers of the range, or not as many as in the calls before.
        """
        owner = type(self).__name__
        ms = self._duration(duration)
        samples = self._samples(values)
        size = checks.count(owner, "number of neurons", self._neurons(samples.shape[1]))
        self._check(samples, ms)
        if self._values is None:
            self._values = samples.shape[1]
        volleys = [self._one(row, ms) for row in samples]
        neurons = np.concatenate([volley[0] for volley in volleys])
        times = np.concatenate([k * ms + volley[1] for k, volley in enumerate(volleys)])
        signs = [volley[2] for volley in volleys if volley[2] is not None]
        return SpikeTrain(neurons, times, size, np.concatenate(signs) if signs else None)

    def _duration(self, duration: Any) -> float:
        return checks.positive(type(self).__name__, "duration", duration, "ms")

    def _samples(self, values: Any) -> np.ndarray:
        """Samples [k, n]."""
        owner = type(self).__name__
        array = checks.real_array(owner, "values", values)
        if array.ndim not in (1, 2) or array.size == 0:
            rule = "must be one number per neuron [n], or samples [k, n]"
            raise ParameterError(f"{owner}: values {rule} (got shape {list(array.shape)})")
        samples = array.reshape(-1, array.shape[-1])
        if self._values not in (None, samples.shape[1]):
            rule = f"there must be {self._values} values, as in the calls before"
            raise ParameterError(f"{owner}: {rule} (got {samples.shape[1]}); call reset() to start with others")
        return samples

    def _check(self, samples: np.ndarray, ms: float) -> None:
        """Rules of this encoder."""

    def _neurons(self, values: int) -> int:
        """Number of neurons for so many values."""
        return values

    def _one(self, row: np.ndarray, ms: float) -> Volley:
        """Spikes of one sample [n] that lasts `ms`."""
        raise UnsupportedError(f"{type(self).__name__}: an encoder must define _one(row, ms), which makes its spikes")

    def __repr__(self) -> str:
        listed: List[str] = [f"{name}={value!r}" for name, value in self.parameters().items() if value is not None]
        return f"{type(self).__name__}({', '.join(listed)})"


def must_be_few(owner: str, spikes: float, cure: str) -> None:
    """One call may ask for so many spikes."""
    if not spikes <= _MOST:
        raise ParameterError(f"{owner}: one call brings at most {_MOST:,} spikes (asked for {spikes:.3g}); {cure}")


def value_range(owner: str, low: Any, high: Any) -> Tuple[float, float]:
    """The ends of a range, low below high."""
    bottom, top = checks.finite(owner, "low", low), checks.finite(owner, "high", high)
    if not (bottom < top and np.isfinite(top - bottom)):
        raise ParameterError(f"{owner}: low must be below high (got {bottom:g} and {top:g})")
    return bottom, top


def must_lie(owner: str, samples: np.ndarray, low: float, high: float) -> None:
    """Values must lie in the range."""
    if samples.min() < low or samples.max() > high:
        bad = float(samples[(samples < low) | (samples > high)][0])
        cure = "use np.clip, or a wider range"
        raise ParameterError(f"{owner}: values must be {low:g} to {high:g} (got {bad:g}); {cure}")
