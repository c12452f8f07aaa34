"""The comparison with the twin is itself tested: learning broken by one line must make it fail."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from broken import MUTANTS, SEEDS, build, objects

HERE = Path(__file__).resolve().parent
Verdict = Tuple[int, str]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("g++") is None, reason="NO g++: nothing shows here that the comparison can fail"),
]


def judge(library: Path) -> Verdict:
    """Exit status and words of the comparison, run on a library."""
    path = [str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    env = dict(os.environ, NEUROEDGE_LIBRARY=str(library), PYTHONPATH=os.pathsep.join(path), NEUROEDGE_SIMD="portable")
    done = subprocess.run(
        [sys.executable, str(HERE / "lessons.py"), "0", str(SEEDS)], env=env, cwd=str(library.parent),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: Any) -> Any:
    # two at a time: compiling is most of the work, and happens outside Python
    base, pool = tmp_path_factory.mktemp("mutants"), ThreadPoolExecutor(2)
    made = objects(base)
    every: Dict[str, "Future[Verdict]"] = {}
    for k, mutant in enumerate([None, *MUTANTS]):
        (base / str(k)).mkdir()

        def verdict(mutant: Any = mutant, folder: Path = base / str(k)) -> Verdict:
            return judge(build(mutant, folder, made))

        every[mutant.name if mutant else ""] = pool.submit(verdict)
    yield every
    pool.shutdown()


def test_the_unchanged_core_passes(verdicts: Any, report: Any) -> None:
    status, words = verdicts[""].result()
    assert status == 0, words
    report(f"unchanged core: {words.strip()}")


@pytest.mark.parametrize("name", [m.name for m in MUTANTS])
def test_a_mutant_is_noticed(name: str, verdicts: Any) -> None:
    status, words = verdicts[name].result()
    # 1 and a named seed: a crash would prove nothing about the comparison
    assert status == 1 and "differs" in words, f"survived {SEEDS} networks: {words}"


def test_all_mutants_are_noticed(verdicts: Any, report: Any) -> None:
    words = [v.result()[1] for name, v in verdicts.items() if name]
    killed = [w for w in words if "differs" in w]
    last = max(int(w.split("seed ")[1].split(":")[0]) for w in killed)
    report(f"mutants noticed: {len(killed)} of {len(words)}, the last at seed {last} of {SEEDS}")
    assert len(killed) == len(words)
