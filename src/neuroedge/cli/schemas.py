"""What `--json` prints: every schema with its keys, their types and units. docs/json.md is made of it:
`python -m neuroedge.cli.schemas > docs/json.md`.

A key is described by "type: meaning". Types are text, number (finite), whole, yes/no and any; "number ms" has a unit,
and "number?" may be null. A dictionary is an object, a list of one thing is a list of those, and {"?": …} is an object
or null. A key that ends in ? may be absent. An object with the key "*" has names of its own choice.
"""

import math
from typing import Any, Dict, List

__all__ = ["SCHEMAS", "document", "mismatches"]

_LATENCY = {
    "p50": "number ms: median", "p99": "number ms: 99th percentile", "p99_9": "number ms: 99.9th percentile",
    "max": "number ms: longest",
}  # fmt: skip

_FLAGS = {
    "undervoltage": "yes/no?: the supply is too weak", "capped": "yes/no?: clocks may not rise",
    "throttled": "yes/no?: clocks were lowered", "soft_limit": "yes/no?: the first temperature limit is reached",
}  # fmt: skip

_THROTTLED = {"?": {"now": _FLAGS, "since_boot": _FLAGS, "source": "text: who says so"}}

_MODE = {
    "name": "text: of the mode", "id": "whole?: its number", "budget_w": "number? W: its budget",
    "cores": "whole?: cores that are on", "current": "yes/no?: it is set",
}  # fmt: skip

_MODES = {
    "?": {"kind": "text: nvpmodel or cpufreq", "current": "text?: name of the mode that is set", "modes": [_MODE]}
}

_POWER = {
    "power_w": "number? W: drawn now", "power_method": "text?: measured or estimated, and by what",
    "rails": [{
        "name": "text: of the line", "power_w": "number? W: drawn", "voltage_v": "number? V: of it",
        "current_a": "number? A: through it", "chip": "text: the sensor",
    }],
    "temperature_c": "number? °C: of the hottest zone", "temperature_zone": "text?: its name",
    "throttled": _THROTTLED,
    "battery": {"?": {
        "name": "text: of it", "level_percent": "number? %: charge", "status": "text?: charging or not",
        "power_w": "number? W: drawn", "voltage_v": "number? V: of it",
    }},
    "power_modes": _MODES,
    "cures": [{"what": "text: what is missing", "cure": "text: what helps"}],
}  # fmt: skip

_BOARD = {
    "kind": "text: jetson, raspberrypi, x86, arm or unknown", "model": "text?: in the catalogue",
    "name": "text: what it calls itself", "soc": "text?: chip", "form": "text?: board, laptop, vm, …",
    "container": "text?: kind of container", "machine": "text?: instructions", "cpu_name": "text?: of the cores",
    "cpu_count": "whole?: cores", "memory_total_mb": "number? MB: in all",
    "memory_available_mb": "number? MB: free now", "max_frequency_mhz": "number? MHz: highest clock",
    "frequency_limit_mhz": "number? MHz: allowed now", "gpu_name": "text?: of the GPU",
    "gpu_cores": "whole?: CUDA cores", "gpu_frequency_mhz": "number? MHz: its highest clock",
    "gpu_arch": "text?: CUDA compute capability", "l4t": "text?: Jetson Linux", "jetpack": "text?: JetPack",
}  # fmt: skip

_LOOP = {
    "reason": "text: of its end", "error": "text: the last one", "seconds": "number s: since its start",
    "period_ms": "number ms: of a period", "deadline_ms": "number ms: for a period", "turns": "whole: periods done",
    "skipped": "whole: periods that overruns cost", "missed": "whole: deadlines", "total": "whole: of so many",
    **{f"{what}_{key}_ms": f"number? ms: {word}, {of}"
       for what, of in (("latency", "of a period"), ("compute", "of its work"), ("wake", "of waking late"),
                        ("overhead", "of the loop itself"))
       for key, word in (("p50", "median"), ("p99", "99th percentile"), ("p999", "99.9th percentile"),
                         ("max", "longest"))},
    "read": "whole: values of the source, used + dropped", "used": "whole: of them", "dropped": "whole: of them",
    "held": "whole: periods that used an old value", "nothing": "whole: periods without a new one",
    "outages": "whole: of the sensor", "errors": {"*": "whole: how often this was"},
    "asleep": "whole: periods slept", "lost": "whole: events for later periods", "written": "whole: values to the sink",
    "unwritten": "whole: values that it could not take", "safe": "whole: periods at the safe value",
    "level": "text: of quality", "faults": "whole?: page faults", "collections": "whole: of Python's cycle collector",
}  # fmt: skip

