"""Which storage a projection gets, what it takes, and what an explanation says of it."""

from typing import Any, Dict

import numpy as np
import pytest

from neuroedge import LIF, Network, compile_network
from neuroedge.errors import UnknownNameError
from neuroedge.plan.compile import estimate
from neuroedge.plan.costs import COSTS, NEAR_BYTES, Load, expected
from neuroedge.plan.explain import projection_bytes, synapses
from neuroedge.plan.plan import Plan
from neuroedge.plan.storage import STORAGE_NAMES


def matrix(kind: str, shape: Any = (300, 400)) -> np.ndarray:
    rng = np.random.default_rng(4)
    full = rng.uniform(0.1, 1.0, shape)
    if kind == "blocks":
        return full * np.kron(rng.random((shape[0], shape[1] // 8)) < 0.15, np.ones((1, 8)))
    return full * (rng.random(shape) < {"full": 1.0, "half": 0.5, "few": 0.02}[kind])


def plan_of(weights: np.ndarray, precision: str = "float32", storage: str = "auto", delay: Any = None) -> Plan:
    net = Network()
    net.add("a", weights.shape[0], "rate")
    net.add("b", weights.shape[1], LIF())
    net.connect("a", "b", weights=weights, delay=delay)
    return compile_network(net, 1.0, precision, storage=storage)


@pytest.mark.parametrize("precision", ["float32", "float16", "float64"])
@pytest.mark.parametrize(
    "kind, storage", [("full", "dense"), ("half", "dense"), ("few", "rows16"), ("blocks", "block8")]
)
def test_what_is_chosen(kind: str, storage: str, precision: str) -> None:
    plan = plan_of(matrix(kind), precision)
    assert STORAGE_NAMES[int(plan.proj_storage[0])] == plan.choices[0].storage == storage
    ns = plan.choices[0].ns
    assert {"rows16", "dense"} <= set(ns) and min(ns, key=lambda name: ns[name]) == storage


def test_the_bytes_decide_as_well() -> None:
    # a seventh of all synapses, in and beyond a cache
    for sources, storage in ((300, "dense"), (20_000, "rows16")):
        rng = np.random.default_rng(1)
        weights = (rng.random((sources, 400)) < 0.15).astype(np.float32)
        assert plan_of(weights).choices[0].storage == storage


def test_delays_that_differ_are_kept_in_rows() -> None:
    delay = np.random.default_rng(1).integers(1, 4, (300, 400)) * 1.0
    for storage in ("auto", "dense", "block8"):
        plan = plan_of(matrix("full"), storage=storage, delay=delay)
        assert plan.choices[0].storage == "rows16" and synapses(plan, 0) == 120_000


def test_parallel_synapses_are_kept_in_rows() -> None:
    net = Network()
    net.add("a", 2, "rate")
    net.add("b", 64, "lif")
    pre, post = np.repeat([0, 1], 65), np.tile(np.r_[np.arange(64), 63], 2)
    net.connect("a", "b", synapses=(pre, post, 1.0))
    for storage in ("auto", "dense", "block8"):
        assert compile_network(net, storage=storage).choices[0].storage == "rows16"


def test_targets_that_16_bits_do_not_tell_apart() -> None:
    rng, net = np.random.default_rng(3), Network()
    net.add("a", 20, "rate")
    net.add("b", 600_000, "lif")
    pre, post = np.repeat(np.arange(20), 3000), rng.integers(0, 600_000, 60_000)
    net.connect("a", "b", synapses=(pre, post, 1.0))
    net.connect("a", "b", "random", probability=1e-6)
    plan = compile_network(net)
    # long rows have room for their bases, short ones do not
    assert [c.storage for c in plan.choices] == ["local16", "rows32"]
    # nor do 16 bits number the blocks of so many
    assert compile_network(net, storage="block8").choices[0].storage == "local16"


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("storage", ["auto", "dense", "rows", "block8"])
@pytest.mark.parametrize("kind", ["full", "half", "few", "blocks"])
def test_bytes_are_those_of_the_arrays(kind: str, storage: str, precision: str) -> None:
    plan = plan_of(matrix(kind), precision, storage)
    assert synapses(plan, 0) == np.count_nonzero(matrix(kind))
    names = ("row", "segment", "segment_delay", "segment_base", "target16", "target32", "weight", "weight16")
    # each array has 16 entries more than it needs
    taken = sum((len(plan.arrays[name]) - 16) * plan.arrays[name].itemsize for name in names)
    assert taken == projection_bytes(plan, 0)


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("kind", ["full", "half", "few", "blocks"])
def test_estimates_hold(kind: str, precision: str) -> None:
    weights = matrix(kind)
    taken: Dict[str, int] = {}
    net = Network()
    net.add("a", weights.shape[0], "rate")
    net.add("b", weights.shape[1], LIF())
    net.connect("a", "b", weights=weights)
    asked = estimate(net, 1.0, precision)
    # that synapses lie in blocks is known only when they are there: then it is much too high
    assert (
        plan_of(weights, precision).nbytes
        <= asked
        <= (6 if kind == "blocks" else 2) * plan_of(weights, precision).nbytes
    )
    for storage in ("dense", "rows", "block8"):
        taken[storage] = plan_of(weights, precision, storage).nbytes
        # a limit that holds for what is stored is kept
        plan = compile_network(net, 1.0, precision, 64 << 20, storage=storage)
        assert plan.nbytes == taken[storage]


def test_the_table_is_complete_and_plain() -> None:
    for name in STORAGE_NAMES:
        for weights in ("float32", "float16", "int8"):
            cost = COSTS[name, weights]
            assert 0 < cost.row <= cost.far_row and 0 < cost.unit <= cost.far_unit
    near, far = (expected(Load("rows16", 10, 100, n), "float64", 10) for n in (NEAR_BYTES, NEAR_BYTES + 1))
    assert near == COSTS["rows16", "float32"].row + 10 * COSTS["rows16", "float32"].unit < far


def test_an_unknown_storage_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="storage"):
        plan_of(matrix("few"), storage="ragged")


def test_an_explanation_says_why() -> None:
    plan = plan_of(matrix("blocks"))
    line = next(x for x in plan.explain().splitlines() if x.startswith("a->b"))
    assert "block8" in line and "1 ms" in line and "rows16" in line.split("block8")[-1]
    assert f"{synapses(plan, 0):,}" in line
