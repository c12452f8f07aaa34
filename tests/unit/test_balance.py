"""The balancing robot: its physics against closed forms, and the network in the loop."""

from dataclasses import replace

import numpy as np
import pytest

from neuroedge import NeuromorphicAPI
from neuroedge.applications.balance import (
    ClassicalBalance,
    SpikingBalance,
    balance_network,
    encode_imu_readings,
    evaluate_balance,
)
from neuroedge.applications.balance_training import lif_drive, train_balance, untrained_balance
from neuroedge.applications.control import load_balance
from neuroedge.applications.pendulum import GRAVITY, BalancingRobot, Build
from neuroedge.errors import ParameterError, UnknownNameError

FREE = replace(Build(), friction=0.0, viscous=0.0, motor=1e-9)


@pytest.mark.long
def test_energy_is_kept_without_friction() -> None:
    robot = BalancingRobot(3, lean=np.radians([5.0, 20.0, 30.0]), build=FREE, noise=False)
    robot.fallen_at = 10.0
    start = robot.energy()
    for _ in range(150):
        robot.drive(0.0)
    # they swing right round and keep what they had
    assert np.abs(robot.lean).max() > np.pi
    np.testing.assert_allclose(robot.energy(), start, atol=1e-6 * abs(start).max())


def test_a_small_lean_grows_as_the_linear_plant_says() -> None:
    robot, b = BalancingRobot(1, lean=1e-6, build=FREE, noise=False), FREE
    rolling = (b.body + b.wheels + b.wheel_inertia / b.radius**2) * b.radius**2
    coupling, turning = b.body * b.radius * b.height, b.inertia + b.body * b.height**2
    pole = np.sqrt(rolling * b.body * GRAVITY * b.height / (rolling * turning - coupling**2))
    for _ in range(40):
        robot.drive(0.0)
    np.testing.assert_allclose(robot.lean, 1e-6 * np.cosh(pole * 0.4), rtol=1e-6)
    assert 5.0 < pole < 20.0


@pytest.mark.long
def test_a_lying_motor_runs_up_to_its_no_load_speed() -> None:
    # so heavy a body hardly turns, so that the wheels alone speed up
    build = replace(Build(), body=1e-6, inertia=1e9, friction=0.0, viscous=0.0)
    robot = BalancingRobot(1, lean=0.0, build=build, noise=False)
    for _ in range(200):
        robot.drive(1.0)
    np.testing.assert_allclose(robot.speed, build.voltage / build.motor * build.radius, rtol=1e-4)


def test_a_command_waits_for_the_dead_time() -> None:
    late, early = (BalancingRobot(1, lean=0.0, build=replace(Build(), dead_time=t), noise=False) for t in (0.010, 0.0))
    assert late.drive(1.0).all() and late.lean[0] == 0.0
    early.drive(1.0)
    assert early.lean[0] < 0.0


def test_an_imu_at_rest_feels_gravity() -> None:
    robot = BalancingRobot(2, lean=[0.0, 0.1], noise=False, build=replace(Build(), body=1e-9, inertia=1e9))
    np.testing.assert_allclose(robot.read()[:, 0], [0.0, -GRAVITY * np.sin(0.1)], atol=1e-6)
    np.testing.assert_allclose(robot.read()[:, 2], [GRAVITY, GRAVITY * np.cos(0.1)], atol=1e-6)


def test_noise_is_that_of_the_data_sheet() -> None:
    robot = BalancingRobot(2000, seed=3, lean=0.0, build=replace(Build(), body=1e-9, inertia=1e9))
    first, second = robot.read(), robot.read()
    spread = (first - second).std(axis=0) / np.sqrt(2.0)
    # 0.05 °/s rms at 100 Hz; ours passes 94 Hz through one pole
    assert 0.04 < np.degrees(spread[4]) < 0.08 and 0.03 < spread[0] < 0.07
    assert np.abs(np.degrees(first[:, 4])).max() < 0.5 + 6 * 0.08


