"""What a loop did, period by period, kept and written to one .npz file."""

import io
from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Sequence, Union

import numpy as np

from .. import checks
from ..formats.atomic import write_whole
from ..runtime.loop import Step
from ..runtime.sinks import plain

__all__ = ["RunRecord"]

Cell = Union[None, float, str]


class _Row(NamedTuple):
    """s of the schedule; values by column; spikes of each population; ms from the period's begin to the work's end."""

    second: float
    cells: Dict[str, Cell]
    spikes: List[int]
    latency: float


class RunRecord:
    """Takes the steps of a loop (`Loop(on_step=record.add)`), the last `most` of them, and writes them.

    dropped: periods that went to make room. period_ms: of the loop. populations: whose spikes are counted.
    """

    def __init__(self, period_ms: float, populations: Sequence[str], most: int = 1_000_000) -> None:
        self._period, self._populations = period_ms / 1000.0, tuple(populations)
        self._rows: Deque[_Row] = deque(maxlen=checks.count("RunRecord", "most", most))
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, step: Step) -> None:
        """One period."""
        self.dropped += len(self._rows) == self._rows.maxlen
        answer = step.answer
        spikes = [0 if answer is None else int(answer.counts[name].sum()) for name in self._populations]
        cells = {} if step.value is None else _cells("value", plain(step.value))
        self._rows.append(_Row(step.turn.number * self._period, cells, spikes, 1000.0 * step.took))

    def arrays(self) -> Dict[str, np.ndarray]:
        """time_s, latency_ms [periods]; spikes int64 [periods, populations] with their names; and of each value one
        array [periods]: `value`, or `value_0`, …, or `value_NAME` of a dictionary, nan or "" where there was none."""
        rows = list(self._rows)
        names = list(dict.fromkeys(name for row in rows for name in row.cells))
        found = {
            "time_s": np.array([row.second for row in rows], np.float64),
            "latency_ms": np.array([row.latency for row in rows], np.float64),
            "spikes": np.array([row.spikes for row in rows], np.int64).reshape(len(rows), len(self._populations)),
            "populations": np.array(self._populations, np.str_),
        }
        return {**found, **{name: _column([row.cells.get(name) for row in rows]) for name in names}}

    def save(self, path: Any) -> None:
        """Write them, whole or not at all. Raises StorageError."""
        whole = io.BytesIO()
        np.savez_compressed(whole, **self.arrays())  # type: ignore[arg-type, unused-ignore]
        write_whole(path, [whole.getvalue()])


def _cells(name: str, value: Any) -> Dict[str, Cell]:
    """Numbers and texts of a value, by column."""
    if isinstance(value, (dict, list)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        return {column: cell for key, each in inner for column, cell in _cells(f"{name}_{key}", each).items()}
    if value is None or isinstance(value, str):
        return {name: value}
    return {name: float(value)}


def _column(cells: Sequence[Cell]) -> np.ndarray:
    if any(isinstance(cell, str) for cell in cells):
        return np.array(["" if cell is None else str(cell) for cell in cells], np.str_)
    return np.array([np.nan if cell is None else cell for cell in cells], np.float64)
