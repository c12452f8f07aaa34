"""A network that lives beside its sensors: pushed input, time that passes by itself, sleep."""

import signal
import threading
import warnings
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neuroedge import NeuroedgeError, SpikePattern
from neuroedge.runtime import inbox
from neuroedge.tutorial.api import NeuromorphicAPI


class Hand:
    """A clock that is turned by hand; ms, to keep steps whole."""

    def __init__(self) -> None:
        self.ms = 1_000_000.0

    def __call__(self) -> float:
        return self.ms / 1000.0


def network(clock: Hand, hidden: str = "lif", **parameters: Any) -> NeuromorphicAPI:
    api = NeuromorphicAPI(seed=5, clock=clock)
    api.create_network()
    api.add_sensory_layer("in", 20, "lif")
    api.add_processing_layer("hidden", 30, hidden, **parameters)
    api.add_motor_layer("out", 4)
    api.connect_layers("in", "hidden")
    api.connect_layers("hidden", "out")
    return api


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def api(clock: Hand) -> NeuromorphicAPI:
    return network(clock)


def states(*apis: NeuromorphicAPI) -> List[Dict[str, bytes]]:
    return [{name: array.tobytes() for name, array in a.simulator.snapshot().items()} for a in apis]


def volley(n: int = 60, seed: int = 0, span: float = 5.0) -> List[Tuple[int, float]]:
    rng = np.random.default_rng(seed)
    return [(int(i), round(float(t), 1)) for i, t in zip(rng.integers(0, 20, n), rng.uniform(0.0, span, n))]


def test_time_passes_by_itself_and_times_count_from_the_push(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", [])
    clock.ms += 40.0
    api.push_input("in", [(3, 2.0), (4, 0.0)])
    clock.ms += 10.0
    result = api.process_input()
    assert result.duration == pytest.approx(50.0)
    # time 0 of a push belongs to the step that ends then
    assert result.layer_spike_times["in"] == [(4, 40.0), (3, 42.0)]
    assert result["layer_spike_counts"]["in"].sum() == 2


def test_it_lives_as_one_run_would(api: NeuromorphicAPI, clock: Hand) -> None:
    other = network(Hand())
    events, all_events = volley(), []
    api.has_input()
    for k in range(5):
        api.push_input("in", events)
        all_events += [(n, t + 20.0 * k) for n, t in events]
        clock.ms += 20.0
        api.process_input()
    whole = other.run_simulation(100.0, dt=0.1, external_inputs={"in": all_events})
    assert whole.layer_spike_counts["hidden"].sum() > 10
    assert states(api)[0] == states(other)[0]


@pytest.mark.parametrize("model", ["lif", "adex", "alif"])
def test_on_waking_the_state_is_that_of_a_silent_run(model: str, clock: Hand) -> None:
    api, other = network(clock, model), network(Hand(), model)
    api.set_sleep_mode(True, idle_threshold=1.0)
    for a in (api, other):
        a.run_simulation(20.0, external_inputs={"in": volley()})
    clock.ms += 999.0
    assert not api.has_input() and not api.asleep
    clock.ms += 9001.0
    assert not api.has_input() and api.asleep
    # a fraction of a step is left for later
    clock.ms += 0.05
    api.wake()
    assert not api.asleep and api.process_input().duration == pytest.approx(10_000.0)
    other.run_simulation(10_000.0, dt=0.1)
    assert states(api)[0] == states(other)[0]


def test_a_day_asleep_costs_nothing(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", volley())
    clock.ms += 86_400_000.0
    result = api.process_input()
    assert result.duration == pytest.approx(86_400_000.0) and result.performance["engine"] == "event"
    assert result.layer_spike_counts["in"].sum() > 30


def test_a_day_asleep_after_busy_times_costs_nothing(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", volley(400, span=10.0))
    clock.ms += 10.0
    # more than events are worth their while for, on any machine
    assert api.process_input().performance["synaptic_events"] > 2_000
    clock.ms += 86_400_000.0
    api.push_input("in", [(3, 0.0)])
    result = api.process_input()
    assert result.duration == pytest.approx(86_400_000.0) and result.performance["engine"] == "event"


@pytest.mark.long
@settings(max_examples=60, deadline=None)
# events at the very moment of a call, where rounding decides
@example([(0, "push"), (8, "push"), (12, "process")], 3)
@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["push", "process", "sleep", "look"])), max_size=25),
       st.integers(0, 9))  # fmt: skip
