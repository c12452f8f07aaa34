"""No storage changes a bit: each that is asked for gives what rows give, on both engines, however they run."""

from typing import Any, Iterator, List, Set, Tuple

import numpy as np
import pytest
from comparing import Outcome, Tally, difference, run_call
from strategies import Case, begin, build

from neuroedge import LIF, Network, PoissonSource, Simulator
from neuroedge.engines.library import simd, simd_levels, use_simd
from neuroedge.engines.native import NativeEngine
from neuroedge.plan.compile import compile_network
from neuroedge.plan.plan import Plan, State
from neuroedge.plan.recording import Recording

STORAGES = ("dense", "block8", "auto")
NETWORKS = 40
# mode, threads
WAYS = (("clock", 1), ("hybrid", 1), ("clock", 2), ("clock", 3), ("clock", 4))


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = simd()
    yield
    use_simd(before)


def ran(case: Case, plan: Plan, mode: str, threads: int) -> Tuple[List[Recording], State]:
    simulator = Simulator(plan, engine="reference" if mode == "reference" else "clock")
    if mode != "reference":
        simulator.engine = NativeEngine(plan, simulator.state, mode, threads)
    begin(case, plan, simulator.state)
    return [run_call(simulator, call) for call in case.calls], simulator.state


def assert_same(case: Case, a: Any, b: Any, words: str) -> None:
    for k, (x, y) in enumerate(zip(a[0], b[0])):
        assert difference(x, y) is None, f"seed {case.seed}, call {k}: {words}"
    assert a[1].equal(b[1]) is None, f"seed {case.seed}: {words}"


@pytest.mark.long
def test_every_storage_gives_what_rows_give(report: Any) -> None:
    tally = Tally("rows == dense == block8, every level, mode and thread")
    kinds: Set[int] = set()
    for seed in range(7000, 7000 + NETWORKS):
        case, levels = build(seed), simd_levels()
        rows = ran(case, compile_network(case.network, case.dt, case.precision, storage="rows"), "reference", 1)
        for storage in STORAGES:
            plan = compile_network(case.network, case.dt, case.precision, storage=storage)
            kinds |= set(plan.proj_storage.tolist())
            assert_same(case, rows, ran(case, plan, "reference", 1), f"{storage}, reference")
            for k, (mode, threads) in enumerate([*WAYS, *[("clock", 1)] * len(levels)]):
                use_simd(levels[(k + len(levels) - len(WAYS)) % len(levels)])
                assert_same(case, rows, ran(case, plan, mode, threads), f"{storage}, {mode}, {threads}, {simd()}")
        neurons = [p.name for p in case.network.populations.values() if not p.model.source]
        spikes = sum(int(recording.counts[name].sum()) for recording in rows[0] for name in neurons)
        tally.add(Outcome(spikes, spikes, None))
    report(tally)
    assert tally.share >= 0.9 and kinds == {0, 2, 3}


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("storage", ["rows32", "local16", "block8"])
def test_wide_populations_on_several_threads(storage: str, precision: str) -> None:
    # borders between threads and between bases of 65,536 fall into rows
    net, n, rng = Network(seed=2), 140_000, np.random.default_rng(2)
    net.add("source", 30, PoissonSource(100.0))
    net.add("wide", n, LIF(tau_m=10.0))
    pre, post = rng.integers(0, 30, 60_000), rng.integers(0, n, 60_000)
    net.connect("source", "wide", synapses=(pre, post, rng.normal(12.0, 8.0, 60_000)), delay=3.0)
    answers = []
    for asked, mode, threads in [("rows32", "clock", 1), *[(storage, *way) for way in WAYS]]:
        plan = compile_network(net, 1.0, precision, storage=asked)
        simulator = Simulator(plan, engine="clock")
        simulator.engine = NativeEngine(plan, simulator.state, mode, threads)
        answers.append((simulator.run(30.0), simulator.state))
        if storage != "block8":
            assert plan.choices[0].storage == asked
    assert sum(int(c.sum()) for c in answers[0][0].counts.values()) > 1000
    for recording, state in answers[1:]:
        assert difference(answers[0][0], recording) is None
        assert answers[0][1].equal(state) is None
