"""Decoders: by hand, as streams, and with anything bad."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge import SpikePattern, SpikeTrain
from neuroedge.encoding import (
    RateDecoder,
    TraceDecoder,
    decode_count,
    decode_first_spike,
    decode_motor,
    decode_population,
    decode_rate,
    decode_trace,
)
from neuroedge.errors import NeuroedgeError

EVENTS = [(0, 2.0), (2, 4.0), (0, 8.0), (0, 10.0)]


def test_by_hand():
    assert decode_count(EVENTS, 4).tolist() == [3, 0, 1, 0]
    assert decode_rate(EVENTS, 4, 10.0).tolist() == [300.0, 0.0, 100.0, 0.0]
    assert decode_first_spike(EVENTS, 4).tolist() == [2.0, np.inf, 4.0, np.inf]
    trace = decode_trace(EVENTS, 4, 10.0, tau=4.0)
    assert np.allclose(trace, [np.exp(-2) + np.exp(-0.5) + 1.0, 0.0, np.exp(-1.5), 0.0])
    assert decode_count([], 3).tolist() == [0, 0, 0]


def test_trains_and_patterns_are_events_too():
    train = SpikeTrain([0, 2, 0, 0], [2.0, 4.0, 8.0, 10.0])
    assert decode_rate(train, 4, 10.0).tolist() == decode_rate(EVENTS, 4, 10.0).tolist()
    pattern = SpikePattern([0, 1], [1, 2], 4)
    assert decode_first_spike(pattern, 2, 20.0).tolist() == [5.0, 10.0]
    # ON and OFF share a neuron, or have halves
    eye = SpikePattern([0, 1], [0, 0], 1, 2, [1, 0])
    assert decode_count(eye, 2).tolist() == [1, 1] and decode_count(eye, 4).tolist() == [1, 0, 0, 1]


def test_population_vectors():
    assert decode_population([0, 1, 3], [0.0, 1.0, 2.0]) == 1.75
    assert np.isnan(decode_population([0, 0], [0.0, 1.0]))
    # around a circle, by unit vectors
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    units = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x, y = decode_population(np.maximum(np.cos(angle - 6.0), 0), units)
    assert abs(np.arctan2(y, x) % (2 * np.pi) - 6.0) < 0.05
    # many at once
    assert decode_population([[1, 0], [0, 1], [1, 1]], [2.0, 4.0]).tolist() == [2.0, 4.0, 3.0]
    assert decode_population(np.ones((5, 8)), units).shape == (5, 2)
    assert decode_population([1e308, 1e308], [1.0, 3.0]) == 2.0


def test_motors():
    assert decode_motor([0.0, 25.0, 50.0, 100.0, 250.0]).tolist() == [-1.0, -0.5, 0.0, 1.0, 1.0]
    assert decode_motor([0.0, 50.0], low=0.0, high=180.0).tolist() == [0.0, 90.0]
    assert decode_motor([0.0, 50.0], low=[0.0, 1.0], high=[10.0, -1.0], max_rate=50.0).tolist() == [0.0, -1.0]
    left, right = decode_motor(np.array([20.0, 80.0]))
    assert round(left, 9) == -0.6 and round(right, 9) == 0.6


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 1e300), min_size=1, max_size=9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_motors_keep_to_their_range_and_order(rates, low, high):
    values = decode_motor(rates, low, high)
    slack = 1e-9 * max(abs(low), abs(high))
    assert (values >= min(low, high) - slack).all() and (values <= max(low, high) + slack).all()
    order = np.argsort(rates, kind="stable")
    assert (np.diff(values[order]) * np.sign(high - low) >= -slack).all()


TIMES = st.lists(st.tuples(st.integers(0, 3), st.floats(0.01, 99.9)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(TIMES, st.lists(st.floats(1.0, 99.0), max_size=5))
def test_streams_end_as_the_whole(events, cuts):
    edges = [0.0, *sorted(set(cuts)), 100.0]
    trace, rate, counts = TraceDecoder(4, 15.0), RateDecoder(4, 100.0), np.zeros(4, int)
    for start, end in zip(edges[:-1], edges[1:]):
        part = [(n, t - start) for n, t in events if start < t <= end]
        traces, rates = trace.decode(part, end - start), rate.decode(part, end - start)
        counts += decode_count(part, 4)
        assert np.allclose(rates, counts * 1000.0 / end)
    assert np.allclose(traces, decode_trace(events, 4, 100.0, 15.0))
    assert (counts == decode_count(events, 4)).all() and np.allclose(rates, decode_rate(events, 4, 100.0))


def test_a_window_forgets():
    decoder = RateDecoder(2, 20.0)
    rates = [decoder.decode([(0, 5.0)] if k == 0 else [], 10.0).tolist() for k in range(4)]
    # one spike at 5 ms: seen in the first 10 ms, then in the last 20, then gone
    assert rates == [[100.0, 0.0], [50.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    decoder.decode([(1, 1.0)], 10.0)
    decoder.reset()
    assert decoder.decode([], 10.0).tolist() == [0.0, 0.0]


ANY = st.one_of(
    st.none(), st.text(max_size=2), st.floats(), st.integers(-3, 3), st.just(10**400), st.complex_numbers(),
    st.lists(st.one_of(st.floats(), st.none(), st.tuples(st.integers(-2, 9), st.floats())), max_size=3),
    st.lists(st.lists(st.floats(), max_size=2), max_size=2),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(ANY, ANY, ANY)
def test_bad_values_bring_our_errors_only(a, b, c):
    for call in (
        lambda: decode_count(a, b),
        lambda: decode_rate(a, 3, c),
        lambda: decode_first_spike(a, b, c),
        lambda: decode_population(a, b),
        lambda: decode_trace(a, 3, b, c),
        lambda: decode_motor(a, b, c),
        lambda: decode_motor([1.0], a, b, c),
        lambda: TraceDecoder(2).decode(a, b),
        lambda: RateDecoder(2, 10.0).decode(a, b),
    ):
        try:
            call()
        except NeuroedgeError:
            pass


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: decode_count([(5, 1.0)], 3), "0 to 2"),
        (lambda: decode_rate([(0, 11.0)], 1, 10.0), "0 to 10 ms"),
        (lambda: decode_rate([(0, -1.0)], 1, 10.0), "0 to 10 ms"),
        (lambda: decode_motor([np.nan]), "finite"),
        (lambda: decode_motor([-1.0]), ">= 0 Hz"),
        (lambda: decode_motor([]), "one per neuron"),
        (lambda: decode_motor([[1.0]]), "one per neuron"),
        (lambda: decode_motor([1.0], low=[0.0, 1.0]), "low"),
        (lambda: decode_motor([1.0], max_rate=0.0), "max_rate"),
        (lambda: decode_population([1.0], [1.0, 2.0]), "as preferred"),
        (lambda: decode_population([-1.0, 1.0], [1.0, 2.0]), ">= 0"),
        (lambda: TraceDecoder(0), "size"),
        (lambda: TraceDecoder(1, 0.0), "tau"),
        (lambda: RateDecoder(1, -1.0), "window"),
    ],
)
def test_what_is_wrong_is_named(call, says):
    with pytest.raises(NeuroedgeError, match=says):
        call()
