"""Encoders and decoders on one core: frames a second of the event camera, and what a reading costs."""

import time
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
from pairs import Row, goal, row

from neuroedge.encoding import (
    DeltaEncoder,
    DVSEncoder,
    PopulationEncoder,
    RateEncoder,
    TemporalEncoder,
    TraceDecoder,
    encode_lidar,
    encode_sensor_data,
    encode_vision,
    reset_sensors,
)

WIDTH, HEIGHT, INTERVAL = 640, 480, 10.0


def encoding(repeats: int, quick: bool) -> Iterator[Row]:
    """All of this file."""
    yield from cameras(repeats, 20 if quick else 60)
    yield from readings(repeats, 20 if quick else 200)


def bars(frames: int) -> np.ndarray:
    """A room with three bars that cross it, uint8 [frames, 480, 640]: what a fixed camera sees."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    ground = (90 + 40 * np.sin(x / 37.0) * np.cos(y / 23.0)).astype(np.uint8)
    clip = np.repeat(ground[None], frames, axis=0)
    for k in range(frames):
        for lane, speed in ((40, 6), (200, -9), (360, 14)):
            left = (speed * k) % WIDTH
            clip[k, lane : lane + 80, left : left + 60] = 220
    return clip


def drive(frames: int) -> np.ndarray:
    """The same room from a camera that turns: edges everywhere move."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(30, 220, (HEIGHT // 40, WIDTH // 40)).astype(np.uint8)
    scene = np.kron(coarse, np.ones((40, 40), np.uint8))
    return np.stack([np.roll(scene, 4 * k, axis=1) for k in range(frames)])


SENSORS: Dict[str, Dict[str, Any]] = {
    "ideal": {},
    "mismatch, low-pass, leak": {"mismatch": 0.03, "cutoff": 200.0, "leak": 0.1},
    "and refractory": {"mismatch": 0.03, "cutoff": 200.0, "leak": 0.1, "refractory": 1.0},
    "and shot noise": {"mismatch": 0.03, "cutoff": 200.0, "leak": 0.1, "refractory": 1.0, "shot_noise": 1.0},
}


def cameras(repeats: int, frames: int) -> Iterator[Row]:
    """Frames a second at 640 × 480, events made and times given."""
    for scene, make in (("bars", bars), ("drive", drive)):
        clip = make(frames + 1)
        for name, options in SENSORS.items():
            rates, events = [], 0
            for _ in range(repeats):
                encoder = DVSEncoder((WIDTH, HEIGHT), 0.2, **options)
                encoder.encode(clip[0], 0.0)
                began = time.perf_counter()
                events = sum(len(encoder.encode(frame, INTERVAL * (k + 1))) for k, frame in enumerate(clip[1:]))
                rates.append(frames / (time.perf_counter() - began))
            note, more = f"{events / frames:,.0f} events a frame", {}
            # the goal is for the first two; noise costs a random number for every pixel
            if not name.startswith("and"):
                text, more = goal(float(np.median(rates)), at_least=500.0)
                note = f"{note}; {text}"
            yield row(f"dvs {scene}, {name}", "frames/s", rates, note, more_is_better=True, events=events, **more)


def readings(repeats: int, calls: int) -> Iterator[Row]:
    """Microseconds of one call."""
    rng = np.random.default_rng(1)
    values, scans = rng.random((calls, 1000)), rng.uniform(0.1, 12.0, (calls, 360))
    motions = rng.normal(0.0, 3.0, (calls, 6)).tolist()
    frames = rng.integers(0, 256, (4, HEIGHT, WIDTH, 3), dtype=np.uint8)
    wide = np.linspace(0.0, 1.0, 1000)
    trace = TraceDecoder(1000)
    train = RateEncoder(100.0).encode(wide, 10.0)
    rates, regular = RateEncoder(100.0), RateEncoder(100.0, "regular")
    latency, population, delta = TemporalEncoder(), PopulationEncoder(), DeltaEncoder(0.1)
    runs: Dict[str, Callable[[int], Any]] = {
        "rate, Poisson, 1,000 values": lambda k: rates.encode(values[k], 10.0),
        "rate, regular, 1,000 values": lambda k: regular.encode(values[k], 10.0),
        "latency, 1,000 values": lambda k: latency.encode(values[k], 10.0),
        "population, 100 values": lambda k: population.encode(values[k, :100], 10.0),
        "delta, 1,000 values": lambda k: delta.encode(values[k], 10.0),
        "encode_sensor_data": lambda k: encode_sensor_data(motions[k]),
        "encode_lidar, 360 rays": lambda k: encode_lidar(scans[k]),
        "encode_vision, 640x480 colour": lambda k: encode_vision(frames[k % 4]),
        "trace of 1,000 neurons": lambda k: trace.decode(train, 10.0),
    }
    reset_sensors()
    for name, once in runs.items():
        walls: List[float] = []
        once(0)
        for _ in range(repeats):
            began = time.perf_counter()
            for k in range(calls):
                once(k)
            walls.append((time.perf_counter() - began) / calls * 1e6)
        yield row(name, "us", walls, "one call; 10 ms where it has a length")
    reset_sensors()
