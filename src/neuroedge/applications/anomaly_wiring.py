"""The anomaly detector as populations and projections: see `neuroedge.applications.anomaly`."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from ..network.graph import Network, Population
from ..network.neurons import LIF, AdEx
from ..network.synapses import Exponential
from .anomaly_detectors import Detector
from .anomaly_readout import CURRENT, DIRECT, GATE, MEMBRANE, RELAY, k0, k1

__all__ = ["Design", "HIT", "SILENT", "SPOKEN", "STUCK_TAU", "WARM_UP", "rewire"]

# mV: the clock's pulse, far above any sum, and what a relay, accumulator or alert neuron needs to fire
PULSE, DRIVE = 500.0, 15.0
# mV that makes a neuron fire once
ONCE = 1.35 * DRIVE
# of a relay: membrane, ms; what suppresses it, mV, and how long, ms
RELAY_TAU, DOWN, DOWN_LASTS = 0.5, -400.0, 2.1
# samples without questions after the start
WARM_UP = 10
# accumulators: mV of a hit, of a silent and a spoken sample, and their memory in ms for samples of 50 ms
HIT, SILENT, SPOKEN = 10.0, 10.0, -5.0
HIT_TAU, STUCK_TAU = 200.0, 250.0
REST = -65.0


class Design(NamedTuple):
    """What training found. rate, temporal: sensory layers and their sizes; groups: sensors of each accumulator of
    silence; spikes: mean number of spikes of each sensor when it speaks; apart: the least time between them, ms; stuck:
    thresholds of the accumulators of silence, mV; critical: of the two of hits; duration: ms of a sample."""

    rate: Dict[str, int]
    temporal: Dict[str, int]
    detectors: List[Detector]
    groups: List[np.ndarray]
    spikes: np.ndarray
    apart: np.ndarray
    stuck: np.ndarray
    critical: Tuple[float, float]
    duration: float


class _Synapses:
    """Synapses by projection and kind of synapse, gathered one by one."""

    def __init__(self) -> None:
        self._rows: Dict[Tuple[str, str, float], List[Tuple[float, float, float, float]]] = {}

    def add(self, pre: str, post: str, i: int, j: int, weight: float, delay: float, tau: float = 0.0) -> None:
        if weight != 0.0:
            self._rows.setdefault((pre, post, tau), []).append((i, j, weight, delay))

    def connect(self, network: Any) -> None:
        # plain projections first, so that they get the plain names
        for (pre, post, tau), rows in sorted(self._rows.items(), key=lambda entry: entry[0][2] > 0):
            i, j, weight, delay = (np.array(column) for column in zip(*rows))
            ends = (i.astype(np.int64), j.astype(np.int64), weight.astype(np.float32))
            synapse = Exponential(tau) if tau else None
            network.connect(pre, post, synapses=ends, delay=np.round(delay, 3), synapse=synapse)


def rewire(network: Any, feature: str, anomaly: str, alert: str, design: Design) -> Network:
    """A copy of the network with these layers' parameters and synapses replaced."""
    fresh: Network = network.copy()
    ours = {feature, anomaly, alert}
    for name in [n for n, q in fresh.projections.items() if q.pre.name in ours or q.post.name in ours]:
        del fresh.projections[name]
    models = {
        feature: _feature_model(fresh.populations[feature].size, design),
        anomaly: _anomaly_model(fresh.populations[anomaly].size, design),
        alert: LIF(tau_m=2.0, v_rest=REST, v_reset=REST, v_threshold=REST + DRIVE, refractory=5.0),
    }
    for name, model in models.items():
        fresh.populations[name] = Population(name, fresh.populations[name].size, model)
    synapses = _Synapses()
    _clock(synapses, feature, design)
    _relays(synapses, feature, design)
    _questions(synapses, feature, design)
    _accumulators(synapses, feature, anomaly, design)
    _alerts(synapses, feature, anomaly, alert, design)
    synapses.connect(fresh)
    return fresh


