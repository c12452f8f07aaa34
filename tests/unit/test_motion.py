"""The motion network: a real car, moving bars, and what must leave it silent."""

import numpy as np
import pytest

from neuroedge import DVSEncoder, Simulator
from neuroedge.applications.demo import load_clip
from neuroedge.applications.motion import (
    DIRECTIONS,
    FAST,
    SIDE,
    SLOW,
    SPEEDS,
    build_motion_network,
    moving_bar,
    read_motion,
)
from neuroedge.encoding.images import resize_area
from neuroedge.errors import ArgumentTypeError, ParameterError, UnknownNameError


@pytest.fixture(scope="module")
def simulator():
    return Simulator(build_motion_network(), dt=1.0)


@pytest.fixture(scope="module")
def car():
    """A white car that drives from the bottom of the picture to its top, 50 frames, 40 ms apart."""
    return load_clip().frames


def watch(simulator, frames, interval=40.0, threshold=0.2):
    """Play frames of any size as the camera; the outputs' spike counts."""
    simulator.reset()
    encoder, total = DVSEncoder((SIDE, SIDE), threshold), np.zeros(10, int)
    for i, frame in enumerate(frames):
        events = encoder.encode(resize_area(frame), i * interval)
        if i > 0:
            total += simulator.run(interval, inputs={"retina": events}).counts["output"]
    return total


def reversed_(frames):
    return frames[::-1]


def turned_left(frames):
    return np.rot90(frames, 1, (1, 2))


def turned_right(frames):
    return np.rot90(frames, -1, (1, 2))


def upside_down(frames):
    return frames[:, ::-1]


def negative(frames):
    return 255 - frames


def as_it_is(frames):
    return frames


@pytest.mark.parametrize(
    "change, expected",
    [
        (as_it_is, "up"),
        (negative, "up"),
        (upside_down, "down"),
        (reversed_, "down"),
        (turned_left, "left"),
        (turned_right, "right"),
    ],
)
def test_where_the_car_drives(simulator, car, change, expected):
    motion = read_motion(watch(simulator, change(car)))
    # measured: 0.61 to 0.75
    assert motion.direction == expected and motion.speed == "slow" and motion.margin > 0.4


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_bars(simulator, direction, speed):
    frames = moving_bar(direction, {"slow": SLOW, "fast": FAST}[speed])
    motion = read_motion(watch(simulator, frames))
    assert (motion.direction, motion.speed) == (direction, speed) and motion.margin > 0.9


@pytest.mark.parametrize("levels", [(60, 110), (20, 250), (150, 40)])
@pytest.mark.parametrize("speed", SPEEDS)
def test_contrast_matters_little(simulator, levels, speed):
    frames = moving_bar("down-left", {"slow": SLOW, "fast": FAST}[speed], levels=levels)
    assert read_motion(watch(simulator, frames))[:2] == ("down-left", speed)


def test_what_does_not_move_has_no_direction(simulator):
    ground, noise = np.full((64, 64), 100, np.uint8), np.random.default_rng(1)
    assert not watch(simulator, [ground] * 10).any()
    assert read_motion(watch(simulator, [ground, ground // 2] * 10)).direction is None
    snow = [noise.integers(0, 256, (64, 64), dtype=np.uint8) for _ in range(20)]
    assert read_motion(watch(simulator, snow)).direction is None


def test_the_answer_lies_in_the_delays():
    # the same synapses with their delays dealt anew see nothing
    net = build_motion_network()
    sight = net.projections["retina->fields"].connectivity
    delay = np.random.default_rng(0).permutation(sight.delay)
    other = build_motion_network()
    other.projections["retina->fields"].replace(type(sight)(sight.shape, sight.indptr, sight.post, sight.weight, delay))
    frames = moving_bar("right", FAST)
    assert read_motion(watch(Simulator(net, dt=1.0), frames)).direction == "right"
    assert read_motion(watch(Simulator(other, dt=1.0), frames)).direction is None


def test_size():
    net = build_motion_network()
    assert [p.size for p in net.populations.values()] == [4096, 256, 10]
    assert net.synapses == 108_576


def test_read_motion():
    assert read_motion([0, 8, 2, 0, 0, 0, 0, 0, 1, 5]) == ("up-right", "fast", 0.75)
    assert read_motion(np.zeros(10, int)) == (None, None, 0.0)
    assert read_motion([3, 3, 0, 0, 0, 0, 0, 0, 2, 1]) == (None, "slow", 0.0)
    for wrong in ([1, 2], [-1] + [0] * 9):
        with pytest.raises(ParameterError):
            read_motion(wrong)


def test_resize_area_keeps_the_mean():
    generator = np.random.default_rng(3)
    frame = generator.integers(0, 256, (72, 128), dtype=np.uint8)
    assert resize_area(frame).dtype == np.uint8 and resize_area(frame).shape == (64, 64)
    assert resize_area(frame / 255.0).mean() == pytest.approx(frame.mean() / 255.0)
    assert (resize_area(frame, (64, 36)) == np.rint(frame.reshape(36, 2, 64, 2).mean(axis=(1, 3)))).all()
    assert (resize_area(frame, (128, 72)) == frame).all()
    assert (resize_area(np.full((5, 7), 9, np.uint8), (64, 3)) == 9).all()


def test_moving_bar_moves():
    frames = moving_bar("right", 100.0, width=6.0, interval=10.0)
    assert frames.shape[1:] == (64, 64) and (frames[0] == 60).all() and (frames[-1] == 60).all()
    middle = len(frames) // 2
    assert (frames[middle][:, :-1] == frames[middle + 1][:, 1:]).all()
    short = moving_bar("up", 50.0, length=10.0)
    assert ((short != 60).any(axis=(0, 1))).sum() == 10


@pytest.mark.parametrize(
    "call, error, says",
    [
        (lambda: build_motion_network(slow=100.0, fast=50.0), ParameterError, "slow"),
        (lambda: build_motion_network(slow=0.0), ParameterError, "px/s"),
        (lambda: moving_bar("north", 50.0), UnknownNameError, "up-left"),
        (lambda: moving_bar("up", 0.0), ParameterError, "speed"),
        (lambda: moving_bar("up", 5.0, length=-1.0), ParameterError, "length"),
        (lambda: moving_bar("up", 5.0, levels=(0, 300)), ParameterError, "0 to 255"),
        (lambda: moving_bar("up", 5.0, interval="x"), ArgumentTypeError, "interval"),
        (lambda: resize_area(np.zeros((4, 4, 3))), ParameterError, "cv2.cvtColor"),
        (lambda: resize_area(np.zeros((4, 4)), 64), ArgumentTypeError, "size"),
        (lambda: resize_area(np.zeros((4, 4)), (64, 0)), ParameterError, "height"),
        (lambda: resize_area(np.array([["a"]])), ArgumentTypeError, "numbers"),
    ],
)
def test_wrong_arguments_are_named(call, error, says):
    with pytest.raises(error, match=says):
        call()
