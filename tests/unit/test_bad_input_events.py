"""Events that cannot be delivered as they are told are refused, with the layer, the rule and the value."""

from typing import Any, Dict, Type

import numpy as np
import pytest
from refusing import refused, same_state, small, unchanged

from neuroedge import Network, Simulator, SpikePattern, SpikeTrain
from neuroedge.errors import ArgumentTypeError, NeuroedgeError, ParameterError, UnknownNameError

STRUCTURED = np.dtype([("neuron", "i4"), ("time", "f4")])


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"neurons": [0.5], "times": [1.0]}, ArgumentTypeError, ["neurons", "integers", "float64"]),
        ({"neurons": ["0"], "times": [1.0]}, ArgumentTypeError, ["neurons", "integers", "str"]),
        ({"neurons": [True], "times": [1.0]}, ArgumentTypeError, ["neurons", "integers", "bool"]),
        ({"neurons": None, "times": [1.0]}, ArgumentTypeError, ["neurons", "integers"]),
        ({"neurons": 3, "times": 1.0}, ArgumentTypeError, ["neurons", "0-d"]),
        ({"neurons": [[0, 1]], "times": [[1.0, 2.0]]}, ArgumentTypeError, ["neurons", "2-d"]),
        ({"neurons": [[0], [1, 2]], "times": [1.0]}, ArgumentTypeError, ["neurons", "[[0], [1, 2]]"]),
        ({"neurons": [-1], "times": [1.0]}, ParameterError, ["neuron", "0 to", "-1"]),
        ({"neurons": [2**32], "times": [1.0]}, ParameterError, ["neuron", "4294967296"]),
        ({"neurons": [3], "times": [1.0], "size": 3}, ParameterError, ["neuron", "0 to 2", "3"]),
        ({"neurons": [0], "times": [np.nan]}, ParameterError, ["times", "finite", "entry [0] is nan"]),
        ({"neurons": [0, 1], "times": [0.0, np.inf]}, ParameterError, ["times", "finite", "entry [1] is inf"]),
        ({"neurons": [0], "times": ["1.0"]}, ArgumentTypeError, ["times", "numbers"]),
        ({"neurons": [0], "times": [1j]}, ArgumentTypeError, ["times", "complex"]),
        ({"neurons": [0], "times": None}, ArgumentTypeError, ["times", "None"]),
        ({"neurons": [0, 1], "times": [1.0]}, ParameterError, ["2 neurons", "times", "(1,)"]),
        ({"neurons": [0], "times": [1.0], "size": 2.5}, ArgumentTypeError, ["size", "2.5"]),
        ({"neurons": [0], "times": [1.0], "size": 0}, ParameterError, ["size", "0"]),
        ({"neurons": [0], "times": [1.0], "size": "3"}, ArgumentTypeError, ["size", "'3'"]),
        ({"neurons": [0], "times": [1.0], "polarity": [1]}, ParameterError, ["size", "polarity"]),
        ({"neurons": [0], "times": [1.0], "size": 3, "polarity": [2]}, ParameterError, ["polarity", "0 (OFF)", "2"]),
        ({"neurons": [0], "times": [1.0], "size": 3, "polarity": [-1]}, ParameterError, ["polarity", "1 (ON)", "-1"]),
        ({"neurons": [0], "times": [1.0], "size": 3, "polarity": [256]}, ParameterError, ["polarity", "256"]),
        ({"neurons": [0], "times": [1.0], "size": 3, "polarity": [0.5]}, ArgumentTypeError, ["polarity", "[0.5]"]),
        ({"neurons": [0], "times": [1.0], "size": 3, "polarity": "on"}, ArgumentTypeError, ["polarity", "'on'"]),
        ({"neurons": [0], "times": [1.0], "size": 3, "polarity": [1, 0]}, ParameterError, ["polarity", "(2,)"]),
    ],
)
def test_trains(arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    with refused(kind, "events", *words):
        SpikeTrain(**arguments)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"neurons": [0, 1], "order": [0]}, ParameterError, ["2 neurons", "order", "(1,)"]),
        ({"neurons": [0], "order": [0.5]}, ArgumentTypeError, ["order", "integers", "float64"]),
        ({"neurons": [0], "order": ["0"]}, ArgumentTypeError, ["order", "integers"]),
        ({"neurons": [0], "order": [-1]}, ParameterError, ["order", "0 to 0", "-1"]),
        ({"neurons": [0], "order": [4], "steps": 4}, ParameterError, ["order", "0 to 3", "4"]),
        ({"neurons": [0], "order": [0], "steps": 0}, ParameterError, ["steps", "0"]),
        ({"neurons": [0], "order": [0], "steps": "4"}, ArgumentTypeError, ["steps", "'4'"]),
        ({"neurons": [0], "order": [0], "steps": 2.7}, ArgumentTypeError, ["steps", "2.7"]),
        ({"neurons": [0], "order": np.array([2**63], np.uint64)}, ParameterError, ["steps", "got"]),
        ({"neurons": [-1], "order": [0]}, ParameterError, ["neuron", "-1"]),
    ],
)
def test_patterns(arguments: Dict[str, Any], kind: Type[NeuroedgeError], words: Any) -> None:
    with refused(kind, "events", *words):
        SpikePattern(**arguments)


