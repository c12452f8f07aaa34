"""Models whose words are lies: refused with a reason, never a bug of ours, and never a wait without an end."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.applications import measure
from neuroedge.applications.deploy import parts_of
from neuroedge.cli import main
from neuroedge.errors import FormatError, ParameterError

EVENTS = {"kind": "events", "population": "in"}


def saved(path: Path, **more: Any) -> str:
    """A model of 4 inputs and 4 outputs."""
    net = ne.Network("small")
    net.add("in", 4, "rate")
    net.add("out", 4, ne.LIF(tau_m=5.0, v_rest=0.0, v_threshold=1.0, v_reset=0.0, refractory=0.0))
    net.connect("in", "out", synapses=(np.arange(4), np.arange(4), np.full(4, 1.5)))
    ne.save(path, net, dt=1.0, **more)
    return str(path)


@pytest.mark.parametrize("kind", [["values"], {"a": 1}, 3, None, "nope"])
def test_check_takes_any_kind_of_kind(kind: Any, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(measure, "TIMED", 0.01)
    monkeypatch.setattr(measure, "DRAWN", 0.02)
    model = saved(tmp_path / "m.ne", encoder={"kind": kind, "population": "in"})
    assert main(["check", model, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ready"] is True


def test_inputs_are_no_classes(tmp_path: Path) -> None:
    model = saved(tmp_path / "m.ne", encoder=EVENTS, decoder={"kind": "class", "population": "in"})
    with pytest.raises(FormatError, match="decoder: class compares potentials too, and 'in' are inputs"):
        parts_of(ne.load(model))


@pytest.mark.parametrize("word", ["period_ms", "simulate_ms"])
def test_a_period_is_a_day_at_most(word: str, tmp_path: Path) -> None:
    for ms in (1e9, 1e300):
        model = saved(tmp_path / "m.ne", encoder={**EVENTS, word: ms})
        with pytest.raises(ParameterError, match="at most a day"):
            parts_of(ne.load(model))
    assert main(["run", model, "--source", "-", "--deadline", "1e9"]) == 2
