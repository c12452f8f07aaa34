"""What the native core learns from one sample, in NumPy: the online rule OTTT (Xiao et al. 2022, arXiv:2210.04195).

The forward pass is the reference engine's, in float32. What is learned from it is computed in float64, for a run of
T ticks with spikes, and as many more as these travel:

    psi_i[t] = 1/(θ(1 + steep·|v_i[t] − θ − a_i[t]|/θ)²)   slope of a spike, v before the reset, a adaptation
    x_j[t] = d·x_j[t−1] + z_j[t−delay]                     trace of a source, delta synapses
    x_j[t] = d·x_j[t−1] + P·c_j[t−1]                       exponential ones, of the current
    c_j[t] = e·c_j[t−1] + z_j[t−delay]
    m_k[t] = Σ_{s ≤ t} o_k[s]/(t − travel + 1)             mean of what the output gave: mV above rest, or spikes
    e_k[t] = (softmax(m·γ)_k − y_k)·γ/T                    γ = gain/unit, from t = travel on
    e_k[t] = (1 − share)·e_k[t] + share·heat·(softmax(m·γ/heat)_k − q_k)·γ/T     with chances q of another network
    δ_k[t] = e_k[t], times psi_k[t] where the output spikes
    δ_i[t] = psi_i[t]·Σ_k w_ik·δ_k[t + delay]              of a population `lag` ticks before the output: t < end − lag
    g_ij = Σ_t x_i[t]·δ_j[t]                               gradient of the synapse from i to j

Only projections on the way forward send errors back; those that close loops have gradients, and send none.
"""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..encoding.rate import regular_spikes
from ..engines.inputs import Intake
from ..engines.job import Given, Job, on_grid
from ..engines.reference import ReferenceEngine
from ..network.graph import Network, Projection
from ..network.neurons import LI
from ..network.synapses import Exponential
from ..plan.plan import SOURCE, Plan, State
from .layout import Layout, delay_ticks

__all__ = ["Lesson", "lesson"]

Knobs = Tuple[float, float, float, float, float]


class Lesson(NamedTuple):
    """gradient {projection: float64 [pre, post]}, slope of the loss by each weight, per mV; score float32 [classes]:
    sum of what the output gave, mV above rest or spikes; spikes {population: bool [ticks, n]}; trace {projection:
    [ticks, pre]}, potential per mV of weight; slope {population: [ticks, n]}, per mV; delta {population: [ticks − lag,
    n]}, slope of the loss by its potential, per mV."""

    gradient: Dict[str, np.ndarray]
    score: np.ndarray
    spikes: Dict[str, np.ndarray]
    trace: Dict[str, np.ndarray]
    slope: Dict[str, np.ndarray]
    delta: Dict[str, np.ndarray]


def lesson(
    network: Network, plan: Plan, layout: Layout, shown: int, learned: Sequence[str], sample: np.ndarray, label: int,
    knobs: Knobs, soft: Optional[np.ndarray] = None,
) -> Lesson:  # fmt: skip
    """The lesson of one sample [features] in 0 … 1 of class `label` (-1 for none); other arguments as for `School`.

    plan: of the network in float32; soft: chances [classes]; knobs: steep, unit, gain, share of soft, heat.
    """
    spikes, seen = _forward(plan, layout, shown, sample)
    wired = {name: network.projections[name] for name in learned}
    end, spiking = shown + layout.travel, not isinstance(network.populations[layout.output].model, LI)
    given = spikes[layout.output] if spiking else seen[layout.output][0]
    sums = np.cumsum(given, axis=0, dtype=np.float32)
    slope = {name: _slope(*seen[name], knobs[0]) for name in layout.order if spiking or name != layout.output}
    errors = _errors(sums, shown, layout.travel, label, knobs, soft)
    delta = {layout.output: errors * slope[layout.output] if spiking else errors}
    for name in layout.order[1:]:
        feeds = [wired[each] for each in learned if each in layout.forward and wired[each].pre.name == name]
        last = max(0, end - layout.lag[name])
        delta[name] = slope[name][:last] * _blame(feeds, delta, plan.dt, last)
    trace = {name: _trace(q, plan.dt, spikes[q.pre.name]) for name, q in wired.items()}
    gradient = {name: _outer(trace[name], delta[q.post.name]) for name, q in wired.items()}
    return Lesson(gradient, sums[-1], spikes, trace, slope, delta)


Seen = Dict[str, Tuple[np.ndarray, np.ndarray, np.ndarray]]


def _outer(trace: np.ndarray, delta: np.ndarray) -> np.ndarray:
    return np.asarray(trace[: len(delta)].T @ delta)


