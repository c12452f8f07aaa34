"""A model on disk: one file with the network, the plan that was compiled from it, and what belongs to them.

Reading trusts nothing. The table has been checked before (`table.py`); here every array must have the type that the
field table gives it, and every index, length and coefficient must be one that the native core can take
(`neuroedge.plan.sound`). Nothing of a file is evaluated, no name in it is looked up but in tables of ours, and no
memory is taken beyond the file's own size.
"""

import math
import os
import stat
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type, TypeVar

import numpy as np

from .. import checks
from ..errors import (
    ArgumentTypeError,
    BudgetError,
    FormatError,
    NeuroedgeError,
    NotReadyError,
    ParameterError,
    shown,
    warn,
)
from ..network.graph import Network
from ..network.neurons import Model
from ..plan.costs import Choice
from ..plan.fields import PLAN, layout_id
from ..plan.plan import Plan
from ..plan.precision import PRECISIONS
from ..plan.sound import sizes_of
from ..plan.storage import STORAGE_NAMES
from .atomic import as_path, failed
from .describe import models_of, network_of
from .golden import Golden, golden_of
from .heap import KINDS, Kept
from .table import ALIGN, FOREIGN, unpack
from .text import Reader, loads

__all__ = ["Bundle", "DESCRIPTION", "PLAN_KEYS", "load", "parse"]

DESCRIPTION = (
    "arrays", "decoder", "encoder", "golden", "labels", "network", "plan", "populations", "provenance", "settings",
)  # fmt: skip
PLAN_KEYS = ("choices", "dt", "event_threshold", "precision", "projections", "revisions", "seed")

_LAYOUT = layout_id()

# bytes from which memory is asked for before it is taken
_LARGE = 1 << 28

Kind = TypeVar("Kind", bound=Network)
Build = Callable[[Type[Network]], Network]


class Bundle:
    """What a file holds.

    file: its path; nbytes: its size. encoder, decoder, provenance, settings: as they were given to `save`, or None;
    labels: names of classes, or None; golden: an input and what was answered to it (`Golden`), or None. words: what
    the file says of these; bundles are made by `load`.
    """

    def __init__(self, file: str, nbytes: int, words: Dict[str, Any], golden: Optional[Golden]) -> None:
        self.file, self.nbytes, self.golden = file, nbytes, golden
        self.encoder, self.decoder = words["encoder"], words["decoder"]
        self.labels: Optional[List[str]] = words["labels"]
        self.provenance, self.settings = words["provenance"], words["settings"]
        self._asked: Dict[str, Any] = words["plan"]
        self._plan: Optional[Plan] = None
        self._network: Optional[Network] = None
        self._build: Optional[Build] = None

    def hold(self, plan: Optional[Plan], build: Optional[Build]) -> None:
        """Take what was read: the plan, None if it is another version's, and `build`, which makes the network."""
        self._plan, self._build = plan, build

    @property
    def has_network(self) -> bool:
        """Whether the file holds a network, or a plan alone."""
        return self._build is not None

    @property
    def network(self) -> Network:
        """The network, to be shrunk, taught and compiled again."""
        if self._network is None:
            self._network = self.network_as(Network)
        return self._network

    def network_as(self, kind: Type[Kind]) -> Kind:
        """The network, as a fresh one of the class `kind`."""
        if self._build is None:
            raise NotReadyError(f"{self.file}: holds a plan alone: it was saved from a plan, not from a network")
        network = self._build(kind)
        if not isinstance(network, kind):
            raise ArgumentTypeError(f"network_as: kind must be a class of networks (got {shown(kind)})")
        return network

    @property
    def plan(self) -> Plan:
        """The compiled plan. One of another version of neuroedge is compiled again from the network, with a warning."""
        if self._plan is None:
            from ..plan.compile import compile_network

            warn(f"{self.file}: its plan is of another version of neuroedge, and compiled again: save the model anew")
            asked = self._asked
            self._plan = compile_network(
                self.network, asked["dt"], asked["precision"], event_threshold=asked["event_threshold"]
            )
        return self._plan

    def describe(self) -> str:
        """What it holds, as text."""
        plan = self.plan
        lines = [f"{self.file}: {self.nbytes:,} bytes"]
        for name, model, n in zip(plan.names, plan.models, plan.pop_n.tolist()):
            lines.append(f"  population {name}: {n:,} {model.name}")
        for name, stored in zip(plan.projections, plan.proj_storage.tolist()):
            lines.append(f"  projection {name}: {STORAGE_NAMES[stored]}")
        lines.append(f"  plan: dt {plan.dt:g} ms, {plan.precision}, {plan.nbytes:,} bytes with its state")
        lines.append(f"  network: {'yes, can be taught and shrunk' if self.has_network else 'no, a plan alone'}")
        for what in ("encoder", "decoder", "labels", "provenance"):
            value = getattr(self, what)
            lines.append(f"  {what}: {'none' if value is None else value}")
        golden = "none" if self.golden is None else f"{self.golden.duration:g} ms"
        return "\n".join([*lines, f"  golden input: {golden}"])

    def __repr__(self) -> str:
        return f"Bundle({self.file!r}, {self.nbytes:,} bytes)"


