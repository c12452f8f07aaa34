"""Loop: what comes in goes out, errors of sensors by policy, counters that add up."""

import math
import threading
import time
from typing import Any, List

import numpy as np
import pytest
from parts import Jumping, encode, network, total

from neuroedge import Simulator, SpikeTrain
from neuroedge.errors import ArgumentTypeError, NotReadyError, ParameterError, UnknownNameError
from neuroedge.plan.compile import compile_network
from neuroedge.runtime.clock import SimulatedClock
from neuroedge.runtime.governor import Governor, Limits
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.readings import Readings
from neuroedge.runtime.sample import PENDING, Sample, Source
from neuroedge.runtime.sensing import Policy
from neuroedge.runtime.sinks import CallbackSink
from neuroedge.tutorial.api import NeuromorphicAPI


def loop_of(values: Any, sink: Any = None, **options: Any) -> Loop:
    options.setdefault("clock", SimulatedClock())
    options.setdefault("dt", 1.0)
    options.setdefault("encoder", encode)
    encoder = options.pop("encoder")
    return Loop(values, encoder, network(), options.pop("decoder", total), sink, **options)


class Script:
    """Gives what a list says: values, PENDING, None, or raises what is an exception."""

    name = "script"

    def __init__(self, *steps: Any) -> None:
        self.steps, self.reopened = list(steps), 0

    def read(self) -> Any:
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, Exception):
            raise step
        return step if step is None or step is PENDING or isinstance(step, Sample) else (step, None)

    def reopen(self) -> None:
        self.reopened += 1

    def close(self) -> None:
        pass


@pytest.mark.long
def test_values_reach_the_sink_in_order() -> None:
    got: List[Any] = []
    report = loop_of([3, 1, 4, 1, 5], got.append).run()
    assert [row.index(1) for row in got] == [3, 1, 4, 1, 5]
    assert (report.reason, report.read, report.used, report.dropped, report.written) == ("end", 5, 5, 0, 5)
    assert report.latency.missed == 0 and report.skipped == 0


@pytest.mark.long
def test_the_answers_are_those_of_the_simulator() -> None:
    values = np.random.default_rng(1).integers(0, 10, 200).tolist()
    got: List[Any] = []
    loop_of(values, got.append).run()
    sim = Simulator(network(), dt=1.0)
    assert got == [total(sim.run(10.0, {"in": encode(value)})) for value in values]


@pytest.mark.long
def test_networks_of_every_kind() -> None:
    api = NeuromorphicAPI(seed=1)
    api.create_network()
    api.add_sensory_layer("in", 10, "lif")
    api.add_motor_layer("out", 2)
    for given, dt in ((compile_network(network(), 1.0), None), (Simulator(network(), 1.0), None), (api, None)):
        got: List[Any] = []
        report = Loop([1, 2, 3], encode, given, None, got.append, dt=dt, clock=SimulatedClock()).run()
        assert report.used == 3 and len(got) == 3
    assert got[0]["layer_spike_counts"]["in"].sum() >= 1


@pytest.mark.long
def test_one_period_simulates_as_long_as_it_lasts_or_as_is_said() -> None:
    loop = loop_of([1, 2, 3])
    loop.run()
    assert loop.network.state.tick == 30
    loop = loop_of([1, 2, 3], simulate_ms=5.0, period_ms=20.0)
    loop.run()
    assert loop.network.state.tick == 15


@pytest.mark.long
def test_for_s_counts_whole_periods() -> None:
    loop = loop_of(lambda: 1)
    report = loop.run(for_s=0.5)
    assert (report.reason, report.turns, report.read) == ("time", 50, 50)
    assert loop.run(for_s=0.5).turns == 100


def test_step_by_step() -> None:
    loop = loop_of(Script(1, PENDING, 2))
    states = [loop.step().sensed.state for _ in range(4)]
    assert states == ["new", "nothing", "new", "end"]
    assert loop.report().nothing == 1


@pytest.mark.parametrize("between, spikes", [("silence", [1, 0, 0, 1]), ("hold", [1, 1, 1, 1])])
def test_while_nothing_is_new(between: str, spikes: List[int]) -> None:
    got: List[Any] = []
    loop_of(Script(1, PENDING, PENDING, 2), got.append, policy=Policy(between=between)).run()
    assert [sum(row) for row in got] == spikes


def test_retry_goes_to_the_safe_value_within_the_period_and_comes_back() -> None:
    got: List[Any] = []
    source = Script(1, OSError(5, "gone"), 2, math.nan, 3)
    report = loop_of(source, CallbackSink(got.append, safe="safe")).run()
    assert [g if g == "safe" else g.index(1) for g in got] == [1, "safe", 2, "safe", 3, "safe", "safe"]
    assert (report.outages, report.errors) == (2, {"read": 1, "nan": 1})
    assert (report.read, report.used, report.dropped) == (4, 3, 1)


