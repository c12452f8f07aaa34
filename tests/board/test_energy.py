"""Energy: integrals against closed forms, what is missed is left out and said, and a meter that outlives its body."""

import math
import threading
import time
import warnings
from pathlib import Path
from typing import Callable, Iterator, List, Optional

import pytest
from links import linked, write

from neuroedge.board.energy import EnergyMeter
from neuroedge.board.integrate import Integral
from neuroedge.board.source import PowerSource
from neuroedge.errors import (
    ArgumentTypeError,
    NotReadyError,
    ParameterError,
    UnknownNameError,
    UnsupportedError,
)

NANO = "jetson-nano-4gb-jp4.6"
RAIL = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input"


class Wave(PowerSource):
    """A sensor whose readings are given in turn, the last one for ever; an exception is raised."""

    method = "measured: wave"

    def __init__(self, values: List[object], counts: bool = False) -> None:
        self.values, self.counts = list(values), counts
        self.nice: Optional[int] = None

    def read(self) -> Optional[float]:
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value  # type: ignore[return-value]

    def joules(self) -> Optional[float]:
        return self.read()


def times(rate: float, seconds: float) -> Iterator[float]:
    return (k / rate for k in range(int(rate * seconds) + 1))


def test_a_ramp_is_exact_at_any_times() -> None:
    whole = Integral(gap=1.0)
    for at in (0.0, 0.1, 0.13, 0.6, 0.61, 1.5, 2.0):
        whole.add(at, 3.0 + 2.0 * at)
    assert whole.joules == pytest.approx(3.0 * 2.0 + 2.0**2) and whole.covered == pytest.approx(2.0)
    assert whole.watts == pytest.approx(5.0) and (whole.samples, whole.missed, whole.gaps) == (7, 0, 0)


@pytest.mark.parametrize("rate", [10.0, 50.0])
def test_a_sine_within_the_bound_of_the_trapezoid(rate: float) -> None:
    whole, omega = Integral(gap=1.0), 2.0 * math.pi * 0.7
    for at in times(rate, 3.0):
        whole.add(at, 5.0 + 2.0 * math.sin(omega * at))
    exact = 15.0 + 2.0 * (1.0 - math.cos(omega * 3.0)) / omega
    # error of the trapezoid rule: T h² max|f''| / 12
    bound = 3.0 / rate**2 * 2.0 * omega**2 / 12.0
    assert whole.joules is not None and abs(whole.joules - exact) <= bound


def test_missed_samples_within_the_gap_are_bridged() -> None:
    whole = Integral(gap=0.25)
    for index, at in enumerate(times(20.0, 1.0)):
        whole.add(at, None if index % 3 == 1 else 4.0)
    assert whole.joules == pytest.approx(4.0) and whole.missed == 7 and whole.gaps == 0


def test_a_longer_gap_is_left_out_and_counted() -> None:
    whole = Integral(gap=0.25)
    for at in times(20.0, 2.0):
        whole.add(at, None if 0.5 < at < 1.5 else 4.0)
    assert whole.gaps == 1 and whole.covered == pytest.approx(1.0)
    assert whole.joules == pytest.approx(4.0) and whole.watts == pytest.approx(4.0)


def test_a_counter_bridges_what_it_did_not_tell() -> None:
    whole = Integral(gap=60.0, power=False)
    for at, joules in ((0.0, 10.0), (0.1, 10.5), (0.2, None), (5.0, 30.0)):
        whole.add(at, joules)
    assert whole.joules == pytest.approx(20.0) and whole.watts == pytest.approx(4.0) and whole.missed == 1


def test_a_counter_that_jumps_or_stands_still_tells_nothing() -> None:
    whole = Integral(gap=60.0, power=False)
    for at, joules in ((0.0, 10.0), (0.1, 10.0), (0.2, 10.0)):
        whole.add(at, joules)
    assert whole.joules is None and whole.watts is None
    # 250 kJ in a tenth of a second is no processor, but a counter that was read wrongly
    whole.add(0.3, 250_010.0)
    whole.add(0.4, 250_011.0)
    assert whole.joules == pytest.approx(1.0) and whole.gaps == 1 and whole.covered == pytest.approx(0.3)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -1.0, 1001.0])
def test_no_good_sample_is_no_energy(value: Optional[float]) -> None:
    whole = Integral(gap=1.0)
    for at in (0.0, 0.1, 0.2):
        whole.add(at, value)
    assert whole.joules is None and whole.watts is None and (whole.samples, whole.missed) == (0, 3)
    whole.add(0.3, 5.0)
    assert whole.joules is None


def test_time_that_stands_still_or_goes_back_adds_nothing() -> None:
    whole = Integral(gap=1.0)
    for at, watts in ((0.0, 4.0), (0.5, 4.0), (0.5, 900.0), (0.4, 900.0), (1.0, 4.0)):
        whole.add(at, watts)
    assert whole.joules == pytest.approx(4.0) and whole.covered == pytest.approx(1.0)


