"""Cameras: frames that are no frames, and what to do about it."""

import importlib.util
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from neuroedge.errors import MissingExtraError, NotReadyError, ParameterError, UnsupportedError
from neuroedge.runtime.camera import Camera, csi_pipeline, has_gstreamer
from neuroedge.runtime.sources import open_source

HAS_OPENCV = importlib.util.find_spec("cv2") is not None
opencv = pytest.mark.skipif(not HAS_OPENCV, reason="OpenCV is not installed")

TUTORIAL = Path(__file__).parent.parent / "tutorial" / "edge_deployment.md"

BUILD = """
  Video I/O:
    FFMPEG:                      YES
    GStreamer:                   {}
"""


class Device:
    """A capture that gives what it is told to."""

    def __init__(self, *frames: Any, opened: bool = True) -> None:
        self.frames, self.opened, self.released = list(frames), opened, 0

    def __call__(self, device: Any) -> "Device":
        return self

    def isOpened(self) -> bool:
        return self.opened

    def read(self) -> Any:
        frame = self.frames.pop(0) if self.frames else None
        return frame is not None, frame

    def release(self) -> None:
        self.released += 1


def frame(value: int = 7, shape: Any = (48, 64, 3)) -> np.ndarray:
    return np.full(shape, value, np.uint8)


def test_the_pipeline_is_the_tutorials() -> None:
    assert f'"{csi_pipeline(640, 480, 30)}"' in TUTORIAL.read_text()
    assert "sensor-id=1 !" in csi_pipeline(sensor=1) and "nvvidconv flip-method=2 !" in csi_pipeline(flip=2)
    for wrong in ({"width": 0}, {"flip": 8}, {"fps": -1}):
        with pytest.raises(ParameterError):
            csi_pipeline(**wrong)


@pytest.mark.parametrize("text, answer", [("YES (1.16.2)", True), ("NO", False)])
def test_whether_opencv_has_gstreamer(text: str, answer: bool) -> None:
    assert has_gstreamer(BUILD.format(text)) is answer and not has_gstreamer("")


@pytest.mark.skipif(HAS_OPENCV, reason="OpenCV is installed")
def test_without_opencv() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install neuroedge\[camera\]"):
        open_source("camera:0")


@opencv
def test_frames_are_grey_and_scaled() -> None:
    camera = Camera(0, (16, 12), open_capture=Device(frame(100)))
    sample = camera.read()
    assert sample is not None and sample.value.shape == (12, 16) and sample.value.dtype == np.uint8
    assert (sample.value == 100).all() and camera.blocks
    sample = Camera(0, grey=False, open_capture=Device(frame())).read()
    assert sample is not None and sample.value.shape == (48, 64, 3)


@opencv
@pytest.mark.parametrize("bad, error", [
    (None, NotReadyError), (frame(shape=(48, 64, 3)).astype(np.float32), ParameterError),
    (frame(shape=(24, 32, 3)), ParameterError), (frame(shape=(48, 64)), ParameterError), ("frame", ParameterError),
    (frame(shape=(0, 64, 3)), ParameterError), (frame(shape=(48, 64, 2)), ParameterError)])  # fmt: skip
def test_frames_that_are_none(bad: Any, error: Any) -> None:
    camera = Camera(0, open_capture=Device(frame(), bad, frame()))
    assert camera.read() is not None
    with pytest.raises(error, match="camera:0"):
        camera.read()
    assert camera.read() is not None


@opencv
def test_a_camera_that_does_not_open_names_the_cure() -> None:
    device = Device(opened=False)
    with pytest.raises(NotReadyError, match=r"ls /dev/video3.*usermod -aG video"):
        Camera(3, open_capture=device)
    assert device.released == 1


@opencv
def test_frames_that_never_change() -> None:
    camera = Camera(0, stuck=3, open_capture=Device(*[frame(k) for k in (1, 2, 2, 2, 3)]))
    seen: List[bool] = [camera.read() is not None for _ in range(3)]
    with pytest.raises(NotReadyError, match="stuck: 3 equal frames"):
        camera.read()
    assert all(seen) and camera.read() is not None


@opencv
def test_no_gstreamer_is_explained() -> None:
    import cv2

    if has_gstreamer(cv2.getBuildInformation()):
        pytest.skip("this OpenCV has GStreamer")
    with pytest.raises(UnsupportedError, match=r"no GStreamer.*sudo apt install python3-opencv"):
        open_source("camera:csi")


@opencv
def test_a_video_file_to_its_end(tmp_path: Path) -> None:
    import cv2

    path = str(tmp_path / "a.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (64, 48))
    for k in range(5):
        writer.write(frame(50 * k))
    writer.release()
    source = open_source(f"file:{path}")
    samples = [source.read() for _ in range(6)]
    assert samples[5] is None and not source.blocks
    assert [round(float(s.value.mean()) / 50.0) for s in samples[:5]] == [0, 1, 2, 3, 4]
    source.close()
    with pytest.raises(NotReadyError):
        source.read()


@opencv
def test_no_such_camera() -> None:
    with pytest.raises(NotReadyError, match="camera:99 cannot be opened"):
        open_source("camera:99")
