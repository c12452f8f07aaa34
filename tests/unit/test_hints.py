"""What somebody new gets wrong is told with its cure."""

from pathlib import Path
from typing import Any, Iterator, List, Tuple

import numpy as np
import pytest

import neuroedge
from neuroedge.applications.ready import ready
from neuroedge.cli import main
from neuroedge.errors import StorageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("new")
    rng, labels = np.random.default_rng(1), np.arange(30) % 3
    inputs = (rng.random((30, 6)) * 0.5 + 0.5 * (np.arange(6) // 2 == labels[:, None])).astype(np.float32)
    tests = {"test_inputs": inputs[:6], "test_labels": labels[:6]}
    np.savez(made / "d.npz", inputs=inputs, labels=labels, **tests)
    np.savez(made / "texts.npz", inputs=inputs, labels=labels.astype("U1"))
    np.savetxt(made / "a.csv", inputs, delimiter=",")
    words = ["train", "6-8-3", "--data", str(made / "d.npz"), "-o", str(made / "ms.ne"), "--epochs", "1"]
    assert main(words) == 0
    raw = bytearray((made / "ms.ne").read_bytes())
    raw[-1] ^= 1
    (made / "bad.ne").write_bytes(raw)
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    yield


HINTS: List[Tuple[int, str, str]] = [
    (2, "hint: sizes are written 6-8-3\n", "train 6,8,3 --data d.npz -o x.ne"),
    (1, "hint: names, labels = np.unique(texts, return_inverse=True)", "train 6-8-3 --data texts.npz -o x.ne"),
    (1, "hint: did you mean 'ms.ne'?", "show ms"),
    (1, "hint: copy it again, or save it again", "show bad.ne"),
    (1, "hint: is it a file that neuroedge.save wrote?", "show d.npz"),
    (2, "hint: did you mean 'file:a.csv'?", "run ms.ne --source a.csv"),
    (2, "hint: 0.2 keeps 20 %", "shrink ms.ne -o x.ne --keep 20"),
    (2, "hint: 0.2 keeps 20 %", "bench ms.ne --keep 20"),
]


@pytest.mark.parametrize("code, says, line", HINTS)
def test_the_cure_is_told(capsys: Any, code: int, says: str, line: str) -> None:
    assert main(line.split()) == code
    assert says in capsys.readouterr().err and not Path("x.ne").exists()


def test_a_list_of_forms_takes_lines(capsys: Any) -> None:
    assert main(["run", "ms.ne", "--source", "a"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5 and all(len(line) <= 80 for line in lines) and "imu:mpu6050@1:0x68" in "".join(lines)


def test_more_classes_than_the_labels_have(capsys: Any) -> None:
    assert main(["train", "6-8-5", "--data", "d.npz", "-o", "five.ne", "--epochs", "1"]) == 0
    assert "note: 5 classes are asked for, and the labels are 0 to 2" in capsys.readouterr().err


def test_a_model_that_is_no_smaller_says_so(capsys: Any) -> None:
    assert main(["shrink", "ms.ne", "-o", "int.ne", "--precision", "int8", "--data", "d.npz", "--epochs", "1"]) == 0
    error = capsys.readouterr().err
    assert "note: it has become no smaller (" in error
    assert "larger networks gain" in error and "--storage small" in error and "or keep float32" in error
    words = ["shrink", "ms.ne", "-o", "less.ne", "--keep", "0.2", "--epochs", "0", "--storage", "small"]
    assert main([*words, "--data", "d.npz"]) == 0
    assert "no smaller" not in capsys.readouterr().err


def test_help_is_a_verb_too(capsys: Any) -> None:
    said = []
    for words in (["help"], ["--help"], ["help", "show"], ["show", "--help"]):
        try:
            assert main(words) == 0
        except SystemExit as ended:
            assert ended.code == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != said[2] == said[3] and main(["help", "shwo"]) == 2
    assert "did you mean show?" in capsys.readouterr().err


def test_a_model_of_the_package_is_no_file() -> None:
    with pytest.raises(StorageError, match=r"neuroedge\.applications\.ready\.ready\('digits'\)"):
        neuroedge.load("digits")
    assert ready("digits").has_network


def test_a_recording_of_which_nothing_can_be_used_is_an_error(capsys: Any) -> None:
    Path("empty.csv").write_text("a,b,c,d,e,f\n,1,1,1,1,1\n1,1,1,1,,1\n")
    assert main(["run", "ms.ne", "--source", "file:empty.csv", "--flat-out"]) == 1
    error = capsys.readouterr().err
    assert "error: no value of 2 could be used: empty.csv: row 2: it gave array" in error
    Path("half.csv").write_text("a,b,c,d,e,f\n,1,1,1,1,1\n1,1,1,1,1,1\n")
    assert main(["run", "ms.ne", "--source", "file:half.csv", "--flat-out"]) == 0


@pytest.mark.long
def test_tables_of_long_names_fit(capsys: Any) -> None:
    for name, other in (("ms.ne", "abcdefghi.ne"), ("d.npz", "abcdefgh.npz")):
        Path(other).write_bytes(Path(name).read_bytes())
    assert main("shrink abcdefghi.ne -o shorter12.ne --precision int8 --epochs 0".split()) == 0
    capsys.readouterr()
    assert main("verify shorter12.ne --data abcdefgh.npz --against abcdefghi.ne".split()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    told = "\n".join(lines)
    assert "cannot run it: not event-driven: 'hidden'\n" in told and "trained: " in told and "- ->" not in told
    assert main(["bench", "shorter12.ne"]) == 0
    assert "kept: of the synapses of this model" in " ".join(capsys.readouterr().out.split())
