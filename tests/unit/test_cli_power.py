"""`neuroedge power`: what is drawn and the modes, setting one, exit codes, and the commands of docs/jetson.md."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any, List

import pytest

from neuroedge import cli
from neuroedge.cli import info, power

ROOT = Path(__file__).parents[2]
TREES = ROOT / "tests" / "board" / "trees"
BOARDS = sorted(folder.name for folder in TREES.iterdir() if folder.is_dir())
NANO, ORIN, LAPTOP = "jetson-nano-4gb-jp4.6", "jetson-orin-nano-jp6", "x86-laptop"
GUIDE = (ROOT / "docs" / "jetson.md").read_text(encoding="utf-8")


@pytest.fixture
def said(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`said(code, root, *arguments)`: what `neuroedge power` prints for the board under that root."""
    monkeypatch.delenv("NEUROEDGE_UPS", raising=False)

    def run(code: int, root: Path, *arguments: str) -> Any:
        monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(root))
        assert cli.main(["power", *arguments]) == code
        return capsys.readouterr()

    return run


@pytest.mark.parametrize("board", BOARDS)
def test_every_board(said: Any, board: str) -> None:
    out, err = said(0, TREES / board)
    assert err == "" and all(len(line) <= 80 and line == line.rstrip() for line in out.splitlines())
    assert not re.search(r"\b(None|nan)\b", out)
    out, err = said(0, TREES / board, "--json")
    report = json.loads(out, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    assert err == "" and report["schema"] == "neuroedge.power/1"


def test_the_table_of_modes(said: Any) -> None:
    out = said(0, TREES / NANO).out
    assert "power        0.90 W (measured: ina3221 POM_5V_IN)" in out and "POM_5V_CPU 0.12 W" in out
    assert out.splitlines()[-3:] == ["  mode  budget (W)  cores",
                                     "* MAXN          10      4",
                                     "  5W             5      2"]  # fmt: skip
    assert said(0, TREES / ORIN).out.splitlines()[-3:-1] == ["  25W                 25      -",
                                                             "* MAXN_SUPER           -      -"]  # fmt: skip
    assert said(0, TREES / LAPTOP).out.splitlines()[-3:] == ["  mode (cpufreq)", "  performance", "* powersave"]
    report = json.loads(said(0, TREES / NANO, "--json").out)
    assert report["power_modes"]["current"] == "MAXN" and report["power_w"] == 0.9


@pytest.mark.parametrize("mode", ["MAXN", "10W", "5W"])
def test_another_root_is_not_set(said: Any, mode: str) -> None:
    for board in (NANO, ORIN, LAPTOP):
        out, err = said(1, TREES / board, mode)
        assert out == "" and "error: " in err and "is not this machine: nothing is executed" in err and "hint: " in err
    out, err = said(1, TREES / NANO, "10W", "--json")
    report = json.loads(out)
    assert report["done"] is False and report["mode"]["name"] == "MAXN" and "'MAXN' is taken" in report["note"]
    assert "note: this board has no mode '10W'" in err


def test_no_modes(said: Any, tmp_path: Path) -> None:
    out, err = said(1, tmp_path, "5W")
    assert out == "" and err == f"error: {power.NONE}\n"
    assert json.loads(said(1, tmp_path, "5W", "--json").out)["done"] is False
    assert said(0, tmp_path).out.splitlines()[-1] == "modes        none that can be read"


def test_a_mode_that_does_not_exist(said: Any) -> None:
    out, err = said(2, TREES / NANO, "6W")
    assert out == "" and err == "error: unknown power mode '6W' (known: 10W, 5W, MAXN)\n"


@pytest.fixture
def nano_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a Nano's nvpmodel, for this machine itself; it needs root, and sudo wants a password unless MAY."""
    mode = tmp_path / "mode"
    mode.write_text("NV Power Mode: MAXN\n0\n")
    listed = TREES / NANO / "_cmd" / "nvpmodel_-p_--verbose.stdout"
    tools = {
        "nvpmodel": f'case "$1" in -q) cat {mode};; -p) cat {listed};; -m) [ "$ROOT" ] || {{ echo "NVPM ERROR: '
        f'Error writing x: 13"; exit 0; }}; printf "NV Power Mode: 5W\\n1\\n" > {mode}; exit 255;; esac',
        "sudo": 'shift; [ "$MAY" ] || { echo "sudo: a password is required" >&2; exit 1; }; '
        '[ "$1" = -l ] && exit 0; ROOT=1 exec "$@"',
    }
    for name, script in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("USER", "robo")
    monkeypatch.delenv("MAY", raising=False)
    return mode


@pytest.mark.skipif(Path("/etc/nvpmodel.conf").exists(), reason="this machine has power modes of its own")
def test_setting_on_this_machine(said: Any, nano_tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = said(1, Path("/"), "5W")
    assert out == "" and "error: nvpmodel -m needs root" in err and "hint: type: sudo nvpmodel -m 1; or allow" in err
    assert "robo ALL=(root) NOPASSWD: /usr/sbin/nvpmodel" in err
    monkeypatch.setenv("MAY", "1")
    out, err = said(0, Path("/"), "5w")
    assert (out, err) == ("power mode   5W (2 cores)\n", "")
    report = json.loads(said(0, Path("/"), "5W", "--json").out)
    assert report["done"] is True and report["mode"]["current"] is True
    assert report["power_modes"]["current"] == "5W"
    # of what does not call itself a Nano nobody knows the budget of MAXN
    nano_tools.write_text("NV Power Mode: MAXN\n0\n")
    out, err = said(0, Path("/"), "10W")
    assert out == "power mode   5W (2 cores)\n"
    assert err == "note: this board has no mode '10W': '5W' is taken, since its budget of 5 W is the nearest\n"


@pytest.mark.skipif(Path("/etc/nvpmodel.conf").exists(), reason="this machine has power modes of its own")
def test_info_names_the_right_that_is_missing(
    nano_tools: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", "/")
    assert cli.main(["info"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "the right to set power modes: type: sudo nvpmodel -m ID" in text and "robo ALL=(root)" in text
    monkeypatch.setenv("MAY", "1")
    assert cli.main(["info"]) == 0
    assert "the right to set power modes" not in capsys.readouterr().out


def examples(text: str) -> List[str]:
    return re.findall(r"^ *(neuroedge (?:info|power)\b[^#\n]*)", text, re.MULTILINE)


EXAMPLES = sorted({line for text in (info.__doc__, power.__doc__, GUIDE) for line in examples(str(text))})


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_of_help_and_guide(
    line: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(TREES / NANO))
    words = shlex.split(line)[1:]
    # a mode cannot be set on a captured board, and that is said; all else is shown
    code = 1 if words[1:] and not words[1].startswith("-") else 0
    assert cli.main(words) == code
    assert (capsys.readouterr().out != "") == (code == 0)


def test_the_guides_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    monkeypatch.setenv("NEUROEDGE_BOARD_ROOT", str(TREES / NANO))
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "docs/jetson.md", "exec"), {})
    out = capsys.readouterr().out
    assert "NVIDIA Jetson Nano Developer Kit 0.9 measured: ina3221 POM_5V_IN MAXN" in out and "34.0" in out


def test_the_guide_names_what_exists() -> None:
    inline = set(re.findall(r"`neuroedge (\w+)", GUIDE))
    assert inline and inline <= set(cli.VERBS)
    anchors = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", GUIDE, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors
    assert "docs/jetson.md" in (ROOT / "README.md").read_text(encoding="utf-8")
