"""Plans of one network that are likely to be wanted again: a change of quality in the middle of a control loop must not
wait for a compilation."""

from typing import Dict, Hashable, Optional

from .plan import Plan

__all__ = ["Shelf"]

# larger ones, and more of them, are compiled again
BYTES, PLANS = 1 << 25, 4


class Shelf:
    """A few plans, by what they were compiled for."""

    def __init__(self) -> None:
        self._plans: Dict[Hashable, Plan] = {}

    def get(self, key: Hashable) -> Optional[Plan]:
        """A plan that was put there."""
        return self._plans.get(key)

    def put(self, key: Hashable, plan: Plan, limit: Optional[int] = None) -> None:
        """Keep a plan, if there is room; those that were put first make room. limit: bytes of all together."""
        most = BYTES if limit is None else min(BYTES, limit)
        self._plans.pop(key, None)
        self._plans[key] = plan
        while len(self._plans) > PLANS or sum(p.nbytes for p in self._plans.values()) > most:
            del self._plans[next(iter(self._plans))]

    def clear(self) -> None:
        """Keep none: the network has changed."""
        self._plans.clear()
