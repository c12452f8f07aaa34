"""int8 plans: weights as codes of −127 … 127, and the coefficients of LIF in integers.

All synapses that arrive in one channel of a neuron share a scale, the value of one code: s = max|w|/127. Sums of codes
are exact in int32, whatever their order. LIF with delta synapses runs in integers too (native/fixed.h): V counts units
of s·2^-F mV above rest, and the scale goes into the threshold, Θ = threshold/s·2^F. F is the largest shift for which
Θ ≤ 2^14 and the reset fits into 16 bits, so that Θ is above 2^13 wherever the reset allows it. Where that would take

- F < 0 (weights far below the threshold), s is made coarser until Θ = 2^14 at F = 0;
- F > 14 (a single code beyond the threshold), s is made finer, and weights beyond 127 thresholds become 127 codes: they
  saturate the membrane either way.

A potential that 16 bits do not hold, of a sum or of a start, becomes the nearest that they do: two thresholds or more.

A network that was quantised (`Network.widths`) has fewer bits. Weights are codes of ±(2^(b−1) − 1); potentials end at
±(2^(b−1) − 1), with Θ ≤ 2^(b−3), four thresholds or more (below 10 bits 2^(b−2), two: resolution is worth more there),
so that F may be below 0; and what arrives in a tick is scaled,
I = (sum + 2^(R−1)) >> R, until its bits hold it, and then added as I << (F + R). Each neuron has a shift of its own:
the least R ≥ −F for which the largest sum that was seen fits. Where nothing was seen, the largest sum is estimated as
if the inputs fired independently at `BUSY`: the mean of those of one sign, and four standard deviations. A sum that
saturates the potential by itself needs no bits.

A leaky integrator that only delta synapses reach is integers too: LIF without a threshold. Its F is the largest for
which 16 bits (one less at the top, where the threshold would be) hold what was seen or, where nothing was, what all its
inputs of one sign bring if they fire at `BUSY` for ever, together; but no more than 2,048 of the largest weight, so
that a small one is still seen. One slower than 200 steps keeps a float state, unless the network was quantised.
"""

from dataclasses import dataclass
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import ParameterError, warn
from ..network.arithmetic import precise_exp
from ..network.connectivity import Connectivity
from ..network.graph import Network, Population, Projection
from ..network.neurons import ALIF, LI, LIF, CubaLIF, Model
from ..network.widths import Widths
from .receptors import Receptor, arriving

__all__ = ["Grid", "Integers", "MOST_SUM", "coded", "grids", "integers", "levels", "limit_of", "runs_in_integers"]

MOST_CODE, MOST_SHIFT, MOST_THETA = 127, 14, 1 << 14

# share of a projection's weights that become 0 from which on it is said
LOST = 0.5

# of a reader: its threshold, 32767, is never met
MOST_READ = 32766

# sums beyond saturate any potential
MOST_ADDED = 65535

# largest weights that a reader holds where only its weights are known
MOST_HELD = 2048

# spikes per ms of an input that is estimated to be busy
BUSY = 0.25

# what may arrive at one neuron in a tick: half of what 32 bits hold, since a change of dt may put as much before it
MOST_SUM = 2**30 - 1
MOST_ARRIVALS = MOST_SUM // MOST_CODE

# steps of a membrane's time constant that a leak of 16 bits resolves
MOST_STEPS = 200.0

# synapses that are coded at once
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Grid:
    """scale: what one code stands for, double [channels, n] of values that float32 holds; codes: the largest.

    Of LIF in integers shift [n], else None; with fewer bits also right [n] and the largest potential and sum, else 0.
    """

    scale: np.ndarray
    shift: Optional[np.ndarray]
    right: Any = 0
    most_v: int = 0
    most_sum: int = 0
    codes: int = MOST_CODE


