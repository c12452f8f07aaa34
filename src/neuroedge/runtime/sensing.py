"""Values of a source as a loop may use them: checked, counted, and with a policy for when the sensor fails."""

import logging
import math
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, NeuroedgeError, ParameterError, shown
from .latest import REOPEN_AFTER, Latest, back_off
from .sample import PENDING, Sample

__all__ = ["END", "FAULTS", "HELD", "NEW", "NOTHING", "OUT", "STOP", "Policy", "Sensed", "Sensing"]

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())

# a new value; the last one again; nothing, as is normal; nothing, because the sensor has failed; the end; an error to
# stop for
NEW, HELD, NOTHING, OUT, END, STOP = "new", "held", "nothing", "out", "end", "stop"

# what sensors and their drivers raise
FAULTS = (OSError, RuntimeError, ValueError, TypeError, ArithmeticError, LookupError, EOFError, NeuroedgeError)

# of these, what a program of which nothing has worked yet raises because it is wrong
_BUGS = (TypeError, LookupError)

_ON_ERROR, _BETWEEN = ("hold", "retry", "stop"), ("hold", "silence")


class Policy(NamedTuple):
    """What a loop does about its sensor.

    on_error: "retry" (actuators at their safe value until it is back, with growing pauses between attempts, 1 s at
    most), "hold" (the last value for `hold_ms`, then as "retry"), or "stop". limits: the least and the largest value
    that can be true, numbers or one for each value; what is outside counts as an error, as nan and inf do. stale_ms: a
    sensor that gives nothing new for so long has failed, None: never. between: while there is nothing new, "silence"
    (no input) or "hold" (the last value again).
    """

    on_error: str = "retry"
    hold_ms: float = 1000.0
    limits: Optional[Tuple[Any, Any]] = None
    stale_ms: Optional[float] = None
    between: str = "silence"


class Sensed(NamedTuple):
    """state: NEW, HELD, NOTHING, OUT, END or STOP; value, timestamp (s): of NEW and HELD."""

    state: str
    value: Any = None
    timestamp: Optional[float] = None


