"""Measure neuroedge, and other simulators beside it: `make bench`, or `python bench/run.py --quick`.

Every repeat of ours is followed by one of each other simulator, on the same files, in the same run, so that a noisy
machine is noisy for all. Ratios are medians of the ratios of such pairs. One thread each, where nothing else is said.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

# before NumPy is imported: its products on one thread, as everyone else
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["NEUROEDGE_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

import anomaly
import control
import dense
import encoding
import growth
import hog
import large
import learning
import live
import machine
import measures
import realtime
import shrinking
import small
import threshold
import workloads
from pairs import Row, say_skipped

# those that read files, and those that draw their networks
GIVEN = ("w1", "w2", "w3")
SECTIONS: Dict[str, Callable[[int, bool], Iterator[Row]]] = {
    "w1": small.w1,
    "w2": small.w2,
    "w3": dense.w3,
    "calls": measures.calls,
    "threshold": threshold.thresholds,
    "w4": large.w4,
    "w5": large.w5,
    "growth": growth.growth,
    "learning": learning.learning,
    "shrinking": shrinking.shrinking,
    "live": live.live,
    "anomaly": anomaly.anomaly,
    "hog": hog.hogs,
    "encoding": encoding.encoding,
    "realtime": realtime.realtime,
    "control": control.control,
}


def main() -> int:
    options = _options()
    # a terminated run ends its peers as one that is interrupted does
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    path = Path(options.out)
    path.parent.mkdir(parents=True, exist_ok=True)
    repeats = min(options.repeats, 3) if options.quick else options.repeats
    with path.open("w") as out:
        _put(out, {"measure": "machine", **machine.describe(), "load": machine.load()})
        print(f"{'measure':<30}{'unit':<13}{'median':>10}{'best':>10}{'n':>7}  note", flush=True)
        try:
            for name in options.only:
                _section(name, repeats, options.quick, out)
        except KeyboardInterrupt:
            print(f"\ninterrupted; what was measured is in {path}", file=sys.stderr)
            return 130
        _put(out, {"measure": "end", "load": machine.load()})
    print(f"\n{path}; load averages {machine.load()}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few and short repeats, no other simulators, no wheel")
    parser.add_argument("--repeats", type=int, default=11, metavar="N", help="repeats of each measure (default: 11)")
    parser.add_argument("--only", type=_sections, default=list(SECTIONS), metavar="A,B", help=", ".join(SECTIONS))
    parser.add_argument("--out", default="bench/results/latest.jsonl", metavar="FILE", help="JSON lines go here too")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    options.only = [name for name in SECTIONS if name in options.only]
    return options


def _sections(text: str) -> List[str]:
    names = text.split(",")
    for name in names:
        if name not in SECTIONS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(SECTIONS)}")
    return names


def _section(name: str, repeats: int, quick: bool, out: Any) -> None:
    if name in GIVEN and workloads.missing():
        say_skipped(f"{name}: {workloads.missing()}")
        return
    for row in SECTIONS[name](repeats, quick):
        _put(out, {"section": name, **row, "load1": machine.load()[0]})
        print(
            f"{row['measure']:<30}{row['unit']:<13}{row['median']:>10.4g}{row['best']:>10.4g}{row['n']:>7}"
            f"  {row['note']}",
            flush=True,
        )


def _put(out: Any, row: Row) -> None:
    """A measurement as one JSON line, there as soon as it is known."""
    out.write(json.dumps({"schema": "neuroedge.bench/1", **row}) + "\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