def test_any_order_of_pushes_and_calls_is_one_run(moves: List[Tuple[int, str]], seed: int) -> None:
    clock = Hand()
    api, other = network(clock), network(Hand())
    api.set_sleep_mode(True, 0.01)
    begin, events = clock.ms, []
    for k, (steps, move) in enumerate(moves):
        clock.ms = round(clock.ms + 0.1 * steps, 1)
        if move == "push":
            given = [(n, t + 0.1) for n, t in volley(20, seed + k)]
            api.push_input("in", given)
            events += [(n, round(clock.ms - begin + t, 1)) for n, t in given]
        elif move == "process":
            api.process_input()
        elif move == "sleep":
            api.sleep()
        else:
            api.has_input()
    clock.ms += 100.0
    api.process_input()
    counts = api.input_counts
    assert counts.pushed == counts.processed == len(events) and counts.waiting == counts.dropped == 0
    other.run_simulation(clock.ms - begin, dt=0.1, external_inputs={"in": events})
    assert states(api)[0] == states(other)[0]


def test_events_to_come_wait_for_their_time(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", [(1, 0.0), (2, 30.0)])
    clock.ms += 10.0
    assert api.has_input()
    assert api.process_input().layer_spike_counts["in"].sum() == 1
    assert not api.has_input() and not api.is_idle() and api.input_counts.waiting == 1
    clock.ms += 20.0
    assert api.has_input()
    assert api.process_input().layer_spike_times["in"] == [(2, 20.0)]
    assert not api.has_input()


def test_a_pattern_is_spread_from_its_push_to_the_call(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", [])
    clock.ms += 5.0
    api.push_input("in", SpikePattern([1, 2, 3, 4], [0, 1, 2, 3]))
    clock.ms += 20.0
    assert api.process_input().layer_spike_times["in"] == [(1, 5.0), (2, 10.0), (3, 15.0), (4, 20.0)]


def test_input_of_this_very_moment_is_processed(api: NeuromorphicAPI) -> None:
    api.push_input("in", [(0, 0.0)])
    result = api.process_input()
    assert result.layer_spike_counts["in"][0] == 1 and result.duration == pytest.approx(0.1)


def test_an_answer_of_no_length(api: NeuromorphicAPI) -> None:
    result = api.process_input()
    assert result.duration == 0 and result.layer_spike_times["out"] == []
    assert result.layer_rates["hidden"].tolist() == [0.0] * 30 and result.layer_spike_counts["out"].sum() == 0
    assert result.performance["synaptic_events"] == 0
    assert np.argmax(result["layer_spike_counts"]["out"]) == 0 and "0 ms" in repr(result)


def test_sleep_and_wake(api: NeuromorphicAPI, clock: Hand) -> None:
    api.set_sleep_mode(True, 1.0, wake_on_input=False)
    api.sleep()
    assert api.asleep and not api.is_idle()
    clock.ms += 1000.0
    assert api.is_idle()
    api.push_input("in", [(0, 0.0)])
    assert api.asleep and api.has_input()
    with pytest.raises(NeuroedgeError, match=r"call wake\(\) first"):
        api.process_input()
    api.wake()
    assert api.process_input().layer_spike_counts["in"].sum() == 1
    api.set_sleep_mode(True, 1.0, wake_on_input=True)
    api.sleep()
    api.push_input("in", [(0, 0.0)])
    assert not api.asleep
    api.sleep()
    api.set_sleep_mode(False)
    clock.ms += 1e6
    assert not api.asleep and api.has_input()
    api.process_input()
    assert not api.has_input() and not api.asleep


def test_a_clock_that_goes_back_stands_still(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", [(0, 0.0), *volley()])
    clock.ms -= 5000.0
    assert api.process_input().duration == pytest.approx(0.1)
    clock.ms += 5010.0
    assert api.process_input().duration == pytest.approx(9.9)
    assert api.input_counts.processed == 61


def test_a_full_queue_drops_the_oldest_and_counts(
    api: NeuromorphicAPI, clock: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api._inbox, "limit", 100)
    assert api.push_input("in", volley(60, 1)) == 0
    assert api.push_input("in", volley(30, 2)) == 0
    assert api.push_input("in", volley(50, 3)) == 60
    assert api.input_counts == (140, 0, 60, 80)
    with pytest.raises(MemoryError, match="events of one push: asked for 101, 0 in use, 100 allowed"):
        api.push_input("in", volley(101))
    clock.ms += 10.0
    api.process_input()
    assert api.input_counts == (140, 80, 60, 0)
    assert inbox.MOST == 1_000_000


def test_pushes_from_threads_are_all_counted(api: NeuromorphicAPI, clock: Hand) -> None:
    def push() -> None:
        for _ in range(50):
            api.push_input("in", [(1, 0.0), (2, 1.0)])

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        clock.ms += 0.1
        api.process_input()
    clock.ms += 10.0
    api.process_input()
    assert api.input_counts == (400, 400, 0, 0)


@pytest.mark.long
def test_what_an_interruption_leaves_waits_again(clock: Hand) -> None:
    api, other = network(clock, "adex"), network(Hand(), "adex")
    for a in (api, other):
        a.network.add("noise", 100, "poisson", rate=100.0)
        a.network.connect("noise", "hidden")
        a.run_simulation(10.0, dt=0.1)
    late = [(n, t + 250_000.0) for n, t in volley()]
    api.push_input("in", volley() + late)
    clock.ms += 300_000.0

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            api.process_input()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    ticks = api.simulator.state.tick - 100
    assert 0 < ticks < 2_500_000 and api.input_counts == (120, 60, 0, 60)
    other.run_simulation(ticks * 0.1, dt=0.1, external_inputs={"in": volley()})
    assert states(api)[0] == states(other)[0]
    # and it goes on from there
    clock.ms -= 290_000.0
    api._sleep._latest = clock.ms / 1000.0
    api._sleep.lived = clock.ms / 1000.0 - 0.01
    assert api.process_input().duration == pytest.approx(10.0)


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (lambda a: a.push_input("hiden", []), KeyError, ["layer", "'hiden'", "did you mean 'hidden'"]),
        (lambda a: a.push_input("in", [(20, 0.0)]), ValueError, ["push_input['in']", "neuron must be 0 to 19"]),
        (lambda a: a.push_input("in", [(2, -1.0)]), ValueError, ["times must be >= 0 ms", "-1"]),
        (lambda a: a.push_input("in", [(2, float("nan"))]), ValueError, ["push_input['in']"]),
        (lambda a: a.push_input("in", [0.5] * 20), TypeError, ["pairs (neuron, time in ms)"]),
        (lambda a: a.push_input("in", None), TypeError, ["pairs (neuron, time in ms)"]),
        (lambda a: a.set_sleep_mode(1), TypeError, ["enabled must be True or False"]),
        (lambda a: a.set_sleep_mode(True, -1.0), ValueError, ["idle_threshold must be >= 0 s", "-1"]),
        (lambda a: a.set_sleep_mode(True, 1.0, "yes"), TypeError, ["wake_on_input"]),
        (lambda a: a.set_simulation_quality("best"), KeyError, ["quality", "'best'", "high, low, medium"]),
        (lambda a: a.limit_quality("governor", "best"), KeyError, ["quality", "'best'"]),
    ],
)
def test_bad_input(api: NeuromorphicAPI, call: Callable[[Any], Any], kind: type, words: List[str]) -> None:
    with pytest.raises(kind) as caught:
        call(api)
    assert isinstance(caught.value, NeuroedgeError)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert api.input_counts == (0, 0, 0, 0) and api.simulation_quality == "high"


def test_before_there_is_a_network() -> None:
    api = NeuromorphicAPI()
    for call in (lambda: api.push_input("in", []), api.process_input):
        with pytest.raises(NeuroedgeError, match=r"create_network\(\)"):
            call()
    assert not api.has_input()


def test_starting_over_forgets_what_waits(api: NeuromorphicAPI, clock: Hand) -> None:
    api.push_input("in", volley())
    clock.ms += 50.0
    api.reset()
    clock.ms += 50.0
    assert not api.has_input() and api.input_counts == (60, 0, 60, 0)
    assert api.process_input().duration == 0
    api.push_input("in", volley())
    api.create_network()
    assert not api.has_input() and api.input_counts == (0, 0, 0, 0)


# quality


@pytest.fixture(params=["high", "medium", "low"])
def level(request: Any) -> Iterator[str]:
    yield request.param


STEP = {"high": 0.1, "medium": 0.5, "low": 1.0}
LEAST = {"high": 0.0, "medium": 0.005, "low": 0.02}
CALLS = {"high": 1, "medium": 2, "low": 4}


def test_a_level_sets_step_and_threshold_and_nothing_of_the_network(api: NeuromorphicAPI, level: str) -> None:
    before = {name: weights.tobytes() for name, weights in api.get_weights().items()}
    api.set_simulation_quality(level)
    result = api.run_simulation(20.0, external_inputs={"in": volley()}, record_spikes=False)
    plan = api.simulator.plan
    assert (plan.dt, plan.event_threshold) == (STEP[level], LEAST[level])
    assert {name: weights.tobytes() for name, weights in api.get_weights().items()} == before
    assert len(result.layer_spike_times) == 0 and "potentials" not in result
    # the step that is asked for is taken
    api.run_simulation(20.0, dt=0.25)
    assert api.simulator.dt == 0.25
    # the largest that divides the duration
    api.run_simulation(1.7)
    assert api.simulator.dt == pytest.approx(1.7 / np.ceil(1.7 / STEP[level]))


def test_a_level_delivers_no_small_events(clock: Hand) -> None:
    dropped = {}
    for name in STEP:
        api = network(clock)
        api.set_weights({"in->hidden": np.full((20, 30), 0.2)})
        api.set_simulation_quality(name)
        dropped[name] = api.run_simulation(20.0, external_inputs={"in": volley()}).performance["dropped_events"]
    # 0.2 mV of 15: 0.0133 of threshold - rest
    assert dropped["high"] == dropped["medium"] == 0 < dropped["low"]


def test_a_threshold_set_by_hand_stays_until_the_level_changes(api: NeuromorphicAPI) -> None:
    api.run_simulation(5.0)
    api.simulator.set_event_threshold(0.3)
    api.run_simulation(5.0)
    assert api.simulator.plan.event_threshold == 0.3
    api.set_simulation_quality("low")
    api.run_simulation(5.0)
    assert api.simulator.plan.event_threshold == 0.02


def test_a_level_leaves_calls_to_the_next(api: NeuromorphicAPI, clock: Hand, level: str) -> None:
    api.set_simulation_quality(level)
    api.has_input()
    durations = []
    for k in range(8):
        api.push_input("in", volley(10, k, 1.0))
        clock.ms += 10.0
        durations.append(api.process_input().duration)
    every = CALLS[level]
    simulated = [d for d in durations if d > 0]
    assert len(simulated) == 8 // every
    assert durations[0] == pytest.approx(10.0) and all(d == pytest.approx(10.0 * every) for d in simulated[1:])
    # what is left waits, and keeps it awake
    assert api.has_input() == (every > 1) and api.is_idle() is False
    while api.has_input():
        api.process_input()
    assert api.input_counts == (80, 80, 0, 0)


def test_governors_limit_what_is_asked_for(api: NeuromorphicAPI) -> None:
    api.limit_quality("heat", "medium")
    assert api.simulation_quality == "medium"
    api.limit_quality("battery", "low")
    api.limit_quality("heat", None)
    assert api.simulation_quality == "low"
    api.limit_quality("battery", "high")
    assert api.simulation_quality == "high"
    api.set_simulation_quality("medium")
    api.limit_quality("battery", None)
    api.limit_quality("battery", None)
    assert api.simulation_quality == "medium"


def test_a_change_of_level_keeps_the_state(api: NeuromorphicAPI) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        api.run_simulation(20.0, external_inputs={"in": volley()})
        before = api.simulator.potential("hidden")
        api.set_simulation_quality("low")
        api.run_simulation(1.0)
        after = api.simulator.potential("hidden")
    rest = -65.0
    moved = np.abs((before - rest) * np.exp(-1.0 / 20.0) - (after - rest))
    assert (before > rest + 1).any() and np.median(moved) < 1.0
