"""Encoders of a loop, made from the words of a model: what turns one value of a source into spikes of a population.

kind        a value of the source                                   words beside kind and population
values      numbers low … high, shown as in training                shown_ms, run_ms, low, high, clip, shape
dvs         a frame of any size, or a window of events              parameters of DVSEncoder
vision      a frame of any size                                     parameters of VisionEncoder
events      a window of events                                      resolution, of a camera
rate, delta, temporal, population, sensor   numbers                 parameters of RateEncoder, …
"""

import math
from typing import Any, Dict, NoReturn, Optional, Sequence, Union

import numpy as np

from ..encoding import DVSEncoder
from ..encoding.base import Encoder
from ..encoding.images import small_frame
from ..encoding.rate import regular_spikes, unit_values
from ..errors import ArgumentTypeError, FormatError, NeuroedgeError, ParameterError, shown
from ..events import SpikePattern, SpikeTrain, as_events
from ..network.neurons import SpikeSource, TemporalSource
from ..plan.plan import Plan
from ..simulator import Simulator
from .scales import Scale
from .words import KINDS, Words

__all__ = ["Bare", "Frames", "Streamed", "Values", "encoder_of"]

Events = Union[SpikeTrain, SpikePattern]

# ms: a frame that comes later than this after the one before is a first frame
_GAP = 1000.0


class Values:
    """Samples as a network was taught them: by its scale each value is x in 0 … 1, and fires every 1/x steps for
    `shown_ms`, by the rule of training; the network starts over with each sample.

    fresh: whether a sample has come that nobody has read the answer to.
    """

    def __init__(
        self, simulator: Simulator, population: str, shown_ms: float, scale: Scale, owner: str
    ) -> None:
        self._simulator, self._population, self._owner = simulator, population, owner
        self._scale = scale
        self._size = simulator.plan.size(population)
        self._shown = shown_ms
        self.fresh = False

    def encode(self, value: Any) -> Dict[str, SpikeTrain]:
        """Spikes of a sample [n], or of any shape with as many values."""
        array = np.asarray(value) if isinstance(value, (list, tuple, np.ndarray)) else None
        if array is None or array.dtype.kind not in "iuf" or array.size != self._size:
            got = shown(value) if array is None else f"shape {list(array.shape)} of {array.dtype}"
            raise ParameterError(f"{self._owner}: a sample must be {self._size} numbers (got {got})")
        flat = array.reshape(-1)
        bad = np.isnan(flat) if self._scale.clip else self._scale.outside(flat)
        if bad.any():
            self._refuse(flat, int(np.argmax(bad)))
        if not self._scale.plain:
            flat = self._scale.unit(flat)
        # a governor may have made steps coarser
        dt = self._simulator.dt
        ticks, neurons = regular_spikes(unit_values(self._owner, flat, (self._size,)), round(self._shown / dt))
        self._simulator.reset()
        self.fresh = True
        # a spike of tick k lies at its end
        return {self._population: SpikeTrain(neurons, (ticks + 1.0) * dt, self._size)}

    def _refuse(self, flat: np.ndarray, k: int) -> NoReturn:
        low, high = (float(np.broadcast_to(end, flat.shape)[k]) for end in (self._scale.low, self._scale.high))
        cure = "a model of train --scale takes readings as they are"
        rule = f"values must be {low:g} to {high:g} (value {k + 1} of {len(flat)} is {float(flat[k]):g})"
        raise ParameterError(f"{self._owner}: {rule}; {cure}")


class _Into:
    """Events for one population, checked against its size."""

    def __init__(self, plan: Plan, population: str, owner: str) -> None:
        self._population, self._owner, self._n = population, owner, plan.size(population)

    def put(self, events: Events) -> Dict[str, Events]:
        """{population: events}, if they fit."""
        n, size = self._n, events.size
        if size is not None and events.polarity is None and size > n:
            raise ParameterError(f"{self._owner}: {self._population!r} has {n} neurons (got events of {size})")
        events.indices_for(n, f"{self._owner}: {self._population!r}")
        return {self._population: events}


class Streamed(_Into):
    """Values through an encoder of the library, each for `ms` ms."""

    def __init__(self, encoder: Any, ms: float, plan: Plan, population: str, owner: str) -> None:
        super().__init__(plan, population, owner)
        self._encoder, self._ms = encoder, ms

    def encode(self, value: Any) -> Dict[str, Events]:
        """Spikes of a reading."""
        timed = isinstance(self._encoder, Encoder)
        return self.put(self._encoder.encode(value, self._ms) if timed else self._encoder.encode(value))


