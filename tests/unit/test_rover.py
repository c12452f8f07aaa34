"""The rover: its courses, kinematics and senses against closed forms, and the network in the loop."""

import numpy as np
import pytest

from neuroedge import NeuromorphicAPI
from neuroedge.applications.control import (
    ClassicalDriver,
    Courses,
    Rover,
    SpikingDriver,
    evaluate_rover,
    load_rover,
    untrained_rover,
)
from neuroedge.applications.driving import MODELS, ROVER_LAYERS, WIRES, nearness, rover_spikes
from neuroedge.errors import ParameterError


def empty() -> Courses:
    return Courses(1, obstacles=0)


def test_wheels_follow_what_is_asked() -> None:
    rover = Rover(empty(), noise=False)
    rover.heading[:] = rover.y[:] = 0.0
    for _ in range(50):
        rover.drive(np.array([[0.5, 0.5]]))
    # v (t − tau (1 − e^(−t/tau))), summed in steps of 2 ms
    v, t, tau = 0.3, 1.0, rover.tau
    assert abs(rover.x[0] - v * (t - tau * (1.0 - np.exp(-t / tau)))) < 0.3 * 0.002
    assert rover.y[0] == 0.0 and rover.heading[0] == 0.0


@pytest.mark.long
def test_unequal_wheels_draw_a_circle() -> None:
    rover = Rover(empty(), noise=False)
    rover.x[:], rover.y[:], rover.heading[:] = 3.0, 0.0, 0.0
    rover.wheels[:] = [[0.12, 0.24]]
    # radius base/2 · (r + l)/(r − l), and one turn takes 2 pi base/(r − l)
    around, turns = 0.15 * 0.36 / 0.12, round(2.0 * np.pi * 0.30 / 0.12 / 0.02)
    reached = []
    for _ in range(turns):
        rover.drive(np.array([[0.2, 0.4]]))
        reached.append(rover.y[0])
    assert abs(max(reached) - 2.0 * around) < 1e-3 and np.hypot(rover.x[0] - 3.0, rover.y[0]) < 0.01


def test_rays_meet_what_is_there() -> None:
    course = empty()
    course.discs, course.boxes = np.array([[[3.0, 0.0, 0.5]]]), np.array([[[1.0, 1.5, 0.25, 0.125, np.pi / 2]]])
    angles = np.radians([[0.0, 90.0, -90.0, 180.0, np.degrees(np.arcsin(0.25)) + 0.01]])
    found = course.distances(np.array([1.0]), np.array([0.0]), angles, 4.0)
    np.testing.assert_allclose(found[0, :4], [1.5, 1.25, 2.0, 4.0], atol=1e-9)
    assert found[0, 4] > 2.0
    np.testing.assert_allclose(course.clearance(np.array([1.0]), np.array([0.0])), 1.25)
    assert course.clearance(np.array([3.1]), np.array([0.0])) < 0.0


def test_obstacles_leave_a_way() -> None:
    courses = Courses(20, seed=7)
    around = np.concatenate([courses.discs, np.dstack([courses.boxes[:, :, :2], np.hypot(*courses.boxes.T[2:4]).T])], 1)
    for lane in around:
        lane = lane[lane[:, 0] < 100.0]
        apart = np.hypot(*(lane[:, None, :2] - lane[None, :, :2]).T) - lane[:, 2] - lane[:, None, 2]
        assert (apart + 10.0 * np.eye(len(lane)) >= courses.gap - 1e-9).all()
    assert (courses.clearance(np.zeros(20), np.zeros(20)) > 0.8).all()


def test_senses() -> None:
    course = empty()
    course.discs = np.array([[[2.0, 0.0, 0.3]]])
    rover = Rover(course, noise=False)
    rover.y[:], rover.heading[:] = 0.0, np.radians(30.0)
    senses = rover.sense()
    assert abs(senses.lidar[0, 330] - 1.7) < 1e-9 and abs(senses.lidar[0, 60] - 2.0) < 1e-9
    np.testing.assert_allclose(senses.imu[0, 6:], [np.cos(np.pi / 6), -0.5, 0.0])
    # 30 degrees to the right, the nearest point 1.7 m away: as dark as that; the floor below it is light
    assert abs(senses.camera[0, 16, 25] - (0.15 + 0.15 * 1.7 * np.cos(np.pi / 6))) < 0.01
    assert senses.camera[0, 31, 25] == 0.8
    assert nearness(np.array([0.1, 0.85, 2.0])).tolist() == [1.0, 0.5, 0.0]


@pytest.mark.long
def test_the_shipped_network_drives_and_an_empty_one_does_not() -> None:
    weights = load_rover()
    without = {**weights, "planning->wheels": np.zeros((128, 2))}
    far = []
    for pilot in (SpikingDriver(weights), ClassicalDriver(), SpikingDriver(without)):
        rover = Rover(Courses(1, 2), 2)
        while rover.active.all() and rover.time < 8.0:
            rover.drive(pilot.act(rover.sense(), rover.active))
        far.append((bool(rover.hit[0]), bool(rover.x[0] > 1.0)))
    assert far[:2] == [(False, True)] * 2 and not far[2][1]
    assert evaluate_rover(ClassicalDriver(), 1, 1.0, seed=2).crossed == 0.0


@pytest.mark.long
def test_the_tutorial_gives_the_same_spikes() -> None:
    weights, senses = untrained_rover(3), Rover(Courses(2, 5), 5).sense()
    pilot = SpikingDriver(weights, 2)
    api = NeuromorphicAPI()
    api.create_network()
    for name in ("vision", "lidar", "imu"):
        api.add_sensory_layer(name, ROVER_LAYERS[name], MODELS[name])
    for name in ("perception", "planning"):
        api.add_processing_layer(name, ROVER_LAYERS[name], MODELS[name])
    for name in ("wheels", "arm"):
        api.add_motor_layer(name, ROVER_LAYERS[name])
    for pre, post in WIRES:
        api.connect_layers(pre, post, weights=weights[f"{pre}->{post}"])
    events, _ = rover_spikes(senses, np.full((2, 369), 0.5))
    found = api.run_simulation(20.0, external_inputs=events[1]).layer_spike_counts
    mine = pilot.spikes(senses)
    for name in ("perception", "planning", "wheels"):
        np.testing.assert_array_equal(found[name], mine[name][1])
    assert found["planning"].sum() > 0


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="wheels must have shape"):
        Rover(empty()).drive(np.zeros(2))
    with pytest.raises(ParameterError, match="obstacles"):
        Courses(1, obstacles=-1)
