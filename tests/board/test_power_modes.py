"""Power modes: what boards list, which one is on, what a name means on a board, and what setting it comes to."""

import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Optional

import pytest
from captured import BOARDS, TREES, Captured, said
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroedge.board.budgets import PowerMode, budget_of
from neuroedge.board.commands import Answer
from neuroedge.board.files import Tree
from neuroedge.board.governors import set_governor
from neuroedge.board.modes import modes
from neuroedge.board.nvpmodel import listed, query
from neuroedge.errors import ArgumentTypeError, NeuroedgeError, UnknownNameError

NANO, ORIN, LAPTOP = "jetson-nano-4gb-jp4.6", "jetson-orin-nano-jp6", "x86-laptop"
CONFIG, STATUS = "etc/nvpmodel.conf", "var/lib/nvpmodel/status"

# as printed on Orin and Thor boards without a terminal
REBOOT = (
    "NVPM WARN: Golden image context is already created\n"
    "NVPM WARN: Reboot required for changing to this power mode: 3\n"
    "NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm:\n"
    "NVPM ERROR: bad input!\nNVPM ERROR: optMask is 1, no request for power mode\n"
)
# OE4T/meta-tegra#1268
WRITE = (
    "NVPM ERROR: Error writing 2 to /sys/devices/gpu.0/fbp_pg_mask: 19\n"
    "NVPM ERROR: failed to set power mode!\nNVPM ERROR: optMask is 1, no request for power mode\n"
)
NO_SUDO = Answer(1, "", "sudo: a password is required\n")


class Board:
    """A board's nvpmodel: each `nvpmodel -m` is answered as told, and may change what `-q` then says."""

    def __init__(self, name: str, number: int, told: Dict[str, Answer], takes: Optional[Dict[str, Any]] = None) -> None:
        self.mode, self.told, self.takes, self.asked = (name, number), told, takes or {}, []  # type: ignore[var-annotated]

    def run(self, words: Any, timeout: float = 5.0) -> Optional[Answer]:
        line = " ".join(words)
        self.asked.append(line)
        if line == "nvpmodel -q":
            return Answer(0, "NV Power Mode: {}\n{}\n".format(*self.mode), "")
        self.mode = self.takes.get(line, self.mode)
        return self.told.get(line)


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone without root, by the name of robo."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("USER", "robo")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def names(found: Any) -> Any:
    return [(m.id, m.name, m.watts, m.cores, m.current) for m in found.list]


def test_the_modes_of_a_nano() -> None:
    found = modes(Tree(TREES / NANO))
    assert found is not None and found.kind == "nvpmodel"
    assert names(found) == [(0, "MAXN", 10.0, 4, True), (1, "5W", 5.0, 2, False)]


def test_the_modes_of_an_orin_nano() -> None:
    found = modes(Tree(TREES / ORIN))
    assert found is not None and found.current is not None and found.current.name == "MAXN_SUPER"
    assert [(m.id, m.name, m.watts, m.cores) for m in found.list] == [
        (0, "15W", 15.0, None), (1, "25W", 25.0, None), (2, "MAXN_SUPER", None, None), (3, "7W", 7.0, None)
    ]  # fmt: skip


def test_modes_that_only_the_tool_lists() -> None:
    runner = Captured({"nvpmodel -p --verbose": said("jetson-agx-xavier", "nvpmodel_-p_--verbose.stdout"),
                       "nvpmodel -q": said("jetson-agx-xavier", "nvpmodel_-q.stdout")})  # fmt: skip
    found = modes(Tree(TREES / "jetson-agx-xavier"), runner)
    assert found is not None and names(found) == [
        (0, "MAXN", None, 8, True), (1, "MODE_10W", 10.0, 2, False), (2, "MODE_15W", 15.0, 4, False),
        (3, "MODE_30W_ALL", 30.0, 8, False), (4, "MODE_30W_6CORE", 30.0, 6, False),
        (5, "MODE_30W_4CORE", 30.0, 4, False), (6, "MODE_30W_2CORE", 30.0, 2, False),
    ]  # fmt: skip


def test_the_file_and_the_tool_list_the_same() -> None:
    tool = listed(said(NANO, "nvpmodel_-p_--verbose.stdout").out, nano=True)
    file = listed((TREES / NANO / "etc/nvpmodel/nvpmodel_t210_jetson-nano.conf").read_text(), nano=True)
    assert tool == file and file.default == 0
    assert listed(said("jetson-agx-xavier", "nvpmodel_-p_--verbose.stdout").out).default == 2
    orin = listed(said("jetson-agx-orin-jp5", "nvpmodel_-p_--verbose.stdout").out)
    assert orin.default == 2 and [m.cores for m in orin.modes] == [12, 4, 8, 12]


