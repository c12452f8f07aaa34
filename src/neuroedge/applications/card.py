"""What a saved model is, in words and rows: for a newcomer, without Python's own notation."""

from dataclasses import MISSING, fields
from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..formats.bundle import Bundle
from ..network.neurons import Model
from ..plan.explain import delays, projection_bytes, synapses
from ..plan.plan import SOURCE, Plan
from ..plan.storage import STORAGE_NAMES

__all__ = [
    "golden_in_words", "in_words", "parameters", "populations", "projections", "totals", "value_in_words",
]  # fmt: skip

# units of the words that end so
_UNITS = {"_ms": "ms", "_hz": "Hz", "_mv": "mV", "_bytes": "bytes", "_c": "°C"}

# of more numbers than this the first are told
_MANY = 8


def populations(plan: Plan) -> List[List[str]]:
    """Name, neurons, model and parameters of each."""
    return [
        [name, f"{n:,}", model.name, parameters(model)]
        for name, n, model in zip(plan.names, plan.pop_n.tolist(), plan.models)
    ]


def projections(plan: Plan) -> List[List[Any]]:
    """Name, synapses, storage, delay and bytes of each, the last a number."""
    return [
        [name, f"{synapses(plan, q):,}", STORAGE_NAMES[int(plan.proj_storage[q])], delays(plan, q),
         projection_bytes(plan, q)]
        for q, name in enumerate(plan.projections)
    ]  # fmt: skip


def parameters(model: Model) -> str:
    """The parameters that are not the usual ones."""
    told = []
    for field in fields(model):  # type: ignore[arg-type]
        value = getattr(model, field.name)
        array = isinstance(value, np.ndarray) and value.ndim > 0
        usual = field.default is not MISSING and not array and value == field.default
        if not usual and value is not None:
            told.append(f"{field.name} {value_in_words(value)}")
    return ", ".join(told) or ("" if model.source else "as usual")


def in_words(words: Optional[Mapping[str, Any]]) -> str:
    """What an encoder, a decoder or settings say: the kind first, then each word with its value and unit."""
    if words is None:
        return "none"
    kind = words.get("kind")
    told = [] if kind is None else [value_in_words(kind)]
    for name in sorted(words):
        if name != "kind":
            unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
            bare = name[: name.rindex("_")] if unit else name
            told.append(" ".join(part for part in (bare.replace("_", " "), value_in_words(words[name]), unit) if part))
    return ", ".join(told) or "empty"


def value_in_words(value: Any) -> str:
    """A number, a text, a list or a mapping, as people write it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, np.ndarray) and value.ndim:
        low, high = float(value.min()), float(value.max())
        return f"{low:g}" if low == high else f"{low:g} to {high:g}, by neuron"
    if isinstance(value, (int, float, np.number, np.ndarray)):
        return f"{float(value):,.6g}" if abs(float(value)) >= 1e4 else f"{float(value):g}"
    if isinstance(value, Mapping):
        return f"({in_words(value)})"
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) > _MANY:
        if all(isinstance(part, float) for part in value):
            return f"{', '.join(value_in_words(part) for part in value[:3])} … ({len(value):,} in all)"
    if isinstance(value, Sequence) and not isinstance(value, str):
        numbers = [value_in_words(part) for part in value]
        # a shape reads as 8 x 8
        small = len(value) in (2, 3) and all(isinstance(part, int) and part > 0 for part in value)
        return " x ".join(numbers) if small else ", ".join(numbers)
    return str(value)


def golden_in_words(bundle: Bundle) -> str:
    """How long the golden input is, where it goes in, and what was answered."""
    golden = bundle.golden
    if golden is None:
        return "none: neuroedge verify has nothing to replay"
    spikes = sum(len(ticks) for ticks in golden.ticks.values())
    traces = f", potentials of {', '.join(golden.potentials)}" if golden.potentials else ""
    return f"{golden.duration:g} ms into {', '.join(golden.inputs) or 'nothing'}; answer: {spikes:,} spikes{traces}"


def totals(plan: Plan) -> Tuple[int, int, int]:
    """Neurons, those that are no sources, and synapses."""
    neurons = int(plan.pop_n.sum())
    own = int(plan.pop_n[plan.pop_kind != SOURCE].sum())
    return neurons, own, sum(synapses(plan, q) for q in range(len(plan.projections)))
