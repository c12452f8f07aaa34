"""From a saved model to a loop that runs it: `loop_of(load("model.ne"), "camera:0", "-").run()`.

All that this needs stands in the file: how values of a sensor become spikes, what the answer says, how long a period
is (`neuroedge.applications.encoders` and `decoders` list the words).
"""

from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown
from ..formats.bundle import Bundle
from ..plan.plan import Plan
from ..runtime.eventfile import EventFile, Events
from ..runtime.loop import Loop
from ..runtime.sources import VIDEOS, open_source
from ..simulator import Simulator
from .decoders import decoder_of
from .encoders import Bare, Frames, Values, encoder_of
from .words import Words

__all__ = ["LONGEST", "Parts", "assembled", "loop_of", "parts_of"]

# ms, of a model that does not say
_PERIOD = 10.0

# ms of a period: a day
LONGEST = 86_400_000.0

# steps of the run before the first
_STEPS = 1000


class Parts(NamedTuple):
    """What a loop is made of. period_ms: also its deadline; simulate_ms: time of the network in one; record: what it
    records of `record_from`; notes: what the file leaves open, and how it was settled."""

    simulator: Simulator
    encoder: Any
    decoder: Any
    period_ms: float
    simulate_ms: float
    record: Tuple[str, ...]
    record_from: Tuple[str, ...]
    notes: Tuple[str, ...]


def parts_of(bundle: Bundle, deadline_ms: Optional[float] = None, compiled: bool = True) -> Parts:
    """What runs a model. deadline_ms: the period, default the model's own, or 10 ms. compiled: run its plan as it is;
    else compile its network, whose quality a governor can lower.

    Raises FormatError, naming file, field and rule, for words that cannot be followed.
    """
    if not isinstance(bundle, Bundle):
        raise ArgumentTypeError(f"loop_of: bundle must be what `load` gives (got {shown(bundle)})")
    simulator, file, notes = _simulator(bundle, compiled), bundle.file, []
    plan = simulator.plan
    own, given = _PERIOD, None
    if bundle.encoder is not None:
        words = Words(file, "encoder", bundle.encoder)
        own, given = words.ms("period_ms", _PERIOD), words.ms("simulate_ms", None)
        if words.take("kind", None) == "values":
            given = words.ms("run_ms")
    period = own if deadline_ms is None else checks.positive("loop_of", "deadline_ms", deadline_ms, "ms")
    simulated = period if given is None else given
    if max(period, simulated) > LONGEST:
        rule = f"a period, and network time in one, must be at most a day, {LONGEST:,.0f} ms"
        raise ParameterError(f"{file}: {rule} (got {max(period, simulated):g}); take another deadline or simulate_ms")
    if abs(simulated / plan.dt - round(simulated / plan.dt)) > 1e-6 or simulated < plan.dt * (1.0 - 1e-6):
        cure = "take another deadline" if given is None else "save it with another simulate_ms"
        rule = f"a period of network time must be a multiple of its step, {plan.dt:g} ms"
        raise ParameterError(f"{file}: {rule} (got {simulated:g} ms); {cure}")
    into, outs = _ends(plan)
    encoder = encoder_of(bundle.encoder, simulator, simulated, file, into)
    sample = encoder if isinstance(encoder, Values) else None
    out = (outs or list(plan.names))[-1]
    decoder = decoder_of(bundle.decoder, plan, simulated, file, bundle.labels, out, sample)
    if bundle.encoder is None:
        notes.append(f"the model has no encoder: the source must give events for {' or '.join(into) or 'its neurons'}")
    if bundle.decoder is None:
        notes.append(f"the model has no decoder: what comes out are spike counts of {out!r}")
    return Parts(simulator, encoder, decoder, period, simulated, decoder.record, (decoder.population,), tuple(notes))


def loop_of(
    bundle: Bundle, source: Any, sink: Any = None, deadline_ms: Optional[float] = None, compiled: bool = True,
    **options: Any
) -> Loop:  # fmt: skip
    """The loop that runs a saved model from `source` to `sink`, once in `deadline_ms`; options: any other of `Loop`."""
    return assembled(parts_of(bundle, deadline_ms, compiled), source, sink, **options)


def assembled(parts: Parts, source: Any, sink: Any = None, **options: Any) -> Loop:
    """The loop of parts."""
    opened = source
    if isinstance(source, str) and source.startswith("file:"):
        path = source.split(",speed=")[0].lower()
        if path.endswith((".csv", ".npz")):
            opened = open_source(source, parts.simulate_ms, options.get("clock"))
        elif path.endswith(VIDEOS) and ",speed=" not in source:
            # its own pace, whatever the period: what moves in it moves as fast as it did
            opened = f"{source},speed=1"
    if isinstance(opened, EventFile):
        opened = _on_sensor(opened, parts)
    # the first run is slower than all others, and no period should pay for it
    first = min(parts.simulate_ms, _STEPS * parts.simulator.dt)
    parts.simulator.run(first, record=parts.record, record_from=parts.record_from)
    parts.simulator.reset()
    return Loop(
        opened, parts.encoder, parts.simulator, parts.decoder, sink, parts.period_ms, simulate_ms=parts.simulate_ms,
        record=parts.record, record_from=parts.record_from, **options,
    )  # fmt: skip


def _simulator(bundle: Bundle, compiled: bool) -> Simulator:
    if compiled or not bundle.has_network:
        return Simulator(bundle.plan)
    plan = bundle.plan
    return Simulator(
        bundle.network, plan.dt, precision=plan.precision, event_threshold=plan.event_threshold
    )  # fmt: skip


def _ends(plan: Plan) -> Tuple[List[str], List[str]]:
    """Populations that no other feeds, and those that feed no other."""
    ways = [(int(a), int(b)) for a, b in zip(plan.proj_pre, plan.proj_post) if a != b]
    fed, feeding = {b for _, b in ways}, {a for a, _ in ways}
    numbered = list(enumerate(plan.names))
    return [name for k, name in numbered if k not in fed], [name for k, name in numbered if k not in feeding]


def _on_sensor(source: EventFile, parts: Parts) -> EventFile:
    """A recording of which nobody said how large the sensor was: its pixels on those of the model."""
    encoder, events = parts.encoder, source.events
    resolution = encoder.resolution if isinstance(encoder, (Bare, Frames)) else None
    if resolution is None or events.size in (None, tuple(resolution)):
        return source
    (width, height), (wide, high) = resolution, events.size or (0, 0)
    if wide > width or high > height:
        raise ParameterError(f"{source.name}: events must be of {width} x {height} pixels (got {wide} x {high})")
    y, x = np.divmod(events.neurons, wide)
    placed = Events(y * width + x, events.times, events.polarity, (width, height))
    return EventFile(placed, source.window_ms, source.name)
