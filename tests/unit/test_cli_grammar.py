"""One grammar for all verbs: help that teaches, examples that run, JSON that fits its schema, silent ends."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np
import pytest

import neuroedge
from neuroedge import cli
from neuroedge.applications import benchmark, demo, judging, measure
from neuroedge.applications.benchmark import CONFIGS
from neuroedge.applications.classify import load_digits
from neuroedge.cli import bench
from neuroedge.cli.environment import VARIABLES
from neuroedge.cli.schemas import SCHEMAS, document, mismatches
from neuroedge.formats.bundle import load
from neuroedge.optimize import calibration

ROOT = Path(neuroedge.__file__).parent
DIGITS = ROOT / "data" / "digits.ne"
VERBS = list(cli.VERBS)
DOCS = Path(__file__).parents[2] / "docs" / "json.md"

# whose accuracy is told
TINY = "neuroedge shrink digits -o small.ne --keep 0.2 --precision int8 --data digits"

# examples that need what a machine for tests has not
NEEDS = ((r"camera:\d|imu:|csi:", "a sensor"), (r"power \S*W\b|power MAXN", "a board and the right to set its modes"))


def help_of(verb: str) -> str:
    return cli._parser(verb).format_help()


def examples_of(verb: str) -> List[str]:
    block = help_of(verb).split("examples:\n")[1].split("\n\n")[0]
    return [line.strip() for line in block.splitlines() if line.strip()]


# the classifiers of `neuroedge bench`, tuned for a moment only
CONFIGURED: Dict[Any, Any] = {}

EXAMPLES = [line for verb in VERBS for line in examples_of(verb)]


class Forbidden(socket.socket):
    """No verb of ours opens a connection."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        raise AssertionError(f"a socket is opened: {arguments}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where examples run one after the other, with the files that they name."""
    place = tmp_path_factory.mktemp("examples")
    held = load_digits()
    np.savez(place / "data.npz", inputs=held.inputs[:200], labels=held.labels[:200])
    shutil.copy(place / "data.npz", place / "d.npz")
    # also those that an earlier example would have written
    for name in set(re.findall(r"[\w-]+\.ne\b", " ".join(EXAMPLES))):
        shutil.copy(DIGITS, place / name)
    return place


@pytest.fixture
def quiet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In that folder, without a network, measured for a moment only."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(socket, "socket", Forbidden)
    monkeypatch.setattr(measure, "TIMED", 0.02)
    monkeypatch.setattr(measure, "DRAWN", 0.05)
    monkeypatch.setattr(benchmark, "EPOCHS", 1)
    monkeypatch.setattr(judging, "FEW", 10)
    monkeypatch.setattr(bench, "CONFIGS", [config for config in CONFIGS if not config["pruning"]])
    monkeypatch.setattr(benchmark, "_configured", CONFIGURED)
    yield


@pytest.fixture
def brief(quiet: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The same, and of a line one that ends sooner; other tests tell that a demo is right and a clip keeps its pace."""

    def shorter(line: str) -> str:
        if line.startswith("neuroedge demo"):
            shrunk = request.getfixturevalue("shrunk")
            monkeypatch.setattr("neuroedge.cli.demo.shrink_digits", lambda: shrunk)
            monkeypatch.setattr("neuroedge.cli.demo.cases", lambda clip: demo.cases(clip)[:2])
            hurried = SimpleNamespace(perf_counter=time.perf_counter, sleep=lambda seconds: None)
            monkeypatch.setattr(demo, "time", hurried)
            # pictures are drawn once
            line += "" if "--out" in line else " --no-picture"
        line = line.replace("--for 2", "--for 0.2")
        if "--epochs" in help_of(line.split()[1]) and line != TINY:
            line += " --epochs 1"
        if line != TINY:
            # samples that pruning sees
            monkeypatch.setattr(calibration, "MOST", 100)
        return line

    return shorter


