"""Properties of pruning: whatever the network, what it keeps is a part of what was there, and as much as was asked."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroedge import Network
from neuroedge.network.connectivity import from_dense
from neuroedge.optimize import NetworkPruner
from neuroedge.optimize.hessian import damped, elimination_losses, error, refit
from neuroedge.optimize.ranking import caps, lowest, units_of

quick = settings(max_examples=40, deadline=None, database=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
shares = st.floats(0.0, 0.97)


def network(seed: int, delays: bool = False) -> Network:
    """Input → hidden → read-out with a loop in the middle, sparse here and dense there; sizes are no multiples of 8."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 21, 3)
    net = Network(seed=seed % 1000)
    net.add("in", sizes[0], "rate")
    net.add("mid", sizes[1], "lif", refractory=0.0, tau_m=float(rng.uniform(3, 20)))
    net.add("out", sizes[2], "li" if rng.random() < 0.5 else "cubalif")
    for pre, post, density in (("in", "mid", 1.0), ("mid", "mid", 0.3), ("mid", "out", rng.uniform(0.4, 1.0))):
        shape = (net.population(pre).size, net.population(post).size)
        w = rng.normal(2.0, 6.0, shape) * (rng.random(shape) <= density)
        w[0, 0] = 1.0
        net.connect(pre, post, weights=w, delay=rng.integers(1, 5, shape).astype(float) if delays else 2.0)
    return net


