"""What each captured board tells of itself, and None for all the rest."""

import os
import platform
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import pytest
from captured import BOARDS, Captured

from neuroedge.board import Board, identify
from neuroedge.board.catalogue import RELEASES, jetpack_of
from neuroedge.board.commands import Answer
from neuroedge.board.files import Tree
from neuroedge.errors import ParameterError

NOTHING: Dict[str, Any] = {field: None for field in Board._fields}
LAPTOP = "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"

# all that a board's files tell; a field that is not here is None
TOLD: Dict[str, Dict[str, Any]] = {
    "jetson-agx-orin-jp5": {
        "kind": "jetson",
        "model": "jetson-agx-orin",
        "name": "NVIDIA Jetson AGX Orin",
        "soc": "tegra234",
        "form": "board",
        "cpu_name": "ARM Cortex-A78AE",
        "gpu_name": "NVIDIA Ampere (GA10B)",
        "gpu_cores": 2048,
        "gpu_arch": "8.7",
    },
    "jetson-agx-thor": {"kind": "unknown", "name": "unknown board"},
    "jetson-agx-xavier": {
        "kind": "jetson",
        "model": "jetson-agx-xavier",
        "name": "NVIDIA Jetson AGX Xavier",
        "soc": "tegra194",
        "form": "board",
        "machine": "aarch64",
        "cpu_name": "NVIDIA Carmel",
        "gpu_name": "NVIDIA Volta (GV11B)",
        "gpu_cores": 512,
        "gpu_frequency": 1377.0,
        "gpu_arch": "7.2",
        "l4t": "32.4.4",
        "jetpack": "4.4.1",
    },
    "jetson-nano-2gb-jp4.6": {
        "kind": "jetson",
        "model": "jetson-nano-2gb",
        "name": "NVIDIA Jetson Nano 2GB Developer Kit",
        "soc": "tegra210",
        "form": "board",
        "machine": "aarch64",
        "cpu_name": "ARM Cortex-A57",
        "gpu_name": "NVIDIA Maxwell (GM20B)",
        "gpu_cores": 128,
        "gpu_arch": "5.3",
        "l4t": "32.6.1",
        "jetpack": "4.6",
    },
    "jetson-nano-4gb-jp4.6": {
        "kind": "jetson",
        "model": "jetson-nano-4gb",
        "name": "NVIDIA Jetson Nano Developer Kit",
        "soc": "tegra210",
        "form": "board",
        "machine": "aarch64",
        "cpu_name": "ARM Cortex-A57",
        "cpu_count": 4,
        "max_frequency": 1479.0,
        "frequency_limit": 1479.0,
        "gpu_name": "NVIDIA Maxwell (GM20B)",
        "gpu_cores": 128,
        "gpu_frequency": 921.6,
        "gpu_arch": "5.3",
        "l4t": "32.6.1",
        "jetpack": "4.6",
    },
    "jetson-orin-nano-jp6": {
        "kind": "jetson",
        "model": "jetson-orin-nano",
        "name": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
        "soc": "tegra234",
        "form": "board",
        "machine": "aarch64",
        "cpu_name": "ARM Cortex-A78AE",
        "gpu_name": "NVIDIA Ampere (GA10B)",
        "gpu_cores": 1024,
        "gpu_arch": "8.7",
        "l4t": "36.4.3",
        "jetpack": "6.2",
    },
    # no device tree: a sensor that only this chip has, which is on a TX2 and on a TX2 NX
    "jetson-tx2": {
        "kind": "jetson",
        "name": "NVIDIA Jetson (tegra186)",
        "soc": "tegra186",
        "form": "board",
        "cpu_name": "NVIDIA Denver 2 + ARM Cortex-A57",
        "gpu_name": "NVIDIA Pascal (GP10B)",
        "gpu_cores": 256,
        "gpu_arch": "6.2",
    },
    "jetson-xavier-nx": {
        "kind": "jetson",
        "model": "jetson-xavier-nx",
        "name": "NVIDIA Jetson Xavier NX Developer Kit",
        "soc": "tegra194",
        "form": "board",
        "cpu_name": "NVIDIA Carmel",
        "gpu_name": "NVIDIA Volta (GV11B)",
        "gpu_cores": 384,
        "gpu_arch": "7.2",
    },
    # a sensor, and nothing else
    "raspberry-pi-3": {"kind": "raspberrypi", "name": "Raspberry Pi", "form": "board", "gpu_cores": 0},
    "raspberry-pi-4": {
        "kind": "raspberrypi",
        "model": "raspberry-pi-4",
        "name": "Raspberry Pi 4 Model B Rev 1.5",
        "soc": "bcm2711",
        "form": "board",
        "cpu_name": "ARM Cortex-A72",
        "gpu_name": "Broadcom VideoCore VI",
        "gpu_cores": 0,
    },
    "raspberry-pi-5": {
        "kind": "raspberrypi",
        "model": "raspberry-pi-5",
        "name": "Raspberry Pi 5 Model B Rev 1.0",
        "soc": "bcm2712",
        "form": "board",
        "cpu_name": "ARM Cortex-A76",
        "gpu_name": "Broadcom VideoCore VII",
        "gpu_cores": 0,
    },
    "x86-laptop": {
        "kind": "x86",
        "name": LAPTOP,
        "form": "laptop",
        "machine": "x86_64",
        "cpu_name": LAPTOP,
        "cpu_count": 8,
        "memory_total": 15666184 // 1024,
        # no MemAvailable: free, buffers and cached less what is shared
        "memory_available": (440324 + 1020128 + 12007640 - 1308) // 1024,
        "max_frequency": 3300.0,
        "frequency_limit": 3300.0,
    },
}


