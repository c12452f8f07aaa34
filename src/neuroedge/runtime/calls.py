"""What a loop calls: an encoder, a decoder, sinks."""

import inspect
import logging
from typing import Any, Callable, List, Sequence, Tuple

from ..errors import ArgumentTypeError, ParameterError, shown, warn

__all__ = ["Outputs", "called", "decoder_call", "encoder_call", "some"]

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
        self._warned = False

    def out(self, source: str, error: str) -> None:
        """Say, once, that the source has failed, and who does not stop then."""
        if self._warned:
            return
        self._warned = True
        acting = [sink for sink in self._sinks if getattr(sink, "acts", True)]
        bare = [_name(sink) for sink in acting if not _is_safe(sink)]
        then = "nothing is written until it is back" if self._sinks else "it is tried again"
        if bare:
            then = f"{', '.join(bare)} keeps its last command, having no safe value; give Loop(safe=…)"
        elif any(_is_safe(sink) for sink in self._sinks):
            then = "sinks are at their safe value until it is back"
        warn(f"Loop: {source} has failed{f' ({error})' if error else ''}: {then}")

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
        self.safe += any(_is_safe(sink) for sink in self._sinks)
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
        text = f"{_name(sink)}: {error.strerror or error}"
        if text != self.error:
            self.error = text
            _LOG.warning("%s", text)
        self.closed = self.closed or isinstance(error, BrokenPipeError)


def encoder_call(encoder: Any, ms: float) -> Tuple[Callable[..., Any], bool]:
    """The call, and whether it takes the time in ms as well. Encoders of values ask for a duration instead: it is that
    of the network's run, `ms`."""
    call = called("encoder", "encode", encoder)
    needed = _needed(call)
    if needed[1:] == ["duration"]:
        return lambda value: call(value, ms), False
    return call, len(needed) == 2


def decoder_call(decoder: Any, read: Sequence[str]) -> Callable[[Any], Any]:
    """The call. Decoders of streams ask for events and a duration: those of the only population in `read`."""
    call = called("decoder", "decode", decoder)
    if _needed(call)[1:] != ["duration"]:
        return call
    if len(read) != 1:
        cure = f"decoder=lambda answer: decoder.decode(answer.spikes[{(read or ['out'])[0]!r}], answer.duration)"
        raise ParameterError(
            f"Loop: {type(decoder).__name__} decodes one population, and {len(read)} feed no other; {cure}"
        )
    return lambda answer: call(answer.spikes[read[0]], answer.duration)


def _needed(call: Callable[..., Any]) -> List[str]:
    """Arguments that must be given by position."""
    try:
        given = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return []
    by_place = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [p.name for p in by_place if p.default is p.empty]


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


def _is_safe(sink: Any) -> bool:
    """Whether it has a safe value."""
    return bool(getattr(sink, "has_safe", hasattr(sink, "safe")))


def _name(sink: Any) -> str:
    return str(getattr(sink, "name", type(sink).__name__))


def _nothing(seconds: float) -> None:
    """A sink without a safe value."""
