"""Cameras and video files through OpenCV, the `camera` extra."""

from typing import Any, Callable, Optional, Tuple, Union

import numpy as np

from .. import checks
from ..errors import MissingExtraError, NotReadyError, ParameterError, UnsupportedError, shown
from .sample import Sample, Source

__all__ = ["Camera", "csi_pipeline", "has_gstreamer"]

_NO_GSTREAMER = (
    "this OpenCV has no GStreamer, which CSI cameras need; pip's never has: use the system's, as in "
    "`sudo apt install python3-opencv` and `python3 -m venv --system-site-packages`, or take a USB camera"
)


def csi_pipeline(
    width: int = 640, height: int = 480, fps: int = 30, flip: Optional[int] = None, sensor: Optional[int] = None
) -> str:
    """The GStreamer pipeline of a CSI camera on a Jetson. flip: nvvidconv's flip-method 0 … 7, such as 2 for a camera
    that hangs upside down; sensor: its number, if there are several."""
    for field, value in (("width", width), ("height", height), ("fps", fps)):
        checks.count("csi_pipeline", field, value, 100_000)
    if flip is not None and checks.whole("csi_pipeline", "flip", flip, 0) > 7:
        raise ParameterError(f"csi_pipeline: flip must be 0 to 7 (got {flip})")
    which = "" if sensor is None else f" sensor-id={checks.whole('csi_pipeline', 'sensor', sensor, 0)}"
    turned = "" if flip is None else f" flip-method={flip}"
    return (
        f"nvarguscamerasrc{which} ! video/x-raw(memory:NVMM), width={width}, height={height}, format=(string)NV12, "
        f"framerate=(fraction){fps}/1 ! nvvidconv{turned} ! video/x-raw, format=(string)BGRx ! videoconvert ! "
        "video/x-raw, format=(string)BGR ! appsink"
    )


def has_gstreamer(build: str) -> bool:
    """Whether the text of `cv2.getBuildInformation()` says so."""
    for line in build.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "GStreamer":
            return value.strip().upper().startswith("YES")
    return False


