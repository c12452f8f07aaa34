"""DVSEncoder as a real sensor: mismatch, bandwidth, leak against v2e's recording; noise and refractoriness by rule."""

import numpy as np
import pytest

from neuroedge.encoding import DVSEncoder
from neuroedge.errors import NeuroedgeError, ParameterError

SMALL = (40, 30)
FLAT = np.full((30, 40), 100, np.uint8)


def play(encoder, frames, interval):
    """All events of a clip: neurons, polarity, ms from its start."""
    trains = [encoder.encode(frame, interval * k) for k, frame in enumerate(frames)]
    return (
        np.concatenate([t.neurons for t in trains]).astype(int),
        np.concatenate([t.polarity for t in trains]).astype(int),
        np.concatenate([t.times + interval * (k - 1) for k, t in enumerate(trains)]),
    )


def counts(neurons, polarity, size):
    table = np.zeros((2, size), int)
    np.add.at(table, (polarity, neurons), 1)
    return table


def noise(n=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 30, 40), dtype=np.uint8)


def test_an_imperfect_sensor_counts_as_v2e(data):
    frames = np.load(data("video/cars_gray_128x72.npz"))["frames"]
    v2e = np.load(data("video/v2e_cars_mismatch_lowpass_leak.npz"))
    encoder = DVSEncoder((128, 72), v2e["pos_thres_map"], v2e["neg_thres_map"], cutoff=30.0, leak=0.5)
    neurons, polarity, times = play(encoder, frames, 40.0)
    ours, theirs = counts(neurons, polarity, 128 * 72), v2e["counts_off_on"].reshape(2, -1)
    assert theirs.sum() == 116_436
    # measured: equal on every pixel; the room is for another machine's rounding
    assert (np.abs(ours - theirs) <= 1).all(axis=0).mean() >= 0.9999
    assert (ours == theirs).all(axis=0).mean() >= 0.999
    # without the maps, or without the filter, it is another sensor
    for other in ({"cutoff": 30.0, "leak": 0.5}, {"threshold": v2e["pos_thres_map"], "leak": 0.5}):
        wrong = counts(*play(DVSEncoder((128, 72), **other), frames, 40.0)[:2], 128 * 72)
        assert (np.abs(wrong - theirs) <= 1).all(axis=0).mean() < 0.9
    if len(times) == len(v2e["t"]):
        v2e_neurons = v2e["y"].astype(int) * 128 + v2e["x"]
        mine, its = np.lexsort((times, polarity, neurons)), np.lexsort((v2e["t"], v2e["p"], v2e_neurons))
        assert (np.abs(1e3 * times[mine] - v2e["t"][its]) < 1.0).mean() >= 0.999


@pytest.mark.parametrize("leak, theta", [(1.0, 0.2), (5.0, 0.5)])
def test_leak_brings_on_events_at_its_rate_whatever_the_threshold(leak, theta):
    encoder = DVSEncoder(SMALL, theta, mismatch=0.1 * theta, leak=leak, seed=3)
    neurons, polarity, _ = play(encoder, [FLAT] * 101, 100.0)
    assert (polarity == 1).all()
    assert np.abs(np.bincount(neurons, minlength=1200) - 10.0 * leak).max() <= 1


def test_mismatch_spreads_thresholds_as_asked():
    encoder = DVSEncoder(SMALL, 0.3, mismatch=0.03, seed=7)
    maps = encoder.threshold_map
    assert maps.shape == (2, 30, 40) and maps.dtype == np.float32
    assert np.abs(maps.mean(axis=(1, 2)) - 0.3).max() < 0.005 and np.abs(maps.std(axis=(1, 2)) - 0.03).max() < 0.003
    assert (maps == DVSEncoder(SMALL, 0.3, mismatch=0.03, seed=7).threshold_map).all()
    assert (maps != DVSEncoder(SMALL, 0.3, mismatch=0.03, seed=8).threshold_map).any()
    assert DVSEncoder(SMALL, 0.05, mismatch=1.0).threshold_map.min() >= np.float32(0.01)
    # a pixel fires as a sensor of its own threshold would
    before, after = noise(2)
    pattern = encoder.encode_difference(before, after)
    same = DVSEncoder(SMALL, maps[0], maps[1]).encode_difference(before, after)
    assert (pattern.neurons == same.neurons).all() and (pattern.order == same.order).all()


def test_a_slow_pixel_lags_and_arrives():
    step = [FLAT, *[np.full((30, 40), 200, np.uint8)] * 40]
    fast, slow = DVSEncoder(SMALL, 0.05), DVSEncoder(SMALL, 0.05, cutoff=20.0)
    first, later = play(fast, step, 1.0), play(slow, step, 1.0)
    # all at once; and over tens of ms, the same number of them
    assert first[2].max() <= 1.0 and later[2].max() > 10.0
    assert abs(len(first[0]) - len(later[0])) <= 1200
    # half of the way after ln 2 time constants: 1/(2π·20 Hz)·275/220 = 9.9 ms
    assert 5.0 < np.median(later[2]) < 9.0


