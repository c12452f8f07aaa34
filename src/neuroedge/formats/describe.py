"""A network as a description and arrays, and back.

Synapses are written as they stand, not as the seed that drew them: random numbers differ between versions of NumPy, a
model must not. Weights keep their number types, so a network that comes back compiles into the same bits; rows, targets
and delays are kept in the smallest type that holds them exactly, and get their own again when a network is made.
"""

from dataclasses import fields
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type

import numpy as np

from ..errors import FormatError, NeuroedgeError, ParameterError
from ..network.connectivity import PATTERNS, Connectivity
from ..network.graph import Network, Population, Projection
from ..network.neurons import MODELS, Model
from ..network.plasticity import STDP, RewardSTDP
from ..network.synapses import Alpha, Delta, Exponential
from ..network.widths import Widths
from ..plan.precision import PRECISIONS
from .heap import SMALL, Heap, Kept, narrow
from .text import Reader

__all__ = ["describe_models", "describe_network", "models_of", "network_of"]

SYNAPSES: Dict[str, Any] = {kind.name: kind for kind in (Delta, Exponential, Alpha)}
RULES: Dict[str, Any] = {kind.name: kind for kind in (STDP, RewardSTDP)}

NETWORK = ("max_neurons", "max_synapses", "name", "precision", "projections", "seed", "widths")
PROJECTION = (
    "delay",
    "name",
    "pattern",
    "plasticity",
    "post",
    "pre",
    "revision",
    "rows",
    "synapse",
    "targets",
    "weights",
)

Made = Callable[[], Any]


def describe_models(names: Tuple[str, ...], sizes: Any, models: Tuple[Model, ...], heap: Heap) -> Any:
    """Populations: name, size, and model with its parameters."""
    found = []
    for name, size, model in zip(names, sizes, models):
        if MODELS.get(model.name) is not type(model):
            raise ParameterError(f"Population {name!r}: a model of one's own, {type(model).__name__}, is not saved")
        found.append({"model": _parameters(model, heap), "name": name, "size": int(size)})
    return found


def _parameters(thing: Any, heap: Heap) -> Dict[str, Any]:
    given = {field.name: _value(getattr(thing, field.name), heap) for field in fields(thing)}
    return {"kind": thing.name, "parameters": given}


def _value(value: Any, heap: Heap) -> Any:
    if isinstance(value, np.ndarray):
        return heap.put(np.asarray(value, np.float64)) if value.ndim else float(value)
    return float(value) if isinstance(value, (int, float, np.number)) else value


def describe_network(network: Network, heap: Heap) -> Dict[str, Any]:
    """All of a network but its populations. What it was pruned from, and the samples last seen, stay behind."""
    return {
        "max_neurons": network.max_neurons, "max_synapses": network.max_synapses, "name": network.name,
        "precision": network.precision, "seed": network.seed, "widths": _widths(network.widths, heap),
        "projections": [_projection(q, heap) for q in network.projections.values()],
    }  # fmt: skip


def _widths(widths: Optional[Widths], heap: Heap) -> Any:
    if widths is None:
        return None
    seen = {
        what: {
            name: _value(np.asarray(value, np.float64), heap) for name, value in sorted(getattr(widths, what).items())
        }
        for what in ("arrivals", "potentials")
    }
    return {"current": widths.current, "voltage": widths.voltage, "weight": widths.weight, **seen}


def _projection(q: Projection, heap: Heap) -> Dict[str, Any]:
    c = q.connectivity
    weight = c.weight if c.weight.dtype in (np.float32, np.float64) else c.weight.astype(np.float64)
    each = isinstance(c.delay, np.ndarray) and c.delay.ndim
    delay = heap.put(narrow(np.asarray(c.delay, np.float64))) if each else _value(c.delay, heap)
    targets = None if c.post is None else heap.put(narrow(np.asarray(c.post, np.uint32)))
    return {
        "delay": delay, "name": q.name, "pattern": q.pattern, "post": q.post.name, "pre": q.pre.name,
        "plasticity": None if q.plasticity is None else _parameters(q.plasticity, heap), "revision": q.revision,
        "rows": heap.put(narrow(np.asarray(c.indptr, np.int64))), "synapse": _parameters(q.synapse, heap),
        "targets": targets, "weights": heap.put(weight),
    }  # fmt: skip


