"""Whatever sensors and commands say: no exception but ours, no number that cannot be, no total counted twice."""

import math
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge.board.battery import battery
from neuroedge.board.commands import Answer
from neuroedge.board.estimate import EstimateSource, model_for
from neuroedge.board.files import Tree
from neuroedge.board.ina219 import Ina219, parse_ups
from neuroedge.board.integrate import Integral
from neuroedge.board.pmic import PmicSource, parse, total
from neuroedge.board.power import Power, power, refusals
from neuroedge.board.rails import rail_source
from neuroedge.board.rapl import RaplSource, zones
from neuroedge.errors import NeuroedgeError

CHIP5 = "sys/bus/i2c/drivers/ina3221/{}/hwmon/hwmon{}"
PACK = "sys/class/power_supply/BAT0"
ZONE = "sys/class/powercap/intel-rapl:{}"

# every sensor file that is read, with something that a board would say
SENSORS: Dict[str, str] = {
    "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0": "POM_5V_IN",
    "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input": "900",
    "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_voltage0_input": "5000",
    "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_current0_input": "180",
    "sys/class/hwmon/hwmon0/name": "ina3221",
    "sys/class/hwmon/hwmon0/in1_label": "VDD_SOC",
    "sys/class/hwmon/hwmon0/in1_input": "5000",
    "sys/class/hwmon/hwmon0/curr1_input": "180",
    "sys/class/hwmon/hwmon1/name": "ina238",
    "sys/class/hwmon/hwmon1/in1_label": "VIN",
    "sys/class/hwmon/hwmon1/power1_input": "30000000",
    f"{PACK}/type": "Battery",
    f"{PACK}/scope": "System",
    f"{PACK}/present": "1",
    f"{PACK}/status": "Discharging",
    f"{PACK}/capacity": "50",
    f"{PACK}/energy_now": "20000000",
    f"{PACK}/energy_full": "50000000",
    f"{PACK}/power_now": "5000000",
    f"{PACK}/current_now": "500000",
    f"{PACK}/voltage_now": "11000000",
    f"{ZONE.format(0)}/name": "package-0",
    f"{ZONE.format(0)}/energy_uj": "5000000",
    f"{ZONE.format(0)}/max_energy_range_uj": "262143328850",
    f"{ZONE.format(1)}/name": "package-1",
    f"{ZONE.format(1)}/energy_uj": "7000000",
    f"{ZONE.format(1)}/max_energy_range_uj": "262143328850",
    "proc/device-tree/model": "Raspberry Pi 4 Model B\0",
    "proc/device-tree/compatible": "nvidia,tegra264\0",
    "proc/stat": "cpu  1 2 3 4 5 6 7 8\n",
}

NUMBERS = st.integers(-(10**30), 10**30).map(lambda n: str(n).encode())
GARBAGE = st.one_of(st.binary(max_size=40), NUMBERS, st.sampled_from([b"", b"nan", b"inf", b"-1", b"1e9", b"0x10"]))


class Says:
    """A runner whose every command gives the same answer."""

    def __init__(self, answer: Optional[Answer]) -> None:
        self.answer = answer

    def run(self, words: Sequence[str], timeout: float = 5.0) -> Optional[Answer]:
        return self.answer


def possible(told: Power) -> None:
    values: List[Tuple[Optional[float], float]] = [(told.watts, 1000.0)]
    for rail in told.rails:
        values += [(rail.watts, 1000.0), (rail.volts, 60.0), (rail.amperes, 100.0)]
    for value, most in values:
        assert value is None or 0.0 <= value <= most
    assert (told.watts is None) == (told.method is None)
    assert told.method is None or told.method.startswith("measured: ")


def plant(root: Path, files: Dict[str, bytes]) -> None:
    for path, raw in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(raw)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(SENSORS)), GARBAGE, min_size=1, max_size=6), st.binary(max_size=60))
def test_any_bytes_in_any_sensor(files: Dict[str, bytes], said: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        plant(Path(place), {**{path: text.encode() for path, text in SENSORS.items()}, **files})
        tree, runner = Tree(place), Says(Answer(0, said.decode("utf-8", "replace"), ""))
        possible(power(tree, runner))
        told = battery(tree)
        assert told is None or told.level is None or 0.0 <= told.level <= 100.0
        assert told is None or told.watts is None or 0.0 <= told.watts <= 1000.0
        assert told is None or told.volts is None or 0.0 <= told.volts <= 60.0
        assert all(what and cure for what, cure in refusals(tree, runner))
        model = model_for("raspberry-pi-4")
        assert model is not None
        watts = EstimateSource(tree, model).read()
        assert watts is None or 0.0 < watts <= model.full


LINES = st.from_regex(r"[A-Z0-9_]{0,9}_[AV] (current|volt)\([0-9]{1,4}\)=-?[0-9]{0,6}\.?[0-9]{0,9}[AV]", fullmatch=True)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(LINES, max_size=6).map("\n".join)))
def test_any_answer_of_a_converter(text: str) -> None:
    rails = parse(text)
    for rail in rails:
        assert rail.volts is None or 0.0 <= rail.volts <= 60.0
        assert rail.amperes is None or 0.0 <= rail.amperes <= 100.0
    watts = total(rails)
    assert watts is None or 0.0 <= watts <= 1000.0
    assert PmicSource(Says(Answer(0, text, ""))).read() == watts


