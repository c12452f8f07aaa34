"""`refused(ParameterError, "tau_m", "-2")`: the block must end in that error, and its message must hold the words."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Type

import numpy as np
import pytest

from neuroedge import Network, Simulator
from neuroedge.errors import (
    ArgumentTypeError,
    BudgetError,
    NeuroedgeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
)

__all__ = ["NOT_NUMBERS", "NOT_POSITIVE", "NOT_SIZES", "refused", "same_state", "small", "unchanged"]

# each is also the built-in exception that a caller may already catch
BUILT_IN: Dict[Type[NeuroedgeError], Type[Exception]] = {
    ParameterError: ValueError,
    UnknownNameError: ValueError,
    ArgumentTypeError: TypeError,
    BudgetError: MemoryError,
    NotReadyError: RuntimeError,
    UnsupportedError: RuntimeError,
}

NOT_NUMBERS = [None, "20", b"20", True, np.True_, 1j, [1.0], {}, np.timedelta64(5, "ms"), object()]
NOT_POSITIVE = [0.0, -1.0, float("nan"), float("inf"), -float("inf"), 10**20 * 10**300]
NOT_SIZES = [(0, ParameterError), (-3, ParameterError), (2**31, ParameterError), (10**400, ParameterError)] + [
    (bad, ArgumentTypeError) for bad in (2.0, 2.5, float("nan"), "3", True, np.True_, None, [3], np.timedelta64(3))
]


@contextmanager
def refused(kind: Type[NeuroedgeError], *words: str) -> Iterator[pytest.ExceptionInfo]:
    with pytest.raises(kind) as info:
        yield info
    assert type(info.value) is kind
    assert isinstance(info.value, BUILT_IN[kind])
    message = str(info.value)
    assert [word for word in words if word not in message] == [], message
    assert len(message) < 600 and "Traceback" not in message


def small(seed: int = 0) -> Network:
    """A network of each kind of population."""
    net = Network(seed=seed)
    net.add("rates", 4, "rate")
    net.add("noise", 4, "poisson", rate=200.0)
    net.add("hidden", 5, "lif")
    net.add("slow", 3, "cubalif")
    net.add("cells", 2, "adex")
    net.add("read", 2, "li")
    net.connect("rates", "hidden", weights=9.0, delay=2.0)
    net.connect("noise", "slow", weights=30.0)
    net.connect("hidden", "cells", weights=5.0)
    net.connect("hidden", "read", weights=1.0)
    return net


def same_state(simulator: Simulator, before: Dict[str, np.ndarray]) -> bool:
    after = simulator.snapshot()
    return all(np.array_equal(after[name], before[name]) for name in before)


@contextmanager
def unchanged(simulator: Simulator) -> Iterator[Any]:
    """Whatever fails in the block, plan and state of the simulator stay as they are."""
    before, plan, dt = simulator.snapshot(), simulator.plan, simulator.dt
    yield
    assert same_state(simulator, before)
    assert simulator.plan is plan and simulator.dt == dt
