"""What the feature layer of an anomaly detector reads from spikes: windows over one sample, and held levels.

A detector neuron (LIF, `MEMBRANE`) is asked once a sample, by a pulse of the layer's clock at `GATE`. Its synapses are
windows: what a spike does to the potential is taken back, exactly, when it is as old as the window is long, by synapses
of the same size, opposite sign and that much more delay. So a potential at the gate is a sum over this sample alone. A
window weighs a spike of age a by

    K0(a) = exp(−a/MEMBRANE)                                                       (delta synapses), or by
    K1(a) = CURRENT/(CURRENT − MEMBRANE)·(exp(−a/CURRENT) − exp(−a/MEMBRANE))      (exponential currents).

K1 is nearly a ramp, and the sum of the ages of regular spikes is nearly linear in their rate, without the steps of a
count: five spikes tell a thermometer's level to a tenth of a degree.

Encoders leave out values that did not change. Relay neurons fill them in: a relay repeats its last spikes every sample
by a synapse onto itself with one sample's delay; spikes that come in later suppress it around them, and take its place.
"""

from typing import Dict, List, NamedTuple, Sequence

import numpy as np

from ..errors import ParameterError
from ..events import as_events

__all__ = [
    "CURRENT",
    "DIRECT",
    "GATE",
    "MEMBRANE",
    "RELAY",
    "Spikes",
    "held",
    "intervals",
    "k0",
    "k1",
    "spikes_of",
    "window_sums",
]

# ms; for samples of 50 ms, and scaled with their length
GATE, RELAY, DIRECT = 47.0, 11.0, 1.0
MEMBRANE, CURRENT = 100.0, 200.0
GRID = 0.1


class Spikes(NamedTuple):
    """Spikes of one layer: sample and neuron of each, ms after the sample's begin; samples, neurons: how many."""

    sample: np.ndarray
    neuron: np.ndarray
    time: np.ndarray
    samples: int
    neurons: int

    @property
    def counts(self) -> np.ndarray:
        """Spikes of each neuron in each sample, [samples, neurons]."""
        at = self.sample * self.neurons + self.neuron
        return np.bincount(at, minlength=self.samples * self.neurons).reshape(self.samples, self.neurons)


def k0(age: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """What a delta synapse of 1 mV leaves after `age` ms."""
    return np.exp(-np.asarray(age) / (MEMBRANE * scale))


def k1(age: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """What an exponential current of 1 mV has done after `age` ms."""
    gain = CURRENT / (CURRENT - MEMBRANE)
    result: np.ndarray = gain * (np.exp(-np.asarray(age) / (CURRENT * scale)) - k0(age, scale))
    return result


def spikes_of(patterns: Sequence[object], layer: str, neurons: int, duration: float) -> Spikes:
    """Spikes of one layer over all samples."""
    sample: List[np.ndarray] = []
    neuron: List[np.ndarray] = []
    time: List[np.ndarray] = []
    for t, pattern in enumerate(patterns):
        events = as_events(pattern, f"train_anomaly_detector: {layer!r} of sample {t}")
        who = events.indices_for(neurons, f"train_anomaly_detector: {layer!r} of sample {t}")
        neuron.append(who.astype(np.int64))
        time.append(events.times_in(duration))
        sample.append(np.full(len(who), t))
    spikes = Spikes(np.concatenate(sample), np.concatenate(neuron), np.concatenate(time), len(patterns), neurons)
    if not len(spikes.time):
        cure = "a sensor that never changes has nothing normal to learn; leave its layer out, or check its range"
        raise ParameterError(f"train_anomaly_detector: {layer!r} never spikes on the normal data: {cure}")
    return spikes


def intervals(spikes: Spikes, duration: float) -> np.ndarray:
    """The least time between two spikes of each neuron in one sample, but for one in a thousand, ms."""
    order = np.lexsort((spikes.time, spikes.sample, spikes.neuron))
    neuron, sample, time = spikes.neuron[order], spikes.sample[order], spikes.time[order]
    same = (neuron[1:] == neuron[:-1]) & (sample[1:] == sample[:-1])
    gap, who = np.diff(time)[same], neuron[1:][same]
    found = [gap[who == k] for k in range(spikes.neurons)]
    return np.array([np.quantile(g, 0.001) if len(g) else duration for g in found])


def held(spikes: Spikes) -> Spikes:
    """The spikes that relays give: those of the last sample in which a neuron spoke."""
    spoke = spikes.counts > 0
    index = np.where(spoke, np.arange(spikes.samples)[:, None], -1)
    last = np.maximum.accumulate(index, axis=0)
    order = np.lexsort((spikes.time, spikes.neuron, spikes.sample))
    neuron, time = spikes.neuron[order], spikes.time[order]
    counts = spikes.counts
    start = (np.cumsum(counts.ravel()) - counts.ravel()).reshape(counts.shape)
    column = np.broadcast_to(np.arange(spikes.neurons), last.shape)
    there = last >= 0
    source = last[there] * spikes.neurons + column[there]
    n, first = counts.ravel()[source], start.ravel()[source]
    at = np.repeat(first - (np.cumsum(n) - n), n) + np.arange(int(n.sum()))
    sample = np.broadcast_to(np.arange(spikes.samples)[:, None], last.shape)[there]
    return Spikes(np.repeat(sample, n), neuron[at], time[at], spikes.samples, spikes.neurons)


def window_sums(spikes: Spikes, arrives: float, gate: float, scale: float = 1.0) -> Dict[str, np.ndarray]:
    """Sums of K0 and K1 over each neuron's spikes that arrive (`arrives` ms after they were) up to the gate,
    [samples, neurons] each."""
    # spikes fall on the grid, and the clock's own lie one step after the begin
    age = gate + GRID * scale - (np.floor(spikes.time / (GRID * scale) + 0.5) * GRID * scale + arrives)
    seen = age >= 0.0
    at = (spikes.sample * spikes.neurons + spikes.neuron)[seen]
    shape, room = (spikes.samples, spikes.neurons), spikes.samples * spikes.neurons
    return {
        "k0": np.bincount(at, k0(age[seen], scale), room).reshape(shape),
        "k1": np.bincount(at, k1(age[seen], scale), room).reshape(shape),
    }
