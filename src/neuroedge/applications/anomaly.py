"""Teach a sensor node what is normal: `train_anomaly_detector(api, normal_data)`.

Nothing is learnt by gradients: what separates faults from normal noise is known, so weights are computed, in a second.

Features (LIF). Neuron 0 starts a clock, neuron 1, that asks once a sample. Relays, one for each sensor of a rate layer,
hold what encoders leave out while it does not change. Detectors sum windows over the held spikes
(`anomaly_readout`): the sum is a level to about a seventh of the noise, though a sensor has five spikes a sample. They
come in pairs of opposite sign, as nothing below threshold is told: in a ring, sensor k high and k + 1 low beyond what
all other sensors predict (the inverse covariance removes the daily cycle and shared noise); all sensors of a kind high,
or low, beyond what other kinds predict, jumps counting more; a temporal layer with few spikes, and with scattered ones.

Anomaly (AdEx without adaptation, as leaky accumulators). The first two hear any hit, the next two need two hits within
three samples, or three samples of silence. The others are excited by the clock and inhibited by a sensor's spikes: they
fire when it is silent for longer than chance has it, which is what stuck means to an encoder of changes.

Alert (LIF). Warning is driven by any, critical by the slow ones; the higher inhibits the lower, normal is driven by the
clock: one spike a sample. All of it are synapses: with weights at zero there is no clock and no alert.

Thresholds come from every other 50 samples, weights from the rest: the largest values' tail is extrapolated to a stated
chance. Times are made for steps of at most 0.1 ms (quality high), and sums for float32 weights: float16 may raise false
alarms, and int8, which says so when it is asked for, loses the small weights beside the clock's. The first ten samples
are not judged.
"""

import warnings
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..encoding import SensorEncoder, sensor_encoder
from ..encoding.readings import SENSORS
from ..errors import NotReadyError, ParameterError, shown
from ..events import SpikePattern, SpikeTrain
from ..network.graph import Network
from ..network.neurons import LIF, AdEx, SpikeSource, TemporalSource
from .anomaly_detectors import find_detectors, stuck_groups
from .anomaly_readout import DIRECT, GATE, Spikes, intervals, spikes_of
from .anomaly_wiring import HIT, SILENT, SPOKEN, STUCK_TAU, WARM_UP, Design, rewire

__all__ = ["AnomalyReport", "train_anomaly_detector"]

ME = "train_anomaly_detector"

# of as many silent samples in a row as an accumulator of silence takes for stuck
CHANCE_OF_SILENCE = 1.5e-5
_DRAWN = 100_000


class AnomalyReport(NamedTuple):
    """What training has built. samples: that it has seen; detectors: what the feature layer looks for, in the order of
    its neurons, the first of which is neuron `first`."""

    samples: int
    detectors: List[str]
    first: int


def train_anomaly_detector(
    api: Any,
    normal_data: Any,
    duration: float = 50.0,
    encoders: Optional[Mapping[str, Callable[[Any], Any]]] = None,
) -> AnomalyReport:
    """Set the network's weights and thresholds so that its last layer tells normal (0), warning (1) and critical (2).

    api: a `NeuromorphicAPI`, or anything with a `network` and `reset()`: sensory layers of kind "rate" (each neuron a
    sensor) or "temporal" (each layer one sensor of many values), and three more, in this order: features ("lif"),
    anomaly ("adex"), alert ("lif", 3). Parameters and synapses of these three are replaced; the api is reset.
    normal_data: [{layer: values}] in time order, values as `encode_<layer>` takes them, or events. At least 500.
    duration: ms that each sample is simulated for, later as in training. encoders: {layer: function of values} where
    layers are not called temperature, humidity or motion, or are encoded in another way. Run it in float32.
    """
    ms = checks.positive(ME, "duration", duration, "ms")
    network, (feature, anomaly, alert), sensory = _layers(api)
    samples = _samples(normal_data, sensory)
    spikes = _encoded(samples, sensory, dict(encoders or {}), ms)
    design = _design(spikes, sensory, network, feature, anomaly, ms)
    fresh = rewire(network, feature, anomaly, alert, design)
    network.populations, network.projections = fresh.populations, fresh.projections
    network.version += 1
    with warnings.catch_warnings():
        # that the network has changed is what was asked for
        warnings.simplefilter("ignore")
        api.reset()
    return AnomalyReport(len(samples), [d.name for d in design.detectors], 2 + sum(design.rate.values()))


def _layers(api: Any) -> Tuple[Network, List[str], Dict[str, int]]:
    """The network, its three layers, and {sensory layer: size}."""
    network = getattr(api, "network", None)
    if not isinstance(network, Network) or not callable(getattr(api, "reset", None)):
        raise ParameterError(f"{ME}: api must have a network and reset() (got {shown(api)})")
    populations = network.populations
    sensory = {n: p.size for n, p in populations.items() if isinstance(p.model, (SpikeSource, TemporalSource))}
    others = [name for name in populations if name not in sensory]
    kinds = [type(populations[name].model) for name in others]
    if not sensory or kinds != [LIF, AdEx, LIF] or populations[others[-1]].size != 3:
        listed = ", ".join(f"{n} ({p.size} {p.model.name})" for n, p in populations.items()) or "none"
        rule = "the layers must be sensory ones (rate or temporal), then one of lif, one of adex and one of 3 lif"
        raise NotReadyError(f"{ME}: {rule} (got {listed})")
    return network, others, sensory