def models_of(value: Any, kept: Kept, file: str) -> Tuple[Tuple[Population, ...], Dict[str, Population]]:
    """Populations in order, and by name."""
    if not isinstance(value, list) or not 1 <= len(value) <= 4096:
        raise FormatError(f"{file}: populations: must be a list of 1 to 4,096")
    found = []
    for k, entry in enumerate(value):
        owner = f"populations[{k}]"
        reader = Reader(entry, file, owner, ("model", "name", "size"))
        model = _made(MODELS, reader.any("model"), kept, file, f"{owner}.model")
        name, size = reader.text("name"), reader.whole("size", 1, 2**31 - 1)
        found.append(_own(file, owner, lambda: Population(name, size, model)))
    by_name = {p.name: p for p in found}
    if len(by_name) < len(found):
        raise FormatError(f"{file}: populations: names must be used once")
    return tuple(found), by_name


def _made(kinds: Mapping[str, Type[Any]], value: Any, kept: Kept, file: str, owner: str) -> Any:
    """A model, synapse or rule: one of these, and no other name of the file's is looked up anywhere."""
    reader = Reader(value, file, owner, ("kind", "parameters"))
    kind = kinds.get(reader.text("kind"))
    if kind is None:
        reader.fail("kind", f"one of {', '.join(kinds)}", reader.text("kind"))
    names = [field.name for field in fields(kind)]
    given = Reader(reader.any("parameters"), file, f"{owner}.parameters", names)
    parameters = {name: _parameter(given.any(name), kept, f"{owner}.{name}", given, name) for name in names}
    return _own(file, owner, lambda: kind(**parameters))


def _parameter(value: Any, kept: Kept, owner: str, reader: Reader, name: str) -> Any:
    if isinstance(value, dict):
        return kept.get(owner, value, ("float64",), (None,))
    if value is None or isinstance(value, (float, str)):
        return value
    reader.fail(name, "a number with a point, a text or an array", value)


def _own(file: str, owner: str, make: Made) -> Any:
    """What is made of a file's values keeps the rules that hold for anybody's."""
    try:
        return make()
    except NeuroedgeError as error:
        raise FormatError(f"{file}: {owner}: {error}") from None


def network_of(
    value: Any, populations: Mapping[str, Population], kept: Kept, file: str
) -> Callable[[Type[Network]], Network]:
    """What makes a network of any class; all that it says has been checked."""
    reader = Reader(value, file, "network", NETWORK)
    limits = [reader.maybe(name, "whole", least=1) for name in ("max_neurons", "max_synapses")]
    name, seed, precision = reader.text("name"), reader.whole("seed"), reader.maybe("precision", "text")
    if precision is not None and precision not in PRECISIONS:
        reader.fail("precision", f"one of {', '.join(PRECISIONS)}", precision)
    widths = None if reader.any("widths") is None else _widths_of(reader.any("widths"), populations, kept, file)
    projections: Dict[str, Projection] = {}
    for k, entry in enumerate(reader.several("projections")):
        made = _projection_of(entry, populations, kept, file, f"projections[{k}]")
        if made.name in projections:
            raise FormatError(f"{file}: projections[{k}]: name must be used once (got {made.name!r})")
        projections[made.name] = made

    def frame(kind: Type[Network], held: Dict[str, Projection]) -> Network:
        network = kind(name, seed, *limits)
        network.populations, network.projections = dict(populations), held
        network.precision, network.widths = precision, widths
        network.version = len(populations) + len(projections)
        return network

    # reading takes no memory beyond the file's size: arrays are widened when a network is asked for
    _own(file, "network", lambda: frame(Network, projections))
    return lambda kind: frame(kind, {name: _widened(q) for name, q in projections.items()})


def _widened(q: Projection) -> Projection:
    """A projection of its own, with arrays in the types that synapses have."""
    c, delay = q.connectivity, q.connectivity.delay
    rows, post = c.indptr.astype(np.int64, copy=False), c.post
    post = None if post is None else post.astype(np.uint32, copy=False)
    delay = delay.astype(np.float64, copy=False) if isinstance(delay, np.ndarray) else delay
    wide = Connectivity(c.shape, rows, post, c.weight, delay)
    fresh = Projection(q.name, q.pre, q.post, q.synapse, q.pattern, wide, q.plasticity)
    fresh.revision = q.revision
    return fresh


