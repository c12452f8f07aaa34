"""A model that came from another: it keeps what that one carried, and says what was done to it."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional

import numpy as np

from .. import checks
from ..errors import ParameterError
from ..events import SpikeTrain
from ..formats.bundle import Bundle
from ..formats.golden import Golden
from ..formats.saving import save
from ..network.graph import Network
from ..optimize.answers import Samples
from .classify import SHOWN
from .verify import record_golden

__all__ = ["LONGEST_SHOWN", "Carried", "carried", "golden_of_sample", "golden_samples", "save_remade", "shown_ms"]

# ms that a sample is shown at most: the core cannot be interrupted within a batch of them
LONGEST_SHOWN = 10_000.0


class Carried(NamedTuple):
    """What a model file has beside its network: see `save`; dt in ms."""

    encoder: Optional[Mapping[str, Any]]
    decoder: Optional[Mapping[str, Any]]
    labels: Optional[List[str]]
    settings: Optional[Mapping[str, Any]]
    provenance: Mapping[str, Any]
    golden: Optional[Golden]
    dt: float
    event_threshold: float


def carried(bundle: Bundle) -> Carried:
    """What a bundle carries."""
    return Carried(
        bundle.encoder, bundle.decoder, bundle.labels, bundle.settings, bundle.provenance or {}, bundle.golden,
        bundle.plan.dt, bundle.plan.event_threshold,
    )  # fmt: skip


def shown_ms(bundle: Bundle) -> float:
    """ms that a sample is shown: what the encoder says, else 16."""
    given = (bundle.encoder or {}).get("shown_ms", SHOWN)
    shown = checks.positive(bundle.file, "encoder.shown_ms", given, "ms")
    if shown > LONGEST_SHOWN:
        raise ParameterError(f"{bundle.file}: encoder.shown_ms must be at most {LONGEST_SHOWN:,.0f} (got {shown:g})")
    return shown


def golden_of_sample(network: Network, sample: np.ndarray, duration: float, dt: float, precision: str) -> Golden:
    """The answer to one sample [features] in 0 … 1, until its last spikes have reached the output."""
    samples = Samples("golden", network, sample[None], checks.ticks_of("golden", duration, dt), dt)
    given = {
        name: SpikeTrain(neurons, (ticks + 1) * dt, network.populations[name].size)
        for name, (ticks, neurons) in samples.spikes(0).items()
    }
    return record_golden(network, samples.ticks * dt, given, dt, precision)


def golden_samples(
    golden: Optional[Golden], network: Network, names: List[str], duration: float, dt: float
) -> np.ndarray:
    """A golden input in pieces of `duration` ms, as samples [n, features] for these populations: the share of ticks in
    which a neuron spikes, at most 1. None of them where it has no spikes."""
    sizes = [network.populations[name].size for name in names]
    if golden is None or not any(isinstance(golden.inputs.get(name), SpikeTrain) for name in names):
        return np.zeros((0, sum(sizes)), np.float32)
    pieces = max(1, int(golden.duration // duration))
    found = []
    for name, size in zip(names, sizes):
        counts = np.zeros((pieces, size), np.float32)
        train = golden.inputs.get(name)
        if isinstance(train, SpikeTrain):
            # a spike at time 0 belongs to the first tick
            piece = np.maximum(np.ceil(train.times / duration) - 1.0, 0.0).astype(np.int64)
            here = piece < pieces
            np.add.at(counts, (piece[here], train.neurons[here]), np.float32(1.0))
        found.append(np.minimum(counts / np.float32(duration / dt), np.float32(1.0)))
    return np.concatenate(found, axis=1)


def save_remade(
    path: Any, network: Network, kept: Carried, precision: str, step: str, done: Mapping[str, Any],
    sample: Optional[np.ndarray], duration: float, storage: str = "auto",
) -> int:  # fmt: skip
    """Write a network with what its forerunner carried; returns the bytes.

    step, done: what was done, and how, appended to the list of that name in the provenance. Its golden input stays, and
    is answered anew; where there is none it is `sample`. Texts of precision in the settings become the new one.
    """
    golden = None
    if kept.golden is not None:
        golden = record_golden(network, kept.golden.duration, kept.golden.inputs, kept.dt, precision)
    elif sample is not None:
        golden = golden_of_sample(network, sample, duration, kept.dt, precision)
    before = kept.provenance.get(step)
    chain = [*(before if isinstance(before, list) else []), dict(done)]
    provenance = {**{name: value for name, value in kept.provenance.items() if name != "neuroedge"}, step: chain}
    settings: Optional[Dict[str, Any]] = None if kept.settings is None else dict(kept.settings)
    if settings is not None and isinstance(settings.get("precision"), str):
        settings["precision"] = precision
    return save(
        path, network, dt=kept.dt, precision=precision, event_threshold=kept.event_threshold, storage=storage,
        encoder=kept.encoder, decoder=kept.decoder, labels=kept.labels, settings=settings, provenance=provenance,
        golden=golden,
    )  # fmt: skip
