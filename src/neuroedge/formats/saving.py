"""Writing a model: what `load` reads back, bit for bit, and the same bytes for the same model."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import __version__, checks
from ..errors import ArgumentTypeError, FormatError, ParameterError, shown
from ..network.graph import Network
from ..plan.fields import PLAN, layout_id
from ..plan.plan import Plan
from .atomic import Disk, as_path, write_whole
from .bundle import parse
from .describe import describe_models, describe_network
from .golden import Golden, describe_golden
from .heap import Heap
from .table import pack
from .text import dumps, plain

__all__ = ["pieces_of", "save"]


def save(
    path: Any,
    model: Union[Network, Plan],
    *,
    dt: Optional[float] = None,
    precision: Optional[str] = None,
    event_threshold: float = 0.0,
    storage: str = "auto",
    encoder: Optional[Mapping[str, Any]] = None,
    decoder: Optional[Mapping[str, Any]] = None,
    labels: Optional[Sequence[str]] = None,
    provenance: Optional[Mapping[str, Any]] = None,
    settings: Optional[Mapping[str, Any]] = None,
    golden: Optional[Golden] = None,
    disk: Optional[Disk] = None,
) -> int:
    """Write a network, with the plan that it compiles into, or a plan alone, to one file, `path`; returns its bytes.

    dt (ms, default 0.1), precision, event_threshold, storage: what to compile for, as `compile_network` takes them; a
    plan brings its own. encoder, decoder, provenance, settings: dictionaries of texts, numbers, lists; they are kept as
    they are. labels: names of classes. golden: what `neuroedge.applications.verify.record_golden` gives.

    The file is there whole, or as it was before: a process that is killed, a full disk or a power cut leave no half of
    it. The same model gives the same bytes: no date is added. Raises StorageError where it cannot be written.
    """
    file = as_path("save", path)
    words: Dict[str, Any] = {"encoder": encoder, "decoder": decoder, "provenance": provenance, "settings": settings}
    words = {name: _words(name, value) for name, value in words.items()}
    words["provenance"] = {"neuroedge": __version__, **(words["provenance"] or {})}
    words["labels"] = None if labels is None else _labels(labels)
    plan = _compiled(model, dt, precision, event_threshold, storage)
    pieces = pieces_of(plan, model if isinstance(model, Network) else None, words, golden)
    whole = b"".join(pieces)
    try:
        # what could not be read again is not written
        parse(whole, file)
    except FormatError as error:
        raise ParameterError(f"save: nothing is written, since it could not be read again: {error}") from None
    write_whole(file, [whole], disk)
    return len(whole)


def _words(name: str, value: Optional[Mapping[str, Any]]) -> Any:
    return None if value is None else plain(f"save: {name}", checks.mapping("save", name, value, "text: value"))


def _labels(labels: Sequence[str]) -> List[str]:
    names = checks.names("save", "labels", labels)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ArgumentTypeError(f"save: labels must be texts, each once (got {shown(names)})")
    found: List[str] = plain("save: labels", names)
    return found


def _compiled(model: Any, dt: Optional[float], precision: Optional[str], threshold: float, storage: str) -> Plan:
    if isinstance(model, Plan):
        if dt not in (None, model.dt) or precision not in (None, model.precision) or threshold or storage != "auto":
            raise ParameterError("save: a plan brings its own dt, precision, event_threshold and storage")
        return model
    if not isinstance(model, Network):
        raise ArgumentTypeError(f"save: model must be a Network or a Plan (got {shown(model)})")
    from ..plan.compile import compile_network

    return compile_network(model, 0.1 if dt is None else dt, precision, None, threshold, storage)


def pieces_of(plan: Plan, network: Optional[Network], words: Mapping[str, Any], golden: Optional[Golden]) -> List[Any]:
    """The file, piece by piece."""
    if golden is not None and not isinstance(golden, Golden):
        raise ArgumentTypeError(f"save: golden must be a Golden (got {shown(golden)})")
    heap = Heap()
    description = {
        **words,
        "populations": describe_models(plan.names, plan.pop_n.tolist(), plan.models, heap),
        "network": None if network is None else describe_network(network, heap),
        "plan": _asked(plan),
        "golden": None if golden is None else describe_golden(golden, heap),
    }
    description["arrays"] = heap.shapes()
    arrays: List[Tuple[str, np.ndarray]] = [("description", dumps(description))]
    arrays += [(field.name, plan.arrays[field.name]) for field in PLAN]
    return pack([*arrays, *heap.heaps()], layout_id())


def _asked(plan: Plan) -> Dict[str, Any]:
    return {
        "choices": [{"ns": {k: float(v) for k, v in c.ns.items()}, "storage": c.storage} for c in plan.choices],
        "dt": float(plan.dt), "event_threshold": float(plan.event_threshold), "precision": plan.precision,
        "projections": list(plan.projections), "revisions": list(plan.revisions), "seed": plan.seed,
    }  # fmt: skip
