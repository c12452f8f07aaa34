"""What is known of boards by their numbers: modules, chips, graphics cores, releases.

Sources: NVIDIA's module part numbers and data sheets, NVIDIA's archive of JetPack releases, the Linux kernel's list of
processor parts, Raspberry Pi's list of revision codes.
"""

import re
from typing import Dict, NamedTuple, Optional, Tuple

__all__ = [
    "CHIPS",
    "MODELS",
    "MODULES",
    "PARTS",
    "PI_CHIPS",
    "PI_TYPES",
    "RELEASES",
    "SOCS",
    "Model",
    "Module",
    "Soc",
    "jetpack_of",
    "model_named",
    "module_in",
    "processor",
]


class Soc(NamedTuple):
    """A chip. cpu, gpu: their names; arch: CUDA compute capability; cores: CUDA's, where every module has as many."""

    cpu: str
    gpu: str
    arch: Optional[str] = None
    cores: Optional[int] = None


class Model(NamedTuple):
    """A board. soc: where every such board has the same; cores: CUDA cores, likewise."""

    name: str
    soc: Optional[str] = None
    cores: Optional[int] = None


class Module(NamedTuple):
    """A Jetson module. cores: CUDA cores."""

    model: str
    cores: Optional[int]


SOCS: Dict[str, Soc] = {
    "tegra210": Soc("ARM Cortex-A57", "NVIDIA Maxwell (GM20B)", "5.3"),
    "tegra186": Soc("NVIDIA Denver 2 + ARM Cortex-A57", "NVIDIA Pascal (GP10B)", "6.2", 2 * 128),
    "tegra194": Soc("NVIDIA Carmel", "NVIDIA Volta (GV11B)", "7.2"),
    "tegra234": Soc("ARM Cortex-A78AE", "NVIDIA Ampere (GA10B)", "8.7"),
    "tegra264": Soc("ARM Neoverse-V3AE", "NVIDIA Blackwell", "11.0"),
    "bcm2835": Soc("ARM1176", "Broadcom VideoCore IV", cores=0),
    "bcm2836": Soc("ARM Cortex-A7", "Broadcom VideoCore IV", cores=0),
    "bcm2837": Soc("ARM Cortex-A53", "Broadcom VideoCore IV", cores=0),
    "bcm2711": Soc("ARM Cortex-A72", "Broadcom VideoCore VI", cores=0),
    "bcm2712": Soc("ARM Cortex-A76", "Broadcom VideoCore VII", cores=0),
}

MODELS: Dict[str, Model] = {
    "jetson-tx1": Model("NVIDIA Jetson TX1", "tegra210", 2 * 128),
    "jetson-nano-2gb": Model("NVIDIA Jetson Nano 2GB", "tegra210", 128),
    "jetson-nano-4gb": Model("NVIDIA Jetson Nano", "tegra210", 128),
    "jetson-tx2-nx": Model("NVIDIA Jetson TX2 NX", "tegra186", 2 * 128),
    "jetson-tx2": Model("NVIDIA Jetson TX2", "tegra186", 2 * 128),
    "jetson-xavier-nx": Model("NVIDIA Jetson Xavier NX", "tegra194", 6 * 64),
    "jetson-agx-xavier": Model("NVIDIA Jetson AGX Xavier", "tegra194"),
    "jetson-orin-nano": Model("NVIDIA Jetson Orin Nano", "tegra234"),
    "jetson-orin-nx": Model("NVIDIA Jetson Orin NX", "tegra234", 8 * 128),
    "jetson-agx-orin": Model("NVIDIA Jetson AGX Orin", "tegra234"),
    "jetson-agx-thor": Model("NVIDIA Jetson AGX Thor", "tegra264"),
    "raspberry-pi-1": Model("Raspberry Pi 1", "bcm2835", 0),
    "raspberry-pi-2": Model("Raspberry Pi 2", None, 0),
    "raspberry-pi-3": Model("Raspberry Pi 3", "bcm2837", 0),
    "raspberry-pi-4": Model("Raspberry Pi 4", "bcm2711", 0),
    "raspberry-pi-5": Model("Raspberry Pi 5", "bcm2712", 0),
    "raspberry-pi-400": Model("Raspberry Pi 400", "bcm2711", 0),
    "raspberry-pi-500": Model("Raspberry Pi 500", "bcm2712", 0),
    "raspberry-pi-zero": Model("Raspberry Pi Zero", "bcm2835", 0),
    "raspberry-pi-zero-2": Model("Raspberry Pi Zero 2 W", "bcm2837", 0),
    "raspberry-pi-cm1": Model("Raspberry Pi Compute Module 1", "bcm2835", 0),
    "raspberry-pi-cm3": Model("Raspberry Pi Compute Module 3", "bcm2837", 0),
    "raspberry-pi-cm4": Model("Raspberry Pi Compute Module 4", "bcm2711", 0),
    "raspberry-pi-cm5": Model("Raspberry Pi Compute Module 5", "bcm2712", 0),
}

