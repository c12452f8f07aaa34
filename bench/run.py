"""Measure neuroedge, and other simulators beside it: `make bench`, or `python bench/run.py --quick`.

Every repeat of ours is followed by one of each other simulator, on the same files, in the same run, so that a noisy
machine is noisy for all. Ratios are medians of the ratios of such pairs. One thread each.
"""

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any, Dict, List, Set

sys.path.insert(0, str(Path(__file__).parent))

import measures
import workloads
from measures import Row
from peers.drive import available_peers, skipped


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few repeats, no other simulators, no wheel")
    parser.add_argument("--repeats", type=int, default=11, metavar="N", help="repeats of each workload (default: 11)")
    parser.add_argument("--out", default="bench/results/latest.jsonl", metavar="FILE", help="JSON lines go here too")
    options = parser.parse_args()
    repeats = 5 if options.quick else options.repeats
    reason = workloads.missing()
    rows: List[Row] = []
    if reason:
        print(f"SKIPPED: w1, w2, w3: {reason}", file=sys.stderr)
    else:
        rows += _workloads(repeats, peers=not options.quick)
        rows += [measures.dense(percent, 10 * repeats) for percent in (10, 5)]
        rows.append(measures.memory())
    rows += [measures.step(20_000), measures.build(repeats), measures.imports(repeats)]
    if not options.quick:
        rows.append(measures.wheel())
    _write(rows, Path(options.out))
    return 0


def _workloads(repeats: int, peers: bool) -> List[Row]:
    rows: List[Row] = []
    reasons: Set[str] = set()
    for name, dt in (("w1", 1.0), ("w1", 0.1), ("w2", 0.1)):
        workload = workloads.w1(dt) if name == "w1" else workloads.w2()
        others = available_peers(str(workloads.DATA), name, dt) if peers else []
        reasons.update(f"{peer}: {reason}" for peer, reason in skipped)
        rows += _pairs(workload, others, repeats)
        for other in others:
            other.close()
    for reason in sorted(reasons):
        print(f"SKIPPED: {reason}", file=sys.stderr)
    return rows


def _pairs(workload: workloads.Workload, others: List[Any], repeats: int) -> List[Row]:
    measures.once(workload)
    ours: List[float] = []
    theirs: Dict[str, List[float]] = {}
    for _ in range(repeats):
        ours.append(measures.once(workload))
        for other in others:
            answer = other.once()
            theirs.setdefault(answer["peer"], []).append(answer["wall_s"])
    rows = [measures.realtime(workload, ours)]
    for name, walls in theirs.items():
        row = measures.realtime(workload, walls)
        ratio = statistics.median(w / o for w, o in zip(walls, ours))
        rows.append({**row, "measure": f"  {name}", "simd": "", "ours_is_faster_by": ratio})
    return rows


def _write(rows: List[Row], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(measures.line(row) + "\n" for row in rows))
    print(f"{'measure':<26}{'unit':<14}{'median':>10}{'best':>10}{'n':>7}  ours is faster by")
    for row in rows:
        ratio = f"{row['ours_is_faster_by']:.1f}x" if "ours_is_faster_by" in row else ""
        print(f"{row['measure']:<26}{row['unit']:<14}{row['median']:>10.4g}{row['best']:>10.4g}{row['n']:>7}  {ratio}")
    print(f"\n{path}")


if __name__ == "__main__":
    sys.exit(main())