SCHEMAS: Dict[str, Dict[str, Any]] = {
    "neuroedge.info/1": {
        "version": "text: of neuroedge", "board": _BOARD, "simd": "text: instructions in use",
        "simd_levels": ["text: instructions that this machine can run"], "engines": ["text: an engine"],
        "missing": {"*": "text: the extra that brings this package"}, **_POWER,
        "zones": [{"name": "text: of the sensor", "path": "text: its file", "temperature_c": "number? °C: read",
                   "trust": "text: die, other or fake"}],
        "skipped": [{"path": "text: a file of no use", "reason": "text: why", "times": "whole: how often"}],
    },
    "neuroedge.show/1": {
        "file": "text: path", "file_bytes": "whole bytes: on disk", "dt_ms": "number ms: a step",
        "precision": "text: of the plan", "plan_bytes": "whole bytes: constants", "state_bytes": "whole bytes: state",
        "neurons": "whole: inputs included", "synapses": "whole: of all projections",
        "populations": [{"name": "text: of it", "neurons": "whole: of it", "model": "text: lif, rate, …"}],
        "projections": [{"name": "text: pre->post", "synapses": "whole: of it", "storage": "text: layout",
                         "bytes": "whole bytes: weights, targets and rows"}],
        "network": "yes/no: it can be taught and shrunk", "golden_ms": "number? ms: of the golden input",
        "encoder": {"?": {"*": "any: a word of the encoder"}}, "decoder": {"?": {"*": "any: a word of the decoder"}},
        "settings": {"?": {"*": "any: a setting"}}, "labels": {"?": ["text: a class"]},
        "provenance": {"?": {"*": "any: who made it, of what"}},
    },
    "neuroedge.check/1": {
        "file": "text: path", "board": "text: as asked for", "board_name": "text: its name",
        "ready": "yes/no: it fits, and no deadline is known to be missed", "fits": "yes/no: into memory",
        "memory": {"plan_bytes": "whole bytes: constants", "state_bytes": "whole bytes: state",
                   "python_bytes": "whole bytes: Python, NumPy and neuroedge, measured in this process",
                   "need_bytes": "whole bytes: in all", "board_bytes": "whole bytes: that the board has for it",
                   "source": "text: measured or estimated"},
        "engine": "text: that would run it", "reason": "text: why", "threads": "whole: that it takes",
        "simd": "text: instructions here", "driven_by": "text: golden input, or what was made up",
        "duration_ms": "number ms: network time of it", "call_ms": "number ms: network time of a call",
        "calls": "whole: that were timed", "latency_ms": {**_LATENCY, "source": "text: measured here"},
        "calls_per_second": "number Hz: one after the other, here",
        "realtime_factor": "number: ms of network time for one of wall time, here",
        "synaptic_events": "whole: of the whole input",
        "there": {"?": {"native_ms_least": "number? ms: a call in native code, at least",
                        "native_ms_most": "number? ms: at most", "source": "text: estimated, or not known, and why"}},
        "deadline_ms": "number? ms: for a call", "deadline_source": "text?: who says so",
        "deadline_met": "yes/no?: by the 99th percentile; null where it is not known",
        "notes": [{"what": "text: a subject", "note": "text: what is not supported or not used"}],
    },
    "neuroedge.verify/1": {
        "file": "text: path", "equal?": "yes/no: every engine gave the golden answer",
        "duration_ms?": "number ms: of the golden input", "spikes?": "whole: of the answer",
        "checks?": [{"engine": "text: of it", "simd": "text: instructions",
                     "difference": "text?: the first one", "reason": "text?: why it cannot run this"}],
        "data?": {"name": "text: samples", "notes": ["text: of them"], "forms": [{
            "name": "text: as saved, or in another precision", "precision": "text: of it", "samples": "whole: answered",
            "accuracy": "number: share answered rightly",
            "agreement": "number: share answered as by the model as saved",
            "synapses": "whole: of it", "plan_bytes": "whole bytes: plan and state",
            "additions": "number?: of a weight, for a sample"}]},
        "recorded?": [{"step": "text: that it was made by", "accuracy_before": "number?: share answered rightly before",
                       "accuracy": "number?: and after", "measured_on": "text: samples"}],
    },
    "neuroedge.run/1": {
        "version": "text: of neuroedge", "model": "text: as asked for", "wall_s": "number s: that it ran", **_LOOP,
        "last_value": "any: what the sink was given last", "missed_limits": ["text: a limit of --require"],
    },
    "neuroedge.run.status/1": _LOOP,
    "neuroedge.shrink/1": {
        "model": "text: as asked for", "file": "text: written", "file_bytes_before": "whole bytes: of the model",
        "file_bytes": "whole bytes: written", "measured_on": "text: samples",
        "steps": [{
            "name": "text: of the step", "precision": "text: after it", "accuracy": "number?: share answered rightly",
            "agreement": "number?: share answered as by the model as given", "synapses": "whole: that are left",
            "plan_bytes": "whole bytes: plan and state", "additions": "number?: of a weight, for a sample",
            "measured_us": "number? us: of a sample, median, measured",
        }],
        "notes": ["text: what should be known"], "seconds": "number s: that it took",
    },
    "neuroedge.train/1": {
        "model": "text: as asked for", "file": "text: written", "file_bytes": "whole bytes: written",
        "plan_bytes": "whole bytes: plan and state",
        "layers": [{"name": "text: of it", "neurons": "whole: of it", "model": "text: lif, li, …",
                    "synapses": "whole: that reach it"}],
        "epochs": [{"loss": "number: mean cross entropy", "accuracy": "number: share of training samples",
                    "validation": "number?: share of held-out samples"}],
        "kept_epoch": "whole: whose weights were saved, from 1",
        "data": {"name": "text: samples", "sha256": "text: of the file", "samples": "whole: to learn from",
                 "test_samples": "whole: to test with", "notes": ["text: of them"]},
        "accuracy_before": "number?: share of test samples before", "training_accuracy": "number: of training samples",
        "accuracy": "number: share of test samples after", "seconds": "number s: of training",
        "training_bytes": "whole bytes: of its state",
    },
    "neuroedge.bench/1": {
        "version": "text: of neuroedge", "board": "text: its name", "simd": "text: instructions in use",
        "python": "text: its version", "machine": "text: instructions of the machine",
        "model": "text: what was measured", "note": "text: what a call is", "repeats": "whole: of everything",
        "results": [{
            "config": {"precision": "text: float32, float16 or int8", "pruning": "number: share of synapses removed"},
            "keep": "number: share of synapses left", "accuracy": "number?: share answered rightly",
            "calls_per_second": "number Hz: one after the other", "call_ms": "number ms: mean of a call",
            "call_sd_ms": "number? ms: standard deviation of the repeats' means", "latency_ms": _LATENCY,
            "realtime_factor": "number: ms of network time for one of wall time",
            "synaptic_events": "number: of a call", "memory_bytes": "whole bytes: plan and state",
            "power_w": "number? W: drawn meanwhile", "power_source": "text: measured or estimated, and by what",
            "energy_per_call_j": "number? J: of a call",
        }],
        "missed": ["text: a limit of --require"],
    },
    "neuroedge.power/1": {
        "board?": "text: its name", **{f"{name}?": value for name, value in _POWER.items() if name != "power_modes"},
        "power_modes": _MODES, "done?": "yes/no: the mode is set", "mode?": {"?": _MODE},
        "note?": "text?: which mode was taken", "reason?": "text?: why it could not be set",
        "cure?": "text?: what helps",
    },
    "neuroedge.demo/1": {
        "board": "text: its name", "cores": "whole?: of it", "simd": "text: instructions in use",
        "neurons": "whole: of the network", "synapses": "whole: of it", "bytes": "whole bytes: plan and state",
        "frames": "whole: of the clip", "frame_interval_ms": "number ms: between them", "events": "whole: of pixels",
        "spikes": {"fields": "whole: of motion fields", "output": "whole: of the output"},
        "synaptic_events": "whole: of the clip", "realtime_factor": "number: ms of the clip for one of work",
        "latency_ms": _LATENCY,
        "version": "text: of neuroedge", "python": "text: its version", "live": "yes/no: at the camera's pace",
        "digits": {"samples": "whole: of other writers", "remark": "text: what it brought", "steps": [{
            "step": "text: of making it small", "precision": "text: after it", "synapses": "whole: that are left",
            "accuracy": "number: share answered rightly", "weight_bytes": "whole bytes: as they are stored",
            "memory_bytes": "whole bytes: plan and state", "p50_us": "number us: of a sample, median",
            "energy_uj": "number? uJ: of a sample", "energy_source": "text: measured or estimated, and by what",
            "additions": "number: of a weight, for a sample"}]},
        "deadline_ms": "number ms: of a frame", "missed": "whole: frames", "direction": "text?: that was seen",
        "speed": "text?: slow or fast", "margin": "number: 0 to 1",
        "answers": [{"case": "text: a clip", "direction": "text?: that was seen", "speed": "text?: slow or fast",
                     "margin": "number: 0 to 1", "right": "yes/no: as it should be"}],
        "right": "whole: answers",
    },
}  # fmt: skip


