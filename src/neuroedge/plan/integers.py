"""int8 plans: weights as codes of −127 … 127, and the coefficients of LIF in integers.

All synapses that arrive in one channel of a neuron share a scale, the value of one code: s = max|w|/127. Sums of codes
are exact in int32, whatever their order. LIF with delta synapses runs in integers too (native/fixed.h): V counts units
of s·2^-F mV above rest, and the scale goes into the threshold, Θ = threshold/s·2^F. F is the largest shift for which
Θ ≤ 2^14 and the reset fits into 16 bits, so that Θ is above 2^13 wherever the reset allows it. Where that would take

- F < 0 (weights far below the threshold), s is made coarser until Θ = 2^14 at F = 0;
- F > 14 (a single code beyond the threshold), s is made finer, and weights beyond 127 thresholds become 127 codes: they
  saturate the membrane either way.

A potential that 16 bits do not hold, of a sum or of a start, becomes the nearest that they do: two thresholds or more.
"""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import ParameterError, warn
from ..network.arithmetic import precise_exp
from ..network.connectivity import Connectivity
from ..network.graph import Network, Projection
from ..network.neurons import ALIF, LIF, CubaLIF, Model
from .receptors import Receptor, arriving

__all__ = ["Grid", "Integers", "MOST_SUM", "coded", "grids", "integers", "runs_in_integers"]

MOST_CODE, MOST_SHIFT, MOST_THETA = 127, 14, 1 << 14

# what may arrive at one neuron in a tick: half of what 32 bits hold, since a change of dt may put as much before it
MOST_SUM = 2**30 - 1
MOST_ARRIVALS = MOST_SUM // MOST_CODE

# steps of a membrane's time constant that a leak of 16 bits resolves
MOST_STEPS = 200.0

# synapses that are coded at once
_CHUNK = 1 << 20


class Grid(NamedTuple):
    """scale: what one code stands for, double [channels, n] of values that float32 holds; shift [n] of LIF in
    integers, else None."""

    scale: np.ndarray
    shift: Optional[np.ndarray]


class Integers(NamedTuple):
    """Coefficients of LIF in integers, a number or one per neuron; unit: mV of one step of V."""

    unit: np.ndarray
    gain: np.ndarray
    decay: Any
    shift: np.ndarray
    theta: np.ndarray
    reset: np.ndarray
    start: np.ndarray


def runs_in_integers(model: Model, receptors: Sequence[Receptor]) -> bool:
    """LIF that only delta synapses reach."""
    return isinstance(model, LIF) and not isinstance(model, (ALIF, CubaLIF)) and not receptors


def grids(network: Network, receptors: List[List[Receptor]], channels: List[int]) -> List[Optional[Grid]]:
    """Scales of every population, None for sources; one warning names those that keep float states."""
    found: List[Optional[Grid]] = []
    floats: List[str] = []
    for k, p in enumerate(network.populations.values()):
        if p.model.source:
            found.append(None)
            continue
        here = [(c, q) for c, q in zip(channels, network.projections.values()) if q.post is p]
        most = np.zeros((1 + len(receptors[k]), p.size))
        for channel, projection in here:
            _largest(most[channel], arriving(projection))
        _must_sum(p.owner, p.size, len(most), here)
        if runs_in_integers(p.model, receptors[k]):
            found.append(_integer_grid(p.owner, p.model, most[0]))
            continue
        found.append(Grid(_stored(np.where(most > 0, np.maximum(most / MOST_CODE, 1e-30), 1.0)), None))
        floats.append(p.name)
    if floats:
        keep = "keeps" if len(floats) == 1 else "keep"
        which = f"only LIF with delta synapses runs in integers: {', '.join(floats)}"
        warn(f"int8: {which} {keep} float32 states, with int8 weights")
    return found


def _largest(most: np.ndarray, c: Connectivity) -> None:
    """Raise `most` to the largest |weight| at each target."""
    if c.post is None:
        size = np.abs(c.weight.reshape(c.shape)).max(axis=0, initial=0.0)
        np.maximum(most, size, out=most)
    else:
        np.maximum.at(most, c.post, np.abs(c.weight).astype(np.float64))


