"""Play a traffic clip through a spiking network that says which way the car goes.

examples:
  neuroedge demo
  neuroedge demo --flat-out --out demo.png
  neuroedge demo --json
"""

import argparse
import json
import sys
from typing import Any, Dict, List, Tuple

from ..applications.demo import Case, Watched, cases, load_clip, simulator, watch
from ..board import identify
from ..engines.library import simd
from ..errors import MissingExtraError
from ..plan.explain import megabytes, synapses
from ..progress import bar
from ..simulator import Simulator

__all__ = ["options", "run"]


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge demo`."""
    parser.add_argument("--flat-out", action="store_true", help="as fast as it goes, not at the camera's pace")
    parser.add_argument("--out", default="demo.png", metavar="FILE", help="where the picture goes (default: demo.png)")
    parser.add_argument("--no-picture", action="store_true", help="write no picture")


def run(options: argparse.Namespace) -> int:
    """Play, print, draw; 0 if every answer is right, else 1."""
    clip = load_clip()
    sim = simulator()
    print("neuroedge demo: which way does the car go?", file=sys.stderr)
    steps = bar(len(clip.frames), "frame")
    seen = watch(sim, clip, live=not options.flat_out, saw=lambda _: steps.update(1))
    steps.close()
    answers = [(case, watch(sim, case.clip)) for case in cases(clip)]
    report = _report(sim, seen, answers)
    if options.json:
        print(json.dumps(report))
    else:
        _print(sim, report)
    if not options.no_picture:
        _draw(seen, options.out, quiet=options.json)
    return 0 if report["right"] == len(answers) else 1


def _report(sim: Simulator, seen: Watched, answers: List[Tuple[Case, Watched]]) -> Dict[str, Any]:
    board, plan = identify(), sim.plan
    duration = len(seen.events) * seen.interval
    return {
        "schema": "neuroedge.demo/1",
        "board": board.name,
        "cores": board.cpu_count,
        "simd": simd(),
        "neurons": int(plan.pop_n.sum()),
        "synapses": sum(synapses(plan, q) for q in range(len(plan.projections))),
        "bytes": plan.nbytes,
        "frames": len(seen.events),
        "frame_interval_ms": seen.interval,
        "events": sum(len(e) for e in seen.events),
        "spikes": {"fields": len(seen.fields), "output": len(seen.output)},
        "synaptic_events": seen.synaptic_events,
        "realtime_factor": duration / 1000.0 / seen.busy,
        "latency_ms": {
            "median": float(sorted(seen.latencies)[len(seen.latencies) // 2]),
            "worst": float(seen.latencies.max()),
        },
        "deadline_ms": seen.interval,
        "missed": int((seen.latencies > seen.interval).sum()),
        "direction": seen.motion.direction,
        "speed": seen.motion.speed,
        "margin": seen.motion.margin,
        "answers": [_answer(case, got) for case, got in answers],
        "right": sum(_answer(case, got)["right"] for case, got in answers),
    }


def _answer(case: Case, got: Watched) -> Dict[str, Any]:
    right = got.motion.direction == case.direction and case.speed in (None, got.motion.speed)
    return {
        "case": case.name,
        "direction": got.motion.direction,
        "speed": got.motion.speed,
        "margin": round(got.motion.margin, 3),
        "right": right,
    }


def _print(sim: Simulator, r: Dict[str, Any]) -> None:
    sizes = " -> ".join(f"{name} {int(n):,}" for name, n in zip(sim.plan.names, sim.plan.pop_n))
    latency = r["latency_ms"]
    print(f"board     {r['board']}, {r['cores'] or '?'} cores, {r['simd']}")
    print(f"network   {sizes}; {r['synapses']:,} synapses, {megabytes(r['bytes'])}")
    print(f"camera    {r['frames']} frames, one every {r['frame_interval_ms']:g} ms -> {r['events']:,} events")
    print(
        f"spikes    fields {r['spikes']['fields']:,}, output {r['spikes']['output']:,}; "
        f"{r['synaptic_events']:,} synaptic events"
    )
    print(f"speed     {r['realtime_factor']:.0f}x real time")
    print(
        f"latency   {latency['median']:.2f} ms median, {latency['worst']:.2f} ms worst of a deadline of "
        f"{r['deadline_ms']:g} ms, {r['missed']} of {r['frames']} missed"
    )
    print(f"answer    {r['direction']}, {r['speed']} (margin {r['margin']:.0%})")
    print()
    print(f"{'check':<24}{'answer':<14}{'speed':<7}{'margin':>7}")
    for a in r["answers"]:
        verdict = "right" if a["right"] else "WRONG"
        print(f"{a['case']:<24}{str(a['direction']):<14}{str(a['speed']):<7}{a['margin']:>7.0%}  {verdict}")
    print(f"\n{r['right']} of {len(r['answers'])} right")


def _draw(seen: Watched, path: str, quiet: bool) -> None:
    try:
        from ..applications.pictures import draw_demo
    except MissingExtraError as error:
        print(f"no picture: {error}", file=sys.stderr)
        return
    draw_demo(seen, path)
    if not quiet:
        print(f"picture   {path}")