def linked(root: Path) -> Path:
    """A copied tree with its links, which are kept as files that hold where they lead."""
    for place in [p for p in root.rglob("*") if p.is_file() and p.stat().st_size < 300]:
        text = place.read_bytes().decode("utf-8", "replace")
        if "/" in text and "\n" not in text and "\0" not in text and (place.parent / text).exists():
            place.unlink()
            place.symlink_to(text)
    return root


def test_every_captured_board_is_in_the_table() -> None:
    assert sorted(TOLD) == BOARDS


@pytest.mark.parametrize("name", sorted(TOLD))
def test_a_captured_board(board: Callable[[str], Path], name: str) -> None:
    assert identify(board(name))._asdict() == {**NOTHING, **TOLD[name]}


@pytest.mark.parametrize("name", ["jetson-nano-4gb-jp4.6", "x86-laptop"])
def test_links_change_nothing(changed: Callable[..., Path], name: str) -> None:
    root = linked(changed(name, {}))
    assert any(place.is_symlink() for place in root.rglob("*"))
    assert identify(root)._asdict() == {**NOTHING, **TOLD[name]}


def test_a_battery_module_is_no_board(board: Callable[[str], Path]) -> None:
    assert identify(board("ups-ina219"))._asdict() == {**NOTHING, "kind": "unknown", "name": "unknown board"}


def test_nothing_is_told_by_an_empty_tree(tmp_path: Path) -> None:
    assert identify(tmp_path) == identify(str(tmp_path)) == identify(Tree(tmp_path))
    assert identify(tmp_path)._asdict() == {**NOTHING, "kind": "unknown", "name": "unknown board"}


def test_a_root_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="must be a directory"):
        identify(tmp_path / "nowhere")


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROEDGE_BOARD_ROOT", raising=False)
    told = identify()
    assert told.machine == platform.machine() and told.kind != "unknown" and told.name
    assert told.cpu_count and told.cpu_count <= (os.cpu_count() or 0)
    if Path("/proc/meminfo").exists():
        assert told.memory_total and told.memory_available and 0 < told.memory_available <= told.memory_total


