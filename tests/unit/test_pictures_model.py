"""`--plot` and `--data` of `show` and `bench`."""

import json
from pathlib import Path

import pytest

from neuroedge import save
from neuroedge.applications import measure
from neuroedge.applications.classify import classifier
from neuroedge.cli import main


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TIMED", 0.01)
    monkeypatch.setattr(measure, "DRAWN", 0.02)


def test_data_gives_accuracy(capsys: pytest.CaptureFixture) -> None:
    assert main(["bench", "digits", "--data", "digits", "--require", "accuracy=0.9", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert 0.9 < report["results"][0]["accuracy"] <= 1.0 and "540 test samples" in report["note"]
    assert main(["bench", "--data", "digits"]) == 2
    assert main(["bench", "digits", "--require", "accuracy=0.9"]) == 2
    assert "--require accuracy needs --data" in capsys.readouterr().err


@pytest.mark.long
def test_samples_for_testing_are_not_pruned_by(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path, found = str(tmp_path / "m.ne"), []
    save(path, classifier((64, 16, 10), seed=1), dt=1.0)
    for data in ([], ["--data", "digits"]):
        assert main(["bench", path, *data, "--precision", "float32", "--keep", "1,0.2", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["results"][1]["synaptic_events"])
    assert found[0] == found[1]


@pytest.mark.long
def test_pictures(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    for words in (["show", "motion"], ["bench", "digits", "--data", "digits", "-r", "2"], ["bench", "motion"]):
        path = tmp_path / f"{words[0]}{len(words)}.svg"
        assert main([*words, "--plot", str(path)]) == 0
        text = path.read_text(encoding="utf-8")
        assert text.count("<svg") == 1 and "None" not in text
        assert "picture: " in capsys.readouterr().err


@pytest.mark.parametrize("words", [["show", "digits"], ["bench", "digits"]])
def test_names_that_are_no_pictures(words: list, capsys: pytest.CaptureFixture) -> None:
    assert main([*words, "--plot", "x.jpg"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "--plot must end in .svg" in err
