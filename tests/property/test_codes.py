"""Codes, scales and thresholds of int8 plans, for whatever weights and thresholds a network has."""

import warnings
from typing import Any, Tuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroedge import LI, LIF, CubaLIF, Network
from neuroedge.errors import ParameterError
from neuroedge.network.widths import Widths
from neuroedge.plan import integers
from neuroedge.plan.compile import compile_network, estimate
from neuroedge.plan.plan import Plan

seeds = st.integers(0, 2**32 - 1)
checks = [HealthCheck.too_slow, HealthCheck.data_too_large]


def network(seed: int, size: float, model: Any, n: int = 9) -> Tuple[Network, np.ndarray]:
    """One projection, with weights of about `size` mV, and some targets without any."""
    rng, net = np.random.default_rng(seed), Network()
    weights = rng.normal(0.0, size, (12, n)).astype(np.float32)
    weights[rng.random(weights.shape) < 0.2] = 0.0
    weights[:, rng.random(n) < 0.2] = 0.0
    net.add("input", 12, "rate")
    net.add("cell", n, model)
    net.connect("input", "cell", weights=weights, delay=np.where(rng.random(weights.shape) < 0.5, 1.0, 2.0))
    return net, weights


def quietly(net: Network) -> Plan:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile_network(net, 1.0, "int8")


def decoded(plan: Plan, shape: Tuple[int, int], scale: np.ndarray) -> np.ndarray:
    """Weights as the plan has them."""
    back = np.zeros(shape)
    rows = plan.segment[plan.row[: shape[0] + 1]] if plan.proj_segmented[0] else plan.row[: shape[0] + 1]
    for pre, (begin, end) in enumerate(zip(rows[:-1], rows[1:])):
        target = plan.target16[begin:end]
        back[pre, target] = plan.weight8[begin:end] * scale[target]
    return back


@pytest.mark.long
@settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=checks)
@given(seed=seeds, exponent=st.floats(-25.0, 25.0))
def test_weights_come_back_within_half_a_code(seed: int, exponent: float) -> None:
    net, weights = network(seed, 10.0**exponent, CubaLIF())
    plan = quietly(net)
    n = plan.size("cell")
    scale = plan.scale[int(plan.pop_scale[1]) + 64 :][:n].astype(np.float64)
    assert (plan.pop_scale[0], plan.pop_receptors[1]) == (-1, 1)
    assert (np.abs(decoded(plan, weights.shape, scale) - weights) <= scale * 0.5000001).all()
    # the largest of each target takes the last code
    assert np.abs(plan.weight8).max(initial=0) in (0, 127)


@pytest.mark.long
@settings(max_examples=300, deadline=None, database=None, derandomize=True, suppress_health_check=checks)
@given(
    seed=seeds,
    exponent=st.floats(-12.0, 12.0),
    theta=st.floats(-6.0, 6.0),
    reset=st.floats(-6.0, 0.99),
    each=st.booleans(),
)
def test_thresholds_take_thirteen_bits(seed: int, exponent: float, theta: float, reset: float, each: bool) -> None:
    top = 10.0**theta * (np.linspace(1.0, 3.0, 9) if each else 1.0)
    model = LIF(tau_m=20.0, v_rest=0.0, v_reset=reset * np.min(top), v_threshold=top)
    net, weights = network(seed, 10.0 ** (theta + exponent), model)
    plan = quietly(net)
    n = plan.size("cell")
    lanes = plan.spans["cell"]
    scale = plan.scale[int(plan.pop_scale[1]) :][:n].astype(np.float64)
    level, shift, low = (plan.arrays[a][lanes].astype(np.int64) for a in ("theta16", "shift16", "reset16"))
    assert (level <= 2**14).all() and (low >= -32767).all() and ((shift >= 0) & (shift <= 14)).all()
    # at least 13 bits, unless the reset lies so far below rest that 16 bits hold fewer of the threshold
    far = np.abs(model.v_reset) * 2.0**13 / top > 32767.0 / 2.0
    assert ((level >= 2**13) | far).all()
    assert np.allclose(level * scale * 2.0**-shift, top, rtol=0.0, atol=0.500001 * (scale * 2.0**-shift))
    # what is not clipped at 127 thresholds comes back within half a code
    error = np.abs(decoded(plan, weights.shape, scale) - weights)
    assert ((error <= scale * 0.5000001) | (np.abs(weights) > 126 * scale)).all()