class Camera(Source):
    """Frames as uint8 arrays: grey [height, width], or with `grey=False` BGR [height, width, 3].

    device: the number of a camera, a GStreamer pipeline (see `csi_pipeline`), or the path of a video. resolution:
    (width, height) that frames are scaled to. fps: asked of the camera. stuck: so many equal frames in a row are a
    failure; None: never. open_capture(device): opens in place of cv2.VideoCapture. A camera that gives no frame, or one
    of another shape or type than before, raises NotReadyError or ParameterError from `read()`; a video ends.
    """

    def __init__(
        self, device: Union[int, str] = 0, resolution: Optional[Tuple[int, int]] = None, grey: bool = True,
        fps: Optional[float] = None, stuck: Optional[int] = None, open_capture: Optional[Callable[[Any], Any]] = None,
    ) -> None:  # fmt: skip
        self._device = device
        self._pipeline = isinstance(device, str) and "!" in device
        self.blocks = self._pipeline or not isinstance(device, str)
        self.name = f"camera:{device}" if not isinstance(device, str) else "camera:csi" if self._pipeline else device
        self._size = None if resolution is None else _checked_size(resolution)
        self._grey = checks.boolean("Camera", "grey", grey)
        self._fps = None if fps is None else checks.positive("Camera", "fps", fps, "Hz")
        self._most = None if stuck is None else checks.count("Camera", "stuck", stuck)
        self._same = 0
        self._before: Optional[np.ndarray] = None
        self._shape: Optional[Tuple[int, ...]] = None
        self._cv2 = _opencv()
        self._open = open_capture or self._opened
        self._capture: Any = None
        self.reopen()

    def reopen(self) -> None:
        """Open it anew; NotReadyError with the cure if that fails."""
        self.close()
        self._same, self._before = 0, None
        capture = self._open(self._device)
        if not capture.isOpened():
            capture.release()
            raise NotReadyError(f"{self.name} cannot be opened; {self._cure()}")
        self._capture = capture

    def read(self) -> Optional[Sample]:
        """The next frame; waits for it."""
        if self._capture is None:
            raise NotReadyError(f"{self.name} is not open; {self._cure()}")
        done, frame = self._capture.read()
        if not done or frame is None:
            if not self.blocks:
                return None
            raise NotReadyError(f"{self.name} gave no frame; {self._cure()}")
        self._check(frame)
        self._look(frame)
        return Sample(self._scaled(frame), self._time())

    def close(self) -> None:
        """Let go of the device."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _check(self, frame: Any) -> None:
        shape: Tuple[int, ...] = frame.shape if isinstance(frame, np.ndarray) else ()
        picture = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
        if not picture or frame.dtype != np.uint8 or not frame.size:
            raise ParameterError(f"{self.name}: a frame must be uint8 [height, width, 1, 3 or 4] (got {shown(frame)})")
        if self._shape is None:
            self._shape = frame.shape
        if frame.shape != self._shape:
            rule = f"frames must keep the shape {list(self._shape)}"
            raise ParameterError(f"{self.name}: {rule} (got {list(frame.shape)})")

    def _look(self, frame: np.ndarray) -> None:
        """Count frames that are all alike, which noise never lets a working sensor give."""
        if self._most is None:
            return
        alike = self._before is not None and np.array_equal(frame, self._before)
        self._same = self._same + 1 if alike else 1
        self._before = frame.copy()
        if self._same >= self._most:
            raise NotReadyError(f"{self.name} is stuck: {self._same} equal frames in a row; {self._cure()}")

    def _scaled(self, frame: np.ndarray) -> np.ndarray:
        if self._grey and frame.ndim == 3:
            code = {1: None, 3: self._cv2.COLOR_BGR2GRAY, 4: self._cv2.COLOR_BGRA2GRAY}[frame.shape[2]]
            frame = frame[:, :, 0] if code is None else self._cv2.cvtColor(frame, code)
        if self._size is not None and (frame.shape[1], frame.shape[0]) != self._size:
            frame = self._cv2.resize(frame, self._size, interpolation=self._cv2.INTER_AREA)
        return frame

    def _time(self) -> Optional[float]:
        """s into a video; a camera's own are not to be relied on."""
        if self.blocks:
            return None
        ms = float(self._capture.get(self._cv2.CAP_PROP_POS_MSEC))
        return ms / 1000.0 if ms >= 0.0 else None

    def _opened(self, device: Union[int, str]) -> Any:
        if not self._pipeline:
            capture = self._cv2.VideoCapture(device)
            if self._fps is not None:
                capture.set(self._cv2.CAP_PROP_FPS, self._fps)
            return capture
        if not has_gstreamer(self._cv2.getBuildInformation()):
            raise UnsupportedError(f"{self.name}: {_NO_GSTREAMER}")
        return self._cv2.VideoCapture(device, self._cv2.CAP_GSTREAMER)

    def _cure(self) -> str:
        if self._pipeline:
            return "is the ribbon cable in, and nothing else using it? `sudo systemctl restart nvargus-daemon` may help"
        if self.blocks:
            return (
                f"is it plugged in (ls /dev/video{self._device}), free, and may you read it "
                "(sudo usermod -aG video $USER)?"
            )
        return "is the path right, and the file a video that OpenCV reads?"


def _checked_size(resolution: Any) -> Tuple[int, int]:
    pair = checks.several("Camera", "resolution", resolution, "(width, height)")
    if len(pair) != 2:
        raise ParameterError(f"Camera: resolution must be (width, height) (got {shown(resolution)})")
    return checks.count("Camera", "width", pair[0], 65535), checks.count("Camera", "height", pair[1], 65535)


def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        raise MissingExtraError("opencv-python", "camera") from None
    return cv2