def _samples(normal_data: Any, sensory: Dict[str, int]) -> List[Dict[str, Any]]:
    samples = checks.several(ME, "normal_data", normal_data, "a list of {layer: values}")
    if len(samples) < 500:
        rule = "normal_data must have at least 500 samples, of which half set the weights and half the thresholds"
        raise ParameterError(f"{ME}: {rule} (got {len(samples)})")
    for t, sample in enumerate(samples):
        given = checks.mapping(ME, f"normal_data[{t}]", sample, "layer: values")
        for name in given:
            checks.known("sensory layer", name, sensory)
        missing = [name for name in sensory if name not in given]
        if missing:
            raise ParameterError(f"{ME}: normal_data[{t}] must have values for {missing[0]!r} (got {sorted(given)})")
    return samples


def _encoded(
    samples: List[Dict[str, Any]], sensory: Dict[str, int], encoders: Dict[str, Callable[[Any], Any]], ms: float
) -> Dict[str, Spikes]:
    for name in encoders:
        checks.known("sensory layer", name, sensory)
    spikes = {}
    for name, size in sensory.items():
        values = [sample[name] for sample in samples]
        if not isinstance(values[0], (SpikePattern, SpikeTrain)):
            encode = encoders.get(name) or _encoder(name).encode
            values = [encode(value) for value in values]
        spikes[name] = spikes_of(values, name, size, ms)
    return spikes


def _encoder(layer: str) -> SensorEncoder:
    if layer not in SENSORS:
        kinds = ", ".join(sorted(SENSORS))
        cure = f"encoders={{{layer!r}: function of values}}"
        raise ParameterError(f"{ME}: there is no encode_{layer} (known: {kinds}); give {cure}")
    return sensor_encoder(layer)


def _design(
    spikes: Dict[str, Spikes], sensory: Dict[str, int], network: Network, feature: str, anomaly: str, ms: float
) -> Design:
    sources = {name: network.populations[name].model for name in sensory}
    rate = [name for name, model in sources.items() if isinstance(model, SpikeSource)]
    temporal = [name for name in sensory if name not in rate]
    relays = sum(sensory[name] for name in rate)
    room = network.populations[feature].size - 2 - relays
    units = network.populations[anomaly].size - 4
    least = 2 * len(rate) + 4 * len(temporal) + (2 if relays > 1 else 0)
    if room < least or units < (1 if relays else 0):
        rule = f"{feature!r} must have at least {2 + relays + least} neurons and {anomaly!r} at least 5"
        raise ParameterError(f"{ME}: {rule} (got {room + 2 + relays} and {units + 4})")
    scale = ms / 50.0
    detectors = find_detectors(spikes, rate, temporal, room, scale, 2 * WARM_UP)
    groups = stuck_groups(relays, units) if relays else []
    counts = [spikes[name].counts for name in rate]
    spoken = np.concatenate(counts, axis=1) if counts else np.zeros((1, 0))
    mean = spoken.sum(axis=0) / np.maximum((spoken > 0).sum(axis=0), 1)
    mean = np.maximum(mean, 1e-9)
    ends = np.cumsum([0, *[sensory[name] for name in rate]])
    off = [_taken_off(spikes[name], mean[a:b], scale) for name, a, b in zip(rate, ends[:-1], ends[1:])]
    now, later = (np.concatenate([pair[k] for pair in off] or [np.zeros((1, 0))], axis=1) for k in (0, 1))
    stuck = np.array([_stuck_threshold(now[:, g], later[:, g]) for g in groups])
    sizes = {name: sensory[name] for name in rate}, {name: sensory[name] for name in temporal}
    apart = np.concatenate([intervals(spikes[name], ms) for name in rate] or [np.zeros(0)])
    return Design(*sizes, detectors, groups, mean, apart, stuck, (1.5 * HIT, 1.5 * HIT), ms)


def _stuck_threshold(now: np.ndarray, later: np.ndarray) -> float:
    """What an accumulator of silence hardly passes: on the normal data never, and with that chance where its sensors
    are silent as often as there, but independently. now, later: mV [samples, sensors], what a sample's spikes take off
    before its question, and before the next."""
    n = len(now)
    clock = SILENT + (SILENT - SPOKEN) * (now.shape[1] - 1)
    row = np.random.default_rng(0).integers(n, size=(_DRAWN, now.shape[1]))
    column = np.arange(now.shape[1])
    most = float(_silence(clock + now[1:].sum(axis=1) + later[:-1].sum(axis=1))[2 * WARM_UP :].max())
    drawn = _silence(clock + now[row[1:], column].sum(axis=1) + later[row[:-1], column].sum(axis=1))
    by_chance = float(np.quantile(drawn, 1.0 - CHANCE_OF_SILENCE * now.shape[1]))
    return max(by_chance, most, 1.5 * SILENT) + 0.05 * SILENT


def _silence(added: np.ndarray) -> np.ndarray:
    """The potential of an accumulator at each question, mV."""
    stays, v = float(np.exp(-50.0 / STUCK_TAU)), 0.0
    trace = []
    for more in added.tolist():
        v = v * stays + more
        trace.append(v)
    return np.array(trace)


def _taken_off(spikes: Spikes, mean: np.ndarray, scale: float) -> Tuple[np.ndarray, np.ndarray]:
    """What each sample's spikes take off an accumulator, mV [samples, neurons]: before its question, and the next."""
    age = (GATE - 1.0 - DIRECT) - spikes.time / scale
    size = (SPOKEN - SILENT) / mean[spikes.neuron] * np.exp(-np.where(age < 0.0, age + 50.0, age) / STUCK_TAU)
    at, room = spikes.sample * spikes.neurons + spikes.neuron, spikes.samples * spikes.neurons
    now, later = (np.bincount(at[which], size[which], room) for which in (age >= 0.0, age < 0.0))
    return now.reshape(-1, spikes.neurons), later.reshape(-1, spikes.neurons)
