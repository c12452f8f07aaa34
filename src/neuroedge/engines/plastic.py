"""Learning in the reference engine, event by event. Twin of native/plastic.h: the same operations in the same order."""

import numpy as np

from ..network.dynamics import rescale
from ..plan.learned import ELIGIBLE, POST, PRE, Learned
from ..plan.plan import Plan, State
from ..plan.plastic import ADDITIVE, DOPAMINE, MULTIPLICATIVE
from ..plan.storage import ROWS32

__all__ = ["Learner"]


class Learner(Learned):
    """One projection that learns, in one tick after another."""

    def __init__(self, plan: Plan, state: State, k: int) -> None:
        super().__init__(plan, state, k)
        target = (plan.target32 if plan.proj_storage[self.q] == ROWS32 else plan.target16)[int(plan.proj_syn[self.q]) :]
        self.target = target[: self.count].astype(np.int64)

    def arrive(self, ring: np.ndarray) -> int:
        """Spikes arrive: weights are added to `ring`, then changed. Returns how many synapses they passed."""
        self._follow()
        events = 0
        tick = self.state.tick
        for lag in self.lags:
            slot = (tick - lag) % self.depth
            n = int(self.kept_n[slot])
            for source, times in zip(self.kept[slot, :n].tolist(), self.kept_times[slot, :n].tolist()):
                first, end = self.row[source : source + 2].tolist()
                runs = [g for g in range(first, end) if self.delay[g] == lag]
                for g in runs * times:
                    events += self._arrive(g, ring)
        # the longest delay has passed
        self.kept_n[tick % self.depth] = 0
        return events

    def _follow(self) -> None:
        """Frames of the end of this tick."""
        tick = self.state.tick + 1
        dopamine = self.state.dopamine[self.k : self.k + 1]
        grown = []
        for frame, values in enumerate((self.x, self.y, self.e, dopamine)):
            m, exponent = self.growth(frame, tick)
            if exponent != self.exponent[frame]:
                rescale(values, exponent - int(self.exponent[frame]))
                self.exponent[frame] = exponent
            grown.append(m)
        self.m = grown
        self.yet = self.coupling(tick) if self.kind == DOPAMINE else None

    def _arrive(self, g: int, ring: np.ndarray) -> int:
        a, b = self.begin[g : g + 2].tolist()
        target, w, e = self.target[a:b], self.w[a:b], self.e[a:b]
        down, y, low = self.p["down"] / self.m[POST], self.y[target], self.p["low"]
        now = self.bounded(w - e * self.yet) if self.kind == DOPAMINE else w
        # one by one and in order, also where a target stands twice
        np.add.at(ring, target, now * self.p["gain"])
        if self.kind == ADDITIVE:
            w[:] = np.maximum(w - down * y, low)
        elif self.kind == MULTIPLICATIVE:
            w[:] = np.maximum(w - (down * w) * y, low)
        else:
            e -= (down * self.m[ELIGIBLE]) * y
        if self.kind == DOPAMINE:
            w[:] = now + e * self.yet
        self.x[g] = self.m[PRE] if self.nearest else self.x[g] + self.m[PRE]
        return int(b - a)

    def fire(self, fired: np.ndarray) -> None:
        """Targets have fired."""
        first = int(self.plan.learn_in[self.k])
        inward = self.plan.in_syn[self.synapses], self.plan.in_run[self.synapses]
        for i in fired.tolist():
            a, b = self.plan.in_row[first + i : first + i + 2].tolist()
            self._potentiate(inward[0][a:b], self.x[inward[1][a:b]])
            self.y[i] = self.m[POST] if self.nearest else self.y[i] + self.m[POST]

    def _potentiate(self, s: np.ndarray, x: np.ndarray) -> None:
        up, high = self.p["up"] / self.m[PRE], self.p["high"]
        if self.kind == ADDITIVE:
            self.w[s] = np.minimum(self.w[s] + up * x, high)
        elif self.kind == MULTIPLICATIVE:
            self.w[s] = np.minimum(self.w[s] + (up * (high - self.w[s])) * x, high)
        else:
            now = self.bounded(self.w[s] - self.e[s] * self.yet) if self.kind == DOPAMINE else None
            self.e[s] += (up * self.m[ELIGIBLE]) * x
            if now is not None:
                self.w[s] = now + self.e[s] * self.yet

    def keep(self, fired: np.ndarray) -> None:
        """Sources have fired: kept until they arrive."""
        slot = self.state.tick % self.depth
        sources, times = np.unique(fired, return_counts=True)
        n = len(sources)
        self.kept[slot, :n], self.kept_times[slot, :n], self.kept_n[slot] = sources, times, n
