"""Ctrl-C, SIGTERM and systemd: in processes of their own, over real sockets."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

from neuroedge.runtime.notify import Notifier

PARTS = str(Path(__file__).parent)

# says when it runs; its sink writes what it gets; `hang` stands in for a driver that does not come back
CHILD = """
import sys, time, os, signal
sys.path.insert(0, {parts!r})
from parts import encode, network
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.sinks import CallbackSink
said = []
def out(value):
    os.write(1, (str(value) + "\\n").encode())
def read():
    if {hang} and len(said) > 5:
        time.sleep(60)
    said.append(1)
    if len(said) == 5:
        out("running")
    return 3
before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
loop = Loop(read, encode, network(), lambda answer: None, CallbackSink(out, safe="safe"), dt=1.0, period_ms={period},
            watchdog=True)
report = loop.run(for_s={for_s})
out(report.reason)
out((signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before)
"""


def child(hang: bool = False, period: float = 10.0, for_s: float = 30.0, **env: str) -> "subprocess.Popen[str]":
    code = CHILD.format(parts=PARTS, hang=hang, period=period, for_s=for_s)
    given = {**os.environ, **env}
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=given)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.long
@pytest.mark.parametrize("number, name", [(signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM")])
def test_the_first_is_the_normal_end(number: int, name: str) -> None:
    with child() as process:
        assert line(process) == "running"
        process.send_signal(number)
        assert [line(process) for _ in range(3)] == ["safe", name, "True"]
        assert process.wait(5) == 0


@pytest.mark.long
def test_a_long_period_is_not_waited_for() -> None:
    with child(period=30_000.0) as process:
        process_began = time.monotonic()
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        rest = [line(process) for _ in range(3)]
        assert rest == ["safe", "SIGTERM", "True"] and time.monotonic() - process_began < 10.0


@pytest.mark.long
def test_the_second_ends_it_at_once_whatever_hangs() -> None:
    with child(hang=True) as process:
        assert line(process) == "running"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT


def listener(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(path)
    server.settimeout(10.0)
    return server


def heard(server: socket.socket) -> List[str]:
    found = []
    server.setblocking(False)
    while True:
        try:
            found.append(server.recv(4096).decode())
        except OSError:
            return found


@pytest.mark.long
@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_start_life_and_stop(tmp_path: Path, abstract: bool) -> None:
    name = f"neuroedge-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with listener("\0" + name if abstract else name) as server:
        shown = "@" + name if abstract else name
        with child(for_s=0.5, NOTIFY_SOCKET=shown, WATCHDOG_USEC="200000") as process:
            words = []
            while process.poll() is None:
                # a queue holds ten
                words += heard(server)
                time.sleep(0.01)
            words += heard(server)
    assert words[0] == "READY=1" and words[-1] == "STOPPING=1"
    # at least each half of 0.2 s
    assert 5 <= words.count("WATCHDOG=1") <= 15


@pytest.mark.long
def test_a_hang_is_silence(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    with listener(name) as server, child(hang=True, NOTIFY_SOCKET=name, WATCHDOG_USEC="100000") as process:
        assert line(process) == "running"
        time.sleep(0.3)
        heard(server)
        time.sleep(0.5)
        assert heard(server) == []
        process.kill()


class Ears:
    """A socket, and what a notifier in this process says to it."""

    def __init__(self, tmp_path: Path, **more: str) -> None:
        self.server = listener(str(tmp_path / "n"))
        self.notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "n"), **more})


def test_pings_come_at_least_each_half_interval(tmp_path: Path) -> None:
    ears = Ears(tmp_path, WATCHDOG_USEC="1000000", WATCHDOG_PID=str(os.getpid()))
    times = []
    for k in range(1000):
        before = ears.notifier.sent
        ears.notifier.alive(k * 0.01)
        if ears.notifier.sent > before:
            heard(ears.server)
            times.append(k * 0.01)
    assert max(b - a for a, b in zip(times, times[1:])) <= 0.5
    # a clock that goes back does not keep it silent
    before = ears.notifier.sent
    ears.notifier.alive(-1000.0)
    assert ears.notifier.sent == before + 1
    ears.server.close()


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "1000"}, {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"},
     {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "-5"},
     {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}],
)  # fmt: skip
def test_nobody_waits(environment: Dict[str, str]) -> None:
    notifier = Notifier(environment)
    assert notifier.interval is None
    notifier.alive(1.0)
    assert notifier.sent == 0


def test_a_socket_that_is_gone_is_counted_and_no_error() -> None:
    notifier = Notifier({"NOTIFY_SOCKET": "/nowhere/at/all"})
    notifier.send("READY=1")
    assert notifier.failed == 1


def test_a_full_socket_is_not_waited_for(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    for _ in range(2000):
        ears.notifier.send("WATCHDOG=1")
    assert ears.notifier.failed > 0
    ears.server.close()


def test_in_other_threads_signals_stay_as_they_are() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from neuroedge.runtime.stop import StopSignals

    def enter() -> Any:
        with StopSignals():
            return signal.getsignal(signal.SIGINT)

    before: Optional[Any] = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor() as pool:
        assert pool.submit(enter).result() is before