class Integers(NamedTuple):
    """Coefficients of LIF in integers, a number or one per neuron; unit: mV of one step of V."""

    unit: np.ndarray
    gain: np.ndarray
    decay: Any
    shift: np.ndarray
    right: Any
    theta: Any
    reset: Any
    start: np.ndarray
    most_v: int
    most_sum: int


def levels(bits: int) -> int:
    """The largest of symmetric codes."""
    return 2 ** (bits - 1) - 1


def runs_in_integers(model: Model, receptors: Sequence[Receptor], dt: Optional[float] = None) -> bool:
    """LIF, or a leaky integrator, that only delta synapses reach; with dt in ms, as int8 runs it unasked: an integrator
    slower than a leak of 16 bits resolves would forget what it is there to keep."""
    if isinstance(model, LI) and dt is not None and float(np.max(model.tau_m)) / dt > MOST_STEPS * (1.0 + 1e-9):
        return False
    return isinstance(model, (LIF, LI)) and not isinstance(model, (ALIF, CubaLIF)) and not receptors


def limit_of(network: Network, dt: float) -> Optional[float]:
    """What `runs_in_integers` takes for dt: a network that was quantised runs in integers alone."""
    return dt if network.widths is None else None


def grids(network: Network, receptors: List[List[Receptor]], channels: List[int], dt: float) -> List[Optional[Grid]]:
    """Scales of every population for steps of dt ms, None for sources; one warning names those that keep float
    states."""
    codes = MOST_CODE if network.widths is None else levels(network.widths.weight)
    slow = limit_of(network, dt)
    found: List[Optional[Grid]] = []
    floats: List[str] = []
    lost: List[str] = []
    for k, p in enumerate(network.populations.values()):
        if p.model.source:
            found.append(None)
            continue
        here = [(c, q) for c, q in zip(channels, network.projections.values()) if q.post is p]
        most = np.zeros((1 + len(receptors[k]), p.size))
        for channel, projection in here:
            _largest(most[channel], arriving(projection))
        shares = [(q.name, _vanishing(q, most[channel], codes)) for channel, q in here]
        lost += [f"{name} ({share:.0%})" for name, share in shares if share > LOST]
        _must_sum(p.owner, p.size, len(most), here)
        if runs_in_integers(p.model, receptors[k], slow):
            found.append(_integer_grid(network.widths, p, most[0], [q for _, q in here], dt))
            continue
        found.append(Grid(_stored(np.where(most > 0, np.maximum(most / codes, 1e-30), 1.0)), None, codes=codes))
        floats.append(p.name)
    if floats:
        keep = "keeps" if len(floats) == 1 else "keep"
        able = f"only LIF with delta synapses, and LI of up to {MOST_STEPS:g} steps, run in integers"
        which = f"{able}: {', '.join(floats)}"
        warn(f"int8: {which} {keep} float32 states, with int8 weights")
    # one that was quantised has weights that were chosen for its codes
    if lost and network.widths is None:
        why = f"as a neuron's largest weight is {2 * codes} times as large or more"
        warn(f"int8: most weights become 0 in {', '.join(lost)}, {why}: check its answers, or use float32")
    return found


def _vanishing(projection: Projection, most: np.ndarray, codes: int) -> float:
    """The share of a projection's weights that no code is left for, where `most` is the largest at each target."""
    c = arriving(projection)
    size = np.abs(c.weight.reshape(c.shape) if c.post is None else c.weight)
    there = size > 0.0
    below = size < (0.5 / codes) * (most if c.post is None else most[c.post])
    return int(np.count_nonzero(below & there)) / max(1, int(np.count_nonzero(there)))


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


def _integer_grid(
    widths: Optional[Widths], population: Population, most: np.ndarray, into: Sequence[Projection], dt: float
) -> Grid:
    if widths is None and isinstance(population.model, LIF):
        return _full_grid(population.owner, population.model, most)
    return _narrow_grid(widths or Widths(), population, most, Load(most, into), dt)


