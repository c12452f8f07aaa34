"""A run that cannot be as it is asked for is refused before anything moves; then state, step and plan are as before."""

import os
import subprocess
import sys
from typing import Any, Dict, Type

import numpy as np
import pytest
from refusing import NOT_NUMBERS, NOT_POSITIVE, refused, same_state, small, unchanged

from neuroedge import Network, Simulator, compile_network
from neuroedge.errors import (
    ArgumentTypeError,
    BudgetError,
    NeuroedgeError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
)

ENGINES = ("clock", "reference")


@pytest.fixture(params=ENGINES)
def simulator(request: Any) -> Simulator:
    """A network in the middle of its life: refractory neurons, arrivals on their way."""
    simulator = Simulator(small(), dt=0.5, engine=request.param)
    simulator.run(4.0, inputs={"rates": [(k, 0.3) for k in range(4)] * 2})
    assert simulator.state.hit.any() and (simulator.state.release >= simulator.state.tick).any()
    return simulator


@pytest.mark.parametrize(
    ("duration", "kind", "words"),
    [*((bad, ArgumentTypeError, ["number"]) for bad in NOT_NUMBERS)]
    + [*((bad, ParameterError, ["> 0 ms"]) for bad in NOT_POSITIVE)]
    + [
        (0.7, ParameterError, ["multiple of dt = 0.5 ms", "0.7"]),
        (0.2, ParameterError, ["multiple of dt = 0.5 ms", "0.2"]),
        (1e-320, ParameterError, ["multiple of dt = 0.5 ms"]),
        (1e15, ParameterError, ["2,147,483,647 steps", "1000000000000000.0", "in parts"]),
        (1e308, ParameterError, ["2,147,483,647 steps", "1e+308"]),
    ],
)
def test_durations(simulator: Simulator, duration: Any, kind: Type[NeuroedgeError], words: Any) -> None:
    with unchanged(simulator), refused(kind, "run: duration", *words, "got"):
        simulator.run(duration)