# part numbers of modules, and of kits that carry one; where only the first four digits tell, they stand alone
MODULES: Dict[str, Module] = {
    "p2180": Module("jetson-tx1", 2 * 128),
    "p2371-2180": Module("jetson-tx1", 2 * 128),
    "p3448-0003": Module("jetson-nano-2gb", 128),
    "p3448-0000": Module("jetson-nano-4gb", 128),
    "p3448-0002": Module("jetson-nano-4gb", 128),
    "p3450-0000": Module("jetson-nano-4gb", 128),
    "p3310": Module("jetson-tx2", 2 * 128),
    "p3489": Module("jetson-tx2", 2 * 128),
    "p2771": Module("jetson-tx2", 2 * 128),
    "p3636": Module("jetson-tx2-nx", 2 * 128),
    "p3668": Module("jetson-xavier-nx", 6 * 64),
    "p2888-0006": Module("jetson-agx-xavier", 6 * 64),
    "p2888": Module("jetson-agx-xavier", 8 * 64),
    "p2972": Module("jetson-agx-xavier", 8 * 64),
    "p3767-0000": Module("jetson-orin-nx", 8 * 128),
    "p3767-0001": Module("jetson-orin-nx", 8 * 128),
    "p3767-0003": Module("jetson-orin-nano", 8 * 128),
    "p3767-0004": Module("jetson-orin-nano", 4 * 128),
    "p3767-0005": Module("jetson-orin-nano", 8 * 128),
    "p3701-0000": Module("jetson-agx-orin", 16 * 128),
    "p3701-0004": Module("jetson-agx-orin", 14 * 128),
    "p3701-0005": Module("jetson-agx-orin", 16 * 128),
    "p3701-0008": Module("jetson-agx-orin", 16 * 128),
    "p3701": Module("jetson-agx-orin", None),
    "p3834-0000": Module("jetson-agx-thor", 20 * 128),
    "p3834-0008": Module("jetson-agx-thor", 20 * 128),
    "p3834": Module("jetson-agx-thor", None),
}

# what boards call themselves, the longer names first
NAMES: Tuple[Tuple[str, str], ...] = (
    (r"jetson[- ]nano.*2 ?gb", "jetson-nano-2gb"),
    (r"jetson[- ]nano", "jetson-nano-4gb"),
    (r"jetson[- ]orin[- ]nano", "jetson-orin-nano"),
    (r"jetson[- ]orin[- ]nx", "jetson-orin-nx"),
    (r"jetson[- ]agx[- ]orin", "jetson-agx-orin"),
    (r"jetson[- ](agx[- ])?thor", "jetson-agx-thor"),
    (r"jetson[- ]xavier[- ]nx", "jetson-xavier-nx"),
    (r"jetson[- ]agx[- ]xavier", "jetson-agx-xavier"),
    (r"jetson[- ]tx2[- ]nx", "jetson-tx2-nx"),
    (r"jetson[- ]tx2", "jetson-tx2"),
    (r"jetson[- ]tx1", "jetson-tx1"),
    (r"raspberry pi zero 2", "raspberry-pi-zero-2"),
    (r"raspberry pi zero", "raspberry-pi-zero"),
    (r"raspberry pi (compute module|cm) ?([1345])", "raspberry-pi-cm{2}"),
    (r"raspberry pi compute module\b", "raspberry-pi-cm1"),
    (r"raspberry pi model [ab]\b", "raspberry-pi-1"),
    (r"raspberry pi ([1-5]|400|500)\b", "raspberry-pi-{1}"),
)

# the tegra_chip_id of the kernel's fuse module
CHIPS: Dict[int, str] = {0x21: "tegra210", 0x18: "tegra186", 0x19: "tegra194", 0x23: "tegra234", 0x26: "tegra264"}

