"""Where engines part first: borders of blocks, nothing to do, one tick, the last tick, and zeros with a sign."""

from typing import Any, Dict, List, Sequence

import numpy as np
import pytest
from comparing import compare
from strategies import Call, Case

from neuroedge import ALIF, LI, LIF, AdEx, CubaLIF, Exponential, Network, PoissonSource, SpikeSource
from neuroedge.engines.library import simd_levels, use_simd

MODES = ("reference", "clock", "event", "hybrid")
THREADS = ("clock@2", "clock@3", "clock@4", "clock@16", "event@3")
EVERY = (*MODES, *THREADS)


def assert_all(net: Network, calls: Sequence[Call], engines: Sequence[str] = EVERY, dt: float = 1.0) -> int:
    """The same bits from every engine, on every level; returns the spikes."""
    outcome = compare(Case(0, net, dt, "float32", 0, False, list(calls)), engines)
    assert outcome.error is None, outcome.error
    return outcome.spikes


def call(ticks: float, potentials: bool = False, currents: Any = None, **inputs: Any) -> Call:
    return Call(float(ticks), inputs, currents or {}, potentials)


def volley(size: int, *times: float) -> List[Any]:
    return [(k, t) for t in times for k in range(size)]


def chain(sizes: Sequence[int], delay: Any = None, **parameters: Any) -> Network:
    """given → c0 → c1 → …, and the last back to the first."""
    net = Network(seed=5)
    net.add("given", sizes[0], SpikeSource())
    names = ["given"]
    for k, n in enumerate(sizes):
        net.add(f"c{k}", n, LIF(tau_m=10.0, **parameters))
        names.append(f"c{k}")
    for pre, post in [*zip(names, names[1:]), (names[-1], names[1])]:
        shape = (net.population(pre).size, net.population(post).size)
        weights = np.random.default_rng(len(net.projections)).normal(9.0, 6.0, shape) + 16.0 * (shape[0] == 1)
        net.connect(pre, post, weights=weights.astype(np.float32), delay=delay)
    return net


@pytest.mark.long
@pytest.mark.parametrize("sizes", [(1,), (1, 1, 1), (64,), (128, 64), (63, 65), (192, 1, 256), (1024,)])
def test_sizes_around_blocks(sizes: Sequence[int]) -> None:
    given = volley(sizes[0], 1.0, 9.0, 40.0)
    assert assert_all(chain(sizes), [call(40, given=given), call(3, True), call(25)]) > 0


@pytest.mark.long
@pytest.mark.parametrize("refractory", [0.0, 3.0])
def test_calls_of_one_tick(refractory: float) -> None:
    # arrivals, refractory neurons and what is awake come from the call before
    calls = [call(1, k % 7 == 0, given=volley(70, 1.0) if k % 10 == 0 else []) for k in range(60)]
    for reset in ("value", "subtract"):
        net = chain((70, 130), 4.0, refractory=refractory, reset=reset)
        assert assert_all(net, calls, ("clock", "reference", "event", "event@2", "clock@3")) > 500


def test_delays_much_longer_than_the_call() -> None:
    net = chain((65,), np.random.default_rng(3).choice([1.0, 300.0, 5000.0], (65, 65)), refractory=2.0)
    calls = [call(2, given=volley(65, 1.0, 2.0)), call(1), call(296), call(3), call(4690), call(40)]
    assert assert_all(net, calls, ("clock", "event", "hybrid", "clock@2")) > 100


def test_spikes_at_the_first_and_the_last_tick() -> None:
    net = chain((64,), 2.0)
    calls = [call(7, given=volley(64, 0.0, 7.0), c0=volley(64, 7.0)), call(1, c0=volley(64, 0.0, 1.0)), call(9)]
    assert assert_all(net, calls) > 100


def test_sources_alone() -> None:
    net = Network(seed=1)
    for k, n in enumerate((1, 64, 130)):
        net.add(f"poisson{k}", n, PoissonSource(np.linspace(0.0, 900.0, n)))
        net.add(f"given{k}", n, SpikeSource())
    assert_all(net, [call(50, given1=volley(64, 1.0, 50.0), given2=[(129, 3.0)]), call(1), call(200)])


