"""What documents show is so: Python blocks run and print what stands below them, lines of shell parse, links lead."""

import argparse
import importlib.util
import io
import re
import shlex
import warnings
from contextlib import redirect_stderr, redirect_stdout
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest

import neuroedge
from neuroedge import cli
from neuroedge.encoding import reset_sensors

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(neuroedge.__file__).parent
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *GUIDE]
OTHERS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md")
EVERYWHERE = [*PAGES, *(ROOT / name for name in OTHERS)]
# Python and, where it follows, what it prints: ``` to the letter, ```text but for its numbers
SHOWN = re.compile(r"```python\n(.*?)```(?:\n\n```(text)?\n(.*?)```)?", re.S)
# run by tests of their own: with captured boards, and in building/test_package.py
ELSEWHERE = {"jetson.md", "live.md"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tutorial() -> List[str]:
    """The tutorial's Python blocks, which tests/tutorial runs with what stands in for the reader's own things."""
    text = (ROOT / "tests" / "tutorial" / "edge_deployment.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.S)


def numberless(text: str) -> str:
    return " ".join(re.sub(r"[+−-]?\d[\d.,e]*", "#", text).split())


@pytest.mark.long
@pytest.mark.parametrize("page", GUIDE, ids=[path.stem for path in GUIDE])
def test_blocks_of_the_guide_run_and_print_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # blocks of a page may use files that those before have written
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    theirs = tutorial()
    for code, loosely, printed in SHOWN.findall(page.read_text(encoding="utf-8")):
        if code in theirs:
            continue
        reset_sensors()
        out = io.StringIO()
        with redirect_stdout(out), warnings.catch_warnings():
            # that a machine has no sensor is its own affair
            warnings.simplefilter("ignore", UserWarning)
            exec(compile(code, named(page), "exec"), {})
        if printed:
            same = numberless if loosely else str
            assert same(out.getvalue()) == same(printed), f"{named(page)}: the block that begins {code[:80]!r}"


@pytest.mark.long
def test_the_page_on_data_does_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "guide" / "16-data.md").read_text(encoding="utf-8")
    exec(compile(SHOWN.findall(text)[0][0], "16-data.md", "exec"), {})
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for line in block.splitlines():
            assert cli.main(shlex.split(line)[1:]) == 0, line
    (printed,) = re.findall(r"```jsonl\n(.*?)```", text, re.S)
    assert (tmp_path / "answers.jsonl").read_text(encoding="utf-8") == printed


def test_blocks_of_other_pages_are_run_by_someone() -> None:
    for page in PAGES:
        if SHOWN.search(page.read_text(encoding="utf-8")):
            assert page in GUIDE or page.name in ELSEWHERE or page == ROOT / "README.md", named(page)


def test_the_guide_is_whole() -> None:
    index = (ROOT / "docs" / "guide" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[\d+ [^\]]*\]\(([^)]+)\)", index, re.M)
    assert listed == [path.name for path in GUIDE if path.name != "README.md"]
    shown = "".join(path.read_text(encoding="utf-8") for path in GUIDE)
    # each block of the tutorial stands there, or a link to it does
    for block in tutorial():
        before = (ROOT / "tests/tutorial/edge_deployment.md").read_text(encoding="utf-8").split(block)[0]
        heading = re.findall(r"^#+ (.*)$", before, re.M)[-1]
        assert block in shown or f"edge_deployment.md#{anchor(heading)}" in shown, heading


def anchor(heading: str) -> str:
    """How code hosts name a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", EVERYWHERE, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link}"
        if place:
            heads = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert place in map(anchor, heads), f"{named(page)}: {link}"


def shell_lines(text: str) -> Iterator[str]:
    """Lines that call `neuroedge`: in blocks of shell, and between backticks. Without comments and pipes."""
    for block in re.findall(r"```(?:sh|bash)\n(.*?)```", text, re.S):
        yield from (line.strip() for line in block.replace("\\\n", " ").splitlines() if line.startswith("neuroedge "))
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    yield from (re.sub(r"\s+", " ", one) for one in re.findall(r"`(neuroedge [a-z][^`]*)`", prose))


def calls() -> List[Tuple[str, str]]:
    found = [(named(page), line) for page in PAGES for line in shell_lines(page.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("page,line", calls())
def test_lines_of_shell_parse(page: str, line: str) -> None:
    words = shlex.split(re.split(r"\s[|>&]", line)[0], comments=True)[1:]
    # `neuroedge VERB …`, a form rather than a line
    if words[0] == "VERB" or "…" in words:
        return
    assert words[0] in cli.VERBS, f"{page}: there is no verb {words[0]!r}: {line}"
    module = importlib.import_module(f"neuroedge.cli.{words[0]}")
    parser = argparse.ArgumentParser(prog=f"neuroedge {words[0]}")
    module.options(parser)
    for option in ("--json", "--debug"):
        parser.add_argument(option, action="store_true")
    # a verb that is only named needs no model
    if len(words) == 1:
        return
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            parser.parse_args(words[1:])
    except SystemExit:
        pytest.fail(f"{page}: {line}: {said.getvalue().splitlines()[-1]}")


def reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_of_names_is_fresh() -> None:
    written = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert written == reference().index(), "run: make docs, or python docs/reference.py"


@pytest.mark.long
def test_the_reference_can_be_built(tmp_path: Path) -> None:
    pytest.importorskip("pdoc", reason="pip install pdoc")
    reference().html(str(tmp_path))
    page = (tmp_path / "neuroedge.html").read_text(encoding="utf-8")
    assert 'id="Simulator.run"' in page and (tmp_path / "neuroedge" / "optimize.html").exists()


def test_architecture_names_every_module() -> None:
    plan = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")[1]
    assert max(map(len, plan.splitlines())) <= 120
    rooms = re.split(r"^  (\w+)/ ", plan.split("\nnative/")[0], flags=re.M)[1:]
    for room, said in zip(rooms[::2], rooms[1::2]):
        there = {path.name for path in (PACKAGE / room).glob("*.py")} - {"__init__.py"}
        # `pictures*.py` is a family; behind a room stand files of the package itself
        names = set(re.findall(r"[\w*]+\.py", said)) - {path.name for path in PACKAGE.glob("*.py")}
        assert [one for one in there if not any(fnmatch(one, name) for name in names)] == [], room
        assert [name for name in names if not any(fnmatch(one, name) for one in there)] == [], room