def test_refractory_pixels_wait_and_lose_no_light():
    frames = noise(12)
    neurons, polarity, times = play(DVSEncoder(SMALL, 0.2, refractory=3.0), frames, 10.0)
    for pixel in range(0, 1200, 97):
        assert (np.diff(np.sort(times[neurons == pixel])) > 3.0).all()
    free = play(DVSEncoder(SMALL, 0.2), frames, 10.0)
    assert 0 < len(neurons) < len(free[0])
    # shorter than any distance of events, it changes nothing
    none = play(DVSEncoder(SMALL, 0.2, refractory=1e-6), frames, 10.0)
    assert all((a == b).all() for a, b in zip(none, free))
    # what was held back comes when there is time
    encoder = DVSEncoder(SMALL, 0.2, refractory=3.0)
    held = counts(*play(encoder, [FLAT, np.full((30, 40), 255, np.uint8), *[np.full((30, 40), 255, np.uint8)] * 9], 4.0)
                  [:2], 1200)  # fmt: skip
    assert (held[1] == 4).all()


def test_shot_noise_has_its_rate_and_is_dimmer_in_light():
    dark, bright = np.zeros((30, 40), np.uint8), np.full((30, 40), 255, np.uint8)
    totals = []
    for frame in (dark, bright):
        neurons, polarity, times = play(DVSEncoder(SMALL, 0.2, shot_noise=5.0, seed=2), [frame] * 101, 10.0)
        assert 0.45 < polarity.mean() < 0.55 and (times > 0).all()
        totals.append(len(neurons))
    # 1,200 pixels for 1 s at 5 Hz, of a black one with an offset of 20 levels; white ones have a quarter
    assert abs(totals[0] - 6000 * (1 - 0.75 * 20 / 275)) < 5 * 6000**0.5
    assert abs(totals[1] - 6000 * 0.25) < 5 * 1500**0.5


def test_a_seed_decides_all_noise():
    def clip(seed):
        return play(DVSEncoder(SMALL, 0.2, mismatch=0.03, shot_noise=20.0, seed=seed), noise(), 10.0)

    one, same, other = clip(1), clip(1), clip(2)
    assert all((a == b).all() for a, b in zip(one, same)) and len(one[0]) != len(other[0])


def test_reset_brings_the_same_events_again_and_parameters_another_encoder():
    encoder = DVSEncoder(SMALL, 0.2, mismatch=0.03, cutoff=50.0, leak=1.0, shot_noise=5.0, refractory=1.0, seed=4)
    first = play(encoder, noise(), 10.0)
    encoder.reset()
    again, twin = play(encoder, noise(), 10.0), play(DVSEncoder(**encoder.parameters()), noise(), 10.0)
    for other in (again, twin):
        assert all((a == b).all() for a, b in zip(first, other))
    assert "cutoff=50" in repr(encoder) and "leak=1" in repr(encoder)


def test_frames_without_times_keep_the_rest():
    encoder = DVSEncoder(SMALL, 0.2)
    sizes = [len(encoder.encode_next(np.full((30, 40), level, np.uint8))) for level in (100, 115, 130, 130)]
    assert sizes == [0, 0, 1200, 0]
    frames, timed, encoder = noise(), DVSEncoder(SMALL, 0.2), DVSEncoder(SMALL, 0.2)
    for k, frame in enumerate(frames):
        pattern, train = encoder.encode_next(frame), timed.encode(frame, float(k))
        a, b = (counts(e.neurons.astype(int), np.asarray(e.polarity, int), 1200) for e in (pattern, train))
        assert (a == b).all()


@pytest.mark.parametrize(
    "given, says",
    [
        ({"threshold": np.full((40, 30), 0.2)}, "threshold"),
        ({"threshold": np.full((30, 40), 0.001)}, "at least 0.01"),
        ({"threshold": np.full((30, 40), np.nan)}, "finite"),
        ({"threshold": [[0.2], [0.2, 0.3]]}, "threshold"),
        ({"threshold_off": np.array("a")}, "threshold_off"),
        ({"mismatch": -0.1}, "mismatch"),
        ({"cutoff": np.inf}, "cutoff"),
        ({"leak": "much"}, "leak"),
        ({"shot_noise": None}, "shot_noise"),
        ({"refractory": -1}, "refractory"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_wrong_sensors_are_refused(given, says):
    with pytest.raises(NeuroedgeError, match=says):
        DVSEncoder(SMALL, **given)


def test_a_map_is_copied():
    theta = np.full((30, 40), 0.2)
    encoder = DVSEncoder(SMALL, theta)
    theta[:] = 5.0
    assert encoder.threshold_map.max() < 0.21 and encoder.parameters()["threshold"].max() == 0.2


def test_a_refused_frame_leaves_filters_alone():
    def run(bad):
        encoder, sizes = DVSEncoder(SMALL, 0.1, cutoff=30.0, leak=1.0), []
        for k, frame in enumerate(noise()):
            if bad:
                for wrong, when in ((frame[:5], 10.0 * k), (frame, -1.0) if k else (None, 0.0)):
                    with pytest.raises((ParameterError, NeuroedgeError)):
                        encoder.encode(wrong, when)
            sizes.append(len(encoder.encode(frame, 10.0 * k)))
        return sizes

    assert run(True) == run(False)
