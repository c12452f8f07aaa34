"""The command line: what it says, where it says it, and with which exit code it ends."""

import argparse
import json
import os
import subprocess
import sys
from typing import Any, List

import pytest

from neuroedge import __version__, cli
from neuroedge.cli import info
from neuroedge.errors import NativeError

VERBS = sorted(cli.VERBS)


@pytest.fixture
def said(capsys: pytest.CaptureFixture) -> Any:
    """`said(code, *arguments)`: run the command line, check its exit code, return standard output and error."""

    def run(code: int, *arguments: str) -> Any:
        try:
            ended = cli.main(list(arguments))
        except SystemExit as exit:
            ended = int(exit.code or 0)
        assert ended == code
        return capsys.readouterr()

    return run


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_no_arguments_list_the_verbs(said: Any, arguments: List[str]) -> None:
    out, err = said(0, *arguments)
    for verb in VERBS:
        assert f"  {verb} " in out and cli.VERBS[verb] in out
    assert err == "" and len(out.splitlines()) <= 40


def test_version(said: Any) -> None:
    assert said(0, "--version").out == f"neuroedge {__version__}\n"


@pytest.mark.parametrize("verb", ["fly", "inf", "", "--info"])
def test_unknown_verbs(said: Any, verb: str) -> None:
    out, err = said(2, verb)
    assert out == "" and f"error: unknown verb {verb!r}" in err
    assert all(known in err.split("hint:")[1] for known in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(said: Any, verb: str) -> None:
    out, err = said(0, verb, "--help")
    assert err == "" and f"usage: neuroedge {verb}" in out and "examples:" in out
    assert len(out.splitlines()) <= 24
    assert "--json" in out and "--debug" in out


@pytest.mark.parametrize("verb", VERBS)
def test_unknown_options(said: Any, verb: str) -> None:
    out, err = said(2, *cli.VERBS[verb].split()[1:], "--fly")
    assert out == "" and "unrecognized arguments: --fly" in err


def test_info(said: Any) -> None:
    out, err = said(0, "info")
    assert err == "" and {"neuroedge", "board", "cores", "engines"} <= {line.split()[0] for line in out.splitlines()}
    assert __version__ in out and "clock, event, hybrid, reference" in out


def test_info_for_machines(said: Any) -> None:
    out, err = said(0, "info", "--json")
    report = json.loads(out)
    assert err == "" and report["schema"] == "neuroedge.info/1" and report["version"] == __version__
    assert report["simd"] in report["simd_levels"] and "portable" in report["simd_levels"]
    assert {"kind", "name", "machine", "cpu_count", "memory_total_mb"} <= set(report["board"])


def test_info_says_what_is_missing_and_how_to_get_it(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "find_spec", lambda name: None)
    out = said(0, "info").out
    for name, (_, extra) in info.EXTRAS.items():
        assert any(name in line and f"pip install neuroedge[{extra}]" in line for line in out.splitlines())


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(options: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(info, "run", run)


def test_what_could_not_be_done(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (NativeError("the core is missing"), FileNotFoundError("no such clip")):
        fails_with(error, monkeypatch)
        out, err = said(1, "info")
        assert out == "" and err == f"error: {error}\n"
    out, err = said(1, "info", "--debug")
    assert "Traceback" in err and err.endswith("error: no such clip\n")


def test_a_bug_of_ours(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(ZeroDivisionError("division by zero"), monkeypatch)
    out, err = said(70, "info")
    assert out == "" and "Traceback" in err and "bug in neuroedge" in err


def test_an_interrupt(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(KeyboardInterrupt(), monkeypatch)
    assert said(130, "info") == ("", "")


def run_module(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    program = "import sys; from neuroedge.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], env={**os.environ, **environment}, capture_output=True, text=True
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"NEUROEDGE_SIMD": "sse9"}, ["NEUROEDGE_SIMD", "'sse9'", "portable"]),
        ({"NEUROEDGE_LIBRARY": "/nowhere/_native.so"}, ["native core", "/nowhere/_native.so"]),
    ],
)
def test_a_core_that_does_not_work(environment: Any, words: List[str]) -> None:
    done = run_module("info", **environment)
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ") and all(word in done.stderr for word in words)


@pytest.mark.long
def test_arguments_come_from_the_command_line() -> None:
    done = run_module()
    assert done.returncode == 0 and "neuroedge info" in done.stdout
    assert run_module("fly").returncode == 2


def test_starting_loads_no_more_than_it_needs() -> None:
    program = "import sys, neuroedge, neuroedge.cli; neuroedge.cli.main(['--version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = done.stdout.splitlines()[-1]
    assert done.returncode == 0
    assert not any(
        f"'{name}'" in loaded for name in ("numpy", "psutil", "tqdm", "neuroedge.simulator", "neuroedge.engines")
    )
