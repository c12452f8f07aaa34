"""Parameters of a model turned into the coefficients of its step, for one dt.

The order of each list is that of the model's kernel (native/neurons/*.h) and of its NumPy step
(`neuroedge.network.dynamics`). Values are double here and rounded once, when the plan is written.
"""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import UnsupportedError
from ..network.arithmetic import precise_exp
from ..network.neurons import ALIF, LI, LIF, AdEx, Izhikevich, Model
from .integers import Grid, Integers, integers
from .plan import ADEX, FIXED, FRAME, IZHIKEVICH, SOURCE
from .plan import LIF as LIF_KIND
from .receptors import FRAME_MAX_DT, Receptor, decays, frame_rates, propagators

__all__ = ["Coefficients", "coefficients", "refractory_ticks"]

# AdEx and Izhikevich are integrated in steps of at most this, ms
MAX_SUBSTEP = 0.1


class Coefficients(NamedTuple):
    kind: int
    params: List[Any]
    start_v: Any
    start_u: Any
    frame_rate: float = 0.0
    subtract: bool = False
    adapts: bool = False
    substeps: int = 1
    syn_rates: Sequence[float] = ()
    integers: Optional[Integers] = None


def coefficients(
    owner: str, model: Model, receptors: Sequence[Receptor], dt: float, grid: Optional[Grid] = None
) -> Coefficients:
    """Coefficients of a population with these currents; grid: of its weights in an int8 plan."""
    if model.source:
        return Coefficients(SOURCE, [0.0], 0.0, 0.0)
    if grid is not None and grid.shift is not None:
        return _fixed(owner, model, grid, dt)
    if isinstance(model, LIF):
        return _frame(model, dt) if grid is None and _frame_fits(model, receptors, dt) else _lif(model, receptors, dt)
    if isinstance(model, LI):
        return _li(model, receptors, dt)
    if isinstance(model, AdEx):
        return _adex(model, receptors, dt)
    if isinstance(model, Izhikevich):
        return _izhikevich(model, receptors, dt)
    raise UnsupportedError(f"{owner}: no engine has a step for {type(model).__name__}")


def refractory_ticks(model: Model, dt: float) -> Any:
    """Refractory ticks: a number, or one per neuron."""
    return np.rint(np.asarray(getattr(model, "refractory", 0.0)) / dt).astype(np.int64)


def _frame_fits(model: LIF, receptors: Sequence[Receptor], dt: float) -> bool:
    uniform = np.ndim(model.tau_m) == 0 and dt / float(np.max(model.tau_m)) <= FRAME_MAX_DT
    below = bool(np.all(np.asarray(model.v_rest) < np.asarray(model.v_threshold)))
    return uniform and below and not receptors and not isinstance(model, ALIF)


def _start(model: Any, rest: Any) -> Any:
    return np.asarray(rest if model.v_init is None else model.v_init) - np.asarray(rest)


def _frame(model: LIF, dt: float) -> Coefficients:
    rest = np.asarray(model.v_rest)
    theta, reset = np.asarray(model.v_threshold) - rest, np.asarray(model.v_reset) - rest
    # −0 would stay −0 where nothing arrives, and become +0 where somebody adds nothing to it
    reset = np.where(np.abs(reset) < 2.0**-60, 0.0, reset)
    gain = 1.0 - precise_exp(np.asarray(-dt / float(model.tau_m)))
    rate = dt / (float(model.tau_m) * 0.693147180559945309417)
    return Coefficients(
        FRAME, [rest, theta, reset, gain], _start(model, rest), 0.0, rate, subtract=model.reset == "subtract"
    )


def _fixed(owner: str, model: Any, grid: Grid, dt: float) -> Coefficients:
    found = integers(owner, model, grid, dt)
    subtract = isinstance(model, LIF) and model.reset == "subtract"
    return Coefficients(FIXED, [model.v_rest, found.unit, found.gain], 0.0, 0.0, subtract=subtract, integers=found)


def _decay(tau: Any, dt: float) -> Any:
    """Decay of a membrane over a tick; never 0, which times the -inf of a refractory neuron would be no number."""
    return np.maximum(precise_exp(-dt / np.asarray(tau)), 1e-30)


def _lif(model: LIF, receptors: Sequence[Receptor], dt: float) -> Coefficients:
    rest = np.asarray(model.v_rest)
    d = _decay(model.tau_m, dt)
    theta = np.asarray(model.v_threshold) - rest
    adapts = isinstance(model, ALIF)
    decay_a = precise_exp(-dt / np.asarray(model.tau_a)) if isinstance(model, ALIF) else 0.0
    step_a = model.threshold_step if isinstance(model, ALIF) else 0.0
    params = [rest, theta, np.asarray(model.v_reset) - rest, theta, 1.0 - d, d, decay_a, step_a]
    return Coefficients(
        LIF_KIND, params + propagators(model.tau_m, receptors, dt), _start(model, rest), 0.0,
        subtract=model.reset == "subtract", adapts=adapts, syn_rates=frame_rates(receptors, dt),
    )  # fmt: skip


def _li(model: LI, receptors: Sequence[Receptor], dt: float) -> Coefficients:
    rest, d = np.asarray(model.v_rest), _decay(model.tau_m, dt)
    params = [rest, np.inf, 0.0, 0.0, 1.0 - d, d, 0.0, 0.0]
    return Coefficients(
        LIF_KIND, params + propagators(model.tau_m, receptors, dt), _start(model, rest), 0.0,
        syn_rates=frame_rates(receptors, dt),
    )  # fmt: skip


def _substeps(dt: float) -> Tuple[int, float]:
    n = max(1, int(np.ceil(dt / MAX_SUBSTEP - 1e-9)))
    return n, dt / n


def _adex(model: AdEx, receptors: Sequence[Receptor], dt: float) -> Coefficients:
    n, h = _substeps(dt)
    rest, c, big = np.asarray(model.E_L), np.asarray(model.C), np.asarray(model.delta_T)
    params = [
        rest, np.asarray(model.v_peak) - rest, np.asarray(model.v_reset) - rest, np.asarray(model.V_T) - rest,
        1.0 / big, big, np.asarray(model.g_L) / c, 1.0 / c, model.a, 1.0 / np.asarray(model.tau_w), model.b,
        h, h / 2.0, h / 6.0,
    ]  # fmt: skip
    return Coefficients(ADEX, params + decays(receptors, dt), _start(model, rest), 0.0, substeps=n)


def _izhikevich(model: Izhikevich, receptors: Sequence[Receptor], dt: float) -> Coefficients:
    n, h = _substeps(dt)
    start = -65.0 if model.v_init is None else model.v_init
    params = [0.0, model.v_peak, model.c, model.a, model.b, model.d, h]
    return Coefficients(IZHIKEVICH, params + decays(receptors, dt), start, np.asarray(model.b) * start, substeps=n)
