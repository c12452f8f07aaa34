"""What a run answers with: a `Recording`, and the tutorial's `SimulationResult` on top of it."""

from typing import Any

import numpy as np
import pytest

from neuroedge import Network, NeuromorphicAPI, Recording, Simulator
from neuroedge.errors import NotRecordedError, UnknownNameError
from neuroedge.plan.recording import Lazy
from neuroedge.tutorial.results import SimulationResult


def chain() -> Network:
    """One spike in gives one spike out, a tick later."""
    net = Network()
    net.add("input", 3, "rate")
    net.add("output", 3, "lif", refractory=0.0)
    net.add("read", 1, "li")
    net.connect("input", "output", "one_to_one", weights=20.0)
    net.connect("output", "read", weights=1.0)
    return net


EVENTS = {"input": [(0, 0.5), (1, 1.5), (1, 3.5)]}


def record(**arguments: Any) -> Recording:
    return Simulator(chain(), dt=1.0).run(10.0, inputs=EVENTS, **arguments)


def test_counts_and_rates_are_always_there() -> None:
    recording = record(record=[])
    assert set(recording.counts) == set(recording.rates) == {"input", "output", "read"}
    assert recording.counts["output"].tolist() == [1, 2, 0] and recording.counts["output"].dtype == np.int64
    assert recording.counts["input"].tolist() == [1, 2, 0] and recording.counts["read"].tolist() == [0]
    assert recording.rates["output"].tolist() == [100.0, 200.0, 0.0]
    assert dict(recording.spikes) == {} and dict(recording.potentials) == {} and recording.weights is None


def test_spikes_where_asked() -> None:
    recording = record(record=["spikes"], record_from=["output"])
    assert list(recording.spikes) == ["output"]
    assert list(recording.spikes["output"]) == [(0, 2.0), (1, 3.0), (1, 5.0)]
    assert recording.spikes["output"].size == 3
    assert recording.counts["input"].sum() == 3
    with pytest.raises(UnknownNameError, match="'input'"):
        recording.spikes["input"]


def test_potentials_where_asked() -> None:
    recording = record(record=["potentials"])
    # sources have none
    assert set(recording.potentials) == {"output", "read"}
    trace = recording.potentials["read"]
    assert trace.shape == (10, 1) and recording.times.tolist() == list(range(1, 11))
    assert trace[0, 0] == -65.0 and trace[2, 0] == -64.0
    assert np.allclose(trace[2:4, 0] + 65.0, [1.0, np.exp(-1 / 20) + 1.0])
    assert list(record(record=["potentials"], record_from=["read"]).potentials) == ["read"]


def test_weights_where_asked() -> None:
    weights = record(record=["weights"]).weights
    assert weights is not None and set(weights) == {"input->output", "output->read"}
    assert (weights["input->output"] == 20.0 * np.eye(3)).all()


def test_performance() -> None:
    recording = record()
    assert set(recording.performance) == {
        "wall_s", "realtime_factor", "synaptic_events", "dropped_events", "engine", "reason", "threads",
        "precision", "bytes",
    }  # fmt: skip
    assert recording.performance["synaptic_events"] == 6 and recording.performance["dropped_events"] == 0
    assert recording.performance["wall_s"] > 0 and recording.performance["bytes"] > 0
    assert "10 ms, 6 spikes" in repr(recording) and "engine)" in repr(recording)


def test_time_goes_on_from_call_to_call() -> None:
    simulator = Simulator(chain(), dt=1.0)
    assert simulator.run(10.0).start == 0.0
    later = simulator.run(5.0, inputs={"input": [(0, 0.5)]})
    assert later.start == 10.0 and list(later.spikes["output"]) == [(0, 2.0)]
    simulator.reset()
    assert simulator.run(5.0).start == 0.0


def test_lazy_mappings_make_each_value_once() -> None:
    made = []
    lazy = Lazy(["a", "b"], lambda name: made.append(name) or name.upper())
    assert list(lazy) == ["a", "b"] and len(lazy) == 2 and "a" in lazy and "c" not in lazy
    assert made == []
    assert lazy["a"] == "A" == lazy["a"] and made == ["a"]
    assert lazy.get("c") is None and dict(lazy) == {"a": "A", "b": "B"}
    with pytest.raises(KeyError, match="unknown population 'c'"):
        lazy["c"]


def result(**arguments: Any) -> SimulationResult:
    api = NeuromorphicAPI()
    api._network = chain()
    return api.run_simulation(10.0, dt=1.0, external_inputs=EVENTS, **arguments)


def test_a_result_reads_like_a_dict_and_by_attributes() -> None:
    answer = result(record_potentials=True, record_weights=True)
    names = [
        "duration", "layer_spike_times", "layer_spike_counts", "layer_rates", "performance", "potentials", "weights",
    ]  # fmt: skip
    assert list(answer) == names and len(answer) == 7
    for name in names:
        assert answer[name] is getattr(answer, name) and name in answer and name in dir(answer)
    assert dict(answer)["duration"] == 10.0 and answer.get("duration") == 10.0
    assert answer.layer_spike_times["output"] == [(0, 2.0), (1, 3.0), (1, 5.0)]
    assert answer["layer_spike_counts"]["output"].tolist() == [1, 2, 0]
    assert answer.layer_rates["output"].tolist() == [100.0, 200.0, 0.0]
    assert answer.potentials["read"].shape == (10, 1) and (answer.weights["output->read"] == 1.0).all()
    assert isinstance(answer.recording, Recording) and repr(answer).startswith("SimulationResult(10 ms")


@pytest.mark.parametrize("name", ["potentials", "weights"])
def test_what_was_not_recorded(name: str) -> None:
    answer = result()
    assert name not in answer and not hasattr(answer, name) and answer.get(name) is None and name not in dict(answer)
    for read in (lambda: answer[name], lambda: getattr(answer, name)):
        with pytest.raises(NotRecordedError, match=f"{name} were not recorded: .*record_{name}=True"):
            read()


def test_names_that_no_result_has() -> None:
    answer = result()
    assert "spikes" not in answer and answer.get("spikes") is None and not hasattr(answer, "spikes")
    with pytest.raises(KeyError, match="layer_spike_counts"):
        answer["spikes"]
    with pytest.raises(AttributeError, match="layer_spike_counts"):
        answer.spikes
    with pytest.raises(UnknownNameError, match="'hidden'.*input, output"):
        answer.layer_spike_counts["hidden"]


def test_spike_times_only_if_recorded() -> None:
    answer = result(record_spikes=False)
    assert dict(answer.layer_spike_times) == {} and answer.layer_spike_counts["output"].sum() == 3
    assert answer.layer_spike_times.get("output") is None and "output" not in answer.layer_spike_times
    with pytest.raises(NotRecordedError, match="spike times were not recorded: .*record_spikes=True"):
        answer.layer_spike_times["output"]


def test_answers_do_not_change_later() -> None:
    simulator = Simulator(chain(), dt=1.0)
    first = simulator.run(10.0, inputs=EVENTS, record=["spikes", "potentials"])
    trace = first.potentials["output"].copy()
    simulator.run(10.0, inputs={"input": [(2, 1.0)]}, record=["spikes", "potentials"])
    simulator.reset()
    assert first.counts["output"].tolist() == [1, 2, 0] and len(first.spikes["output"]) == 3
    assert (first.potentials["output"] == trace).all()
