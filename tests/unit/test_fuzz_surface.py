"""Random objects at every door: a call succeeds, or one of our own exceptions leaves it; nothing crashes."""

import decimal
import fractions
import math
import os
import warnings
from typing import Any, Callable, Dict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refusing import small

from neuroedge import LIF, Delta, Network, NeuromorphicAPI, Simulator, SpikePattern, SpikeTrain, compile_network
from neuroedge.errors import NeuroedgeError
from neuroedge.tutorial import engine

# the same examples every time; NEUROEDGE_FUZZ=5000 draws that many new ones
FRESH = int(os.environ.get("NEUROEDGE_FUZZ", "0"))
QUICK = settings(
    max_examples=FRESH or 80,
    derandomize=not FRESH,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class SparseLike:
    """As much like a scipy matrix as it takes to be asked."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def tocoo(self) -> Any:
        if not self.parts:
            raise ValueError("empty")
        self.row, self.col, self.data, self.shape = self.parts
        return self


NUMBERS = [
    0, 1, -1, 2, 3, 5, 2**31, 2**32, 2**63, 2**64, 10**30, 10**400, 0.0, -0.0, 0.1, 0.5, 1.0, 1.5, 10.0, -1.0,
    math.nan, math.inf, -math.inf, 1e308, 1e-308, 5e-324, 1e15, 1e39, 65505.0,
]  # fmt: skip
ODD: Any = [
    None, True, False, "", "a", "nan", b"a", 1j, ..., int, len, object(), np.bool_(True), np.float32(1.5),
    np.uint64(2**63), np.datetime64("2020-01-01"), np.timedelta64(5, "ms"), np.array(3.0), np.array("x"), range(3),
    decimal.Decimal("1.5"), fractions.Fraction(1, 3), SparseLike(), Delta(), LIF(), {1, 2}, bytearray(b"\0"),
    np.void(b"a"),
]  # fmt: skip
ENTRIES = [0, 1, 2, 3, 0.5, -1, 100, 1e9, math.nan, math.inf]
DTYPES = ["f4", "f8", "i4", "i8", "u4", "u1", "u8", "?", "O", "c16", "U3", "f2"]
SHAPES = [(), (0,), (1,), (2,), (3,), (4,), (4, 5), (5, 4), (3, 2), (0, 2), (2, 2, 2), (10,)]
FIELDS = [
    [("neuron", "u4"), ("time", "f8")], [("a", "f8"), ("b", "f8")], [("a", "u4")], [("a", "U3"), ("b", "f8")],
    [("a", "O"), ("b", "O")], [("a", "u4", (2,)), ("b", "f8")],
]  # fmt: skip


@st.composite
def arrays(draw: Any) -> np.ndarray:
    shape = draw(st.sampled_from(SHAPES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = draw(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=4))
        kind = draw(st.sampled_from(DTYPES))
        try:
            return np.resize(np.array(values, object), shape).astype(kind)
        except (ValueError, OverflowError):
            return np.zeros(shape, kind)


atoms = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(ODD), st.sampled_from(["rates", "hidden", "lif", "clock"]))
pairs = st.lists(st.tuples(st.sampled_from(ENTRIES), st.sampled_from([*ENTRIES, 0.25, 1.5])), max_size=4)
structured = st.builds(lambda fields, n: np.zeros(n, fields), st.sampled_from(FIELDS), st.integers(0, 3))
things = st.recursive(
    st.one_of(atoms, arrays(), pairs, structured),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner, inner),
        st.builds(SparseLike, inner, inner, inner, st.sampled_from([(4, 5), (3, 2), None, 5])),
        st.dictionaries(st.sampled_from(["rates", "hidden", "noise", "zz", 1]), inner, max_size=2),
    ),
    max_leaves=5,
)


def some(*names: str) -> st.SearchStrategy[Dict[str, Any]]:
    """Some of these arguments, with random values."""
    return st.dictionaries(st.sampled_from(names), things, max_size=2)


def may(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The answer of a call, or None where it was refused in our own words."""
    try:
        return call(*arguments, **named)
    except NeuroedgeError as error:
        assert len(str(error)) < 1000 and repr(error)
        return None


def near(*good: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(good), st.sampled_from(good), things)


@pytest.fixture(autouse=True)
def no_warnings_of_numpy() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.mark.long
@QUICK
@given(st.data())
def test_networks(data: Any) -> None:
    net = may(Network, **data.draw(some("name", "seed", "max_neurons", "max_synapses"))) or Network()
    for name, model in (("rates", "rate"), ("hidden", "lif"), ("cells", "adex")):
        may(net.add, name, 3, model)
    parameters = data.draw(
        some("tau_m", "v_rest", "v_threshold", "refractory", "reset", "v_init", "rate", "max_rate", "tau_syn")
    )
    may(
        net.add,
        data.draw(near("new", "hidden")),
        data.draw(near(1, 3, 70)),
        data.draw(near("lif", "cubalif", "poisson")),
        **parameters,
    )
    ends = near("rates", "hidden", "cells", "new")
    arguments = data.draw(some("weights", "synapses", "delay", "synapse", "pattern", "probability", "plasticity"))
    may(net.connect, data.draw(ends), data.draw(ends), **arguments)
    may(net.set_weights, data.draw(things))
    may(net.set_weights, {name: data.draw(things) for name in net.projections})
    may(net.get_weights)
    plan = may(compile_network, net, **data.draw(some("dt", "precision", "memory_limit", "event_threshold")))
    if plan is not None:
        may(Simulator(plan).run, 3 * plan.dt)


@pytest.mark.long
@QUICK
@given(things, things, some("size", "polarity", "steps"))
def test_events(neurons: Any, times: Any, more: Dict[str, Any]) -> None:
    may(SpikePattern, neurons, times, **more)
    more.pop("steps", None)
    train = may(SpikeTrain, neurons, times, **more)
    if train is not None:
        net = Network()
        net.add("x", 3, "rate")
        may(Simulator(net, dt=1.0).run, 5.0, inputs={"x": train})


SIMULATORS = [Simulator(small(), dt=0.5, engine=engine) for engine in ("clock", "reference")]


@pytest.mark.long
@QUICK
@given(st.data(), st.sampled_from(SIMULATORS))
def test_runs(data: Any, simulator: Simulator) -> None:
    inputs = data.draw(st.dictionaries(st.sampled_from(["rates", "hidden", "noise", "read"]), things, max_size=2))
    may(simulator.run, data.draw(near(2.0, 5)), inputs=inputs)
    may(
        simulator.run,
        2.0,
        **data.draw(some("inputs", "currents", "record", "record_from", "progress", "dt", "rewards")),
    )
    may(simulator.reward, data.draw(things))
    may(simulator.run, 2.0, currents={"hidden": data.draw(things)})
    may(simulator.step, data.draw(things))
    may(simulator.step, inputs)
    may(simulator.potential, data.draw(things))
    # whatever came before, it still runs
    simulator.set_dt(0.5)
    assert simulator.run(1.0).performance["wall_s"] > 0


@pytest.mark.long
@QUICK
@given(st.data())
def test_states(data: Any) -> None:
    arguments = data.draw(some("dt", "engine", "precision", "memory_limit", "event_threshold"))
    simulator = may(Simulator, small(), **arguments) or SIMULATORS[0]
    may(Simulator, data.draw(things))
    for change in (simulator.set_dt, simulator.set_precision, simulator.set_event_threshold, simulator.restore):
        may(change, data.draw(things))
    snapshot = simulator.snapshot()
    for name in data.draw(st.lists(st.sampled_from(sorted(snapshot)), max_size=2, unique=True)):
        snapshot[name] = data.draw(near(np.roll(snapshot[name], 1), np.zeros_like(snapshot[name]), -snapshot[name]))
    with warnings.catch_warnings():
        # with a state of nonsense the arithmetic of NumPy may complain
        warnings.simplefilter("ignore")
        may(simulator.restore, snapshot)
        may(simulator.step, {"rates": [0, 3]})
        may(simulator.run, 10 * simulator.dt)
    simulator.reset()


@pytest.mark.long
@QUICK
@given(st.data())
def test_the_tutorials_engine(data: Any) -> None:
    net = may(engine.Network, **data.draw(some("name", "seed"))) or engine.Network()
    for name, model in (("rates", "rate"), ("hidden", "lif")):
        may(net.add_neuron_group, name, 4, model)
    more = some("weights", "delay", "pattern", "probability", "plasticity")
    may(net.connect, "rates", "hidden", data.draw(near(0.5, "one_to_one")), **data.draw(more))
    mode, step = data.draw(near(*engine.SimulationMode)), data.draw(near(None, 0.5))
    simulator = may(engine.Simulator, net, mode, step) or engine.Simulator(net)
    may(simulator.set_event_threshold, data.draw(things))
    may(simulator.set_precision, data.draw(near("float16", "float32")))
    arguments = data.draw(some("external_inputs", "record_spikes", "record_weights", "progress", "rewards"))
    may(simulator.run, data.draw(near(5.0)), data.draw(near(None, 0.5)), **arguments)
    may(simulator.run, 1.0, external_inputs={"rates": data.draw(things)})
    may(simulator.reset)


@pytest.mark.long
@QUICK
@given(st.data())
def test_the_tutorials_api(data: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        api = may(NeuromorphicAPI, **data.draw(some("device", "seed"))) or NeuromorphicAPI()
        may(api.create_network, **data.draw(some("max_neurons", "max_synapses", "auto_connect")))
        may(api.add_sensory_layer, "rates", 4, data.draw(near("rate", "lif", "temporal")))
        may(
            api.add_processing_layer,
            data.draw(near("hidden")),
            data.draw(near(5)),
            **data.draw(some("model", "tau_m", "reset")),
        )
        may(api.add_motor_layer, data.draw(near("out")), 2, data.draw(near("lif", "li")))
        may(
            api.connect_layers,
            data.draw(near("rates")),
            "hidden",
            **data.draw(some("pattern", "weights", "delay", "plasticity")),
        )
        may(api.set_precision, data.draw(near("float16", "float32")))
        may(api.run_simulation, data.draw(near(5.0)), external_inputs={"rates": data.draw(things)})
        may(
            api.run_simulation,
            1.0,
            **data.draw(some("dt", "external_inputs", "record_spikes", "record_weights", "progress", "rewards")),
        )
        may(api.set_weights, data.draw(things))
        may(api.reset)
