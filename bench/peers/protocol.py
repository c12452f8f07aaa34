"""What the peer scripts share: command line, network files, JSON lines, check of the rates.

Needs only NumPy, which every peer's environment has.  A peer is an object with `label`,
`version`, `build_s`, `run_once() -> (wall_s, counts, extra)` and `close()`; `counts` maps a
population's name to its number of spikes.
"""

import argparse
import json
import os
import signal
import sys

import numpy as np

SIMULATED_S = {"w1": 10.0, "w2": 1.0}
SIZES = {"w1": {"hidden": 800, "output": 100}, "w2": {"all": 4000}}
# the accepted rates in Hz: outside of them the peer has simulated another network
LIMITS = {"w1": {"hidden": (7.02, 7.42), "output": (20.0, 20.4)}, "w2": {"all": (5.8, 6.1)}}
FILES = {"w1": "w1.npz", "w2": "cuba4000.npz"}


def arguments(backends=None):
    """Read the command line; `backends` are the peer's choices, the first is the default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=("w1", "w2", "file"), required=True)
    parser.add_argument("--dt", type=float, choices=(1.0, 0.1), required=True, help="ms")
    parser.add_argument("--data", required=True, help="folder with w1.npz and cuba4000.npz, or the file")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help="one repeat for each line of stdin")
    if backends:
        parser.add_argument("--backend", choices=backends, default=backends[0])
    args = parser.parse_args()
    if args.workload == "w2" and args.dt != 0.1:
        parser.error("w2 is defined at --dt 0.1 only")
    return args


def claim_stdout():
    """Keep stdout for JSON lines; whatever the simulator or its compiler prints goes to stderr."""
    lines = os.fdopen(os.dup(1), "w")
    sys.stdout.flush()
    os.dup2(2, 1)
    return lines


def one_thread():
    """Hold every library to one thread; to be called before the simulator is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def load(args):
    """Return the arrays of the workload in types that every simulator takes."""
    path = args.data if args.workload == "file" else os.path.join(args.data, FILES[args.workload])
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}
    # uint16 indices would wrap as soon as an offset is added to them
    data = {key: a.astype(np.float64 if a.dtype.kind == "f" else np.int64) for key, a in arrays.items()}
    if args.workload == "file":
        # such a file says itself how long it runs and how it fires
        SIMULATED_S["file"], SIZES["file"] = float(data["seconds"]), {"cells": int(data["cells"])}
        LIMITS["file"] = {"cells": tuple(data["band"].tolist())}
    return data


def groups(data):
    """Return the recurrent groups of a drawn network: (sources, targets, weight) each."""
    names = sorted(key[:-4] for key in data if key.startswith("g") and key.endswith("_pre"))
    return [(data[name + "_pre"], data[name + "_post"], float(data[name + "_weight"])) for name in names]


def checked_rates(label, workload, counts):
    """Turn counts into Hz; leave with status 1 if they are not the workload's."""
    seconds = SIMULATED_S[workload]
    rates = {name: counts[name] / (size * seconds) for name, size in SIZES[workload].items()}
    for name, (low, high) in LIMITS[workload].items():
        if not low <= rates[name] <= high:
            sys.exit(
                "%s: %s fires at %.3f Hz, but %s asks for %.2f to %.2f Hz: not the same network"
                % (label, name, rates[name], workload, low, high)
            )
    return rates


def repeat(peer, args):
    """Run the simulation once from its initial state; return the record to print."""
    wall_s, counts, extra = peer.run_once()
    seconds = SIMULATED_S[args.workload]
    record = {
        "peer": peer.label,
        "version": peer.version,
        "workload": args.workload,
        "dt_ms": args.dt,
        "simulated_s": seconds,
        "wall_s": wall_s,
        "realtime_factor": seconds / wall_s,
        "rates_hz": checked_rates(peer.label, args.workload, counts),
        "build_s": peer.build_s,
    }
    record.update(extra)
    return record


def main(make_peer, backends=None):
    """Entry point of a peer script; `make_peer(args)` builds the network."""
    args = arguments(backends)
    lines = claim_stdout()
    one_thread()
    # a terminated script leaves through the finally below, so its build folder goes too
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    peer = make_peer(args)
    try:
        # readline, not iteration over stdin, which may read ahead
        requests = iter(sys.stdin.readline, "") if args.serve else range(args.repeats)
        for _ in requests:
            lines.write(json.dumps(repeat(peer, args)) + "\n")
            lines.flush()
    finally:
        peer.close()
