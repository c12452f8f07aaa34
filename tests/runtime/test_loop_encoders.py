"""Encoders of the package, given to a loop as they are."""

from typing import Any, List

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.runtime.clock import SimulatedClock


@pytest.mark.parametrize(
    "encoder",
    [
        ne.RateEncoder(max_rate=200.0, mode="regular", dt=1.0),
        ne.TemporalEncoder(),
        ne.PopulationEncoder(neurons=2, mode="time"),
    ],
)
def test_encoders_of_values_get_the_duration_of_a_run(encoder: Any) -> None:
    values = [np.array([1.0, 0.5])] * 5
    encoder.reset()
    alone = [len(encoder.encode(value, 10.0)) for value in values]
    encoder.reset()
    net = ne.Network()
    net.add("in", 4 if isinstance(encoder, ne.PopulationEncoder) else 2, "rate")
    heard: List[int] = []
    loop = ne.Loop(
        iter(values), encoder, ne.Simulator(net, dt=1.0), lambda answer: int(answer.counts["in"].sum()), heard.append,
        period_ms=10.0, clock=SimulatedClock(),
    )  # fmt: skip
    report = loop.run()
    assert heard[: len(alone)] == alone and sum(alone) > 0 and report.errors == {}
