"""Options and data of `train` that no work should be done for, and those that only look so."""

from pathlib import Path
from typing import List

import numpy as np
import pytest

import neuroedge as ne
from neuroedge.applications.labelled import load_labelled
from neuroedge.cli import main
from neuroedge.errors import NotReadyError
from neuroedge.learning.layout import layout_of


@pytest.mark.parametrize(
    "words, rule",
    [
        (["64-8-10", "--seed", str(2**63)], "--seed must be below"),
        (["64-8-10", "--duration", "1e9"], "--duration must be at most"),
        (["64x10"], "64-128-10 has 64 values"),
    ],
)
def test_refused_before_any_work(words: List[str], rule: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["train", *words, "--data", "digits", "-o", "never.ne"]) == 2
    assert rule in capsys.readouterr().err


def test_chains_may_be_long() -> None:
    net = ne.Network("chain")
    net.add("p0", 1, "rate")
    for k in range(1, 1200):
        net.add(f"p{k}", 1, "lif")
        net.connect(f"p{k - 1}", f"p{k}", weights=np.ones((1, 1), np.float32))
    assert layout_of(net, 1.0).travel == 1199


def test_labels_may_be_half_floats(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    rng = np.random.default_rng(1)
    np.savez(tmp_path / "d.npz", inputs=rng.random((10, 3)), labels=(np.arange(10) % 2).astype(np.float16))
    assert load_labelled(tmp_path / "d.npz").classes == 2 and not len(recwarn)


def test_nobody_is_told_to_trust_a_file(tmp_path: Path) -> None:
    (tmp_path / "d.npz").write_text("hello")
    with pytest.raises(NotReadyError, match="no .npz of plain arrays; write one with"):
        load_labelled(tmp_path / "d.npz")
