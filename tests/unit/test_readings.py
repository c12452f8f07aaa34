"""The tutorial's `encode_*`: ranges, clipping, silence at rest, streams, pictures of any kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge.encoding import (
    SensorEncoder,
    VisionEncoder,
    clipped_values,
    decode_count,
    decode_first_spike,
    encode_humidity,
    encode_imu,
    encode_lidar,
    encode_motion,
    encode_sensor_data,
    encode_temperature,
    encode_vision,
    reset_sensors,
    sensor_encoder,
)
from neuroedge.encoding.images import resized_rows, small_picture
from neuroedge.errors import NeuroedgeError
from neuroedge.events import SpikePattern

REST = [0.1, -0.2, 9.8, 0.01, 0.0, -0.01]
SAMPLES = {
    encode_sensor_data: (REST, [3.0, -0.2, 9.0, 0.5, 0.0, -0.3]),
    encode_imu: ([*REST, 20.0, 0.0, 40.0], [3.0, -0.2, 9.0, 0.5, 0.0, -0.3, 24.0, 0.0, 38.0]),
    encode_lidar: (np.full(360, 3.0), np.linspace(1.0, 5.0, 360)),
    encode_temperature: ([21.0] * 10, [22.0] * 10),
    encode_humidity: ([40.0] * 10, [44.0] * 10),
    encode_motion: (np.zeros(100), np.eye(10).ravel()),
    encode_vision: (np.full((48, 64), 90, np.uint8), np.full((48, 64), 120, np.uint8)),
}


@pytest.fixture(autouse=True)
def fresh():
    reset_sensors()
    yield
    reset_sensors()


@pytest.mark.parametrize("encode", SAMPLES, ids=lambda f: f.__name__)
def test_who_does_not_change_is_silent(encode):
    still, other = SAMPLES[encode]
    size = 1024 if encode is encode_vision else len(still)
    for reading, speaks in ((still, False), (still, False), (other, True), (other, False), (still, True)):
        pattern = encode(reading)
        assert isinstance(pattern, SpikePattern) and pattern.size == size and pattern.clipped == 0
        # no motion is said by no spike
        assert bool(len(pattern)) == (speaks and not (encode is encode_motion and reading is still))
    reset_sensors()
    assert len(encode(other)) == 0


@pytest.mark.parametrize("encode", SAMPLES, ids=lambda f: f.__name__)
def test_streams_are_apart(encode):
    still, other = SAMPLES[encode]
    encode(still, stream="left")
    encode(other, stream="right")
    # the same reading is news for one of them
    assert len(encode(other, stream="left")) > 0 and len(encode(other, stream="right")) == 0
    reset_sensors("left")
    assert len(encode(still, stream="left")) == 0
    assert len(encode(still, stream="right")) > 0 or encode is encode_motion


def test_noise_below_the_change_is_silent_and_drift_is_not():
    rng = np.random.default_rng(0)
    noise = np.array([0.03] * 3 + [0.001] * 3)
    encode_sensor_data(REST)
    assert sum(len(encode_sensor_data((REST + rng.normal(0, noise)).tolist())) for _ in range(200)) == 0
    spoke = [len(encode_temperature([20.0 + 0.01 * k])) > 0 for k in range(101)]
    assert 8 <= sum(spoke) <= 11


def test_the_level_is_told():
    encode = SensorEncoder(0.0, 100.0, events=10).encode
    pattern = encode([0.0, 4.0, 25.0, 50.0, 100.0])
    assert decode_count(pattern, 5).tolist() == [0, 0, 3, 5, 10]
    assert pattern.times_in(10.0)[pattern.neurons == 4].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]
    # the nearer, the more
    near = sensor_encoder("lidar", change=0.0).encode([0.1, 6.0, 12.0])
    assert decode_count(near, 3).tolist() == [10, 5, 0]
    # the more, the earlier
    motion = sensor_encoder("motion", change=0.0).encode([1.0, 0.5, 0.0])
    assert decode_first_spike(motion, 3, 10.0).tolist() == [0.0, 5.0, np.inf]


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-40.0, 85.0), min_size=1, max_size=20))
def test_levels_come_back(values):
    pattern = sensor_encoder("temperature", change=0.0).encode(values)
    counts = decode_count(pattern, len(values))
    # by the number of spikes within half of one: 6.25 °C
    assert np.abs(-40.0 + 125.0 * counts / 10 - values).max() <= 6.25 + 1e-9
    # by the time of the first, (1/2)/(10 x), within a step of 1,000, where there is one
    first = decode_first_spike(pattern, len(values), 1000.0)
    there = np.isfinite(first)
    level = (np.array(values)[there] + 40.0) / 125.0
    assert np.abs(first[there] - 50.0 / level).max(initial=0.0) <= 1.0


def test_what_is_outside_is_clipped_and_counted():
    assert encode_temperature([-300.0, 20.0, 1e9]).clipped == 2
    assert encode_humidity([101.0, 50.0]).clipped == 1
    assert encode_motion([2.0]).clipped == 1
    assert encode_imu([100.0] * 3).clipped == 3
    # 0 and inf: nothing came back
    scan = encode_lidar([0.0, np.inf, 5.0, 13.0, 0.05])
    assert scan.clipped == 4
    assert encode_lidar([12.0, 12.0, 5.0, 12.0, 0.1]).clipped == 0
    assert clipped_values() == {
        "humidity": 1, "imu": 3, "lidar": 4, "motion": 1, "sensor_data": 0, "temperature": 2, "vision": 0,
    }  # fmt: skip
    # clipped values stand still
    assert len(encode_temperature([-400.0, 20.0, 1e8])) == 0
    reset_sensors()
    assert not any(clipped_values().values())


def test_another_number_of_values_is_a_first_reading():
    encode_temperature([20.0] * 10)
    assert len(encode_temperature([30.0] * 5)) == 0
    assert len(encode_temperature([35.0] * 5)) > 0


def test_standing_speaks_less_than_running(data):
    recorded = np.load(data("imu/basic_motions_train.npz"))
    spikes = {}
    for label, name in enumerate(recorded["classes"]):
        spikes[name] = 0
        for clip in recorded["X"][recorded["y"] == label][:3]:
            reset_sensors()
            spikes[name] += sum(len(encode_sensor_data(clip[:, k].tolist())) for k in range(clip.shape[1]))
    assert 0 < spikes["Standing"] < 0.85 * min(spikes[name] for name in ("Running", "Walking", "Badminton"))


BAD = [
    None, "warm", [], [[[[1.0]]]], [np.nan], [None], ["a"], {"a": 1}, 3.0, object(), [1j], [[1], [2, 3]], [10**400],
    np.array(2.0), float("inf"), [-np.inf, np.nan], b"12", np.zeros((2, 2, 9)), [[]],
]  # fmt: skip


@pytest.mark.parametrize("encode", SAMPLES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_bad_readings_are_refused_and_change_nothing(encode, bad):
    still, other = SAMPLES[encode]
    encode(still)
    with pytest.raises(NeuroedgeError, match=encode.__name__):
        encode(bad)
    if bad is None:
        with pytest.raises(NeuroedgeError, match="None"):
            encode(bad)
    assert len(encode(still)) == 0 and len(encode(other)) > 0


def test_inf_is_no_reading_but_of_a_lidar():
    with pytest.raises(NeuroedgeError, match="finite"):
        encode_temperature([np.inf])
    with pytest.raises(NeuroedgeError, match="encode_imu.*3 accelerations.*got 5"):
        encode_imu([0.0] * 5)
    with pytest.raises(NeuroedgeError, match="stream"):
        encode_imu(REST, stream=3)


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.none(), st.text(max_size=2), st.floats(), st.integers(),
        st.lists(st.one_of(st.floats(), st.integers(), st.none(), st.text(max_size=1)), max_size=9),
        st.lists(st.lists(st.floats(), max_size=3), max_size=3),
    )
)  # fmt: skip
def test_any_reading_gives_spikes_or_our_error(reading):
    for encode in SAMPLES:
        try:
            pattern = encode(reading)
        except NeuroedgeError:
            continue
        assert (pattern.order < pattern.steps).all()
        pattern.indices_for(pattern.size, "layer")


def resized(picture, width, height):
    return resized_rows(resized_rows(picture, height).T, width).T


def test_pictures_of_any_size_and_kind():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (60, 80)).astype(np.uint8)
    for image in (grey, np.stack([grey] * 3, 2), np.dstack([grey] * 3 + [grey * 0]), grey[:, :, None], grey / 255.0,
                  (grey / 255.0).astype(np.float32), grey.astype(np.int64), grey.tolist(), grey.astype(np.uint16) * 257,
                  np.asfortranarray(grey)):  # fmt: skip
        values, clipped = small_picture("test", image, 80, 60)
        assert clipped == 0 and np.abs(values - grey / 255.0).max() < 1e-6
    for shape in ((32, 32), (1, 1), (7, 200), (480, 640, 3), (33, 31), (2, 2, 4)):
        pattern = VisionEncoder().encode(np.zeros(shape, np.uint8))
        assert pattern.size == 1024
    assert VisionEncoder(1000).size == 1024 and VisionEncoder(2).size == 1
    assert encode_vision(grey, neurons=64).size == 64
    # the order of colours is no matter
    colours = rng.integers(0, 256, (9, 9, 3)).astype(np.uint8)
    assert np.allclose(small_picture("test", colours, 4, 5)[0], small_picture("test", colours[:, :, ::-1], 4, 5)[0])


def test_pictures_that_are_none():
    for image, says in (
        (None, "camera"), (np.zeros((3, 3, 5), np.uint8), "colour"), (np.zeros((0, 3), np.uint8), "shape"),
        (np.full((3, 3), np.nan), "finite"), (np.full((3, 3), 200.0), "divide by 255"), (np.zeros(9), "shape"),
        ([["a"]], "floats 0 to 1"), (np.zeros((3, 3), bool), "uint8"),
    ):  # fmt: skip
        with pytest.raises(NeuroedgeError, match=says):
            encode_vision(image)
    bright = VisionEncoder()
    assert bright.encode(np.full((4, 4), 1.25)).clipped == 16 and bright.clipped == 16
    assert bright.encode(np.full((4, 4), 300)).clipped == 16 and bright.clipped == 32


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_resizing_keeps_range_and_light(h, w, height, width):
    picture = np.random.default_rng(h * w).random((h, w))
    small = resized(picture, width, height)
    assert small.shape == (height, width)
    assert small.min() >= picture.min() - 1e-9 and small.max() <= picture.max() + 1e-9
    if height <= h and width <= w:
        assert abs(small.mean() - picture.mean()) < 1e-9
    assert np.allclose(resized(np.full((h, w), 0.25), width, height), 0.25)


def test_resizing_as_opencv_does():
    cv2 = pytest.importorskip("cv2", reason="pip install neuroedge[camera]")
    picture = np.random.default_rng(0).random((48, 60)).astype(np.float32)
    assert np.abs(resized(picture, 32, 20) - cv2.resize(picture, (32, 20), interpolation=cv2.INTER_AREA)).max() < 1e-5
    assert np.abs(resized(picture, 90, 77) - cv2.resize(picture, (90, 77))).max() < 1e-5


def test_a_moving_bar_is_seen_where_it_is():
    image = np.full((64, 64), 60, np.uint8)
    encode_vision(image)
    image[:, 20:24] = 200
    pattern = encode_vision(image)
    assert set((pattern.neurons % 32).tolist()) == {10, 11} and pattern.polarity.all()
    image[:] = 60
    assert not encode_vision(image).polarity.any()


def test_ten_twins():
    for kind in ("imu", "lidar", "temperature", "humidity", "motion", "sensor_data"):
        encoder = sensor_encoder(kind, values=6)
        twin = SensorEncoder(**encoder.parameters())
        for scale in (0.1, 0.5, 0.9):
            reading = [scale] * 6
            assert list(encoder.encode(reading).order) == list(twin.encode(reading).order)
        assert repr(encoder) == repr(twin) and f"encode_{kind}" in repr(encoder)
    eye = VisionEncoder(100, 0.2)
    assert VisionEncoder(**eye.parameters()).size == eye.size == 100


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: SensorEncoder(1.0, 1.0), "low must be below high"),
        (lambda: SensorEncoder(-1e308, 1e308), "low must be below high"),
        (lambda: SensorEncoder([0.0, 0.0], [1.0, 1.0, 1.0]), "one length"),
        (lambda: SensorEncoder(0.0, 1.0, change=-0.1), "change"),
        (lambda: SensorEncoder(0.0, 1.0, code="phase"), "rate, time"),
        (lambda: SensorEncoder(0.0, 1.0, events=0), "events"),
        (lambda: SensorEncoder([0.0, 0.0], 1.0).encode([0.5]), "2 values"),
        (lambda: sensor_encoder("smell"), "known"),
        (lambda: VisionEncoder(0), "neurons"),
    ],
)
def test_what_is_wrong_is_named(make, says):
    with pytest.raises(NeuroedgeError, match=says):
        make()
