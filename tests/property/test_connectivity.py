"""Properties of connectivity, its storage and the estimate of what it costs."""

from typing import Any, List, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge import LIF, AdEx, Exponential, Network
from neuroedge.engines.job import Given, Job
from neuroedge.engines.reference import ReferenceEngine
from neuroedge.errors import ParameterError
from neuroedge.network import connectivity as cn
from neuroedge.plan.compile import compile_network, estimate
from neuroedge.plan.plan import Plan, State
from neuroedge.plan.precision import to_half

# time is measured elsewhere, and the machine is shared
quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@quick
@given(seed=seeds, n_post=st.integers(1, 80), data=st.data())
def test_random_rows_are_ascending_and_distinct(seed: int, n_post: int, data: Any) -> None:
    counts = np.array(data.draw(st.lists(st.integers(0, n_post), min_size=1, max_size=20)), np.int64)
    post = cn.random_rows(generator(seed), counts, n_post)
    assert post.dtype == np.uint32 and len(post) == counts.sum()
    for row, n in zip(np.split(post.astype(int), np.cumsum(counts)[:-1]), counts):
        assert len(row) == n and (np.diff(row) > 0).all()
        assert n == 0 or 0 <= row[0] <= row[-1] < n_post


@pytest.mark.parametrize("share", [2, 10, 18])
def test_random_rows_are_uniform(share: int) -> None:
    # every target is as likely, and every pair of targets; few, half and most of 20
    n, rows = 20, 4000
    post = cn.random_rows(generator(7), np.full(rows, share, np.int64), n).reshape(rows, share)
    table = np.zeros((rows, n))
    np.put_along_axis(table, post.astype(np.int64), 1.0, axis=1)
    p = share / n
    z = (table.sum(0) - rows * p) / np.sqrt(rows * p * (1 - p))
    # the sum over targets is fixed, which leaves n - 1 degrees of freedom
    assert abs((z**2).sum() * (n - 1) / n - (n - 1)) < 4 * np.sqrt(2 * (n - 1))
    pairs = (table.T @ table)[np.triu_indices(n, 1)] / rows
    expected = share * (share - 1) / (n * (n - 1))
    assert np.abs(pairs - expected).max() < 5 * np.sqrt(expected / rows)


@quick
@given(seed=seeds, n=st.integers(1, 60), p=st.floats(0.01, 1.0))
def test_lateral_has_no_connection_to_itself(seed: int, n: int, p: float) -> None:
    net = Network(seed=seed)
    net.add("layer", n, "lif")
    projection = net.connect("layer", "layer", "lateral", probability=p)
    c = projection.connectivity
    assert c.count == projection.count
    assert (c.pre() != c.targets()).all() and (c.targets() < n).all()
    keys = c.pre().astype(np.int64) * n + c.targets()
    assert (np.diff(keys) > 0).all()
    if p == 1.0:
        assert c.count == n * (n - 1)


@quick
@given(seed=seeds, sizes=st.tuples(st.integers(1, 40), st.integers(1, 40)), p=st.floats(0.01, 1.0))
def test_counts_are_known_before_anything_is_drawn(seed: int, sizes: Tuple[int, int], p: float) -> None:
    net = Network(seed=seed)
    net.add("a", sizes[0], "rate")
    net.add("b", sizes[1], "lif")
    projection = net.connect("a", "b", "random", probability=p)
    count = projection.count
    assert projection._given is None
    c = projection.connectivity
    assert c.count == count == net.synapses and c.indptr[-1] == count and (np.diff(c.indptr) >= 0).all()


def random_network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    net = Network(seed=seed)
    net.add("a", int(rng.integers(1, 30)), "poisson")
    net.add("b", int(rng.integers(1, 30)), "lif")
    n_pre, n_post = net.population("a").size, net.population("b").size
    net.connect("a", "b", probability=0.4)
    weights = rng.normal(size=(n_pre, n_post)) * (rng.random((n_pre, n_post)) < 0.5)
    net.connect("a", "b", weights=weights, delay=2.0)
    net.connect("b", "b", "lateral", probability=0.5)
    delays = rng.integers(1, 5, weights.shape) * 1.0
    net.connect("a", "b", weights=weights, delay=delays)
    return net