class Sensing:
    """Reads a source under a policy. Times are s of the loop's own schedule, which never go back.

    read: values that came; used and dropped add up to it, after each period. errors: how often what went wrong.
    """

    def __init__(self, source: Any, policy: Policy) -> None:
        self.source, self.policy = source, _checked(policy)
        self.name = str(getattr(source, "name", type(source).__name__))
        self.used = self.held = self.nothing = self.outages = self.reopened = 0
        self.errors: Dict[str, int] = {}
        # what is wrong now, and what was last
        self.error = self.last = ""
        self._read = self._dropped = self._failures = 0
        self._again = self._since = -math.inf
        self._last: Optional[Sensed] = None
        self._last_at, self._stamp = 0.0, -math.inf
        self._own_pauses = isinstance(source, Latest)
        bounds = policy.limits
        self._limits = None if bounds is None else tuple(np.asarray(bound, np.float64) for bound in bounds)

    @property
    def read(self) -> int:
        """Values that came, those that the source passed over included."""
        return self._read + int(getattr(self.source, "dropped", 0))

    @property
    def dropped(self) -> int:
        """Values that the network did not get."""
        return self._dropped + int(getattr(self.source, "dropped", 0))

    def sense(self, now: float) -> Sensed:
        """What there is in this period. A NEW value must then be told `accept` or `refuse`."""
        if self._since == -math.inf:
            self._since = now
        if now < self._again:
            return self._instead(now)
        try:
            if self._failures >= REOPEN_AFTER and not self._own_pauses and self._broken:
                self.reopened += 1
                getattr(self.source, "reopen", lambda: None)()
            sample = self.source.read()
        except FAULTS as error:
            if isinstance(error, _BUGS) and not isinstance(error, NeuroedgeError) and not self._read:
                raise
            return self._failed("read", f"{type(error).__name__}: {error}", now)
        if sample is None:
            return Sensed(END)
        value, stamp = self._pair(sample)
        if sample is PENDING or value is None:
            return self._pending(now)
        self._read += 1
        return self._judged(Sample(value, stamp), now)

    def accept(self, sensed: Sensed, now: float) -> None:
        """A NEW value reached the network."""
        self.used += 1
        self._last, self._last_at, self._since = Sensed(HELD, sensed.value, sensed.timestamp), now, now
        if self._failures:
            _LOG.info("%s is back", self.name)
        self._failures, self.error = 0, ""

    def refuse(self, error: Exception, now: float) -> Sensed:
        """A NEW value could not be encoded or simulated; what there is in its place. An error is raised again where no
        value has ever been taken: then it is not the sensor."""
        told = self._placed(str(error))
        if not self.used:
            if type(error) in (ParameterError, ArgumentTypeError):
                raise type(error)(told) from error
            raise error
        self._dropped += 1
        return self._failed("encode", f"{type(error).__name__}: {told}", now)

    def _placed(self, text: str) -> str:
        """With the file and the row that it is about, where the source knows them."""
        where = getattr(self.source, "where", "")
        return f"{where}: {text}" if where else text

    def _pair(self, sample: Any) -> Sample:
        try:
            # an array of two values would fall apart into a value and a time
            if not isinstance(sample, tuple):
                raise TypeError
            value, stamp = sample
            return Sample(value, None if stamp is None else float(stamp))
        except (TypeError, ValueError):
            rule = "read() must give (value, timestamp in s or None), PENDING, or None at the end"
            raise ArgumentTypeError(f"{self.name}: {rule} (got {shown(sample)})") from None

    def _judged(self, sample: Sample, now: float) -> Sensed:
        stamp = sample.timestamp
        if stamp is not None:
            before, self._stamp = self._stamp, stamp
            if stamp == before:
                self._dropped += 1
                self._count("duplicate")
                return self._pending(now)
            # not (a > b), so that nan is none either
            if not stamp > before:
                self._dropped += 1
                self._stamp = stamp if math.isfinite(stamp) else before
                return self._failed("time", f"its time went back from {before:.6g} to {stamp:.6g} s", now)
        fault = self._fault(sample.value)
        if fault is not None:
            self._dropped += 1
            return self._failed(fault[0], self._placed(fault[1]), now)
        return Sensed(NEW, sample.value, stamp)

    def _fault(self, value: Any) -> Optional[Tuple[str, str]]:
        """What is wrong with a value, if it is a number, several, or an array of them."""
        if isinstance(value, (list, tuple)):
            try:
                array = np.asarray(value, np.float64)
            except (TypeError, ValueError, OverflowError):
                return None
        elif isinstance(value, (int, float, np.ndarray, np.generic)):
            array = np.asarray(value)
        else:
            return None
        if array.dtype.kind not in "fiu" or not array.size:
            return None
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return "nan", f"it gave {shown(value)}, which is not finite"
        if self._limits is None:
            return None
        low, high = self._limits
        try:
            outside = bool(((array < low) | (array > high)).any())
        except ValueError:
            return "range", f"it gave {array.size} values, which Policy.limits do not fit"
        if outside:
            return "range", f"it gave {shown(value)}, outside {low} to {high}"
        return None

    def _pending(self, now: float) -> Sensed:
        stale = self.policy.stale_ms
        if stale is not None and now - self._since > stale / 1000.0:
            return self._failed("silent", f"nothing new for more than {stale:g} ms", now)
        if self._failures:
            return self._instead(now)
        self.nothing += 1
        if self.policy.between == "hold" and self._last is not None:
            return self._last
        return Sensed(NOTHING)

    @property
    def _broken(self) -> bool:
        return self._again > -math.inf

    def _failed(self, kind: str, text: str, now: float) -> Sensed:
        self._count(kind)
        self._failures += 1
        if text != self.error:
            self.error = self.last = text
            _LOG.warning("%s: %s", self.name, text)
        if self._failures == 1:
            self.outages += 1
        if self.policy.on_error == "stop":
            return Sensed(STOP)
        # what comes with a wrong value comes in time: pauses are for devices that do not answer
        pause = back_off(self._failures) if kind in ("read", "silent") and not self._own_pauses else 0.0
        self._again = now + pause if pause else -math.inf
        return self._instead(now)

    def _instead(self, now: float) -> Sensed:
        """The last value, where the policy holds it, or nothing."""
        if self.policy.on_error == "hold" and self._last is not None:
            if now - self._last_at <= self.policy.hold_ms / 1000.0:
                self.held += 1
                return self._last
        return Sensed(OUT)

    def _count(self, kind: str) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + 1


def _checked(policy: Policy) -> Policy:
    if not isinstance(policy, Policy):
        raise ArgumentTypeError(f"Loop: policy must be a Policy or one of {', '.join(_ON_ERROR)} (got {shown(policy)})")
    checks.known("on_error", policy.on_error, _ON_ERROR)
    checks.known("between", policy.between, _BETWEEN)
    checks.not_negative("Policy", "hold_ms", policy.hold_ms, "ms")
    if policy.stale_ms is not None:
        checks.positive("Policy", "stale_ms", policy.stale_ms, "ms")
    if policy.limits is not None:
        low, high = checks.several("Policy", "limits", policy.limits, "two bounds (least, largest)")
        least, most = checks.real_array("Policy", "limits", low), checks.real_array("Policy", "limits", high)
        try:
            fits = bool((least < most).all())
        except ValueError:
            fits = False
        if not fits:
            raise ParameterError(f"Policy: limits must be bounds (least < largest) (got {shown(policy.limits)})")
    return policy
