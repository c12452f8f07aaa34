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

COSTS: Dict[Tuple[str, str], Cost] = {
    ("rows16", "float32"): Cost(4.0, 0.33, 20.0, 0.7),
    ("rows16", "float16"): Cost(4.0, 0.33, 20.0, 0.7),
    ("rows16", "int8"): Cost(4.0, 0.33, 20.0, 0.7),
    ("rows32", "float32"): Cost(4.0, 0.33, 20.0, 0.7),
    ("rows32", "float16"): Cost(4.0, 0.33, 20.0, 0.7),
    ("rows32", "int8"): Cost(4.0, 0.33, 20.0, 0.7),
    ("local16", "float32"): Cost(4.0, 0.33, 20.0, 0.7),
    ("local16", "float16"): Cost(4.0, 0.33, 20.0, 0.7),
    ("local16", "int8"): Cost(4.0, 0.33, 20.0, 0.7),
    ("dense", "float32"): Cost(2.0, 0.052, 20.0, 0.3),
    ("dense", "float16"): Cost(2.0, 0.052, 20.0, 0.3),
    ("dense", "int8"): Cost(2.0, 0.052, 20.0, 0.3),
    ("block8", "float32"): Cost(4.0, 0.6, 20.0, 1.5),
    ("block8", "float16"): Cost(4.0, 0.6, 20.0, 1.5),
    ("block8", "int8"): Cost(4.0, 0.6, 20.0, 1.5),
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
    """The first of those whose spikes cost least."""
    ns = {load.storage: expected(load, precision, sources) for load in loads}
    return Choice(min(ns, key=lambda name: ns[name]), ns)
