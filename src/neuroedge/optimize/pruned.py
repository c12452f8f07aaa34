"""What pruning took, and what is left: a table, and the same as data."""

from typing import Any, Dict, NamedTuple, Tuple

from ..network.graph import Network
from ..plan.compile import compile_network
from ..plan.explain import megabytes, projection_bytes
from ..plan.plan import Plan
from ..plan.storage import STORAGE_NAMES

__all__ = ["PruneReport", "Pruned", "report_of"]

# letters of a projection's name that share a line with its figures
LONGEST = 14


class Pruned(NamedTuple):
    """One projection: synapses before and after, bytes as the plan stores them, expected ns of a spike by the cost
    table (`plan/costs.py`), the storages, and how its synapses were chosen."""

    before: int
    kept: int
    bytes_before: int
    bytes_after: int
    ns_before: float
    ns_after: float
    storage_before: str
    storage: str
    how: str

    @property
    def sparsity(self) -> float:
        """Removed share."""
        return 1.0 - self.kept / self.before


class PruneReport:
    """projections: {name: Pruned}; below_threshold: synapses that the threshold took; calibration: what the network
    was run with, as text. `print(report)` shows a table, `as_dict()` gives plain data."""

    def __init__(
        self, projections: Dict[str, Pruned], below_threshold: int, calibration: str, smallest: Tuple[int, int]
    ) -> None:
        self.projections, self.below_threshold, self.calibration = projections, below_threshold, calibration
        # bytes of all projections before and after, in the smallest storage of each
        self.smallest = smallest

    def _sum(self, field: str) -> Any:
        return sum(getattr(row, field) for row in self.projections.values())

    @property
    def before(self) -> int:
        """Synapses that there were."""
        return int(self._sum("before"))

    @property
    def removed(self) -> int:
        """Synapses that were taken."""
        return self.before - int(self._sum("kept"))

    @property
    def reduction_ratio(self) -> float:
        """Removed share, 0 to 1."""
        return self.removed / self.before

    @property
    def bytes_before(self) -> int:
        """Bytes of all projections before."""
        return int(self._sum("bytes_before"))

    @property
    def bytes_after(self) -> int:
        """Bytes of all projections after."""
        return int(self._sum("bytes_after"))

    def as_dict(self) -> Dict[str, Any]:
        """All of it as plain dictionaries and numbers."""
        fields = ("before", "removed", "reduction_ratio", "below_threshold", "bytes_before", "bytes_after", "smallest")
        whole = {name: getattr(self, name) for name in (*fields, "calibration")}
        rows = {name: {**row._asdict(), "sparsity": row.sparsity} for name, row in self.projections.items()}
        return {**whole, "projections": rows}

    def __str__(self) -> str:
        wide = min(LONGEST, max(len(name) for name in [*self.projections, "projection"]))
        head = f"{'projection':<{wide}}{'before':>10}{'kept':>10}{'bytes':>22}{'ns a spike':>11}  storage   chosen by"
        lines = [head]
        for name, row in self.projections.items():
            lines += [name] * (len(name) > wide)
            lines.append(f"{name if len(name) <= wide else '':<{wide}}{_figures(row)}")
        size = f"{megabytes(self.bytes_before)} -> {megabytes(self.bytes_after)}"
        lines.append(f"{self.removed:,} of {self.before:,} synapses removed ({self.reduction_ratio:.1%}), {size}")
        if self.smallest[1] < self.bytes_after:
            size = " -> ".join(map(megabytes, self.smallest))
            lines.append(f"in the smallest storage, which is slower: {size} (storage='small')")
        if self.below_threshold:
            lines.append(f"{self.below_threshold:,} of them were below the threshold")
        if self.calibration:
            lines.append(f"calibrated on {self.calibration}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"PruneReport({self.removed:,} of {self.before:,} synapses removed, {self.reduction_ratio:.1%})"


def _figures(row: Pruned) -> str:
    size = f"{megabytes(row.bytes_before)} -> {megabytes(row.bytes_after)}"
    cost = f"{row.ns_before:,.0f} -> {row.ns_after:,.0f}"
    return f"{row.before:>10,}{row.kept:>10,}{size:>22}{cost:>11}  {row.storage:<10}{row.how}"


def report_of(
    old: Network, new: Network, dt: float, how: Dict[str, str], below_threshold: int, calibration: str
) -> PruneReport:
    """Compare two networks of the same projections, compiled for steps of dt ms."""
    before, after = (compile_network(network, dt) for network in (old, new))
    small = tuple(compile_network(network, dt, storage="small") for network in (old, new))
    rows: Dict[str, Pruned] = {}
    for k, name in enumerate(old.projections):
        rows[name] = Pruned(
            old.projections[name].count, new.projections[name].count,
            projection_bytes(before, k), projection_bytes(after, k), _ns(before, k), _ns(after, k),
            _storage(before, k), _storage(after, k), how[name],
        )  # fmt: skip
    smallest = [sum(projection_bytes(plan, q) for q in range(len(plan.projections))) for plan in small]
    return PruneReport(rows, below_threshold, calibration, (smallest[0], smallest[1]))


def _ns(plan: Plan, q: int) -> float:
    return plan.choices[q].ns[plan.choices[q].storage]


def _storage(plan: Plan, q: int) -> str:
    return STORAGE_NAMES[int(plan.proj_storage[q])]
