"""Given spikes on the grid: the native core and NumPy agree on every tick, on every instruction set."""

from typing import Any, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge import LIF, Network, Simulator, SpikePattern
from neuroedge.engines.address import address
from neuroedge.engines.job import on_grid
from neuroedge.engines.library import simd, simd_levels, use_simd


@pytest.fixture(params=simd_levels(), scope="module")
def native(request: Any) -> Iterator[Any]:
    """The native twin on one instruction set."""
    before = simd()
    net = Network()
    net.add("a", 1, LIF())
    use_simd(request.param)
    yield Simulator(net).engine.on_grid
    use_simd(before)


def assert_same(native: Any, times: Any, neurons: Any, dt: float, ticks: int) -> np.ndarray:
    times, neurons = np.asarray(times, np.float64), np.asarray(neurons, np.uint32)
    ours, ascends = native(times, neurons, dt, ticks)
    theirs, also = on_grid(times, neurons, dt, ticks)
    assert ours.ticks.dtype == np.int32 and np.array_equal(ours.ticks, theirs.ticks)
    assert ours.neurons is neurons and ascends is also
    ranks = [(int(t), int(n)) for t, n in zip(ours.ticks, neurons)]
    assert ascends is all(a <= b for a, b in zip(ranks, ranks[1:]))
    assert ours.where == (address(ours.ticks), address(neurons))
    return ours.ticks


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 70),
    dt=st.sampled_from((0.1, 0.5, 1.0, 1 / 3, 0.05, 7.0, 1e-3)),
    ticks=st.sampled_from((1, 2, 3, 100, 10_000, 2**31 - 1)),
    kind=st.sampled_from(("any", "sorted", "grid", "beside")),
)
def test_twins_agree(native: Any, seed: int, n: int, dt: float, ticks: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    times = rng.uniform(0.0, ticks * dt, n)
    if kind in ("grid", "beside"):
        times = rng.integers(0, min(ticks, 200) + 1, n) * dt
    if kind == "beside":
        # a few of the last digits, and about the millionth of a tick that counts as rounding
        times = times * (1.0 + rng.integers(-4, 5, n) * 2.0**-52) + rng.choice([0.0, 1e-6, -1e-6], n) * dt
    times = np.clip(times, 0.0, ticks * dt * (1 + 1e-9))
    if kind != "any":
        times.sort()
    assert_same(native, times, rng.integers(0, 5, n), dt, ticks)


def test_ends(native: Any) -> None:
    times = [0.0, 1e-300, 1.0, 1.0 + 1e-7, 1.1, 5.0, 5.0 * (1 + 1e-9)]
    assert assert_same(native, times, [0] * 7, 1.0, 5).tolist() == [0, 0, 0, 0, 1, 4, 4]
    most = 2**31 - 1
    times = [most - 1.0, float(most), most * (1 + 1e-9)]
    assert assert_same(native, times, [0] * 3, 1.0, most).tolist() == [most - 2, most - 1, most - 1]
    # neurons are compared without a sign
    assert native(np.zeros(2), np.array([1, 2**31 + 5], np.uint32), 1.0, 3)[1] is True
    assert native(np.zeros(2), np.array([2**31 + 5, 1], np.uint32), 1.0, 3)[1] is False


@pytest.mark.parametrize("engine", ["clock", "reference"])
def test_a_pattern_out_of_order_is_sorted(engine: str) -> None:
    net = Network()
    net.add("in", 9, "rate")
    pattern = SpikePattern([5, 1, 8, 1, 0], [3, 3, 0, 1, 3], steps=4)
    recording = Simulator(net, dt=1.0, engine=engine).run(8.0, {"in": pattern})
    assert list(recording.spikes["in"]) == [(8, 1.0), (1, 2.0), (0, 6.0), (1, 6.0), (5, 6.0)]
    assert recording.counts["in"].tolist() == [1, 2, 0, 0, 0, 1, 0, 0, 1]


def test_addresses() -> None:
    block = np.arange(100, dtype=np.uint8)
    for array in (block, block[3:], block[::2], block[::-1], np.zeros(0), np.zeros((3, 4))[1:], np.zeros(())):
        assert address(array) == array.ctypes.data
        array.setflags(write=False)
        assert address(array) == array.ctypes.data
