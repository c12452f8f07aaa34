"""`neuroedge train`, `shrink` and `verify --data`: what they write, say and refuse."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import pytest

import neuroedge
from neuroedge.applications.labelled import load_labelled
from neuroedge.cli import main
from neuroedge.formats.bundle import load
from neuroedge.learning import predict

Answer = Tuple[int, str, str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of three classes, each lighting four of twelve values, and a model that was taught them."""
    made = tmp_path_factory.mktemp("making")
    rng, labels = np.random.default_rng(1), np.arange(90) % 3
    inputs = (rng.random((90, 12)) * 0.5 + 0.5 * (np.arange(12) // 4 == labels[:, None])).astype(np.float32)
    np.savez(made / "d.npz", inputs=inputs[:60], labels=labels[:60], test_inputs=inputs[60:], test_labels=labels[60:])
    words = ["train", "12-8-3", "--data", str(made / "d.npz"), "-o", str(made / "m.ne"), "--epochs", "12"]
    assert main([*words, "--rate", "0.02"]) == 0
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture) -> Any:
    def said(*words: str) -> Answer:
        capsys.readouterr()
        try:
            code = main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        out = capsys.readouterr()
        assert all(len(line) <= 80 for line in out.out.splitlines() if not line.startswith("{")), out.out
        return code, out.out, out.err

    return said


def report(answer: Answer) -> Dict[str, Any]:
    assert answer[0] == 0, answer[2]
    found: Dict[str, Any] = json.loads(answer[1])
    return found


def test_a_taught_model_carries_what_runs_it(folder: Path) -> None:
    bundle, data = load("m.ne"), load_labelled("d.npz")
    assert bundle.encoder == {
        "kind": "values", "population": "input", "shape": [12], "low": 0.0, "high": 1.0, "shown_ms": 16.0,
        "run_ms": 18.0, "period_ms": 20.0,
    }  # fmt: skip
    assert bundle.decoder == {"kind": "class", "population": "output"} and bundle.labels == ["0", "1", "2"]
    assert bundle.golden is not None and sum(map(len, bundle.golden.ticks.values())) > 0
    (done,) = bundle.provenance["trained"]
    right = float(np.mean(predict(bundle.network, data.test_inputs) == data.test_labels))
    assert done["accuracy"] == right > 0.8 and done["data_sha256"] == data.sha256
    assert done["command"].startswith("neuroedge train 12-8-3 --data ") and "--epochs 12" in done["command"]


def test_training_goes_on(run: Any) -> None:
    before = load("m.ne")
    told = report(run("train", "m.ne", "--data", "d.npz", "-o", "on.ne", "--epochs", "2", "--json"))
    after = load("on.ne")
    assert told["schema"] == "neuroedge.train/1" and len(told["epochs"]) == 2
    assert told["accuracy_before"] == before.provenance["trained"][0]["accuracy"]
    assert [entry["epochs"] for entry in after.provenance["trained"]] == [12, 2]
    assert after.encoder == before.encoder and after.nbytes == told["file_bytes"]
    code, out, err = run("train", "m.ne", "--data", "d.npz", "-o", "again.ne", "--epochs", "2")
    assert code == 0 and err == "" and "before" in out and "2 epochs" in out
    again = load("again.ne")
    weights = after.network.get_weights()
    assert all(np.array_equal(w, weights[name]) for name, w in again.network.get_weights().items())


@pytest.mark.long
def test_shrinking_keeps_what_the_model_carries(run: Any) -> None:
    words = ["shrink", "m.ne", "-o", "s.ne", "--keep", "0.5", "--precision", "int8", "--data", "d.npz", "--epochs", "2"]
    told = report(run(*words, "--json"))
    before, after = load("m.ne"), load("s.ne")
    assert [step["name"] for step in told["steps"]] == ["as given", "pruned to 50 %", "fine-tuned", "int8"]
    assert told["steps"][-1]["synapses"] == after.network.synapses == before.network.synapses // 2
    assert (after.encoder, after.decoder, after.labels) == (before.encoder, before.decoder, before.labels)
    assert after.plan.precision == "int8" and after.plan.nbytes == told["steps"][-1]["plan_bytes"]
    assert after.provenance["trained"] == before.provenance["trained"]
    (done,) = after.provenance["shrunk"]
    assert done["accuracy"] == told["steps"][-1]["accuracy"] and done["accuracy_before"] == told["steps"][0]["accuracy"]
    data = load_labelled("d.npz")
    right = predict(after.network, data.test_inputs, precision="int8") == data.test_labels
    assert done["accuracy"] == float(np.mean(right))
    # the same command gives the same bytes
    kept = Path("s.ne").read_bytes()
    assert run(*words)[0] == 0 and Path("s.ne").read_bytes() == kept
    assert neuroedge.verify("s.ne")


@pytest.mark.long
def test_shrinking_without_labels(run: Any) -> None:
    code, out, err = run("shrink", "m.ne", "-o", "t.ne", "--keep", "0.5", "--storage", "small")
    assert code == 0 and "512 samples that are made up" in out and "no labels were given" in err
    told = report(run("shrink", "t.ne", "-o", "u.ne", "--bits", "3", "--json"))
    assert all(step["accuracy"] is None for step in told["steps"])
    assert told["steps"][-1]["name"] == "int8, 3 bits" and 0.5 < told["steps"][-1]["agreement"] <= 1.0
    assert any("a byte each" in note for note in told["notes"])
    assert [entry["keep"] for entry in load("u.ne").provenance["shrunk"]] == [0.5, 1.0]


@pytest.mark.long
def test_verify_on_data(run: Any) -> None:
    words = ["shrink", "m.ne", "-o", "v.ne", "--keep", "0.5", "--precision", "int8", "--data", "d.npz", "--epochs", "1"]
    assert run(*words)[0] == 0
    told = report(run("verify", "v.ne", "--data", "d.npz", "--against", "m.ne", "--json"))
    forms = told["data"]["forms"]
    names = [("as saved", "int8"), ("its network", "float64"), ("its network", "float32"), ("m.ne", "float32")]
    assert told["equal"] and [(form["name"], form["precision"]) for form in forms] == names
    assert forms[0]["agreement"] == 1.0 and forms[1]["accuracy"] == forms[2]["accuracy"]
    assert forms[3]["synapses"] == 2 * forms[0]["synapses"]
    done = load("v.ne").provenance["shrunk"][0]
    assert (done["accuracy"], done["accuracy_before"]) == (forms[0]["accuracy"], forms[3]["accuracy"])
    assert [entry["step"] for entry in told["recorded"]] == ["trained", "shrunk"]
    code, out, err = run("verify", "v.ne", "--data", "d.npz")
    assert code == 0 and err == "" and "shrunk: " in out and "as recorded then" in out and "float64" in out


def test_verify_on_data_without_a_golden_input(run: Any) -> None:
    neuroedge.save("plain.ne", load("m.ne").network, dt=1.0)
    code, out, err = run("verify", "plain.ne", "--data", "d.npz")
    assert code == 0 and "as saved" in out and "equal" not in out and "no golden input" in err


@pytest.mark.long
def test_what_cannot_be_tuned_is_still_shrunk(run: Any) -> None:
    rng = np.random.default_rng(0)
    net = neuroedge.Network("a", seed=1)
    net.add("in", 12, "rate")
    net.add("h", 4, "adex")
    net.add("o", 3, "li")
    net.connect("in", "h", weights=rng.normal(10, 10, (12, 4)))
    net.connect("h", "o", weights=rng.normal(0, 1, (4, 3)))
    neuroedge.save("adex.ne", net, dt=1.0)
    words = ["shrink", "adex.ne", "-o", "b.ne", "--keep", "0.5", "--bits", "4", "--data", "d.npz"]
    code, out, err = run(*words)
    assert code == 0 and "fine-tuned" not in out and "pruned to 50 %" in out
    assert "adex neurons do not learn" in err and "weights of 4 bits are left out" in err and "Warning" not in err
    assert load("b.ne").golden is not None
    assert run("train", "adex.ne", "--data", "d.npz", "-o", "c.ne")[0] == 1 and not os.path.exists("c.ne")


@pytest.mark.long
def test_what_names_no_classes_is_compared_by_its_spikes(run: Any) -> None:
    net = neuroedge.Network("two", seed=1)
    net.add("in", 12, "rate")
    for name in ("left", "right"):
        net.add(name, 4, "lif")
        net.connect("in", name, weights=np.random.default_rng(0).normal(6, 6, (12, 4)))
    golden = neuroedge.record_golden(net, 40.0, {"in": [(n % 12, 1.0 + n % 39) for n in range(200)]}, dt=1.0)
    neuroedge.save("two.ne", net, dt=1.0, golden=golden, settings={"precision": "float32", "kept": 1})
    code, out, err = run("shrink", "two.ne", "-o", "one.ne", "--keep", "0.5", "--precision", "int8")
    assert code == 0 and "spike counts" in out and "does not answer samples with classes" in err
    assert load("one.ne").settings == {"precision": "int8", "kept": 1} and neuroedge.verify("one.ne")
    for words in (["verify", "two.ne"], ["shrink", "two.ne", "-o", "no.ne", "--keep", "0.5"]):
        code, out, err = run(*words, "--data", "d.npz")
        assert code == 1 and "does not answer samples with classes" in err and not os.path.exists("no.ne")


REFUSED: List[Tuple[int, str, List[str]]] = [
    (2, "-o", ["train", "12-8-3", "--data", "d.npz"]),
    (2, "--data", ["train", "12-8-3", "-o", "x.ne"]),
    (2, "as 64-128-10 (got 12-3)", ["train", "12-3", "--data", "d.npz", "-o", "x.ne"]),
    (2, "as 64-128-10 (got 12-0-3)", ["train", "12-0-3", "--data", "d.npz", "-o", "x.ne"]),
    (2, "--epochs must be >= 1", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--epochs", "0"]),
    (2, "--rate must be", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--rate", "nan"]),
    (2, "--decay must be", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--decay", "-1"]),
    (2, "--duration must be", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--duration", "inf"]),
    (2, "--seed must be", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--seed", "-1"]),
    (2, "--threads must be", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--threads", "0"]),
    (2, "--vary must be", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--vary", "3"]),
    (2, "-o must not be --data", ["train", "12-8-3", "--data", "d.npz", "-o", "./d.npz"]),
    (1, "no such file", ["train", "12-8-3", "--data", "e.npz", "-o", "x.ne"]),
    (1, "make the folder first", ["train", "12-8-3", "--data", "d.npz", "-o", "none/x.ne"]),
    (1, "is a folder", ["train", "12-8-3", "--data", "d.npz", "-o", "."]),
    (1, "samples must be of 11 values for 11-8-3 (got 12)", ["train", "11-8-3", "--data", "d.npz", "-o", "x.ne"]),
    (1, "labels must be 0 to 1 for 12-8-2", ["train", "12-8-2", "--data", "d.npz", "-o", "x.ne"]),
    (1, "pictures of 2", ["train", "12-8-3", "--data", "d.npz", "-o", "x.ne", "--vary", "2x5"]),
    (1, "duration must be 16.0 ms", ["train", "m.ne", "--data", "d.npz", "-o", "x.ne", "--duration", "8"]),
    (2, "nothing to do", ["shrink", "m.ne", "-o", "x.ne"]),
    (2, "keep must be in (0, 1]", ["shrink", "m.ne", "-o", "x.ne", "--keep", "0"]),
    (2, "unknown precision", ["shrink", "m.ne", "-o", "x.ne", "--precision", "int9"]),
    (2, "bits are of int8", ["shrink", "m.ne", "-o", "x.ne", "--precision", "float16", "--bits", "4"]),
    (2, "bits must be 2 to 8", ["shrink", "m.ne", "-o", "x.ne", "--bits", "9"]),
    (2, "epochs must be >= 0", ["shrink", "m.ne", "-o", "x.ne", "--keep", "0.5", "--epochs", "-1"]),
    (2, "--vary needs --data", ["shrink", "m.ne", "-o", "x.ne", "--keep", "0.5", "--vary", "3x4"]),
    (2, "-o must not be MODEL", ["shrink", "m.ne", "-o", "m.ne", "--keep", "0.5"]),
    (1, "make the folder first", ["shrink", "m.ne", "-o", "none/x.ne", "--keep", "0.5"]),
    (1, "samples must be of 12 values", ["shrink", "m.ne", "-o", "x.ne", "--keep", "0.5", "--data", "digits"]),
    (2, "--plot must end in", ["shrink", "m.ne", "-o", "x.ne", "--keep", "0.5", "--plot", "x.jpg"]),
    (2, "--plot must end in", ["train", "m.ne", "--data", "d.npz", "-o", "x.ne", "--plot", "x"]),
    (2, "--against needs --data", ["verify", "m.ne", "--against", "m.ne"]),
    (1, "samples must be of 12 values", ["verify", "m.ne", "--data", "digits"]),
    (1, "samples must be of 12 values", ["verify", "digits", "--data", "digits", "--against", "m.ne"]),
]


@pytest.mark.parametrize("code, says, words", REFUSED)
def test_refused_before_any_work(run: Any, code: int, says: str, words: List[str]) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir()}
    found, out, err = run(*words)
    assert found == code and out == "" and says in err and err.startswith("error: ")
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def interrupted(run: Any, *words: str) -> Answer:
    timer = threading.Timer(0.25, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        answer: Answer = run(*words)
    finally:
        timer.cancel()
    return answer


@pytest.mark.long
def test_ctrl_c(run: Any) -> None:
    words = ["train", "12-8-3", "--data", "d.npz", "-o", "i.ne", "--epochs", "1000000"]
    code, out, err = interrupted(run, *words)
    assert code == 130 and out == "" and "i.ne is not written; --keep-best" in err and not os.path.exists("i.ne")
    code, out, err = interrupted(run, *words, "--keep-best", "--rate", "0.02")
    assert code == 130 and out == "" and "i.ne holds the best weights so far" in err
    assert load("i.ne").provenance["trained"][0]["interrupted"] is True
    code, out, err = interrupted(run, "shrink", "m.ne", "-o", "j.ne", "--keep", "0.5", "--epochs", "1000000")
    assert code == 130 and out == "" and "j.ne is not written" in err and not os.path.exists("j.ne")


@pytest.mark.long
def test_pictures(run: Any) -> None:
    pytest.importorskip("matplotlib")
    assert run("train", "m.ne", "--data", "d.npz", "-o", "p.ne", "--epochs", "2", "--plot", "p.svg")[0] == 0
    assert "<svg" in Path("p.svg").read_text()
    for words in (["--data", "d.npz"], []):
        assert run("shrink", "m.ne", "-o", "q.ne", "--keep", "0.5", "--plot", "q.png", *words)[0] == 0
        assert Path("q.png").read_bytes().startswith(b"\x89PNG")
