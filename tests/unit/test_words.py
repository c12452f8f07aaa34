"""What a user reads: reasons, explanations, warnings and reprs say what is so, and where to go from there."""

import warnings
from typing import Any, List

import numpy as np
import pytest
from refusing import refused, small

from neuroedge import Network, NeuromorphicAPI, Simulator
from neuroedge.engines.costs import threads_for
from neuroedge.errors import BudgetError, ParameterError, UnknownNameError, UnsupportedError
from neuroedge.tutorial.engine import Network as Groups
from neuroedge.tutorial.engine import SimulationMode
from neuroedge.tutorial.engine import Simulator as Modes

EVENTS = {"in": [(k % 20, 0.5 * (k // 20)) for k in range(200)]}


def chain(model: str = "lif", pre: str = "in", post: str = "out") -> Network:
    net = Network("chain", seed=1)
    net.add(pre, 20, "rate")
    net.add(post, 10, model)
    net.connect(pre, post)
    return net


def test_integers_are_no_matter_of_the_step() -> None:
    with refused(UnsupportedError, "'out' (int8 runs it in integers", "use 'hybrid'"):
        Simulator(chain(), engine="event", precision="int8")
    groups = Groups("groups")
    groups.add_neuron_group("a", 3)
    simulator = Modes(groups, SimulationMode.EVENT_DRIVEN)
    simulator.run(5.0)
    with refused(UnsupportedError, "'a' (int8 runs it in integers"):
        simulator.set_precision("int8")
    assert simulator.run(5.0).performance["precision"] == "float32"


def test_reasons_tell_what_was_chosen() -> None:
    simulator = Simulator(chain(), dt=1.0)
    assert "a current acts in every tick" == simulator.run(5.0, currents={"out": 1.0}).performance["reason"]
    assert "as expected from inputs and the last run" in simulator.run(5.0).performance["reason"]
    assert Simulator(chain(), precision="int8").run(5.0).performance["reason"].endswith("event-driven in int8")
    mixed = chain()
    mixed.add("slow", 3, "adex")
    told = Simulator(mixed, engine="hybrid").run(5.0).performance["reason"]
    assert told == "asked for; clocked: 'slow' (adex neurons are integrated in every tick)"
    assert "into populations that can be event-driven" in Simulator(mixed).run(5.0).performance["reason"]


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_an_explanation_is_readable_whatever_the_names(precision: str) -> None:
    names = ("a_population_with_a_long_name", "and_another_one_after_that_one")
    for net in (chain(), chain(pre=names[0], post=names[1])):
        lines = Simulator(net, precision=precision).plan.explain().splitlines()
        assert max(len(line) for line in lines) <= 100 and f", {precision}, " in lines[0]
        head = next(line for line in lines if line.startswith("projection"))
        assert head.endswith("estimated ns a spike")
        figures = next(line for line in lines if "dense" in line)
        assert figures.index("dense") == head.index("storage")
    assert "->".join(names) in lines


def test_an_explanation_counts_what_a_threshold_leaves_out() -> None:
    net = Network()
    net.add("in", 2, "rate")
    net.add("out", 2, "lif")
    net.connect("in", "out", weights=np.array([[0.1, 5.0], [0.2, 0.1]]))
    assert "leaves out 3 synapses" in Simulator(net, event_threshold=0.05).plan.explain()


def where(caught: List[warnings.WarningMessage]) -> List[str]:
    return [w.filename for w in caught if "int8" in str(w.message) or "tau_m" in str(w.message)]


def test_warnings_point_at_the_line_that_asked() -> None:
    slow = Network("slow")
    slow.add("cells", 3, "lif", tau_m=100.0)
    api = NeuromorphicAPI()
    api.create_network()
    api.add_processing_layer("adaptive", 3, "alif")
    api.set_precision("int8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Simulator(chain("cubalif"), precision="int8")
        Simulator(slow, precision="int8")
        api.run_simulation(1.0)
    assert where(caught) == [__file__] * 3
    assert "out keeps float32 states" in str(caught[0].message)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_state_that_starts_over_is_no_surprise(precision: str) -> None:
    net = chain()
    simulator = Simulator(net, precision=precision)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.add("early", 3)
        assert simulator.run(5.0).start == 0.0
        # of the same shape: it stays
        net.connect("early", "early", weights=1.0)
        assert simulator.run(5.0).start == 5.0 and not caught
        net.add("late", 3)
        assert [simulator.run(5.0).start for _ in range(2)] == [0.0, 5.0]
    assert len(caught) == 1 and caught[0].filename == __file__ and "starts over, at 0 ms" in str(caught[0].message)


def test_a_change_of_precision_says_when_it_comes() -> None:
    api = NeuromorphicAPI()
    assert repr(api.set_precision("int8")) == "Change(int8, from the first run on)"
    groups = Groups("groups")
    groups.add_neuron_group("a", 300)
    groups.add_neuron_group("b", 300)
    groups.connect("a", "b")
    change = Modes(groups).set_precision("int8")
    assert change.precision == "int8" and 0 < change.bytes_after < change.bytes_before


@pytest.mark.parametrize("owner", [NeuromorphicAPI, lambda: Modes(Groups("none"))])
def test_only_what_runs_on_devices_is_offered(owner: Any) -> None:
    with refused(UnknownNameError, "unknown precision 'int9'", "(known: float16, float32, int8)"):
        owner().set_precision("int9")
    with refused(ParameterError, "got 'float64'", "neuroedge.Simulator(network, precision='float64')"):
        owner().set_precision("float64")


def test_budgets_are_estimates_and_propose_what_is_left() -> None:
    for precision, cure in (("float32", "use float16 or int8"), ("float16", "use int8"), ("int8", "its delays")):
        with refused(BudgetError, "estimated at most", cure) as info:
            Simulator(chain(), precision=precision, memory_limit=1000)
        assert str(info.value).endswith(cure if precision == "int8" else f"{cure} weights")


def test_snapshots_that_do_not_fit_name_the_cure() -> None:
    floats, codes = Simulator(chain()), Simulator(chain(), precision="int8")
    for one, other in ((floats, codes), (codes, floats)):
        with refused(ParameterError, "same network and dt", "in int8 where it was taken in int8"):
            one.restore(other.snapshot())


@pytest.mark.parametrize("threads", ["abc", "²"])
def test_a_number_of_threads_is_a_whole_number(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROEDGE_THREADS", threads)
    with refused(ParameterError, "NEUROEDGE_THREADS", "whole number, 1 to 16", repr(threads), "unset"):
        Simulator(chain())
    monkeypatch.setenv("NEUROEDGE_THREADS", " 2 ")
    assert threads_for(Simulator(chain()).plan) == 2


def test_answers_show_what_they_hold() -> None:
    simulator = Simulator(small(), event_threshold=1000.0)
    assert repr(simulator).startswith("Simulator(Network(") and repr(simulator).endswith("float32, clock engine)")
    assert repr(Simulator(simulator.plan)).startswith("Simulator(Plan(")
    answer = simulator.run(5.0, {"rates": [(0, 1.0)]})
    assert f", {answer.performance['dropped_events']} events dropped)" in repr(answer)
    answer.performance.update(realtime_factor=0.2345, dropped_events=0)
    assert ", 0.23x real time, " in repr(answer) and "dropped" not in repr(answer)
    assert "'rates': array([1, 0, 0, 0])" in repr(answer.counts)


def test_spike_times_show_the_first_and_how_many() -> None:
    groups = Groups("groups")
    groups.add_neuron_group("in", 20)
    times = Modes(groups).run(10.0, external_inputs=EVENTS).layer_spike_times
    assert repr(times).startswith("{'in': [(0, 0.1), (1, 0.1), ") and repr(times).endswith(
        f", … of {len(times['in'])}]}}"
    )