# Jetson Linux → JetPack
RELEASES: Dict[str, str] = {
    "32.1": "4.2", "32.2": "4.2.1", "32.2.1": "4.2.2", "32.2.3": "4.2.3", "32.3.1": "4.3", "32.4.2": "4.4 DP",
    "32.4.3": "4.4", "32.4.4": "4.4.1", "32.5": "4.5", "32.5.1": "4.5.1", "32.5.2": "4.5.1", "32.6.1": "4.6",
    "32.7.1": "4.6.1", "32.7.2": "4.6.2", "32.7.3": "4.6.3", "32.7.4": "4.6.4", "32.7.5": "4.6.5", "32.7.6": "4.6.6",
    "34.1": "5.0 DP", "34.1.1": "5.0.1 DP", "35.1": "5.0.2", "35.2.1": "5.1", "35.3.1": "5.1.1", "35.4.1": "5.1.2",
    "35.5": "5.1.3", "35.6": "5.1.4", "35.6.1": "5.1.5",
    "36.2": "6.0 DP", "36.3": "6.0", "36.4": "6.1", "36.4.3": "6.2", "36.4.4": "6.2.1",
    "38.2": "7.0", "38.4": "7.1",
}  # fmt: skip

# (implementer, part) of /proc/cpuinfo
PARTS: Dict[Tuple[int, int], str] = {
    (0x41, 0xB76): "ARM1176", (0x41, 0xC07): "ARM Cortex-A7", (0x41, 0xC0F): "ARM Cortex-A15",
    (0x41, 0xD03): "ARM Cortex-A53", (0x41, 0xD04): "ARM Cortex-A35", (0x41, 0xD05): "ARM Cortex-A55",
    (0x41, 0xD07): "ARM Cortex-A57", (0x41, 0xD08): "ARM Cortex-A72", (0x41, 0xD09): "ARM Cortex-A73",
    (0x41, 0xD0A): "ARM Cortex-A75", (0x41, 0xD0B): "ARM Cortex-A76", (0x41, 0xD0C): "ARM Neoverse-N1",
    (0x41, 0xD0D): "ARM Cortex-A77", (0x41, 0xD40): "ARM Neoverse-V1", (0x41, 0xD41): "ARM Cortex-A78",
    (0x41, 0xD42): "ARM Cortex-A78AE", (0x41, 0xD49): "ARM Neoverse-N2", (0x41, 0xD4F): "ARM Neoverse-V2",
    (0x41, 0xD83): "ARM Neoverse-V3AE", (0x4E, 0x003): "NVIDIA Denver 2", (0x4E, 0x004): "NVIDIA Carmel",
}  # fmt: skip

# bits 4 … 11 and 12 … 15 of a Raspberry Pi's revision code
PI_TYPES: Dict[int, str] = {
    0x00: "raspberry-pi-1", 0x01: "raspberry-pi-1", 0x02: "raspberry-pi-1", 0x03: "raspberry-pi-1",
    0x04: "raspberry-pi-2", 0x06: "raspberry-pi-cm1", 0x08: "raspberry-pi-3", 0x09: "raspberry-pi-zero",
    0x0A: "raspberry-pi-cm3", 0x0C: "raspberry-pi-zero", 0x0D: "raspberry-pi-3", 0x0E: "raspberry-pi-3",
    0x10: "raspberry-pi-cm3", 0x11: "raspberry-pi-4", 0x12: "raspberry-pi-zero-2", 0x13: "raspberry-pi-400",
    0x14: "raspberry-pi-cm4", 0x15: "raspberry-pi-cm4", 0x17: "raspberry-pi-5", 0x18: "raspberry-pi-cm5",
    0x19: "raspberry-pi-500", 0x1A: "raspberry-pi-cm5",
}  # fmt: skip
PI_CHIPS = ("bcm2835", "bcm2836", "bcm2837", "bcm2711", "bcm2712")


def jetpack_of(l4t: Optional[str]) -> Optional[str]:
    """The JetPack that brought this Jetson Linux ("32.6.1", "35.5.0"); None if it is not known here."""
    return RELEASES.get(re.sub(r"\.0\Z", "", l4t or ""))


def module_in(text: str) -> Optional[Module]:
    """The first module whose part number stands in a text."""
    for number, variant in re.findall(r"\bp([0-9]{4})-([0-9]{4})(?![0-9])", text):
        module = MODULES.get(f"p{number}-{variant}") or MODULES.get(f"p{number}")
        if module is not None:
            return module
    return None


def model_named(text: str) -> Optional[str]:
    """The model that calls itself so."""
    for pattern, model in NAMES:
        match = re.search(pattern, text.lower())
        if match:
            return model.format("", *match.groups())
    return None


def processor(implementer: int, part: int) -> Optional[str]:
    """The name of an Arm core."""
    return PARTS.get((implementer, part))
