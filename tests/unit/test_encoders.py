"""Rate, latency, population and delta encoders: streams, seeds, counts, and back through the decoders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuroedge as ne
from neuroedge.encoding import (
    DeltaEncoder,
    PopulationEncoder,
    RateEncoder,
    TemporalEncoder,
    decode_count,
    decode_first_spike,
    decode_population,
    decode_rate,
)
from neuroedge.errors import NeuroedgeError, ParameterError

SHARES = st.lists(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3), min_size=1, max_size=6)
FIRST = [(1, 19), (0, 26), (1, 29), (1, 31), (1, 34), (1, 40), (1, 47)]
MAKERS = {
    "poisson": lambda: RateEncoder(max_rate=300.0, seed=5),
    "regular": lambda: RateEncoder(max_rate=300.0, mode="regular"),
    "temporal": lambda: TemporalEncoder(),
    "log": lambda: TemporalEncoder(scale="log"),
    "population rate": lambda: PopulationEncoder(neurons=4, max_rate=250.0),
    "population poisson": lambda: PopulationEncoder(neurons=4, mode="poisson", seed=3),
    "population time": lambda: PopulationEncoder(neurons=4, mode="time"),
    "delta": lambda: DeltaEncoder(0.07),
}


@pytest.mark.long
@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=25, deadline=None)
@given(samples=SHARES, cut=st.integers(0, 6))
def test_call_by_call_is_the_whole_at_once(name, samples, cut):
    whole = MAKERS[name]().encode(samples, 20.0)
    stream = MAKERS[name]()
    cuts = [part for part in (samples[:cut], samples[cut:]) if part]
    # by parts, and each of the second part by itself
    parts = [*cuts[:1], *[[row] for rows in cuts[1:] for row in rows]]
    neurons, times, signs, begin = [], [], [], 0
    for part in parts:
        train = stream.encode(part, 20.0)
        assert (train.times >= 0).all() and (train.times <= 20.0 * len(part) * (1 + 1e-12)).all()
        neurons.append(train.neurons)
        times.append(train.times + 20.0 * begin)
        signs.append(train.polarity)
        begin += len(part)
    assert (np.concatenate(neurons) == whole.neurons).all()
    assert np.allclose(np.concatenate(times), whole.times, rtol=0, atol=1e-9)
    if whole.polarity is not None:
        assert (np.concatenate(signs) == whole.polarity).all()


@pytest.mark.parametrize("mode", ["poisson", "regular"])
@settings(max_examples=25, deadline=None)
@given(rates=st.lists(st.floats(0.0, 10_000.0), min_size=1, max_size=5), cuts=st.lists(st.integers(1, 300), max_size=4))
def test_rates_go_on_wherever_calls_end(mode, rates, cuts):
    whole = RateEncoder(mode=mode).encode(rates, (sum(cuts) + 50) * 0.1)
    stream, begin, pieces = RateEncoder(mode=mode), 0, []
    for ticks in [*cuts, 50]:
        train = stream.encode(rates, ticks * 0.1)
        pieces += [(int(n), begin + round(t / 0.1)) for n, t in train]
        begin += ticks
    assert pieces == [(int(n), round(t / 0.1)) for n, t in whole]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=8), st.integers(1, 5000))
def test_regular_spikes_come_to_rate_times_time(rates, ticks):
    ms = ticks * 0.1
    counts = decode_count(RateEncoder(mode="regular").encode(rates, ms), len(rates))
    assert np.abs(counts - np.array(rates) * ms / 1000.0).max() <= 0.5 + 1e-3


def test_regular_spikes_are_regular():
    train = RateEncoder(mode="regular", dt=0.5).encode([100.0], 50.0)
    assert train.times.tolist() == [5.0, 15.0, 25.0, 35.0, 45.0]


@pytest.mark.long
def test_poisson_spikes_have_mean_and_variance_of_their_rate():
    rates = np.repeat([5.0, 40.0, 200.0], 1000)
    counts = decode_count(RateEncoder(seed=1).encode(rates, 1000.0), 3000).reshape(3, 1000)
    for row, rate in zip(counts, (5.0, 40.0, 200.0)):
        assert abs(row.mean() - rate) < 5 * (rate / 1000) ** 0.5
        # at most one spike a step takes a little of the variance
        assert 0.85 < row.var() / (rate * (1 - rate * 1e-4)) < 1.15


def test_a_seed_decides_and_reset_repeats():
    values = np.linspace(0, 1, 20)
    one, same, other = (RateEncoder(100.0, seed=seed) for seed in (1, 1, 2))
    a, b, c = (encoder.encode(values, 100.0) for encoder in (one, same, other))
    assert list(a) == list(b) != list(c)
    assert list(one.encode(values, 100.0)) != list(a)
    one.reset()
    assert list(one.encode(values, 100.0)) == list(a)


def test_the_first_random_spikes_never_change():
    # the counter's numbers are the same on every machine and in every version
    train = RateEncoder(seed=42).encode([500.0, 1000.0], 5.0)
    assert [(n, round(t / 0.1)) for n, t in train] == FIRST


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-5.0, 20.0), min_size=1, max_size=10), st.sampled_from(["linear", "log"]))
def test_times_tell_the_values(values, scale):
    encoder = TemporalEncoder(-5.0, 20.0, scale)
    train = encoder.encode(values, 30.0)
    first = decode_first_spike(train, len(values))
    back = encoder.decode(first, 30.0)
    # exact up to rounding; what lies below `least` of a log scale is told as the low end
    assert np.abs(back - values).max() <= (1e-9 if scale == "linear" else 0.01 * 25.0 + 1e-9)
    order = np.argsort(-np.asarray(values), kind="stable")
    assert (np.diff(first[order][np.isfinite(first[order])]) >= -1e-12).all()


def test_times_by_hand():
    assert list(TemporalEncoder().encode([1.0, 0.5, 0.1, 0.0], 20.0)) == [(0, 0.0), (1, 10.0), (2, 18.0)]
    log = dict(TemporalEncoder(scale="log").encode([1.0, 0.1, 0.02, 0.01], 20.0))
    assert set(log) == {0, 1, 2} and log[0] == 0.0 and abs(log[1] - 10.0) < 1e-9


@settings(max_examples=30, deadline=None)
@given(st.floats(-1.0, 3.0), st.integers(6, 20))
def test_populations_tell_the_value(value, neurons):
    encoder = PopulationEncoder(-1.0, 3.0, neurons, max_rate=1000.0, dt=0.1)
    rates = decode_rate(encoder.encode([value], 1000.0), neurons, 1000.0)
    told, spacing = decode_population(rates, encoder.centres), 4.0 / (neurons - 1)
    # within a hundredth of the range inside, where fields lie on both sides
    inside = -1.0 + 3 * spacing <= value <= 3.0 - 3 * spacing
    assert abs(told - value) <= (0.01 * 4.0 if inside else 1.2 * spacing)


def test_fields_by_hand():
    encoder = PopulationEncoder(0.0, 1.0, 5, mode="time")
    assert encoder.centres.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0] and encoder.width == 0.25
    r = np.exp(-0.5)
    assert np.allclose(encoder.responses([0.25])[0, :3], [r, 1.0, r])
    train = encoder.encode([0.25, 1.0], 10.0)
    # the best first, at once; of the second value the last of its five
    assert train.size == 10 and {(1, 0.0), (9, 0.0)} <= set(train)
    assert abs(dict(train)[0] - 10.0 * (1 - r)) < 1e-9


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=2), min_size=1, max_size=10),
    st.floats(0.01, 3.0),
)
def test_changes_add_up_to_the_values(samples, threshold):
    encoder, level = DeltaEncoder(threshold), np.zeros(2, int)
    for k, row in enumerate(samples):
        train = encoder.encode(row, 5.0)
        assert k or not len(train)
        np.add.at(level, train.neurons.astype(int), 2 * train.polarity.astype(int) - 1)
        told = np.array(samples[0]) + threshold * level
        assert np.abs(told - row).max() < threshold * (1 + 1e-9) + 1e-9
        assert (encoder.levels == level).all() and np.allclose(encoder.decode(), told)


def test_changes_by_hand():
    encoder = DeltaEncoder(0.5)
    train = encoder.encode([[0.0, 0.0], [2.0, -1.2], [2.2, 0.0], [2.2, 0.0]], 10.0)
    events = [(int(n), bool(p), round(t, 6)) for n, p, t in zip(train.neurons, train.polarity, train.times)]
    assert events == [
        (0, True, 12.5), (1, False, 14.166667), (0, True, 15.0), (0, True, 17.5), (1, False, 18.333333),
        (0, True, 20.0), (1, True, 25.833333), (1, True, 30.0),
    ]  # fmt: skip
    # noise below the threshold is silent, whatever it adds up to
    rng, quiet = np.random.default_rng(0), DeltaEncoder(0.5)
    assert len(quiet.encode(1.0 + rng.uniform(-0.2, 0.2, (500, 3)), 1.0)) == 0


def test_one_threshold_per_channel():
    train = DeltaEncoder([0.1, 1.0]).encode([[0.0, 0.0], [1.05, 1.05]], 1.0)
    assert decode_count(list(train), 2).tolist() == [10, 1]


BAD = st.one_of(
    st.none(), st.text(max_size=3), st.booleans(), st.floats(max_value=500.0), st.complex_numbers(), st.integers(-9, 9),
    st.sampled_from([np.nan, np.inf, 1e308, 10**400, np.array("a"), np.float32(2.0)]),
    st.lists(st.one_of(st.floats(), st.none(), st.text(max_size=2), st.integers()), max_size=4),
    st.lists(st.lists(st.floats(), max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=1), st.floats(), max_size=1),
)  # fmt: skip


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=30, deadline=None)
@given(values=BAD, duration=st.one_of(st.just(10.0), BAD))
def test_bad_values_bring_our_errors_and_change_nothing(name, values, duration):
    encoder, untouched = MAKERS[name](), MAKERS[name]()
    good = [[0.2, 0.9, 0.5], [0.8, 0.1, 0.5]]
    assert list(encoder.encode(good, 20.0)) == list(untouched.encode(good, 20.0))
    try:
        encoder.encode(values, duration)
    except NeuroedgeError:
        assert list(encoder.encode(good, 20.0)) == list(untouched.encode(good, 20.0))


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: RateEncoder(max_rate=0), "max_rate"),
        (lambda: RateEncoder(mode="random"), "known: poisson, regular"),
        (lambda: RateEncoder(seed=-1), "seed"),
        (lambda: RateEncoder(dt=0), "dt"),
        (lambda: RateEncoder().encode([1.0], 0.25), "multiple of dt"),
        (lambda: RateEncoder().encode([-1.0], 1.0), "0 to 10000"),
        (lambda: RateEncoder(100.0).encode([1.5], 1.0), "0 to 1"),
        (lambda: RateEncoder(20_000.0).encode([1.0], 1.0), "one spike a step"),
        (lambda: RateEncoder().encode([1.0], 1e8), "at most 20,000,000 spikes"),
        (lambda: TemporalEncoder(1.0, 1.0), "low must be below high"),
        (lambda: TemporalEncoder(scale="square"), "linear, log"),
        (lambda: TemporalEncoder(least=1.0), "least"),
        (lambda: TemporalEncoder().encode([2.0], 1.0), "np.clip"),
        (lambda: PopulationEncoder(neurons=1), "neurons"),
        (lambda: PopulationEncoder(width=0.0), "width"),
        (lambda: PopulationEncoder(mode="both"), "known"),
        (lambda: DeltaEncoder(0.0), "threshold must be > 0"),
        (lambda: DeltaEncoder([]), "threshold"),
        (lambda: DeltaEncoder([0.1, 0.1]).encode([1.0], 1.0), "one per threshold"),
        (lambda: DeltaEncoder(1e-9).encode([[0.0], [1.0]], 1.0), "spikes"),
        (lambda: DeltaEncoder(1.0).encode([[0.0], [1e300]], 1.0), "2\\^52"),
        (lambda: DeltaEncoder(1.0).decode(), "first sample"),
    ],
)
def test_what_is_wrong_is_named(make, says):
    with pytest.raises(NeuroedgeError, match=says):
        make()


def test_the_number_of_values_stays():
    encoder = RateEncoder()
    encoder.encode([1.0, 2.0], 10.0)
    with pytest.raises(ParameterError, match="2 values.*reset"):
        encoder.encode([1.0], 10.0)
    encoder.reset()
    encoder.encode([1.0], 10.0)


@pytest.mark.parametrize("name", MAKERS)
def test_parameters_make_a_twin(name):
    encoder = MAKERS[name]()
    twin = type(encoder)(**encoder.parameters())
    samples = np.random.default_rng(0).random((5, 3))
    assert list(encoder.encode(samples, 20.0)) == list(twin.encode(samples, 20.0))
    assert repr(encoder) == repr(twin) and repr(encoder).startswith(type(encoder).__name__)


def test_a_run_takes_what_encoders_give():
    network = ne.Network()
    network.add("in", 4, "rate")
    network.add("out", 4, "lif")
    network.connect("in", "out", "one_to_one")
    sim = ne.Simulator(network, dt=0.1)
    encoder = RateEncoder(mode="regular")
    for _ in range(3):
        counts = sim.run(100.0, {"in": encoder.encode([10.0, 50.0, 100.0, 0.0], 100.0)}).counts["in"]
        assert counts.tolist() == [1, 5, 10, 0]