def test_hold_keeps_the_last_value_for_so_long() -> None:
    got: List[Any] = []
    faults = [OSError(5, "gone")] * 5
    policy = Policy("hold", hold_ms=20.0)
    report = loop_of(Script(7, *faults, 8), CallbackSink(got.append, safe=None), policy=policy).run(for_s=0.07)
    assert [g if g is None else g.index(1) for g in got[:5]] == [7, 7, 7, None, None]
    assert report.held == 2


def test_stop_ends_with_the_error() -> None:
    got: List[Any] = []
    sink = CallbackSink(got.append, safe=0)
    report = loop_of(Script(1, OSError(5, "gone"), 2), sink, policy="stop").run()
    assert report.reason == "error" and "script" in report.error and "gone" in report.error
    assert report.used == 1 and got[-1] == 0


def test_pauses_grow_and_the_device_is_opened_again() -> None:
    source = Script(1, *[OSError(19, "No such device")] * 8, 2)
    report = loop_of(source).run()
    assert source.reopened >= 5 and report.used == 2
    # eight failures: 0.05 … 1 s between those after the third
    assert 1.5 < report.seconds < 5.0


@pytest.mark.long
def test_a_sensor_that_says_nothing_for_long_has_failed() -> None:
    got: List[Any] = []
    source = Script(1, *[PENDING] * 20, 2)
    report = loop_of(source, CallbackSink(got.append, safe="safe"), policy=Policy(stale_ms=50.0)).run()
    assert "safe" in got[6:8] and got[5] != "safe"
    assert report.errors["silent"] >= 1 and report.used == 2


@pytest.mark.parametrize("bad", [math.nan, -math.inf, 1e9, -1, np.array([np.nan]), [1.0, math.nan]])
def test_values_that_cannot_be(bad: Any) -> None:
    report = loop_of(Script(1, bad, 2), policy=Policy(limits=(0, 9))).run()
    assert (report.read, report.used, report.dropped) == (3, 2, 1) and sum(report.errors.values()) == 1


def test_limits_for_each_value() -> None:
    limits = ([0.0, -1.0], [10.0, 1.0])
    steps = [[1.0, 0.0], [1.0, 5.0], [1.0, 0.0, 3.0]]
    report = loop_of(Script(*steps), policy=Policy(limits=limits), encoder=lambda value: encode(value[0])).run()
    assert (report.used, report.errors) == (1, {"range": 2})


def test_stamps() -> None:
    stamps = [0.0, 0.01, 0.01, 0.005, 0.02, math.nan, 0.03]
    report = loop_of(Script(*[Sample(1, stamp) for stamp in stamps])).run()
    assert report.errors == {"duplicate": 1, "time": 2} and report.used == 4
    assert report.read == report.used + report.dropped == 7


def test_what_the_encoder_or_the_network_refuses_is_dropped() -> None:
    got: List[Any] = []
    loop = loop_of(Script(1, "x", 2, 77, 3), got.append, encoder=lambda v: [(int(v), 1.0), (int(v), 2.0)])
    report = loop.run()
    assert (report.used, report.dropped, report.errors) == (3, 2, {"encode": 2})
    # time passed all the same
    assert loop.network.state.tick == 50


@pytest.mark.parametrize(
    "encoder", [lambda v: v.missing, lambda v: [(99, 1.0)], lambda v: int("x"), lambda v: {"no": v}]
)
def test_an_encoder_that_never_worked_is_no_sensor_fault(encoder: Any) -> None:
    with pytest.raises((AttributeError, ValueError)):
        loop_of([1, 2, 3], encoder=encoder).run()


def test_an_error_of_the_decoder_is_raised_and_sinks_are_safe() -> None:
    got: List[Any] = []

    def decoder(answer: Any) -> Any:
        if len(got) == 2:
            raise ZeroDivisionError
        return 1

    with pytest.raises(ZeroDivisionError):
        loop_of([1, 2, 3], CallbackSink(got.append, safe=0), decoder=decoder).run()
    assert got == [1, 1, 0]


def test_a_sink_that_cannot_write_is_counted_and_the_loop_goes_on() -> None:
    def write(value: Any) -> None:
        raise OSError(28, "No space left on device")

    report = loop_of([1, 2, 3], write).run()
    assert (report.used, report.unwritten, report.written) == (3, 3, 0) and "No space left" in report.error


