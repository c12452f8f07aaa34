"""`benchmark_edge`, the tutorial's block on it, and `neuroedge bench`: measured, labelled, refused."""

import json
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

from neuroedge.applications import benchmark, measure
from neuroedge.applications.benchmark import CONFIGS, benchmark_edge
from neuroedge.board.estimate import per_core
from neuroedge.cli import main
from neuroedge.errors import NeuroedgeError
from neuroedge.optimize import calibration

TUTORIAL = Path(__file__).parent.parent / "tutorial" / "edge_deployment.md"


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Fewer samples to prune by, shorter tuning, and shorter looks at speed and power, than users get."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmark, "_configured", {})
        patch.setattr(benchmark, "EPOCHS", 4)
        patch.setattr(calibration, "MOST", 200)
        patch.setattr(measure, "TIMED", 0.02)
        patch.setattr(measure, "DRAWN", 0.05)
        yield


@pytest.mark.long
def test_the_tutorials_block(quick: None, capsys: pytest.CaptureFixture) -> None:
    text = TUTORIAL.read_text().split("### Optimization Impact")[1].split("```python\n")[1].split("```")[0]
    names: Dict[str, Any] = {}
    exec(compile(text, "edge_deployment.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].strip() for line in lines] == ["Config", "Speed", "Power", "Accuracy"] * 4
    assert tuple(names["configs"]) == CONFIGS
    last = names["results"]
    assert last["accuracy"] > 0.93 and last["sparsity"] == pytest.approx(0.8, abs=0.001)
    assert last["power_source"].startswith(("measured: ", "estimated: "))
    assert last["power"] is None or last["energy_per_inference"] > 0.0
    assert 0.0 < last["latency_ms"]["p50"] <= last["latency_ms"]["p99"]
    assert last["realtime_factor"] == pytest.approx(last["speed"] * 0.018)
    # what other tests measure, by the same words
    dense = benchmark_edge({"precision": "float32"}, progress=False)
    assert dense["synaptic_operations"]["dense"] == (64 * 128 + 128 * 10) * 18
    assert dense["synaptic_operations"]["effective_acs"] > 2 * last["synaptic_operations"]["effective_acs"]
    assert dense["memory_bytes"] > last["memory_bytes"] and dense["sparsity"] == 0.0


@pytest.mark.long
def test_the_verb(quick: None, capsys: pytest.CaptureFixture) -> None:
    assert main(["bench", "--precision", "float16", "--keep", "1", "--require", "accuracy=0.5", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "neuroedge.bench/1" and report["missed"] == []
    assert report["results"][0]["config"] == {"precision": "float16", "pruning": 0.0}
    assert main(["bench", "--precision", "float16", "--require", "p99_ms=0"]) == 3
    out = capsys.readouterr()
    assert "--require p99_ms=0: missed" in out.err and all(len(line) <= 100 for line in out.out.splitlines())


@pytest.mark.parametrize("words", [["--keep", "2"], ["--keep", "much"], ["--precision", "int4"], ["--require", "x=1"],
                                   ["--require", "p99_ms"], ["--precision", "float64"]])  # fmt: skip
def test_usage(words: list, capsys: pytest.CaptureFixture) -> None:
    assert main(["bench", *words]) == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize("config", [{"precision": "int4"}, {"pruning": 1.0}, {"pruning": -0.1}, {"prunning": 0.5},
                                    {"pruning": "half"}, [("precision", "int8")], {"precision": None}])  # fmt: skip
def test_bad_configurations(config: Any) -> None:
    with pytest.raises(NeuroedgeError):
        benchmark_edge(config)


def test_an_estimate_says_so() -> None:
    for machine in ("x86_64", "aarch64", "armv7l", "riscv64", ""):
        watts, text = per_core(machine)
        assert text.startswith("estimated: ") and (watts is None or watts > 0.0)