def test_blanks_comments_and_doubles_in_the_file() -> None:
    text = (
        "# < POWER_MODEL ID=9 NAME=OFF >\n<POWER_MODEL  NAME = 10W   ID= 0>\n  CPU_ONLINE   CORE_0   1 # on\n"
        "<\tPOWER_MODEL ID=0 NAME=TWICE >\nCPU_ONLINE CORE_1 1\n< POWER_MODEL ID=x NAME=y >\n< POWER_MODEL >\n"
        "<PM_CONFIG DEFAULT = 0>\nCPU_ONLINE CORE_3 1\n"
    )
    assert listed(text) == ([PowerMode("10W", 0, 10.0, 1)], 0)


@pytest.mark.parametrize(
    ("answer", "name", "number"),
    [
        (said(NANO, "nvpmodel_-q.as-root.5w.stdout"), "5W", 1),
        (said(NANO, "nvpmodel_-q.as-root.maxn.stdout"), "MAXN", 0),
        (said(NANO, "nvpmodel_-q.as-user.5w.combined", 243), "5W", 1),
        (said("jetson-agx-xavier", "nvpmodel_-q.stdout"), "MAXN", None),
        (said("jetson-xavier-nx", "jetson_release_nvpmodel.line"), "MODE_20W_6CORE", 8),
        (said("jetson-agx-thor", "nvpmodel_-q.stdout"), "MAXN", 0),
        (said(ORIN, "nvpmodel_-q.other-unit.15w.stdout"), "15W", 0),
        (Answer(0, "NV Power Mode: MAXN\nNVPM ERROR: Error opening /sys/x: 13\n0\n", ""), "MAXN", 0),
        (Answer(1, "1\n", "NV Power Mode: MAXN SUPER"), "MAXN SUPER", None),
    ],
)
def test_the_mode_that_is_on(answer: Answer, name: str, number: Optional[int]) -> None:
    assert query(Captured({"nvpmodel -q": answer})) == (name, number)


@pytest.mark.parametrize("text", ["", "NVPM ERROR: optMask is 1", "NV Power Mode:", "NV Power Mode: \x1b[31m", "0"])
def test_no_mode_in_the_answer(text: str) -> None:
    assert query(Captured({"nvpmodel -q": Answer(0, text, "")})) is None
    assert query(Captured({})) is None


@pytest.mark.long
def test_a_status_file_is_asked_before_the_tool(changed: Callable[..., Path]) -> None:
    runner = Captured({"nvpmodel -q": said(NANO, "nvpmodel_-q.as-user.5w.combined")})
    found = modes(Tree(TREES / NANO), runner)
    assert found is not None and found.current is not None and found.current.name == "MAXN" and runner.asked == []
    for text in (None, "pmode:fan\n"):
        name = f"{text}"
        root = changed(NANO, {STATUS: text})
        found = modes(Tree(root), runner)
        assert found is not None and found.current is not None and found.current.name == "5W", name
        root.rename(root.parent / f"done-{text is None}")


def test_a_board_that_tells_only_its_mode() -> None:
    thor = "jetson-agx-thor"
    found = modes(Tree(TREES / thor), Captured({"nvpmodel -q": said(thor, "nvpmodel_-q.stdout")}))
    assert found is not None and names(found) == [(0, "MAXN", None, None, True)]
    mode, why = found.pick("5W")
    assert mode is None and why is not None and "budgets" in why and "MAXN" in why
    assert found.set("5W") == (False, None, None, why, None)


@pytest.mark.parametrize(
    ("name", "watts"),
    [("10W", 10), ("MODE_20W_6CORE", 20), ("30W_ALL", 30), ("7W_AI", 7), ("MODE_10W", 10), ("120W", 120), ("7.5W", 7.5),
     ("MAXN", None), ("MAXN_SUPER", None), ("W", None), ("MAXQ", 7.5), ("MAXP_CORE_ARM", 15), ("POWER", None)],
)  # fmt: skip
def test_budgets_in_names(name: str, watts: Optional[float]) -> None:
    assert budget_of(name) == watts
    assert budget_of("MAXN", nano=True) == 10.0