def test_nothing_is_connected_and_nothing_given() -> None:
    net = Network()
    net.add("alone", 130, LIF(v_init=np.linspace(-80.0, -40.0, 130), reset="subtract", refractory=2.0))
    net.add("never", 3, SpikeSource())
    assert assert_all(net, [call(1), call(400), call(2, True)]) > 0


def test_projections_without_synapses() -> None:
    net = chain((66,))
    none = np.zeros(0, np.int64)
    net.connect("c0", "c0", synapses=(none, none, np.zeros(0)), delay=3.0)
    net.connect("given", "c0", weights=np.zeros((66, 66)), delay=9.0)
    assert assert_all(net, [call(30, given=volley(66, 1.0, 5.0)), call(30)]) > 0


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("v_reset", [-0.0, -1e-60])
def test_zeros_with_a_sign(v_reset: float, reset: str) -> None:
    # −0 + 0 is +0: who is visited would lose a sign that who is passed over keeps
    net = Network()
    net.add("given", 130, SpikeSource())
    init = np.where(np.arange(130) % 2, -0.0, 0.0)
    cell: Dict[str, Any] = {"tau_m": 10.0, "v_rest": 0.0, "v_reset": v_reset, "v_threshold": 1.0, "reset": reset}
    for name, wait in (("a", 0.0), ("b", 2.0)):
        net.add(name, 130, LIF(v_init=init, refractory=wait, **cell))
        net.connect("given", name, "one_to_one", weights=1.0)
        net.connect(name, name, "one_to_one", weights=-0.0, delay=3.0)
    calls = [call(3, given=[(0, 1.0), (77, 1.0)]), call(1, given=[(1, 1.0)]), call(4, given=[(64, 2.0)]), call(50)]
    assert assert_all(net, calls, (*EVERY, "event@2")) > 5


def test_sums_that_cancel_to_nothing() -> None:
    # +w and −w in one tick, before and after: the list of who is reached has everybody twice
    net = Network()
    net.add("given", 40, SpikeSource())
    net.add("cell", 130, LIF(tau_m=10.0, v_rest=0.0, v_reset=0.0, v_threshold=2.0))
    weights = np.where(np.arange(40) % 2, -1.0, 1.0)[:, None] * np.ones((1, 130))
    rows, columns = np.nonzero(weights)
    net.connect("given", "cell", synapses=(rows, columns, weights[rows, columns]))
    net.connect("given", "cell", synapses=(rows, columns, 0.0625), delay=2.0)
    assert assert_all(net, [call(20, True, given=volley(40, 1.0, 2.0, 9.0)), call(5)]) > 0


@pytest.mark.long
def test_all_models_of_one_neuron_on_sixteen_threads() -> None:
    net = Network(seed=2)
    net.add("noise", 1, PoissonSource(500.0))
    for k, model in enumerate((LIF(), CubaLIF(), ALIF(), AdEx(C=20.0), LI())):
        net.add(f"c{k}", 1, model)
        synapse = Exponential(3.0) if k == 3 else None
        net.connect("noise", f"c{k}", weights=1e3 if k == 3 else 20.0, synapse=synapse)
    calls = [call(40, True, {"c0": 5.0, "c3": np.full((40, 1), 100.0)}), call(1), call(30)]
    assert assert_all(net, calls, ("reference", "clock", "hybrid", "clock@2", "clock@16")) > 20


@pytest.mark.long
def test_no_ticks_in_common_with_the_frame_table() -> None:
    # silence that ends just before, at and behind the border of a table of frames and of a flush
    net = chain((65,), 1.0)
    gaps = (62, 1, 1, 1, 63, 64, 65, 829, 1, 1023, 1024, 1025)
    calls = [call(g, given=volley(65, float(g))) for g in gaps]
    assert assert_all(net, calls, ("clock", "event", "clock@2", "reference")) > 500


@pytest.mark.long
@pytest.mark.parametrize("level", simd_levels())
def test_every_level(level: str) -> None:
    before = simd_levels()[0]
    use_simd(level)
    try:
        test_sizes_around_blocks((192, 1, 256))
        test_spikes_at_the_first_and_the_last_tick()
    finally:
        use_simd(before)