def calibration(net: Network, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((6, net.population("in").size))


@pytest.mark.long
@quick
@given(seed=seeds, share=shares, criterion=st.sampled_from(["trace", "magnitude"]), delays=st.booleans())
def test_weights_are_pruned_to_the_target(seed: int, share: float, criterion: str, delays: bool) -> None:
    net = network(seed, delays)
    before = {name: q.connectivity for name, q in net.projections.items()}
    pruner = NetworkPruner(sparsity_target=share, criterion=criterion, calibration=calibration(net, seed))
    new = pruner.prune(net)
    # every projection keeps one synapse, whatever is asked
    most = sum(c.count - 1 for c in before.values())
    assert net.synapses - new.synapses == min(round(share * net.synapses), most)
    for name, q in new.projections.items():
        c, old = q.connectivity, before[name]
        assert net.projections[name].connectivity is old and c.count >= 1 and np.isfinite(c.weight).all()
        at = {(p, t): k for k, (p, t) in enumerate(zip(old.pre().tolist(), old.targets().tolist()))}
        where = [at[pair] for pair in zip(c.pre().tolist(), c.targets().tolist())]
        assert where == sorted(where)
        assert np.array_equal(np.broadcast_to(old.delay, old.count)[where], np.broadcast_to(c.delay, c.count))
        if criterion == "magnitude" and share > 0:
            assert np.array_equal(old.weight[where], c.weight)
            gone = np.setdiff1d(np.arange(old.count), where)
            assert not len(gone) or np.abs(old.weight[gone]).max() <= np.abs(c.weight).min()


@pytest.mark.long
@quick
@given(seed=seeds, share=shares, criterion=st.sampled_from(["trace", "magnitude"]))
def test_blocks_stay_or_go(seed: int, share: float, criterion: str) -> None:
    net = network(seed)
    pruner = NetworkPruner(
        sparsity_target=share, criterion=criterion, granularity="block8", calibration=calibration(net, seed)
    )
    new = pruner.prune(net)
    for name, q in new.projections.items():
        old, c = net.projections[name].connectivity, q.connectivity
        kept = set(zip(c.pre().tolist(), c.targets().tolist()))
        blocks = {(p, t // 8) for p, t in kept}
        assert kept == {(p, t) for p, t in zip(old.pre().tolist(), old.targets().tolist()) if (p, t // 8) in blocks}
    over = (net.synapses - new.synapses) - round(share * net.synapses)
    # one block of each projection may be more than was asked, or the last of one may have to stay
    assert -8 * 3 <= over <= 7 * 4


@pytest.mark.long
@quick
@given(seed=seeds, threshold=st.floats(0.0, 0.6))
def test_threshold_takes_what_is_below_and_nothing_else(seed: int, threshold: float) -> None:
    net = network(seed)
    new = NetworkPruner(threshold=threshold, criterion="magnitude").prune(net)
    for name in ("in->mid", "mid->mid"):
        old, c = net.projections[name].connectivity, new.projections[name].connectivity
        drive = float(np.mean(net.population("mid").model.drives))
        stays = np.abs(old.weight) >= threshold * drive
        if stays.any():
            assert np.array_equal(old.weight[stays], c.weight)
        else:
            assert c.count == 1 and abs(c.weight[0]) == np.abs(old.weight).max()


def problem(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    d, m = rng.integers(2, 24, 2)
    x = rng.normal(0, 1, (3 * d, d)) @ rng.normal(0, 1, (d, d)) * (rng.random(d) < 0.9)
    return rng, rng.normal(0, 1, (d, m)), x.T @ x / len(x)


@quick
@given(seed=seeds, keep=st.floats(0.05, 1.0))
def test_refit_never_increases_the_error(seed: int, keep: float) -> None:
    rng, w, moment = problem(seed)
    hessian, mask = damped(moment), rng.random(w.shape) < keep
    fresh = refit(hessian, hessian @ w, mask)
    assert not fresh[~mask].any()
    assert error(fresh - w, hessian) <= error(np.where(mask, w, 0.0) - w, hessian) * (1 + 1e-9) + 1e-9
    assert np.allclose(np.where(mask, hessian @ (fresh - w), 0.0), 0.0, atol=1e-8 * np.abs(hessian).max())


@pytest.mark.long
@quick
@given(seed=seeds)
def test_an_elimination_tells_the_error_of_what_it_leaves(seed: int) -> None:
    """Sum of the losses up to any point = error of the refitted rest, where losses rise from step to step."""
    _, w, moment = problem(seed)
    moment = moment + np.eye(len(moment))
    hessian, everything = damped(moment), np.ones(w.shape, bool)
    losses = elimination_losses(w, moment, everything, 1)
    assert losses is not None and (losses >= 0).all()
    for j in range(w.shape[1]):
        order = np.argsort(losses[:, j], kind="stable")
        for k in (1, len(order)):
            mask = np.ones((len(order), 1), bool)
            mask[order[:k]] = False
            left = refit(hessian, hessian @ w[:, [j]], mask)
            made = error(left - w[:, [j]], hessian)
            # a loss is raised to that before it, so the sum is at least the error
            assert made <= losses[order[:k], j].sum() * (1 + 1e-6) + 1e-12
        # the first to go is the cheapest of all
        cheapest = (w[:, j] ** 2 / np.linalg.inv(hessian).diagonal()).min()
        assert np.isclose(losses[order[0], j], cheapest, rtol=1e-6)


@quick
@given(seed=seeds, share=st.floats(0.0, 1.0), block=st.booleans())
def test_lowest_takes_the_lowest(seed: int, share: float, block: bool) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(0, 1, (6, 11)) * (rng.random((6, 11)) < 0.7)
    matrix[0, 0] = 1.0
    units = [units_of(from_dense("test", matrix, (6, 11), None), "block8" if block else "weight") for _ in range(2)]
    losses = [rng.random(len(u.size)) for u in units]
    total = sum(int(u.size.sum()) for u in units)
    need = round(share * total)
    free = [np.array([total, total])]
    gone = lowest(losses, units, need, free)
    taken = sum(int(u.size[g].sum()) for u, g in zip(units, gone))
    assert need <= taken <= need + (7 if block else 0)
    rate = [loss / u.size for loss, u in zip(losses, units)]
    removed, left = (np.concatenate([r[g == flag] for r, g in zip(rate, gone)]) for flag in (True, False))
    assert not len(removed) or not len(left) or removed.max() <= left.min()
    counts = [int(u.size.sum()) for u in units]
    for most in caps(counts, [False, True], 0.8):
        gone = lowest(losses, units, need, [most])
        assert all(int(u.size[g].sum()) <= m for u, g, m in zip(units, gone, most))