class Bare(_Into):
    """Events as they come: of a camera, if its resolution (width, height) is given, or of single neurons."""

    def __init__(
        self, plan: Plan, population: str, owner: str, resolution: Optional[Sequence[int]] = None, values: bool = False
    ) -> None:
        super().__init__(plan, population, owner)
        self._pixels = None if resolution is None else resolution[0] * resolution[1]
        self.resolution, self._values = resolution, values

    def encode(self, value: Any) -> Dict[str, Any]:
        """The window as it is."""
        if isinstance(value, dict):
            return value
        if isinstance(value, (list, np.ndarray)) and np.ndim(np.asarray(value, object)) == 2:
            # pairs (neuron, ms), as JSON has them
            value = as_events(value, self._owner)
        if self._values and not isinstance(value, (SpikeTrain, SpikePattern)):
            return {self._population: value}
        if not isinstance(value, (SpikeTrain, SpikePattern)):
            cure = "take a source of events, or save the model with the encoder of its values (encoder_words)"
            raise ArgumentTypeError(f"{self._owner}: the source must give events (got {shown(value)}); {cure}")
        if self.resolution is not None and value.size not in (None, self._pixels):
            width, height = self.resolution
            rule = f"events must be of {width} x {height} pixels"
            raise ParameterError(f"{self._owner}: {rule} (got {value.size:,} pixels)")
        return self.put(value)


class Frames(_Into):
    """Frames of any size, grey or in colour, resized by area to the pixels of an event camera; its events."""

    def __init__(self, camera: DVSEncoder, plan: Plan, population: str, owner: str) -> None:
        super().__init__(plan, population, owner)
        self._camera, self.resolution = camera, (camera.width, camera.height)
        self._bare = Bare(plan, population, owner, self.resolution)
        self._seen = -math.inf

    def encode(self, value: Any, timestamp: float) -> Dict[str, Events]:
        """Events since the frame before. The first one, and one that comes more than 1 s later, is silent."""
        if isinstance(value, (SpikeTrain, SpikePattern)):
            return self._bare.encode(value)
        frame = small_frame(self._owner, value, self.resolution)
        if not 0.0 < timestamp - self._seen <= _GAP:
            self._camera.reset()
        events = self._camera.encode(frame, timestamp)
        self._seen = timestamp
        return self.put(events)


def encoder_of(given: Optional[Dict[str, Any]], simulator: Simulator, ms: float, file: str, into: Sequence[str]) -> Any:
    """The encoder that words describe; `ms` of network time a period. into: populations that nothing feeds."""
    plan = simulator.plan
    if given is None:
        owner = f"{file} has no encoder"
        if len(into) != 1:
            return None
        values = isinstance(plan.models[plan.where(into[0])], (SpikeSource, TemporalSource))
        return Bare(plan, into[0], owner, values=values)
    words = Words(file, "encoder", given)
    for key in ("period_ms", "simulate_ms"):
        words.take(key, None)
    kind = words.one_of("kind", ("events", "values", *KINDS))
    population = words.population(plan)
    if kind == "values":
        return _values(words, simulator, population)
    if kind == "events":
        resolution = words.sizes("resolution", 2, None)
        if resolution is not None:
            _must_fit(words, plan, population, resolution[0] * resolution[1])
        words.finish()
        return Bare(plan, population, words.owner, resolution)
    try:
        encoder = KINDS[kind](**words.rest())
    except (NeuroedgeError, TypeError) as error:
        raise FormatError(f"{words.owner}: {error}") from None
    if isinstance(encoder, DVSEncoder):
        _must_fit(words, plan, population, encoder.size)
        return Frames(encoder, plan, population, words.owner)
    per_value = getattr(encoder, "neurons", 1) if kind == "population" else 1
    if plan.size(population) % per_value:
        words.fail(f"neurons must divide the {plan.size(population)} of {population!r} (got {per_value})")
    return Streamed(encoder, ms, plan, population, words.owner)


def _values(words: Words, simulator: Simulator, population: str) -> Values:
    shown_ms, run_ms = words.ms("shown_ms"), words.ms("run_ms")
    shape = words.sizes("shape", 0, None)
    n, dt = simulator.plan.size(population), simulator.dt
    low, high = words.numbers("low", n, 0.0), words.numbers("high", n, 1.0)
    scale = Scale(low, high, words.flag("clip"))
    words.finish()
    # of one value that never changed both ends are the same, of all of them they are not
    if low.ndim != high.ndim or not ((low < high) if not low.ndim else (low <= high)).all():
        words.fail(f"low must be below high (got {shown(low.tolist())} and {shown(high.tolist())})")
    if shape is not None and math.prod(shape) != n:
        words.fail(f"shape must be of {n} values, one for each neuron of {population!r} (got {list(shape)})")
    if run_ms < shown_ms or abs(shown_ms / dt - round(shown_ms / dt)) > 1e-6:
        words.fail(f"shown_ms must be a multiple of {dt:g} ms, and at most run_ms (got {shown_ms:g} and {run_ms:g})")
    return Values(simulator, population, shown_ms, scale, words.owner)


def _must_fit(words: Words, plan: Plan, population: str, pixels: int) -> None:
    n = plan.size(population)
    if n not in (pixels, 2 * pixels):
        words.fail(f"resolution must have {n} pixels, or half of them, as {population!r} has neurons (got {pixels})")
