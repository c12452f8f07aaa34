"""What a spike costs in each storage, measured once and shipped: from it the storage of a projection is chosen.

The table is part of the sources, so a network compiles into the same plan on every machine. `python bench/storage.py`
measures it anew.
"""

from typing import Dict, List, NamedTuple, Tuple

__all__ = ["COSTS", "NEAR_BYTES", "Choice", "Cost", "Load", "cheapest", "expected", "table_format"]


class Cost(NamedTuple):
    """ns of a row (or segment) and of each unit in it (synapse, lane, block of 8): in cache, and from memory."""

    row: float
    unit: float
    far_row: float
    far_unit: float


class Load(NamedTuple):
    """A projection in one storage: rows (or segments), units and bytes."""

    storage: str
    rows: int
    units: int
    nbytes: int


class Choice(NamedTuple):
    """The storage of a projection, and the expected ns of a spike in it and in the others that can hold it."""

    storage: str
    ns: Dict[str, float]


# up to this many bytes a projection is taken to stay in cache: the second level of small boards
NEAR_BYTES = 2 << 20

# a layout of so many times the bytes of the smallest must be so many times faster
MANY_TIMES, MUST_GAIN = 4, 1.5

# bench/storage.py on two shared cores of an AMD EPYC (AVX-512, 1 MB of second level each), rounded; the figures of int8
# are those of float16 less what fewer bytes save, until they are measured
COSTS: Dict[Tuple[str, str], Cost] = {
    ("rows16", "float32"): Cost(5.0, 0.45, 30.0, 1.15),
    ("rows16", "float16"): Cost(5.0, 0.65, 30.0, 1.05),
    ("rows16", "int8"): Cost(5.0, 0.65, 30.0, 1.0),
    ("rows32", "float32"): Cost(10.0, 0.9, 60.0, 1.4),
    ("rows32", "float16"): Cost(10.0, 1.15, 60.0, 1.5),
    ("rows32", "int8"): Cost(10.0, 1.15, 60.0, 1.45),
    ("local16", "float32"): Cost(6.0, 0.73, 30.0, 1.33),
    ("local16", "float16"): Cost(6.0, 1.1, 30.0, 1.4),
    ("local16", "int8"): Cost(6.0, 1.1, 30.0, 1.35),
    ("dense", "float32"): Cost(1.2, 0.039, 10.0, 0.28),
    ("dense", "float16"): Cost(1.3, 0.035, 10.0, 0.27),
    ("dense", "int8"): Cost(1.3, 0.035, 10.0, 0.2),
    ("block8", "float32"): Cost(4.0, 0.75, 30.0, 3.7),
    ("block8", "float16"): Cost(3.0, 0.83, 30.0, 3.5),
    ("block8", "int8"): Cost(3.0, 0.83, 30.0, 3.0),
}


def table_format(precision: str) -> str:
    """The weights that a precision is looked up as: float64 is for checking, and is laid out like float32."""
    return "float32" if precision == "float64" else precision


def expected(load: Load, precision: str, sources: int) -> float:
    """ns of a spike, when all sources spike equally often."""
    cost = COSTS[load.storage, table_format(precision)]
    near = load.nbytes <= NEAR_BYTES
    row, unit = (cost.row, cost.unit) if near else (cost.far_row, cost.far_unit)
    return (row * load.rows + unit * load.units) / max(sources, 1)


def cheapest(loads: List[Load], precision: str, sources: int) -> Choice:
    """The first of those whose spikes cost least; one of many more bytes must be faster by more than a little."""
    ns = {load.storage: expected(load, precision, sources) for load in loads}
    fewest = min(load.nbytes for load in loads)
    for load in loads:
        if load.nbytes <= MANY_TIMES * fewest or sources == 0:
            continue
        lean = min(ns[other.storage] for other in loads if other.nbytes <= MANY_TIMES * fewest)
        # what it displaces from the caches is not in the table
        if ns[load.storage] * MUST_GAIN > lean:
            return cheapest([other for other in loads if other is not load], precision, sources)._replace(ns=ns)
    return Choice(min(ns, key=lambda name: ns[name]), ns)
