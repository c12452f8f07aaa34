"""Fewer bits: `Quantizer().quantize_neurons(network)` gives a network that runs in integers alone."""

from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, UnsupportedError
from ..network.graph import Network, Population, Projection
from ..network.widths import Widths
from ..plan.compile import compile_network
from ..plan.integers import runs_in_integers
from ..plan.receptors import Receptor, channel
from .calibrate import largest
from .codes import QuantizedWeights, codes_of
from .impact import AccuracyImpact, measure

__all__ = ["Quantizer"]


class Quantizer:
    """Turns weights into codes, and networks into networks of integers.

    memory_before, memory_after: bytes of what the last call was given and of what it gave, weights or plan and state;
    None before the first.
    """

    def __init__(self) -> None:
        self.memory_before: Optional[int] = None
        self.memory_after: Optional[int] = None

    def __repr__(self) -> str:
        if self.memory_before is None or self.memory_after is None:
            return "Quantizer()"
        return f"Quantizer({self.memory_before:,} -> {self.memory_after:,} bytes)"

    def quantize_weights(self, weights: Any, bits: int = 8, symmetric: bool = True, per_channel: bool = True) -> Any:
        """Weights as codes of 2 to 16 bits: a dictionary of `QuantizedWeights` for one of matrices, or one for one.

        weights: {"pre->post": [pre, post]}, as `Network.get_weights` gives them, or one such matrix, dense or scipy
        sparse. symmetric: codes of ±(2^(bits − 1) − 1) with 0 at 0; below 6 bits the largest weights are clipped where
        that leaves a smaller square error. Else all codes, with a zero point. per_channel: a scale for each target
        neuron (column), else one for all. 0 stays 0; what is not clipped is off by half a code at most. Raises
        ParameterError and ArgumentTypeError; nothing that is given changes.
        """
        owner = "quantize_weights"
        bits = _bits(owner, "bits", bits, 2, 16)
        symmetric = checks.boolean(owner, "symmetric", symmetric)
        per_channel = checks.boolean(owner, "per_channel", per_channel)
        several = isinstance(weights, Mapping)
        given: Dict[Any, Any] = dict(weights) if several else {"": weights}
        if not given:
            raise ParameterError(f"{owner}: weights must hold at least one matrix (got {{}})")
        done = {}
        for name, matrix in given.items():
            field = f"weights[{name!r}]" if several else "weights"
            done[name] = _quantized(owner, field, matrix, bits, symmetric, per_channel)
        self.memory_before = sum(q.memory_before for q in done.values())
        self.memory_after = sum(q.memory_after for q in done.values())
        return done if several else done[""]

    def quantize_neurons(
        self,
        network: Network,
        voltage_bits: int = 16,
        current_bits: int = 8,
        weight_bits: int = 8,
        calibration: Any = None,
        duration: int = 16,
        dt: float = 1.0,
    ) -> Network:
        """A new network that runs in integers alone; the given one stays as it is, and is the new one's `parent`.

        voltage_bits: 8 to 16, of potentials; thresholds take two bits less. current_bits: 4 to 32, of what arrives at a
        neuron in a tick: sums are scaled by a shift to the right, one for each neuron, until the largest fits.
        weight_bits: 2 to 8. calibration: samples [n, features] of 0 … 1, which are run for `duration` ticks of dt ms to
        see how large sums and readers' potentials get; without, both are estimated from the weights. memory_before and
        memory_after are bytes of plan and state for steps of dt. Simulators run the new network in its precision,
        "int8", unless they are given another. Raises UnsupportedError for layers without an integer form.
        """
        owner = "quantize_neurons"
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"{owner}: network must be a Network (got {type(network).__name__})")
        voltage = _bits(owner, "voltage_bits", voltage_bits, 8, 16)
        current = _bits(owner, "current_bits", current_bits, 4, 32)
        weight = _bits(owner, "weight_bits", weight_bits, 2, 8)
        duration = checks.count(owner, "duration", duration, checks.MAX_TICKS)
        dt = checks.positive(owner, "dt", dt, "ms")
        _must_have_integers(owner, network)
        fresh = network.copy()
        fresh.parent = network
        for population in fresh.populations.values():
            _round_weights(population, [q for q in fresh.projections.values() if q.post is population], weight)
        seen = None if calibration is None else largest(f"{owner}, calibration", fresh, calibration, duration, dt)
        fresh.precision = "int8"
        fresh.widths = Widths(voltage, current, weight) if seen is None else Widths(voltage, current, weight, *seen)
        before, after = compile_network(network, dt).nbytes, compile_network(fresh, dt).nbytes
        self.memory_before, self.memory_after = before, after
        return fresh

    def measure_accuracy_impact(
        self,
        original: Network,
        quantized: Network,
        inputs: Any,
        labels: Any = None,
        duration: int = 16,
        dt: float = 1.0,
    ) -> AccuracyImpact:
        """Run both networks, `original` and `quantized`, on inputs [n, features] of 0 … 1 and report what changed: see
        `AccuracyImpact`.

        Samples go in as regular spikes for `duration` ticks of dt ms, and the run lasts until the last of them have
        reached the output: a reader (`li`) answers with its highest mean potential, spiking neurons with the most
        spikes. labels: of the samples, 0 to outputs − 1, for accuracies.
        """
        owner = "measure_accuracy_impact"
        duration = checks.count(owner, "duration", duration, checks.MAX_TICKS)
        dt = checks.positive(owner, "dt", dt, "ms")
        found = measure(owner, original, quantized, inputs, labels, duration, dt)
        self.memory_before, self.memory_after = found.memory_before, found.memory_after
        return found


