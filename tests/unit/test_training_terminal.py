"""Training at a terminal: its bar shows and goes, and Ctrl-C keeps the best that was learned so far."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from typing import Tuple

import pytest

LONG = """
import sys, warnings
import numpy as np
import neuroedge as ne
from neuroedge.applications.classify import classifier, load_digits
from neuroedge.optimize import NetworkPruner

digits, net, what = load_digits(), classifier(), sys.argv[1]
data, epochs = (digits.inputs, digits.labels), int(sys.argv[2])
if what == "answers":
    net.parent, net.seen = classifier(seed=1), digits.inputs
before, version, synapses = net.get_weights(), net.version, net.synapses

def go():
    if what == "train":
        return ne.train(net, *data, epochs, rate=0.01)
    if what == "gradual":
        return NetworkPruner(sparsity_target=0.9).prune_while_training(net, data, epochs)[1]
    return ne.fine_tune(net, epochs, data if what == "tune" else None, rate=0.01)

print("started", flush=True)
try:
    print(go())
except KeyboardInterrupt:
    after = net.get_weights()
    same = all(np.array_equal(w, after[name]) for name, w in before.items())
    right = ne.evaluate(net, digits.test_inputs, digits.test_labels)
    print("interrupted", same, net.version - version, net.synapses == synapses, f"{right:.3f}", flush=True)
    raise
"""


def at_terminal(what: str, epochs: int, columns: int, interrupt: float = 0.0) -> Tuple[int, str]:
    """Exit status, and all that a terminal of so many columns is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-c", LONG, what, str(epochs)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    sent = b""
    try:
        while True:
            piece = os.read(ours, 65536)
            if interrupt and b"started" in sent + piece and b"started" not in sent:
                time.sleep(interrupt)
                process.send_signal(2)
            sent += piece
            if not piece:
                break
    except OSError:
        # how Linux says that the other side is closed
        pass
    os.close(ours)
    return process.wait(60), sent.decode()


@pytest.mark.long
@pytest.mark.parametrize("columns", [100, 0])
def test_a_bar_shows_and_goes(columns: int) -> None:
    status, sent = at_terminal("train", 80, columns)
    assert status == 0
    drawn = [line for line in sent.split("\r") if "samples/s" in line]
    assert drawn and all(len(line) <= (columns or 80) for line in drawn)
    # its line is wiped before anything else is printed
    assert sent.split("\r")[-3].strip() == "" or "samples/s" not in sent.split("History")[0].split("\r")[-1]
    assert "History(80 of 80 epochs" in sent and sent.rstrip().endswith("bytes)")


@pytest.mark.long
def test_without_a_terminal_nothing_is_drawn() -> None:
    done = subprocess.run([sys.executable, "-c", LONG, "train", "40"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and "History(40 of 40" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("what", ["train", "tune", "answers", "gradual"])
def test_ctrl_c_keeps_the_best_so_far(what: str) -> None:
    status, sent = at_terminal(what, 100_000, 100, interrupt=0.8)
    assert status in (-2, 130) and "KeyboardInterrupt" in sent
    same, versions, synapses, right = sent.split("interrupted ")[1].split()[:4]
    assert synapses == "True"
    if what == "gradual":
        # it works on a copy, of which nothing is left
        assert (same, versions) == ("True", "0")
    else:
        assert (same, versions) == ("False", "1")
        # a parent that was never taught answers anything
        assert what == "answers" or float(right) > 0.8