# of the layer "rates", 4 neurons, in a run of 10 ms
BAD_EVENTS = [
    ([(4, 1.0)], ParameterError, ["neuron", "0 to 3", "got 4"]),
    ([(-1, 1.0)], ParameterError, ["neuron", ">= 0", "-1"]),
    ([(0.5, 1.0)], ParameterError, ["neuron", "whole number", "0.5"]),
    ([(np.nan, 1.0)], ParameterError, ["neuron", "whole number", "nan"]),
    ([(2**32 + 1, 1.0)], ParameterError, ["neuron", "4.29497e+09"]),
    ([(1e300, 1.0)], ParameterError, ["neuron", "1e+300"]),
    ([(0, -0.1)], ParameterError, ["event times", "0 to 10 ms", "-0.1 ms"]),
    ([(0, 10.1)], ParameterError, ["event times", "0 to 10 ms", "10.1 ms"]),
    ([(0, 1.0), (0, 1e300)], ParameterError, ["event times", "1e+300"]),
    ([(0, np.nan)], ParameterError, ["times", "finite", "nan"]),
    ([(0, -np.inf)], ParameterError, ["times", "finite", "inf"]),
    ([(0, 1.0), (1,)], ArgumentTypeError, ["pairs (neuron, time in ms)", "(1,)"]),
    ([(0, 1.0, 2.0)], ArgumentTypeError, ["pairs", "shape (1, 3)"]),
    ([("0", "1.0")], ArgumentTypeError, ["pairs", "'0'"]),
    ([(0, "1.0")], ArgumentTypeError, ["pairs"]),
    ([(0, None)], ArgumentTypeError, ["pairs", "None"]),
    ([(10**30, 1.0)], (ArgumentTypeError, ParameterError), []),
    ("spikes", ArgumentTypeError, ["pairs", "'spikes'"]),
    (5, ArgumentTypeError, ["pairs", "5"]),
    (None, ArgumentTypeError, ["pairs", "None"]),
    ({0: 1.0}, ArgumentTypeError, ["pairs", "shape"]),
    (np.zeros((2, 3)), ArgumentTypeError, ["pairs", "shape (2, 3)"]),
    (np.zeros((2, 2), complex), ArgumentTypeError, ["pairs"]),
    (np.array([(4, 1.0)], STRUCTURED), ParameterError, ["neuron", "0 to 3", "4"]),
    (np.array([(-1, 1.0)], STRUCTURED), ParameterError, ["neuron", "-1"]),
    (np.array([(0, np.nan)], STRUCTURED), ParameterError, ["times", "nan"]),
    (np.array([(0.5, 1.0)], [("neuron", "f8"), ("time", "f8")]), ArgumentTypeError, ["neurons", "float64"]),
    (np.array([(0, 1.0, 1)], [("n", "i4"), ("t", "f8"), ("p", "i4")]), ParameterError, ["two fields", "'p'"]),
    (SpikeTrain([4], [1.0]), ParameterError, ["neuron", "0 to 3", "4"]),
    (SpikeTrain([0], [11.0]), ParameterError, ["event times", "11 ms"]),
    (SpikeTrain([0], [1.0], size=3, polarity=[1]), ParameterError, ["events of 3 pixels", "3 or 6 neurons", "4"]),
    (SpikePattern([4], [0]), ParameterError, ["neuron", "0 to 3", "4"]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "kind", "words"), BAD_EVENTS)
def test_events_of_a_run(events: Any, kind: Any, words: Any) -> None:
    simulator = Simulator(small(), dt=0.5)
    simulator.run(3.0, inputs={"rates": [(0, 1.0)]})
    with unchanged(simulator):
        if isinstance(kind, tuple):
            with pytest.raises(kind):
                simulator.run(10.0, inputs={"rates": events})
        else:
            with refused(kind, "inputs['rates']", *words):
                simulator.run(10.0, inputs={"rates": events})