@pytest.mark.long
@settings(max_examples=300, deadline=None, database=None, derandomize=True, suppress_health_check=checks)
@given(
    seed=seeds,
    exponent=st.floats(-9.0, 9.0),
    bits=st.tuples(st.integers(8, 16), st.integers(4, 32), st.integers(2, 8)),
    seen=st.one_of(st.none(), st.floats(-12.0, 12.0)),
    reads=st.booleans(),
)
def test_fewer_bits_hold_thresholds_and_sums(seed: int, exponent: float, bits: Any, seen: Any, reads: bool) -> None:
    model = LI(v_rest=0.0) if reads else LIF(v_rest=0.0, v_reset=-3.0, v_threshold=np.linspace(2.0, 9.0, 9))
    net, weights = network(seed, 10.0**exponent, model)
    most = {} if seen is None else {"cell": np.full(9, 10.0**seen)}
    net.widths = Widths(*bits, most, most)
    plan = quietly(net)
    lanes, scale = plan.spans["cell"], plan.scale[int(plan.pop_scale[1]) :][:9].astype(np.float64)
    shift, right, theta = (plan.arrays[a][lanes].astype(np.int64) for a in ("shift16", "right16", "theta16"))
    most_v, most_sum = int(plan.pop_most_v[1]), int(plan.pop_most_sum[1])
    assert most_v in (2 ** (bits[0] - 1) - 1, 32766) and most_sum == min(2 ** (bits[1] - 1) - 1, 65535)
    assert ((shift >= 0) & (shift <= 14) & (right >= 0) & (right <= 29)).all()
    assert np.abs(plan.weight8.astype(int)).max() <= 2 ** (bits[2] - 1) - 1
    unit = scale * np.exp2((right - shift).astype(float))
    # a sum that is not beyond all potentials fits, and so does the largest weight
    codes = np.maximum(10.0**seen, np.abs(weights).max(axis=0)) / scale if seen is not None else 0.0 * scale
    fits = np.floor(codes / np.exp2(right) + 0.5) <= most_sum
    assert (fits | (codes * scale >= 2.0 ** bits[0] * unit) | (shift == 14)).all()
    if reads:
        assert (theta == 32767).all()
        return
    assert np.allclose(theta * unit, np.linspace(2.0, 9.0, 9), rtol=0.0, atol=0.500001 * unit)
    assert (theta < most_v).all() and (theta >= 2 ** (bits[0] - 4) - 1).all()


@pytest.mark.long
@settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=checks)
@given(seed=seeds, n=st.integers(1, 300), model=st.sampled_from([LIF(), CubaLIF(), LI()]))
def test_the_estimate_is_enough(seed: int, n: int, model: Any) -> None:
    net, _ = network(seed, 3.0, model, n)
    assert quietly(net).nbytes <= estimate(net, 1.0, "int8")


def test_more_arrivals_than_a_sum_holds_are_refused(monkeypatch: Any) -> None:
    net, weights = network(1, 3.0, LIF())
    fan_in = int((weights != 0).sum(axis=0).max())
    monkeypatch.setattr(integers, "MOST_ARRIVALS", fan_in)
    assert quietly(net).weight8.any()
    monkeypatch.setattr(integers, "MOST_ARRIVALS", fan_in - 1)
    with pytest.raises(ParameterError, match=f"'cell': int8 sums take {fan_in - 1} synapses .* use float32"):
        quietly(net)