@pytest.mark.parametrize(
    ("board", "asked", "mode"),
    [
        (NANO, "MAXN", "MAXN"), (NANO, "10W", "MAXN"), (NANO, "5W", "5W"), (NANO, "maxn", "MAXN"),
        (NANO, "MODE_5W", "5W"),
        (ORIN, "MAXN", "MAXN_SUPER"), (ORIN, "10W", "7W"), (ORIN, "5W", "7W"), (ORIN, "maxn super", "MAXN_SUPER"),
        ("jetson-agx-xavier", "10W", "MODE_10W"), ("jetson-agx-xavier", "5W", "MODE_10W"),
        ("jetson-agx-xavier", "30w_4core", "MODE_30W_4CORE"), ("jetson-agx-orin-jp5", "5W", "MODE_15W"),
        (LAPTOP, "MAXN", "performance"), (LAPTOP, "10W", "powersave"), (LAPTOP, "5W", "powersave"),
        (LAPTOP, "Performance", "performance"),
    ],
)  # fmt: skip
def test_what_a_name_means_on_a_board(board: str, asked: str, mode: str) -> None:
    lists = TREES / board / "_cmd" / "nvpmodel_-p_--verbose.stdout"
    answers = {"nvpmodel -p --verbose": Answer(0, lists.read_text(), "")} if lists.exists() else {}
    found = modes(Tree(TREES / board), Captured(answers))
    assert found is not None
    picked, note = found.pick(asked)
    assert picked is not None and picked.name == mode
    same = asked.upper().replace(" ", "_").replace("MODE_", "") == mode.upper().replace("MODE_", "")
    assert (note is None) == same
    assert note is None or (repr(asked) in note and repr(mode) in note)


def test_of_two_budgets_as_near_the_one_of_more_cores(changed: Callable[..., Path]) -> None:
    def conf(*rows: Any) -> str:
        return "\n".join(
            "\n".join([f"< POWER_MODEL ID={i} NAME={name} >", *(f"CPU_ONLINE CORE_{c} 1" for c in range(cores))])
            for i, (name, cores) in enumerate(rows)
        )

    root = changed(ORIN, {CONFIG: conf(("8W", 2), ("12W_A", 4), ("12W_B", 6), ("30W_2", 2), ("30W_8", 8))})
    found = modes(Tree(root))
    assert found is not None
    assert [found.pick(name)[0].name for name in ("10W", "5W", "MAXN")] == ["12W_B", "8W", "30W_8"]  # type: ignore[union-attr]


def test_unknown_names(board: Callable[[str], Path]) -> None:
    found = modes(Tree(board(NANO)))
    assert found is not None
    with pytest.raises(UnknownNameError, match="unknown power mode '6W'.*known: 10W, 5W, MAXN"):
        found.pick("6W")
    with pytest.raises(UnknownNameError, match="did you mean 'MAXN'"):
        found.set("MAXM")
    for bad in (5, None, b"5W"):
        with pytest.raises(ArgumentTypeError, match="power mode: name must be a text"):
            found.set(bad)  # type: ignore[arg-type]


def test_governors_of_a_laptop() -> None:
    found = modes(Tree(TREES / LAPTOP))
    assert found is not None and found.kind == "cpufreq"
    assert names(found) == [(None, "performance", None, None, False), (None, "powersave", None, None, True)]


def test_governors_that_all_policies_offer(tmp_path: Path) -> None:
    big, little = ("performance schedutil powersave", "schedutil"), ("powersave schedutil", "powersave")
    for policy, (offer, now) in enumerate((big, little)):
        folder = tmp_path / f"sys/devices/system/cpu/cpufreq/policy{policy}"
        folder.mkdir(parents=True)
        (folder / "scaling_available_governors").write_text(offer)
        (folder / "scaling_governor").write_text(now)
    found = modes(Tree(tmp_path))
    assert found is not None and found.names == ["schedutil", "powersave"] and found.current is None
    assert set_governor(Tree(tmp_path), "powersave") == (True, None, None)
    found = modes(Tree(tmp_path))
    assert found is not None and found.current is not None and found.current.name == "powersave"


def test_garbage_is_no_governor(tmp_path: Path) -> None:
    folder = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_available_governors").write_text(f"performance {'A' * 3000} p\u00f6wer\n", encoding="utf-8")
    (folder / "scaling_governor").write_text("performance\n")
    found = modes(Tree(tmp_path))
    assert found is not None and found.names == ["performance"]


