"""Ways to break the native core by one ulp, one tick or one order: each must be noticed.

`build` copies the sources, changes one text that stands there exactly once, and compiles the plain kernels. Where the
mutant shows in one mode or with several threads only, its `ways` say how it is compared.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

__all__ = ["ALONE", "EVENTS", "INTEGERS", "LEARNING", "MUTANTS", "SEEDS", "SHARED", "Mutant", "build", "objects"]

NATIVE = Path(__file__).resolve().parents[2] / "native"
# -O0: the arithmetic is the same, and compiling is what takes the time
FLAGS = ["-std=gnu++17", "-O0", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-fno-exceptions", "-fno-rtti", "-pthread"]  # fmt: skip

# networks that a mutant is compared on
SEEDS = 80

# kind of network and engines (comparing.py)
Ways = Tuple[str, ...]
ALONE: Ways = ("every", "reference", "clock")
EVENTS: Ways = ("silent", "clock", "event")
SHARED: Ways = ("every", "clock", "clock@2", "clock@3")
LATE: Ways = ("late", "clock", "clock@2", "clock@3")
INTEGERS: Ways = ("int8", "reference", "clock")
LEARNING: Ways = ("learning", "reference", "clock")
LISTED: Ways = ("learning", "reference", "hybrid")

# the last bit of what was just stored in the first lane
_NUDGE = "if (i == 0) {{ uint32_t b; memcpy(&b, {0}, 4); b ^= (b & 0x7f800000u) != 0x7f800000u; memcpy({0}, &b, 4); }}"


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    ways: Ways = ALONE


def _nudged(text: str, where: str) -> str:
    return text + " " + _NUDGE.format(where)


MUTANTS: List[Mutant] = [
    # one ulp
    Mutant("frame state", "neurons/frame.h", "lane::store(v + i, s);", _nudged("lane::store(v + i, s);", "v + i")),
    Mutant("lif state", "neurons/lif.h", "lane::store(a.v + i, x);", _nudged("lane::store(a.v + i, x);", "a.v + i")),
    Mutant("alif threshold", "neurons/lif.h", "lane::store(a.u + i, u);",
           _nudged("lane::store(a.u + i, u);", "a.u + i")),
    Mutant("adex sum", "neurons/adex.h", "lane::add(lane::add(k1, lane::mul(two, lane::add(k2, k3))), k4)",
           "lane::add(k1, lane::add(lane::mul(two, lane::add(k2, k3)), k4))"),
    Mutant("adex adaptation", "neurons/adex.h", "lane::mul(lane::sub(lane::mul(a, x), w), inv_tau)",
           "lane::sub(lane::mul(lane::mul(a, x), inv_tau), lane::mul(w, inv_tau))"),
    Mutant("izhikevich product", "neurons/izhikevich.h", "lane::mul(lane::mul(h, a), lane::sub(lane::mul(b, v), u))",
           "lane::mul(h, lane::mul(a, lane::sub(lane::mul(b, v), u)))"),
    Mutant("izhikevich slope", "neurons/izhikevich.h", "lane::add(lane::sub(slope, u), input)",
           "lane::add(slope, lane::sub(input, u))"),
    Mutant("exp sum", "neurons/common.h", "lane::add(lane::add(lane::mul(p, lane::mul(r, r)), r), lane::set(1.0f))",
           "lane::add(lane::mul(p, lane::mul(r, r)), lane::add(r, lane::set(1.0f)))"),
    Mutant("frame growth", "frame.h", "return p * 1.41421356237309504880;", "return p * 1.4142136;"),
    Mutant("half weights", "half.h", "(uint32_t)(h & 0x7fff) << 13", "(uint32_t)(h & 0x7ffe) << 13"),
    Mutant("potential of a frame", "populations.h", "t.v[i] / t.m", "t.v[i] * (1.0f / t.m)"),
    Mutant("residual of a frame", "populations.h", "after = rest_of / t.m;", "after = rest_of * (1.0f / t.m);"),
    # order
    Mutant("order of parallel synapses", "deliver.h", "for (int j = 0; j < 4; j++) into[i[j]]",
           "for (int j = 4; j-- > 0;) into[i[j]]"),
    Mutant("order of dense rows", "kernels/rows.h", "for (int32_t s = 0; s < n; s++) {\n    const Weight* w",
           "for (int32_t s = n; s-- > 0;) {\n    const Weight* w"),
    Mutant("order of blocks", "kernels/rows.h", "for (int32_t s = 0; s < n; s++) {\n    if (s + 1 < n)",
           "for (int32_t s = n; s-- > 0;) {\n    if (s + 1 < n)"),
    Mutant("targets of blocks", "kernels/rows.h", "into + (int64_t)block[b] * 8;", "into + (int64_t)block[b] * 8 + 1;"),
    Mutant("first of a row of blocks", "kernels/rows.h", "for (uint32_t b = begin[spike[s]];",
           "for (uint32_t b = begin[spike[s]] + 1;"),
    Mutant("half a block", "kernels/rows.h", "j < 8; j += short_lane::W", "j < 4; j += short_lane::W"),
    Mutant("order of sources", "deliver.h", "for (int32_t s = 0; s < n; s++) {\n    const uint32_t begin",
           "for (int32_t s = n; s-- > 0;) {\n    const uint32_t begin"),
    Mutant("order of projections", "run.h",
           "for (int64_t q = 0; q < r.p->projs; q++) {\n    const ne_route& to",
           "for (int64_t q = r.p->projs; q-- > 0;) {\n    const ne_route& to"),
    Mutant("current after decay", "neurons/lif.h", "lane::mul(s, p.at(LIF_RECEPTOR + 3 * r, i))",
           "lane::mul(lane::mul(s, p.at(LIF_RECEPTOR + 3 * r + 1, i)), p.at(LIF_RECEPTOR + 3 * r, i))"),
    Mutant("coupling of alpha", "neurons/lif.h", "p.at(LIF_RECEPTOR + 3 * r + 2, i)",
           "p.at(LIF_RECEPTOR + 3 * r + 1, i)"),
    Mutant("drive after decay", "neurons/common.h", "lane::store(drive + i, lane::add(lane::load(drive + i), s));",
           "lane::store(drive + i, lane::add(lane::load(drive + i), lane::mul(s, e)));"),
    Mutant("growth of a current", "populations.h", "arrive(t, 1 + r, t.syn_m[r]);",
           "arrive(t, 1 + r, 1.0f);"),
    Mutant("gain of a current", "neurons/lif.h", "kept[r] = lane::div(p.kept[LIF_RECEPTOR + 3 * r], m[r]);",
           "kept[r] = lane::mul(p.kept[LIF_RECEPTOR + 3 * r], lane::div(lane::set(1.0f), m[r]));"),
    # one tick
    Mutant("refractory", "refractory.h", "q.release[neuron] = tick + wait;", "q.release[neuron] = tick + wait + 1;"),
    Mutant("delay", "deliver.h", "int32_t s = slot + delay;", "int32_t s = slot + delay + (delay < to.depth);"),
    Mutant("frame a tick early", "run.h", "tick + 1, n, part.frame_m", "tick, n, part.frame_m"),
    Mutant("forced before release", "populations.h", ">= t.tick) continue;", "> t.tick + 1) continue;"),
    Mutant("random tick", "rng.h", "+ (uint64_t)tick)", "+ (uint64_t)tick + 1)"),
    Mutant("flush a tick early", "populations.h", "FLUSH_EVERY = 1024", "FLUSH_EVERY = 1023"),
    # LIF in integers and sums of codes: one unit, one tick, rounding, saturation
    Mutant("leak rounds down", "fixed.h", ">> 14) + 1) >> 1)", ">> 14) + 0) >> 1)", INTEGERS),
    Mutant("leak of one unit more", "fixed.h", "(int32_t)v * decay)", "(int32_t)v * (decay - 1))", INTEGERS),
    Mutant("shift before the clamp", "fixed.h",
           "(int32_t)((uint32_t)ne_fixed_clamp(sum, -65536, 65535) << shift)",
           "ne_fixed_clamp((int32_t)((uint32_t)sum << shift), -32768, 32767)", INTEGERS),
    Mutant("wraps instead of saturating", "fixed.h", "return ne_fixed_clamp(x, -32768, 32767);", "return (int16_t)x;",
           INTEGERS),
    Mutant("saturates a unit early", "fixed.h", "ne_fixed_clamp(x, -32768, 32767)", "ne_fixed_clamp(x, -32767, 32766)",
           INTEGERS),
    Mutant("strict integer threshold", "fixed.h", "v[i] >= theta[i]", "v[i] > theta[i]", INTEGERS),
    Mutant("refractory leaks", "fixed.h",
           "sum[i], shift[i]);\n    sum[i] = 0;\n    v[i] = (int16_t)((old & keep)",
           "sum[i], shift[i]);\n    sum[i] = 0;\n    v[i] = (int16_t)((ne_fixed_leak(old, decay[i]) & keep)", INTEGERS),
    Mutant("fires while refractory", "fixed.h", "(v[i] >= theta[i]) & ~held[i]", "(v[i] >= theta[i])", INTEGERS),
    Mutant("drive while refractory", "fixed.h",
           "(int16_t)((old & keep) | ((int16_t)ne_fixed_clamp(old + drive[i], low, high) & ~keep))",
           "(int16_t)ne_fixed_clamp(old + drive[i], low, high)", INTEGERS),
    Mutant("sums round down", "fixed.h", "+ ((sum & ((1 << right) >> 1)) != 0), -most, most)", ", -most, most)",
           INTEGERS),
    Mutant("sums end a unit late", "fixed.h", "!= 0), -most, most)", "!= 0), -most - 1, most + 1)", INTEGERS),
    Mutant("sums do not end", "fixed.h", "right[i], most_sum) << shift[i])", "right[i], 65535) << shift[i])", INTEGERS),
    Mutant("potentials end a unit early", "fixed.h", "+ in, -most_v, most_v);", "+ in, 1 - most_v, most_v - 1);",
           INTEGERS),
    Mutant("refractory leaks in fewer bits", "fixed.h",
           "-most_v, most_v);\n    sum[i] = 0;\n    v[i] = (int16_t)((old & keep)",
           "-most_v, most_v);\n    sum[i] = 0;\n    v[i] = (int16_t)((x & keep)", INTEGERS),
    Mutant("drive above fewer bits", "neurons/fixed.h", "NARROW ? a.most_v : 32767;", "32767;", INTEGERS),
    Mutant("drive below fewer bits", "neurons/fixed.h", "NARROW ? -a.most_v : -32768,", "-32768,", INTEGERS),
    Mutant("fewer bits of the first population", "populations.h", "t.p->pop_most_v[t.pop]", "t.p->pop_most_v[0]",
           INTEGERS),
    Mutant("shifts of the first population", "populations.h", "t.p->right16 + lane", "t.p->right16 + t.first",
           INTEGERS),
    Mutant("drive rounds down", "populations.h", "(int32_t)((x + 12582912.0f) - 12582912.0f)", "(int32_t)x",
           INTEGERS),
    Mutant("forced keep their excess", "populations.h", "if (i >= 0) args.v[i] = args.theta[i];", "", INTEGERS),
    Mutant("integers a tick late", "populations.h", "[&](uint32_t i) { held[i] = 0; }",
           "[&](uint32_t i) { held[i] = (int16_t)-(t.tick & 1); }", INTEGERS),
    Mutant("codes of another channel", "populations.h", "t.scale + c * t.pitch", "t.scale", INTEGERS),
    # ties and limits
    Mutant("strict frame threshold", "neurons/frame.h",
           "lane::ge(s, EACH ? lane::mul(lane::load(theta + i), growth) : same)",
           "lane::lt(EACH ? lane::mul(lane::load(theta + i), growth) : same, s)"),
    Mutant("strict lif threshold", "neurons/lif.h", "lane::ge(x, theta)", "lane::lt(theta, x)"),
    Mutant("flush", "neurons/common.h", "lane::set(1e-30f)", "lane::set(1e-31f)"),
    Mutant("flush of a frame", "neurons/frame.h", "lane::set(0x1p-60f)", "lane::set(0x1p-61f)"),
    Mutant("no flush of currents", "populations.h", "if (!t.framed) flush_currents(t);", ""),
    Mutant("asleep above threshold", "populations.h", "if (rest_of >= top) t.part->awake[t.pop] = 1;", ""),
    Mutant("asleep after release", "populations.h",
           "if (t.subtract && t.v[i] >= t.parameter(THETA, i) * t.m) awake = 1;", ""),
    Mutant("shrunk currents", "populations.h", "t.part->frame_e[at] - t.syn_exponent[r]);",
           "t.part->frame_e[at] > t.syn_exponent[r] + 1);"),
    Mutant("count of what is dropped", "deliver.h", "dropped += to.small[spike[s]];", "dropped += to.small[spike[0]];"),
    Mutant("random finalizer", "rng.h", "x ^= (x >> 16) ^", "x ^= (x >> 17) ^"),
    # currents in frames
    Mutant("a listed current skipped", "populations.h",
           "for (int64_t k = 0; k < n; k++) {\n    const uint32_t i = list[k];",
           "for (int64_t k = 1; k < n; k++) {\n    const uint32_t i = list[k];"),
    Mutant("growth of the last tick", "populations.h", "t.syn_m[r] = t.part->frame_m[at];", ""),
    Mutant("growth of the next call", "turn.h", "k->growth(p->frame_rate[syn_frame[r]], tick, 1",
           "k->growth(p->frame_rate[syn_frame[r]], tick + 1, 1"),
    # events
    Mutant("a listed neuron skipped", "sparse.h", "for (int64_t k = 0; k < n; k++) {\n    const uint32_t i = list[k];",
           "for (int64_t k = 1; k < n; k++) {\n    const uint32_t i = list[k];", EVENTS),
    Mutant("duplicates kept", "sparse.h", "if (k > 0 && a[k - 1] == x) continue;", "", EVENTS),
    Mutant("short lists unsorted", "sparse.h", "while (k > 0 && a[k - 1] > x) k--;", "", EVENTS),
    Mutant("long lists cut", "sparse.h", "word[a[j] >> 6] |=", "word[a[j] >> 6] =", EVENTS),
    Mutant("room for the marks of long lists", "sparse.h", "w < t.lanes / 64", "w + 1 < t.lanes / 64", EVENTS),
    Mutant("awake not stepped", "sparse.h", "&& !t.part->awake[t.pop];", ";", EVENTS),
    Mutant("awake passed over", "sparse.h", "if (t.part->awake[t.pop]) return 0;", "", EVENTS),
    Mutant("passed over a tick too long", "sparse.h", "if (t.hits[at]) wait = k;", "if (t.hits[at]) wait = k + 1;",
           EVENTS),
    Mutant("slot a tick short", "sparse.h", "(t.slot_now + ticks) % t.depth", "(t.slot_now + ticks - 1) % t.depth",
           EVENTS),
    Mutant("ticks passed over not counted", "sparse.h", "t.step += ticks;", "t.step += ticks - 1;", EVENTS),
    Mutant("release passed over", "sparse.h", "if (next < wait) wait = next;", "", EVENTS),
    Mutant("release of the first alone", "sparse.h", "k < (t.queue.wait >= 0 ? 1 : *t.queue.size)", "k < 1", EVENTS),
    Mutant("given passed over", "sparse.h", "wait = t.event_tick[t.event_at] - t.step;",
           "wait = t.event_tick[t.event_at] - t.step + 1;", EVENTS),
    Mutant("arrivals of an earlier call", "sparse.h", "t.hits[k] ? (uint32_t)t.touched_room + 1 : 0;", "0;", EVENTS),
    Mutant("a list beyond its room", "deliver.h", "to.touched_n[slot] = to.touched_room + 1;\n    return;", "return;",
           EVENTS),
    Mutant("forced but not listed", "populations.h", "if (t.sparse && t.touched_n[t.slot_now]++ < t.touched_room)",
           "if (false)", EVENTS),
    Mutant("frame left behind", "populations.h", "if (t.kind == NE_FRAME && t.tick > 0) {", "if (false) {", EVENTS),
    # threads
    Mutant("border in the wrong row", "cuts.h", "if (target[middle] < border)", "if (target[middle] <= border)",
           SHARED),
    Mutant("border of a block", "cuts.h", "row[k + 1], lane / 8)", "row[k + 1], lane / 8 + 1)", SHARED),
    Mutant("marks of the last alone", "clock.cpp", "s->hit[i] |= part[j].hit[i];", "s->hit[i] = part[j].hit[i];",
           SHARED),
    Mutant("marks not joined", "clock.cpp", "join_marks(p, s, part, parts, pop);", "{}", SHARED),
    Mutant("awake of the last alone", "clock.cpp", "s->awake[pop] |= part[j].awake[pop];",
           "s->awake[pop] = part[j].awake[pop];", ("silent", "clock", "clock@2")),
    Mutant("frames of currents of the first", "clock.cpp", "part[parts - 1].syn_exponent", "part[0].syn_exponent",
           SHARED),
    Mutant("order of shares", "clock.cpp", "for (int32_t j = 0; j < r.part->count; j++) {\n      const Shown& from",
           "for (int32_t j = r.part->count; j-- > 0;) {\n      const Shown& from", SHARED),
    Mutant("events counted by all", "deliver.h", "to.counts = part->index == 0;", "to.counts = true;", SHARED),
    Mutant("dropped counted by all", "clock.cpp", "if (to.counts) *dropped", "*dropped", SHARED),
    Mutant("spikes count from the share", "populations.h", "if (t.first && t.kind != NE_SOURCE)", "if (false)", SHARED),
    Mutant("random numbers of the first share", "populations.h", "t.first, t.first + t.n, t.spike", "0, t.n, t.spike",
           SHARED),
    Mutant("currents of the first share", "turn.h", "step * current_tick + first * current_neuron",
           "step * current_tick", SHARED),
    Mutant("potentials of the first share", "populations.h", "t.p->pop_n[t.pop] + t.first;", "t.p->pop_n[t.pop];",
           SHARED),
    Mutant("parameters of the first share", "turn.h", "(p->pop_stride[pop] ? first : 0)", "0", SHARED),
    Mutant("dense rows of the first share", "deliver.h", "dense ? post.first : 0;", "0;", SHARED),
    Mutant("a round longer than the shortest delay", "clock.cpp", "return span > 1 ? span : 1;",
           "return span > 1 ? span + 1 : 1;", LATE),
    Mutant("a round that knows no segments", "clock.cpp", "if (delay < span) span = delay;", "", SHARED),
    Mutant("order of ticks in a round", "clock.cpp",
           "for (int64_t k = 0; k < n; k++) deliver_all(", "for (int64_t k = n; k-- > 0;) deliver_all(", LATE),
    # learning: order, one tick, one ulp, bounds
    Mutant("weight after its own change", "plastic.h", "into[i] += w * gain;",
           "into[i] += (RULE == NE_ADDITIVE ? ne_at_least(w - l.down * y, low) : w) * gain;", LEARNING),
    Mutant("order of delays", "plastic.h", "for (int32_t k = 0; k < l.lags; k++) events",
           "for (int32_t k = l.lags; k-- > 0;) events", LEARNING),
    Mutant("y that does not decay", "plastic.h", "l.down = l.param[LEARN_DOWN] / l.m[LEARN_POST];",
           "l.down = l.param[LEARN_DOWN];", LEARNING),
    Mutant("x that does not decay", "plastic.h", "l.up = l.param[LEARN_UP] / l.m[LEARN_PRE];",
           "l.up = l.param[LEARN_UP];", LEARNING),
    Mutant("traces left behind by their frames", "plastic.h",
           "ne_plastic_shrink(values[f], l.entries[f], exponent - l.exponent[f]);", "", LEARNING),
    Mutant("reciprocal of growth", "plastic.h", "l.down = l.param[LEARN_DOWN] / l.m[LEARN_POST];",
           "l.down = l.param[LEARN_DOWN] * (1.0f / l.m[LEARN_POST]);", LEARNING),
    Mutant("order of a product", "plastic.h", "(l.up * (high - w)) * x",
           "l.up * ((high - w) * x)", LEARNING),
    Mutant("flush of a trace", "plastic.h", "0x1p-60f ? s",
           "0x1p-61f ? s", LEARNING),
    Mutant("x of all arrivals", "plastic.h", "l.x[run] = l.nearest ? l.m[LEARN_PRE] :",
           "l.x[run] =", LEARNING),
    Mutant("y of all spikes", "plastic.h", "l.y[target] = l.nearest ? l.m[LEARN_POST] :",
           "l.y[target] =", LEARNING),
    Mutant("no lower bound", "plastic.h", "ne_at_least(w - l.down * y, low)",
           "w - l.down * y", LEARNING),
    Mutant("no upper bound", "plastic.h", "ne_at_most(w + l.up * x, high)",
           "w + l.up * x", LEARNING),
    Mutant("arrives a tick late", "plastic.h", "(l.tick - lag) % l.depth + l.depth",
           "(l.tick - lag - 1) % l.depth + l.depth", LEARNING),
    Mutant("repeated spikes count once", "plastic.h", "times[kept - 1]++;",
           "", LEARNING),
    Mutant("spikes that are not forgotten", "plastic.h", "l.kept_n[l.tick % l.depth] = 0;",
           "", LEARNING),
    Mutant("a run of another delay", "plastic.h", "while (run < end && l.run_delay[run] != lag) run++;",
           "", LEARNING),
    Mutant("every other synapse of a target", "plastic.h", "k < l.in_row[target + 1]; k++",
           "k < l.in_row[target + 1]; k += 2", LEARNING),
    Mutant("eligibility that stands still", "plastic.h", "l.down = l.down * l.m[LEARN_ELIGIBLE];",
           "", LEARNING),
    Mutant("dopamine that stands still", "plastic.h", "*l.dopamine / l.m[LEARN_DOPAMINE];",
           "*l.dopamine;", LEARNING),
    Mutant("no baseline", "plastic.h", "(l.param[LEARN_BOTH] * n - l.param[LEARN_BASE])",
           "(l.param[LEARN_BOTH] * n)", LEARNING),
    Mutant("arrivals that are not listed", "plastic.h", "if (!to.touched || to.begin[run] == to.end[run]) continue;",
           "continue;", LISTED),
    Mutant("targets before arrivals", "run.h", "*events += ne_plastic_arrive(r.plastic[k]);",
           "(ne_plastic_fire(r.plastic[k]), r.plastic[k].tick--, *events += ne_plastic_arrive(r.plastic[k]));",
           LEARNING),
    Mutant("a round that knows segments alone", "clock.cpp",
           "if (!p->proj_segmented[q] && p->proj_delay[q] < span) span = p->proj_delay[q];", "", SHARED),
]  # fmt: skip


# what learning needs is not compared here: names that the library must have
_STUB = 'extern "C" { void ne_learn_batch(void) {} void ne_adam(void) {} }'


def objects(folder: Path) -> Dict[str, Tuple[Path, str]]:
    """Everything as it is, compiled for the plain kernels: {source: (object, headers that it includes)}."""
    (folder / "stub.cpp").write_text(_STUB)
    names = [path.name for path in sorted(NATIVE.glob("*.cpp")) if path.name not in ("driver.cpp", "learn.cpp")]
    made = {name: _compile(NATIVE, name, folder) for name in (*names, "kernels/portable.cpp")}
    return {**made, "stub.cpp": _compile(folder, "stub.cpp", folder)}


def _compile(sources: Path, name: str, folder: Path) -> Tuple[Path, str]:
    """The object of one source, and what it depends on, as make would read it."""
    made = folder / (Path(name).stem + ".o")
    command = ["g++", *FLAGS, "-MD", "-c", str(sources / name), "-o", str(made)]
    done = subprocess.run(command, stderr=subprocess.PIPE, universal_newlines=True)
    if done.returncode:
        raise ValueError(f"{name}: {done.stderr[:2000]}")
    return made, made.with_suffix(".d").read_text()


def build(mutant: Optional[Mutant], folder: Path, made: Mapping[str, Tuple[Path, str]]) -> Path:
    """The library of a mutant, or of the sources as they are; raises if the text is not there exactly once.

    Only what includes the changed file is compiled again.
    """
    parts = {name: path for name, (path, _) in made.items()}
    if mutant is not None:
        sources = folder / "native"
        shutil.copytree(str(NATIVE), str(sources))
        path = sources / mutant.file
        text = path.read_text()
        if text.count(mutant.old) != 1:
            raise ValueError(f"{mutant.name}: stands {text.count(mutant.old)} times in {mutant.file}: {mutant.old!r}")
        path.write_text(text.replace(mutant.old, mutant.new))
        changed = [name for name, (_, needs) in made.items() if os.path.basename(mutant.file) in needs]
        if not changed:
            raise ValueError(f"{mutant.name}: nothing includes {mutant.file}")
        parts.update({name: _compile(sources, name, folder)[0] for name in changed})
    library = folder / "_native.so"
    command = ["g++", *FLAGS, "-shared", "-o", str(library), *map(str, parts.values())]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)
    return library
