"""A small network, a clock and faulty sensors for loops."""

import random
from typing import Any, Callable, List, Optional

import numpy as np

from neuroedge import LIF, Network, SpikeTrain
from neuroedge.runtime.clock import SimulatedClock

__all__ = ["Faulty", "Jumping", "encode", "network", "total"]


def network() -> Network:
    """Ten inputs, each with a neuron that it makes spike every few periods; one LIF forgets in 5 ms."""
    net = Network("small")
    net.add("in", 10, "rate")
    net.add("out", 10, LIF(tau_m=5.0, v_rest=0.0, v_threshold=1.0, v_reset=0.0, refractory=0.0))
    net.connect("in", "out", synapses=(np.arange(10), np.arange(10), np.full(10, 0.7)))
    return net


TRAINS = [SpikeTrain([k, k], [1.0, 2.0]) for k in range(10)]


def encode(value: Any) -> SpikeTrain:
    """Two spikes of the neuron of a value 0 … 9: it answers once."""
    return TRAINS[int(value)]


def total(answer: Any) -> List[int]:
    return answer.counts["out"].tolist()


class Jumping(SimulatedClock):
    """`plan(now)` says by how many seconds the clock jumps at each wake-up."""

    def __init__(self, plan: Callable[[float], float] = lambda now: 0.0) -> None:
        super().__init__(1000.0)
        self.plan = plan

    def sleep_until(self, when: float) -> None:
        super().sleep_until(when)
        self.time += self.plan(self.time)


class Faulty:
    """Gives the digit of the period that it is read in, and by a seed one of many faults instead.

    number(): of the period. share: of reads that fail. bad: how many did.
    """

    name = "faulty"

    def __init__(self, seed: int, share: float, number: Callable[[], int], until: Optional[int] = None) -> None:
        self._random = random.Random(seed)
        self._share, self._number, self._until = share, number, until
        self.bad = self.dropped = self.given = self.closed = 0
        self._out = 0

    def read(self) -> Any:
        k = self._number()
        if self._until is not None and k >= self._until:
            return None
        if self._out == 0 and self._random.random() < self._share:
            self._out = self._random.choice([1, 1, 1, 2, 10])
        if self._out:
            self._out -= 1
            self.bad += 1
            return self._fault(k)
        self.given += 1
        return float(k % 10), 0.01 * k

    def _fault(self, k: int) -> Any:
        kind = self._random.randrange(8)
        if kind == 0:
            raise OSError(5, "Input/output error")
        if kind == 1:
            raise TimeoutError("bus")
        self.given += 1
        values: List[Any] = [np.nan, np.inf, 1e9, "half a li", [1.0, 2.0], -3.0]
        return values[kind - 2], 0.01 * k

    def close(self) -> None:
        self.closed += 1
