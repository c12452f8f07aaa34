"""`neuroedge show` and `neuroedge verify` on a model that was saved here."""

import json
from pathlib import Path

import pytest

import neuroedge
from neuroedge.cli import main


@pytest.fixture
def model(tmp_path: Path) -> str:
    net = neuroedge.Network("small", seed=1)
    net.add("in", 10, "rate")
    net.add("out", 5, "lif")
    net.connect("in", "out", weights=6.0)
    golden = neuroedge.record_golden(net, 10.0, {"in": [(n, 1.0) for n in range(10)]}, dt=1.0)
    path = str(tmp_path / "small.ne")
    neuroedge.save(path, net, dt=1.0, labels=["a", "b", "c", "d", "e"], golden=golden)
    return path


def test_show(model: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["show", model]) == 0
    out = capsys.readouterr().out
    assert "golden input 10 ms into in; answer: 5 spikes" in out and "labels       a, b, c, d, e" in out
    assert main(["show", model, "--costs"]) == 0
    assert "in->out" in capsys.readouterr().out
    assert main(["show", model, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "neuroedge.show/1" and report["projections"][0]["synapses"] == 50
    assert report["file_bytes"] == Path(model).stat().st_size and report["golden_ms"] == 10.0


def test_verify(model: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["verify", model]) == 0
    out = capsys.readouterr().out
    assert "5 spikes" in out and "reference" in out and "equal" in out
    assert main(["verify", model, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "neuroedge.verify/1" and report["equal"] is True and len(report["checks"]) >= 4


def test_what_is_no_model(tmp_path: Path, model: str, capsys: pytest.CaptureFixture) -> None:
    broken = tmp_path / "broken.ne"
    broken.write_bytes(Path(model).read_bytes()[:-1])
    for verb in ("show", "verify"):
        for path in (broken, tmp_path / "none.ne", tmp_path):
            assert main([verb, str(path)]) == 1
            out = capsys.readouterr()
            assert out.out == "" and out.err.startswith("error: ") and str(path) in out.err


def test_a_model_without_a_golden_input(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    net = neuroedge.Network("small", seed=1)
    net.add("out", 5, "lif")
    neuroedge.save(tmp_path / "plain.ne", net, dt=1.0)
    assert main(["verify", str(tmp_path / "plain.ne")]) == 1
    assert "golden=record_golden" in capsys.readouterr().err