def test_encoding_is_exact_over_time() -> None:
    readings = np.array([[0.5, -3.0, 9.0, 0.1, -0.7, 5.0]])
    carry, total = np.full((1, 6), 0.5), np.zeros((1, 6))
    for _ in range(100):
        counts, carry = encode_imu_readings(readings, carry)
        total += counts
    share = np.clip((readings - [[0, 0, GRAVITY, 0, 0, 0]]) / [10, 10, 10, 2, 2, 2], -1, 1) * 0.5 + 0.5
    assert np.abs(total - 2000.0 * share).max() <= 1.0


@pytest.mark.long
@pytest.mark.parametrize("model, precision", [("adex", "float32"), ("lif", "float32"), ("lif", "int8")])
def test_shipped_weights_balance(model: str, precision: str) -> None:
    pilot = SpikingBalance(load_balance(model), 3, model, precision)
    result = evaluate_balance(pilot, 3, 5.0, seed=4)
    assert result.standing == 1.0 and result.lean < 3.0


@pytest.mark.long
@pytest.mark.parametrize("which", ["imu->integration", "integration->balance"])
def test_without_its_synapses_it_falls(which: str) -> None:
    weights = dict(load_balance("lif"))
    weights[which] = np.zeros_like(weights[which])
    result = evaluate_balance(SpikingBalance(weights, 6, "lif"), 6, 5.0, seed=4)
    assert result.standing == 0.0 and result.times.max() < 3.0


@pytest.mark.long
def test_untrained_networks_fall_and_the_classical_controller_stands() -> None:
    assert evaluate_balance(SpikingBalance(untrained_balance(1), 6), 6, 5.0, seed=4).standing == 0.0
    assert evaluate_balance(ClassicalBalance(6), 6, 5.0, seed=4).standing == 1.0


def test_a_copy_gives_what_it_gives_alone_and_in_the_tutorial() -> None:
    weights, rng = load_balance("adex"), np.random.default_rng(0)
    readings = rng.normal(0.0, 1.0, (20, 3, 6)) + [0, 0, GRAVITY, 0, 0, 0]
    together = SpikingBalance(weights, 3)
    alone = SpikingBalance(weights, 1)
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("imu", 6, "rate")
    api.add_processing_layer("integration", 20, "adex")
    api.add_motor_layer("balance", 4)
    for name, w in weights.items():
        api.connect_layers(*name.split("->"), weights=w)
    carry = np.full((1, 6), 0.5)
    for step in readings:
        three = together.spikes(step)["balance"].reshape(3, 4)[1]
        np.testing.assert_array_equal(alone.spikes(step[1:2])["balance"], three)
        counts, carry = encode_imu_readings(step[1:2], carry)
        events = [(i, (j + 0.5) * (10.0 / k)) for i, k in enumerate(counts[0]) for j in range(k)]
        rates = api.run_simulation(10.0, external_inputs={"imu": events})["layer_rates"]["balance"]
        np.testing.assert_array_equal(np.rint(rates / 100.0), three)


@pytest.mark.long
def test_training_is_the_same_for_a_seed() -> None:
    lines = []
    one = train_balance("lif", 3, draws=1, generations=1, pairs=2, judges=2, seconds=1.0, progress=lines.append)
    other = train_balance("lif", 3, draws=1, generations=1, pairs=2, judges=2, seconds=1.0)
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name])
    assert len(lines) == 2 and one.seconds > 0


def test_the_drive_of_a_rate_is_the_inverse_of_the_curve() -> None:
    # constant drive I reaches the threshold d after tau·log(I·tau/(I·tau − d))
    drive = lif_drive(np.array([20.0, 125.0, 300.0]))
    interval = 2.0 + 20.0 * np.log(drive * 20.0 / (drive * 20.0 - 15.0))
    np.testing.assert_allclose(1000.0 / interval, [20.0, 125.0, 300.0], rtol=1e-9)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="must divide 0.01 s"):
        BalancingRobot(step=0.003)
    with pytest.raises(ParameterError, match="lean must be"):
        BalancingRobot(2, lean=[0.1, 0.2, 0.3])
    with pytest.raises(ParameterError, match="finite"):
        BalancingRobot(1).drive(float("nan"))
    with pytest.raises(UnknownNameError, match="integration model"):
        balance_network(load_balance("lif"), "izhikevich")
    with pytest.raises(UnknownNameError, match="integration model"):
        train_balance("li")
