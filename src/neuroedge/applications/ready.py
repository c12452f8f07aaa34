"""The two models that come with the package, and how each is made: `python -m neuroedge.applications.ready NAME FILE`.

digits: 64-128-10, taught the handwritten digits of the package. motion: which way something moves, and how fast.
"""

import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np

from ..encoding import DVSEncoder
from ..errors import NativeError, UnknownNameError
from ..events import SpikeTrain
from ..formats.bundle import Bundle, load
from ..formats.saving import save
from .classify import digits_classifier, load_digits
from .demo import THRESHOLD
from .motion import DIRECTIONS, SIDE, SPEEDS, build_motion_network, moving_bar
from .verify import record_golden

__all__ = ["MODELS", "make", "open_model", "ready"]

_DATA = Path(__file__).parent.parent / "data"


def ready(name: str) -> Bundle:
    """A ready-made model by its name."""
    if name not in MODELS:
        raise UnknownNameError("ready-made model", name, MODELS)
    path = _DATA / f"{name}.ne"
    if not path.exists():
        raise NativeError(f"{path.name} is missing from this installation: install again with `pip install neuroedge`")
    return load(path)


def open_model(name: Any) -> Bundle:
    """The model in a file, or the ready-made one of that name; a file of that name goes first."""
    if isinstance(name, str) and not os.path.exists(name):
        # what looks like no path is a name, maybe misspelt
        if name in MODELS or not (os.path.dirname(name) or os.path.splitext(name)[1]):
            return ready(name)
    return load(name)


def make(name: str, path: Any, progress: bool = True) -> int:
    """Make a ready-made model anew; returns its bytes. The same bytes on every machine."""
    if name not in MODELS:
        raise UnknownNameError("ready-made model", name, MODELS)
    return MODELS[name](path, progress)


def _digits(path: Any, progress: bool) -> int:
    network, digits = digits_classifier(progress=progress), load_digits()
    golden = record_golden(network, 16.0, {"input": digits.test_inputs[0]}, dt=1.0)
    return save(
        path, network, dt=1.0, precision="float32", golden=golden, labels=[str(k) for k in range(10)],
        encoder={"kind": "values", "population": "input", "low": 0.0, "high": 1.0, "shape": [8, 8], "shown_ms": 16.0},
        decoder={"kind": "class", "population": "output"},
        provenance=_provenance("digits", "optical digits of UCI, CC BY 4.0 (data/README.md)"),
    )  # fmt: skip


def _motion(path: Any, progress: bool) -> int:
    network, camera = build_motion_network(), DVSEncoder(resolution=(SIDE, SIDE), threshold=THRESHOLD)
    frames = moving_bar("right", 40.0)[:40]
    trains = [camera.encode(frame, 40.0 * (k + 1)) for k, frame in enumerate(frames)]
    neurons = np.concatenate([train.neurons for train in trains])
    times = np.concatenate([40.0 * k + train.times for k, train in enumerate(trains)])
    events = SpikeTrain(neurons, times, SIDE * SIDE)
    golden = record_golden(network, 40.0 * len(frames), {"retina": events}, dt=1.0)
    return save(
        path, network, dt=1.0, precision="float32", golden=golden, labels=[*DIRECTIONS, *SPEEDS],
        encoder={"kind": "dvs", "population": "retina", "shape": [SIDE, SIDE], "threshold": THRESHOLD},
        decoder={"kind": "motion", "population": "output"},
        provenance=_provenance("motion", "built by construction; nothing is trained"),
    )  # fmt: skip


def _provenance(name: str, data: str) -> Dict[str, Any]:
    return {"made_by": f"python -m neuroedge.applications.ready {name} {name}.ne", "data": data}


MODELS: Dict[str, Callable[[Any, bool], int]] = {"digits": _digits, "motion": _motion}

if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2])
