"""One line of figures for each precision and share of synapses: of the digits classifier, or of any saved model."""

from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..formats.bundle import Bundle
from ..learning import evaluate
from ..network.graph import Network
from .benchmark import benchmark_edge
from .measure import Drive, drawn, int8_is_known, measure, replayed, variant
from .remade import shown_ms

__all__ = ["Row", "SWEEP", "digits_row", "model_row"]

# precisions and shares of a full sweep
SWEEP = (("float32", "float16", "int8"), (1.0, 0.5, 0.2, 0.1))


class Row(NamedTuple):
    """A configuration, measured on one thread of this machine unless the engine took more.

    keep: share of synapses that is left. accuracy: share of samples answered rightly, None where not measured.
    call_ms: mean of a call; sd_ms: standard deviation of the means of the repeats, None for one. latency_ms: {p50,
    p99, p99_9, max} of single calls. events: synaptic events of a call. watts, joules: while it ran, and of a call,
    None where neither measured nor estimated; power_source says which.
    """

    precision: str
    keep: float
    accuracy: Optional[float]
    call_ms: float
    sd_ms: Optional[float]
    repeats: int
    latency_ms: Mapping[str, float]
    realtime_factor: float
    events: float
    nbytes: int
    watts: Optional[float]
    power_source: str
    joules: Optional[float]

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return 1e3 / self.call_ms


def digits_row(precision: str, keep: float, repeats: int = 1) -> Row:
    """The reference digits classifier: a call is a digit, from values to class."""
    config = {"precision": precision, "pruning": round(1.0 - keep, 12)}
    found = [benchmark_edge(config) for _ in range(repeats)]
    first = found[0]
    means = [1e3 / r["speed"] for r in found]
    latency = {name: _median([r["latency_ms"][name] for r in found]) for name in first["latency_ms"]}
    return Row(
        precision, keep, first["accuracy"], float(np.mean(means)), _sd(means), repeats, latency,
        float(np.mean([r["realtime_factor"] for r in found])), first["synaptic_operations"]["effective_acs"],
        first["memory_bytes"], first["power"], first["power_source"], first["energy_per_inference"],
    )  # fmt: skip


def model_row(
    bundle: Bundle, drive: Drive, precision: Optional[str] = None, keep: float = 1.0, repeats: int = 1,
    data: Optional[Tuple[Any, Any]] = None, shelf: Optional[Dict[float, Network]] = None,
) -> Row:  # fmt: skip
    """A saved model: a call is a replay of the drive, from the start of the network.

    data: (inputs, labels) to measure accuracy with, each shown for as long as the model's encoder says, or 16 ms.
    shelf: keeps pruned networks for the next rows. Pruning knows no data, and nothing is tuned after it.
    """
    network, plan = variant(bundle, precision, keep, shelf)
    here = measure(plan, drive, repeats)
    power = drawn(replayed(plan, drive))
    accuracy = None if data is None or network is None else _accuracy(bundle, network, plan.precision, data)
    return Row(
        plan.precision, keep, accuracy, float(np.mean(here.means)), _sd(here.means), repeats, here.latency_ms,
        here.realtime_factor, float(here.events), plan.nbytes, power.watts, power.source, power.joules,
    )  # fmt: skip


def _accuracy(bundle: Bundle, network: Network, precision: str, data: Tuple[Any, Any]) -> float:
    with int8_is_known():
        # a copy: samples for testing must not be those that the next row is pruned by
        return float(evaluate(network.copy(), *data, shown_ms(bundle), bundle.plan.dt, precision))


def _sd(values: Sequence[float]) -> Optional[float]:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))
