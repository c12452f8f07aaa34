"""Which samples a network is run with to see what its synapses bring: given ones, those it saw last, or made up."""

from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from .. import checks
from ..encoding.rate import unit_values
from ..errors import ParameterError, warn
from ..events import SpikeTrain
from ..network.graph import Network
from .traces import Samples, lag, spikes_of, takers

__all__ = ["Calibration", "checked_values", "samples_of"]

# samples that are made up, and that are used of more
MADE, MOST = 256, 1000

# bytes that the spikes of all samples may take
ROOM = 1 << 28


class Calibration(NamedTuple):
    """samples: what runs; text: where they come from, as a report says it."""

    samples: Samples
    text: str


def checked_values(owner: str, values: Any) -> np.ndarray:
    """Samples [n, features] in 0 … 1, float32, a copy."""
    array = unit_values(f"{owner} calibration", values, (-1, -1))
    if 0 in array.shape:
        raise ParameterError(f"{owner}: calibration must hold samples [n, features] (got shape {array.shape})")
    return array.copy()


def samples_of(owner: str, network: Network, given: Optional[np.ndarray], duration: float, dt: float) -> Calibration:
    """Samples for a network, `duration` ms of values each and then as long as spikes travel."""
    ticks = checks.ticks_of(owner, duration, dt)
    whole = ticks + lag(network, ticks, dt)
    populations = takers(network)
    names, features = [p.name for p in populations], sum(p.size for p in populations)
    most = max(1, min(MOST, ROOM // (whole * max(1, network.neurons))))
    if not names:
        if given is not None:
            rule = "no population takes a calibration, since all sources fire by themselves"
            raise ParameterError(f"{owner}: {rule}; leave it out")
        count = min(MADE, most)
        return Calibration(Samples([None] * count, whole, dt), f"{count} runs of its own sources")
    values, text = _values(owner, network, given, features)
    chosen = values[np.linspace(0, len(values) - 1, min(len(values), most)).astype(np.int64)]
    inputs: List[Optional[Dict[str, SpikeTrain]]] = [spikes_of(network, names, x, ticks, dt) for x in chosen]
    return Calibration(Samples(inputs, whole, dt), f"{len(inputs):,} {text}")


def _values(owner: str, network: Network, given: Optional[np.ndarray], features: int) -> "tuple[np.ndarray, str]":
    if given is not None:
        if given.shape[1] != features:
            listed = ", ".join(f"{p.size} of {p.name!r}" for p in takers(network))
            rule = f"calibration must have shape [samples, {features}] for its inputs ({listed})"
            raise ParameterError(f"{owner}: {rule} (got {list(given.shape)})")
        return given, "given samples"
    seen = getattr(network, "seen", None)
    if isinstance(seen, np.ndarray) and seen.ndim == 2 and seen.shape[1] == features and len(seen):
        return unit_values(f"{owner} seen", seen, (-1, features)), "samples that it saw last"
    cure = "give some that it will see, calibration=[samples, values in 0 to 1], to keep what matters for them"
    warn(f"{owner}: no samples are known of {network!r}, so it is calibrated on generated ones; {cure}")
    return generated(network.seed, features), "generated samples"


def generated(seed: int, features: int) -> np.ndarray:
    """Samples from the network's seed: independent values u³, u uniform, so that a few are high and most are low."""
    rng = np.random.Generator(np.random.PCG64([seed, 0x9A]))
    return (rng.random((MADE, features)) ** 3).astype(np.float32)