# what examples said: each is run once, one of each verb as JSON
SAID: Dict[str, Tuple[int, str, str]] = {}


def run(line: str, capsys: pytest.CaptureFixture) -> Tuple[int, str, str]:
    try:
        code = cli.main(shlex.split(line)[1:])
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def told_as_json(verb: str) -> Optional[str]:
    """The example of a verb that asks for JSON, or else is asked to: the last one that needs no hardware."""
    possible = [line for line in examples_of(verb) if not any(re.search(p, line) for p, _ in NEEDS)]
    return next((line for line in possible if "--json" in line), possible[-1] if possible else None)


def said(line: str, brief: Callable[[str], str], capsys: pytest.CaptureFixture) -> Tuple[int, str, str]:
    must_be_possible(line)
    if line not in SAID:
        as_json = line == told_as_json(line.split()[1]) and "--json" not in line
        SAID[line] = run(brief(line) + " --json" * as_json, capsys)
    return SAID[line]


def must_be_possible(line: str) -> None:
    for pattern, what in NEEDS:
        if re.search(pattern, line):
            pytest.skip(f"{line}: needs {what}")
    if re.search(r"--plot|--out\b|demo", line) and "--no-picture" not in line:
        pytest.importorskip("matplotlib", reason=f"{line}: needs matplotlib")


@pytest.mark.parametrize("verb", VERBS)
def test_help_teaches_within_a_screen(verb: str) -> None:
    text = help_of(verb)
    assert len(text.splitlines()) <= 24 and all(len(line) <= 80 for line in text.splitlines())
    assert 2 <= len(examples_of(verb)) <= 3
    assert all(line.startswith(f"neuroedge {verb}") for line in examples_of(verb))
    sentence = text.split("\n\n")[1]
    assert "\n" not in sentence and sentence.endswith(".")


@pytest.mark.long
@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_run(line: str, brief: Callable[[str], str], capsys: pytest.CaptureFixture) -> None:
    code, out, err = said(line, brief, capsys)
    # how fast this machine is just now is not ours
    late = code == 3 and "--require" in line or code == 1 and "--deadline" in line and "is missed" in err
    assert code == 0 or late, err
    assert "\x1b" not in out + err and "Traceback" not in err
    if "--json" in line or line == told_as_json(line.split()[1]):
        assert all(mismatches(json.loads(text)) == [] for text in out.splitlines()) and out
    elif "-o md" not in line and "-o csv" not in line:
        assert "--sink -" in line or all(len(text) <= 80 for text in out.splitlines())


@pytest.mark.long
def test_the_digits_keep_their_accuracy(
    brief: Callable[[str], str], folder: Path, capsys: pytest.CaptureFixture
) -> None:
    """A fifth of the synapses in int8 answers 94 % of other writers' digits."""
    assert TINY in EXAMPLES and said(TINY, brief, capsys)[0] == 0
    assert load(folder / "small.ne").provenance["shrunk"][-1]["accuracy"] >= 0.94


@pytest.mark.long
@pytest.mark.parametrize("verb", VERBS)
def test_json_fits_its_schema(verb: str, brief: Callable[[str], str], capsys: pytest.CaptureFixture) -> None:
    line = told_as_json(verb)
    assert f"neuroedge.{verb}/1" in SCHEMAS
    if line is None:
        pytest.skip(f"{verb}: all examples need hardware")
    code, out, _ = said(line, brief, capsys)
    # a run tells how it goes in between
    every = [
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON")) for text in out.splitlines()
    ]
    report = every[-1]
    assert code in (0, 3) and all(mismatches(one) == [] for one in every)
    assert len(every) == 1 or verb == "run"
    assert report["schema"] == f"neuroedge.{verb}/1" and mismatches(report) == []


