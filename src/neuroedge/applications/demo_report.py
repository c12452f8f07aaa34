"""The report of the demo: one page, with what was measured here, what was estimated, and how to repeat it."""

from typing import Any, Dict, List, Mapping, Optional

from .html import columns, definitions, figure, listing, page, tag

__all__ = ["CAPTIONS", "demo_page", "energy_in_words"]

# the pictures of a report, and what stands beneath each
CAPTIONS = {
    "steps": "Accuracy against bytes on the device, and the energy of one inference; hatched bars are estimates.",
    "digits": "The first eight test digits, and two more that the smallest network gets wrong, with its answers.",
    "frames": "Frames as the network's retina sees them, with the events of each.",
    "activity": "Spikes of the motion fields, and the rate of each direction's output.",
    "votes": "Spikes of every output in the whole clip.",
    "latency": "From a frame to its answer, against the time until the next frame.",
}

_TOLD = (("p50", "p50"), ("p99", "p99"), ("p99.9", "p99_9"), ("max", "max"))


def demo_page(report: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The page of what `neuroedge demo --json` tells, and of pictures named as in `CAPTIONS`; those not given are left
    out."""
    drawn = {name: figure(data, CAPTIONS[name]) for name, data in pictures.items()}
    parts = [*_machine(report), *_digits(report["digits"], drawn), *_clip(report, drawn), *_notes(report)]
    if not drawn:
        parts.insert(1, tag("p", "This report is without pictures: pip install neuroedge[plot] brings them."))
    return page("neuroedge demo", parts)


def _machine(report: Mapping[str, Any]) -> List[str]:
    pairs = [
        ("board", report["board"]), ("cores", report["cores"] or "not known"), ("instructions", report["simd"]),
        ("neuroedge", report["version"]), ("Python", report["python"]),
    ]  # fmt: skip
    return [definitions(pairs)]


def _digits(digits: Mapping[str, Any], drawn: Dict[str, str]) -> List[str]:
    head = ["step", "accuracy (%)", "weights (bytes)", "in all (bytes)", "p50 (µs)", "energy (µJ)", "additions"]
    rows = [
        [
            step["step"], f"{100.0 * step['accuracy']:.2f}", f"{step['weight_bytes']:,}",
            f"{step['memory_bytes']:,}", f"{step['p50_us']:.1f}",
            energy_in_words(step["energy_uj"], step["energy_source"]), f"{step['additions']:,.0f}",
        ]
        for step in digits["steps"]
    ]  # fmt: skip
    said = (
        f"A classifier of handwritten digits, taken from float32 to int8 with a fifth of its synapses. Accuracy is on "
        f"{digits['samples']:,} digits of writers that it never saw; one inference is one digit, on one thread. "
        f"{digits['remark']}"
    )
    return [
        tag("h2", "Digits: from float32 to pruned int8"), tag("p", said), columns(head, rows), drawn.get("steps", ""),
        drawn.get("digits", ""),
    ]  # fmt: skip


def energy_in_words(microjoules: Optional[float], source: str) -> str:
    """The energy of one inference, and whether it is measured or estimated."""
    if microjoules is None:
        return "not known"
    return f"{microjoules:,.0f} {'measured' if source.startswith('measured') else 'estimated'}"


def _clip(report: Mapping[str, Any], drawn: Dict[str, str]) -> List[str]:
    latency, spikes, frames = report["latency_ms"], report["spikes"], report["frames"]
    told = ", ".join(f"{name} {latency[key]:.2f} ms" for name, key in _TOLD)
    pairs = [
        ("answer", f"{report['direction']}, {report['speed']} (margin {report['margin']:.0%})"),
        ("network", f"{report['neurons']:,} neurons, {report['synapses']:,} synapses, {report['bytes']:,} bytes"),
        ("camera", f"{frames} frames, one every {report['frame_interval_ms']:g} ms: {report['events']:,} events"),
        ("spikes", f"fields {spikes['fields']:,}, output {spikes['output']:,}"),
        ("latency", f"{told}; {report['missed']} of {frames} missed the deadline of {report['deadline_ms']:g} ms"),
    ]
    checks = [
        [a["case"], a["direction"], a["speed"], f"{100.0 * a['margin']:.0f}", "right" if a["right"] else "WRONG"]
        for a in report["answers"]
    ]
    names = ("frames", "activity", "votes", "latency")
    return [
        tag("h2", "Traffic clip: which way does the car go?"), definitions(pairs),
        *(drawn[name] for name in names if name in drawn),
        tag("h2", f"Checks: {report['right']} of {len(report['answers'])} right"),
        columns(["check", "answer", "speed", "margin (%)", ""], checks),
    ]  # fmt: skip


def _notes(report: Mapping[str, Any]) -> List[str]:
    steps = report["digits"]["steps"]
    sources = sorted({step["energy_source"] for step in steps})
    notes = [
        "Measured here: accuracies, bytes, times and counts. Times are wall time, and other work on this machine is in "
        "them.",
        *(f"Energy of the digits, {source}" for source in sources),
        "In all: plan and state, what the device holds to run the network. Stored small: in the form of the "
        "fewest bytes, not the fastest.",
        "Additions: of a weight, in one inference, by NeuroBench's definition (effective ACs).",
        "The clip is played from memory"
        + (" at the pace of its camera." if report["live"] else " as fast as it goes, not at the pace of its camera."),
        f"Latency is of {report['frames']} frames: so few that p99 and p99.9 are hardly less than the worst.",
        "The margin is how far the second direction is behind the first.",
    ]
    commands = "neuroedge demo\nneuroedge bench --precision float32,int8 --keep 1,0.2\nneuroedge verify digits"
    return [tag("h2", "What stands behind the figures"), listing(notes), tag("p", "To repeat:"), tag("pre", commands)]