class Load:
    """What arrives at each neuron if all of its inputs spike, mV: of one sign, that which brings more, and squared."""

    def __init__(self, largest: np.ndarray, into: Sequence[Projection]) -> None:
        self.largest, n = largest, len(largest)
        up, down, self.squares = np.zeros(n), np.zeros(n), np.zeros(n)
        for projection in into:
            c = projection.connectivity
            weight, to = c.weight.astype(np.float64), c.targets()
            up += np.bincount(to, np.maximum(weight, 0.0), n)
            down += np.bincount(to, np.maximum(-weight, 0.0), n)
            self.squares += np.bincount(to, weight * weight, n)
        self.one_sign = np.maximum(up, down)

    def in_a_tick(self, dt: float) -> np.ndarray:
        """What busy inputs bring in dt ms, and hardly ever more."""
        p = min(1.0, BUSY * dt)
        return np.minimum(p * self.one_sign + 4.0 * np.sqrt(p * self.squares), self.one_sign)

    def in_time(self, tau: Any) -> np.ndarray:
        """What busy inputs of one sign keep up against a leak of tau ms, and all of them at once on top."""
        most = np.maximum(MOST_HELD * self.largest, self.one_sign)
        return np.minimum((1.0 + BUSY * np.asarray(tau, float)) * self.one_sign, most)


def _narrow_grid(widths: Widths, population: Population, most: np.ndarray, load: Load, dt: float) -> Grid:
    """Scale and shifts where potentials or sums have fewer bits, and of leaky integrators."""
    model: Any = population.model
    name, codes = population.name, levels(widths.weight)
    most_v, most_sum = levels(widths.voltage), min(levels(widths.current), MOST_ADDED)
    if isinstance(model, LI):
        most_v = min(most_v, MOST_READ)
        room = most_v / _reach(model, widths.potentials.get(name, load.in_time(model.tau_m)))
    else:
        room = _room(model, _top(widths.voltage), most_v)
    room = np.broadcast_to(room, most.shape)
    # from below 2^-15 of a unit all codes of a neuron are nothing
    scale = np.clip(np.where(most > 0, most / codes, 1.0 / room), 2.0**-15 / room, 2.0**MOST_SHIFT / room)
    scale = _held(population.owner, model, _stored(scale))
    shift = np.clip(_largest_shift(scale * room), -15, MOST_SHIFT)
    with np.errstate(divide="ignore"):
        sums = np.maximum(widths.arrivals.get(name, load.in_a_tick(dt)), most) / scale
        sums = np.minimum(sums, 2.0 ** (widths.voltage - shift))
        right = np.ceil(np.log2(sums / (most_sum + 0.5)))
    right = np.clip(np.maximum(right, -shift), 0, MOST_SHIFT - shift).astype(np.int64)
    return Grid(scale[None, :], shift + right, right, most_v, most_sum, codes)


def _top(bits: int) -> int:
    """The largest threshold. Measured on digits: room for inhibition keeps rates, where bits suffice for it."""
    return 2 ** (bits - 3) if bits >= 10 else 2 ** (bits - 2)


def _reach(model: LI, seen: Any) -> np.ndarray:
    """The largest |potential − rest| of a reader, mV; where nothing arrives, some yardsticks for injected currents."""
    start = 0.0 if model.v_init is None else np.abs(np.asarray(model.v_init) - model.v_rest)
    return np.maximum(np.where(np.asarray(seen) > 0, seen, 4.0 * model.drive), start)


def _room(model: LIF, top: int, most_v: int) -> np.ndarray:
    """Units of V in a mV, at most; v_reset is below the threshold, so not both are at rest."""
    theta, reset = (np.abs(np.asarray(x) - model.v_rest) for x in (model.v_threshold, model.v_reset))
    with np.errstate(all="ignore"):
        return np.minimum(top / np.asarray(theta, float), most_v / np.asarray(reset, float))


