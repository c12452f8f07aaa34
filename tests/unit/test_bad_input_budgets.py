"""What would take more neurons, synapses or memory than allowed is refused at once, before any is taken."""

from typing import Any, Dict

import numpy as np
import pytest
from refusing import refused, small

from neuroedge import Network, Simulator, compile_network
from neuroedge.errors import ArgumentTypeError, BudgetError, ParameterError


def pair(pre: str = "lif", post: str = "lif", **limits: Any) -> Network:
    net = Network(**limits)
    net.add("a", 3, pre)
    net.add("b", 2, post)
    return net


@pytest.mark.parametrize("limit", [0, -5, 2.5, "1 GB", True])
def test_memory_limits(limit: Any) -> None:
    with refused(ParameterError if limit in (0, -5) else ArgumentTypeError, "memory_limit", repr(limit)):
        Simulator(small(), memory_limit=limit)


def test_neurons_over_the_limit() -> None:
    net = Network(max_neurons=10)
    net.add("a", 7)
    with refused(BudgetError, "neurons", "asked for 4", "7 in use", "10 allowed", "raise max_neurons") as info:
        net.add("b", 4)
    assert (info.value.asked, info.value.used, info.value.allowed) == (4, 7, 10)
    net.add("b", 3)
    assert net.neurons == 10


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"pattern": "random", "probability": 0.999},
        {"weights": np.ones((3, 2))},
        {"synapses": ([0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1], 1.0)},
    ],
)
def test_synapses_over_the_limit(arguments: Dict[str, Any]) -> None:
    net = pair(max_synapses=8)
    net.connect("a", "a", "lateral", weights=np.diag([1.0, 1.0, 1.0]))
    with refused(BudgetError, "synapses", "asked for 6", "3 in use", "8 allowed", "raise max_synapses") as info:
        net.connect("a", "b", **arguments)
    assert (info.value.asked, info.value.used, info.value.allowed) == (6, 3, 8)
    assert list(net.projections) == ["a->a"]


def test_memory_over_the_limit() -> None:
    with refused(BudgetError, "bytes for network 'network'", "1,000 allowed", "make it smaller") as info:
        Simulator(small(), memory_limit=1000)
    assert info.value.asked > info.value.allowed == 1000


def huge(case: str) -> None:
    net = Network()
    if case == "neurons":
        net.add("a", 10**9)
    elif case == "all to all":
        net.add("a", 10**6)
        net.connect("a", "a")
    elif case == "random":
        net.add("a", 10**6)
        net.connect("a", "a", "random", 0.5)
    elif case == "lateral":
        net.add("a", 10**6)
        net.connect("a", "a", "lateral")
    elif case == "dense weights":
        net.add("a", 10**6)
        net.connect("a", "a", "one_to_one")
        net.get_weights()
    elif case == "delays":
        net.add("a", 10**5)
        net.connect("a", "a", "one_to_one", delay=90_000.0)
        Simulator(net, dt=0.1)


@pytest.mark.parametrize("case", ["neurons", "all to all", "random", "lateral", "dense weights", "delays"])
def test_huge_networks_fail_at_once(case: str) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with refused(BudgetError, "asked for", "allowed"):
        huge(case)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_many_small_populations_over_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuroedge.checks.free_memory", lambda: 2**62)
    net = Network()
    for k in range(3):
        net.add(f"p{k}", 10**9)
    with refused(BudgetError, "neurons", "asked for 3,000,000,000"):
        compile_network(net)


def test_set_weights_keeps_the_limit() -> None:
    net = pair(max_synapses=4)
    net.connect("a", "b", weights=np.array([[1, 0], [0, 1], [0, 1]]))
    with refused(BudgetError, "synapses", "asked for 3", "3 in use", "4 allowed"):
        net.set_weights({"a->b": np.ones((3, 2))})
    assert np.count_nonzero(net.get_weights()["a->b"]) == 3