def test_a_report_that_does_not_fit_is_told() -> None:
    report = {"schema": "neuroedge.verify/1", "file": "x", "equal": 1, "duration_ms": float("nan"), "spikes": 2.5,
              "more": 0, "checks": [{"engine": None, "simd": "", "difference": None}]}  # fmt: skip
    told = " ".join(mismatches(report))
    for words in ("equal: must be yes/no", "duration_ms: must be number", "spikes: must be whole",
                  "more: is not in the schema", "engine: must be text", "checks[0].reason: is missing"):  # fmt: skip
        assert words in told, words
    assert mismatches({"schema": "neuroedge.fly/1"}) and mismatches([1])
    assert mismatches({"schema": "neuroedge.verify/1"})


def test_the_page_on_json_is_of_these_schemas() -> None:
    assert DOCS.read_text(encoding="utf-8") == document(), "python -m neuroedge.cli.schemas > docs/json.md"


def test_environment_variables_are_those_that_are_read() -> None:
    found = set()
    for path in ROOT.rglob("*.py"):
        if path.parent.name != "cli":
            found |= set(re.findall(r"""["'](NEUROEDGE_[A-Z_]+)["']""", path.read_text(encoding="utf-8")))
    assert found == set(VARIABLES)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if "MODEL" in help_of(verb).splitlines()[0]])
@pytest.mark.parametrize(("name", "words"), [("digit", ["'digits'", "motion"]), ("none.ne", ["none.ne"])])
def test_models_that_are_not_there(
    verb: str, name: str, words: List[str], quiet: None, capsys: pytest.CaptureFixture
) -> None:
    line = next(line for line in [cli.VERBS[verb], *examples_of(verb)] if "digits" in line or ".ne" in line)
    line = re.sub(r"(neuroedge \S+) \S+", rf"\1 {name}", line, count=1)
    # who runs a model of their own must say where its input comes from
    line += " --source -" if "--source" in help_of(verb) and "--source" not in line else ""
    code, out, err = run(line.replace(" --json", ""), capsys)
    assert code == 1 and out == "" and "Traceback" not in err
    assert err.startswith("error: ") and all(word in err for word in words)
    code, out, err = run(f"{line} --debug", capsys)
    assert code == 1 and "Traceback" in err


@pytest.mark.parametrize(("line", "hint"), [
    ("neuroedge chek digits", "did you mean check?"), ("neuroedge shw", "did you mean show?"),
    ("neuroedge bench --precison int8", "did you mean --precision?"), ("neuroedge show digits --cost", "--costs?"),
    ("neuroedge check digits --dedline=2", "did you mean --deadline?"), ("neuroedge show", "--help tells more"),
    ("neuroedge check digits --deadline soon", "--help tells more"),
])  # fmt: skip
def test_what_is_misspelt(line: str, hint: str, capsys: pytest.CaptureFixture) -> None:
    code, out, err = run(line, capsys)
    assert code == 2 and out == "" and err.startswith("error: ") and hint in err.splitlines()[1]


def start(*arguments: str, **keywords: Any) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "neuroedge", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **keywords)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("words", ["show digits", "", "check digits --help"])
def test_a_reader_who_leaves(words: str) -> None:
    line = f"set -o pipefail; {shlex.quote(sys.executable)} -m neuroedge {words} | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert done.returncode in (0, 141) and done.stderr == "" and done.stdout.count("\n") == 1


@pytest.mark.long
def test_ctrl_c() -> None:
    began = start("demo", "--no-picture", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    # it takes seconds, and its first line says that it has begun
    assert began.stderr is not None and "demo" in began.stderr.readline()
    time.sleep(0.1)
    began.send_signal(signal.SIGINT)
    out, err = began.communicate(timeout=30)
    assert began.returncode == 130 and out == "" and "Traceback" not in err


@pytest.mark.long
def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "neuroedge", "show", "nothing.ne"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("error: nothing.ne") and done.stdout == ""
    forced = {**os.environ, "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    done = subprocess.run([sys.executable, "-m", "neuroedge"], capture_output=True, text=True, env=forced)
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr and "neuroedge info" in done.stdout
