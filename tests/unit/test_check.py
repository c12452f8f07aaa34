"""`neuroedge check`, `neuroedge bench MODEL`, `neuroedge show`: what they measure, estimate and refuse."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import neuroedge
from neuroedge.applications import measure
from neuroedge.applications.card import in_words, value_in_words
from neuroedge.applications.measure import drive_of, variant
from neuroedge.applications.preflight import Memory, preflight
from neuroedge.applications.sweep import model_row
from neuroedge.board.catalogue import MODELS
from neuroedge.board.targets import TARGETS, core_of, target
from neuroedge.cli import main
from neuroedge.errors import NeuroedgeError, NotReadyError
from neuroedge.formats.bundle import Bundle, load


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TIMED", 0.01)
    monkeypatch.setattr(measure, "DRAWN", 0.02)


def saved(path: Path, golden: bool = True, model: str = "lif", plan: bool = False) -> Bundle:
    net = neuroedge.Network("small", seed=1)
    net.add("in", 10, "rate")
    net.add("out", 20, model)
    net.connect("in", "out", weights=np.full((10, 20), 3.0))
    events = [(n, float(t)) for t in range(0, 40, 5) for n in range(10)]
    kept = neuroedge.record_golden(net, 40.0, {"in": events}, dt=1.0) if golden else None
    what = neuroedge.compile_network(net, 1.0) if plan else net
    words = {"kind": "dvs", "period_ms": 8.0}
    dt = None if plan else 1.0
    neuroedge.save(path, what, dt=dt, golden=kept, encoder=words, labels=[f"class {k}" for k in range(90)])
    return load(path)


def test_a_drive_in_calls_is_the_drive(tmp_path: Path) -> None:
    bundle = saved(tmp_path / "m.ne")
    drive = drive_of(bundle)
    whole = measure.measure(bundle.plan, drive)
    for period in (1.0, 7.0, 8.0, 40.0):
        parts = drive.cut(period, 1.0)
        assert sum(part.duration for part in parts) == 40.0 and all(part.duration <= period for part in parts)
        found = measure.measure(bundle.plan, drive, 1, period)
        assert (found.events, found.spikes) == (whole.events, whole.spikes) and found.period == period
    assert whole.events == 80 * 20 and whole.spikes > 0 and whole.calls >= 1
    order = [whole.latency_ms[name] for name in ("p50", "p99", "p99_9", "max")]
    assert order == sorted(order)


def test_a_model_without_golden_input_is_driven_by_poisson_spikes(tmp_path: Path) -> None:
    bundle = saved(tmp_path / "m.ne", golden=False)
    a, b = drive_of(bundle), drive_of(bundle)
    assert not a.golden and "Poisson" in a.source and np.array_equal(a.inputs["in"].times, b.inputs["in"].times)
    # 10 neurons at 20 Hz for a second: 200, with a standard deviation of 14
    assert 130 < len(a.inputs["in"].times) < 270
    assert any(what == "golden input" for what, _ in preflight(bundle).notes)


def test_here(tmp_path: Path) -> None:
    found = preflight(saved(tmp_path / "m.ne"))
    assert found.ready and found.memory.fits and found.there is None
    assert found.deadline == 8.0 and found.deadline_source == "period_ms of its encoder" and found.here.period == 8.0
    assert preflight(load(tmp_path / "m.ne"), deadline=1e-6).met is False
    assert not Memory(5, 5, 5, 14, "").fits and Memory(5, 5, 5, 15, "").fits


def test_there(tmp_path: Path) -> None:
    bundle = saved(tmp_path / "m.ne")
    nano, pi5 = preflight(bundle, "nano"), preflight(bundle, "pi5")
    assert nano.there is not None and nano.there.least is not None and nano.there.most is not None
    # 20 neurons for 8 steps, and a fifth of 1,600 events: 24 to 30 cycles of 16 neurons, 11 of 4 events, at 1.479 GHz
    assert nano.there.least == pytest.approx((20 * 8 * 24 / 16 + 320 * 11 / 4) / 1.479e6)
    assert nano.there.most == pytest.approx((20 * 8 * 30 / 16 + 320 * 11 / 4) / 1.479e6)
    assert nano.met is None and preflight(bundle, "nano", 1e-5).met is False
    assert pi5.there is not None and pi5.there.least is None and "A76" in pi5.there.source
    assert ("CUDA" in dict(nano.notes)) and ("CUDA" not in dict(pi5.notes)) and "cv2" in dict(pi5.notes)["extras"]
    odd = saved(tmp_path / "odd.ne", model="adex")
    there = preflight(odd, "nano").there
    assert there is not None and there.least is None and "'out'" in there.source
    assert any("adex neurons" in text for _, text in preflight(odd).notes)


@pytest.mark.parametrize("name", list(TARGETS))
def test_targets_are_of_the_catalogue(name: str) -> None:
    board = target(name)
    assert board.model in MODELS and board.memory >= 512 << 20 and board.cpu
    core = core_of(board)
    assert (core is not None) == board.cpu.endswith(("A57", "A53")) or board.name == "tx2"


@pytest.mark.long
def test_variants(tmp_path: Path) -> None:
    bundle = saved(tmp_path / "m.ne")
    assert variant(bundle)[1] is bundle.plan
    row = model_row(bundle, drive_of(bundle), "float16", 0.5, 3)
    assert row.precision == "float16" and row.repeats == 3 and row.sd_ms is not None and row.accuracy is None
    assert row.events < 80 * 20 and row.power_source.startswith(("measured", "estimated"))
    alone = saved(tmp_path / "p.ne", plan=True)
    assert variant(alone)[0] is None
    with pytest.raises(NotReadyError, match="plan alone"):
        variant(alone, "int8")
    with pytest.raises(NeuroedgeError, match="known: "):
        preflight(bundle, "mars")


def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    saved(tmp_path / "m.ne")
    path = str(tmp_path / "m.ne")
    assert main(["check", path, "--deadline", "0.000001"]) == 1
    out, err = capsys.readouterr()
    assert "MISSED" in out and f"hint: neuroedge shrink {path}" in err and "measured" in out
    assert main(["check", path, "--board", "mars"]) == 2
    assert "nano" in capsys.readouterr().err
    assert main(["bench", path, "-r", "2", "-o", "csv"]) == 0
    table = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(table) == 2 and len(table[0]) == len(table[1]) and float(table[1][table[0].index("sd (ms)")]) >= 0.0
    assert main(["bench", path, "-o", "json", "--require", "max_ms=0"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["missed"] == ["max_ms=0"] and report["results"][0]["accuracy"] is None
    assert main(["show", path]) == 0
    out = capsys.readouterr().out
    assert "… (90 in all)" in out and "period 8 ms" in out and "{" not in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize("words", [["-r", "0"], ["--keep", "0"], ["--precision", "int4"], ["-o", "xml"]])
def test_options_that_cannot_be_meant(words: list, capsys: pytest.CaptureFixture) -> None:
    try:
        code = main(["bench", "digits", *words])
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
    assert words[0] in capsys.readouterr().err


def test_words() -> None:
    assert in_words({"kind": "dvs", "shape": [64, 48], "threshold": 0.2, "shown_ms": 16.0, "on": True}) == (
        "dvs, on yes, shape 64 x 48, shown 16 ms, threshold 0.2"
    )
    assert in_words(None) == "none" and value_in_words([1.5, "a"]) == "1.5, a"
    assert value_in_words(np.array([1.0, 3.0])) == "1 to 3, by neuron" and value_in_words(None) == "none"
