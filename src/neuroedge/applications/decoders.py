"""Decoders of a loop, made from the words of a model: what the network's answer of one period says.

kind     what goes to the sinks                                                     words beside kind and population
class    {"class", "label", "margin"}: the output that spoke most                   window_ms
motion   {"direction", "speed", "margin"}, of the motion network                    window_ms
count    spikes of each neuron                                                      window_ms
rate     Hz of each neuron                                                          window_ms
trace    filtered spikes of each neuron                                             tau
motor    commands low … high, one for each neuron, by rates                         window_ms, low, high, max_rate

A window ends now; default: one period.
"""

from collections import deque
from typing import Any, Deque, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..encoding import RateDecoder, TraceDecoder, decode_motor
from ..errors import NeuroedgeError, UnsupportedError
from ..network.neurons import LI
from ..plan.plan import SOURCE, Plan
from ..plan.recording import Recording
from .encoders import Values
from .motion import DIRECTIONS, SPEEDS, read_motion
from .words import Words

__all__ = ["DECODERS", "Classes", "Counts", "Motions", "Motors", "Rates", "Traces", "decoder_of"]

DECODERS = ("class", "count", "motion", "motor", "rate", "trace")


class _Reader:
    """Reads one population. record: what a run has to record of it."""

    record: Tuple[str, ...] = ()

    def __init__(self, population: str) -> None:
        self.population = population


class Counts(_Reader):
    """Spikes of each neuron in the last `periods` periods, as a list."""

    def __init__(self, population: str, periods: int = 1) -> None:
        super().__init__(population)
        self._last: Deque[np.ndarray] = deque(maxlen=periods)

    def counts(self, answer: Recording) -> np.ndarray:
        """The sums, int64 [n]."""
        self._last.append(np.asarray(answer.counts[self.population]))
        return np.sum(self._last, axis=0)

    def decode(self, answer: Recording) -> Any:
        """The sums as a list."""
        return self.counts(answer).tolist()


class Motions(Counts):
    """Direction, speed and margin of the motion network over the last periods; None where there is no answer."""

    def decode(self, answer: Recording) -> Any:
        """A dictionary."""
        return read_motion(self.counts(answer))._asdict()


class Classes(Counts):
    """The output with the greatest answer: most spikes (of equals, the highest potential at the end), or, of leaky
    integrators, the highest mean potential above rest, as `predict` reads them.

    margin: 0 to 1, by how much of the larger of both the second lies behind. Without spikes there is no class (None),
    but for a sample, which has one as in `predict`. sample: whose answer this is; periods without one give None.
    """

    record = ("potentials",)

    def __init__(
        self, population: str, labels: Sequence[str], rest: Any, spiking: bool, periods: int, sample: Optional[Values]
    ) -> None:
        super().__init__(population, periods)
        self._labels, self._rest, self._spiking, self._sample = list(labels), rest, spiking, sample

    def decode(self, answer: Recording) -> Any:
        """A dictionary, or None."""
        if self._sample is not None:
            if not self._sample.fresh:
                return None
            self._sample.fresh = False
        trace = np.asarray(answer.potentials[self.population])
        above = trace - np.asarray(self._rest, trace.dtype)
        if self._spiking:
            scores: np.ndarray = self.counts(answer)
            if not scores.any() and self._sample is None:
                return {"class": None, "label": None, "margin": 0.0}
            best = int(np.argmax(np.where(scores == scores.max(), above[-1], -np.inf)))
        else:
            # row by row, in the number type of the network, as the core adds them
            self._last.append(above.sum(axis=0))
            scores = np.sum(self._last, axis=0)
            best = int(np.argmax(scores))
        return {"class": best, "label": self._labels[best], "margin": _margin(scores, best)}


def _margin(scores: np.ndarray, best: int) -> float:
    first, second = float(scores[best]), float(np.delete(scores, best).max()) if len(scores) > 1 else 0.0
    larger = max(abs(first), abs(second))
    return min(1.0, round((first - second) / larger, 6)) if larger > 0.0 else 0.0