def _widths_of(value: Any, populations: Mapping[str, Population], kept: Kept, file: str) -> Widths:
    reader = Reader(value, file, "network.widths", ("arrivals", "current", "potentials", "voltage", "weight"))
    seen: List[Dict[str, Any]] = []
    for what in ("arrivals", "potentials"):
        found: Dict[str, Any] = {}
        for name, entry in reader.mapping(what).items():
            if name not in populations:
                reader.fail(what, "of populations", name)
            size = populations[name].size
            owner = f"network.widths.{what}"
            found[name] = entry if isinstance(entry, float) else kept.get(owner, entry, ("float64",), (size,))
            if not np.all(np.asarray(found[name]) >= 0):
                reader.fail(what, ">= 0", name)
        seen.append(found)
    voltage, current = reader.whole("voltage", 2, 16), reader.whole("current", 2, 32)
    return Widths(voltage, current, reader.whole("weight", 2, 8), seen[0], seen[1])


def _projection_of(value: Any, populations: Mapping[str, Population], kept: Kept, file: str, owner: str) -> Projection:
    reader = Reader(value, file, owner, PROJECTION)
    ends = []
    for end in ("pre", "post"):
        if reader.text(end) not in populations:
            reader.fail(end, "a population", reader.text(end))
        ends.append(populations[reader.text(end)])
    pre, post = ends
    synapse = _made(SYNAPSES, reader.any("synapse"), kept, file, f"{owner}.synapse")
    rule = reader.any("plasticity")
    rule = None if rule is None else _made(RULES, rule, kept, file, f"{owner}.plasticity")
    if reader.text("pattern") not in PATTERNS:
        reader.fail("pattern", f"one of {', '.join(PATTERNS)}", reader.text("pattern"))
    given = _connectivity(reader, (pre.size, post.size), kept, owner)
    if rule is not None:
        _own(file, owner, lambda: rule.must_hold(owner, given.weight))
    each = np.ndim(getattr(synapse, "tau", 0.0)) and len(synapse.tau) != post.size
    if post.model.source or not pre.model.spiking or each:
        raise FormatError(f"{file}: {owner}: cannot lead from {pre.name!r} to {post.name!r}")
    projection = Projection(reader.text("name"), pre, post, synapse, reader.text("pattern"), given, rule)
    projection.revision = reader.whole("revision")
    return projection


def _connectivity(reader: Reader, shape: Tuple[int, int], kept: Kept, owner: str) -> Connectivity:
    rows = kept.get(f"{owner}.rows", reader.any("rows"), (*SMALL, "int64"), (shape[0] + 1,))
    weight = kept.get(f"{owner}.weights", reader.any("weights"), ("float32", "float64"), (None,))
    n = len(weight)
    if rows[0] != 0 or rows[-1] != n or (rows[1:] < rows[:-1]).any():
        reader.fail("rows", f"ascending from 0 to {n:,}, the number of weights", f"{rows[0]} … {rows[-1]}")
    post, delay = reader.any("targets"), reader.any("delay")
    lengths = rows[1:] - rows[:-1]
    if post is None and (lengths != shape[1]).any():
        reader.fail("targets", "given where rows are not full", None)
    if post is not None:
        post = kept.get(f"{owner}.targets", post, SMALL, (n,))
        if n and int(post.max()) >= shape[1]:
            reader.fail("targets", f"below {shape[1]:,}", int(post.max()))
        inside = np.ones(n, bool)
        inside[rows[:-1][lengths > 0]] = False
        if (post[1:] < post[:-1])[inside[1:]].any():
            reader.fail("targets", "ascending in each row", "another order")
    if isinstance(delay, dict):
        delay = kept.get(f"{owner}.delay", delay, (*SMALL, "float64"), (n,))
    if delay is not None and (not isinstance(delay, (float, np.ndarray)) or (np.asarray(delay) < 0).any()):
        reader.fail("delay", ">= 0 ms", delay)
    return Connectivity(shape, rows, post, weight, delay)
