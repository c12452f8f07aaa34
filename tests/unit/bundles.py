"""Small models of every kind as files in memory, and files that lie: with other values, and checksums that fit them.

`python bundles.py FIRST LAST` tries the mutations of these numbers and prints what became of them; what crashes the
native core ends this process, which is why tests start one of its own.
"""

import json
import sys
import warnings
import zlib
from typing import Any, Dict, List, Tuple

import numpy as np

from neuroedge import LI, STDP, AdEx, CubaLIF, Network, RewardSTDP, Simulator, compile_network, record_golden
from neuroedge.engines.native import NativeEngine
from neuroedge.errors import FormatError, NeuroedgeError
from neuroedge.formats.bundle import Bundle, parse
from neuroedge.formats.saving import pieces_of
from neuroedge.formats.table import ENTRY, HEADER, pack, sealed
from neuroedge.formats.text import dumps

WORDS: Dict[str, Any] = {"encoder": None, "decoder": None, "provenance": None, "settings": None, "labels": None}

# what breaks readers: ends of ranges, and what overflows when it is multiplied
EDGES = (
    0,
    1,
    -1,
    2,
    63,
    64,
    65,
    127,
    255,
    2**15,
    2**16 - 1,
    2**16,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**62,
    2**63 - 1,
)


def smallest() -> bytes:
    """The least that there is: two populations and two synapses."""
    net = Network()
    net.add("a", 2, "rate")
    net.add("b", 2, "lif")
    net.connect("a", "b", weights=np.eye(2) * 20.0)
    return bytes_of(net, 1.0)


def bytes_of(net: Network, dt: float, precision: str = "float32", storage: str = "auto", golden: Any = None) -> bytes:
    """The file of a network."""
    plan = compile_network(net, dt, precision, storage=storage)
    return b"".join(pieces_of(plan, net, WORDS, golden))


def networks() -> List[Network]:
    rng = np.random.default_rng(1)
    plain, rich, taught = Network(seed=1), Network(seed=2), Network(seed=3)
    for net in (plain, rich, taught):
        net.add("in", 20, "poisson", rate=100.0)
    plain.add("hidden", 70, "lif", refractory=rng.choice([0.0, 1.0, 3.0], 70))
    plain.add("out", 5, "lif", reset="subtract", tau_m=10.0)
    plain.connect("in", "hidden", probability=0.3, delay=2.0)
    plain.connect("hidden", "hidden", "lateral", probability=0.1)
    delays = rng.integers(1, 5, (70, 5)) * 1.0
    plain.connect("hidden", "out", weights=rng.normal(0.0, 2.0, (70, 5)), delay=delays)
    rich.add("cuba", 30, CubaLIF(tau_m=np.linspace(8.0, 20.0, 30)))
    rich.add("adex", 10, AdEx(C=100.0, refractory=2.0))
    rich.add("reader", 3, LI(tau_m=30.0))
    rich.connect("in", "cuba", probability=0.5)
    rich.connect("cuba", "adex", probability=0.5)
    rich.connect("adex", "reader")
    for name, rule in (("a", STDP()), ("b", RewardSTDP()), ("c", RewardSTDP(mode="dopamine"))):
        taught.add(name, 10, "lif", tau_m=10.0)
        delay = rng.integers(1, 4, (20, 10)) * 1.0 if name == "b" else None
        taught.connect("in", name, weights=rng.uniform(2.0, 5.0, (20, 10)), delay=delay, plasticity=rule)
    return [plain, rich, taught]


def everyone() -> List[bytes]:
    """Files of every precision and storage."""
    plain, rich, taught = networks()
    golden = record_golden(plain, 20.0, dt=1.0)
    files = [bytes_of(plain, 1.0, p, s) for p, s in (("float16", "auto"), ("int8", "block8"), ("float32", "local16"))]
    files += [bytes_of(rich, 1.0, p, s) for p, s in (("float32", "auto"), ("int8", "rows"), ("float32", "rows32"))]
    return [
        smallest(),
        bytes_of(plain, 1.0, golden=golden),
        bytes_of(taught, 1.0),
        bytes_of(taught, 0.5, "float16"),
        *files,
    ]


def entries(data: bytes) -> List[Tuple[Any, ...]]:
    """The table: name, type, dimensions, 0, checksum, offset, rows, columns."""
    count = HEADER.unpack(data[: HEADER.size])[2]
    return [ENTRY.unpack_from(data, HEADER.size + ENTRY.size * k) for k in range(count)]


def resealed(data: bytes) -> bytes:
    """The same file with checksums that fit, as far as the table says where arrays lie."""
    out = bytearray(data)
    for k, (name, kind, ndim, zero, _, offset, rows, columns) in enumerate(entries(data)):
        size = rows * (columns if ndim == 2 else 1) * (1, 1, 2, 2, 4, 4, 8, 8, 4, 8)[kind % 10]
        if size <= len(data):
            crc = zlib.crc32(data[offset : offset + size])
            ENTRY.pack_into(out, HEADER.size + ENTRY.size * k, name, kind, ndim, zero, crc, offset, rows, columns)
    end = HEADER.size + ENTRY.size * len(entries(data))
    out[:end] = sealed(bytes(out[:end]))
    return bytes(out)


def with_array(data: bytes, name: str, array: np.ndarray) -> bytes:
    """The same file with another array of the same bytes."""
    for label, _, _, _, _, offset, _, _ in entries(data):
        if label.rstrip(b"\0").decode() == name:
            return resealed(data[:offset] + array.tobytes() + data[offset + array.nbytes :])
    raise KeyError(name)