def _forward(plan: Plan, layout: Layout, shown: int, sample: np.ndarray) -> Tuple[Dict[str, np.ndarray], Seen]:
    """Spikes of each population, bool [ticks, n]; potentials, thresholds and adaptation before resets, [ticks, n]."""
    end, given, first = shown + layout.travel, {}, 0
    spikes = {name: np.zeros((end, plan.size(name)), bool) for name in plan.names}
    for name in layout.inputs:
        n, k = plan.size(name), plan.where(name)
        given[k] = Given(*regular_spikes(sample[first : first + n], shown))
        first += n
        if plan.pop_kind[k] == SOURCE:
            spikes[name][given[k].ticks, given[k].neurons] = True
    rows: Dict[int, List[Tuple[np.ndarray, ...]]] = {k: [] for k in range(len(plan.names))}
    engine = ReferenceEngine(plan, State(plan))
    engine.watch = lambda k, *levels: rows[k].append(
        tuple(np.broadcast_to(x, int(plan.pop_lanes[k]))[: int(plan.pop_n[k])] for x in levels)
    )
    every = [True] * len(plan.names)
    answer = engine.run(Job(end, given, {}, Intake(plan, None, on_grid).poisson, every, [False] * len(every)))
    for name, span in plan.spans.items():
        mine = (answer.spike_lane >= span.start) & (answer.spike_lane < span.stop)
        spikes[name][answer.spike_tick[mine], answer.spike_lane[mine] - np.uint32(span.start)] = True
    seen = {plan.names[k]: [np.array(levels) for levels in zip(*found)] for k, found in rows.items() if found}
    return spikes, {name: (levels[0], levels[1], levels[2]) for name, levels in seen.items()}


def _slope(v: np.ndarray, theta: np.ndarray, adaptation: np.ndarray, steep: float) -> np.ndarray:
    theta = theta.astype(np.float64)
    # a refractory neuron lies at -inf: slope 0
    return 1.0 / (theta * (1.0 + steep * np.abs(v - theta - adaptation) / theta) ** 2)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _errors(
    sums: np.ndarray, shown: int, travel: int, label: int, knobs: Knobs, soft: Optional[np.ndarray]
) -> np.ndarray:
    """e of every tick, [ticks, classes]; 0 before the first input can have reached the output."""
    _, unit, gain, asked, heat = knobs
    share, by = asked if soft is not None else 0.0, gain / unit
    mean = sums[travel:].astype(np.float64) / np.arange(1, shown + 1)[:, None]
    errors = np.zeros((shown + travel, sums.shape[1]))
    if label >= 0:
        errors[travel:] = (1.0 - share) * (_softmax(mean * by) - np.eye(sums.shape[1])[label])
    if soft is not None:
        errors[travel:] += share * heat * (_softmax(mean * (by / heat)) - soft)
    return errors * (by / shown)


def _blame(feeds: Sequence[Projection], delta: Dict[str, np.ndarray], dt: float, end: int) -> np.ndarray:
    """Σ_k w_ik·δ_k[t + delay] for t < end, [end, pre]: what the spikes of a population do by the projections named."""
    found = np.zeros((end, feeds[0].pre.size))
    for projection in feeds:
        delay, weight = delay_ticks(projection, dt), projection.connectivity.dense().astype(np.float32)
        found += delta[projection.post.name][delay : delay + end] @ weight.T.astype(np.float64)
    return found


def _trace(projection: Projection, dt: float, fired: np.ndarray) -> np.ndarray:
    """x of every tick, [ticks, pre]."""
    tau = float(np.max(getattr(projection.post.model, "tau_m")))
    decay, delay = np.exp(-dt / tau), delay_ticks(projection, dt)
    arrived = np.concatenate((np.zeros((delay, fired.shape[1])), fired))[: len(fired)]
    x, c, rows = np.zeros(fired.shape[1]), np.zeros(fired.shape[1]), np.zeros(fired.shape)
    for t, z in enumerate(arrived):
        if isinstance(projection.synapse, Exponential):
            tau_c = float(np.max(projection.synapse.tau))
            x, c = decay * x + _gain(tau, tau_c, dt) * c, np.exp(-dt / tau_c) * c + z
        else:
            x = decay * x + z
        rows[t] = x
    return rows


def _gain(tau: float, tau_c: float, dt: float) -> float:
    """P: what a current of 1 mV adds to the potential within dt."""
    if abs(tau / tau_c - 1.0) < 1e-6:
        return float(dt / tau * np.exp(-dt / tau))
    return float((np.exp(-dt / tau) - np.exp(-dt / tau_c)) * tau_c / (tau - tau_c))
