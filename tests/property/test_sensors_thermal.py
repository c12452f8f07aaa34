"""Whatever stands in a board's files, and in whatever order its sensors come."""

import random
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroedge.board import hottest, identify, temperature, throttled, zones
from neuroedge.board.files import Tree

checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
few = settings(max_examples=80, deadline=None, database=None, derandomize=True, suppress_health_check=checks)

CPU = "sys/devices/system/cpu"
# every file that is looked at, and enough around it that it is
FILES = [
    "proc/device-tree/compatible", "proc/device-tree/model", "proc/device-tree/nvidia,dtsfilename",
    "proc/cpuinfo", "proc/meminfo", "proc/sys/kernel/arch", "proc/1/cgroup", "proc/self/cgroup",
    "proc/driver/nvidia/gpus/0/information", "proc/xen/capabilities", "run/systemd/container", "etc/nv_tegra_release",
    "var/lib/dpkg/status", "var/lib/dpkg/info/nvidia-l4t-core.list",
    "sys/module/tegra_fuse/parameters/tegra_chip_id", "sys/devices/soc0/machine", "sys/hypervisor/type",
    "sys/class/dmi/id/chassis_type", "sys/class/dmi/id/sys_vendor", "sys/class/dmi/id/product_name",
    "sys/class/power_supply/BAT0/scope", "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current",
    "sys/fs/cgroup/memory.stat", "sys/fs/cgroup/memory/memory.limit_in_bytes",
    f"{CPU}/online", f"{CPU}/cpu0/cpufreq/cpuinfo_max_freq", f"{CPU}/cpufreq/policy0/scaling_max_freq",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count", "sys/class/devfreq/57000000.gpu/available_frequencies",
    "sys/class/devfreq/57000000.gpu/max_freq", "sys/class/thermal/thermal_zone0/type",
    "sys/class/thermal/thermal_zone0/temp", "sys/class/thermal/cooling_device0/type",
    "sys/class/thermal/cooling_device0/cur_state", "sys/class/hwmon/hwmon0/name",
    "sys/class/hwmon/hwmon0/temp1_input", "sys/class/hwmon/hwmon0/temp1_label",
    "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "sys/devices/platform/soc/soc:firmware/get_throttled",
]  # fmt: skip

# words that the readers look for, so that chance gets beyond their first question
WORDS = [
    b"nvidia,tegra210\0", b"nvidia,p3767-0004\0", b"raspberrypi,", b"Raspberry Pi 5", b"Jetson Nano", b"cpu-thermal",
    b"MCPU-therm", b"coretemp", b"rpi_volt", b"Processor", b"# R32 (release), REVISION: ", b"6.1", b"MemTotal: ",
    b"MemAvailable: ", b" kB\n", b"Revision\t: ", b"a03115", b"Model : ", b"processor\t: 0\n",
    b"CPU implementer: 0x41\n", b"CPU part: 0xd0", b"vendor_id : GenuineIntel\n", b"model name : ",
    b"flags : lm hypervisor\n", b"0-3,", b"99999", b"0x", b"-256", b"-256000", b"47000", b"1479000",
    b"inactive_file ", b"0::/", b"Package: nvidia-l4t-core\n",
    b"Status: install ok installed\n", b"Version: ", b"9" * 30, b"-", b"\n", b"\0", b"\xff",
]  # fmt: skip
said = st.one_of(st.binary(max_size=40), st.lists(st.sampled_from(WORDS), max_size=8).map(b"".join))


def written(root: str, files: Dict[str, bytes]) -> Tree:
    for path, raw in files.items():
        place = Path(root, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    return Tree(root)


def within(value: Optional[float], low: float, high: float) -> bool:
    return value is None or low <= value <= high


@pytest.mark.long
@few
@given(st.dictionaries(st.sampled_from(FILES), said, max_size=len(FILES)))
def test_any_bytes_in_any_file(files: Dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as root:
        tree = written(root, files)
        told = identify(tree)
        assert told.kind in ("jetson", "raspberrypi", "arm", "x86", "unknown") and told.name and told.name.isprintable()
        assert within(told.cpu_count, 1, 10_000)
        assert within(told.memory_total, 0, 1 << 30) and within(told.memory_available, 0, 1 << 30)
        for clock in (told.max_frequency, told.frequency_limit, told.gpu_frequency):
            assert within(clock, 1, 20_000)
        assert within(told.gpu_cores, 0, 2560)
        assert all(within(zone.temperature, -40.0, 150.0) for zone in zones(tree))
        assert within(temperature(tree), -40.0, 150.0)
        state = throttled(tree)
        assert state is None or all(flag in (None, True, False) for flag in (*state.now, *state.since_boot))


KINDS = ["CPU-therm", "GPU-therm", "tj-thermal", "AO-therm", "PMIC-Die", "acpitz", "nvme", "x86_pkg_temp"]
readings = st.one_of(st.none(), st.integers(-300_000, 300_000))


@pytest.mark.long
@few
@given(st.lists(st.tuples(st.sampled_from(KINDS), readings), max_size=8), st.randoms(use_true_random=False))
def test_numbers_of_sensors_do_not_count(sensors: List[Tuple[str, Optional[int]]], chance: random.Random) -> None:
    def found(order: List[Tuple[str, Optional[int]]], numbers: List[int]) -> Optional[Tuple[str, Optional[float]]]:
        files: Dict[str, bytes] = {}
        for number, (kind, value) in zip(numbers, order):
            folder = f"sys/class/thermal/thermal_zone{number}"
            files[f"{folder}/type"] = kind.encode()
            if value is not None:
                files[f"{folder}/temp"] = str(value).encode()
            monitor = f"sys/class/hwmon/hwmon{number}"
            files[f"{monitor}/name"], files[f"{monitor}/temp1_input"] = b"coretemp", files.get(f"{folder}/temp", b"")
        with tempfile.TemporaryDirectory() as root:
            zone = hottest(zones(written(root, files)))
        return None if zone is None else (zone.name, zone.temperature)

    other, numbers = list(sensors), list(range(20))
    chance.shuffle(other)
    chance.shuffle(numbers)
    assert found(sensors, list(range(20))) == found(other, numbers)