def arrays_of(data: bytes) -> Dict[str, np.ndarray]:
    """All arrays, as copies."""
    types = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
    found = {}
    for label, kind, ndim, _, _, offset, rows, columns in entries(data):
        n = rows * (columns if ndim == 2 else 1)
        found[label.rstrip(b"\0").decode()] = np.frombuffer(data, types[kind], n, offset).copy()
    return found


def with_words(data: bytes, words: Any) -> bytes:
    """The same arrays under another description."""
    arrays = arrays_of(data)
    arrays["description"] = dumps(words)
    layout = HEADER.unpack(data[: HEADER.size])[3]
    return b"".join(pack(list(arrays.items()), layout))


def edge(dtype: np.dtype, k: int) -> Any:
    """A value at an edge of a number type."""
    if dtype.kind == "f":
        return (0.0, -1.0, np.inf, -np.inf, np.nan, 1e38, -3e38, 1e-45, 1.0)[k % 9]
    with np.errstate(all="ignore"):
        return np.array(EDGES[k % len(EDGES)] & (2 ** (8 * dtype.itemsize) - 1), np.uint64).astype(dtype)


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """A file with one lie, or a few."""
    kind = int(rng.integers(0, 6))
    if kind == 0:
        out = bytearray(data)
        for at in rng.integers(0, len(data), int(rng.integers(1, 4))):
            out[at] = int(rng.integers(0, 256))
        return bytes(out) if rng.random() < 0.3 else resealed_or(bytes(out), data)
    if kind == 1:
        return data[: int(rng.integers(0, len(data)))] + b"\0" * int(rng.integers(0, 65))
    if kind == 2:
        return _other_table(data, rng)
    if kind == 3:
        return _other_words(data, rng)
    arrays = arrays_of(data)
    name = [name for name in arrays if name != "description" and len(arrays[name])]
    name = name[int(rng.integers(0, len(name)))]
    array = arrays[name]
    for at in rng.integers(0, len(array), int(rng.integers(1, 3))):
        if rng.random() < 0.5:
            array[at] = edge(array.dtype, int(rng.integers(0, 18)))
        else:
            with np.errstate(all="ignore"):
                array[at] += array.dtype.type(rng.integers(0, 3)) - array.dtype.type(1)
    return with_array(data, name, array)


def resealed_or(data: bytes, other: bytes) -> bytes:
    """With checksums that fit, unless the table itself is beyond that."""
    try:
        return resealed(data)
    except Exception:
        return other


def _other_table(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    k, field = int(rng.integers(0, len(entries(data)))), int(rng.integers(1, 8))
    entry = list(entries(data)[k])
    most = (0, 255, 255, 2**16 - 1, 2**32 - 1, 2**64 - 1, 2**64 - 1, 2**64 - 1)[field]
    entry[field] = (
        EDGES[int(rng.integers(0, 18))] if rng.random() < 0.5 else entry[field] + int(rng.integers(-64, 65))
    ) & most
    ENTRY.pack_into(out, HEADER.size + ENTRY.size * k, *entry)
    end = HEADER.size + ENTRY.size * len(entries(data))
    out[:end] = sealed(bytes(out[:end]))
    return bytes(out)


def _other_words(data: bytes, rng: np.random.Generator) -> bytes:
    words = json.loads(arrays_of(data)["description"].tobytes())
    places: List[Tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    walk(words)
    holder, key = places[int(rng.integers(0, len(places)))]
    odd = (
        None,
        True,
        "",
        "lif",
        [],
        {},
        -1,
        0,
        1,
        2**31,
        2**63 - 1,
        0.0,
        -1.0,
        1e308,
        1e-320,
        {"array": 0},
        {"array": -1},
    )
    choice = int(rng.integers(0, len(odd) + 2))
    if choice < len(odd):
        holder[key] = odd[choice]
    elif choice == len(odd):
        del holder[key]
    elif isinstance(holder[key], (int, float)) and not isinstance(holder[key], bool):
        holder[key] += int(rng.integers(-2, 3))
    return with_words(data, words)


def exercise(bundle: Bundle, threads: bool) -> None:
    """Run what was accepted, on engines that trust it."""
    plan = bundle.plan
    if plan.state_bytes > 1 << 24 or int(plan.pop_substeps.max()) > 100 or plan.precision == "float64":
        return
    for mode in ("clock", "hybrid"):
        simulator = Simulator(plan, engine=mode)
        if threads and not plan.sizes["learners"]:
            simulator.engine = NativeEngine(plan, simulator.state, mode, 2)
            simulator.engine.parts = 2
        simulator.run(12 * plan.dt, currents=None)
        given = {name: np.arange(plan.size(name)) for name, m in zip(plan.names, plan.models) if m.name == "lif"}
        for _ in range(4):
            simulator.step(given)


def attempt(data: bytes, number: int) -> str:
    """What becomes of one file: "refused" as it is read, "stopped" later by one of our errors, or "ran"."""
    try:
        bundle = parse(data, "model.ne")
    except FormatError as error:
        text = str(error)
        assert text.startswith("model.ne: ") and text.count(": ") >= 2 or "is no file" in text, text
        return "refused"
    try:
        exercise(bundle, number % 3 == 0)
        if number % 11 == 0 and bundle.has_network:
            Simulator(bundle.network, dt=bundle.plan.dt, memory_limit=1 << 25).run(5 * bundle.plan.dt)
    except NeuroedgeError:
        return "stopped"
    return "ran"


def main(first: int, last: int) -> None:
    warnings.simplefilter("ignore")
    files, found = everyone(), {"refused": 0, "stopped": 0, "ran": 0}
    for number in range(first, last):
        rng = np.random.default_rng(number)
        data = mutated(files[number % len(files)], rng)
        try:
            found[attempt(data, number)] += 1
        except BaseException as error:
            print(f"mutation {number}: {type(error).__name__}: {error}")
            raise
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
