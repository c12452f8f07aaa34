"""A golden input and what the model answered to it: kept with it, so that any machine can try whether it agrees."""

from typing import Any, Dict, Mapping, NamedTuple, Tuple, Union

import numpy as np

from ..errors import FormatError
from ..events import SpikeTrain
from .heap import SMALL, Heap, Kept, narrow
from .text import Reader

__all__ = ["Golden", "describe_golden", "golden_of"]


class Golden(NamedTuple):
    """A run from the start of a model.

    duration: ms. inputs: {population: events (SpikeTrain, ms), or values of a source, float64 [n]}. ticks, neurons:
    {population: int32 and uint32, by tick and then neuron}, the spikes of all that are no sources. potentials:
    {population: of each neuron after each tick, mV, [ticks, n]}, of readers.
    """

    duration: float
    inputs: Mapping[str, Union[SpikeTrain, np.ndarray]]
    ticks: Mapping[str, np.ndarray]
    neurons: Mapping[str, np.ndarray]
    potentials: Mapping[str, np.ndarray]


def describe_golden(golden: Golden, heap: Heap) -> Dict[str, Any]:
    """What stands for it in a description."""
    inputs: Dict[str, Any] = {}
    for name, value in sorted(golden.inputs.items()):
        if isinstance(value, SpikeTrain):
            inputs[name] = {"neurons": heap.put(narrow(value.neurons)), "times": heap.put(narrow(value.times))}
        else:
            inputs[name] = {"values": heap.put(np.asarray(value, np.float64))}
    spikes = {
        name: {"neurons": heap.put(narrow(np.asarray(golden.neurons[name], np.uint32))),
               "ticks": heap.put(np.asarray(ticks, np.int32))}
        for name, ticks in sorted(golden.ticks.items())
    }  # fmt: skip
    potentials = {name: heap.put(trace) for name, trace in sorted(golden.potentials.items())}
    return {"duration": float(golden.duration), "inputs": inputs, "potentials": potentials, "spikes": spikes}


def golden_of(value: Any, sizes: Mapping[str, int], dt: float, kept: Kept, file: str) -> Golden:
    """The golden input of a description; sizes: neurons of each population."""
    reader = Reader(value, file, "golden", ("duration", "inputs", "potentials", "spikes"))
    duration = reader.number("duration")
    ticks = round(duration / dt) if 0 < duration < 2**31 * dt else 0
    if ticks < 1:
        reader.fail("duration", "some steps", duration)
    inputs = {name: _input(entry, name, sizes, kept, file) for name, entry in reader.mapping("inputs").items()}
    at: Dict[str, np.ndarray] = {}
    who: Dict[str, np.ndarray] = {}
    for name, entry in reader.mapping("spikes").items():
        at[name], who[name] = _spikes(entry, name, sizes, ticks, kept, file)
    potentials = {
        name: kept.get(f"golden.potentials.{name}", entry, ("float32", "float64"), (ticks, sizes.get(name, -1)))
        for name, entry in reader.mapping("potentials").items()
    }
    return Golden(duration, inputs, at, who, potentials)


def _indices(owner: str, value: Any, n: int, kept: Kept, file: str) -> np.ndarray:
    neurons = kept.get(owner, value, SMALL, (None,))
    if len(neurons) and int(neurons.max()) >= n:
        raise FormatError(f"{file}: {owner}: must be 0 to {n - 1} (got {int(neurons.max())})")
    return neurons


def _input(entry: Any, name: str, sizes: Mapping[str, int], kept: Kept, file: str) -> Union[SpikeTrain, np.ndarray]:
    owner, n = f"golden.inputs.{name}", sizes.get(name, 0)
    if isinstance(entry, dict) and list(entry) == ["values"]:
        return kept.get(owner, entry["values"], ("float64",), (n,))
    reader = Reader(entry, file, owner, ("neurons", "times"))
    neurons = _indices(owner, reader.any("neurons"), n, kept, file)
    return SpikeTrain(neurons, kept.get(owner, reader.any("times"), (*SMALL, "float64"), (len(neurons),)))


def _spikes(
    entry: Any, name: str, sizes: Mapping[str, int], most: int, kept: Kept, file: str
) -> Tuple[np.ndarray, np.ndarray]:
    owner = f"golden.spikes.{name}"
    reader = Reader(entry, file, owner, ("neurons", "ticks"))
    neurons = _indices(owner, reader.any("neurons"), sizes.get(name, 0), kept, file)
    ticks = kept.get(owner, reader.any("ticks"), ("int32",), (len(neurons),))
    rank = (ticks.astype(np.int64) << 32) + neurons
    if len(ticks) and (ticks[0] < 0 or ticks[-1] >= most or (np.diff(rank) <= 0).any()):
        raise FormatError(f"{file}: {owner}: must ascend by tick and neuron, below tick {most:,}")
    return ticks, neurons.astype(np.uint32, copy=False)
