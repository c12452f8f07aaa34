"""What a machine stands in: a case, another machine, a container."""

import re
from typing import List, Optional

from .files import Tree

__all__ = ["container", "described", "form", "virtual"]

DMI = "sys/class/dmi/id"

# chassis_type of the SMBIOS standard, 7.4.1
CASES = {
    "laptop": {8, 9, 10, 14, 30, 31, 32},
    "desktop": {3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36},
    "server": {17, 23, 25, 28, 29},
    "board": {33, 34},
}

# of the maker or the product; Amazon's and Google's names also stand on real machines
VIRTUAL = re.compile(
    r"qemu|\bkvm\b|vmware|virtualbox|innotek|microsoft corporation virtual machine|amazon ec2(?!.*\.metal)"
    r"|google compute engine|\bxen\b|hvm domu|bochs|parallels virtual|bhyve|openstack|kubevirt|apple virtualization",
    re.IGNORECASE,
)

# what makers write where they had nothing to say
FILLERS = re.compile(
    r"to be filled|default string|system (product|manufacturer)|not (specified|applicable)|o\.?e\.?m|unknown|none\Z"
    r"|n/a\Z|[0x. ]+\Z|product name",
    re.IGNORECASE,
)

# the more telling first: a pod may well run in Docker
GROUPS = (
    ("kubernetes", re.compile(r"kubepods")),
    ("podman", re.compile(r"libpod")),
    ("docker", re.compile(r"/docker[/-]|docker\.service/|cri-containerd")),
    ("lxc", re.compile(r"/lxc[/.]")),
    ("systemd-nspawn", re.compile(r"/machine\.slice/")),
)
MANAGERS = {
    "docker": "docker",
    "podman": "podman",
    "lxc": "lxc",
    "lxc-libvirt": "lxc",
    "kubernetes": "kubernetes",
    "systemd-nspawn": "systemd-nspawn",
}


def container(tree: Tree) -> Optional[str]:
    """The kind of container that this is; None outside of any, and in one that nobody names."""
    groups = tree.text("proc/1/cgroup") or ""
    if tree.has("var/run/secrets/kubernetes.io") or GROUPS[0][1].search(groups):
        return "kubernetes"
    named = MANAGERS.get(tree.text("run/systemd/container") or "")
    if named is not None:
        return named
    if tree.has("run/.containerenv"):
        return "podman"
    if tree.has(".dockerenv"):
        return "docker"
    return next((kind for kind, pattern in GROUPS if pattern.search(groups)), None)


def described(tree: Tree) -> Optional[str]:
    """Maker and product, as the firmware of a PC (or of a newer Jetson) has them."""
    texts = [tree.text(f"{DMI}/{name}") or "" for name in ("sys_vendor", "product_name")]
    said = [text for text in texts if text and not FILLERS.match(text)]
    # a product that starts with its maker's name needs it no second time
    if len(said) == 2 and said[1].lower().startswith(said[0].split()[0].lower()):
        said = said[1:]
    return " ".join(said) or None


def virtual(tree: Tree, flags: List[str], compatible: List[str]) -> bool:
    """Whether this machine runs within another. flags: of the processor; compatible: of the device tree."""
    names = [tree.text(f"{DMI}/{name}") or "" for name in ("sys_vendor", "product_name", "bios_vendor", "board_vendor")]
    machine = " ".join(names[:2])
    if VIRTUAL.search(machine) or re.search(r"qemu|seabios|xen", " ".join(names[2:]), re.IGNORECASE):
        return True
    # the hypervisor's own first guest sees the machine itself
    guest = tree.text("sys/hypervisor/type") == "xen" and "control_d" not in (tree.text("proc/xen/capabilities") or "")
    return guest or "hypervisor" in flags or "linux,dummy-virt" in compatible


def form(tree: Tree) -> Optional[str]:
    """laptop, desktop, server or board by its case; a machine that does not say, but has a battery, is a laptop."""
    case = tree.number(f"{DMI}/chassis_type", 1, 255)
    known = next((kind for kind, numbers in CASES.items() if case in numbers), None)
    return known or ("laptop" if _battery(tree) else None)


def _battery(tree: Tree) -> bool:
    for name in tree.names("sys/class/power_supply"):
        folder = f"sys/class/power_supply/{name}"
        # mice and headsets have some too
        kind = "Battery" if name.startswith("BAT") else tree.text(f"{folder}/type")
        if kind == "Battery" and tree.text(f"{folder}/scope") != "Device":
            return True
    return False
