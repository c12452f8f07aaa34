"""How commands of a board are run: one small runner, that another can replace."""

import os
import shutil
import subprocess
from typing import NamedTuple, Optional, Protocol, Sequence

from .files import Tree

__all__ = ["Answer", "Nobody", "Runner", "Shell", "runner_for"]

# where system tools lie, that a user's PATH often leaves out
SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


class Answer(NamedTuple):
    """What a command said. code: its exit status; None where it did not end in time."""

    code: Optional[int]
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that it said."""
        return f"{self.out}\n{self.err}"


class Runner(Protocol):
    """Runs a command and tells its answer."""

    def run(self, words: Sequence[str], timeout: float = 5.0) -> Optional[Answer]:
        """The answer; None where there is no such command. Never a question: standard input is empty."""


class Nobody:
    """Runs nothing: for a captured tree, whose commands are not this machine's."""

    def run(self, words: Sequence[str], timeout: float = 5.0) -> Optional[Answer]:
        """None."""
        return None


class Shell:
    """Runs commands of this machine, without a shell, in the C locale."""

    def run(self, words: Sequence[str], timeout: float = 5.0) -> Optional[Answer]:
        """The answer of a command of this machine."""
        path = os.pathsep.join([os.environ.get("PATH", ""), SYSTEM])
        command = shutil.which(words[0], path=path)
        if command is None:
            return None
        environment = {**os.environ, "PATH": path, "LC_ALL": "C"}
        try:
            running = subprocess.Popen(
                [command, *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            return Answer(None, "", str(error))
        try:
            out, err = running.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as late:
            _give_up(running)
            return Answer(None, _text(late.stdout), _text(late.stderr) or f"no answer within {timeout:g} s")
        except BaseException:
            _give_up(running)
            raise
        return Answer(running.returncode, _text(out), _text(err))


def _give_up(running: "subprocess.Popen[bytes]") -> None:
    """End a command, if that is allowed: what sudo has made root's goes on, and is not waited for."""
    try:
        running.kill()
        running.wait(1.0)
    except (OSError, subprocess.TimeoutExpired):
        pass
    for pipe in (running.stdout, running.stderr):
        if pipe is not None:
            pipe.close()


def _text(raw: Optional[bytes]) -> str:
    return (raw or b"").decode("utf-8", "replace")


def runner_for(tree: Tree, runner: Optional[Runner] = None) -> Runner:
    """The given one; else this machine's own, or none for another root."""
    return runner or (Shell() if tree.here else Nobody())
