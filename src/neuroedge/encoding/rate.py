"""Values as rates: regular spikes, or random ones from a counter; both deterministic."""

from typing import Any, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError
from ..network.arithmetic import random32, tick_key
from .base import Encoder, Volley, must_be_few, must_lie

__all__ = ["RateEncoder", "regular_spikes", "unit_values"]

_MODES = ("poisson", "regular")
# a whole spike in fixed point, and random numbers drawn at once
_ONE, _BLOCK = 1 << 32, 1 << 18


def unit_values(owner: str, values: Any, shape: Tuple[int, ...]) -> np.ndarray:
    """Values in 0 … 1 as float32 of that shape; -1 in the shape takes any length."""
    # what is right already is not copied: samples may be most of the memory in use
    fits = isinstance(values, np.ndarray) and values.dtype == np.float32 and bool(np.isfinite(values).all())
    array = values if fits else checks.real_array(owner, "inputs", values)
    if array.ndim != len(shape) or any(want not in (-1, got) for want, got in zip(shape, array.shape)):
        wanted = "[" + ", ".join("samples" if n == -1 else str(n) for n in shape) + "]"
        raise ParameterError(f"{owner}: inputs must have shape {wanted} (got {list(array.shape)})")
    if array.size and not (array.min() >= 0.0 and array.max() <= 1.0):
        bad = float(array[(array < 0.0) | (array > 1.0)].flat[0])
        raise ParameterError(f"{owner}: inputs must be 0 to 1 (got {bad:g}); divide by their largest value")
    return np.ascontiguousarray(array, np.float32)


def regular_spikes(values: np.ndarray, ticks: int) -> Tuple[np.ndarray, np.ndarray]:
    """Spikes of one sample, (ticks int32, neurons uint32), ascending: a value x in 0 … 1 fires every 1/x ticks.

    acc starts at 1/2; each tick acc += x, and at 1 or above it fires and acc −= 1, all in float32. So n ticks of x
    bring n·x spikes, rounded, wherever they run.
    """
    level = np.full(len(values), 0.5, np.float32)
    when, who = [], []
    for tick in range(ticks):
        level += values
        fires = np.flatnonzero(level >= np.float32(1.0))
        level[fires] -= np.float32(1.0)
        when.append(np.full(len(fires), tick, np.int32))
        who.append(fires.astype(np.uint32))
    return np.concatenate(when), np.concatenate(who)


class RateEncoder(Encoder):
    """Values as spike rates.

    max_rate: Hz of the value 1; values are 0 to 1 then. None: values are rates in Hz. mode: "poisson" (random, of
    mean rate·time, at most one spike a step) or "regular" (every 1/rate, the first after half of that). seed: of
    the random numbers, which come from a counter (seed, step, neuron): equal on every machine, however calls are cut.
    dt: step of spike times in ms; `duration` must be a multiple, and rates at most one spike a step.
    """

    _named = ("max_rate", "mode", "seed", "dt")

    def __init__(self, max_rate: Optional[float] = None, mode: str = "poisson", seed: int = 0, dt: float = 0.1) -> None:
        me = "RateEncoder"
        super().__init__()
        self.max_rate = None if max_rate is None else checks.positive(me, "max_rate", max_rate, "Hz")
        self.mode = checks.known("RateEncoder mode", mode, _MODES)
        self.seed = checks.whole(me, "seed", seed, least=0)
        self.dt = checks.positive(me, "dt", dt, "ms")
        self.reset()

    def reset(self) -> None:
        super().reset()
        self._tick = 0
        # of the regular mode: what each value has gathered, in 2^-32 spikes
        self._level: Optional[np.ndarray] = None

    def _duration(self, duration: Any) -> float:
        checks.ticks_of("RateEncoder", duration, self.dt)
        return float(duration)

    def _check(self, samples: np.ndarray, ms: float) -> None:
        top = 1000.0 / self.dt if self.max_rate is None else 1.0
        must_lie("RateEncoder", samples, 0.0, top)
        if self.max_rate is not None and samples.max() * self.max_rate * self.dt > 1000.0:
            raise ParameterError(
                f"RateEncoder: rates must be at most one spike a step, {1000.0 / self.dt:g} Hz (got "
                f"{float(samples.max()) * self.max_rate:g}); lower max_rate or dt"
            )
        must_be_few("RateEncoder", float(samples.sum()) * (self.max_rate or 1.0) * ms / 1000.0, "encode in parts")
        if self.mode == "poisson":
            must_be_few("RateEncoder", ms / self.dt * len(samples), "encode in parts, or in larger steps (dt)")

    def _one(self, row: np.ndarray, ms: float) -> Volley:
        ticks = checks.ticks_of("RateEncoder", ms, self.dt)
        # spikes a step, in fixed point: sums are exact, so it does not matter where calls end
        share = np.rint(row * ((self.max_rate or 1.0) * self.dt / 1000.0) * 2.0**32).astype(np.int64)
        draw = self._poisson if self.mode == "poisson" else self._regular
        neurons, when = draw(share, ticks)
        self._tick += ticks
        # a step's spikes lie at its end
        return neurons, np.minimum(when * self.dt, ms), None

    def _poisson(self, share: np.ndarray, ticks: int) -> Tuple[np.ndarray, np.ndarray]:
        n, chance = len(share), np.minimum(share, 2**32 - 1).astype(np.uint32)
        who, when = [], []
        at_once = max(1, _BLOCK // n)
        for start in range(0, ticks, at_once):
            end = min(start + at_once, ticks)
            keys = np.array([tick_key(self.seed, 0, self._tick + k) for k in range(start, end)], np.uint64)[:, None]
            low, high = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint32)
            tick, neuron = np.nonzero(random32(low, high, n) < chance)
            who.append(neuron)
            when.append(tick + (start + 1))
        return np.concatenate(who), np.concatenate(when)

    def _regular(self, share: np.ndarray, ticks: int) -> Tuple[np.ndarray, np.ndarray]:
        level = np.full(len(share), _ONE // 2, np.int64) if self._level is None else self._level
        total = level + share * ticks
        counts = total >> 32
        self._level = total - (counts << 32)
        neurons = np.repeat(np.arange(len(share)), counts)
        rank = np.arange(1, len(neurons) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        missing = rank * _ONE - level[neurons]
        # the first tick after which the level is full
        when = -(-missing // share[neurons])
        order = np.lexsort((neurons, when))
        return neurons[order], when[order]