def test_a_governor_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "sys/devices/system/cpu/cpufreq/policy0"
    folder.mkdir(parents=True)
    # a file of the kernel that nobody may write, not even root
    (folder / "scaling_governor").symlink_to("/sys/devices/system/cpu/possible")
    (folder / "scaling_available_governors").write_text("performance")
    with open("/sys/devices/system/cpu/possible") as handle:
        offered = handle.read().strip()
    tree = Tree(tmp_path)
    assert modes(tree) is None or modes(tree).current is None  # type: ignore[union-attr]
    done, reason, cure = set_governor(_Through(tmp_path), offered)
    assert not done and reason is not None and cure is not None and "scaling_governor" in reason
    assert "sudo tee" in cure or "container" in cure


class _Through(Tree):
    """A tree whose links may lead out, as they may on this machine itself."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.here = True


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_has_modes_or_none(name: str) -> None:
    found = modes(Tree(TREES / name))
    with_modes = {NANO, ORIN, LAPTOP}
    assert (found is not None) == (name in with_modes)
    if found is not None:
        for portable in ("MAXN", "10W", "5W"):
            done, mode, _, reason, cure = found.set(portable)
            assert not done and mode is not None and reason is not None and "not this machine" in reason and cure


def test_set_as_root(root: None) -> None:
    runner = Board("MAXN", 0, {"nvpmodel -m 1": Answer(0, "", "")}, {"nvpmodel -m 1": ("5W", 1)})
    found = modes(Tree(TREES / NANO), runner)
    assert found is not None
    done, mode, note, reason, cure = found.set("5W")
    assert done and mode is not None and mode.current and (note, reason, cure) == (None, None, None)
    assert found.current is not None and found.current.name == "5W"
    assert runner.asked == ["nvpmodel -q", "nvpmodel -m 1", "nvpmodel -q"]


def test_what_is_on_already_needs_no_root(user: None) -> None:
    runner = Board("MAXN", 0, {})
    change = modes(Tree(TREES / NANO), runner).set("10W")  # type: ignore[union-attr]
    assert change.done and "'10W': 'MAXN' is taken, since its budget is 10 W" in str(change.note)
    assert runner.asked == ["nvpmodel -q"]


def test_set_through_sudo_which_may_not_ask(user: None) -> None:
    line = "sudo -n nvpmodel -m 1"
    runner = Board("MAXN", 0, {line: Answer(0, "", "")}, {line: ("5W", 1)})
    assert modes(Tree(TREES / NANO), runner).set("5W").done  # type: ignore[union-attr]
    assert runner.asked == ["nvpmodel -q", line, "nvpmodel -q"]


def test_an_exit_code_is_not_believed(root: None) -> None:
    set_it = {"nvpmodel -m 1": ("5W", 1)}
    odd = Board("MAXN", 0, {"nvpmodel -m 1": Answer(243, "", WRITE)}, set_it)
    assert modes(Tree(TREES / NANO), odd).set("5W").done  # type: ignore[union-attr]
    silent = Board("MAXN", 0, {"nvpmodel -m 1": Answer(0, "", "")})
    change = modes(Tree(TREES / NANO), silent).set("5W")  # type: ignore[union-attr]
    assert not change.done and "no error (exit code 0), but the mode did not change" in str(change.reason)


@pytest.mark.parametrize(
    ("answer", "reason", "cure"),
    [
        (NO_SUDO, "nvpmodel -m needs root", "sudo nvpmodel -m 1"),
        (NO_SUDO, "needs root", "robo ALL=(root) NOPASSWD: /usr/sbin/nvpmodel"),
        (Answer(1, "", "robo is not in the sudoers file.\n"), "needs root", "sudo"),
        (Answer(0, "NVPM ERROR: Error opening /sys/kernel/x/emc_iso_cap: 13\n", ""), "needs root", "sudo"),
        (Answer(234, REBOOT, ""), "must be restarted for the mode '5W'", "sudo nvpmodel -m 1, answer yes"),
        (Answer(0, "", WRITE), "nvpmodel says: Error writing 2 to /sys/devices/gpu.0/fbp_pg_mask: 19", "sudo nvpmodel"),
        (Answer(None, "", "no answer within 30 s"), "no answer within 30 s", "sudo nvpmodel -m 1"),
        (None, "no nvpmodel command", "outside of the container"),
    ],
)
def test_what_cannot_be_set(user: None, answer: Optional[Answer], reason: str, cure: str) -> None:
    runner = Board("MAXN", 0, {} if answer is None else {"sudo -n nvpmodel -m 1": answer})
    change = modes(Tree(TREES / NANO), runner).set("5W")  # type: ignore[union-attr]
    assert not change.done and change.mode is not None and change.mode.name == "5W"
    assert reason in str(change.reason) and cure in str(change.cure)


def test_a_mode_that_cannot_be_read_back(root: None, changed: Callable[..., Path]) -> None:
    tree = Tree(changed(NANO, {STATUS: None}))
    change = modes(tree, Captured({"nvpmodel -m 1": Answer(0, "", "")})).set("5W")  # type: ignore[union-attr]
    assert not change.done and "cannot be read back" in str(change.reason) and change.cure == "look at: nvpmodel -q"


def test_a_user_name_that_is_none(user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "x; rm -rf /")
    change = modes(Tree(TREES / NANO), Board("MAXN", 0, {"sudo -n nvpmodel -m 1": NO_SUDO})).set("5W")  # type: ignore[union-attr]
    assert "USER ALL=(root)" in str(change.cure) and "rm" not in str(change.cure)


def tool(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="shell scripts as tools")
def test_from_end_to_end_with_tools_of_a_path(
    tmp_path: Path, user: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner of this machine itself, with tools that print what was captured, exit codes that mislead included."""
    from neuroedge.board.commands import Shell

    tools, state = tmp_path / "bin", tmp_path / "mode"
    state.write_text("NV Power Mode: MAXN\n0\n")
    reboot = tmp_path / "reboot"
    reboot.write_text(REBOOT)
    tool(tools, "nvpmodel", f"""
case "$1$2" in
-q) cat {state}; echo 'NVPM ERROR: Error opening /sys/kernel/nvpmodel_emc_cap/emc_iso_cap: 13'; exit 243;;
-m1) if read answer; then exit 9; fi; [ "$RIGHT" ] || {{ echo 'NVPM ERROR: Error writing x: 13'; exit 0; }}
     printf 'NV Power Mode: 5W\\n1\\n' > {state}; exit 255;;
-m0) cat {reboot}; exit 234;;
esac""")
    tool(tools, "sudo", """
[ "$1" = -n ] || { read answer; exit 8; }
[ -z "$SUDO_MAY" ] && { echo 'sudo: a password is required' >&2; exit 1; }
shift; RIGHT=1 exec "$@\"""")
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    found = modes(Tree(TREES / NANO), Shell())
    assert found is not None
    refused = found.set("5W")
    assert not refused.done and "robo ALL=(root) NOPASSWD" in str(refused.cure)
    monkeypatch.setenv("SUDO_MAY", "1")
    assert found.set("5W").done and state.read_text().startswith("NV Power Mode: 5W")
    back = found.set("10W")
    assert not back.done and "restarted" in str(back.reason) and "'MAXN' is taken" in str(back.note)