def _places(design: Design) -> Tuple[int, int, int]:
    """First relay, first detector, first free neuron of the feature layer; 0 starts the clock, which is 1."""
    relays = sum(design.rate.values())
    return 2, 2 + relays, 2 + relays + len(design.detectors)


def _feature_model(size: int, design: Design) -> LIF:
    scale = design.duration / 50.0
    relay, detector, free = _places(design)
    tau, start = np.full(size, 20.0), np.full(size, REST)
    theta = np.full(size, DRIVE)
    tau[relay:detector] = RELAY_TAU * scale
    tau[detector:free] = MEMBRANE * scale
    theta[detector:free] = PULSE + np.array([d.level for d in design.detectors])
    # fires at once, and with that starts the clock
    start[0] = REST + ONCE
    return LIF(
        tau_m=tau, v_rest=REST, v_reset=REST, v_threshold=REST + theta, refractory=0.0, reset="subtract",
        v_init=start,
    )  # fmt: skip


def _anomaly_model(size: int, design: Design) -> AdEx:
    """Two that hear any hit, two that need several, and those that hear silence; no adaptation, a sharp threshold."""
    scale, rest = design.duration / 50.0, -70.6
    theta, reset, tau = np.full(size, DRIVE), np.zeros(size), np.full(size, 5.0 * scale)
    theta[2:4], reset[2:4], tau[2:4] = design.critical, np.array(design.critical) - 0.45 * HIT, HIT_TAU * scale
    stuck = slice(4, 4 + len(design.groups))
    theta[stuck], tau[stuck] = design.stuck, STUCK_TAU * scale
    # the next silent sample makes it fire again, and nothing less
    again = (design.stuck - SILENT) * float(np.exp(50.0 / STUCK_TAU)) + 0.05 * SILENT
    reset[stuck] = np.minimum(again, design.stuck - 0.1 * SILENT)
    return AdEx(
        C=281.0, g_L=281.0 / tau, E_L=rest, V_T=rest + theta - 1.0, delta_T=0.2, a=0.0, b=0.0, v_reset=rest + reset,
        v_peak=rest + theta, refractory=0.0,
    )  # fmt: skip


def _clock(synapses: _Synapses, feature: str, design: Design) -> None:
    """Neuron 1 fires at the begin of every sample, from that after the warm-up on."""
    synapses.add(feature, feature, 0, 1, ONCE, WARM_UP * design.duration)
    synapses.add(feature, feature, 1, 1, ONCE, design.duration)


def _relays(synapses: _Synapses, feature: str, design: Design) -> None:
    """A relay repeats itself every sample. A spike that comes in suppresses what would be repeated shortly before and
    after it, as far as no spike of the same sensor normally is, and makes the relay fire in its place."""
    scale, relay = design.duration / 50.0, _places(design)[0]
    behind, k = RELAY - 1.0, 0
    for layer, size in design.rate.items():
        for i in range(size):
            down = _suppression(float(design.apart[k]) / scale, behind)
            # what is left of the suppression when the spike itself comes in, is added to it
            left = sum(DOWN * float(np.exp(-(behind - ms) / RELAY_TAU)) for ms in down if ms < behind)
            for ms in down:
                synapses.add(layer, feature, i, relay + k, DOWN, ms * scale)
            synapses.add(layer, feature, i, relay + k, ONCE - left, behind * scale)
            synapses.add(feature, feature, relay + k, relay + k, ONCE, design.duration)
            k += 1


def _suppression(apart: float, behind: float) -> List[float]:
    """Delays of what suppresses a relay, ms, for spikes that are `apart` ms at least: half of it from one sample to the
    next, where the first spike comes after half an interval."""
    first = max(1.0, behind - max(0.0, apart - 0.8))
    before = np.arange(first, behind - 0.5, 2.0).tolist()
    last = behind + min(3.8, 0.5 * apart - 0.5) - DOWN_LASTS
    return [round(ms, 1) for ms in [*before, behind + 0.1, *([last] if last > behind + 0.3 else [])]]


