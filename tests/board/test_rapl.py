"""RAPL: packages are summed, parts and repeated counters are not, counters go round, and root-only is said."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

import pytest
from captured import TREES
from links import linked, write

from neuroedge.board.files import Tree
from neuroedge.board.power import power, refusals
from neuroedge.board.rapl import RaplSource, rapl_source, unwrapped, zones

BASE = "sys/class/powercap"


def zone(root: Path, name: str, label: str, uj: Optional[int], span: Optional[int] = 1_000_000_000) -> None:
    files = {f"{BASE}/{name}/name": label}
    files.update({} if uj is None else {f"{BASE}/{name}/energy_uj": str(uj)})
    files.update({} if span is None else {f"{BASE}/{name}/max_energy_range_uj": str(span)})
    write(root, dict(files))


def advance(root: Path, steps: List[Tuple[str, int]]) -> None:
    for name, uj in steps:
        (root / BASE / name / "energy_uj").write_text(f"{uj}\n")


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A place that a user without rights can reach, and such a user while the test runs."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    me = os.geteuid()
    if me == 0:
        shutil.copytree(TREES / "x86-laptop", place / "x86-laptop")
        for name in ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:a"):
            (place / "x86-laptop" / BASE / name / "energy_uj").chmod(0o400)
        os.seteuid(65534)
    else:
        shutil.copytree(TREES / "x86-laptop", place / "x86-laptop")
        for name in ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:a"):
            (place / "x86-laptop" / BASE / name / "energy_uj").chmod(0)
    try:
        yield place / "x86-laptop"
    finally:
        os.seteuid(me)
        shutil.rmtree(place)


def test_a_repeated_counter_and_subzones_do_not_count() -> None:
    (only,) = zones(Tree(TREES / "x86-laptop"))
    assert only == ("package-0", f"{BASE}/intel-rapl:0", pytest.approx(262143.328850))
    source = rapl_source(Tree(TREES / "x86-laptop"))
    assert source is not None and source.method == "measured: rapl package-0 (CPU package only)"
    assert not source.whole and [rail.name for rail in source.rails()] == ["package-0"]


@pytest.mark.long
def test_a_counter_that_stands_still_is_no_reading(tmp_path: Path) -> None:
    source = rapl_source(Tree(TREES / "x86-laptop"))
    assert source is not None and source.read() is None and source.joules() == 0.0
    root = linked("x86-laptop", tmp_path)
    shutil.rmtree(root / "sys/class/power_supply")
    assert power(Tree(root)).watts is None


def test_packages_are_summed_psys_and_mmio_are_not(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 9_000_000)
    zone(tmp_path, "intel-rapl:0:2", "dram", 9_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 5_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 70_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 1_000_001)
    source = rapl_source(Tree(tmp_path))
    assert source is not None and source.method == "measured: rapl package-0+package-1 (CPU packages only)"
    assert source.joules() == 0.0
    advance(tmp_path, [("intel-rapl:0", 1_500_000), ("intel-rapl:1", 5_250_000), ("intel-rapl:2", 90_000_000)])
    assert source.joules() == pytest.approx(0.75)


def test_watts_from_two_looks(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    tree = Tree(tmp_path)

    def later(seconds: float) -> None:
        assert seconds == pytest.approx(0.05)
        advance(tmp_path, [("intel-rapl:0", 1000)])

    watts = RaplSource(tree, zones(tree), sleep=later).read()
    # 1 mJ over less than the 50 ms that were not slept
    assert watts is not None and 1e-3 / 0.05 < watts <= 1000.0


def test_a_counter_goes_round(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 999_000_000)
    source = rapl_source(Tree(tmp_path))
    assert source is not None and source.joules() == 0.0
    seen = []
    for uj in (999_900_000, 100_000, 600_000, 400_000):
        advance(tmp_path, [("intel-rapl:0", uj)])
        seen.append(source.joules())
    # the last one went round again: it never goes back
    assert seen == [pytest.approx(v) for v in (0.9, 1.1, 1.6, 1001.4)]
    assert unwrapped(7.0, 7.0, 100.0) == 0.0


def test_a_zone_without_its_range_or_with_garbage_is_not_used(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 5, span=None)
    assert zones(Tree(tmp_path)) == [] and rapl_source(Tree(tmp_path)) is None
    zone(tmp_path, "intel-rapl:0", "package-0", 2_000_000_000)
    assert rapl_source(Tree(tmp_path)) is None
    zone(tmp_path, "intel-rapl:0", "package-0", 5)
    source = rapl_source(Tree(tmp_path))
    assert source is not None and source.joules() == 0.0
    (tmp_path / BASE / "intel-rapl:0/energy_uj").write_text("soon")
    assert source.joules() is None
    (tmp_path / BASE / "intel-rapl:0/energy_uj").unlink()
    assert source.joules() is None


def test_root_only_is_said_with_its_cure(nobody: Path) -> None:
    tree = Tree(nobody)
    assert rapl_source(tree) is None
    ((what, cure),) = refusals(tree)
    assert "root only" in what and "sudo chmod" in cure and "udev" in cure
    # its battery is read all the same
    assert power(tree).method == "measured: battery BAT0 (discharging)"


def test_a_readable_counter_is_no_refusal() -> None:
    assert refusals(Tree(TREES / "x86-laptop")) == []
