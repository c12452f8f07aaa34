"""What a loop says of itself: counters that add up, latencies, one line."""

from typing import Any, Dict, NamedTuple, Optional

from .governor import LEVELS
from .latency import Figures
from .readings import Readings

__all__ = ["WHY", "Report", "line"]

# of a loop's end
WHY = {
    "end": "the source is over", "time": "time is up", "stop": "it was stopped", "error": "the sensor has failed",
    "SIGINT": "Ctrl-C",
}  # fmt: skip


class Report(NamedTuple):
    """A run of a loop, or what of it is past.

    reason: "end" (of the source), "time", "stop", "error" (of the sensor, which `error` names, under on_error="stop"),
    the name of a signal, or "" while it runs. seconds: of the schedule; period_ms: also the deadline.
    turns: periods that were worked in; skipped: left out whole after an overrun; both add up to all.
    latency: from a period's begin to the end of its work; compute: of the network alone; wake: from a period's begin to
    the begin of its work; overhead: of the loop itself. All in ms, by the loop's clock.
    read = used + dropped: values of the source. held: periods that used an old value; nothing: periods without a new
    one; outages: times that the sensor failed, errors: how often and what; asleep: periods that the network slept.
    lost: events for later periods that could not be kept. written, unwritten: values given to sinks, and those that
    they could not take. safe: periods in which the sinks were put at their safe value.
    faults: page faults, minor and major, or None; collections: runs of Python's cycle collector.
    """

    reason: str
    error: str
    seconds: float
    period_ms: float
    turns: int
    skipped: int
    latency: Figures
    compute: Figures
    wake: Figures
    overhead: Figures
    read: int
    used: int
    dropped: int
    held: int
    nothing: int
    outages: int
    errors: Dict[str, int]
    asleep: int
    lost: int
    written: int
    unwritten: int
    safe: int
    level: str
    faults: Optional[int]
    collections: int

    def as_dict(self) -> Dict[str, Any]:
        """For JSON: plain numbers, units in the keys."""
        plain = self._asdict()
        for name in ("latency", "compute", "wake", "overhead"):
            figures = plain.pop(name)
            times = {f"{name}_{key}_ms": getattr(figures, at) for key, at in _TIMES}
            plain.update({key: None if value != value else value for key, value in times.items()})
        plain.update(deadline_ms=self.period_ms, missed=self.latency.missed, total=self.latency.total)
        return plain

    def __str__(self) -> str:
        one = f"{self.latency}, deadline {self.period_ms:g} ms, {self.skipped:,} periods skipped"
        if self.reason:
            one = f"ended after {self.seconds:.1f} s: {WHY.get(self.reason, self.reason)}\n{one}"
        two = f"{self.read:,} values read = {self.used:,} used + {self.dropped:,} dropped"
        if self.errors:
            two += "; failed: " + ", ".join(f"{kind} {n:,} times" for kind, n in sorted(self.errors.items()))
        three = f"{self.written:,} written"
        if self.safe:
            three += f", {self.safe:,} times the safe value"
        if self.unwritten:
            three += f", {self.unwritten:,} could not be written"
        if self.error:
            three += f"\nlast error: {self.error}"
        return f"{one}\n{two}\n{three}"


_TIMES = (("p50", "p50"), ("p99", "p99"), ("p999", "p999"), ("max", "max"))


def _short(ms: float) -> str:
    return f"{ms:.2g}" if ms < 9.95 else f"{ms:,.0f}"


def line(report: Report, readings: Readings) -> str:
    """`100.0 Hz · 0 missed of 6,000 · p99.9 2.1 ms of 10 · 4.1 W (ina3221) · 52 °C · level 0`"""
    rate = report.turns / report.seconds if report.seconds else 0.0
    parts = [f"{rate:.1f} Hz", f"{report.latency.missed:,} missed of {report.latency.total:,}"]
    parts.append(f"p99.9 {_short(report.latency.p999)} ms of {report.period_ms:g}")
    if readings.power is not None:
        parts.append(f"{readings.power:.1f} W ({readings.method or 'measured'})")
    if readings.temperature is not None:
        parts.append(f"{readings.temperature:.0f} °C")
    if report.dropped:
        parts.append(f"{report.dropped:,} values dropped")
    if report.unwritten:
        parts.append(f"{report.unwritten:,} not written")
    parts.append(f"level {LEVELS.index(report.level)}")
    return " · ".join(parts)