def _bits(owner: str, field: str, value: Any, least: int, most: int) -> int:
    bits = checks.whole(owner, field, value)
    if not least <= bits <= most:
        raise ParameterError(f"{owner}: {field} must be {least} to {most} (got {bits})")
    return bits


def _quantized(owner: str, field: str, matrix: Any, bits: int, symmetric: bool, per_channel: bool) -> QuantizedWeights:
    sparse = matrix.tocsr() if hasattr(matrix, "tocsr") else None
    array = checks.real_array(owner, field, matrix if sparse is None else sparse.data)
    shape = array.shape if sparse is None else sparse.shape
    if len(shape) != 2 or 0 in shape:
        rule = f"{field} must be a matrix [pre, post] of at least one weight"
        raise ParameterError(f"{owner}: {rule} (got shape {tuple(shape)})")
    given = np.asarray(matrix) if sparse is None else sparse.data
    like = np.float64 if given.dtype == np.float64 else np.float32
    to = np.tile(np.arange(shape[1]), shape[0]) if sparse is None else np.asarray(sparse.indices)
    channels = shape[1] if per_channel else 1
    codes, scale, zero, error = codes_of(array.ravel(), to if per_channel else 0 * to, channels, bits, symmetric, like)
    before = given.nbytes if sparse is None else sum(a.nbytes for a in (given, sparse.indices, sparse.indptr))
    held: Any = codes.reshape(shape) if sparse is None else sparse.astype(codes.dtype)
    if sparse is not None:
        held.data = codes
    if not per_channel:
        return QuantizedWeights(held, like(scale[0]), int(zero[0]), bits, error, before, like)
    return QuantizedWeights(held, scale, zero.astype(np.int32), bits, error, before, like)


def _must_have_integers(owner: str, network: Network) -> None:
    """Every layer but sources must have an integer form."""
    if not network.populations:
        raise ParameterError(f"{owner}: network {network.name!r} has no populations; add some first")
    for population in network.populations.values():
        receptors: List[Receptor] = []
        for projection in network.projections.values():
            if projection.post is population:
                channel(projection, receptors)
        if population.model.source or runs_in_integers(population.model, receptors):
            continue
        cure = "use 'lif' or 'li' with delta synapses, or set_precision('int8'), which keeps its states in float32"
        raise UnsupportedError(f"{owner}: layer {population.name!r} has no integer form: {_why(population)}; {cure}")


def _why(population: Population) -> str:
    name = population.model.name
    if name in ("lif", "li"):
        return "its synapses raise currents"
    reasons = {"cubalif": "its synapses raise currents", "alif": "its threshold adapts"}
    return reasons.get(name, f"{name} neurons are integrated in floats")


def _round_weights(population: Population, into: List[Projection], bits: int) -> None:
    """Weights become those that their codes stand for; all into one neuron share a scale, as they do in a plan."""
    if not into:
        return
    parts: List[Tuple[Projection, Any]] = [(q, q.connectivity) for q in into]
    weight = np.concatenate([c.weight for _, c in parts]).astype(np.float64)
    to = np.concatenate([c.targets() for _, c in parts])
    codes, scale, _, _ = codes_of(weight, to, population.size, bits, True, np.float32)
    rounded = (codes * scale[to]).astype(np.float32)
    begin = 0
    for projection, c in parts:
        projection.replace(replace(c, weight=rounded[begin : begin + c.count]))
        begin += c.count
