"""A classifier taught from labelled data and saved, new or from a model that goes on: `teach(student, data, path)`."""

import math
import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import NotReadyError, ParameterError
from ..formats.atomic import must_be_writable
from ..formats.bundle import Bundle
from ..learning import History, evaluate, layout_of, train
from ..learning.task import learnable
from ..network.graph import Network
from ..plan.compile import compile_network
from .classify import SHOWN, classifier, pictures
from .labelled import Labelled, must_fit
from .remade import Carried, carried, save_remade, shown_ms

__all__ = ["Course", "Layer", "Student", "Taught", "new_student", "sizes_of", "student_of", "teach"]

# ms: periods of new models are multiples of it
PERIOD = 10.0


class Course(NamedTuple):
    """Arguments of `train`: epochs, rate, decay, seed (default the network's), threads; vary: (height, width) of
    pictures that each epoch sees turned and shifted another way; keep_best: Ctrl-C saves the best weights so far."""

    epochs: int = 20
    rate: float = 5e-3
    decay: float = 0.0
    seed: Optional[int] = None
    vary: Optional[Tuple[int, int]] = None
    threads: Optional[int] = None
    keep_best: bool = False
    progress: bool = True


class Student(NamedTuple):
    """A network before it is taught, and all that will be saved with it. duration: ms that a sample is shown; origin: a
    file, or sizes; new: nobody has taught it."""

    network: Network
    kept: Carried
    precision: str
    duration: float
    origin: str
    new: bool


class Layer(NamedTuple):
    """A population; synapses: that reach it."""

    name: str
    neurons: int
    model: str
    synapses: int


class Taught(NamedTuple):
    """accuracy_before: of the test part before, None for new networks; accuracy, training_accuracy: shares answered
    rightly afterwards, in the precision that it is saved in; history: of `train`; seconds: of training."""

    file: str
    file_bytes: int
    plan_bytes: int
    layers: Tuple[Layer, ...]
    accuracy_before: Optional[float]
    training_accuracy: float
    accuracy: float
    history: History
    seconds: float


def sizes_of(text: str) -> Optional[List[int]]:
    """Layers of a text such as "64-128-10"; None if it is no such text."""
    if not re.fullmatch(r"[0-9]+(-[0-9]+)+", text):
        return None
    return [int(n) for n in text.split("-")]


def new_student(sizes: List[int], data: Labelled, duration: Optional[float] = None, seed: int = 0) -> Student:
    """A classifier with random weights for these data; duration: ms that a sample is shown, default 16. Its encoder
    scales readings as the data were scaled."""
    network = classifier(sizes, seed)
    shown = checks.positive("train", "duration", SHOWN if duration is None else duration, "ms")
    checks.ticks_of("train", shown, 1.0)
    run = shown + layout_of(network, 1.0).travel
    encoder: Dict[str, Any] = {
        "kind": "values", "population": "input", "shape": list(data.shape), "low": 0.0, "high": 1.0,
        "shown_ms": shown, "run_ms": run, "period_ms": PERIOD * math.ceil(run / PERIOD),
    }  # fmt: skip
    if data.scale is not None:
        encoder.update(low=data.scale.low.tolist(), high=data.scale.high.tolist(), clip=data.scale.clip)
    labels = [*(data.class_names or ())][: sizes[-1]]
    labels += [str(k) for k in range(len(labels), sizes[-1])]
    kept = Carried(encoder, {"kind": "class", "population": "output"}, labels, None, {}, None, 1.0, 0.0)
    return Student(network, kept, "float32", shown, "-".join(map(str, sizes)), True)


def student_of(bundle: Bundle, duration: Optional[float] = None) -> Student:
    """The network of a model, to be taught further; duration: ms, default what its encoder says."""
    if not bundle.has_network:
        raise NotReadyError(f"{bundle.file}: holds a plan alone, which cannot be taught; save it from its network")
    kept = carried(bundle)
    shown = shown_ms(bundle) if duration is None else checks.positive("train", "duration", duration, "ms")
    encoder = dict(kept.encoder or {})
    if encoder.get("kind") == "values" and shown != encoder.get("shown_ms"):
        rule = f"duration must be {encoder.get('shown_ms')} ms, as its encoder shows samples"
        raise ParameterError(f"{bundle.file}: {rule} (got {shown:g} ms)")
    return Student(bundle.network.copy(), kept, bundle.plan.precision, shown, os.path.basename(bundle.file), False)


def teach(student: Student, data: Labelled, path: Any, course: Course, command: str = "") -> Taught:
    """Teach and save. Bad data and paths are refused before any work; Ctrl-C leaves the file as it was, unless
    `course.keep_best` and one epoch at least is done: then what was best is saved, and it interrupts as usual."""
    must_be_writable(path)
    network, dt = student.network, student.kept.dt
    must_fit(data, network, dt, student.origin)
    learnable(network, layout_of(network, dt))
    vary = None if course.vary is None else pictures(course.vary, network.seed)
    if vary is not None:
        # pictures of another shape fail here
        vary(data.inputs[:1], 0)
    before, version = None if student.new else _right(student, data.test_inputs, data.test_labels), network.version
    began = time.perf_counter()
    try:
        history = train(
            network, data.inputs, data.labels, course.epochs, student.duration, dt, course.rate, seed=course.seed,
            vary=vary, decay=course.decay, threads=course.threads, progress=course.progress,
        )  # fmt: skip
    except KeyboardInterrupt:
        if course.keep_best and network.version != version:
            _save(student, data, path, {"command": command, "interrupted": True}, before)
        raise
    seconds = time.perf_counter() - began
    right = [_right(student, *part) for part in ((data.inputs, data.labels), (data.test_inputs, data.test_labels))]
    done = {"command": command, "epochs": len(history), "kept_epoch": history.best + 1}
    nbytes = _save(student, data, path, done, before)
    plan = compile_network(network, dt, student.precision, event_threshold=student.kept.event_threshold)
    return Taught(str(path), nbytes, plan.nbytes, _layers(network), before, right[0], right[1], history, seconds)


def _right(student: Student, inputs: np.ndarray, labels: np.ndarray) -> float:
    return evaluate(student.network, inputs, labels, student.duration, student.kept.dt, student.precision)


def _save(student: Student, data: Labelled, path: Any, done: Dict[str, Any], before: Optional[float]) -> int:
    told = {
        **done, "from": student.origin, "data": data.title, "data_sha256": data.sha256, "samples": len(data.inputs),
        "test_samples": len(data.test_inputs), "accuracy_before": before,
        "accuracy": _right(student, data.test_inputs, data.test_labels),
    }  # fmt: skip
    return save_remade(
        path, student.network, student.kept, student.precision, "trained", told, data.test_inputs[0], student.duration
    )


def _layers(network: Network) -> Tuple[Layer, ...]:
    into = {name: 0 for name in network.populations}
    for projection in network.projections.values():
        into[projection.post.name] += projection.count
    return tuple(Layer(p.name, p.size, p.model.name, into[p.name]) for p in network.populations.values())