def test_a_listener_who_has_gone_ends_it() -> None:
    def write(value: Any) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    assert loop_of(lambda: 1, write).run().reason == "end"


def test_stop_from_another_thread() -> None:
    loop = Loop(lambda: 1, encode, network(), dt=1.0, period_ms=2.0)
    threading.Timer(0.05, loop.stop).start()
    assert loop.run().reason == "stop"


def test_trains_longer_than_a_period_go_on_in_the_next() -> None:
    got: List[Any] = []
    train = SpikeTrain([1, 1, 1, 1, 1, 1], [1.0, 2.0, 11.0, 12.0, 31.0, 32.0])
    steps = [train, PENDING, PENDING, PENDING, SpikeTrain([2, 2], [1.0, 2.0])]
    loop_of(Script(*steps), lambda row: got.append([row[1], row[2]]), encoder=None).run()
    assert got == [[1, 0], [1, 0], [0, 0], [1, 0], [0, 1]]


def test_long_trains_that_overlap_are_merged() -> None:
    got: List[Any] = []
    trains = [SpikeTrain([k, k], [11.0, 12.0]) for k in (1, 2)]
    loop_of(Script(*trains, PENDING, PENDING), lambda row: got.append(row[1:3]), encoder=None).run()
    assert got == [[0, 0], [1, 0], [0, 1], [0, 0]]


def test_an_encoder_with_time_gets_ms() -> None:
    seen: List[float] = []

    class Encoder:
        def encode(self, value: Any, timestamp: float) -> SpikeTrain:
            seen.append(timestamp)
            return encode(value)

    loop_of(Script(Sample(1, 0.5), Sample(2, 0.533), 3), encoder=Encoder()).run()
    assert seen == [500.0, 533.0, pytest.approx(20.0)]


@pytest.mark.long
def test_sleep_and_what_was_slept_through() -> None:
    def steps() -> List[Any]:
        return [1, *[PENDING] * 30, 2, *[PENDING] * 3]

    awake: List[Any] = []
    loop = loop_of(Script(*steps()), awake.append)
    loop.run()
    slept: List[Any] = []
    sleepy = loop_of(Script(*steps()), slept.append, sleep_after=0.05)
    report = sleepy.run()
    assert awake == slept and report.asleep > 20
    assert sleepy.network.state.tick == loop.network.state.tick


@pytest.mark.long
def test_a_governor_lowers_and_gives_back() -> None:
    told = [Readings(temperature=90.0)]
    governor = Governor(Limits(battery=None, missed=None))
    lines: List[str] = []
    loop = loop_of(
        lambda: 1, governor=governor, readings=lambda: told[-1], on_status=lines.append, status_s=2.0, dt=0.1
    )
    loop.run(for_s=3.0)
    assert governor.level == "low" and lines[-1].endswith("level 2") and "90 °C" in lines[-1]
    # lifted at the end
    assert loop.network.dt == 0.1 and loop.network.plan.event_threshold == 0.0


@pytest.mark.long
def test_a_plan_has_one_quality() -> None:
    governor = Governor(Limits(battery=None, missed=None))
    hot = lambda: Readings(temperature=90.0)  # noqa: E731
    with pytest.warns(UserWarning, match="give its Network instead"):
        loop = Loop(lambda: 1, encode, compile_network(network(), 1.0), clock=SimulatedClock(), governor=governor,
                    readings=hot)  # fmt: skip
    assert loop.run(for_s=3.0).level == "low"
    loop = Loop(lambda: 1, encode, Simulator(compile_network(network(), 1.0)), clock=SimulatedClock(),
                governor=Governor(Limits(battery=None, missed=None)), readings=hot)  # fmt: skip
    with pytest.warns(UserWarning, match="does not try again"):
        loop.run(for_s=3.0)


@pytest.mark.long
@pytest.mark.parametrize("sample", [3, (1, 2, 3), (1, "noon"), [1]])
def test_a_source_must_give_pairs(sample: Any) -> None:
    class Wrong(Source):
        def read(self) -> Any:
            return sample

    with pytest.raises(ArgumentTypeError, match="timestamp in s or None"):
        loop_of(Wrong()).run()


def test_a_governor_coarsens_a_simulator_in_whole_steps() -> None:
    loop = loop_of(lambda: 1, governor=Governor(Limits(battery=None, missed=None)), dt=0.1,
                   readings=lambda: Readings(temperature=90.0))  # fmt: skip
    for _ in range(150):
        loop.step()
    assert loop.network.dt == 1.0 and loop.network.plan.event_threshold == 0.02


