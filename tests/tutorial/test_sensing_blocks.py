"""The tutorial's blocks with sensors as written, untrained: still input brings nothing, changing input does."""

import types
import warnings
from typing import Any, Callable, Dict, List

import blocks
import numpy as np
import pytest
from api.neuromorphic_api import NeuromorphicAPI
from core import decoding, encoding, training

from neuroedge.applications.node import Fault, inject, normal_samples


class End(Exception):
    """The stand-in that ends an endless loop."""


@pytest.fixture(autouse=True)
def fresh() -> None:
    encoding.reset_sensors()


def helpers() -> Dict[str, Any]:
    """The library's own helpers, which blocks call without importing them."""
    offered = {name: getattr(room, name) for room in (encoding, decoding) for name in room.__all__}
    return {"np": np, "NeuromorphicAPI": NeuromorphicAPI, **offered}


def run(text: str, names: Dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        exec(compile(text, "edge_deployment.md", "exec"), names)


class Mpu:
    """An IMU whose readings are told by a function of the loop's turn."""

    def __init__(self, reading: Callable[[int], List[float]]) -> None:
        self.reading, self.turn = reading, 0

    @property
    def acceleration(self) -> Any:
        return tuple(self.reading(self.turn)[:3])

    @property
    def gyro(self) -> Any:
        return tuple(self.reading(self.turn)[3:])


def balance(reading: Callable[[int], List[float]], monkeypatch: pytest.MonkeyPatch, turns: int = 30) -> List[Any]:
    """What the IMU block sends to its motors."""
    import sys

    mpu, sent = Mpu(reading), []  # type: ignore[var-annotated]

    def sleep(seconds: float) -> None:
        assert seconds == 0.01
        mpu.turn += 1
        if mpu.turn >= turns:
            raise End

    monkeypatch.setitem(sys.modules, "board", types.SimpleNamespace(SCL=1, SDA=2))
    monkeypatch.setitem(sys.modules, "busio", types.SimpleNamespace(I2C=lambda scl, sda: (scl, sda)))
    monkeypatch.setitem(sys.modules, "adafruit_mpu6050", types.SimpleNamespace(MPU6050=lambda i2c: mpu))
    names = {**helpers(), "time": types.SimpleNamespace(sleep=sleep), "send_motor_commands": sent.append}
    with pytest.raises(End):
        run(blocks.block("### Sensor Integration"), names)
    return sent


NOISE = np.random.default_rng(0).normal(0.0, [0.03] * 3 + [0.001] * 3, (100, 6))
REST = np.array([0.1, -0.2, 9.8, 0.01, 0.0, -0.01])


@pytest.mark.parametrize(
    "reading",
    [lambda k: REST.tolist(), lambda k: (REST + NOISE[k]).tolist(), lambda k: [0.0] * 6],
    ids=["at rest", "at rest with noise", "nothing"],
)
def test_an_imu_at_rest_moves_no_motor(reading: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = balance(reading, monkeypatch)
    assert len(sent) == 30 and all(rates.shape == (4,) and not rates.any() for rates in sent)


@pytest.mark.parametrize(
    "reading",
    [
        lambda k: [9.8 * np.sin(0.1 * k), 0.0, 9.8 * np.cos(0.1 * k), 0.0, 10.0 * np.cos(0.1 * k), 0.0],
        lambda k: [0.0, 0.0, 9.8, 0.0, 0.05 * np.sin(k), 0.0],
        lambda k: [0.0, 2.0 * (k == 10), 9.8, 0.0, 0.0, 0.0],
    ],
    ids=["falling over", "swaying", "pushed once"],
)
def test_an_imu_that_moves_moves_motors(reading: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = balance(reading, monkeypatch)
    assert sum(float(rates.sum()) for rates in sent) > 0.0


class Robot:
    """A robot that stands or drives: camera, lidar, IMU, and what it was told."""

    def __init__(self, moves: bool, turns: int = 6) -> None:
        rng = np.random.default_rng(1)
        blocks_ = rng.integers(20, 255, (12, 16)).astype(np.uint8)
        self.scene = np.repeat(np.kron(blocks_, np.ones((10, 10), np.uint8))[:, :, None], 3, axis=2)
        self.moves, self.turns, self.turn = moves, turns, -1
        self.wheels: List[Any] = []
        self.arm: List[Any] = []

    def is_active(self) -> bool:
        self.turn += 1
        return self.turn < self.turns

    def get_camera_frame(self) -> Any:
        return np.roll(self.scene, 3 * self.turn * self.moves, axis=1)

    def get_lidar_scan(self) -> Any:
        return (3.0 + np.sin(np.arange(360) / 57.3 + 0.2 * self.turn * self.moves)).tolist()

    def get_imu_reading(self) -> Any:
        return (*REST, 20.0, 0.0, 40.0 + self.turn * self.moves)

    def set_wheel_velocities(self, left: float, right: float) -> None:
        self.wheels.append((left, right))

    def set_arm_positions(self, positions: Any) -> None:
        self.arm.append(positions)


@pytest.mark.long
@pytest.mark.parametrize("moves", [False, True])
def test_a_robot_answers_to_what_changes(moves: bool) -> None:
    robot = Robot(moves)
    names = {**helpers(), "robot": robot}
    run(blocks.block("### Robot Control"), names)
    wheels, arm = np.array(robot.wheels), np.array(robot.arm)
    assert wheels.shape == (6, 2) and arm.shape == (6, 6)
    rates = [names["results"]["layer_rates"][name].sum() for name in ("vision", "perception", "planning")]
    if moves:
        assert min(rates) > 0.0 and (wheels > -1.0).any() and (arm > -1.0).any()
    else:
        # 0 Hz is the low end of a command
        assert max(rates) == 0.0 and (wheels == -1.0).all() and (arm == -1.0).all()


def alerts(readings: Callable[[int], Any], turns: int = 10) -> int:
    """Spikes of the IoT block's alert layer, its network untrained."""
    turn, spikes = [0], [0]

    class Watched(NeuromorphicAPI):
        def run_simulation(self, *args: Any, **kwargs: Any) -> Any:
            results = super().run_simulation(*args, **kwargs)
            spikes[0] += int(results["layer_spike_counts"]["alert"].sum())
            return results

    def sleep(_: float) -> None:
        turn[0] += 1
        if turn[0] >= turns:
            raise End

    text = blocks.block("### IoT Sensor Node").replace("train_anomaly_detector(api, normal_data)", "")
    names = {
        **helpers(), "NeuromorphicAPI": Watched, "time": types.SimpleNamespace(sleep=sleep),
        "read_temperature_array": lambda: readings(turn[0])[0], "read_humidity_array": lambda: readings(turn[0])[1],
        "read_motion_sensor": lambda: readings(turn[0])[2], "send_alert": lambda level: None,
    }  # fmt: skip
    with pytest.raises(End):
        run(text, names)
    return spikes[0]


def test_iot_sensors_that_stand_still_are_silent() -> None:
    assert alerts(lambda k: ([21.0] * 10, [45.0] * 10, [0.0] * 100)) == 0


def test_iot_sensors_that_change_are_heard() -> None:
    rng = np.random.default_rng(0)
    warmth, damp, motion = rng.normal(21.0, 0.3, (10, 10)), rng.normal(45.0, 1.0, (10, 10)), rng.random((10, 100)) < 0.1
    assert alerts(lambda k: (warmth[k], damp[k], motion[k])) > 0


@pytest.mark.long
def test_the_sensor_node_word_for_word() -> None:
    """All of the block: trained on normal days, silent on another, and heard when its thermometers freeze."""
    days = normal_samples(80, seed=2, start=480)
    hot = Fault("spike", 60, 3, {"temperature": np.arange(10)}, {"temperature": 1.0})
    days = inject(days, hot, np.random.default_rng(0))
    turn, sent = [0], {}

    def sleep(_: float) -> None:
        turn[0] += 1
        if turn[0] == len(days):
            raise End

    names = {
        **helpers(), "time": types.SimpleNamespace(sleep=sleep), "normal_data": normal_samples(1500, seed=1),
        "train_anomaly_detector": training.train_anomaly_detector,
        "read_temperature_array": lambda: days[turn[0]]["temperature"],
        "read_humidity_array": lambda: days[turn[0]]["humidity"],
        "read_motion_sensor": lambda: days[turn[0]]["motion"],
        "send_alert": lambda level: sent.setdefault(turn[0], int(level)),
    }  # fmt: skip
    with pytest.raises(End):
        run(blocks.block("### IoT Sensor Node"), names)
    assert not [turn for turn, level in sent.items() if level == 2 and turn < 60]
    assert 2 in [level for turn, level in sent.items() if 60 <= turn < 70], sent
