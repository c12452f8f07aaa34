"""Neuron models: parameters, equation, and the rules that they keep.

Units: ms, mV, Hz; AdEx in nS, pF and pA. A parameter is a number, or an array with one value per neuron.
The NumPy step of each model, the oracle of every engine, is in `neuroedge.network.dynamics`.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Dict, Optional, Type, Union

import numpy as np

from .. import checks
from ..errors import ArgumentTypeError, ParameterError, shown

__all__ = [
    "ALIF",
    "AdEx",
    "CubaLIF",
    "Izhikevich",
    "LI",
    "LIF",
    "MODELS",
    "Model",
    "NOMINAL_RATE",
    "PoissonSource",
    "SpikeSource",
    "TemporalSource",
    "make_model",
]

Value = Union[float, np.ndarray]

# mean input that default weights are made for: spikes per ms and synapse
NOMINAL_RATE = 0.02
RESETS = ("value", "subtract")


class Model:
    """What a population is made of. `positives` name the parameters that must be > 0, with their unit."""

    name: ClassVar[str] = ""
    positives: ClassVar[Dict[str, str]] = {}
    spiking: ClassVar[bool] = True
    source: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            # a default tells what else than numbers a parameter takes: a text, or None for "not given"
            if not isinstance(field.default, str) and not (value is None and field.default is None):
                object.__setattr__(self, field.name, self._checked(field.name, value))
        self._one_length()
        self._rules()

    def _checked(self, field: str, value: Any) -> Value:
        owner = type(self).__name__
        array = checks.real_array(owner, field, value)
        if array.ndim > 1:
            raise ParameterError(f"{owner}: {field} must be a number or one per neuron (got shape {array.shape})")
        unit = self.positives.get(field)
        if unit is not None and not (array > 0).all():
            raise ParameterError(f"{owner}: {field} must be > 0 {unit}".rstrip() + f" (got {float(array.min()):g})")
        if field == "refractory" and (array < 0).any():
            raise ParameterError(f"{owner}: refractory must be >= 0 ms (got {float(array.min()):g})")
        if array.ndim == 0:
            return float(array)
        frozen = array.copy()
        frozen.setflags(write=False)
        return frozen

    def _one_length(self) -> None:
        """Parameters that are given per neuron must be of one length."""
        each = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        lengths = {name: len(value) for name, value in each.items() if isinstance(value, np.ndarray) and value.ndim}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{n:,} {name}" for name, n in lengths.items())
            raise ParameterError(f"{type(self).__name__}: parameters per neuron must be of one length (got {listed})")

    def _rules(self) -> None:
        """Rules that bind several parameters."""

    def _below(self, low: str, high: str) -> None:
        a, b = np.asarray(getattr(self, low)), np.asarray(getattr(self, high))
        if not np.all(a < b):
            owner = type(self).__name__
            raise ParameterError(f"{owner}: {low} must be below {high} (got {_show(a)} and {_show(b)} mV)")

    def check_size(self, owner: str, size: int) -> None:
        """Per-neuron parameters must have one value for each of `size` neurons, else ParameterError; owner: whom it
        names."""
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray) and value.shape != (size,):
                raise ParameterError(f"{owner}: {field.name} must be one number or {size} (got {value.shape[0]})")

    @property
    def drive(self) -> float:
        """Mean distance from rest to threshold, mV: the yardstick of default weights and event thresholds."""
        raise ParameterError(f"{type(self).__name__} has no threshold to scale weights by")

    @property
    def drives(self) -> Value:
        """Distance from rest to threshold, mV: a number, or one per neuron."""
        return self.drive

    @property
    def membrane(self) -> float:
        """Mean membrane time constant, ms."""
        raise ParameterError(f"{type(self).__name__} has no membrane")

    @property
    def charge(self) -> float:
        """Current times ms that moves the potential by 1 mV: by this an exponential weight exceeds a delta one."""
        return self.membrane

    @property
    def jump(self) -> float:
        """From rest to where a single input makes the neuron spike, mV."""
        return self.drive


@dataclass(frozen=True, eq=False)
class LIF(Model):
    """Leaky integrate and fire: tau_m v' = v_rest − v + I; v ≥ v_threshold spikes.

    I is a current in mV (resistance times current). Delta synapses add their weight (mV) to v, exponential
    ones to a current. tau_m: ms. v_rest, v_threshold, v_reset: mV. refractory: ms after a spike in which nothing
    arrives. reset: "value" sets v to v_reset, "subtract" lowers it by threshold − rest. v_init: mV where a run starts,
    v_rest by default. All but reset are numbers, or arrays [n] with one for each neuron.
    """

    name: ClassVar[str] = "lif"
    positives: ClassVar[Dict[str, str]] = {"tau_m": "ms"}
    tau_m: Value = 20.0
    v_rest: Value = -65.0
    v_reset: Value = -65.0
    v_threshold: Value = -50.0
    refractory: Value = 2.0
    reset: str = "value"
    v_init: Optional[Value] = None

    def _rules(self) -> None:
        checks.known(f"{type(self).__name__} reset", self.reset, RESETS)
        self._below("v_reset", "v_threshold")
        if self.reset == "subtract":
            self._below("v_rest", "v_threshold")

    @property
    def drive(self) -> float:
        return float(np.mean(self.drives))

    @property
    def drives(self) -> Value:
        return np.abs(np.asarray(self.v_threshold) - np.asarray(self.v_rest))

    @property
    def membrane(self) -> float:
        return float(np.mean(self.tau_m))


@dataclass(frozen=True, eq=False)
class CubaLIF(LIF):
    """LIF whose synapses are exponential currents: tau_syn I' = −I, jumping by the weight (mV).

    tau_syn: ms. tau_m, v_rest, v_threshold, v_reset, refractory, reset, v_init: of `LIF`.
    """

    name: ClassVar[str] = "cubalif"
    positives: ClassVar[Dict[str, str]] = {"tau_m": "ms", "tau_syn": "ms"}
    tau_syn: Value = 5.0


@dataclass(frozen=True, eq=False)
class ALIF(LIF):
    """LIF with an adaptive threshold v_threshold + a: tau_a a' = −a, a += threshold_step at a spike.

    tau_a: ms. threshold_step: mV. tau_m, v_rest, v_threshold, v_reset, refractory, reset, v_init: of `LIF`.
    """

    name: ClassVar[str] = "alif"
    positives: ClassVar[Dict[str, str]] = {"tau_m": "ms", "tau_a": "ms"}
    tau_a: Value = 100.0
    threshold_step: Value = 3.0


@dataclass(frozen=True, eq=False)
class LI(Model):
    """Leaky integrator, tau_m v' = v_rest − v + I: never spikes, is read by its potential.

    tau_m: ms. v_rest: mV. v_init: mV where a run starts, v_rest by default. Numbers, or arrays [n].
    """

    name: ClassVar[str] = "li"
    positives: ClassVar[Dict[str, str]] = {"tau_m": "ms"}
    spiking: ClassVar[bool] = False
    tau_m: Value = 20.0
    v_rest: Value = -65.0
    v_init: Optional[Value] = None

    @property
    def drive(self) -> float:
        return LIF().drive

    @property
    def membrane(self) -> float:
        return float(np.mean(self.tau_m))


@dataclass(frozen=True, eq=False)
class AdEx(Model):
    """Adaptive exponential integrate and fire (Brette & Gerstner 2005, doi:10.1152/jn.00686.2005).

    C v' = g_L (E_L − v) + g_L Δ_T exp((v − V_T)/Δ_T) − w + I, tau_w w' = a (v − E_L) − w;
    v ≥ v_peak: v = v_reset, w += b. Units: pF, nS, mV, ms, pA. Delta synapses add mV. Δ_T is delta_T; refractory: ms
    after a spike; v_init: mV where a run starts, E_L by default. Numbers, or arrays [n].
    """

    name: ClassVar[str] = "adex"
    positives: ClassVar[Dict[str, str]] = {"C": "pF", "g_L": "nS", "delta_T": "mV", "tau_w": "ms"}
    C: Value = 281.0
    g_L: Value = 30.0
    E_L: Value = -70.6
    V_T: Value = -50.4
    delta_T: Value = 2.0
    a: Value = 4.0
    tau_w: Value = 144.0
    b: Value = 80.5
    v_reset: Value = -70.6
    v_peak: Value = 20.0
    refractory: Value = 0.0
    v_init: Optional[Value] = None

    def _rules(self) -> None:
        self._below("v_reset", "v_peak")
        self._below("V_T", "v_peak")

    @property
    def drive(self) -> float:
        return float(np.mean(self.drives))

    @property
    def drives(self) -> Value:
        return np.asarray(self.V_T) - np.asarray(self.E_L)

    @property
    def membrane(self) -> float:
        return float(np.mean(np.asarray(self.C) / np.asarray(self.g_L)))

    @property
    def charge(self) -> float:
        return float(np.mean(self.C))

    @property
    def jump(self) -> float:
        # where the exponential outweighs the leak: x = delta_T·exp((x − drive)/delta_T), the upper root
        width, x = float(np.mean(self.delta_T)), self.drive
        for _ in range(50):
            x = self.drive + width * float(np.log(max(x, width) / width))
        return x


@dataclass(frozen=True, eq=False)
class Izhikevich(Model):
    """Izhikevich 2003 (doi:10.1109/TNN.2003.820440), regular spiking by default.

    v' = 0.04 v² + 5 v + 140 − u + I, u' = a (b v − u); v ≥ v_peak: v = c, u += d. Read as mV and ms.
    refractory: ms after a spike; v_init: mV where a run starts, default −65. Numbers, or arrays [n].
    """

    name: ClassVar[str] = "izhikevich"
    a: Value = 0.02
    b: Value = 0.2
    c: Value = -65.0
    d: Value = 8.0
    v_peak: Value = 30.0
    refractory: Value = 0.0
    v_init: Optional[Value] = None

    def _rules(self) -> None:
        self._below("c", "v_peak")

    @property
    def drive(self) -> float:
        return float(_izhikevich_gap(float(np.mean(self.b))))

    @property
    def drives(self) -> Value:
        return _izhikevich_gap(self.b)

    @property
    def membrane(self) -> float:
        # what LIF would need to be as hard to drive: rheobase is 0.01·drive², and recovery adds to it
        load = 0.01 * self.drive**2 + 0.5 * NOMINAL_RATE * float(np.mean(np.asarray(self.d) / np.asarray(self.a)))
        return 2.0 * self.drive / max(load, 0.1)

    @property
    def charge(self) -> float:
        return 1.0


@dataclass(frozen=True, eq=False)
class SpikeSource(Model):
    """Passes on the spikes that a run is given.

    With `max_rate` (Hz) set, or from values in Hz, it also takes one value per neuron and fires Poisson spikes
    at that rate.
    """

    name: ClassVar[str] = "rate"
    source: ClassVar[bool] = True
    positives: ClassVar[Dict[str, str]] = {"max_rate": "Hz"}
    max_rate: Optional[Value] = None


@dataclass(frozen=True, eq=False)
class TemporalSource(Model):
    """Passes on spikes; a value in 0 … max_value fires once in the run, the larger the earlier, 0 not at all."""

    name: ClassVar[str] = "temporal"
    source: ClassVar[bool] = True
    positives: ClassVar[Dict[str, str]] = {"max_value": ""}
    max_value: Value = 1.0


@dataclass(frozen=True, eq=False)
class PoissonSource(Model):
    """Poisson spikes at `rate` (Hz), at most one per tick and neuron, keyed by seed, source and absolute tick."""

    name: ClassVar[str] = "poisson"
    source: ClassVar[bool] = True
    rate: Value = 20.0

    def _rules(self) -> None:
        if (np.asarray(self.rate) < 0).any():
            raise ParameterError(f"PoissonSource: rate must be >= 0 Hz (got {float(np.min(self.rate)):g})")


MODELS: Dict[str, Type[Model]] = {
    m.name: m for m in (LIF, CubaLIF, ALIF, LI, AdEx, Izhikevich, SpikeSource, TemporalSource, PoissonSource)
}


def make_model(model: Union[str, Model], parameters: Dict[str, Any]) -> Model:
    """A model from its name and parameters, or the given one as it is."""
    if isinstance(model, Model):
        if parameters:
            raise ArgumentTypeError(f"parameters {sorted(parameters)} go into {type(model).__name__}(…) itself")
        return model
    if not isinstance(model, str):
        raise ArgumentTypeError(f"model must be a name or a neuroedge model (got {shown(model)})")
    checks.known("neuron model", model, MODELS)
    known = [f.name for f in fields(MODELS[model])]  # type: ignore[arg-type]
    for key in parameters:
        checks.known(f"{model} parameter", key, known)
    return MODELS[model](**parameters)


def _izhikevich_gap(b: Value) -> Value:
    """From rest to threshold without input: the roots of 0.04 v² + (5 − b) v + 140 = 0."""
    half = (5.0 - np.asarray(b)) / 0.08
    width = np.sqrt(np.maximum(half * half - 3500.0, 0.0))
    return np.maximum((-half + width) - (-half - width), 1.0)


def _show(value: np.ndarray) -> str:
    return f"{float(value):g}" if value.ndim == 0 else f"{float(value.min()):g} … {float(value.max()):g}"