@pytest.mark.long
def test_a_period_that_is_too_short_is_said_with_the_measured_time() -> None:
    clock = SimulatedClock()

    def slow(value: Any) -> SpikeTrain:
        clock.time += 0.025
        return encode(value)

    said = r"period_ms = 10 is shorter than a step takes here: 25\.?\d* ms in the median of 20"
    with pytest.warns(UserWarning, match=said):
        report = loop_of(lambda: 1, encoder=slow, clock=clock).run(for_s=2.0)
    assert report.latency.missed == report.turns and report.skipped > 0


@pytest.mark.long
def test_the_status_line() -> None:
    lines: List[str] = []
    told = Readings(temperature=52.4, power=4.13, method="ina3221")
    loop_of(lambda: 1, on_status=lines.append, readings=lambda: told).run(for_s=1.0)
    assert lines[0].startswith("100.0 Hz · 0 missed of 1 ·")
    loop = loop_of(lambda: 1, readings=lambda: told)
    loop.run(for_s=12.0)
    assert loop.status() == "100.0 Hz · 0 missed of 1,200 · p99.9 0 ms of 10 · 4.1 W (ina3221) · 52 °C · level 0"


@pytest.mark.long
def test_a_source_that_blocks_never_makes_the_loop_wait() -> None:
    class Slow(Source):
        name, blocks = "slow", True
        closed = 0

        def __init__(self) -> None:
            self.k = 0

        def read(self) -> Any:
            time.sleep(0.02)
            self.k += 1
            return Sample(self.k % 10)

        def close(self) -> None:
            self.closed += 1

    source = Slow()
    report = Loop(source, encode, network(), dt=1.0, period_ms=4.0).run(for_s=0.2)
    assert report.nothing > 25 and 3 <= report.used <= 10 and report.read == report.used + report.dropped
    # it is ours, so it stays open
    assert source.closed == 0


@pytest.mark.long
def test_a_fast_source_in_a_thread_drops_what_nobody_took_and_counts_it() -> None:
    class Fast(Source):
        blocks = True

        def read(self) -> Any:
            time.sleep(0.001)
            return Sample(1)

    report = Loop(Fast(), encode, network(), dt=1.0, period_ms=10.0).run(for_s=0.15)
    assert report.dropped > 20 and report.read == report.used + report.dropped


@pytest.mark.parametrize(
    "change, error",
    [
        ({"period_ms": 0}, ParameterError), ({"period_ms": math.nan}, ParameterError),
        ({"simulate_ms": 10.5}, ParameterError), ({"into": "no"}, UnknownNameError),
        ({"policy": "maybe"}, UnknownNameError), ({"policy": 3}, ArgumentTypeError),
        ({"policy": Policy(limits=(1, 0))}, ParameterError), ({"policy": Policy(limits=(1, 2, 3))}, ValueError),
        ({"policy": Policy(hold_ms=-1)}, ParameterError), ({"policy": Policy(stale_ms=0)}, ParameterError),
        ({"governor": 3}, ArgumentTypeError), ({"encoder": 3}, ArgumentTypeError), ({"readings": 3}, ArgumentTypeError),
        ({"sink": 3}, ArgumentTypeError), ({"values": 3}, ArgumentTypeError), ({"values": "camera:x"}, ParameterError),
        ({"sleep_after": -1}, ParameterError), ({"status_s": 0}, ParameterError), ({"watchdog": 1}, ArgumentTypeError),
    ],
)  # fmt: skip
def test_refused(change: Any, error: Any) -> None:
    change = dict(change)
    with pytest.raises(error):
        loop_of(change.pop("values", [1]), change.pop("sink", None), **change)


def test_refused_networks_and_runs() -> None:
    for given in (None, 3, "network"):
        with pytest.raises(ArgumentTypeError):
            Loop([1], encode, given)
    with pytest.raises(ParameterError):
        loop_of([1]).run(for_s=-1)
    with pytest.raises(ParameterError):
        Loop([1], encode, Simulator(network(), 1.0), dt=1.0)


@pytest.mark.long
def test_what_the_loop_opened_is_closed_and_stays_so(tmp_path: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1\n2\n")
    loop = loop_of(f"file:{path}", encoder=lambda row: encode(row[0]))
    assert loop.run().used == 2
    with pytest.raises(NotReadyError, match="make a new Loop"):
        loop.run()


@pytest.mark.long
def test_time_that_goes_back_in_the_middle_of_a_period() -> None:
    clock = Jumping()

    def back(value: Any) -> SpikeTrain:
        clock.time -= 3600.0
        return encode(value)

    report = loop_of(lambda: 1, encoder=back, clock=clock).run(for_s=1.0)
    assert (report.turns, report.skipped) == (100, 0)
