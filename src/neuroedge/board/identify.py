"""Which board this is. Every file is looked for under one root, so that a captured tree can stand in for a board, and
nothing is said of a board that its own files do not say."""

import platform
import re
from pathlib import Path
from typing import List, NamedTuple, Optional, Set, Tuple, Union

from . import hardware, surroundings
from .catalogue import CHIPS, MODELS, PI_CHIPS, PI_TYPES, SOCS, Module, jetpack_of, model_named, module_in
from .commands import Runner
from .files import Tree
from .release import RELEASE, l4t_of, packaged
from .thermal import zone_types

__all__ = ["Board", "identify"]

# where the kernel shows the device tree; containers often hide the second one
TREES = ("proc/device-tree", "sys/firmware/devicetree/base")
FAMILIES = {"jetson": "NVIDIA Jetson", "raspberrypi": "Raspberry Pi"}
# MB of a Raspberry Pi by bits 20 … 22 of its revision code
PI_MEMORY = (256, 512, 1024, 2048, 4096, 8192, 16384)
# makers whose chip is the last of the compatible entries
MAKERS = {"allwinner", "amlogic", "brcm", "fsl", "mediatek", "qcom", "renesas", "rockchip", "samsung", "st", "ti"}


class Board(NamedTuple):
    """A board, as its files tell it; None is what they do not tell.

    kind: jetson, raspberrypi, arm, x86 or unknown. model: a short name ("jetson-nano-4gb"). name: what the board calls
    itself. soc: its chip ("tegra210"). form: board, laptop, desktop, server or vm. container: docker, podman, lxc,
    kubernetes or systemd-nspawn. machine: what the kernel calls the instruction set ("aarch64").

    cpu_count: processors that are switched on. memory_total, memory_available: MB (2^20 bytes), the latter within the
    limits of a container. max_frequency: MHz, of the fastest processor; frequency_limit: MHz that the present mode
    allows it. gpu_cores: CUDA cores, 0 where there is nothing that CUDA can use; gpu_frequency: MHz, its highest;
    gpu_arch: CUDA compute capability ("5.3"). l4t: release of Jetson Linux ("32.6.1"); jetpack: what NVIDIA calls it.
    """

    kind: str
    model: Optional[str]
    name: str
    soc: Optional[str]
    form: Optional[str]
    container: Optional[str]
    machine: Optional[str]
    cpu_name: Optional[str]
    cpu_count: Optional[int]
    memory_total: Optional[int]
    memory_available: Optional[int]
    max_frequency: Optional[float]
    frequency_limit: Optional[float]
    gpu_name: Optional[str]
    gpu_cores: Optional[int]
    gpu_frequency: Optional[float]
    gpu_arch: Optional[str]
    l4t: Optional[str]
    jetpack: Optional[str]


class _Clues(NamedTuple):
    """What tells a board. compatible: entries of the device tree; names: what the board is called, by all who say it;
    cpu: lines of /proc/cpuinfo; flags: of the processor; zones: types of thermal zones; revision: a Raspberry Pi's."""

    compatible: List[str]
    names: List[str]
    cpu: List[Tuple[str, str]]
    flags: List[str]
    zones: Set[str]
    revision: Optional[int]


