"""Make a digits classifier small, then tell from a clip which way a car goes.

examples:
  neuroedge demo
  neuroedge demo --flat-out --out demo.png --report demo.html
  neuroedge demo --json

Writes a picture of the clip, and a report of it all that any browser shows.
"""

import argparse
import json
import platform
import sys
from importlib.util import find_spec
from typing import Any, Dict, List, Tuple

from .. import __version__
from ..applications.card import totals
from ..applications.demo import Case, Watched, cases, load_clip, simulator, watch
from ..applications.demo_report import demo_page, energy_in_words
from ..applications.measure import quantiles
from ..applications.steps import ShrunkDigits, remark, shrink_digits
from ..board import identify
from ..engines.library import simd
from ..errors import MissingExtraError, ParameterError
from ..formats.atomic import write_whole
from ..plan.explain import megabytes
from ..progress import bar
from ..simulator import Simulator
from .plot import file_usable, picture_usable, write_picture
from .table import WIDTH, print_error, print_lines, rows, wrapped

__all__ = ["options", "run", "usable"]

HEAD = f"{'step':<20}{'accuracy (%)':>12}{'bytes':>8}{'p50 (us)':>10}{'energy (uJ)':>15}{'additions':>11}"


def options(parser: argparse.ArgumentParser) -> None:
    """Options of `neuroedge demo`."""
    parser.add_argument("--flat-out", action="store_true", help="as fast as it goes, not at the camera's pace")
    parser.add_argument("--out", default="demo.png", metavar="FILE", help="where the picture goes (demo.png)")
    parser.add_argument("--report", default="demo.html", metavar="FILE", help="where the report goes (demo.html)")
    parser.add_argument("--no-picture", action="store_true", help="no picture, and a report without any")


def usable(options: argparse.Namespace) -> None:
    """Raises ParameterError for names that are no picture's and no report's, StorageError where they cannot be."""
    if not options.report.lower().endswith((".html", ".htm")):
        raise ParameterError(f"--report must end in .html (got {options.report!r})")
    file_usable(options.report)
    if not options.no_picture:
        picture_usable("--out", options.out)


def run(options: argparse.Namespace) -> int:
    """Shrink, play, print, draw, report; 0 if every answer is right, else 1."""
    print_error("digits, from float32 to pruned int8 (some ten seconds)", "demo")
    shrunk = shrink_digits()
    if not options.json:
        _print_digits(shrunk)
    print_error("which way does the car go?", "demo")
    clip, sim = load_clip(), simulator()
    steps = bar(len(clip.frames), "frame")
    try:
        seen = watch(sim, clip, live=not options.flat_out, saw=lambda _: steps.update(1))
    finally:
        steps.close()
    answers = [(case, watch(sim, case.clip)) for case in cases(clip)]
    report = {**_report(sim, seen, answers), "live": not options.flat_out, "digits": _digits(shrunk)}
    if options.json:
        print(json.dumps(report))
    else:
        _print(sim, report)
    _write(options, report, shrunk, seen)
    return 0 if report["right"] == len(answers) else 1


def _digits(shrunk: ShrunkDigits) -> Dict[str, Any]:
    steps = [
        {
            "step": step.name,
            "precision": step.precision,
            "synapses": step.synapses,
            "accuracy": step.accuracy,
            "weight_bytes": step.weight_bytes,
            "memory_bytes": step.nbytes,
            "p50_us": step.p50_us,
            "energy_uj": step.microjoules,
            "energy_source": step.energy_source,
            "additions": step.additions,
        }
        for step in shrunk.steps
    ]
    return {"samples": shrunk.samples, "steps": steps, "remark": remark(shrunk.steps)}


