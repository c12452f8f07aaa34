"""Silence without work: once a tick has changed nothing, none that follows will.

A tick is a function of the state, of what is given, and of frames, which act on zeros alone here. So where nothing is
given for long and one tick leaves every bit as it was, the ticks up to the next given spike are the identity, and only
the tick and the exponents of frames move on. Every model gets there, within seconds: its potentials and currents fall
to a fixed point of rounding.
"""

from typing import Dict

import numpy as np

from ..plan.fields import PERSISTENT
from ..plan.plan import FRAME, Plan, State, rate_growth
from .job import Job

__all__ = ["WORTH", "Rest"]

# fewer ticks than that are not worth looking for
WORTH = 1000
# of the state, these move in every tick
MOVES = ("clock", "exponent", "syn_exponent")


class Rest:
    """Whether what lies before the next given spike, or the end of a job, is silence that changes nothing."""

    def __init__(self, plan: Plan, state: State, job: Job) -> None:
        self._plan, self._state, self._ticks = plan, state, job.ticks
        acts = job.currents or job.chances or job.rewards or any(job.trace)
        self.possible = not acts and not len(plan.learn_proj)
        self._given = [given.ticks for given in job.given.values() if len(given.ticks)]

    def until(self, done: int) -> int:
        """The tick of the next given spike, after `done` ticks of the job; the job's end where none is left."""
        following = ((ticks, int(np.searchsorted(ticks, done))) for ticks in self._given)
        return min((int(ticks[k]) for ticks, k in following if k < len(ticks)), default=self._ticks)

    def worth(self, done: int) -> bool:
        """Whether to look, after `done` ticks of the job."""
        return self.possible and self.until(done) - done > WORTH and self._nothing_waits()

    def _nothing_waits(self) -> bool:
        state = self._state
        return not state.hit.any() and not (state.release >= state.tick).any() and self._frames_are_empty()

    def _frames_are_empty(self) -> bool:
        """What lies in a frame decays while its bits stay: it must be zero."""
        plan, state = self._plan, self._state
        for k in range(len(plan.names)):
            lane, n, first = int(plan.pop_lane[k]), int(plan.pop_n[k]), int(plan.pop_syn[k])
            if plan.pop_kind[k] == FRAME and state.v[lane : lane + n].any():
                return False
            size = int(plan.pop_receptors[k]) * int(plan.pop_lanes[k]) if plan.pop_framed[k] else 0
            if state.syn[first : first + size].any():
                return False
        return True

    def before(self) -> Dict[str, np.ndarray]:
        """The state, to compare with the one a tick later."""
        return {name: self._state.arrays[name].copy() for name in PERSISTENT if name not in MOVES}

    def settled(self, before: Dict[str, np.ndarray]) -> bool:
        """Whether that tick has left every bit as it was."""
        # bytes, so that +0 and -0 differ
        return all(_bits(value) == _bits(self._state.arrays[name]) for name, value in before.items())

    def skip(self, ticks: int) -> None:
        """Let that many ticks pass."""
        plan, state = self._plan, self._state
        state.clock[0] += ticks
        for k in range(len(plan.names)):
            if plan.pop_kind[k] == FRAME:
                state.exponent[k] = rate_growth(plan, int(plan.pop_frame[k]), state.tick)[1]
            for entry in plan.syn_entries(k):
                state.syn_exponent[entry] = rate_growth(plan, int(plan.syn_frame[entry]), state.tick)[1]


def _bits(array: np.ndarray) -> bytes:
    return array.tobytes()
