"""The two models that come with the package, and how each is made: `python -m neuroedge.applications.ready NAME FILE`.

digits: 64-128-10, taught the handwritten digits of the package, some ten seconds of training. motion: which way
something moves, and how fast; nothing is trained. Both are the same bytes each time, and say in words how they are run
(`neuroedge.applications.deploy`).
"""

import os
import sys
from typing import Any, Callable, Dict, Sequence

import numpy as np

from ..encoding import DVSEncoder
from ..encoding.rate import regular_spikes
from ..errors import NeuroedgeError, NotReadyError, UnknownNameError
from ..events import SpikeTrain
from ..formats.bundle import Bundle, load
from ..formats.saving import save
from ..learning.layout import layout_of
from .classify import SHOWN, digits_classifier, load_digits
from .demo import THRESHOLD
from .motion import DIRECTIONS, FAST, SIDE, SLOW, SPEEDS, build_motion_network, moving_bar
from .shipped import shipped
from .verify import record_golden

__all__ = ["MODELS", "make", "open_model", "ready"]

# ms from frame to frame
FRAME = 40.0


def ready(name: str) -> Bundle:
    """A ready-made model by its name."""
    if name not in MODELS:
        raise UnknownNameError("ready-made model", name, MODELS)
    return load(shipped(f"{name}.ne"))


def open_model(name: Any) -> Bundle:
    """The model in a file, or the ready-made one of that name; a file of that name goes first."""
    if isinstance(name, str) and not os.path.exists(name):
        # what looks like no path is a name, maybe misspelt
        if name in MODELS or not (os.path.dirname(name) or os.path.splitext(name)[1]):
            if name not in MODELS and os.path.exists(f"{name}.ne"):
                raise NotReadyError(f"{name}: there is no such file; did you mean {f'{name}.ne'!r}?")
            return ready(name)
    return load(name)


def make(name: str, path: Any, progress: bool = True) -> int:
    """Make a ready-made model anew; returns its bytes. The same bytes on every machine."""
    if name not in MODELS:
        raise UnknownNameError("ready-made model", name, MODELS)
    return MODELS[name](path, progress)


def _digits(path: Any, progress: bool) -> int:
    network, digits = digits_classifier(progress=progress), load_digits()
    travel = layout_of(network, 1.0).travel
    ticks, neurons = regular_spikes(digits.test_inputs[0], int(SHOWN))
    # a spike of tick k lies at its end
    golden = record_golden(network, SHOWN + travel, {"input": SpikeTrain(neurons, ticks + 1.0)}, dt=1.0)
    return save(
        path, network, dt=1.0, precision="float32", golden=golden, labels=[str(k) for k in range(10)],
        encoder={
            "kind": "values", "population": "input", "shape": [8, 8], "low": 0.0, "high": 1.0, "shown_ms": SHOWN,
            "run_ms": SHOWN + travel, "period_ms": 20.0,
        },
        decoder={"kind": "class", "population": "output"},
        provenance=_provenance("digits", "optical digits of UCI, CC BY 4.0 (data/README.md)"),
    )  # fmt: skip


def _motion(path: Any, progress: bool) -> int:
    network = build_motion_network()
    # a fast bar to the right, then a slow one upwards
    bars = [moving_bar(*way, length=24.0, levels=(60, 110), interval=FRAME) for way in (("right", FAST), ("up", SLOW))]
    camera, frames = DVSEncoder(resolution=(SIDE, SIDE), threshold=THRESHOLD), np.concatenate(bars)
    trains = [camera.encode(frame, FRAME * (k + 1)) for k, frame in enumerate(frames)]
    neurons = np.concatenate([train.neurons for train in trains])
    # at the ends of steps, where the network takes them anyway
    times = np.concatenate([FRAME * k + np.maximum(1.0, np.ceil(train.times)) for k, train in enumerate(trains)])
    golden = record_golden(network, FRAME * len(frames), {"retina": SpikeTrain(neurons, times)}, dt=1.0)
    return save(
        path, network, dt=1.0, precision="float32", golden=golden, labels=[*DIRECTIONS, *SPEEDS],
        encoder={
            "kind": "dvs", "population": "retina", "resolution": [SIDE, SIDE], "threshold": THRESHOLD,
            "period_ms": FRAME,
        },
        decoder={"kind": "motion", "population": "output", "window_ms": 1000.0},
        provenance=_provenance("motion", "built by construction; nothing is trained"),
    )  # fmt: skip


def _provenance(name: str, data: str) -> Dict[str, Any]:
    return {"made_by": f"python -m neuroedge.applications.ready {name} {name}.ne", "data": data}


MODELS: Dict[str, Callable[[Any, bool], int]] = {"digits": _digits, "motion": _motion}


def _main(words: Sequence[str]) -> int:
    """What the command does: exit code 0, 1 where it could not, 2 for wrong arguments."""
    if len(words) != 2 or words[0] not in MODELS:
        sys.stderr.write(f"usage: python -m neuroedge.applications.ready {{{','.join(MODELS)}}} FILE\n")
        return 2
    try:
        size = make(words[0], words[1])
    except NeuroedgeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stderr.write(f"{words[1]}: {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