def _report(sim: Simulator, seen: Watched, answers: List[Tuple[Case, Watched]]) -> Dict[str, Any]:
    board, (neurons, _, count) = identify(), totals(sim.plan)
    duration = len(seen.events) * seen.interval
    return {
        "schema": "neuroedge.demo/1",
        "version": __version__,
        "python": platform.python_version(),
        "board": board.name,
        "cores": board.cpu_count,
        "simd": simd(),
        "neurons": neurons,
        "synapses": count,
        "bytes": sim.plan.nbytes,
        "frames": len(seen.events),
        "frame_interval_ms": seen.interval,
        "events": sum(len(e) for e in seen.events),
        "spikes": {"fields": len(seen.fields), "output": len(seen.output)},
        "synaptic_events": seen.synaptic_events,
        "realtime_factor": duration / 1000.0 / seen.busy,
        "latency_ms": quantiles(seen.latencies),
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


def _print_digits(shrunk: ShrunkDigits) -> None:
    print_lines([HEAD])
    for step in shrunk.steps:
        line = f"{step.name:<20}{100.0 * step.accuracy:>12.2f}{step.nbytes:>8,}{step.p50_us:>10.1f}"
        print_lines([f"{line}{energy_in_words(step.microjoules, step.energy_source):>15}{step.additions:>11,.0f}"])
    sources = dict.fromkeys(step.energy_source for step in shrunk.steps)
    print_lines(rows([("energy", source) for source in sources]))
    bytes_of = "bytes: plan and state; accuracy on digits of writers never seen"
    print_lines([f"{shrunk.samples:,} test digits; {bytes_of}", *wrapped(remark(shrunk.steps), WIDTH), ""])
    sys.stdout.flush()


def _print(sim: Simulator, r: Dict[str, Any]) -> None:
    sizes = " -> ".join(f"{name} {int(n):,}" for name, n in zip(sim.plan.names, sim.plan.pop_n))
    latency, spikes = r["latency_ms"], r["spikes"]
    tail = f"max {latency['max']:.2f}; {r['missed']} of {r['frames']} missed the deadline of {r['deadline_ms']:g} ms"
    pairs = [
        ("board", f"{r['board']}, {r['cores'] or '?'} cores, {r['simd']}"),
        ("network", f"{sizes}; {r['synapses']:,} synapses, {megabytes(r['bytes'])}"),
        ("camera", f"{r['frames']} frames, one every {r['frame_interval_ms']:g} ms -> {r['events']:,} events"),
        ("spikes", f"fields {spikes['fields']:,}, output {spikes['output']:,}; {r['synaptic_events']:,} additions"),
        ("speed", f"{r['realtime_factor']:.0f}x real time"),
        ("latency", f"p50 {latency['p50']:.2f} ms, p99 {latency['p99']:.2f}, p99.9 {latency['p99_9']:.2f}, {tail}"),
        ("answer", f"{r['direction']}, {r['speed']} (margin {r['margin']:.0%})"),
    ]
    print_lines([*rows(pairs), "", f"{'check':<24}{'answer':<14}{'speed':<7}{'margin (%)':>10}"])
    for a in r["answers"]:
        verdict = "right" if a["right"] else "WRONG"
        margin = f"{100.0 * a['margin']:.0f}"
        print_lines([f"{a['case']:<24}{str(a['direction']):<14}{str(a['speed']):<7}{margin:>10}  {verdict}"])
    print_lines(["", f"{r['right']} of {len(r['answers'])} right"])


def _write(options: argparse.Namespace, report: Dict[str, Any], shrunk: ShrunkDigits, seen: Watched) -> None:
    pictures: Dict[str, bytes] = {}
    if not options.no_picture and find_spec("matplotlib") is None:
        print_error(f"no pictures: {MissingExtraError('matplotlib', 'plot')}", "note")
    elif not options.no_picture:
        from ..applications.pictures import draw_demo
        from ..applications.pictures_demo import demo_pictures

        pictures = demo_pictures(shrunk, seen)
        write_picture(options.out, draw_demo(seen), 110)
        print_error(options.out, "picture")
    write_whole(options.report, [demo_page(report, pictures)])
    print_error(options.report, "report")