def _questions(synapses: _Synapses, feature: str, design: Design) -> None:
    scale = design.duration / 50.0
    relay, first, _ = _places(design)
    seen = (GATE - RELAY) * scale
    back = float(k0(np.array(1.0 * scale), scale))
    for d, detector in enumerate(design.detectors, first):
        # the pulse is there for one ms, and where the neuron has fired, what that took away comes back
        synapses.add(feature, feature, 1, d, PULSE, GATE * scale)
        synapses.add(feature, feature, 1, d, -PULSE * back, (GATE + 1.0) * scale)
        synapses.add(feature, feature, d, d, (PULSE + detector.level) * back, 1.0 * scale)
        for factor, back_by in ((1.0 + detector.change, 0.0), (-detector.change, design.duration)):
            for i, weight in enumerate((factor * detector.relays).tolist()):
                _window(synapses, feature, feature, relay + i, d, "k1", weight, 1.0 * scale + back_by, seen, scale)
            for layer, windows in detector.windows.items():
                for w in windows:
                    for i in range(design.temporal[layer]):
                        delay = w.delay + back_by
                        _window(synapses, layer, feature, i, d, w.kind, factor * w.weight, delay, w.length, scale)


def _window(
    synapses: _Synapses, pre: str, post: str, i: int, j: int, kind: str, weight: float, delay: float, length: float,
    scale: float,
) -> None:  # fmt: skip
    """What arrives after `delay`, and is taken back `length` ms later."""
    if weight == 0.0:
        return
    delay, length = round(delay, 1), round(length, 1)
    if kind == "k0":
        synapses.add(pre, post, i, j, weight, delay)
        synapses.add(pre, post, i, j, -weight * float(k0(np.array(length), scale)), delay + length)
        return
    tau = CURRENT * scale
    # K1 is written for an infinitely long sample: a current of 1 mV
    synapses.add(pre, post, i, j, weight, delay, tau)
    synapses.add(pre, post, i, j, -weight * float(np.exp(-length / tau)), delay + length, tau)
    synapses.add(pre, post, i, j, -weight * float(k1(np.array(length), scale)), delay + length)


def _accumulators(synapses: _Synapses, feature: str, anomaly: str, design: Design) -> None:
    scale = design.duration / 50.0
    first = _places(design)[1]
    for d, detector in enumerate(design.detectors, first):
        synapses.add(feature, anomaly, d, detector.unit, 2.0 * DRIVE, 0.5 * scale)
        synapses.add(feature, anomaly, d, 2 + detector.unit, HIT, 0.5 * scale)
    layers = [(name, i) for name, size in design.rate.items() for i in range(size)]
    for k, group in enumerate(design.groups, 4):
        # one silent sensor is heard whatever the others of its group say
        clock = SILENT + (SILENT - SPOKEN) * (len(group) - 1)
        synapses.add(feature, anomaly, 1, k, clock, (GATE - 1.0) * scale)
        for c in group.tolist():
            layer, i = layers[c]
            synapses.add(layer, anomaly, i, k, (SPOKEN - SILENT) / float(design.spikes[c]), DIRECT * scale)
        # less than another hit: three in a row are critical
        synapses.add(anomaly, anomaly, k, 3, 0.7 * HIT, 0.5 * scale)


def _alerts(synapses: _Synapses, feature: str, anomaly: str, alert: str, design: Design) -> None:
    """One spike a sample, of the highest level that was reached."""
    scale = design.duration / 50.0
    for k in (2, 3):
        synapses.add(anomaly, alert, k, 2, 2.0 * DRIVE, 0.5 * scale)
    # those of silence are asked 1.5 ms before hits come in; all arrive together, after the critical ones
    for k in (0, 1):
        synapses.add(anomaly, alert, k, 1, 2.0 * DRIVE, 1.5 * scale)
    for k in range(4, 4 + len(design.groups)):
        synapses.add(anomaly, alert, k, 1, 2.0 * DRIVE, 3.0 * scale)
    synapses.add(feature, alert, 1, 0, 2.0 * DRIVE, 49.7 * scale)
    for low, high in ((0, 1), (0, 2), (1, 2)):
        synapses.add(alert, alert, high, low, -200.0 * DRIVE, 0.5 * scale)
