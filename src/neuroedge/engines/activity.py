"""How much goes on in a network: synaptic events per tick, expected before a run and counted after it."""

from typing import List

import numpy as np

from ..plan.explain import synapses
from ..plan.plan import FIXED, FRAME, SOURCE, Plan
from .job import Answer, Job

__all__ = ["Activity"]


class Activity:
    """Of the populations that can be event-driven. neurons: theirs; whole: there are no others but sources;
    integers: some population runs in integers."""

    def __init__(self, plan: Plan) -> None:
        able = plan.pop_kind == FRAME
        self.neurons = int(plan.pop_n[able].sum())
        self.integers = bool((plan.pop_kind == FIXED).any())
        self.whole = bool((plan.pop_kind[~able] == SOURCE).all())
        fan = np.zeros(len(plan.names))
        total = reached = 0
        for q, (pre, post) in enumerate(zip(plan.proj_pre.tolist(), plan.proj_post.tolist())):
            count = synapses(plan, q)
            total += count
            if able[post]:
                reached += count
                fan[pre] += count / int(plan.pop_n[pre])
        self._fan: List[float] = fan.tolist()
        # of all events, those that reach these populations, as far as synapses tell
        self._part = reached / max(total, 1)
        # of the last run: ticks, and events per tick: in all, and brought by what was given
        self._ticks, self._last, self._driven = 0, 0.0, 0.0

    def expected(self, job: Job) -> float:
        """Synaptic events per tick: as many as the last run had, and as what is given will bring.

        A run that is longer than the last, and given less, has as much less: what went on dies down in a silence.
        """
        events = self._given(job)
        if job.ticks <= self._ticks or events >= self._driven:
            return max(events, self._last)
        return max(events, self._last * max(self._ticks / job.ticks, events / self._driven))

    def _given(self, job: Job) -> float:
        events = sum(len(given.ticks) * self._fan[k] for k, given in job.given.items()) / max(job.ticks, 1)
        for k, chance in job.chances.items():
            events += float(chance.mean(dtype=np.float64)) / 2.0**32 * len(chance) * self._fan[k]
        return events

    def learn(self, job: Job, answer: Answer) -> None:
        """Remember what a run had."""
        self._ticks, self._driven = job.ticks, self._given(job)
        self._last = answer.events * self._part / max(job.ticks, 1)
