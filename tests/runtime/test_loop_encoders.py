"""Encoders of the package, given to a loop as they are."""

from typing import Any, List

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.sample import Source


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


class Bare(Source):
    """A source that forgets the time: what it gives could be a value and a time, and is not."""

    def read(self) -> Any:
        return np.array([100.0, 200.0])


def test_two_values_are_no_value_and_time() -> None:
    net = ne.Network()
    net.add("in", 2, "rate")
    loop = ne.Loop(Bare(), ne.RateEncoder(), net, clock=SimulatedClock())
    with pytest.raises(ne.NeuroedgeError, match=r"read\(\) must give \(value, timestamp in s or None\)"):
        loop.run(for_s=0.1)


@pytest.mark.parametrize("decoder", [ne.RateDecoder(2, window=50.0), ne.TraceDecoder(2)])
def test_decoders_of_streams_read_the_last_population(decoder: Any) -> None:
    net = ne.Network()
    net.add("in", 2, "rate")
    net.add("out", 2, "lif")
    net.connect("in", "out", weights=np.eye(2) * 30.0)
    heard: List[Any] = []
    values = [np.array([1.0, 0.5])] * 8
    ne.Loop(
        iter(values), ne.RateEncoder(max_rate=200.0, mode="regular", dt=1.0), ne.Simulator(net, dt=1.0), decoder,
        heard.append, period_ms=10.0, clock=SimulatedClock(),
    ).run()  # fmt: skip
    assert heard[5][0] > heard[5][1] > 0
    net.add("aside", 1, "lif")
    with pytest.raises(ne.NeuroedgeError, match="2 feed no other; decoder=lambda"):
        ne.Loop(iter(values), None, ne.Simulator(net, dt=1.0), decoder)