def _must_sum(owner: str, n: int, channels: int, here: List[Tuple[int, Projection]]) -> None:
    """Sums of all that may arrive in a channel at once must fit."""
    for channel in range(channels):
        mine = [q for at, q in here if at == channel]
        if sum(q.count for q in mine) > MOST_ARRIVALS:
            fan_in = sum(np.bincount(q.connectivity.targets(), minlength=n) for q in mine)
            if int(np.max(fan_in)) > MOST_ARRIVALS:
                rule = f"int8 sums take {MOST_ARRIVALS:,} synapses of one neuron"
                raise ParameterError(f"{owner}: {rule} (got {int(np.max(fan_in)):,}); use float32")


def _stored(scale: np.ndarray) -> np.ndarray:
    """As float32 holds them."""
    return scale.astype(np.float32).astype(np.float64)


def _integer_grid(owner: str, model: Any, most: np.ndarray) -> Grid:
    theta, reset = (np.abs(np.asarray(x) - model.v_rest) for x in (model.v_threshold, model.v_reset))
    with np.errstate(all="ignore"):
        # units of V in a mV, at most; v_reset is below the threshold, so not both are at rest
        room = np.minimum(MOST_THETA / np.asarray(theta, float), 32767.0 / np.asarray(reset, float))
        room = np.broadcast_to(room, most.shape)
        scale = _stored(np.clip(most / MOST_CODE, 1.0 / room, 2.0**MOST_SHIFT / room))
        if not ((scale > 1e-30) & (scale < 1e30)).all():
            bad = float(theta.flat[0])
            raise ParameterError(f"{owner}: int8 takes thresholds of 1e-26 to 1e26 mV above rest (got {bad:g})")
        # the largest power of 2 that fits; what rounding the scale took away is given back
        shift = np.frexp(scale * room * (1.0 + 1e-6))[1] - 1
    return Grid(scale[None, :], np.clip(shift, 0, MOST_SHIFT))


def integers(owner: str, model: Any, grid: Grid, dt: float) -> Integers:
    """Coefficients of an integer LIF for steps of dt ms; a warning where its leak is too slow for 16 bits."""
    steps = float(np.max(model.tau_m)) / dt
    if steps > MOST_STEPS:
        warn(
            f"{owner}: tau_m is {steps:.0f} steps of {dt:g} ms, and a leak of 16 bits resolves {MOST_STEPS:g}: small "
            "potentials stand still; use a larger dt or float32"
        )
    decay = np.clip(np.rint(32768.0 * precise_exp(-dt / np.asarray(model.tau_m, float))), 0, 32767)
    unit = grid.scale[0] * np.exp2(-np.asarray(grid.shift, float))
    # a constant current comes to rest where it should: its gain is that of the leak as it is
    gain = (1.0 - decay / 32768.0) / unit

    def in_units(potential: Any) -> np.ndarray:
        return np.clip(np.rint((np.asarray(potential) - model.v_rest) / unit), -32768, 32767)

    start = in_units(model.v_rest if model.v_init is None else model.v_init)
    theta, reset = in_units(model.v_threshold), in_units(model.v_reset)
    return Integers(unit, gain, decay, np.asarray(grid.shift), theta, reset, start)


def coded(c: Connectivity, scale: np.ndarray) -> np.ndarray:
    """Weights as int8 codes, rounded half to even."""
    codes = np.empty(c.count, np.int8)
    rows = max(1, _CHUNK // max(c.shape[1], 1)) * c.shape[1] if c.post is None else _CHUNK
    for first in range(0, c.count, max(rows, 1)):
        weight = c.weight[first : first + rows].astype(np.float64)
        if c.post is None:
            values = (weight.reshape(-1, c.shape[1]) / scale).ravel()
        else:
            values = weight / scale[c.post[first : first + rows]]
        codes[first : first + rows] = np.clip(np.rint(values), -MOST_CODE, MOST_CODE)
    return codes