def test_zero_watts_are_a_reading() -> None:
    whole = Integral(gap=1.0)
    whole.add(0.0, 0.0)
    whole.add(1.0, 0.0)
    assert whole.joules == 0.0


@pytest.mark.long
def test_a_captured_nano(board: Callable[[str], Path]) -> None:
    with EnergyMeter(board(NANO), rate=50) as meter:
        time.sleep(0.2)
    assert meter.method == "measured: ina3221 POM_5V_IN" and meter.measured
    assert meter.watts == pytest.approx(0.9) and meter.joules == pytest.approx(0.9 * meter.covered)
    assert meter.covered == pytest.approx(meter.seconds, abs=0.05) and meter.seconds >= 0.2
    assert meter.samples >= 4 and meter.missed == 0 and meter.gaps == 0
    assert 0.0 < meter.own_cpu_s < 0.2 and meter.own_share == pytest.approx(meter.own_cpu_s / meter.seconds, rel=0.3)
    text = str(meter)
    assert "J in 0.2" in text and "measured: ina3221 POM_5V_IN" in text and "% of a core" in text and "\n" not in text


@pytest.mark.long
def test_above_idle_by_a_baseline(changed: Callable[..., Path]) -> None:
    root = changed(NANO, {})
    meter = EnergyMeter(root, rate=50)
    assert meter.joules is None and meter.joules_above_idle is None and meter.seconds == 0.0
    assert meter.baseline(0.05) == pytest.approx(0.9) and meter.joules is None
    (root / RAIL).write_text("2900\n")
    with meter:
        time.sleep(0.1)
    assert meter.joules_above_idle == pytest.approx(2.0 * meter.covered, rel=1e-6)
    assert "above idle at 0.9 W" in str(meter)


def test_above_a_given_idle_and_not_above_one_that_was_read_another_way(board: Callable[[str], Path]) -> None:
    with EnergyMeter(board(NANO), rate=50, idle=0.4) as meter:
        time.sleep(0.05)
    assert meter.joules_above_idle == pytest.approx(0.5 * meter.covered)
    source = Wave([5.0])
    other = EnergyMeter(board(NANO), rate=50, source=source)
    other.baseline(0.03)
    source.method = "measured: another"
    with other:
        time.sleep(0.03)
    assert other.joules is not None and other.joules_above_idle is None


@pytest.mark.long
def test_a_file_that_vanishes_leaves_a_gap(changed: Callable[..., Path]) -> None:
    root = changed(NANO, {})
    with EnergyMeter(root, rate=50) as meter:
        time.sleep(0.06)
        (root / RAIL).unlink()
        time.sleep(0.4)
        (root / RAIL).write_text("900\n")
        time.sleep(0.06)
    assert meter.missed >= 5 and meter.gaps == 1
    assert 0.0 < meter.covered < meter.seconds - 0.15 and meter.watts == pytest.approx(0.9)
    assert "covered" in str(meter)


@pytest.mark.long
def test_a_sensor_that_fails_or_throws_is_missed_and_never_zero() -> None:
    for bad in (None, ValueError("broken"), OSError(5, "broken"), math.nan):
        with EnergyMeter(source=Wave([bad]), rate=50) as meter:
            time.sleep(0.05)
        assert meter.joules is None and meter.watts is None and meter.samples == 0 and meter.missed >= 2
        assert str(meter).startswith("no energy in 0.0")


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_the_body_may_fail(board: Callable[[str], Path], error: type) -> None:
    before = threading.active_count()
    meter = EnergyMeter(board(NANO), rate=50)
    with pytest.raises(error):
        with meter:
            time.sleep(0.03)
            raise error
    assert meter.joules is not None and threading.active_count() == before


def test_used_again_it_starts_anew_but_not_twice_at_once(board: Callable[[str], Path]) -> None:
    meter = EnergyMeter(board(NANO), rate=50)
    with meter:
        time.sleep(0.1)
        with pytest.raises(NotReadyError, match="already running"):
            meter.__enter__()
    first = meter.joules
    with meter:
        time.sleep(0.02)
    assert first is not None and meter.joules is not None and meter.joules < first / 2


def test_meters_in_meters(board: Callable[[str], Path]) -> None:
    with EnergyMeter(board(NANO), rate=50) as outer:
        time.sleep(0.05)
        with EnergyMeter(board(NANO), rate=50) as inner:
            time.sleep(0.05)
    assert outer.joules is not None and inner.joules is not None and inner.joules < outer.joules


def test_a_body_of_no_time(board: Callable[[str], Path]) -> None:
    with EnergyMeter(board(NANO)) as meter:
        pass
    assert meter.joules is not None and 0.0 < meter.joules < 0.9 and meter.samples == 2
    # of the time that the sampler had, which is more than the body's
    assert meter.own_share is not None and 0.0 < meter.own_share <= 1.0