def identify(root: Union[str, Path, Tree, None] = None, runner: Optional[Runner] = None) -> Board:
    """The board whose files lie under `root` (default: NEUROEDGE_BOARD_ROOT, or this machine). Raises ParameterError
    where that is no directory. A command is run only on a Jetson without a release file, to ask for its package."""
    tree = root if isinstance(root, Tree) else Tree(root)
    clues = _clues(tree)
    machine = _machine(tree, clues)
    kind = _kind(tree, clues, machine)
    module = module_in(" ".join(clues.compatible)) if kind == "jetson" else None
    model = _model(kind, module, clues)
    soc = _soc(tree, kind, model, clues)
    memory, clocks = hardware.memory(tree), hardware.clocks(tree)
    cpu_name = hardware.cpu_name(clues.cpu)
    chip = SOCS.get(soc or "")
    gpu_name, gpu_cores = _gpu(tree, kind, model, module, soc)
    l4t = l4t_of(tree, runner) if kind == "jetson" else None
    return Board(
        kind=kind,
        model=model,
        name=_name(kind, model, soc, clues) or cpu_name or "unknown board",
        soc=soc,
        form=_form(tree, kind, clues),
        container=surroundings.container(tree),
        machine=machine,
        # a kernel that gives no more than "ARMv8 Processor rev 1" says less than the chip
        cpu_name=chip.cpu if chip and (cpu_name is None or cpu_name.startswith("ARMv")) else cpu_name,
        cpu_count=hardware.cpu_count(tree, clues.cpu),
        memory_total=memory.total if memory.total is not None else _revised_memory(clues),
        memory_available=memory.available,
        max_frequency=clocks.highest,
        frequency_limit=clocks.allowed,
        gpu_name=gpu_name,
        gpu_cores=gpu_cores,
        gpu_frequency=hardware.gpu_clock(tree),
        gpu_arch=chip.arch if chip else None,
        l4t=l4t,
        jetpack=jetpack_of(l4t),
    )


def _clues(tree: Tree) -> _Clues:
    cpu = hardware.cpu_fields(tree)
    compatible = next((found for found in (tree.entries(f"{at}/compatible") for at in TREES) if found), [])
    # the file that a device tree was made from has the part numbers as well
    compatible = compatible + [text for text in [tree.text(f"{TREES[0]}/nvidia,dtsfilename")] if text]
    said = [tree.text(f"{at}/model") for at in TREES] + [tree.text("sys/devices/soc0/machine")]
    said += [value for name, value in cpu if name == "Model"] + [surroundings.described(tree)]
    flags = [word for name, value in cpu if name in ("flags", "Features") for word in value.split()]
    codes = [value for name, value in cpu if name == "Revision" and re.match(r"[0-9a-fA-F]{4,8}\Z", value)]
    revision = int(codes[0], 16) if codes else None
    names = [_clean(text) for text in said if text]
    return _Clues(
        [entry.lower() for entry in compatible],
        [name for name in names if name],
        cpu,
        flags,
        zone_types(tree),
        # only codes of the newer style say of what they are
        revision if revision is not None and revision >> 23 & 1 else None,
    )


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))[:160].strip()


def _kind(tree: Tree, clues: _Clues, machine: Optional[str]) -> str:
    compatible, names = " ".join(clues.compatible), " ".join(clues.names).lower()
    if re.search(r"nvidia,(tegra|jetson|p[0-9]{4})", compatible) or "jetson" in names or _nvidia(tree, clues):
        return "jetson"
    if "raspberrypi," in compatible or "raspberry pi" in names or "bcm2835_thermal" in clues.zones:
        return "raspberrypi"
    x86 = {"GenuineIntel", "AuthenticAMD"} & {value for name, value in clues.cpu if name == "vendor_id"}
    if x86 or re.match(r"x86|i[3-6]86|amd64", (machine or "").lower()):
        return "x86"
    if packaged(tree):
        return "jetson"
    arm = (machine or "").lower().startswith(("aarch64", "arm")) or _arm_cores(tree)
    return "arm" if arm or any(name == "CPU implementer" for name, _ in clues.cpu) else "unknown"


def _arm_cores(tree: Tree) -> bool:
    """Whether the device tree lists cores of Arm; it may be of a RISC-V or a PowerPC."""
    cores = [f"{at}/cpus/{name}/compatible" for at in TREES for name in tree.names(f"{at}/cpus")]
    return any(entry.startswith("arm,") for core in cores for entry in tree.entries(core))


def _nvidia(tree: Tree, clues: _Clues) -> bool:
    """Whether there is a driver, fuse or sensor that only a Jetson has."""
    drivers = ("sys/bus/i2c/drivers/ina3221x", "sys/module/tegra_fuse/parameters/tegra_chip_id")
    return bool({"BCPU-therm", "MCPU-therm"} & clues.zones) or any(tree.has(path) for path in drivers)


