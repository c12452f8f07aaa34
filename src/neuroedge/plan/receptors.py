"""Currents that synapses raise: which a population has, and their exact propagators over a tick.

An exponential synapse needs one current, I' = −I/tau. An alpha synapse needs two: its current s' = x − s/tau, and the
rise x' = −x/tau that feeds it and that arriving weights are added to. A tick adds P·I to the potential of LIF
(Rotter & Diesmann 1999, doi:10.1007/s004220050570) and then makes I ← I·e + C·(the rise before the tick).
"""

from dataclasses import replace
from typing import Any, List, NamedTuple, Sequence

import numpy as np

from ..errors import ParameterError
from ..network.arithmetic import precise_exp
from ..network.connectivity import Connectivity
from ..network.graph import Projection
from ..network.synapses import Alpha, Delta

__all__ = ["MAX_RECEPTORS", "Receptor", "arriving", "channel", "decays", "frame_rates", "propagators"]

MAX_RECEPTORS = 4

# beyond this a frame would grow past what one exact halving step can follow
FRAME_MAX_DT = 50.0


class Receptor(NamedTuple):
    """One current. role: "exponential", "alpha" (fed by the next one), or "rise" (feeds the one before)."""

    tau: Any
    role: str


def channel(projection: Projection, receptors: List[Receptor]) -> int:
    """Where a projection's weights arrive: 0 for the potential, else 1 + the index of a current, added if new."""
    synapse = projection.synapse
    if isinstance(synapse, Delta):
        return 0
    # the weights of an alpha synapse arrive at its rise, which follows its current
    entry = int(isinstance(synapse, Alpha))
    for k, receptor in enumerate(receptors):
        if receptor.role == synapse.name and np.array_equal(np.asarray(receptor.tau), np.asarray(synapse.tau)):
            return 1 + k + entry
    if len(receptors) + 1 + entry > MAX_RECEPTORS:
        rule = f"synapses may have {MAX_RECEPTORS} different tau, of which alpha takes two"
        raise ParameterError(f"Population {projection.post.name!r}: {rule} (got one more: {synapse.tau!r})")
    receptors.append(Receptor(synapse.tau, synapse.name))
    if entry:
        receptors.append(Receptor(synapse.tau, "rise"))
    return len(receptors)


def arriving(projection: Projection) -> Connectivity:
    """Synapses with the weights that arrive: those of an alpha synapse are peaks, and its rise gets w·e/tau."""
    c, synapse = projection.connectivity, projection.synapse
    if not isinstance(synapse, Alpha):
        return c
    tau = synapse.tau[c.targets()] if isinstance(synapse.tau, np.ndarray) else synapse.tau
    return replace(c, weight=c.weight.astype(np.float64) * (2.718281828459045 / tau))


def frame_rates(receptors: Sequence[Receptor], dt: float) -> List[float]:
    """Growth of each current's frame in powers of two per tick, or nothing where some current cannot have one.

    A current kept in a frame that grows as it decays stands still: only what arrives changes it (as `Frame` in
    native/neurons/frame.h). That needs one tau for all neurons, and nothing that feeds it.
    """
    fits = all(r.role == "exponential" and np.ndim(r.tau) == 0 and dt / r.tau <= FRAME_MAX_DT for r in receptors)
    return [dt / (float(r.tau) * 0.693147180559945309417) for r in receptors] if fits else []


def _coupling(receptor: Receptor, e: Any, dt: float) -> Any:
    return dt * e if receptor.role == "alpha" else 0.0


def propagators(tau: Any, receptors: Sequence[Receptor], dt: float) -> List[Any]:
    """P, e and C of each current of a membrane with time constant tau (currents in mV)."""
    found: List[Any] = []
    tau, d = np.asarray(tau, float), precise_exp(-dt / np.asarray(tau, float))
    for receptor in receptors:
        ts = np.asarray(receptor.tau, float)
        e = precise_exp(-dt / ts)
        p = _from_rise(tau, ts, d, e, dt) if receptor.role == "rise" else _from_current(tau, ts, d, e, dt)
        found += [p, e, _coupling(receptor, e, dt)]
    return found


def _from_current(tau: Any, ts: Any, d: Any, e: Any, dt: float) -> Any:
    close = np.abs(ts - tau) < 1e-9 * tau
    return np.where(close, dt / tau * d, ts / np.where(close, 1.0, ts - tau) * (e - d))


def _from_rise(tau: Any, ts: Any, d: Any, e: Any, dt: float) -> Any:
    """d/tau·∫u·exp(a·u) du from 0 to dt, a = 1/tau − 1/ts; as a series where the closed form would cancel."""
    a = 1.0 / tau - 1.0 / ts
    near = np.abs(a * dt) < 0.05
    safe = np.where(near, 1.0, a)
    series, term = np.zeros_like(a), np.full_like(a, dt * dt)
    for k in range(10):
        series, term = series + term / (k + 2), term * (a * dt / (k + 1))
    return np.where(near, d * series, e * (dt / safe - 1.0 / safe**2) + d / safe**2) / tau


def decays(receptors: Sequence[Receptor], dt: float) -> List[Any]:
    """The same for cells that take currents as they are at the tick's start: P is not used."""
    found: List[Any] = []
    for receptor in receptors:
        e = precise_exp(-dt / np.asarray(receptor.tau, float))
        found += [0.0, e, _coupling(receptor, e, dt)]
    return found
