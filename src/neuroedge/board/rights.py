"""Commands that need root, asked for without ever asking a question, and what to tell where they are refused."""

import os
import re
from typing import NamedTuple, Optional, Sequence

from .commands import Answer, Runner
from .files import Tree

__all__ = ["Outcome", "as_root", "elsewhere", "may", "refused", "right_to"]

# what sudo, polkit and the kernel say to someone who may not; 13 is EACCES and 1 EPERM, as NVIDIA's tools print them
REFUSALS = re.compile(
    r"a password is required|a terminal is required|not in the sudoers|not allowed to|may not run"
    r"|permission denied|operation not permitted|must be (run as )?root|as a? ?root|need root|no new privileges"
    r"|NVPM ERROR: Error (opening|writing).*: (1|13)\b",
    re.IGNORECASE,
)
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")


class Outcome(NamedTuple):
    """done: whether it is so now; else the reason, and what would cure it (None where nothing is known to)."""

    done: bool
    reason: Optional[str] = None
    cure: Optional[str] = None


def as_root(runner: Runner, words: Sequence[str], timeout: float = 30.0) -> Optional[Answer]:
    """The answer of a command run as root: as we are, else through `sudo -n`; None where there is no such command."""
    if os.geteuid() == 0:
        return runner.run(words, timeout)
    answer = runner.run(["sudo", "-n", *words], timeout)
    # a board without sudo: then the command itself says what it lacks
    return runner.run(words, timeout) if answer is None or _lacks(answer, words[0]) else answer


def may(runner: Runner, command: str) -> Optional[bool]:
    """Whether a command may be run as root without a question; None where there is nothing that tells."""
    if os.geteuid() == 0:
        return True
    answer = runner.run(["sudo", "-n", "-l", command])
    return None if answer is None else answer.code == 0


def elsewhere(tree: Tree, runner: Optional[Runner]) -> Optional[Outcome]:
    """Why nothing is executed for a root that is not this machine; None where it is, or where a runner was given."""
    if tree.here or runner is not None:
        return None
    reason = f"{str(tree.root)!r} is not this machine: nothing is executed or written for another root"
    return Outcome(False, reason, "do it on the board itself")


def refused(answer: Answer) -> bool:
    """Whether an answer says that the right to do it is missing."""
    return bool(REFUSALS.search(answer.text))


def right_to(command: str, line: str) -> str:
    """The cure for a missing right: the line to type once, and the one that gives the right for good.

    command: where the tool lies, as in /usr/sbin/nvpmodel; line: what to type as root.
    """
    name = os.environ.get("USER", "")
    user = name if _USER.match(name) and name != "root" else "USER"
    return (
        f"type: sudo {line}; or allow it for good, in sudo visudo -f /etc/sudoers.d/neuroedge: "
        f"{user} ALL=(root) NOPASSWD: {command}"
    )


def _lacks(answer: Answer, command: str) -> bool:
    return f"{command}: command not found" in answer.text