def _largest_shift(units: np.ndarray) -> np.ndarray:
    """The largest power of 2 that fits; what rounding the scale took away is given back."""
    return np.asarray(np.frexp(units * (1.0 + 1e-6))[1]) - 1


def _held(owner: str, model: Model, scale: np.ndarray) -> np.ndarray:
    if ((scale > 1e-30) & (scale < 1e30)).all():
        return scale
    if isinstance(model, LIF):
        bad = float(np.abs(np.asarray(model.v_threshold) - model.v_rest).flat[0])
        raise ParameterError(f"{owner}: int8 takes thresholds of 1e-26 to 1e26 mV above rest (got {bad:g})")
    raise ParameterError(f"{owner}: int8 takes potentials of 1e-26 to 1e26 mV; scale its weights or use float32")


def _full_grid(owner: str, model: LIF, most: np.ndarray) -> Grid:
    room = np.broadcast_to(_room(model, MOST_THETA, 32767), most.shape)
    with np.errstate(all="ignore"):
        scale = _held(owner, model, _stored(np.clip(most / MOST_CODE, 1.0 / room, 2.0**MOST_SHIFT / room)))
        shift = _largest_shift(scale * room)
    return Grid(scale[None, :], np.clip(shift, 0, MOST_SHIFT))


def integers(owner: str, model: Any, grid: Grid, dt: float) -> Integers:
    """Coefficients of an integer LIF for steps of dt ms; a warning where its leak is too slow for its bits."""
    _must_leak(owner, float(np.max(model.tau_m)) / dt, dt, grid)
    decay = np.clip(np.rint(32768.0 * precise_exp(-dt / np.asarray(model.tau_m, float))), 0, 32767)
    unit = grid.scale[0] * np.exp2(grid.right - np.asarray(grid.shift, float))
    # a constant current comes to rest where it should: its gain is that of the leak as it is
    gain = (1.0 - decay / 32768.0) / unit

    def in_units(potential: Any) -> np.ndarray:
        low, high = (-grid.most_v, grid.most_v) if grid.most_v else (-32768, 32767)
        return np.clip(np.rint((np.asarray(potential) - model.v_rest) / unit), low, high)

    start = in_units(model.v_rest if model.v_init is None else model.v_init)
    reads = isinstance(model, LI)
    theta, reset = (32767.0, 0.0) if reads else (in_units(model.v_threshold), in_units(model.v_reset))
    shift = np.asarray(grid.shift)
    return Integers(unit, gain, decay, shift, grid.right, theta, reset, start, grid.most_v, grid.most_sum)


def _must_leak(owner: str, steps: float, dt: float, grid: Grid) -> None:
    """A warning where more than about a hundredth of a threshold stands still, or with fewer bits a tenth."""
    bits = (grid.most_v + 1).bit_length() if 0 < grid.most_v < MOST_READ else 16
    most = min(MOST_STEPS, 0.1 * _top(bits))
    if steps > most:
        warn(
            f"{owner}: tau_m is {steps:.4g} steps of {dt:g} ms, and a leak of {bits} bits resolves {most:.4g}: small "
            f"potentials stand still; use a larger dt or {'float32' if bits == 16 else 'more bits'}"
        )


def coded(c: Connectivity, scale: np.ndarray, most: int = MOST_CODE) -> np.ndarray:
    """Weights as int8 codes of ±most, rounded half to even."""
    codes = np.empty(c.count, np.int8)
    rows = max(1, _CHUNK // max(c.shape[1], 1)) * c.shape[1] if c.post is None else _CHUNK
    for first in range(0, c.count, max(rows, 1)):
        weight = c.weight[first : first + rows].astype(np.float64)
        if c.post is None:
            values = (weight.reshape(-1, c.shape[1]) / scale).ravel()
        else:
            values = weight / scale[c.post[first : first + rows]]
        codes[first : first + rows] = np.clip(np.rint(values), -most, most)
    return codes
