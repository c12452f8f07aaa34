"""What a configuration of the digits classifier costs and answers, measured here: `benchmark_edge(config)`."""

from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ParameterError, shown
from ..learning.school import NO_KNOBS, Batch, School
from ..learning.task import Task, taught
from ..network.graph import Network
from ..optimize import Figures, report
from ..plan.compile import compile_network
from ..plan.precision import device_precision
from .classify import SHOWN, Digits, load_digits, pictures
from .measure import drawn, int8_is_known, speed_of
from .ready import ready
from .smaller import Recipe, augmented, smaller

__all__ = ["CONFIGS", "benchmark_edge", "inference"]

# the tutorial's
CONFIGS: Tuple[Dict[str, Any], ...] = (
    {"precision": "float32", "pruning": 0.0},
    {"precision": "float16", "pruning": 0.0},
    {"precision": "float16", "pruning": 0.5},
    {"precision": "int8", "pruning": 0.8},
)
KEYS = ("precision", "pruning")
# of tuning
EPOCHS = 10

_configured: Dict[Tuple[str, float], Network] = {}


def benchmark_edge(config: Optional[Mapping[str, Any]] = None, progress: bool = True) -> Dict[str, Any]:
    """Measure the reference digits classifier (64-128-10) in one configuration, on one thread of this machine.

    config: precision ("float32", "float16", "int8"; default "float32") and pruning (share of synapses removed, 0 up to
    1; default 0). The classifier is the ready-made one; a pruned or int8 one is fine-tuned, once, for ten epochs on the
    training digits. Definitions are NeuroBench's.

    Returns speed (inferences a second, values in to class out, one at a time), latency_ms {p50, p99, p99_9, max},
    realtime_factor (ms of network time for one of wall time), accuracy (share of 540 test digits of other writers,
    never trained or tuned on), power (W, None if neither measured nor estimated), power_source ("measured: …" or
    "estimated: …"), energy_per_inference (J), memory_bytes (plan and state), sparsity (share of possible synapses that
    are absent), activation_sparsity, synaptic_operations {effective_acs, effective_macs, dense} of one inference, and
    the config.
    Raises UnknownNameError and ParameterError for what is no configuration, before any work.
    """
    precision, pruning = _checked(config)
    digits = load_digits()
    network = _network(precision, pruning, digits, progress)
    with int8_is_known():
        figures = report({"": (network, precision)}, digits.test_inputs, digits.test_labels, SHOWN).steps[0]
        once, task = inference(network, precision, digits)
    samples = range(len(task.inputs))
    speed = speed_of(once, len(samples))
    power = drawn(lambda: [once(k) for k in samples], len(samples))
    return {
        "config": {"precision": precision, "pruning": pruning},
        "speed": speed.per_second,
        "latency_ms": dict(speed.latency_ms),
        "realtime_factor": (task.ticks + task.layout.travel) * task.dt / 1000.0 * speed.per_second,
        "accuracy": figures.accuracy,
        "power": power.watts,
        "power_source": power.source,
        "energy_per_inference": power.joules,
        **_sizes(figures),
    }


def _sizes(figures: Figures) -> Dict[str, Any]:
    return {
        "memory_bytes": figures.nbytes,
        "sparsity": figures.connection_sparsity,
        "activation_sparsity": figures.activation_sparsity,
        "synaptic_operations": {
            "effective_acs": figures.effective_acs, "effective_macs": 0.0, "dense": float(figures.dense),
        },
    }  # fmt: skip


def _checked(config: Optional[Mapping[str, Any]]) -> Tuple[str, float]:
    given = checks.mapping("benchmark_edge", "config", config, "precision and pruning")
    for key in given:
        checks.known("key of config", key, KEYS)
    precision = device_precision(given.get("precision", "float32"))
    pruning = checks.not_negative("benchmark_edge", "pruning", given.get("pruning", 0.0))
    if pruning >= 1.0:
        raise ParameterError(f"benchmark_edge: pruning must be a share in [0, 1) (got {shown(given['pruning'])})")
    return precision, pruning


def _network(precision: str, pruning: float, digits: Digits, progress: bool) -> Network:
    """The classifier, pruned and tuned; made once for each configuration."""
    # float16 is rounded when it is compiled; only int8 is tuned for
    key = "int8" if precision == "int8" else "float", pruning
    if key not in _configured:
        network = ready("digits").network.copy()
        recipe = Recipe(1.0 - pruning, precision, epochs=EPOCHS, duration=SHOWN, threads=1, progress=progress)
        some = augmented(digits.inputs, pictures((8, 8))) if pruning else None
        _configured[key] = smaller(network, recipe, (digits.inputs, digits.labels), some).network
    return _configured[key]


def inference(
    network: Network, precision: str, digits: Digits, storage: str = "auto"
) -> Tuple[Callable[[int], int], Task]:
    """One test digit's class, from values to class, and what it works on."""
    task = taught("benchmark_edge", network, digits.test_inputs, digits.test_labels, SHOWN, 1.0)
    school = School(network, compile_network(network, task.dt, precision, storage=storage), task.layout, task.ticks)
    answers = school.take(Batch(task.inputs, task.labels, None, NO_KNOBS))
    single = [np.array([k], np.int64) for k in range(len(task.inputs))]

    def once(k: int) -> int:
        school.run(single[k])
        return int(answers.score[k].argmax())

    return once, task
