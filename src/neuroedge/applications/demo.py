"""A traffic camera in spikes: the clip that comes with neuroedge, through an event camera, to a direction.

frames 128 × 72 → 64 × 64 → events → retina 4,096 → motion fields 256 → outputs 10
"""

import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ..encoding import DVSEncoder
from ..encoding.images import resize_area
from ..events import SpikeTrain
from ..simulator import Simulator
from .motion import DIRECTIONS, FAST, SIDE, SLOW, Motion, build_motion_network, moving_bar, read_motion
from .shipped import shipped

__all__ = ["Case", "Clip", "Watched", "cases", "load_clip", "simulator", "watch"]

# contrast threshold of the event camera: one event for a change of light by 22 %
THRESHOLD = 0.2


class Clip(NamedTuple):
    """frames: uint8 [n, H, W]; interval: ms from frame to frame."""

    frames: np.ndarray
    interval: float


class Watched(NamedTuple):
    """What came of a clip.

    Per frame: events, latencies (ms from frame to answer), outputs [frames, 10]. fields, output: all their spikes, ms
    from the clip's start. small: the frames as the retina saw them. busy: seconds spent.
    """

    motion: Motion
    events: List[SpikeTrain]
    latencies: np.ndarray
    outputs: np.ndarray
    fields: SpikeTrain
    output: SpikeTrain
    small: np.ndarray
    interval: float
    busy: float
    synaptic_events: int


class Case(NamedTuple):
    """A clip whose answer is known; speed is None where it is not."""

    name: str
    clip: Clip
    direction: str
    speed: Optional[str]


def load_clip() -> Clip:
    """The traffic clip: one white car drives from the bottom of the picture to the top."""
    with np.load(shipped("cars_gray_128x72.npz"), allow_pickle=False) as file:
        return Clip(file["frames"], int(file["frame_dt_us"]) / 1000.0)


def simulator() -> Simulator:
    """The motion network, in steps of 1 ms."""
    return Simulator(build_motion_network(), dt=1.0)


def watch(sim: Simulator, clip: Clip, live: bool = False, saw: Optional[Callable[[int], None]] = None) -> Watched:
    """Play a clip from the network's start. live: wait for each frame as a camera would. saw(k) after each frame."""
    sim.reset()
    camera = DVSEncoder(resolution=(SIDE, SIDE), threshold=THRESHOLD)
    small, events, latencies, outputs = [], [], [], []
    spikes: Dict[str, List[Tuple[np.ndarray, np.ndarray]]] = {"fields": [], "output": []}
    synaptic = 0
    began = time.perf_counter()
    for k, frame in enumerate(clip.frames):
        if live:
            time.sleep(max(0.0, began + k * clip.interval / 1000.0 - time.perf_counter()))
        came = time.perf_counter()
        small.append(resize_area(frame, (SIDE, SIDE)))
        events.append(camera.encode(small[-1], (k + 1) * clip.interval))
        recording = sim.run(clip.interval, inputs={"retina": events[-1]})
        outputs.append(recording.counts["output"])
        latencies.append(time.perf_counter() - came)
        synaptic += recording.performance["synaptic_events"]
        for name, kept in spikes.items():
            kept.append((recording.spikes[name].neurons, recording.spikes[name].times + k * clip.interval))
        if saw is not None:
            saw(k)
    fields, output = (_joined(spikes[name]) for name in ("fields", "output"))
    return Watched(
        read_motion(np.sum(outputs, axis=0)), events, np.array(latencies) * 1000.0, np.array(outputs), fields, output,
        np.array(small), clip.interval, float(np.sum(latencies)), synaptic,
    )  # fmt: skip


def _joined(parts: List[Tuple[np.ndarray, np.ndarray]]) -> SpikeTrain:
    neurons, times = zip(*parts)
    return SpikeTrain(np.concatenate(neurons), np.concatenate(times))


def cases(clip: Clip) -> List[Case]:
    """The clip turned every way, and a bar in each direction at both speeds."""
    turned = [
        ("clip as recorded", clip.frames, "up"),
        ("upside down", clip.frames[:, ::-1], "down"),
        ("backwards in time", clip.frames[::-1], "down"),
        ("turned to the left", np.rot90(clip.frames, 1, axes=(1, 2)), "left"),
        ("turned to the right", np.rot90(clip.frames, -1, axes=(1, 2)), "right"),
    ]
    found = [Case(name, Clip(frames, clip.interval), direction, None) for name, frames, direction in turned]
    for name, speed in (("slow", SLOW), ("fast", FAST)):
        for direction in DIRECTIONS:
            bar = Clip(moving_bar(direction, speed, interval=clip.interval), clip.interval)
            found.append(Case(f"{name} bar, {direction}", bar, direction, name))
    return found