def made(root: Path, files: Dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


DT = "proc/device-tree/compatible"


@pytest.mark.parametrize(
    ("compatible", "model", "cores"),
    [
        ("nvidia,p3768-0000+p3767-0004\0nvidia,p3767-0004\0nvidia,tegra234\0", "jetson-orin-nano", 512),
        ("nvidia,p3768-0000+p3767-0003\0nvidia,p3767-0003\0nvidia,tegra234\0", "jetson-orin-nano", 1024),
        ("nvidia,p3768-0000+p3767-0000-super\0nvidia,tegra234\0", "jetson-orin-nx", 1024),
        ("nvidia,p3737-0000+p3701-0004\0nvidia,p3701-0004\0nvidia,tegra234\0", "jetson-agx-orin", 1792),
        ("nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0", "jetson-agx-orin", 2048),
        # a module that is not known here is of its family, and has as many cores as it has
        ("nvidia,p3737-0000+p3701-0099\0nvidia,tegra234\0", "jetson-agx-orin", None),
        ("nvidia,p3971-0089+p3834-0008\0nvidia,p3834-0008\0nvidia,tegra264\0", "jetson-agx-thor", 2560),
        ("nvidia,p2822-0000+p2888-0006\0nvidia,tegra194\0", "jetson-agx-xavier", 384),
        ("nvidia,quill\0nvidia,p2597-0000+p3310-1000\0nvidia,tegra186\0", "jetson-tx2", 256),
        ("nvidia,p3509-0000+p3636-0001\0nvidia,tegra186\0", "jetson-tx2-nx", 256),
        ("nvidia,p3449-0000-b00+p3448-0002-b00\0nvidia,jetson-nano\0nvidia,tegra210\0", "jetson-nano-4gb", 128),
        # the mainline kernel names the kit
        ("nvidia,p3450-0000\0nvidia,tegra210\0", "jetson-nano-4gb", 128),
        ("nvidia,darcy\0nvidia,tegra210\0", None, None),
        ("nvidia,tegra186\0", None, 256),
    ],
)
def test_the_module_decides(tmp_path: Path, compatible: str, model: Optional[str], cores: Optional[int]) -> None:
    told = identify(made(tmp_path, {DT: compatible}))
    assert (told.kind, told.model, told.gpu_cores) == ("jetson", model, cores)
    assert told.soc == compatible.strip("\0").split("nvidia,")[-1]


def test_a_four_gigabyte_orin_nano(changed: Callable[..., Path]) -> None:
    root = changed("jetson-orin-nano-jp6", {DT: "nvidia,p3768-0000+p3767-0004\0nvidia,tegra234\0"})
    assert identify(root) == Board(**{**NOTHING, **TOLD["jetson-orin-nano-jp6"], "gpu_cores": 512})


@pytest.mark.long
def test_where_containers_hide_the_device_tree(changed: Callable[..., Path]) -> None:
    hidden = {f"proc/device-tree/{name}": None for name in ("model", "compatible", "nvidia,dtsfilename")}
    told = identify(changed("jetson-nano-4gb-jp4.6", {**hidden, ".dockerenv": ""}))
    # the power monitor's driver and the fuse of the chip are still there
    assert (told.kind, told.soc, told.model, told.container) == ("jetson", "tegra210", None, "docker")
    assert (told.gpu_arch, told.gpu_cores, told.jetpack, told.cpu_count) == ("5.3", None, "4.6", 4)
    told = identify(changed("jetson-nano-2gb-jp4.6", {"proc/device-tree/compatible": None}))
    assert (told.model, told.soc, told.gpu_cores) == ("jetson-nano-2gb", "tegra210", 128)


def test_the_part_number_of_the_device_tree_source(changed: Callable[..., Path]) -> None:
    told = identify(changed("jetson-nano-4gb-jp4.6", {DT: "nvidia,tegra210\0", "proc/device-tree/model": None}))
    assert (told.model, told.name) == ("jetson-nano-4gb", "NVIDIA Jetson Nano")


STATUS = """Package: nvidia-l4t-configs
Status: install ok installed
Version: 1.0

Package: nvidia-l4t-core
Status: {status}
Priority: standard
Architecture: arm64
Version: {version}

Package: zlib1g
Status: install ok installed
Version: 9.9
"""


@pytest.mark.parametrize(
    ("status", "version", "l4t", "jetpack"),
    [
        ("install ok installed", "32.7.1-20220219090432", "32.7.1", "4.6.1"),
        ("install ok installed", "36.4.3-20250107174145", "36.4.3", "6.2"),
        ("install ok installed", "35.5.0-20240219203809", "35.5.0", "5.1.3"),
        ("install ok installed", "99.1.2-x", "99.1.2", None),
        ("deinstall ok config-files", "32.7.1-20220219090432", None, None),
        ("install ok installed", "newest", None, None),
    ],
)
def test_the_package_where_there_is_no_release_file(
    changed: Callable[..., Path], status: str, version: str, l4t: Optional[str], jetpack: Optional[str]
) -> None:
    files = {"etc/nv_tegra_release": None, "var/lib/dpkg/status": STATUS.format(status=status, version=version)}
    told = identify(changed("jetson-nano-4gb-jp4.6", files))
    assert (told.l4t, told.jetpack, told.machine) == (l4t, jetpack, None)


def test_the_package_by_its_command(changed: Callable[..., Path]) -> None:
    root = changed("jetson-nano-4gb-jp4.6", {"etc/nv_tegra_release": None})
    words = "dpkg-query -W -f=${Version} nvidia-l4t-core"
    runner = Captured({words: Answer(0, "32.6.1-20210726122859", "")})
    assert identify(root, runner).jetpack == "4.6" and runner.asked == [words]
    assert identify(root, Captured({words: Answer(1, "", "no packages found")})).l4t is None
    assert identify(root).l4t is None
    # nobody is asked where the file says it
    runner = Captured({})
    assert identify(changed("jetson-xavier-nx", {}), runner).l4t is None and runner.asked == [words]
    runner = Captured({})
    assert identify(changed("jetson-orin-nano-jp6", {}), runner).l4t == "36.4.3" and runner.asked == []


@pytest.mark.parametrize(
    "text",
    ["", "# R32", "# R32 (release), REVISION: , GCID", "REVISION: 6.1", "# Rxx (release), REVISION: 6.1", "\0\0"],
)
def test_odd_release_files(changed: Callable[..., Path], text: str) -> None:
    told = identify(changed("jetson-nano-4gb-jp4.6", {"etc/nv_tegra_release": text}))
    assert (told.kind, told.l4t, told.jetpack) == ("jetson", None, None)


def test_releases() -> None:
    assert (
        jetpack_of("32.6.1") == "4.6" and jetpack_of("35.5.0") == RELEASES["35.5"] and jetpack_of("32.2.0") == "4.2.1"
    )
    assert jetpack_of(None) is None and jetpack_of("32.10") is None and jetpack_of("32") is None
    assert not any(release.endswith(".0") for release in RELEASES)


PI = """Hardware\t: BCM2835
Revision\t: {code}
Serial\t\t: 10000000a4711dc7
{model}"""


@pytest.mark.parametrize(
    ("code", "model", "soc", "memory"),
    [
        ("a03115", "raspberry-pi-4", "bcm2711", 1024),
        ("d04170", "raspberry-pi-5", "bcm2712", 8192),
        ("a02082", "raspberry-pi-3", "bcm2837", 1024),
        ("902120", "raspberry-pi-zero-2", "bcm2837", 512),
        ("a22042", "raspberry-pi-2", "bcm2837", 1024),
        ("a01041", "raspberry-pi-2", "bcm2836", 1024),
        ("9000c1", "raspberry-pi-zero", "bcm2835", 512),
        # warranty bits above the code, a type to come, and a code of the older style
        ("2a03115", "raspberry-pi-4", "bcm2711", 1024),
        ("a03ff0", None, "bcm2711", 1024),
        ("000e", None, None, None),
        ("wrong", None, None, None),
    ],
)
def test_a_raspberry_pi_by_its_revision(
    changed: Callable[..., Path], code: str, model: Optional[str], soc: Optional[str], memory: Optional[int]
) -> None:
    told = identify(changed("raspberry-pi-3", {"proc/cpuinfo": PI.format(code=code, model="")}))
    assert (told.kind, told.model, told.soc, told.memory_total) == ("raspberrypi", model, soc, memory)


def test_a_raspberry_pi_whose_device_tree_is_hidden(board: Callable[[str], Path], tmp_path: Path) -> None:
    tail = (board("raspberry-pi-4") / "proc/cpuinfo.tail").read_text()
    told = identify(made(tmp_path, {"proc/cpuinfo": tail, "proc/meminfo": "MemTotal: 929000 kB\n"}))
    assert (told.kind, told.model, told.name) == ("raspberrypi", "raspberry-pi-4", "Raspberry Pi 4 Model B Rev 1.5")
    # the kernel's number goes before the nominal one
    assert told.memory_total == 929000 // 1024


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Raspberry Pi Zero 2 W Rev 1.0", "raspberry-pi-zero-2"),
        ("Raspberry Pi Zero W Rev 1.1", "raspberry-pi-zero"),
        ("Raspberry Pi Compute Module 4 Rev 1.0", "raspberry-pi-cm4"),
        ("Raspberry Pi 400 Rev 1.0", "raspberry-pi-400"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "raspberry-pi-3"),
        ("Raspberry Pi Model B Rev 2", "raspberry-pi-1"),
        ("Raspberry Pi 9 Model Z", None),
    ],
)
def test_raspberry_pis_by_name(tmp_path: Path, name: str, model: Optional[str]) -> None:
    told = identify(made(tmp_path, {"proc/device-tree/model": f"{name}\0"}))
    assert (told.kind, told.model, told.name, told.gpu_cores) == ("raspberrypi", model, name, 0)


