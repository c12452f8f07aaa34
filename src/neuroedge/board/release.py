"""Which release of Jetson Linux a board runs."""

import re
from typing import Optional

from .commands import Runner, runner_for
from .files import Tree

__all__ = ["RELEASE", "l4t_of", "packaged"]

RELEASE = "etc/nv_tegra_release"
PACKAGE = "nvidia-l4t-core"


def packaged(tree: Tree) -> bool:
    """Whether this is Jetson Linux, by its release file or its package."""
    return (tree.text(RELEASE) or "").startswith("# R") or tree.has(f"var/lib/dpkg/info/{PACKAGE}.list")


def l4t_of(tree: Tree, runner: Optional[Runner] = None) -> Optional[str]:
    """The release ("32.6.1"): of the release file, else of NVIDIA's package; None where neither is there."""
    match = re.match(r"# R([0-9]{2,3}) .*?REVISION: ([0-9]+(?:\.[0-9]+){0,2})\b", tree.text(RELEASE) or "")
    if match:
        return f"{match.group(1)}.{match.group(2)}"
    version = _installed(tree.text("var/lib/dpkg/status") or "")
    if version is None:
        # long lists of packages are not read to their end
        answer = runner_for(tree, runner).run(["dpkg-query", "-W", "-f=${Version}", PACKAGE])
        version = answer.out if answer is not None and answer.code == 0 else ""
    match = re.match(r"([0-9]{2,3}(?:\.[0-9]+){1,2})\b", version)
    return match.group(1) if match else None


def _installed(status: str) -> Optional[str]:
    """The version of NVIDIA's package in a list of installed ones."""
    match = re.search(rf"^Package: {PACKAGE}\n(?:.+\n)*", f"{status}\n", re.MULTILINE)
    lines = dict(line.split(": ", 1) for line in match.group(0).splitlines() if ": " in line) if match else {}
    return lines.get("Version") if lines.get("Status", "").endswith(" installed") else None
