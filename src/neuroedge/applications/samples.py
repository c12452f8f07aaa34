"""Inputs that come with the package, for the ready-made models: what `neuroedge run` plays where no sensor is named."""

from typing import Any, Optional, Tuple

import numpy as np

from ..errors import UnknownNameError
from ..runtime.pace import Clock
from ..runtime.replay import ReplaySource
from .classify import load_digits
from .demo import load_clip

__all__ = ["SAMPLES", "sample_source"]

SAMPLES = ("digits", "motion")


def sample_source(name: str, clock: Optional[Clock] = None) -> Tuple[Any, str]:
    """A source for a ready-made model, and what it is. The clip is played at a camera's pace by `clock`; of the digits,
    one comes in each period."""
    if name == "digits":
        inputs = load_digits().test_inputs
        return ReplaySource(inputs, name="test digits"), f"the {len(inputs)} test digits, one a period"
    if name == "motion":
        clip = load_clip()
        times = np.arange(len(clip.frames)) * clip.interval / 1000.0
        source = ReplaySource(clip.frames, times, 1.0, clock, "traffic clip")
        return source, f"the traffic clip, {len(times)} frames, one every {clip.interval:g} ms"
    raise UnknownNameError("sample", name, SAMPLES)