def test_another_arm_board(tmp_path: Path) -> None:
    core = "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: {}\n"
    files = {
        "proc/device-tree/model": "Radxa ROCK 5B\0",
        DT: "radxa,rock-5b\0rockchip,rk3588\0",
        "proc/cpuinfo": core.format("0xd05") + core.format("0xd0b"),
        "sys/devices/system/cpu/online": "0-3,5,7\n",
    }
    told = identify(made(tmp_path, files))
    assert told[:8] == (
        "arm", None, "Radxa ROCK 5B", "rk3588", "board", None, "aarch64", "ARM Cortex-A55 + ARM Cortex-A76"
    )  # fmt: skip
    assert told.cpu_count == 6 and told.gpu_cores is None


def test_cores_of_the_device_tree_tell_an_arm(tmp_path: Path) -> None:
    files = {DT: "maker,board\0maker,chip\0", "proc/device-tree/cpus/cpu@0/compatible": "arm,cortex-a53\0"}
    assert identify(made(tmp_path / "a", files)).kind == "arm"
    files["proc/device-tree/cpus/cpu@0/compatible"] = "sifive,u74\0riscv\0"
    assert identify(made(tmp_path / "b", files)).kind == "unknown"


DMI = "sys/class/dmi/id"


@pytest.mark.parametrize(
    ("files", "form"),
    [
        ({"chassis_type": "3"}, "desktop"),
        ({"chassis_type": "10"}, "laptop"),
        ({"chassis_type": "23"}, "server"),
        ({"chassis_type": "35"}, "desktop"),
        ({"chassis_type": "34"}, "board"),
        ({"chassis_type": "2"}, None),
        ({"chassis_type": "box"}, None),
        ({}, None),
        ({"chassis_type": "1", "sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)"}, "vm"),
        ({"sys_vendor": "VMware, Inc.", "product_name": "VMware Virtual Platform"}, "vm"),
        ({"sys_vendor": "innotek GmbH", "product_name": "VirtualBox"}, "vm"),
        ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine", "chassis_type": "3"}, "vm"),
        ({"sys_vendor": "Microsoft Corporation", "product_name": "Surface Laptop 3", "chassis_type": "9"}, "laptop"),
        ({"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}, "vm"),
        ({"sys_vendor": "Amazon EC2", "product_name": "m5.metal", "chassis_type": "17"}, "server"),
        ({"sys_vendor": "Google", "product_name": "Google Compute Engine"}, "vm"),
        ({"sys_vendor": "Google", "product_name": "Eve", "chassis_type": "9"}, "laptop"),
        ({"sys_vendor": "Xen", "product_name": "HVM domU"}, "vm"),
    ],
)
def test_cases_and_machines_within_machines(
    changed: Callable[..., Path], files: Dict[str, str], form: Optional[str]
) -> None:
    written = {f"{DMI}/{name}": text for name, text in files.items()}
    root = changed("x86-laptop", {**written, "sys/class/power_supply/BAT0": None})
    assert identify(root).form == form


def test_a_hypervisor_flag(changed: Callable[..., Path]) -> None:
    flags = "vendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\nflags\t\t: fpu lm hypervisor\n"
    told = identify(changed("x86-laptop", {"proc/cpuinfo": flags}))
    assert (told.form, told.name, told.machine, told.cpu_count) == ("vm", "AMD EPYC", "x86_64", None)


def test_a_mouse_does_not_make_a_laptop(changed: Callable[..., Path]) -> None:
    supply = "sys/class/power_supply"
    mouse = {f"{supply}/hidpp_battery_0/type": "Battery", f"{supply}/hidpp_battery_0/scope": "Device"}
    files: Dict[str, Optional[str]] = {f"{supply}/BAT0": None, **mouse}
    assert identify(changed("x86-laptop", files)).form is None


@pytest.mark.parametrize(
    ("maker", "product", "name"),
    [
        ("LENOVO", "20L5CTO1WW", "LENOVO 20L5CTO1WW"),
        ("Dell Inc.", "XPS 8930", "Dell Inc. XPS 8930"),
        ("Google", "Google Compute Engine", "Google Compute Engine"),
        ("To Be Filled By O.E.M.", "To Be Filled By O.E.M.", LAPTOP),
        ("System manufacturer", "System Product Name", LAPTOP),
    ],
)
def test_what_a_pc_calls_itself(changed: Callable[..., Path], maker: str, product: str, name: str) -> None:
    assert identify(changed("x86-laptop", {f"{DMI}/sys_vendor": maker, f"{DMI}/product_name": product})).name == name


@pytest.mark.parametrize(
    ("files", "container"),
    [
        ({".dockerenv": ""}, "docker"),
        ({"run/.containerenv": ""}, "podman"),
        ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"run/systemd/container": "lxc"}, "lxc"),
        ({"proc/1/cgroup": "4:memory:/docker/5c1\n0::/docker/5c1\n"}, "docker"),
        ({"proc/1/cgroup": "0::/lxc.payload.pi\n"}, "lxc"),
        ({"proc/1/cgroup": "0::/machine.slice/libpod-77.scope\n"}, "podman"),
        ({"proc/1/cgroup": "0::/kubepods/besteffort/pod1\n", ".dockerenv": ""}, "kubernetes"),
        ({"var/run/secrets/kubernetes.io/serviceaccount/token": "", ".dockerenv": ""}, "kubernetes"),
        # the host itself
        ({"proc/1/cgroup": "0::/init.scope\n"}, None),
        ({"proc/1/cgroup": "12:cpuset:/\n0::/\n"}, None),
    ],
)
def test_containers(changed: Callable[..., Path], files: Dict[str, str], container: Optional[str]) -> None:
    assert identify(changed("raspberry-pi-5", files)).container == container


