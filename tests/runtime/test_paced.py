"""Recordings at their own pace, and frames of a NumPy file."""

from pathlib import Path
from typing import Any, List, Optional

import numpy as np
import pytest

from neuroedge.errors import ParameterError
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.replay import IterableSource, PacedSource, ReplaySource
from neuroedge.runtime.sample import PENDING, Sample
from neuroedge.runtime.sources import open_source


class Video:
    """Frames 0, 1, … at 5.00, 5.04, … s, as a video tells them."""

    name, closed = "video", False

    def __init__(self, stamps: List[Optional[float]]) -> None:
        self._samples = [Sample(k, stamp) for k, stamp in enumerate(stamps)]

    def read(self) -> Optional[Sample]:
        return self._samples.pop(0) if self._samples else None

    def close(self) -> None:
        self.closed = True


def values(source: Any, clock: SimulatedClock, times: List[float]) -> List[Any]:
    found = []
    for time in times:
        clock.sleep_until(time)
        sample = source.read()
        found.append(None if sample is None else "wait" if sample is PENDING else sample.value)
    return found


def test_each_frame_comes_when_its_time_has_come() -> None:
    clock, video = SimulatedClock(), Video([5.0, 5.04, 5.08, 5.12])
    source = PacedSource(video, 1.0, clock)
    assert values(source, clock, [0.0, 0.02, 0.04, 0.07, 0.08, 0.12, 0.13]) == [0, "wait", 1, "wait", 2, 3, None]
    assert source.dropped == 0 and source.name == "video"
    source.close()
    assert video.closed


def test_of_several_the_newest_counts_and_the_end_comes_once_all_are_out() -> None:
    clock = SimulatedClock()
    source = PacedSource(Video([0.0, 0.04, 0.08, 0.12]), 2.0, clock)
    assert values(source, clock, [0.0, 0.045, 1.0, 1.1]) == [0, 2, 3, None] and source.dropped == 1


def test_without_times_one_comes_in_each_call() -> None:
    clock = SimulatedClock()
    source = PacedSource(IterableSource([7, 8]), 1.0, clock)
    assert values(source, clock, [0.0, 0.0, 0.0]) == [7, 8, None]
    with pytest.raises(ParameterError, match="speed must be > 0"):
        PacedSource(Video([]), 0.0)


def test_frames_of_a_numpy_file(tmp_path: Path) -> None:
    frames = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.savez(tmp_path / "f.npz", frames=frames, frame_dt_us=40000)
    source = open_source(f"file:{tmp_path}/f.npz")
    assert [source.read().value.tolist() for _ in range(2)] == frames.tolist() and source.read() is None


def test_moments_that_shake_lose_no_value() -> None:
    """The first read is the latest in its period, or the earliest: neither waits, nor finds two at once."""
    stamps = 0.04 * np.arange(50)
    for first, others in ((0.003, (0.0002, 0.004)), (0.0, (0.004, 0.001))):
        moments = [first, *(0.04 * k + others[k % 2] for k in range(1, 50))]
        one, other = SimulatedClock(), SimulatedClock()
        replay = ReplaySource(np.arange(50), stamps, 1.0, one)
        video = PacedSource(Video(stamps.tolist()), 1.0, other)
        assert values(replay, one, moments) == values(video, other, moments) == list(range(50))
        assert replay.dropped == video.dropped == 0