# values of the layer "x", 4 neurons, in a run of 10 ms at dt = 1 ms
@pytest.mark.parametrize(
    ("model", "parameters", "values", "kind", "words"),
    [
        ("rate", {}, [1.0, 2.0, 3.0], ParameterError, ["rates", "4", "(3,)"]),
        ("rate", {}, [1.0, 2.0, 3.0, np.nan], ParameterError, ["values", "finite", "nan"]),
        ("rate", {}, [1.0, 2.0, 3.0, -1.0], ParameterError, ["rates", ">= 0 Hz", "-1"]),
        ("rate", {}, [1.0, 2.0, 3.0, 1001.0], ParameterError, ["rates", "<= 1000 Hz", "1 ms", "1001", "smaller dt"]),
        ("rate", {}, ["1", "2", "3", "4"], ArgumentTypeError, ["numbers"]),
        ("rate", {"max_rate": 100.0}, [0.0, 0.5, 1.0, 1.5], ParameterError, ["values", "0 to 1", "max_rate", "1.5"]),
        ("rate", {"max_rate": 100.0}, [0.0, 0.5, 1.0, -0.5], ParameterError, ["values", "0 to 1", "-0.5"]),
        ("temporal", {}, [0.0, 0.5, 1.0], ParameterError, ["values", "(4,)", "(3,)"]),
        ("temporal", {}, [0.0, 0.5, 1.0, 1.5], ParameterError, ["values", "0 to 1", "1.5"]),
        ("temporal", {}, [0.0, 0.5, 1.0, -0.1], ParameterError, ["values", "0 to 1", "-0.1"]),
        ("temporal", {}, [0.0, 0.5, 1.0, np.inf], ParameterError, ["values", "finite", "inf"]),
        ("temporal", {"max_value": 255.0}, [0, 5, 10, 256], ParameterError, ["values", "0 to 255", "256"]),
        ("poisson", {}, [(0, 1.0)], ParameterError, ["Poisson source", "'rate' source"]),
        ("li", {}, [(0, 1.0)], ParameterError, ["li neurons do not spike"]),
        ("lif", {}, [1.0, 2.0, 3.0, 4.0], ArgumentTypeError, ["values", "'rate'", "give lif neurons events", "pairs"]),
    ],
)
def test_values(model: str, parameters: Any, values: Any, kind: Type[NeuroedgeError], words: Any) -> None:
    net = Network()
    net.add("x", 4, model, **parameters)
    simulator = Simulator(net, dt=1.0)
    simulator.run(2.0)
    for given in (values, np.array(values)) if isinstance(values[0], float) else (values,):
        with unchanged(simulator), refused(kind, "inputs['x']", *words):
            simulator.run(10.0, inputs={"x": given})


def test_rates_above_one_spike_a_step() -> None:
    net = Network()
    net.add("noise", 4, "poisson", rate=2000.0)
    with refused(ParameterError, "Population 'noise'", "rates", "<= 1000 Hz", "2000", "smaller dt"):
        Simulator(net, dt=1.0)
    simulator = Simulator(net, dt=0.1)
    simulator.run(2.0)
    with unchanged(simulator), refused(ParameterError, "Population 'noise'", "<= 1000 Hz"):
        simulator.set_dt(1.0)
    assert simulator.run(100.0).counts["noise"].sum() > 0


def test_unknown_populations() -> None:
    simulator = Simulator(small(), dt=1.0)
    with unchanged(simulator), refused(UnknownNameError, "population", "'hiden'", "did you mean 'hidden'?"):
        simulator.run(1.0, inputs={"hiden": []})
    with unchanged(simulator), refused(UnknownNameError, "population", "5", "known: cells"):
        simulator.run(1.0, inputs={5: []})


def test_one_bad_layer_spoils_no_good_one() -> None:
    simulator = Simulator(small(), dt=0.5)
    before = simulator.snapshot()
    with refused(ParameterError, "inputs['hidden']", "neuron"):
        simulator.run(5.0, inputs={"rates": [(0, 1.0)], "hidden": [(5, 1.0)]})
    assert same_state(simulator, before)
    twin = Simulator(small(), dt=0.5)
    ours, theirs = (s.run(5.0, inputs={"rates": [(0, 1.0)]}) for s in (simulator, twin))
    assert all((ours.counts[name] == theirs.counts[name]).all() for name in ours.counts)


def test_events_cannot_be_changed_behind_the_check() -> None:
    train = SpikeTrain([0, 1], [1.0, 2.0], size=2, polarity=[1, 0])
    pattern = SpikePattern([0, 1], [0, 1])
    for array in (train.neurons, train.times, train.polarity, pattern.neurons, pattern.order):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for events, name in ((train, "neurons"), (train, "times"), (train, "size"), (pattern, "order")):
        with pytest.raises(AttributeError, match=f"constant.*{name}"):
            setattr(events, name, np.array([10**9, 10**9]))