@settings(max_examples=100)
@given(st.binary(min_size=2, max_size=2), st.binary(min_size=2, max_size=2), st.sampled_from([0x42, 0x43]))
def test_any_registers_of_a_battery_board(bus: bytes, shunt: bytes, address: int) -> None:
    class Device:
        def read_word_data(self, at: int, register: int) -> int:
            return int.from_bytes({1: shunt, 2: bus}[register], "little")

        def close(self) -> None:
            pass

    board = Ina219(1, address, shunt=0.1, open_bus=lambda number: Device())
    told = board.read()
    if told is not None:
        assert 0.0 <= told.level <= 100.0 and 0.0 < told.volts <= 32.768
        assert told.amperes is None or abs(told.amperes) <= 3.2768
        assert told.watts is None or 0.0 <= told.watts <= 1000.0


@pytest.mark.long
@settings(max_examples=100)
@given(st.text(max_size=40) | st.from_regex(r"ina219@[0-9]{1,2}:0x[0-9a-f]{1,2}(,[a-z]{1,6}=[0-9.a-z-]{0,6}){0,3}"))
def test_any_spelling_of_a_battery_board(text: str) -> None:
    try:
        told = parse_ups(text)
    except NeuroedgeError:
        return
    assert 1 <= told.cells <= 6 and (told.shunt is None or math.isfinite(told.shunt))


WHOLE = [("VDD_IN", 12500), ("VDD_CPU_GPU_CV", 4667), ("VDD_SOC", 2817)]
PARTS = [("VDD_GPU_SOC", 5139), ("VDD_CPU_CV", 3268), ("VIN_SYS_5V0", 5500), ("VDDQ_VDD2_1V8AO", 900)]


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from([(WHOLE, 12.5), (PARTS, 13.907)]))
def test_rails_and_numbers_in_any_order(data: st.DataObject, board: Tuple[List[Tuple[str, int]], float]) -> None:
    rails, watts = board
    order = data.draw(st.permutations(rails))
    numbers = data.draw(st.permutations(range(12)))
    chips = data.draw(st.permutations(["1-0040", "1-0041", "7-0040"]))
    lines = data.draw(st.permutations([1, 2, 3]))
    with tempfile.TemporaryDirectory() as place:
        files: Dict[str, str] = {}
        for index, (label, power_mw) in enumerate(order):
            k, folder = lines[index % 3], CHIP5.format(chips[index // 3], numbers[index // 3])
            files.update({f"{folder}/name": "ina3221", f"{folder}/in{k}_label": label})
            files.update({f"{folder}/in{k}_input": "1000", f"{folder}/curr{k}_input": str(power_mw)})
            files[f"{folder}/in7_label"] = "sum of shunt voltages"
            files[f"{folder}/in7_input"] = "77"
        plant(Path(place), {path: text.encode() for path, text in files.items()})
        # and all of it once more, on the second way to it
        for folder in {path.rsplit("/", 1)[0] for path in files}:
            link = Path(place, "sys/class/hwmon", folder.rsplit("/", 1)[1])
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(Path("../../../") / folder)
        told = power(Tree(place))
        assert told.watts == pytest.approx(watts) and len(told.rails) == len(rails)
        assert sum(rail.total for rail in told.rails) == (1 if rails is WHOLE else 0)


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from([label for label, _ in PARTS])), st.booleans())
def test_a_part_is_never_a_total(labels: "set[str]", whole: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        rails = [(label, mw) for label, mw in PARTS if label in labels] + ([("VDD_IN", 20000)] if whole else [])
        for index, (label, mw) in enumerate(rails):
            folder, k = CHIP5.format(f"1-004{index // 3}", index // 3), index % 3 + 1
            files = {"name": "ina3221", f"in{k}_label": label, f"in{k}_input": "1000", f"curr{k}_input": str(mw)}
            plant(Path(place), {f"{folder}/{name}": text.encode() for name, text in files.items()})
        told = power(Tree(place)).watts
        if whole:
            assert told == pytest.approx(20.0)
        elif labels >= {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"}:
            assert told == pytest.approx(13.907)
        else:
            assert told is None and rail_source(Tree(place)) is None


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_a_counter_never_goes_back(steps: List[int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        base, span = ZONE.format(0), 10**9
        plant(Path(place), {f"{base}/name": b"package-0", f"{base}/max_energy_range_uj": str(span).encode()})
        plant(Path(place), {f"{base}/energy_uj": b"0"})
        tree = Tree(place)
        source, raw, drawn = RaplSource(tree, zones(tree)), 0, 0
        assert source.joules() == 0.0
        for step in steps:
            # no look may miss a whole round
            step = min(step, span - 1)
            raw, drawn = (raw + step) % span, drawn + step
            (Path(place) / base / "energy_uj").write_text(str(raw))
            assert source.joules() == pytest.approx(drawn * 1e-6, rel=1e-9, abs=1e-9)


SAMPLES = st.lists(
    st.tuples(st.floats(0.001, 2.0), st.one_of(st.none(), st.floats(), st.floats(0.0, 1000.0))), max_size=40
)


@pytest.mark.long
@settings(max_examples=100)
@given(SAMPLES, st.booleans())
def test_an_integral_stays_between_the_least_and_the_most(
    samples: List[Tuple[float, Optional[float]]], w: bool
) -> None:
    whole, now = Integral(gap=0.5, power=w), 0.0
    good = [value for _, value in samples if value is not None and 0.0 <= value <= 1000.0]
    for passed, value in samples:
        now += passed
        whole.add(now, value)
    assert whole.covered <= now + 1e-9 and whole.samples + whole.missed == len(samples)
    if whole.watts is not None:
        assert 0.0 <= whole.watts <= 1000.0 * (1.0 + 1e-9)
        if w:
            slack = 1e-9 * max(good) + sys.float_info.min
            assert min(good) - slack <= whole.watts <= max(good) + slack
