"""What fewer bits change: answers, rates, saturation, memory."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError
from ..network.dynamics import fixed_leak, fixed_scale, fixed_sum
from ..network.graph import Network
from ..plan.plan import FIXED, Plan, State
from ..simulator import Simulator
from .answers import Answers, Samples, answers

__all__ = ["AccuracyImpact", "measure"]

# samples on which saturation is counted, tick by tick
COUNTED = 128


@dataclass(frozen=True)
class AccuracyImpact:
    """How a network answers before and after, on the same samples.

    samples: how many. accuracy_before, accuracy_after, accuracy_change: shares of right labels, and their difference;
    None without labels. disagreement: share of samples that get another label. spikes_before, spikes_after,
    spike_change: of all neurons but sources, and their relative difference. mean_rate_difference, max_rate_difference:
    {population: |Hz after − Hz before|, the mean of its neurons and the largest}, rates being means over samples.
    potential_saturation, current_saturation: {population in integers: share of the updates of potentials, and of the
    sums that arrived, that ended at a limit of their bits}, counted over the first 128 samples; in ticks in which
    something arrives, and of neurons that are not refractory. memory_before, memory_after: bytes of plan and state.
    """

    samples: int
    accuracy_before: Optional[float]
    accuracy_after: Optional[float]
    disagreement: float
    spikes_before: int
    spikes_after: int
    mean_rate_difference: Dict[str, float]
    max_rate_difference: Dict[str, float]
    potential_saturation: Dict[str, float]
    current_saturation: Dict[str, float]
    memory_before: int
    memory_after: int

    @property
    def accuracy_change(self) -> Optional[float]:
        """Accuracy after less accuracy before, None without labels."""
        if self.accuracy_before is None or self.accuracy_after is None:
            return None
        return self.accuracy_after - self.accuracy_before

    @property
    def spike_change(self) -> float:
        """Relative difference of spikes; 0 where there were none before or after."""
        return (self.spikes_after - self.spikes_before) / max(self.spikes_before, 1)

    def __repr__(self) -> str:
        lines = [f"AccuracyImpact over {self.samples:,} samples"]
        if self.accuracy_change is not None:
            before, after = f"{self.accuracy_before:.2%}", f"{self.accuracy_after:.2%}"
            lines.append(f"  accuracy      {before} -> {after} ({self.accuracy_change:+.2%})")
        lines.append(f"  other labels  {self.disagreement:.2%}")
        lines.append(f"  spikes        {self.spikes_before:,} -> {self.spikes_after:,} ({self.spike_change:+.2%})")
        lines.append(f"  bytes         {self.memory_before:,} -> {self.memory_after:,}")
        return "\n".join([*lines, *self._populations()])

    def _populations(self) -> List[str]:
        wide = max(len(name) for name in [*self.mean_rate_difference, "population"])
        lines = [f"  {'population':<{wide}}  mean Hz off   max Hz off   potentials at limit   sums at limit"]
        for name, mean in self.mean_rate_difference.items():
            v, i = (s.get(name) for s in (self.potential_saturation, self.current_saturation))
            shares = [f"{'-' if x is None else format(x, '.2%')}" for x in (v, i)]
            most = self.max_rate_difference[name]
            lines.append(f"  {name:<{wide}}  {mean:>11.3g}  {most:>11.3g}   {shares[0]:>19}   {shares[1]:>13}")
        return lines


def measure(
    owner: str, original: Network, quantized: Network, inputs: object, labels: Any, duration: int, dt: float
) -> AccuracyImpact:
    """Run both on samples [n, features] and compare."""
    for field, network in (("original", original), ("quantized", quantized)):
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"{owner}: {field} must be a Network (got {type(network).__name__})")
    sizes = [{name: p.size for name, p in network.populations.items()} for network in (original, quantized)]
    if sizes[0] != sizes[1]:
        raise ParameterError(f"{owner}: both networks must have the same populations (got {sizes[0]} and {sizes[1]})")
    samples = Samples(owner, original, inputs, duration, dt)
    true = None if labels is None else _labels(owner, labels, len(samples), sizes[0][samples.layout.output])
    before, after = (answers(samples, Simulator(network, dt)) for network in (original, quantized))
    return _compared(before, after, true, _saturation(samples, after.simulator))


def _labels(owner: str, labels: Any, n: int, classes: int) -> np.ndarray:
    array = checks.indices(owner, "labels", labels, classes)
    if len(array) != n:
        raise ParameterError(f"{owner}: labels must be one for each of {n} samples (got {len(array)})")
    return array


Shares = Tuple[Dict[str, float], Dict[str, float]]


def _compared(before: Answers, after: Answers, true: Optional[np.ndarray], shares: Shares) -> AccuracyImpact:
    off = {
        name: np.abs(after.rates[name] - before.rates[name])
        for name, model in zip(before.simulator.plan.names, before.simulator.plan.models)
        if not model.source
    }
    right = [None if true is None else float(np.mean(a.labels == true)) for a in (before, after)]
    return AccuracyImpact(
        samples=len(before.labels),
        accuracy_before=right[0],
        accuracy_after=right[1],
        disagreement=float(np.mean(before.labels != after.labels)),
        spikes_before=before.spikes,
        spikes_after=after.spikes,
        mean_rate_difference={name: float(x.mean()) for name, x in off.items()},
        max_rate_difference={name: float(x.max()) for name, x in off.items()},
        potential_saturation=shares[0],
        current_saturation=shares[1],
        memory_before=before.simulator.plan.nbytes,
        memory_after=after.simulator.plan.nbytes,
    )


def _saturation(samples: Samples, simulator: Simulator) -> Shares:
    """Shares of potentials and sums at a limit, in each population that runs in integers."""
    plan, state = simulator.plan, simulator.state
    integers = [k for k in range(len(plan.names)) if plan.pop_kind[k] == FIXED]
    seen = {k: np.zeros(3, np.int64) for k in integers}
    for sample in range(min(len(samples), COUNTED) if integers else 0):
        given = samples.spikes(sample)
        simulator.reset()
        for tick in range(samples.ticks):
            for k in integers:
                seen[k] += _met(plan, state, k)
            simulator.step({name: who[when == tick] for name, (when, who) in given.items()})
    shares = {plan.names[k]: (found / max(1, int(found[0]))).tolist() for k, found in seen.items()}
    return {name: s[1] for name, s in shares.items()}, {name: s[2] for name, s in shares.items()}


def _met(plan: Plan, state: State, k: int) -> np.ndarray:
    """Of the coming tick: updates of neurons that something reaches, and of them those whose potential, and whose sum,
    ends at its limit. The same sums as in native/fixed.h, before they are clamped."""
    span, narrow = plan.spans[plan.names[k]], plan.narrow(k)
    lanes, depth = int(plan.pop_lanes[k]), int(plan.pop_depth[k])
    first = int(plan.pop_ring[k]) + state.tick % depth * lanes
    sums = state.ring[first : first + lanes].view(np.int32)[: span.stop - span.start]
    free = (state.held16[span] == 0) & (sums != 0)
    low, high, beyond = -32768, 32767, np.zeros(len(sums), bool)
    if narrow is not None:
        narrow = narrow._replace(right=narrow.right[: len(sums)])
        low, high = -narrow.most_v, narrow.most_v
        beyond = np.abs(fixed_scale(sums, narrow.right)) > narrow.most_sum
    x = fixed_leak(state.v16[span], plan.decay16[span]) + fixed_sum(sums, plan.shift16[span], narrow)
    return np.array([free.sum(), (((x < low) | (x > high)) & free).sum(), (beyond & free).sum()])