def test_the_longest_duration_is_a_number_of_steps() -> None:
    net = Network()
    net.add("a", 10**6)
    simulator = Simulator(net, dt=0.001)
    with refused(BudgetError, "potentials"):
        simulator.run(2147483.647, record=["potentials"])
    with refused(ParameterError, "2,147,483,647 steps"):
        simulator.run(2147483.648)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"inputs": [(0, 1.0)]}, ArgumentTypeError, ["inputs", "dictionary", "{population: events}", "[(0, 1.0)]"]),
        ({"inputs": np.zeros((3, 2))}, ArgumentTypeError, ["inputs", "dictionary"]),
        ({"inputs": "rates"}, ArgumentTypeError, ["inputs", "'rates'"]),
        ({"currents": 5.0}, ArgumentTypeError, ["currents", "dictionary", "5.0"]),
        ({"currents": {"hidde": 5.0}}, UnknownNameError, ["population", "did you mean 'hidden'"]),
        ({"currents": {"rates": 5.0}}, ParameterError, ["currents['rates']", "source"]),
        ({"currents": {"noise": 5.0}}, ParameterError, ["currents['noise']", "source"]),
        ({"currents": {"hidden": "5"}}, ArgumentTypeError, ["currents['hidden']", "numbers", "'5'"]),
        ({"currents": {"hidden": None}}, ArgumentTypeError, ["currents['hidden']", "None"]),
        ({"currents": {"hidden": True}}, ArgumentTypeError, ["currents['hidden']", "True"]),
        ({"currents": {"hidden": 1j}}, ArgumentTypeError, ["currents['hidden']", "1j"]),
        ({"currents": {"hidden": np.nan}}, ParameterError, ["currents['hidden']", "finite", "nan"]),
        ({"currents": {"hidden": [1.0, 2.0, np.inf, 0.0, 0.0]}}, ParameterError, ["finite", "inf"]),
        ({"currents": {"hidden": np.ones(3)}}, ParameterError, ["[5] per neuron", "[4] per tick", "(3,)"]),
        ({"currents": {"hidden": np.ones((5, 4))}}, ParameterError, ["[4, 5]", "(5, 4)"]),
        ({"currents": {"hidden": np.ones((4, 5, 1))}}, ParameterError, ["[4, 5]", "(4, 5, 1)"]),
        ({"currents": {"hidden": [[1.0], [1.0, 2.0]]}}, ArgumentTypeError, ["numbers", "[[1.0], [1.0, 2.0]]"]),
        ({"record": "spikes"}, ArgumentTypeError, ["record", "list of names", "['spikes']"]),
        ({"record": ["spike"]}, UnknownNameError, ["'spike'", "did you mean 'spikes'", "potentials, spikes, weights"]),
        ({"record": [None]}, UnknownNameError, ["record", "None"]),
        ({"record": 5}, ArgumentTypeError, ["record", "5"]),
        ({"record_from": "hidden"}, ArgumentTypeError, ["record_from", "['hidden']"]),
        ({"record_from": ["hidden", "out"]}, UnknownNameError, ["population", "'out'"]),
        ({"progress": 1}, ArgumentTypeError, ["progress", "True or False", "1"]),
        ({"dt": 0.7}, ParameterError, ["multiple of dt = 0.7 ms", "2.0"]),
        ({"dt": -1.0}, ParameterError, ["dt", "> 0 ms", "-1.0"]),
        ({"dt": "1"}, ArgumentTypeError, ["dt", "'1'"]),
        ({"dt": 1.0, "inputs": {"rates": [(9, 0.0)]}}, ParameterError, ["inputs['rates']", "0 to 3", "9"]),
        ({"dt": 1.0, "record": ["all"]}, UnknownNameError, ["record", "'all'"]),
    ],
)  # fmt: skip
def test_runs(simulator: Simulator, arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    with unchanged(simulator), refused(kind, *words):
        simulator.run(2.0, **arguments)


def test_a_current_beyond_float32() -> None:
    simulator = Simulator(small(), dt=0.5)
    with unchanged(simulator), refused(ParameterError, "currents['hidden']", "float32", "1e+39"):
        simulator.run(2.0, currents={"hidden": 1e39})
    Simulator(small(), dt=0.5, precision="float64").run(2.0, currents={"hidden": 1e39})


@pytest.mark.long
def test_after_a_refused_run_the_next_goes_on(simulator: Simulator) -> None:
    twin = Simulator(small(), dt=0.5, engine=simulator.engine.name)
    twin.restore(simulator.snapshot())
    simulator.step()
    twin.step()
    for bad in (
        {"inputs": {"rates": [(0, 9.0)]}},
        {"currents": {"hidden": np.nan}},
        {"record": ["x"]},
        {"dt": 0.1, "inputs": 5},
    ):
        with pytest.raises(NeuroedgeError):
            simulator.run(1.0, **bad)
    # a stepper made before the refused run is still good
    ours, theirs = simulator.step(), twin.step()
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    ours, theirs = (s.run(50.0, inputs={"rates": [(1, 3.0)]}) for s in (simulator, twin))
    assert all((ours.counts[name] == theirs.counts[name]).all() for name in ours.counts)
    assert same_state(simulator, twin.snapshot())


def test_recorded_potentials_must_fit() -> None:
    simulator = Simulator(small(), dt=0.1)
    with unchanged(simulator), refused(
        BudgetError, "recorded potentials", "asked for", "record_from", "in parts"
    ) as info:
        simulator.run(2e8, record=["potentials"])
    assert info.value.asked == 4 * 2_000_000_000 * (5 + 3 + 2 + 2)
    limited = Simulator(small(), dt=0.1, memory_limit=simulator.plan.nbytes + 5000)
    with unchanged(limited), refused(BudgetError, "recorded potentials", f"{limited.plan.nbytes:,} in use") as info:
        limited.run(100.0, record=["potentials"])
    assert info.value.asked == 4 * 1000 * 12 and info.value.allowed == limited.plan.nbytes + 5000
    assert list(limited.run(100.0, record=["potentials"], record_from=["rates"]).potentials) == []


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (
            {"engine": "cloc"},
            UnknownNameError,
            ["engine", "'cloc'", "did you mean 'clock'", "auto, clock, event, hybrid, reference"],
        ),
        ({"engine": ["clock"]}, UnknownNameError, ["engine", "auto"]),
        ({"engine": None}, UnknownNameError, ["engine", "None"]),
        ({"engine": "clock", "precision": "float64"}, UnsupportedError, ["engine 'clock'", "float64", "reference"]),
        ({"precision": "float8"}, UnknownNameError, ["precision", "'float8'", "float16, float32, float64"]),
        ({"precision": np.float16}, UnknownNameError, ["precision", "float16"]),
        ({"precision": ["float16"]}, UnknownNameError, ["precision", "float16"]),
        ({"dt": 0.0}, ParameterError, ["dt", "> 0 ms", "0.0"]),
        ({"dt": np.ones(2)}, ArgumentTypeError, ["dt", "number"]),
    ],
)
def test_simulators(arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    with refused(kind, *words):
        Simulator(small(), **arguments)


@pytest.mark.parametrize("network", [None, "net", {}, Network])
def test_what_is_no_network(network: Any) -> None:
    with refused(ArgumentTypeError, "Simulator: network must be a Network or a Plan", type(network).__name__):
        Simulator(network)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"dt": 1.0}, ParameterError, ["dt = 0.5 ms", "1.0"]),
        ({"dt": "0.5"}, ArgumentTypeError, ["dt", "'0.5'"]),
        ({"precision": "float16"}, ParameterError, ["precision 'float32'", "'float16'"]),
        ({"precision": "half"}, UnknownNameError, ["precision", "'half'"]),
        ({"memory_limit": 100}, BudgetError, ["bytes for this plan", "100 allowed"]),
    ],
)
def test_a_plan_is_taken_as_it_is(arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    plan = compile_network(small(), 0.5)
    with refused(kind, *words):
        Simulator(plan, **arguments)
    simulator = Simulator(plan)
    for change in (lambda: simulator.set_dt(1.0), lambda: simulator.set_precision("float16")):
        with unchanged(simulator), refused(ParameterError, "compiled plan", "from the network instead"):
            change()


@pytest.mark.parametrize(
    ("dt", "kind"), [*((x, ArgumentTypeError) for x in NOT_NUMBERS), *((x, ParameterError) for x in NOT_POSITIVE)]
)
def test_set_dt(dt: Any, kind: Type[NeuroedgeError]) -> None:
    simulator = Simulator(small(), dt=0.5)
    with unchanged(simulator), refused(kind, "set_dt: dt"):
        simulator.set_dt(dt)


@pytest.mark.parametrize(
    ("engine", "precision", "kind"),
    [("clock", "float64", UnsupportedError), ("auto", "float20", UnknownNameError), ("auto", None, UnknownNameError)],
)
def test_set_precision(engine: str, precision: Any, kind: Type[NeuroedgeError]) -> None:
    simulator = Simulator(small(), dt=0.5, engine=engine)
    simulator.run(3.0)
    with unchanged(simulator), refused(kind, "float64"):
        simulator.set_precision(precision)
    assert simulator.run(3.0).performance["precision"] == "float32"


def test_a_network_that_no_longer_compiles_keeps_failing() -> None:
    net = small()
    simulator = Simulator(net, dt=1.0)
    simulator.run(2.0)
    net.add("fast", 3, "poisson", rate=5000.0)
    for _ in range(2):
        with unchanged(simulator), refused(ParameterError, "'fast'", "<= 1000 Hz"):
            simulator.run(2.0)


def test_a_change_of_step_after_a_change_of_network() -> None:
    net = small()
    simulator = Simulator(net, dt=1.0)
    simulator.run(2.0)
    net.add("more", 70, "lif")
    simulator.set_dt(0.5)
    assert "more" in simulator.plan.names and simulator.dt == 0.5
    net.add("still more", 70, "lif")
    simulator.set_precision("float16")
    assert "still more" in simulator.plan.names and simulator.plan.precision == "float16"
    assert set(simulator.run(5.0).counts) == set(net.populations)


@pytest.mark.parametrize(
    ("spikes", "kind", "words"),
    [
        ([0, 1], ArgumentTypeError, ["step: spikes", "dictionary", "[0, 1]"]),
        ({"hiden": [0]}, UnknownNameError, ["population", "did you mean 'hidden'"]),
        ({3: [0]}, UnknownNameError, ["population", "3"]),
        ({"rates": [4]}, ParameterError, ["step: 'rates'", "0 to 3", "got 4"]),
        ({"rates": [-1]}, ParameterError, ["step: 'rates'", "0 to 3", "-1"]),
        ({"rates": [2**32]}, ParameterError, ["step: 'rates'", "4294967296"]),
        ({"rates": np.array([0, 9], np.uint32)}, ParameterError, ["step: 'rates'", "0 to 3", "9"]),
        ({"rates": np.array([3, 0, 2**32 - 1], np.uint32)}, ParameterError, ["step: 'rates'", "4294967295"]),
        ({"rates": [0.5]}, ArgumentTypeError, ["step: 'rates'", "integers", "float64"]),
        ({"rates": [True]}, ArgumentTypeError, ["step: 'rates'", "bool"]),
        ({"rates": ["0"]}, ArgumentTypeError, ["step: 'rates'", "str"]),
        ({"rates": None}, ArgumentTypeError, ["step: 'rates'", "None"]),
        ({"rates": 2}, ArgumentTypeError, ["step: 'rates'", "0-d"]),
        ({"rates": [[0, 1]]}, ArgumentTypeError, ["step: 'rates'", "2-d"]),
        ({"rates": [[0], [1, 2]]}, ArgumentTypeError, ["step: 'rates'", "[[0], [1, 2]]"]),
        ({"noise": [0]}, ParameterError, ["step: 'noise'", "Poisson source"]),
        ({"read": [0]}, ParameterError, ["step: 'read'", "li neurons do not spike"]),
    ],
)
def test_steps(simulator: Simulator, spikes: Any, kind: Type[NeuroedgeError], words: Any) -> None:
    twin = Simulator(small(), dt=0.5, engine=simulator.engine.name)
    twin.restore(simulator.snapshot())
    with unchanged(simulator), refused(kind, *words):
        simulator.step(spikes)
    # good spikes beside bad ones are not kept for the next step
    mixed = {"hidden": [0, 1], "cells": [0, 1], **spikes} if isinstance(spikes, dict) else spikes
    with unchanged(simulator), refused(kind):
        simulator.step(mixed)
    for _ in range(5):
        ours, theirs = simulator.step({"rates": [1]}), twin.step({"rates": [1]})
        assert all((ours[name] == theirs[name]).all() for name in theirs)
    assert same_state(simulator, twin.snapshot())


def broken(snapshot: Dict[str, np.ndarray], name: str, how: str) -> Any:
    if how == "absent":
        return {k: v for k, v in snapshot.items() if k != name}
    value = {
        "longer": lambda a: np.concatenate((a, a[:1])),
        "text": lambda a: a.astype(str),
        "object": lambda a: a.astype(object),
        "list": lambda a: a.tolist(),
        "none": lambda a: None,
        "negative": lambda a: a * 0 - 1,
        "later": lambda a: a + 12345,
        "all refractory": lambda a: np.full_like(a, 2**40),
    }[how](snapshot[name])
    return {**snapshot, name: value}


@pytest.mark.parametrize("how", ["absent", "longer", "text", "object", "list", "none"])
@pytest.mark.parametrize("name", ["v", "ring", "release", "clock", "hit"])
def test_snapshots_that_do_not_fit(simulator: Simulator, name: str, how: str) -> None:
    bad = broken(simulator.snapshot(), name, how)
    with unchanged(simulator), refused(ParameterError, "snapshot does not fit this network", name):
        simulator.restore(bad)


@pytest.mark.parametrize(("name", "how"), [("clock", "negative"), ("clock", "later"), ("release", "all refractory")])
def test_snapshots_that_cannot_be(simulator: Simulator, name: str, how: str) -> None:
    bad = broken(simulator.snapshot(), name, how)
    with unchanged(simulator), refused(ParameterError, "snapshot does not fit this network"):
        simulator.restore(bad)


@pytest.mark.parametrize("name", ["hidden", "slow", "cells"])
def test_snapshots_that_wake_what_must_not_spike(simulator: Simulator, name: str) -> None:
    """Lanes beyond the neurons, and neurons that are refractory: spikes of theirs would reach beyond the arrays."""
    span, bad = simulator.plan.spans[name], simulator.snapshot()
    bad["v"][span.stop], bad["held"][span.stop] = 100.0, 0.0
    with unchanged(simulator), refused(ParameterError, "snapshot does not fit this network", repr(name)):
        simulator.restore(bad)
    bad = simulator.snapshot()
    bad["release"][span], bad["v"][span] = simulator.state.tick + 5, 100.0
    with unchanged(simulator), refused(ParameterError, "snapshot does not fit this network", repr(name)):
        simulator.restore(bad)


@pytest.mark.parametrize("snapshot", [None, {}, 5, "snapshot", [1]])
def test_what_is_no_snapshot(snapshot: Any) -> None:
    simulator = Simulator(small(), dt=0.5)
    with unchanged(simulator), pytest.raises((ParameterError, ArgumentTypeError), match="snapshot"):
        simulator.restore(snapshot)


def test_snapshots_of_others() -> None:
    simulator, other = Simulator(small(), dt=0.5), Simulator(small(), dt=0.25)
    net = Network()
    net.add("a", 3)
    other.run(50.0, inputs={"rates": [(0, 1.0)]})
    for snapshot in (other.snapshot(), Simulator(net).snapshot()):
        with unchanged(simulator), refused(ParameterError, "snapshot does not fit this network"):
            simulator.restore(snapshot)


@pytest.mark.parametrize("name", ["hiden", None, 3, ["hidden"], np.zeros(2)])
def test_potentials_of_unknown_populations(name: Any) -> None:
    with refused(UnknownNameError, "population", "known: cells"):
        Simulator(small()).potential(name)


@pytest.mark.long
def test_an_unknown_instruction_set() -> None:
    program = "import neuroedge as n; net = n.Network(); net.add('a', 3); n.Simulator(net, dt=1.0).run(1.0)"
    for level, fine in (("sse9", False), ("portable", True)):
        done = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "NEUROEDGE_SIMD": level}, capture_output=True, text=True
        )
        assert (done.returncode == 0) == fine
        if not fine:
            last = done.stderr.strip().splitlines()[-1]
            assert "UnknownNameError" in last and "NEUROEDGE_SIMD" in last and "'sse9'" in last and "portable" in last
