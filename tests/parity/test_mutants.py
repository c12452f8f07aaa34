"""The parity suite is itself tested: a kernel broken by one ulp, one order or one tick must make it fail."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

import pytest
from mutants import ALONE, EVENTS, INTEGERS, LEARNING, MUTANTS, SEEDS, SHARED, Mutant, build, objects

HERE = Path(__file__).resolve().parent
Verdict = Tuple[int, str]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("g++") is None, reason="NO g++: nothing shows here that the parity suite can fail"),
]


def judge(library: Path, ways: Sequence[str]) -> Verdict:
    """Exit status and words of the parity suite, run on a library."""
    path = [str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    env = dict(os.environ, NEUROEDGE_LIBRARY=str(library), PYTHONPATH=os.pathsep.join(path), NEUROEDGE_SIMD="portable")
    kind, *engines = ways
    command = [sys.executable, str(HERE / "comparing.py"), kind, "0", str(SEEDS), *engines]
    done = subprocess.run(
        command, env=env, cwd=str(library.parent), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout


def verdict_on(mutant: Mutant, folder: Path, made: Any) -> Verdict:
    folder.mkdir()
    return judge(build(mutant, folder, made), mutant.ways)


def verdict_on_unchanged(folder: Path, made: Any) -> Verdict:
    folder.mkdir()
    library = build(None, folder, made)
    found = [judge(library, ways) for ways in (ALONE, EVENTS, SHARED, INTEGERS, LEARNING)]
    return max(status for status, _ in found), "; ".join(words.strip() for _, words in found)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: Any) -> Any:
    # two at a time: compiling is most of the work, and happens outside Python
    base, pool = tmp_path_factory.mktemp("mutants"), ThreadPoolExecutor(2)
    made = objects(base)
    every: Dict[str, "Future[Verdict]"] = {"": pool.submit(verdict_on_unchanged, base / "unchanged", made)}
    for k, mutant in enumerate(MUTANTS):
        every[mutant.name] = pool.submit(verdict_on, mutant, base / str(k), made)
    yield every
    pool.shutdown()


def test_the_unchanged_core_passes(verdicts: Any, report: Any) -> None:
    status, words = verdicts[""].result()
    assert status == 0, words
    report(f"unchanged core: {words}")


@pytest.mark.parametrize("name", [m.name for m in MUTANTS])
def test_a_mutant_is_noticed(name: str, verdicts: Any) -> None:
    status, words = verdicts[name].result()
    # 1 and a named seed: a crash would prove nothing about the comparison
    assert status == 1 and "differs" in words, f"survived {SEEDS} networks: {words}"


def test_all_mutants_are_noticed(verdicts: Any, report: Any) -> None:
    words = [v.result()[1] for name, v in verdicts.items() if name]
    killed = [w for w in words if "differs" in w]
    last = max(int(w.split("seed ")[1].split(",")[0]) for w in killed)
    report(f"mutants noticed: {len(killed)} of {len(words)}, the last at seed {last} of {SEEDS}")
    assert len(killed) == len(words)