def load(path: Any, mapped: bool = False) -> Bundle:
    """A model from a file, `path`, that `save` wrote.

    mapped: leave the arrays in the file, where the system reads them when they are needed, and several processes share
    them. Then nobody may write into that file (`save` replaces it, which is no harm); by default all of it is read.
    Raises FormatError for a file that is damaged, foreign, newer or unsound, StorageError where it cannot be read.
    """
    file = as_path("load", path)
    wanted = checks.boolean("load", "mapped", mapped)
    try:
        data = _bytes_of(file, wanted)
    except OSError as error:
        if isinstance(error, NeuroedgeError):
            raise
        failure = failed(file, "read", error)
        if isinstance(error, FileNotFoundError) and not os.path.splitext(file)[1]:
            failure.args = (f"{failure} Models of the package load by neuroedge.applications.ready.ready('digits')",)
        raise failure from error
    bundle = parse(data, file)
    plan = bundle.plan
    if plan.state_bytes > _LARGE and plan.state_bytes > checks.free_memory():
        raise BudgetError(f"bytes for the state of {file}", plan.state_bytes, 0, checks.free_memory())
    return bundle


def _bytes_of(file: str, mapped: bool) -> np.ndarray:
    # opened without waiting: the name may be that of a pipe
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise FormatError(f"{file}: is no file")
        size = status.st_size
        if not size:
            raise FormatError(f"{file}: header: is no neuroedge model (0 bytes); {FOREIGN}")
        if mapped:
            return np.asarray(np.memmap(stream, np.uint8, "r", shape=(size,)))
        if size > _LARGE and size > checks.free_memory():
            raise BudgetError(f"bytes for {file}", size, 0, checks.free_memory(), "load(path, mapped=True)")
        data = _aligned(size)
        if stream.readinto(data.data) != size:
            raise FormatError(f"{file}: changed while it was read")
        return data


def _aligned(size: int) -> np.ndarray:
    block = np.empty(size + ALIGN, np.uint8)
    shift = -int(block.__array_interface__["data"][0]) % ALIGN
    return block[shift : shift + size]


def parse(data: Any, file: str = "model") -> Bundle:
    """A model from the bytes of a file."""
    given = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
    if int(given.__array_interface__["data"][0]) % ALIGN:
        given, source = _aligned(len(given)), given
        given[:] = source
    given.setflags(write=False)
    layout, arrays = unpack(given, file)
    if "description" not in arrays:
        raise FormatError(f"{file}: description: is missing")
    words = loads(arrays["description"], file)
    reader = Reader(words, file, "description", DESCRIPTION)
    kept = Kept(reader.any("arrays"), arrays, file)
    populations, by_name = models_of(reader.any("populations"), kept, file)
    build = None if words["network"] is None else network_of(words["network"], by_name, kept, file)
    asked = _asked(words["plan"], file)
    sizes = {p.name: p.size for p in populations}
    golden = None if words["golden"] is None else golden_of(words["golden"], sizes, asked["dt"], kept, file)
    kept.finish()
    _words(reader)
    bundle = Bundle(file, len(given), words, golden)
    plan = None
    if layout == _LAYOUT:
        _must_list(list(arrays), file)
        own = {field.name: arrays[field.name] for field in PLAN}
        plan = _plan(own, asked, tuple(by_name), tuple(p.model for p in populations), list(sizes.values()), file)
        if build is not None:
            _must_agree(plan, build(Network), file)
    elif build is None:
        cure = "save it again from its network, with this version"
        raise FormatError(f"{file}: plan: is of another version of neuroedge, and there is no network; {cure}")
    bundle.hold(plan, build)
    return bundle