class Rates(_Reader):
    """Hz of each neuron over the last `window` ms, as a list."""

    record = ("spikes",)

    def __init__(self, population: str, size: int, window: float) -> None:
        super().__init__(population)
        self._rates = RateDecoder(size, window)

    def rates(self, answer: Recording) -> np.ndarray:
        """Hz [n]."""
        return self._rates.decode(answer.spikes[self.population], answer.duration)

    def decode(self, answer: Recording) -> Any:
        """Hz as a list."""
        return self.rates(answer).tolist()


class Motors(Rates):
    """Commands from rates: see `decode_motor`."""

    def __init__(self, population: str, size: int, window: float, low: Any, high: Any, top: float) -> None:
        super().__init__(population, size, window)
        self._low, self._high, self._top = low, high, top
        # refuse now what would be refused later
        decode_motor(np.zeros(size), low, high, top)

    def decode(self, answer: Recording) -> Any:
        """Commands as a list."""
        return decode_motor(self.rates(answer), self._low, self._high, self._top).tolist()


class Traces(_Reader):
    """Filtered spikes of each neuron, as a list."""

    record = ("spikes",)

    def __init__(self, population: str, size: int, tau: float) -> None:
        super().__init__(population)
        self._traces = TraceDecoder(size, tau)

    def decode(self, answer: Recording) -> Any:
        """Traces as a list."""
        return self._traces.decode(answer.spikes[self.population], answer.duration).tolist()


def decoder_of(
    given: Optional[Dict[str, Any]], plan: Plan, ms: float, file: str, labels: Optional[List[str]], out: str,
    sample: Optional[Values],
) -> Any:  # fmt: skip
    """The decoder that words describe; `ms` of network time a period. out: what is read without words."""
    if given is None:
        return Counts(out)
    words = Words(file, "decoder", given)
    kind, population = words.one_of("kind", DECODERS), words.population(plan)
    try:
        found = _made(words, kind, population, plan, ms, labels, sample)
    except UnsupportedError:
        raise
    except NeuroedgeError as error:
        words.fail(str(error).split(f"{words.owner}: ")[-1])
    words.finish()
    return found


def _made(
    words: Words, kind: str, population: str, plan: Plan, ms: float, labels: Optional[List[str]],
    sample: Optional[Values],
) -> Any:  # fmt: skip
    n, model = plan.size(population), plan.models[plan.where(population)]
    spiking = not isinstance(model, LI)
    if not spiking and kind != "class":
        words.fail(f"{kind} counts spikes, and {population!r} are leaky integrators, which have none; use class")
    if kind == "trace":
        return Traces(population, n, words.ms("tau", 20.0))
    window = words.ms("window_ms", ms)
    if kind == "rate":
        return Rates(population, n, window)
    if kind == "motor":
        low, high = words.take("low", -1.0), words.take("high", 1.0)
        return Motors(population, n, window, low, high, words.number("max_rate", 100.0))
    periods = max(1, round(window / ms))
    if kind == "count":
        return Counts(population, periods)
    if kind == "motion":
        if n != len(DIRECTIONS) + len(SPEEDS):
            words.fail(f"motion needs {len(DIRECTIONS) + len(SPEEDS)} outputs ({population!r} has {n})")
        return Motions(population, periods)
    if plan.pop_kind[plan.where(population)] == SOURCE:
        words.fail(f"class compares potentials too, and {population!r} are inputs, which have none; use count")
    names = [str(k) for k in range(n)] if labels is None else labels
    if len(names) != n:
        words.fail(f"class needs a label for each of the {n} outputs of {population!r} (there are {len(names)} labels)")
    return Classes(population, names, getattr(model, "v_rest", 0.0), spiking, 1 if sample else periods, sample)