LEFT = "MemTotal: 4051048 kB\nMemFree: 100000 kB\nMemAvailable: 3072000 kB\nBuffers: 7 kB\nCached: 7 kB\n"
MB = 1 << 20


@pytest.mark.parametrize(
    ("files", "available"),
    [
        ({}, 3000),
        ({"sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/memory.current": "5"}, 3000),
        ({"sys/fs/cgroup/memory.max": str(512 * MB), "sys/fs/cgroup/memory.current": str(112 * MB)}, 400),
        (
            {
                "sys/fs/cgroup/memory.max": str(512 * MB),
                "sys/fs/cgroup/memory.current": str(500 * MB),
                "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {88 * MB}\n",
            },
            100,
        ),
        (
            {
                "proc/self/cgroup": "0::/system.slice/robot.service\n",
                "sys/fs/cgroup/system.slice/robot.service/memory.max": str(256 * MB),
                "sys/fs/cgroup/system.slice/robot.service/memory.current": str(56 * MB),
            },
            200,
        ),
        (
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": str(MB),
            },
            3000,
        ),
        (
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": str(64 * MB),
                "sys/fs/cgroup/memory/memory.usage_in_bytes": str(65 * MB),
            },
            0,
        ),
    ],
)
def test_memory_within_a_container(tmp_path: Path, files: Dict[str, str], available: int) -> None:
    told = identify(made(tmp_path, {"proc/meminfo": LEFT, **files}))
    assert (told.memory_total, told.memory_available) == (4051048 // 1024, available)


def test_memory_of_old_and_odd_kernels(tmp_path: Path) -> None:
    def available(text: str) -> Optional[int]:
        return identify(made(tmp_path, {"proc/meminfo": text})).memory_available

    assert available("MemFree: 2048 kB\nBuffers: 1024 kB\nCached: 4096 kB\nShmem: 1024 kB\n") == 6
    assert available("MemFree: 2048 kB\n") is None and available("MemAvailable: -5 kB\n") is None
    assert available("MemAvailable: 99999999999999999999999999 kB\n") is None


def test_the_present_mode_lowers_the_limit_alone(changed: Callable[..., Path]) -> None:
    cpus = "sys/devices/system/cpu"
    files = {f"{cpus}/cpu{k}/cpufreq/scaling_max_freq": "921600" for k in range(4)}
    gpu = "sys/devices/57000000.gpu/devfreq/57000000.gpu"
    told = identify(
        changed("jetson-nano-4gb-jp4.6", {**files, f"{cpus}/online": "0-1", f"{gpu}/max_freq": "614400000"})
    )
    assert (told.cpu_count, told.max_frequency, told.frequency_limit, told.gpu_frequency) == (2, 1479.0, 921.6, 921.6)


def test_a_graphics_card(changed: Callable[..., Path]) -> None:
    card = {"proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t NVIDIA GeForce RTX 3080\nIRQ:  66\n"}
    told = identify(changed("x86-laptop", card))
    assert (told.gpu_name, told.gpu_cores) == ("NVIDIA GeForce RTX 3080", None)


def test_names_hold_nothing_that_moves_a_terminal(tmp_path: Path) -> None:
    told = identify(made(tmp_path, {"proc/device-tree/model": "Evil\x1b[2J\nBoard\x07" + "x" * 500 + "\0"}))
    assert told.name.isprintable() and told.name.startswith("Evil [2J Board") and len(told.name) <= 160
