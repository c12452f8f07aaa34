"""The API reference, from docstrings: `python docs/reference.py` writes docs/api.md, with a folder as argument the HTML
of pdoc into it (`make docs`)."""

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parent.parent

# rooms of the package, in the order of a reader's way, and what they are about
ROOMS = {
    "network": "Describe a network",
    "simulator": "Run it",
    "plan": "What runs, and what it answers",
    "events": "Spikes",
    "encoding": "Values to spikes, and back",
    "learning": "Train",
    "optimize": "Shrink",
    "formats": "Models on disk",
    "runtime": "From sensor to actuator",
    "board": "The board",
    "applications": "Ready-made",
    "tutorial": "The tutorial's own names",
    "errors": "Errors",
}

# modules beside the package's own names that the documents mention
MODULES = (
    "neuroedge.encoding",
    "neuroedge.learning",
    "neuroedge.optimize",
    "neuroedge.runtime.sources",
    "neuroedge.runtime.sinks",
    "neuroedge.runtime.sensing",
    "neuroedge.runtime.governor",
    "neuroedge.board",
    "neuroedge.board.energy",
    "neuroedge.applications.classify",
    "neuroedge.applications.motion",
    "neuroedge.applications.control",
    "neuroedge.applications.anomaly",
    "neuroedge.applications.node",
    "neuroedge.applications.benchmark",
    "neuroedge.applications.ready",
    "neuroedge.applications.verify",
    "neuroedge.tutorial.engine",
    "neuroedge.errors",
)

HEAD = """# Names

Every public name in one line, printed from docstrings by `make docs`, which also builds them in full, as pages with a
search, in `build/docs`. Without building: `help(neuroedge.Simulator)` in Python. The [guide](guide/README.md) shows how
they go together.
"""


def offered(module: str) -> List[Tuple[str, Any]]:
    """The public classes, functions and constants of a module."""
    room = import_module(module)
    return [(name, getattr(room, name)) for name in room.__all__ if not name.startswith("__")]


def first_sentence(thing: Any) -> str:
    """What it is, in a line; constants are named only."""
    if not inspect.isclass(thing) and not inspect.isroutine(thing):
        return ""
    paragraph = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s+(?=[A-Z])", paragraph)[0].replace("|", "\\|")


def pages() -> Dict[str, str]:
    """The guide in its order, then what lies beside it, {path from docs/: text}."""
    found = [*sorted((ROOT / "docs" / "guide").glob("[0-9]*.md")), *sorted((ROOT / "docs").glob("[!aR]*.md"))]
    return {str(path.relative_to(ROOT / "docs")): path.read_text(encoding="utf-8") for path in found}


def read_on(name: str, texts: Dict[str, str]) -> str:
    """The first page that speaks of a name."""
    said = re.compile(rf"(?<![\w/]){re.escape(name)}(?!\w)")
    return next((f"[{Path(page).stem}]({page})" for page, text in texts.items() if said.search(text)), "")


def table(rows: List[Tuple[str, Any]], texts: Dict[str, str]) -> Iterator[str]:
    yield from ("| name | what it is | guide |", "| --- | --- | --- |")
    for name, thing in rows:
        yield f"| `{name}` | {first_sentence(thing)} | {read_on(name, texts)} |"


def index() -> str:
    """The text of docs/api.md."""
    texts, lines = pages(), [HEAD, "## neuroedge"]
    own = offered("neuroedge")
    for room, title in ROOMS.items():
        rows = [(name, thing) for name, thing in own if str(thing.__module__).split(".")[1] == room]
        if rows:
            lines += [f"\n### {title}\n", *table(rows, texts)]
    known = {name for name, _ in own}
    for module in MODULES:
        rows = [(name, thing) for name, thing in offered(module) if name not in known]
        lines += [f"\n## {module}\n", first_sentence_of_module(module), "", *table(rows, texts)]
    return "\n".join(lines) + "\n"


def first_sentence_of_module(module: str) -> str:
    return " ".join((import_module(module).__doc__ or "").split("\n\n")[0].split())


def html(folder: str) -> None:
    """The same in full, as pages."""
    import pdoc

    pdoc.render.configure(docformat="markdown", show_source=False, template_directory=ROOT / "docs" / "pdoc")
    pdoc.pdoc("neuroedge", *MODULES, output_directory=Path(folder))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        html(sys.argv[1])
    else:
        (ROOT / "docs" / "api.md").write_text(index(), encoding="utf-8")
