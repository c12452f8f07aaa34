"""A value as the activity of several neurons, each with a field of its own."""

from typing import Any, Optional

import numpy as np

from .. import checks
from .base import Encoder, Volley, must_lie, value_range
from .rate import RateEncoder

__all__ = ["PopulationEncoder"]

_MODES = ("rate", "poisson", "time")


class PopulationEncoder(Encoder):
    """Gaussian receptive fields (Bohté, Kok & La Poutré 2002, Neurocomputing 48:17).

    low, high: range of values. neurons: per value, at least 2; their centres are spread evenly from low to high. width:
    standard deviation of a field, in units of the value; None is the distance of centres. A neuron answers with
    r = exp(−(x − centre)²/(2·width²)), as
    mode "rate": regular spikes at r·max_rate (Hz); "poisson": random ones, by `seed`;
    mode "time": one spike at (1 − r)·duration, if r is at least `least`.
    Neuron v·neurons + k is the k-th of value v. dt: step of spike times in ms, of both rates.
    """

    _named = ("low", "high", "neurons", "width", "mode", "max_rate", "least", "seed", "dt")

    def __init__(
        self, low: float = 0.0, high: float = 1.0, neurons: int = 10, width: Optional[float] = None,
        mode: str = "rate", max_rate: float = 100.0, least: float = 0.1, seed: int = 0, dt: float = 0.1,
    ) -> None:  # fmt: skip
        me = "PopulationEncoder"
        super().__init__()
        self.low, self.high = value_range(me, low, high)
        self.neurons = checks.whole(me, "neurons", neurons, least=2)
        checks.count(me, "neurons", self.neurons, 1_000_000)
        spacing = (self.high - self.low) / (self.neurons - 1)
        self.width = spacing if width is None else checks.positive(me, "width", width)
        self.mode = checks.known("PopulationEncoder mode", mode, _MODES)
        self.least = checks.probability(me, "least", least)
        self._rates = RateEncoder(max_rate, "poisson" if mode == "poisson" else "regular", seed, dt)
        self.max_rate, self.seed, self.dt = checks.positive(me, "max_rate", max_rate, "Hz"), self._rates.seed, dt

    @property
    def centres(self) -> np.ndarray:
        """Preferred values of the neurons of one value, float64 [neurons]: what `decode_population` asks for."""
        return np.linspace(self.low, self.high, self.neurons)

    def reset(self) -> None:
        super().reset()
        self._rates.reset()

    def responses(self, values: Any) -> np.ndarray:
        """Answers 0 … 1 of all fields, float64 [values, neurons], to values [n]."""
        return self._responses(checks.real_array("PopulationEncoder", "values", values).ravel())

    def _responses(self, row: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.exp(-0.5 * np.square((row[:, None] - self.centres) / self.width))

    def _duration(self, duration: Any) -> float:
        if self.mode != "time":
            checks.ticks_of("PopulationEncoder", duration, self.dt)
        return super()._duration(duration)

    def _check(self, samples: np.ndarray, ms: float) -> None:
        must_lie("PopulationEncoder", samples, self.low, self.high)

    def _neurons(self, values: int) -> int:
        return values * self.neurons

    def _one(self, row: np.ndarray, ms: float) -> Volley:
        answer = self._responses(row).ravel()
        if self.mode != "time":
            train = self._rates.encode(answer, ms)
            return train.neurons, train.times, None
        neurons = np.flatnonzero(answer >= self.least)
        times = (1.0 - answer[neurons]) * ms
        order = np.argsort(times, kind="stable")
        return neurons[order], times[order], None
