"""Files that are cut off, damaged, foreign, newer, or that lie: refused with file, field and reason; nothing crashes.

The figures below are counts of what was tried. NEUROEDGE_MUTATIONS=1000000 tries that many lies, in processes of their
own, since what a plan says wrongly could crash the native core.
"""

import json
import os
import subprocess
import sys
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Iterator, Tuple

import numpy as np
import pytest
from bundles import EDGES, WORDS, arrays_of, bytes_of, edge, entries, exercise, networks, resealed, smallest, with_array

from neuroedge import compile_network, load
from neuroedge.errors import FormatError
from neuroedge.formats.bundle import parse
from neuroedge.formats.saving import pieces_of
from neuroedge.formats.table import ENTRY, HEADER, sealed
from neuroedge.plan.fields import PLAN

MUTATIONS = int(os.environ.get("NEUROEDGE_MUTATIONS", "0"))
WHOLE = bool(MUTATIONS)


def refused(data: bytes) -> str:
    with pytest.raises(FormatError) as error:
        parse(data, "model.ne")
    assert str(error.value).startswith("model.ne: ") and len(str(error.value)) < 1000
    return str(error.value)


@pytest.mark.long
def test_every_bit_counts() -> None:
    data = bytearray(smallest())
    head = HEADER.size + ENTRY.size * len(entries(bytes(data)))
    bits = range(8 * len(data))
    # all of them, or all of the header's and one of every other byte
    tried = bits if WHOLE else [*range(8 * HEADER.size), *(8 * at + at % 8 for at in range(HEADER.size, len(data), 2))]
    for bit in tried:
        data[bit // 8] ^= 1 << bit % 8
        try:
            parse(bytes(data), "model.ne")
            pytest.fail(f"bit {bit} was not missed")
        except FormatError as error:
            assert str(error).startswith("model.ne: ")
        data[bit // 8] ^= 1 << bit % 8
    parse(bytes(data))
    assert len(tried) > 6_000 and head < len(data)


@pytest.mark.long
def test_every_truncation_is_refused() -> None:
    data = smallest()
    for n in range(len(data)):
        try:
            parse(data[:n], "model.ne")
            pytest.fail(f"the first {n} bytes were taken for a model")
        except FormatError as error:
            assert "header" in str(error)
    for more in (b"\0", b"\0" * 64, data):
        assert "header" in refused(data + more)


def heads() -> Iterator[Tuple[str, bytes]]:
    """Each number of header and table at every edge, with and without a checksum that fits."""
    data = smallest()
    count = len(entries(data))
    fields = [("header", at, size) for at, size in ((8, 4), (12, 4), (20, 4), (24, 8), (32, 8))]
    sizes = ((16, 1), (17, 1), (18, 2), (20, 4), (24, 8), (32, 8), (40, 8))
    fields += [
        ("table", HEADER.size + ENTRY.size * k + at, size)
        for k in range(0, count, 1 if WHOLE else 11)
        for at, size in sizes
    ]
    for name, at, size in fields:
        for value in (*EDGES, 2**64 - 2, 2**64 - 1):
            out = bytearray(data)
            out[at : at + size] = (value & (2 ** (8 * size) - 1)).to_bytes(size, "little")
            if bytes(out) == data:
                continue
            yield name, bytes(out)
            end = HEADER.size + ENTRY.size * count
            fits = sealed(bytes(out[:end])) + bytes(out[end:])
            if fits != data:
                yield name, fits


@pytest.mark.long
def test_edges_of_header_and_table_are_refused() -> None:
    tried = 0
    for _, data in heads():
        try:
            parse(data, "model.ne")
            pytest.fail(f"{data[:64].hex()} was taken")
        except FormatError:
            tried += 1
    assert tried > 1000


@pytest.mark.long
def test_edges_in_the_arrays_of_a_plan_are_refused_or_harmless() -> None:
    """With checksums that fit: what places, counts or names something must be refused, or be what it can be."""
    free, tried = set(), 0
    for data in (smallest(), bytes_of(networks()[2], 1.0)):
        arrays = arrays_of(data)
        for field in PLAN:
            n = len(arrays[field.name])
            for at in {0, n // 2, n - 1} if WHOLE else {n // 3}:
                for k in range(0, len(EDGES), 1 if WHOLE else 4) if len(arrays[field.name]) else ():
                    array = arrays[field.name].copy()
                    array[at] = edge(array.dtype, k)
                    if array.tobytes() == arrays[field.name].tobytes():
                        continue
                    tried += 1
                    try:
                        bundle = parse(with_array(data, field.name, array), "model.ne")
                    except FormatError as error:
                        assert str(error).startswith("model.ne: ")
                        continue
                    free.add(field.name)
                    exercise(bundle, False)
    assert tried > 300
    # coefficients, random keys, delays, refractoriness; nothing that is the place of anything else
    assert free <= {
        "pop_key", "pop_refractory", "pop_depth", "pop_subtract", "pop_substeps", "refractory", "v_start", "u_start",
        "params", "frame_rate", "weight", "learn_rule", "learn_nearest", "learn_frame", "learn_param", "learned_start",
        "proj_delay", "segment_delay", "learn_depth", "pop_frame", "target16", "pop_adapts", "pop_coupled", "small",
        "row", "proj_segmented",
    }, free  # fmt: skip


@pytest.mark.long
def test_lies_are_refused_or_run_and_never_crash() -> None:
    script, total = Path(__file__).parent / "bundles.py", MUTATIONS or 500
    found = {"refused": 0, "stopped": 0, "ran": 0}
    for first in range(0, total, 50_000):
        last = min(total, first + 50_000)
        done = subprocess.run([sys.executable, str(script), str(first), str(last)], capture_output=True, text=True)
        assert done.returncode == 0, f"{done.returncode}: {done.stdout[-500:]}{done.stderr[-2000:]}"
        for name, n in json.loads(done.stdout.splitlines()[-1]).items():
            found[name] += n
    assert sum(found.values()) == total and found["refused"] > 0.7 * total and found["ran"] > 0.01 * total


def test_foreign_and_newer_files(tmp_path: Path) -> None:
    path = tmp_path / "model.ne"
    for data in (b"", b"\0", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"PK\x03\x04" + b"\0" * 200, os.urandom(4096)):
        path.write_bytes(data)
        with pytest.raises(FormatError, match=f"{path}: header: is no neuroedge model"):
            load(path)
    newer = bytearray(smallest())
    newer[8] = 2
    path.write_bytes(newer)
    with pytest.raises(FormatError, match=r"version must be 1 \(got 2\); update neuroedge"):
        load(path)
    text = smallest().replace(b"\r\n", b"\n")
    path.write_bytes(text)
    with pytest.raises(FormatError, match="is no neuroedge model"):
        load(path)


def test_reading_takes_no_more_memory_than_the_file() -> None:
    data = bytes_of(networks()[0], 1.0)
    parse(data)
    for lie in (data, *(with_array(data, "pop_n", np.full(3, n, np.int32)) for n in (2**31 - 1, 10**6))):
        tracemalloc.start()
        try:
            parse(lie)
        except FormatError:
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * len(data) + (1 << 20)


def test_a_refusal_is_quick() -> None:
    data = bytearray(bytes_of(networks()[0], 1.0))
    data[-70] ^= 1
    began = time.perf_counter()
    for _ in range(10):
        refused(bytes(data))
    assert time.perf_counter() - began < 0.1


def test_a_number_of_a_plan_that_fits_its_checksum_says_field_and_rule() -> None:
    data = smallest()
    target = arrays_of(data)["proj_post"]
    assert "proj_post: must be 0 to 1" in refused(with_array(data, "proj_post", target + np.int32(7)))
    lanes = arrays_of(data)["pop_lane"]
    lanes[1] = 0
    assert "pop_lane: entry 1 must be 64 by the others (got 0)" in refused(with_array(data, "pop_lane", lanes))
    start = arrays_of(data)["v_start"]
    start[-1] = 100.0
    assert "v_start: in the padding of population 1 could spike" in refused(with_array(data, "v_start", start))
    params = arrays_of(data)["params"]
    params[2] = -np.inf
    assert "params: of population 1" in refused(with_array(data, "params", params))


def test_network_and_plan_must_be_of_one_model() -> None:
    one, other = networks()[0], networks()[0]
    other.add("more", 70, "lif")
    other.connect("hidden", "more")
    data = b"".join(pieces_of(compile_network(one, 1.0), one, WORDS, None))
    assert zlib.crc32(resealed(data)) == zlib.crc32(data)
    mixed = b"".join(pieces_of(compile_network(other, 1.0), one, WORDS, None))
    assert "plan: is of other projections than the network" in refused(mixed)