def _words(reader: Reader) -> None:
    """What others wrote, and what only they read."""
    for name in ("encoder", "decoder", "provenance", "settings"):
        if reader.any(name) is not None:
            reader.mapping(name)
    if reader.any("labels") is not None:
        reader.names("labels")


def _must_list(names: List[str], file: str) -> None:
    heaps = [f"heap.{kind}" for kind in KINDS]
    expected = ["description", *(field.name for field in PLAN), *(heap for heap in heaps if heap in names)]
    if names != expected:
        odd = next((name for name in names if name not in expected), "order")
        raise FormatError(f"{file}: table: must list the arrays of this version (got {odd})")


def _asked(value: Any, file: str) -> Dict[str, Any]:
    """What the plan was compiled for."""
    reader = Reader(value, file, "plan", PLAN_KEYS)
    asked: Dict[str, Any] = {
        "dt": reader.number("dt", 0.0), "event_threshold": reader.number("event_threshold", 0.0),
        "precision": reader.text("precision"), "projections": reader.names("projections"), "seed": reader.whole("seed"),
    }  # fmt: skip
    if asked["precision"] not in PRECISIONS:
        reader.fail("precision", f"one of {', '.join(PRECISIONS)}", asked["precision"])
    if not asked["dt"] > 0 or not math.isfinite(1.0 / asked["dt"]):
        reader.fail("dt", "> 0 ms", asked["dt"])
    n = len(asked["projections"])
    asked["revisions"] = reader.several("revisions", n)
    if not all(type(r) is int and r >= 0 for r in asked["revisions"]):
        reader.fail("revisions", "whole numbers", asked["revisions"])
    asked["choices"] = [_choice(entry, file) for entry in reader.several("choices", n)]
    return asked


def _choice(value: Any, file: str) -> Choice:
    reader = Reader(value, file, "plan.choices", ("ns", "storage"))
    ns = reader.mapping("ns")
    known = reader.text("storage") in ns and all(name in STORAGE_NAMES for name in ns)
    if not known or not all(type(cost) is float for cost in ns.values()):
        reader.fail("ns", "ns of a spike by storage", ns)
    return Choice(reader.text("storage"), ns)


def _plan(
    arrays: Mapping[str, np.ndarray], asked: Dict[str, Any], names: Tuple[str, ...], models: Tuple[Model, ...],
    sizes: List[int], file: str,
) -> Plan:  # fmt: skip
    projections, precision = tuple(asked["projections"]), asked["precision"]
    try:
        entries = sizes_of(arrays, models, len(projections), precision)
    except ParameterError as error:
        raise FormatError(f"{file}: {error}") from None
    stored = [STORAGE_NAMES[kind] for kind in arrays["proj_storage"].tolist()]
    if arrays["pop_n"].tolist() != sizes or stored != [choice.storage for choice in asked["choices"]]:
        raise FormatError(f"{file}: plan: is of other populations or storages than the description")
    return Plan(
        dict(arrays), entries, names, models, projections, asked["dt"], precision, asked["seed"],
        asked["event_threshold"], tuple(asked["choices"]), tuple(asked["revisions"]),
    )  # fmt: skip


def _must_agree(plan: Plan, network: Network, file: str) -> None:
    """Network and plan must be of the same projections."""
    ends = [(q.name, plan.index[q.pre.name], plan.index[q.post.name]) for q in network.projections.values()]
    told = list(zip(plan.projections, plan.proj_pre.tolist(), plan.proj_post.tolist()))
    learns = [k for k, q in enumerate(network.projections.values()) if q.plasticity is not None]
    if ends != told or learns != plan.learn_proj.tolist():
        raise FormatError(f"{file}: plan: is of other projections than the network")