@pytest.mark.long
@quick
@given(seed=seeds)
def test_weights_come_back_as_they_were_set(seed: int) -> None:
    net = random_network(seed)
    first = net.get_weights()
    net.set_weights(first)
    again = net.get_weights()
    for name in first:
        assert np.array_equal(first[name], again[name]), name
    # and scaled ones too, where an exact power of two changes no rounding
    net.set_weights({name: w * 0.5 for name, w in first.items()})
    for name, w in net.get_weights().items():
        assert np.array_equal(w, first[name] * 0.5), name


@pytest.mark.long
@quick
@given(seed=seeds)
def test_default_weights_are_deterministic(seed: int) -> None:
    first, again = (random_network(seed).get_weights() for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    # reading one projection first does not change another
    net = random_network(seed)
    last = list(net.projections)[-2]
    net.projections[last].connectivity
    assert np.array_equal(net.get_weights()["a->b"], first["a->b"])


def test_unfitting_weights_change_nothing() -> None:
    net = random_network(3)
    before, version = net.get_weights(), net.version
    with pytest.raises(ParameterError):
        net.set_weights({"a->b": before["a->b"] * 2.0, "b->b": np.zeros((1, 99))})
    assert net.version == version
    assert np.array_equal(net.get_weights()["a->b"], before["a->b"])


Synapse = Tuple[int, int, int, float]


def stored_synapses(plan: Plan, q: int) -> List[Synapse]:
    """(source, target, delay in ticks, weight) of a projection, read back by running one source at a time."""
    post, found = int(plan.proj_post[q]), []
    lanes, depth, first = int(plan.pop_lanes[post]), int(plan.pop_depth[post]), int(plan.pop_ring[post])
    for source in range(int(plan.pop_n[plan.proj_pre[q]])):
        state = State(plan)
        given = {0: Given(np.zeros(1, np.int32), np.array([source], np.uint32))}
        ReferenceEngine(plan, state).run(Job(1, given, {}, {}, [False] * 2, [False] * 2))
        ring = state.ring[first : first + depth * lanes].reshape(depth, lanes)
        for slot, target in np.argwhere(ring):
            delay = int(slot) if slot else depth
            found.append((source, int(target), delay, float(ring[slot, target])))
    return found


def given_synapses(c: cn.Connectivity, dt: float) -> List[Synapse]:
    """The same of a connectivity, parallel synapses of one delay summed in their order."""
    delay = np.broadcast_to(np.asarray(c.delay if c.delay is not None else 0.0), (c.count,))
    ticks = np.maximum(1, np.rint(delay / dt)).astype(int)
    sums: Any = {}
    for i, j, d, w in zip(c.pre().tolist(), c.targets().tolist(), ticks.tolist(), c.weight.astype(np.float32)):
        sums[i, j, d] = np.float32(sums.get((i, j, d), np.float32(0.0)) + w)
    return [(*key, float(w)) for key, w in sums.items() if w]


@pytest.mark.long
@settings(max_examples=120, deadline=None, database=None, derandomize=True)
@given(
    seed=seeds,
    kind=st.sampled_from(["none", "one", "few", "many", "any"]),
    layout=st.sampled_from(["dense", "sparse", "parallel"]),
    storage=st.sampled_from(["auto", "dense", "rows", "block8"]),
)
def test_storage_keeps_every_synapse(seed: int, kind: str, layout: str, storage: str) -> None:
    rng, dt = np.random.default_rng(seed), 0.5
    n_pre, n_post = int(rng.integers(1, 12)), int(rng.integers(1, 40))
    net = Network()
    net.add("a", n_pre, "rate")
    net.add("b", n_post, LIF(v_threshold=1e6))
    count = int(rng.integers(1, 3 * n_pre * n_post + 1))
    shape: Any = (count,) if layout == "parallel" else (n_pre, n_post)
    delays = {
        "none": None,
        "one": float(rng.integers(0, 9) * dt),
        "few": rng.integers(0, 3, shape) * dt,
        "many": rng.integers(0, 40, shape) * dt,
        "any": rng.uniform(0.0, 20.0, shape),
    }
    weights = rng.normal(size=shape)
    if layout == "parallel":
        rows, columns = rng.integers(0, n_pre, count), rng.integers(0, n_post, count)
        projection = net.connect("a", "b", synapses=(rows, columns, weights), delay=delays[kind])
    else:
        weights *= rng.random(shape) < (1.0 if layout == "dense" else 0.3)
        projection = net.connect("a", "b", weights=weights, delay=delays[kind])
    plan = compile_network(net, dt, storage=storage)
    assert sorted(stored_synapses(plan, 0)) == sorted(given_synapses(projection.connectivity, dt))


@pytest.mark.long
@quick
@given(seed=seeds, size=st.integers(0, 200))
def test_half_weights_are_the_nearest(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=size) * 10.0 ** rng.uniform(-9, 4, size)
    weights = np.clip(weights, -65504.0, 65504.0)
    back = to_half("test", weights).view(np.float16).astype(np.float64)
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = np.sort(np.unique(every[np.isfinite(every)].astype(np.float64)))
    nearest = np.clip(np.searchsorted(halves, weights), 1, len(halves) - 1)
    distance = np.minimum(np.abs(halves[nearest] - weights), np.abs(halves[nearest - 1] - weights))
    assert np.array_equal(np.abs(back - weights), distance)


def test_halves_beyond_their_range_are_an_error() -> None:
    with pytest.raises(ParameterError):
        to_half("test", np.array([1.0, 65505.0]))


def costed_network(seed: int) -> Network:
    """Patterns only, so that nothing has to be drawn; sometimes per-neuron parameters."""
    rng = np.random.default_rng(seed)
    net = Network(seed=seed)
    sizes = rng.integers(1, 500, 4)
    each = rng.random(3) < 0.4
    net.add("a", int(sizes[0]), "poisson")
    net.add("b", int(sizes[1]), LIF(tau_m=rng.uniform(5, 20, sizes[1]) if each[0] else 10.0))
    net.add("c", int(sizes[2]), "alif", threshold_step=rng.uniform(1, 2, sizes[2]) if each[1] else 1.0)
    net.add("d", int(sizes[3]), AdEx(C=rng.uniform(100, 300, sizes[3]) if each[2] else 281.0))
    for pre, post in (("a", "b"), ("b", "b"), ("a", "c"), ("c", "d"), ("b", "c"), ("d", "d")):
        if rng.random() < 0.7:
            pattern = "lateral" if pre == post else "random"
            synapse = Exponential(float(rng.choice([2.0, 5.0, 9.0]))) if rng.random() < 0.5 else None
            delay = None if rng.random() < 0.5 else float(rng.integers(0, 40)) * 0.1
            p = float(rng.choice([0.005, 0.05, 0.4, 1.0]))
            net.connect(pre, post, pattern, probability=p, delay=delay, synapse=synapse)
    return net


@pytest.mark.long
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@pytest.mark.filterwarnings("ignore:int8. only LIF", "ignore:Population .* steps of")
@given(seed=seeds, precision=st.sampled_from(["float32", "float16", "float64", "int8"]), dt=st.sampled_from([0.1, 1.0]))
def test_estimates_hold_and_draw_nothing(seed: int, precision: str, dt: float) -> None:
    net = costed_network(seed)
    asked = estimate(net, dt, precision)
    assert all(q._given is None for q in net.projections.values())
    taken = compile_network(net, dt, precision).nbytes
    # a code takes three bytes with its target, and one in a dense row
    assert taken <= asked <= (3 if precision == "int8" else 2) * taken, f"{asked / taken:.3f}"


@pytest.mark.long
@settings(max_examples=30, deadline=None, database=None, derandomize=True)
@given(seed=seeds)
def test_estimates_hold_for_given_synapses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net, n = Network(), int(rng.integers(100, 600))
    net.add("a", n, "rate")
    net.add("b", n, "lif")
    weights = rng.normal(size=(n, n)) * (rng.random((n, n)) < rng.choice([0.02, 0.2, 1.0]))
    delays = rng.integers(1, int(rng.choice([2, 3, 20])), (n, n)) * 1.0
    net.connect("a", "b", weights=weights, delay=delays)
    taken = compile_network(net, 1.0).nbytes
    # what segments take is known only when the delays are sorted: as many as there are synapses is the most
    assert taken <= estimate(net, 1.0) <= 2.5 * taken


def test_an_explanation_names_every_part() -> None:
    net = costed_network(11)
    plan = compile_network(net, 0.1)
    text = plan.explain()
    for name in [*net.populations, *net.projections]:
        assert name in text
    for projection in net.projections.values():
        assert f"{projection.count:,}" in text