def mismatches(report: Any) -> List[str]:
    """Where an object does not fit the schema that it names; nothing where it does."""
    name = report.get("schema") if isinstance(report, dict) else None
    if name not in SCHEMAS:
        return [f"schema: must be one of {', '.join(SCHEMAS)} (got {name!r})"]
    return _object({key: value for key, value in report.items() if key != "schema"}, SCHEMAS[name], name)


def _object(value: Any, keys: Dict[str, Any], where: str) -> List[str]:
    if not isinstance(value, dict):
        return [f"{where}: must be an object (got {value!r})"]
    if "*" in keys:
        return [text for name, part in value.items() for text in _any(part, keys["*"], f"{where}.{name}")]
    told = {name.rstrip("?"): (part, name.endswith("?")) for name, part in keys.items()}
    found = [f"{where}.{name}: is not in the schema" for name in value if name not in told]
    for name, (part, spare) in told.items():
        if name in value:
            found += _any(value[name], part, f"{where}.{name}")
        elif not spare:
            found.append(f"{where}.{name}: is missing")
    return found


def _any(value: Any, spec: Any, where: str) -> List[str]:
    if isinstance(spec, list):
        if not isinstance(value, list):
            return [f"{where}: must be a list (got {value!r})"]
        return [text for k, part in enumerate(value) for text in _any(part, spec[0], f"{where}[{k}]")]
    if isinstance(spec, dict):
        if "?" in spec:
            return [] if value is None else _any(value, spec["?"], where)
        return _object(value, spec, where)
    kind = spec.partition(":")[0].split()[0]
    if kind.endswith("?") and value is None:
        return []
    return [] if _is(value, kind.rstrip("?")) else [f"{where}: must be {kind} (got {value!r})"]