garbage = st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
lines = st.lists(
    st.sampled_from([
        b"< POWER_MODEL ID=0 NAME=MAXN >", b"< POWER_MODEL ID=99999 NAME=x >", b"<POWER_MODEL ID=1", b"pmode:0001",
        b"NV Power Mode: 5W", b"NV Power Mode[", b"CPU_ONLINE CORE_0 1", b"PM_CONFIG DEFAULT=", b"0", b"\xff\xfe", b"#",
        b"NVPM ERROR: ", b"POWER_MODEL: ID=1 NAME=5W", b"nvpmodel/nvpmodel_t210_jetson-nano.conf", b"/etc/x.conf",
    ]), max_size=8,
).map(b"\n".join)  # fmt: skip


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(garbage, lines), st.one_of(garbage, lines), st.one_of(garbage, lines))
def test_garbage_never_raises_outside_our_tree(
    tmp_path_factory: pytest.TempPathFactory, conf: bytes, status: bytes, answer: bytes
) -> None:
    root = tmp_path_factory.getbasetemp() / "garbage"
    for path, raw in ((CONFIG, conf), (STATUS, status)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(raw)
    text = answer.decode("utf-8", "replace")
    said = Answer(0, text, text)
    runner = Captured({f"{sudo}nvpmodel {option}": said for option in ("-q", "-p --verbose", "-m 0", "-m 1")
                       for sudo in ("", "sudo -n ")})  # fmt: skip
    found = modes(Tree(root), runner)
    for name in ("MAXN", "10W", "5W", *(found.names if found else [])):
        try:
            if found is not None:
                assert found.set(name).done in (True, False)
        except NeuroedgeError:
            pass