@pytest.mark.long
def test_one_of_several_threads_gets_a_meter(board: Callable[[str], Path]) -> None:
    meter, before, refused = EnergyMeter(board(NANO)), threading.active_count(), []
    all_here = threading.Barrier(4)

    def measure() -> None:
        all_here.wait()
        try:
            with meter:
                time.sleep(0.3)
        except NotReadyError as error:
            refused.append(error)

    threads = [threading.Thread(target=measure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3 and threading.active_count() == before and meter.joules is not None


@pytest.mark.parametrize("rate", [0, -1.0, math.nan])
def test_a_source_that_cannot_be_asked_so_often(rate: float) -> None:
    source = Wave([1.0])
    source.rate = rate
    meter = EnergyMeter(source=source)
    with pytest.raises(ParameterError, match="rate of the source must be > 0 Hz"):
        meter.__enter__()
    # a refusal leaves it as it was
    source.rate = 50.0
    with meter:
        pass
    assert meter.samples == 2


@pytest.mark.parametrize("counts", [False, True])
def test_what_is_no_number_is_missed(counts: bool) -> None:
    with EnergyMeter(source=Wave(["1 W", math.nan, math.inf, None], counts), rate=50) as meter:
        time.sleep(0.1)
    assert meter.samples == 0 and meter.missed >= 4 and meter.joules is None


@pytest.mark.long
def test_counters_come_before_a_slow_battery(tmp_path: Path) -> None:
    root = linked("x86-laptop", tmp_path)
    # the captured counter stands still, and so is passed over
    with EnergyMeter(root, rate=50) as meter:
        time.sleep(0.03)
    assert meter.method == "measured: battery BAT0 (discharging)" and meter.watts == pytest.approx(4.83)
    # the zone that repeats it would not follow
    write(root, {"sys/class/powercap/intel-rapl:a/name": None})
    place, stop = root / "sys/class/powercap/intel-rapl:0/energy_uj", threading.Event()

    def count() -> None:
        start = time.monotonic()
        while not stop.wait(0.002):
            fresh = place.with_name("fresh")
            fresh.write_text(f"{240422366267 + int(8e6 * (time.monotonic() - start))}\n")
            fresh.replace(place)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        with EnergyMeter(root, rate=50) as meter:
            time.sleep(0.25)
        battery = EnergyMeter(root, rate=50, source="battery")
        with battery:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()
    assert meter.method == "measured: rapl package-0 (CPU package only)"
    assert meter.watts == pytest.approx(8.0, rel=0.2)
    assert battery.watts == pytest.approx(4.83)


def test_a_board_without_a_sensor_is_estimated_and_says_so(board: Callable[[str], Path], tmp_path: Path) -> None:
    root = write(tmp_path, {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0"})
    write(root, {"proc/stat": "cpu  0 0 0 0 0 0 0 0\n"})
    meter = EnergyMeter(root, rate=50)
    with pytest.warns(UserWarning, match="no power sensor can be read on .*estimated from CPU use"):
        with meter:
            time.sleep(0.05)
            write(root, {"proc/stat": "cpu  5 0 0 5 0 0 0 0\n"})
    assert meter.method is not None and meter.method.startswith("estimated: ") and not meter.measured
    assert meter.watts == pytest.approx(2.7 + 0.5 * 3.7, rel=0.25)
    # once is enough
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with meter:
            pass


def test_a_board_that_is_not_known_tells_nothing(tmp_path: Path) -> None:
    meter = EnergyMeter(tmp_path)
    with pytest.warns(UserWarning, match="joules are None"):
        with meter:
            time.sleep(0.01)
    assert meter.joules is None and meter.method is None and not meter.measured and meter.own_cpu_s == 0.0
    assert meter.seconds >= 0.01 and str(meter).endswith("(no source)")
    with pytest.raises(UnsupportedError, match="no power sensor can be read"):
        with EnergyMeter(tmp_path, strict=True):
            pass
    with pytest.raises(UnsupportedError, match="'rapl' tells nothing"):
        with EnergyMeter(tmp_path, source="rapl"):
            pass


def test_arguments(tmp_path: Path) -> None:
    for rate in (9.9, 51, 0, math.nan):
        with pytest.raises(ParameterError, match="rate"):
            EnergyMeter(tmp_path, rate=rate)
    with pytest.raises(ArgumentTypeError, match="rate"):
        EnergyMeter(tmp_path, rate="20")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown source of energy 'rappl'; did you mean 'rapl'"):
        EnergyMeter(tmp_path, source="rappl")
    with pytest.raises(ArgumentTypeError, match="source"):
        EnergyMeter(tmp_path, source=7)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="idle"):
        EnergyMeter(tmp_path, idle=-1.0)
    with pytest.raises(ParameterError, match="seconds"):
        EnergyMeter(tmp_path).baseline(0)