def _machine(tree: Tree, clues: _Clues) -> Optional[str]:
    if tree.here:
        return platform.machine() or None
    told = tree.text("proc/sys/kernel/arch")
    if told is not None and re.match(r"[a-z0-9_]{3,16}\Z", told):
        return told
    match = re.search(r"EABI: (aarch64)\b", tree.text(RELEASE) or "")
    if match:
        return match.group(1)
    if "asimd" in clues.flags:
        return "aarch64"
    if "lm" in clues.flags:
        return "x86_64"
    # "ARMv7 Processor rev 3 (v7l)"
    short = re.search(r"ARMv[67].*\((v[67]l)\)", hardware.cpu_name(clues.cpu) or "")
    return f"arm{short.group(1)}" if short else None


def _model(kind: str, module: Optional[Module], clues: _Clues) -> Optional[str]:
    if module is not None:
        return module.model
    found = next((model for model in map(model_named, clues.names) if model is not None), None)
    if found is None and kind == "raspberrypi" and clues.revision is not None:
        found = PI_TYPES.get(clues.revision >> 4 & 0xFF)
    return found if found in MODELS and found.startswith(kind.replace("raspberrypi", "raspberry")) else None


def _soc(tree: Tree, kind: str, model: Optional[str], clues: _Clues) -> Optional[str]:
    match = re.search(r"nvidia,(tegra[0-9]{3})\b|brcm,(bcm[0-9]{4})\b", " ".join(clues.compatible))
    if match:
        return match.group(1) or match.group(2)
    chip = tree.number("sys/module/tegra_fuse/parameters/tegra_chip_id", 0, 255) if kind == "jetson" else None
    if chip is not None and int(chip) in CHIPS:
        return CHIPS[int(chip)]
    if kind == "jetson" and "MCPU-therm" in clues.zones:
        return "tegra186"
    if kind == "raspberrypi" and clues.revision is not None and clues.revision >> 12 & 15 < len(PI_CHIPS):
        return PI_CHIPS[clues.revision >> 12 & 15]
    if model is not None:
        return MODELS[model].soc
    last = clues.compatible[-1].split(",") if kind == "arm" and len(clues.compatible) > 1 else []
    return last[1] if len(last) == 2 and last[0] in MAKERS and re.match(r"[a-z0-9-]{3,20}\Z", last[1]) else None


def _name(kind: str, model: Optional[str], soc: Optional[str], clues: _Clues) -> Optional[str]:
    if clues.names:
        return clues.names[0]
    if model is not None:
        return MODELS[model].name
    family = FAMILIES.get(kind)
    return f"{family} ({soc})" if family and soc else family


def _form(tree: Tree, kind: str, clues: _Clues) -> Optional[str]:
    if kind in FAMILIES:
        return "board"
    if surroundings.virtual(tree, clues.flags, clues.compatible):
        return "vm"
    return surroundings.form(tree) or ("board" if clues.compatible else None)


def _gpu(
    tree: Tree, kind: str, model: Optional[str], module: Optional[Module], soc: Optional[str]
) -> Tuple[Optional[str], Optional[int]]:
    """(name, CUDA cores)."""
    chip = SOCS.get(soc or "")
    if kind in FAMILIES:
        cores = module.cores if module is not None else MODELS[model].cores if model is not None else None
        if cores is None and module is None:
            cores = chip.cores if chip else None
        return chip.gpu if chip else None, 0 if kind == "raspberrypi" else cores
    cards = tree.names("proc/driver/nvidia/gpus")
    if cards:
        said = tree.text(f"proc/driver/nvidia/gpus/{cards[0]}/information") or ""
        match = re.search(r"^Model:\s*(\S.*)$", said, re.MULTILINE)
        return _clean(match.group(1)) if match else "NVIDIA", None
    # without NVIDIA's driver CUDA finds nothing; but a captured tree need not have all that its board had
    return None, 0 if tree.here and not tree.has("dev/dxg") else None


def _revised_memory(clues: _Clues) -> Optional[int]:
    size = (clues.revision or 0) >> 20 & 7
    return PI_MEMORY[size] if clues.revision is not None and size < len(PI_MEMORY) else None
