"""Ways to break the native learning by one sign, tick, lane or shard: the comparison with the twin must notice each.

`build` changes one text that stands there exactly once, and compiles what it stands in; the rest is compiled once.
"""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

__all__ = ["MUTANTS", "SEEDS", "Mutant", "build", "objects"]

NATIVE = Path(__file__).resolve().parents[2] / "native"
# -O0: the arithmetic is the same, and compiling is what takes the time
FLAGS = ["-std=gnu++17", "-O0", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-fno-exceptions", "-fno-rtti", "-pthread"]  # fmt: skip

# networks that a mutant is compared on
SEEDS = 15


class Mutant(NamedTuple):
    name: str
    old: str
    new: str
    file: str = "learn.cpp"


KERNELS = "kernels/learn.h"

MUTANTS: List[Mutant] = [
    # ticks
    Mutant("a lag a tick short", "u.tick - l->taught_lag[a], lanes", "u.tick - l->taught_lag[a] + (a > 1), lanes"),
    Mutant("traces a tick late", "from = u.tick - u.p->proj_delay[q];", "from = u.tick - u.p->proj_delay[q] - 1;"),
    Mutant("errors of the same tick", "then + u.p->proj_delay[q], post)", "then + 1, post)"),
    Mutant("errors before anything arrived", "if (u.tick < l->travel) {", "if (u.tick + 1 < l->travel) {"),
    Mutant("mean of a tick more", "(float)(u.tick - l->travel + 1)", "(float)(u.tick - l->travel + 2)"),
    Mutant("border of a chunk", "then % NE_CHUNK == NE_CHUNK - 1)) continue;", "then % NE_CHUNK == 0)) continue;"),
    Mutant("the last chunk", "add_gradients(u, u.tick + 1 == ticks);", "add_gradients(u, false);"),
    Mutant("the last run's traces", "memset(l->trace, 0, (size_t)l->traces * sizeof(float));", ""),
    Mutant("the last run's currents", "memset(l->current, 0, (size_t)l->traces * sizeof(float));", ""),
    Mutant("the last run's sum", "memset(l->sum, 0, (size_t)u.taught_lanes(0) * sizeof(float));", ""),
    Mutant("the last run's state", "memcpy(l->block, l->start, (size_t)l->block_bytes);", ""),
    # what is sent back
    Mutant("no slope on the way back", "out[i] *= slope[i];\n}\n\nvoid send_errors", ";\n}\n\nvoid send_errors"),
    Mutant("no slope of the output", "l->spiking && i < lanes", "false && i < lanes"),
    Mutant("plain populations unwatched", "    u.turns[pop].act = any_turn;\n", ""),
    Mutant("errors of the last lanes", "memset(out, 0, (size_t)lanes * sizeof(float));\n  for", "for"),
    Mutant("loops send back", "!l->proj_back[k] || u.p->proj_pre[q] != pop", "u.p->proj_pre[q] != pop"),
    Mutant("weights turned by lanes", "j * stride + i];", "j * p->pop_n[p->proj_post[q]] + i];"),
    Mutant("seven of a block", "for (int i = 0; i < 8; i++) part[i]", "for (int i = 0; i < 7; i++) part[i]"),
    Mutant("the first of a row", "uint32_t k = row[j]; k < row[j + 1]", "uint32_t k = row[j] + 1; k < row[j + 1]"),
    # what is added
    Mutant("a shard left out", "shard += school.threads", "shard += school.threads + (shard == 1)"),
    Mutant("label of another", "(i == label ? 1.0f : 0.0f)", "(i == label + 1 ? 1.0f : 0.0f)"),
    Mutant("heat once", "share * heat * (l->chance[i]", "share * (l->chance[i]"),
    Mutant("chunk of another population", "const float* delta = u.at(u.l->delta, first, pop);",
           "const float* delta = u.at(u.l->delta, first, 0);"),
    # kernels
    Mutant("a current that does not fade", "u.k->fade(current, l->decay_current[k], lanes);", ""),
    Mutant("the wrong leak", "follow(trace, current, l->decay[k],", "follow(trace, current, l->decay_current[k],"),
    Mutant("the leak of the first", "u.k->fade(trace, l->decay[k], lanes);", "u.k->fade(trace, l->decay[0], lanes);"),
    Mutant("slope once", "lane::mul(width, width)", "width", KERNELS),
    Mutant("slope by the present threshold", "lane::mul(by, gap), base)", "lane::mul(by, gap), top)", KERNELS),
    Mutant("slope without adaptation", "lane::abs(lane::sub(lane::div(lane::load(v + i), growth), top))",
           "lane::abs(lane::sub(lane::div(lane::load(v + i), growth), base))", KERNELS),
    Mutant("slope in the frame", "lane::div(lane::load(v + i), growth)", "lane::load(v + i)", KERNELS),
    Mutant("a tick of a chunk", "for (int b = 0; b < 4; b++) part[b] += part[b + 4];",
           "for (int b = 0; b < 3; b++) part[b] += part[b + 4];", KERNELS),
    Mutant("rest of a chunk", "outer_of<1>(sum, delta + b * pitch, pitch, x + b, width);",
           "outer_of<1>(sum, delta + b * pitch, pitch, x, width);", KERNELS),
    Mutant("the mask ignored", "* a.share * living[i];", "* a.share;", KERNELS),
    Mutant("a shard left out of the step", "((s0[i] + s1[i]) + s2[i]) + s3[i]", "(s0[i] + s1[i]) + s2[i]", KERNELS),
    Mutant("shards not cleared", "s0[i] = s1[i] = s2[i] = s3[i] = 0.0f;", "s0[i] = s1[i] = s2[i] = 0.0f;", KERNELS),
    Mutant("an encoder that starts low", "l->level[i] = 0.5f;", "l->level[i] = 0.0f;"),
]  # fmt: skip


def _compile(sources: Path, name: str, folder: Path, options: Sequence[str]) -> Path:
    made = folder / (Path(name).stem + ".o")
    done = subprocess.run(
        ["g++", *FLAGS, *options, "-c", str(sources / name), "-o", str(made)],
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    if done.returncode:
        raise ValueError(f"{name}: {done.stderr[:2000]}")
    return made


def objects(folder: Path, options: Sequence[str] = ()) -> Dict[str, Path]:
    """Everything as it is, compiled for the plain kernels, two files at a time."""
    names = ["kernels/portable.cpp", *(path.name for path in NATIVE.glob("*.cpp") if path.name != "driver.cpp")]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: _compile(NATIVE, name, folder, options), names)))


def build(mutant: Optional[Mutant], folder: Path, made: Dict[str, Path], options: Sequence[str] = ()) -> Path:
    """The library of a mutant, or of the sources as they are; raises if the text is not there exactly once."""
    parts = dict(made)
    if mutant is not None:
        sources = folder / "native"
        shutil.copytree(str(NATIVE), str(sources))
        path = sources / mutant.file
        text = path.read_text()
        if text.count(mutant.old) != 1:
            raise ValueError(f"{mutant.name}: stands {text.count(mutant.old)} times in {mutant.file}: {mutant.old!r}")
        path.write_text(text.replace(mutant.old, mutant.new))
        name = "kernels/portable.cpp" if mutant.file == KERNELS else mutant.file
        parts[name] = _compile(sources, name, folder, options)
    library = folder / "_native.so"
    subprocess.run(["g++", *options, "-shared", "-pthread", "-o", str(library), *map(str, parts.values())], check=True)
    return library
