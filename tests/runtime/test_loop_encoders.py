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


def failing(net: ne.Network, **options: Any) -> ne.Loop:
    """A loop whose sensor fails from its third reading to its fifth."""
    turn = [0]

    def read() -> np.ndarray:
        turn[0] += 1
        if 3 <= turn[0] <= 5:
            raise OSError("the cable is loose")
        return np.array([1.0, 0.5])

    encoder = ne.RateEncoder(max_rate=200.0, mode="regular", dt=1.0)
    return ne.Loop(read, encoder, ne.Simulator(net, dt=1.0), None, clock=SimulatedClock(), **options)


def test_a_function_gets_the_safe_value_and_a_failure_is_told() -> None:
    net = ne.Network()
    net.add("in", 2, "rate")
    got: List[Any] = []
    with pytest.warns(UserWarning, match="the cable is loose.*sinks are at their safe value"):
        report = failing(net, sink=got.append, safe="stop").run(for_s=1.0)
    assert got[2] == "stop" and got[-1] == "stop" and got.count("stop") == report.safe
    assert "the cable is loose" in str(report) and f"{report.safe} times the safe value" in str(report)
    with pytest.warns(UserWarning, match="keeps its last command, having no safe value; give Loop"):
        failing(net, sink=got.append).run(for_s=1.0)
