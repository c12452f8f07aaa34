"""What a loop calls: an encoder, a decoder, sinks."""

import inspect
import logging
from typing import Any, Callable, List, Tuple

from ..errors import ArgumentTypeError, shown

__all__ = ["Outputs", "called", "encoder_call", "some"]

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


class Outputs:
    """Several sinks. written: values that they took; unwritten: that they could not take; safe: periods in which they
    were put at their safe value; closed: whether who listened has gone."""

    def __init__(self, sinks: List[Any]) -> None:
        self._sinks = sinks
        self.written = self.unwritten = self.safe = 0
        self.error = ""
        self.closed = False

    def write(self, value: Any, now: float) -> None:
        """Give a value to each, at `now` s of the schedule. OSError is counted; what else they raise is raised."""
        for sink in self._sinks:
            try:
                sink.write(value, now)
                self.written += 1
            except OSError as error:
                self._failed(sink, error)

    def write_safe(self, now: float) -> None:
        """Put each at its safe value, if it has one. Each gets its turn before anything is raised."""
        self.safe += 1
        wrong = None
        for sink in self._sinks:
            try:
                getattr(sink, "safe", _nothing)(now)
            except OSError as error:
                self._failed(sink, error)
            except Exception as error:
                wrong = error
        if wrong is not None:
            raise wrong

    def _failed(self, sink: Any, error: OSError) -> None:
        self.unwritten += 1
        text = f"{getattr(sink, 'name', type(sink).__name__)}: {error.strerror or error}"
        if text != self.error:
            self.error = text
            _LOG.warning("%s", text)
        self.closed = self.closed or isinstance(error, BrokenPipeError)


def encoder_call(encoder: Any, ms: float) -> Tuple[Callable[..., Any], bool]:
    """The call, and whether it takes the time in ms as well. Encoders of values ask for a duration instead: it is that
    of the network's run, `ms`."""
    call = called("encoder", "encode", encoder)
    try:
        needed = [
            p for p in inspect.signature(call).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]  # fmt: skip
    except (TypeError, ValueError):
        needed = []
    if len(needed) == 2 and needed[1].name == "duration":
        return lambda value: call(value, ms), False
    return call, len(needed) == 2


def called(field: str, method: str, given: Any) -> Callable[..., Any]:
    """The method of that name, or a function; None gives back what it is given."""
    if given is None:
        return lambda value: value
    call = getattr(given, method, given)
    if not callable(call):
        raise ArgumentTypeError(f"Loop: {field} must have {method}(), or be a function (got {shown(given)})")
    return call


def some(events: Any) -> bool:
    """Whether there is any event, or any value that is not 0."""
    try:
        kind = getattr(getattr(events, "dtype", None), "kind", "")
        return bool((events != 0).any()) if kind and kind in "biuf" else len(events) > 0
    except TypeError:
        return True


def _nothing(seconds: float) -> None:
    """A sink without a safe value."""
