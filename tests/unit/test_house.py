"""The plan of the house holds: imports go down only, modules say what they offer, files stay short."""

import ast
import functools
from pathlib import Path
from typing import Dict, List, Set, Tuple

import pytest

import neuroedge

ROOT = Path(neuroedge.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
NAMES = [str(f.relative_to(ROOT)) for f in FILES]

# imports go to a lower floor, or stay in the room
FLOORS = {
    "errors": 0, "checks": 0, "events": 0, "progress": 0,
    "network": 1,
    "plan": 2,
    "encoding": 3, "engines": 3, "formats": 3, "board": 3,
    "simulator": 4,
    "bench": 5, "learning": 5, "optimize": 5, "runtime": 5,
    "applications": 6,
    "tutorial": 7, "cli": 7, "__init__": 7, "__main__": 8,
}  # fmt: skip

# what refits or tunes asks how a network answers
SIDEWAYS = {("optimize", "learning")}

# imports inside functions: optional packages, what is slow to load, and the one way back up
LATE = {
    ("__init__.py", "importlib"): "public names load when first used",
    ("board/cuda.py", "cupy"): "the `gpu` extra",
    ("board/ina219.py", "smbus2"): "the `sensors` extra",
    ("cli/run.py", "neuroedge.applications.pictures_latency"): "matplotlib, the `plot` extra",
    ("cli/__init__.py", "neuroedge"): "the version, only when asked for",
    ("cli/demo.py", "neuroedge.applications.pictures"): "matplotlib, the `plot` extra",
    ("cli/demo.py", "neuroedge.applications.pictures_demo"): "matplotlib, the `plot` extra",
    ("cli/plot.py", "neuroedge.applications.figures"): "matplotlib, the `plot` extra",
    ("cli/shrink.py", "neuroedge.applications.pictures_sizes"): "matplotlib, the `plot` extra",
    ("cli/train.py", "neuroedge.applications.pictures_training"): "matplotlib, the `plot` extra",
    ("cli/bench.py", "neuroedge.applications.pictures_model"): "matplotlib, the `plot` extra",
    ("cli/show.py", "neuroedge.applications.pictures_model"): "matplotlib, the `plot` extra",
    ("checks.py", "psutil"): "slow to load, and rarely needed",
    ("engines/library.py", "neuroedge"): "where the package lies, without a cycle",
    ("formats/bundle.py", "neuroedge.plan.compile"): "a device that runs a saved plan loads no compiler",
    ("formats/saving.py", "neuroedge.plan.compile"): "a device that runs a saved plan loads no compiler",
    ("simulator.py", "neuroedge.plan.compile"): "a device that runs a saved plan loads no compiler",
    ("network/graph.py", "scipy.sparse"): "the `sparse` extra",
    ("runtime/camera.py", "cv2"): "the `camera` extra",
    ("runtime/eventfile.py", "faery"): "the `events` extra",
    ("runtime/imu.py", "adafruit_mpu6050"): "optional, and board raises where it knows no board",
    ("runtime/imu.py", "board"): "the same",
    ("runtime/imu.py", "busio"): "the same",
    ("plan/plan.py", "neuroedge.plan.explain"): "text about a plan, which imports the plan",
    ("learning/train.py", "neuroedge.progress"): "tqdm, only with a progress bar",
    ("simulator.py", "neuroedge.progress"): "tqdm, only with a progress bar",
}


@functools.lru_cache(maxsize=None)
def tree_of(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def package_of(name: str) -> List[str]:
    """The package that relative imports of a file start from."""
    return ["neuroedge", *Path(name).parts[:-1]]


def module_of(name: str) -> str:
    parts = ["neuroedge", *Path(name).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(name): name for name in NAMES}


def imported(name: str, node: ast.AST) -> List[Tuple[str, str]]:
    """(module, name) of each thing that an import brings; name is "" for whole modules."""
    if isinstance(node, ast.Import):
        return [(alias.name, "") for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = package_of(name)[: len(package_of(name)) + 1 - node.level] if node.level else []
    module = ".".join([*base, *([node.module] if node.module else [])])
    pairs = []
    for alias in node.names:
        inner = f"{module}.{alias.name}"
        pairs.append((inner, "") if inner in MODULES else (module, alias.name))
    return pairs


@functools.lru_cache(maxsize=None)
def nodes_of(name: str) -> List[ast.AST]:
    return list(ast.walk(tree_of(name)))


@functools.lru_cache(maxsize=None)
def all_imports(name: str, late: bool) -> List[Tuple[str, str]]:
    """What a file imports at its top, or inside functions."""
    functions = [n for n in nodes_of(name) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = {inner for function in functions for inner in ast.walk(function)}
    return [pair for node in nodes_of(name) if (node in inside) == late for pair in imported(name, node)]


@functools.lru_cache(maxsize=None)
def own_imports(name: str, late: bool = False) -> List[Tuple[str, str]]:
    """Imports of neuroedge's own modules, those at the top of the file or those inside functions."""
    return [(module, what) for module, what in all_imports(name, late) if module.split(".")[0] == "neuroedge"]


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@functools.lru_cache(maxsize=None)
def all_of(name: str) -> List[str]:
    for node in tree_of(name).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            if isinstance(node.value, ast.List):
                return [ast.literal_eval(e) for e in node.value.elts]
    return []


@functools.lru_cache(maxsize=None)
def defined(name: str) -> Set[str]:
    """Names that a module has at its top level."""
    names: Set[str] = set()
    for node in tree_of(name).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} - {"data"} <= set(FLOORS)


@pytest.mark.parametrize("name", NAMES)
def test_imports_go_down(name: str) -> None:
    mine = room(module_of(name))
    for late in (False, True):
        for module, _ in own_imports(name, late):
            theirs = room(module)
            # the package's own __init__ loads nothing by itself
            if theirs in (mine, "__init__"):
                continue
            lower = FLOORS[theirs] < FLOORS[mine] or FLOORS[mine] == 0 == FLOORS[theirs]
            lower = lower or (mine, theirs) in SIDEWAYS
            assert lower, f"{name} imports {module}: from floor {FLOORS[mine]} to {FLOORS[theirs]}"


def test_no_import_cycles() -> None:
    graph: Dict[str, Set[str]] = {m: {i for i, _ in own_imports(f) if i != m} for m, f in MODULES.items()}
    done: Set[str] = set()

    def visit(module: str, path: List[str]) -> None:
        assert module not in path, " -> ".join([*path, module])
        if module not in done:
            for following in sorted(graph.get(module, ())):
                visit(following, [*path, module])
            done.add(module)

    for module in graph:
        visit(module, [])


@pytest.mark.parametrize("name", NAMES)
def test_names_on_offer_are_sorted_and_exist(name: str) -> None:
    offered = all_of(name)
    # plainly, or as ruff does it: constants, then classes, then functions
    by_kind = sorted(offered, key=lambda n: (0 if n.isupper() else 1 if n[:1].isupper() else 2, n))
    assert offered in (sorted(offered), by_kind)
    assert len(set(offered)) == len(offered)
    assert set(offered) <= defined(name)
    if name not in ("__init__.py", "__main__.py") and (defined(name) - {"annotations"}):
        assert offered, f"{name} says not what it offers"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_private_is_imported(name: str) -> None:
    for module, what in [*own_imports(name), *own_imports(name, late=True)]:
        assert not what.startswith("_") or what == "__version__", f"{name} takes {what} from {module}"
        assert module in MODULES and (not what or what in defined(MODULES[module])), f"{name}: no {module}.{what}"


def test_public_names_exist() -> None:
    assert neuroedge.__all__ == sorted(neuroedge.__all__)
    for name in neuroedge.__all__:
        assert getattr(neuroedge, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Simulato'"):
        neuroedge.Simulato


@pytest.mark.parametrize("name", NAMES)
def test_no_assert_and_no_print(name: str) -> None:
    # fields.py prints a header when it is run by itself
    may_print = name.startswith("cli/") or name == "plan/fields.py"
    for node in nodes_of(name):
        assert not isinstance(node, ast.Assert), f"{name}:{node.lineno}: assert goes away with -O"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not may_print:
            assert node.func.id != "print", f"{name}:{node.lineno}: a library does not print"


@pytest.mark.parametrize("name", NAMES)
def test_files_are_short_and_say_what_they_are(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert max((len(line) for line in text.splitlines()), default=0) <= 160
    assert not text.strip() or ast.get_docstring(tree_of(name)), f"{name} has no docstring"
    assert text == "" or text.endswith("\n")


def test_imports_inside_functions_have_a_reason() -> None:
    found = {(name, module) for name in NAMES for module, _ in all_imports(name, late=True)}
    assert found <= set(LATE), f"new: {sorted(found - set(LATE))}"


def test_exceptions_are_ours() -> None:
    """`raise` names one of our exceptions; KeyError and AttributeError are Python's protocol for lookups."""
    ours = set(all_of("errors.py")) | {"KeyError", "AttributeError", "ImportError", "type"}
    for name in NAMES:
        for node in nodes_of(name):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and name != "__main__.py":
                function = node.exc.func
                called = function.func if isinstance(function, ast.Call) else function
                raised = called.id if isinstance(called, ast.Name) else ast.dump(called)
                assert raised in ours, f"{name}:{node.lineno} raises {raised}"
