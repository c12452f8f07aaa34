"""Pictures: what they show, that labels do not overlap, and that they are written whole or refused before any work."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuroedge.applications.labels import place_labels
from neuroedge.cli.plot import add_plot, plot_usable, write_plot
from neuroedge.errors import MissingExtraError, ParameterError, StorageError


def asked(path: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_plot(parser)
    return parser.parse_args([] if path is None else ["--plot", str(path)])


def never() -> None:
    raise RuntimeError("drawn, though nobody asked")


def test_without_plot_nothing_is_drawn(tmp_path: Path) -> None:
    plot_usable(asked(None))
    write_plot(asked(None), never)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["out", "out.jpg", ".png", "out.svg.gz"])
def test_an_unknown_kind_of_picture_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"--plot must end in \.svg, \.png, \.pdf"):
        plot_usable(asked(tmp_path / name))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="make the folder first"):
        plot_usable(asked(tmp_path / "absent" / "out.svg"))
    (tmp_path / "out.svg").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        plot_usable(asked(tmp_path / "out.svg"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="folder of your own"):
        plot_usable(asked(tmp_path / "out.svg"))


def test_without_matplotlib_it_is_said_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install neuroedge\[plot\]"):
        plot_usable(asked(tmp_path / "out.svg"))


def test_labels_of_the_same_spot_share_no_place() -> None:
    sizes = [(40.0, 12.0)] * 9
    offsets = place_labels([(100.0, 100.0)] * 9, sizes, (0.0, 0.0, 300.0, 200.0))
    for k, (x, y) in enumerate(offsets):
        assert 0 <= 100 + x - 20 and 100 + x + 20 <= 300
        assert all(abs(x - u) >= 40.0 - 1e-9 or abs(y - v) >= 12.0 - 1e-9 for u, v in offsets[:k])


def test_a_label_stays_in_its_frame() -> None:
    ((x, _),) = place_labels([(295.0, 100.0)], [(40.0, 12.0)], (0.0, 0.0, 300.0, 200.0))
    assert 295.0 + x + 20.0 <= 300.0


class TestDrawn:
    @pytest.fixture(autouse=True)
    def matplotlib(self) -> None:
        pytest.importorskip("matplotlib", reason="pip install neuroedge[plot]")

    @pytest.mark.long
    @pytest.mark.parametrize("name, magic", [("a.svg", b"<?xml"), ("a.png", b"\x89PNG"), ("A.PDF", b"%PDF")])
    def test_each_kind_is_written_and_the_same_again(self, name: str, magic: bytes, tmp_path, capsys) -> None:
        from neuroedge.applications.pictures_sizes import draw_sizes

        written = []
        for _ in range(2):
            options = asked(tmp_path / name)
            plot_usable(options)
            write_plot(options, lambda: draw_sizes([("one", 4000, 0.9), ("two", 9000, 0.95)]))
            # matplotlib before 3.5 dates an SVG, whatever it is asked
            written.append(re.sub(b"<dc:date>.*</dc:date>", b"", (tmp_path / name).read_bytes()))
        assert written[0].startswith(magic) and written[0] == written[1]
        assert os.listdir(tmp_path) == [name]
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count(f"picture: {tmp_path / name}\n") == 2

    def test_a_failure_while_drawing_leaves_the_old_picture(self, tmp_path: Path) -> None:
        (tmp_path / "a.svg").write_text("old")
        with pytest.raises(RuntimeError):
            write_plot(asked(tmp_path / "a.svg"), never)
        assert (tmp_path / "a.svg").read_text() == "old" and os.listdir(tmp_path) == ["a.svg"]

    def test_sizes_are_drawn_where_they_are(self) -> None:
        from neuroedge.applications.pictures_sizes import Size, draw_sizes

        points = [("a", 50_000, 0.98, "float32"), Size("b", 10_000, 0.97, "int8"), ("c", 5_000, 0.9, "int8")]
        ax = draw_sizes(points)
        lines = {line.get_label(): line for line in ax.get_lines()}
        assert lines["int8"].get_xdata().tolist() == [5_000, 10_000]
        assert np.allclose(lines["int8"].get_ydata(), [90.0, 97.0])
        assert [text.get_text() for text in ax.texts] == ["a", "b", "c"]
        assert "bytes" in ax.get_xlabel() and "%" in ax.get_ylabel() and ax.get_xscale() == "log"
        # others' axes are taken, and given back
        assert draw_sizes(points, ax) is ax

    @pytest.mark.parametrize(
        "points", [[], [("a", 1)], [("a", 0, 0.5)], [("a", 10, 1.5)], [("a", 10, float("nan"))], [("a", "b", 0.5)], [3]]
    )
    def test_what_is_no_point_is_refused(self, points: Any) -> None:
        from neuroedge.applications.pictures_sizes import draw_sizes

        with pytest.raises(ParameterError, match="draw_sizes"):
            draw_sizes(points)

    def test_latencies_tell_percentiles_and_who_missed(self) -> None:
        from neuroedge.applications.pictures_latency import draw_latency

        latencies = np.arange(1, 1001) / 100.0
        ax = draw_latency(latencies, 9.9)
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels == ["p50 5 ms", "p99 9.9 ms", "p99.9 9.99 ms", "max 10 ms", "deadline 9.9 ms"]
        assert ax.get_title(loc="left") == "10 of 1,000 missed the deadline"
        assert sum(bar.get_height() for bar in ax.patches) == 1000
        # a virtual clock takes no time, and a loop may have no deadline
        assert sum(bar.get_height() for bar in draw_latency([0.0, 0.0]).patches) == 2

    @pytest.mark.parametrize("latencies, deadline", [([], 1.0), ([-1.0], 1.0), ([float("nan")], 1.0), ([1.0], 0.0)])
    def test_what_is_no_latency_is_refused(self, latencies: Any, deadline: float) -> None:
        from neuroedge.applications.pictures_latency import draw_latency

        with pytest.raises(ParameterError, match="draw_latency"):
            draw_latency(latencies, deadline)