def _is(value: Any, kind: str) -> bool:
    if kind == "any":
        return True
    if isinstance(value, bool) or kind == "yes/no":
        return isinstance(value, bool) and kind == "yes/no"
    if kind == "text":
        return isinstance(value, str)
    whole = isinstance(value, int)
    return whole if kind == "whole" else whole or (isinstance(value, float) and math.isfinite(value))


def document() -> str:
    """All schemas as Markdown."""
    lines = ["# What `--json` prints", "",
             "One object on standard output, with `schema`, the name and version of its form: a key that is here keeps",
             "its name, type and unit as long as the number behind the slash stands; new keys may come. A type with a",
             "question mark may be null, a key with one may be absent.", "",
             "Made by `python -m neuroedge.cli.schemas > docs/json.md`."]  # fmt: skip
    for name, keys in SCHEMAS.items():
        lines += ["", f"## {name}", "", "| key | type | unit | meaning |", "| --- | --- | --- | --- |"]
        lines += _documented(keys, "")
    return "\n".join([*lines, ""])


def _documented(keys: Dict[str, Any], before: str) -> List[str]:
    lines = []
    for name, spec in keys.items():
        path, maybe = f"{before}{'NAME' if name == '*' else name}", ""
        while not isinstance(spec, str):
            many = isinstance(spec, list)
            if not many and "?" not in spec:
                break
            path, maybe, spec = f"{path}{'[]' * many}", maybe or "?" * (not many), spec[0] if many else spec["?"]
        if isinstance(spec, dict):
            lines += [f"| {path} | object{maybe} | | |"] * bool(maybe) + _documented(spec, f"{path}.")
        else:
            head, _, meaning = spec.partition(": ")
            kind, _, unit = head.partition(" ")
            lines.append(f"| {path} | {kind} | {unit} | {meaning} |")
    return lines


if __name__ == "__main__":
    print(document(), end="")
