"""Trains, patterns and pairs: sorted, spread evenly, with polarity on one neuron or in two halves."""

import pickle

import numpy as np
import pytest

from neuroedge import Network, Simulator, SpikePattern, SpikeTrain
from neuroedge.events import EVENT_DTYPE, as_events


def test_a_train_is_sorted_stably() -> None:
    train = SpikeTrain([3, 1, 2, 0], [2.0, 1.0, 1.0, 0.0], size=4, polarity=[0, 1, 0, 1])
    assert list(train) == [(0, 0.0), (1, 1.0), (2, 1.0), (3, 2.0)]
    assert train.polarity is not None and train.polarity.tolist() == [1, 1, 0, 0]
    assert len(train) == 4 and "4 spikes, 0 to 2 ms" in repr(train)


def test_nothing_at_all() -> None:
    for empty in (SpikeTrain([], []), SpikePattern([], []), as_events([], "x"), as_events(np.zeros((0, 2)), "x")):
        assert len(empty) == 0 and empty.indices_for(3, "x").size == 0 and empty.times_in(10.0).size == 0
    assert repr(SpikeTrain([], [])) == "SpikeTrain(0 spikes)"
    assert len(SpikeTrain([], [], 4, [])) == 0


def test_a_train_keeps_copies() -> None:
    neurons, times, polarity = np.array([0, 1], np.uint32), np.array([1.0, 2.0]), np.array([0, 1], np.uint8)
    train = SpikeTrain(neurons, times, 2, polarity)
    pattern = SpikePattern(neurons, neurons)
    neurons[:], times[:], polarity[:] = 9, 9.0, 0
    assert list(train) == [(0, 1.0), (1, 2.0)] and train.polarity.tolist() == [0, 1]
    assert pattern.order.tolist() == [0, 1]


def test_a_train_travels() -> None:
    train = pickle.loads(pickle.dumps(SpikeTrain([1, 0], [1.0, 0.5], 2)))
    assert list(train) == [(0, 0.5), (1, 1.0)] and train.size == 2


@pytest.mark.parametrize("duration", [1.0, 16.0, 100.0])
def test_a_pattern_is_spread_evenly(duration: float) -> None:
    pattern = SpikePattern([0, 1, 2, 3], [0, 1, 2, 3])
    assert pattern.steps == 4
    assert np.allclose(pattern.times_in(duration), np.arange(4) * duration / 4)
    longer = SpikePattern([0, 1], [0, 1], steps=8)
    assert np.allclose(longer.times_in(duration), [0, duration / 8]) and "8 steps" in repr(longer)


def spikes_of(events: object, n: int = 4, duration: float = 10.0) -> list:
    net = Network()
    net.add("x", n, "rate")
    train = Simulator(net, dt=1.0).run(duration, inputs={"x": events}).spikes["x"]
    return list(train)


def test_a_pattern_in_a_run() -> None:
    # a spike is stamped with the end of its tick; time 0 belongs to the first
    assert spikes_of(SpikePattern([0, 1, 2, 3], [0, 1, 2, 3])) == [(0, 1.0), (1, 3.0), (2, 5.0), (3, 8.0)]
    assert spikes_of(SpikePattern([0, 1], [0, 1]), duration=4.0) == [(0, 1.0), (1, 2.0)]


def test_every_form_of_events_is_the_same() -> None:
    pairs = [(2, 0.0), (0, 0.5), (3, 9.3), (0, 3.0)]
    neurons, times = [n for n, _ in pairs], [t for _, t in pairs]
    structured = np.array(pairs, EVENT_DTYPE)
    forms = [
        pairs,
        [list(p) for p in pairs],
        tuple(pairs),
        iter(pairs),
        np.array(pairs),
        structured,
        np.array(pairs, [("address", "i2"), ("stamp", "f4")]),
        SpikeTrain(neurons, times),
        SpikeTrain(np.array(neurons, np.int8), np.array(times, np.float32)),
    ]
    expected = [(0, 1.0), (2, 1.0), (0, 3.0), (3, 10.0)]
    for form in forms:
        assert spikes_of(form) == expected


@pytest.mark.parametrize(("size", "n", "expected"), [(4, 4, [0, 1, 2]), (4, 8, [0, 5, 2])])
def test_polarity_shares_a_neuron_or_takes_two_halves(size: int, n: int, expected: list) -> None:
    train = SpikeTrain([0, 1, 2], [1.0, 2.0, 3.0], size=size, polarity=[1, 0, True])
    assert train.indices_for(n, "x").tolist() == expected
    assert [neuron for neuron, _ in spikes_of(train, n)] == expected
    # without a polarity indices are as they are
    assert SpikeTrain([0, 1, 2], [1.0, 2.0, 3.0], size=size).indices_for(n, "x").tolist() == [0, 1, 2]


def test_times_at_the_very_end() -> None:
    assert spikes_of([(0, 10.0)]) == [(0, 10.0)]
    # a rounding error beyond the end is none
    assert spikes_of([(0, 10.0 * (1 + 1e-12))]) == [(0, 10.0)]


def test_a_spike_twice_in_a_tick_counts_twice_at_a_source() -> None:
    assert spikes_of([(0, 0.2), (0, 0.7)]) == [(0, 1.0), (0, 1.0)]
