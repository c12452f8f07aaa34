"""Whether a saved model can run on a board, and how: said before anything is copied there. Nothing is changed."""

from importlib.util import find_spec
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

import psutil

from .. import checks
from ..board.identify import identify
from ..board.targets import SYSTEM_BYTES, Target, core_of, target
from ..engines.choose import clocked, supports
from ..engines.library import simd
from ..formats.bundle import Bundle
from ..network.neurons import LI, LIF, PoissonSource, SpikeSource, TemporalSource
from ..plan.plan import FIXED, SOURCE, Plan
from .measure import Drive, Measured, drive_of, measure

__all__ = ["HERE", "Estimate", "Memory", "Preflight", "period_of", "preflight", "rate_of"]

HERE = "here"

# words of an encoder, a decoder or settings that say how often a model has to answer, ms
_PERIODS = ("deadline_ms", "period_ms", "interval_ms", "shown_ms")
# what the kinds of encoders read from, the package for it, and the extra that brings it
_NEEDS = {"dvs": ("a camera", "cv2", "camera"), "vision": ("a camera", "cv2", "camera"),
          "imu": ("an IMU", "smbus2", "sensors")}  # fmt: skip


class Memory(NamedTuple):
    """Bytes: plan, state, and Python with NumPy and neuroedge (measured: of this process); board: what the board has
    for them; source: where that figure comes from."""

    plan: int
    state: int
    python: int
    board: int
    source: str

    @property
    def need(self) -> int:
        return self.plan + self.state + self.python

    @property
    def fits(self) -> bool:
        return self.need <= self.board


class Estimate(NamedTuple):
    """ms of a call in native code on another board, estimated; least and most None where nothing is known. source: from
    what, or why it is not known."""

    least: Optional[float]
    most: Optional[float]
    source: str


class Preflight(NamedTuple):
    """board: its name; drive: what the model was driven with; here: what a call took on this machine; there: the same
    on the board, None where the board is this machine.

    deadline: ms, None where nobody says; deadline_source: who says; met: None where it is not known. notes: what is not
    supported or not used, and why, as pairs of a subject and a sentence.
    """

    board: str
    memory: Memory
    drive: Drive
    here: Measured
    there: Optional[Estimate]
    simd: str
    deadline: Optional[float]
    deadline_source: str
    met: Optional[bool]
    notes: Tuple[Tuple[str, str], ...]

    @property
    def ready(self) -> bool:
        """It fits, and no deadline is known to be missed."""
        return self.memory.fits and self.met is not False


def preflight(bundle: Bundle, board: str = HERE, deadline: Optional[float] = None) -> Preflight:
    """Check a model for a board.

    board: "here", or one of `neuroedge.board.targets.TARGETS`. deadline: ms in which a call has to be done, by default
    what the model's encoder, decoder or settings say.
    """
    there = None if board == HERE else target(board)
    if deadline is not None:
        deadline = checks.positive("preflight", "deadline", deadline, "ms")
    plan = bundle.plan
    memory = _memory(bundle, there)
    said, source = period_of(bundle)
    limit = deadline if deadline is not None else said
    drive = drive_of(bundle)
    period = _call(drive, plan, said if said is not None else deadline)
    here = measure(plan, drive, 1, period)
    estimate = None if there is None else _estimate(plan, here, there, _calls(drive, here))
    notes = [*_engine_notes(plan), *_notes(bundle, there), *_drive_notes(drive, here)]
    return Preflight(
        identify().name if there is None else there.title, memory, drive, here, estimate, simd(), limit,
        "--deadline" if deadline is not None else source, _met(limit, here, estimate), tuple(notes),
    )  # fmt: skip


def period_of(bundle: Bundle) -> Tuple[Optional[float], str]:
    """How often a model has to answer, ms, and which word of it says so; None where none does."""
    for owner in ("settings", "encoder", "decoder"):
        words: Mapping[str, Any] = getattr(bundle, owner) or {}
        for name in _PERIODS:
            value = words.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 < value < float("inf"):
                return float(value), f"{name} of its {owner}"
    return None, ""


def _call(drive: Drive, plan: Plan, period: Optional[float]) -> Optional[float]:
    """ms of network time in a call: the whole steps of a period, one at least; None for all of a shorter drive."""
    if period is None or period >= drive.duration:
        return None
    return max(1, int(period / plan.dt + 1e-6)) * plan.dt


def _calls(drive: Drive, here: Measured) -> float:
    return drive.duration / here.period


def _memory(bundle: Bundle, there: Optional[Target]) -> Memory:
    python = max(0, int(psutil.Process().memory_info().rss) - bundle.nbytes)
    plan = bundle.plan
    held = plan.nbytes - plan.state_bytes
    if there is None:
        # what this process holds already is not asked for again
        return Memory(held, plan.state_bytes, python, checks.free_memory() + python, "free here, measured")
    sizes = f", {there.sizes}" if there.sizes else ""
    source = f"{there.memory >> 20:,} MiB{sizes}, less {SYSTEM_BYTES >> 20} MiB for its system, estimated"
    return Memory(held, plan.state_bytes, python, there.memory - SYSTEM_BYTES, source)


def _estimate(plan: Plan, here: Measured, there: Target, calls: float) -> Estimate:
    """ms of a call: neurons times ticks, and synaptic events, by the cycles that they take."""
    core = core_of(there)
    if core is None:
        return Estimate(None, None, f"nobody has measured its {there.cpu} cores, nor counted instructions for them")
    counted = (SpikeSource, TemporalSource, PoissonSource, LIF, LI)
    odd = [name for name, model in zip(plan.names, plan.models) if not isinstance(model, counted)]
    if odd or plan.precision == "int8" or len(plan.learn_proj):
        what = ", ".join(repr(name) for name in odd[:3]) or ("int8" if plan.precision == "int8" else "plasticity")
        return Estimate(None, None, f"instructions are counted for LIF in float32 only, not for {what}")
    ticks, bounds = here.period / plan.dt, []
    current = (plan.pop_receptors > 0) & (plan.pop_kind != SOURCE)
    plain = (plan.pop_kind != SOURCE) & ~current
    for k in (0, 1):
        cycles = float(plan.pop_n[plain].sum()) * core.delta[k] / 16.0
        cycles += float(plan.pop_n[current].sum()) * core.current[k] / 16.0
        cycles = cycles * ticks + here.events / calls * core.events[k] / 4.0
        bounds.append(cycles / (there.ghz * 1e6))
    return Estimate(bounds[0], bounds[1], f"{core.source}; clock engine, Python's share not known")


def _met(limit: Optional[float], here: Measured, there: Optional[Estimate]) -> Optional[bool]:
    if limit is None:
        return None
    if there is None:
        return here.latency_ms["p99"] <= limit
    # native code alone is less than a call: it can only be too long
    return False if there.least is not None and there.least > limit else None


def _engine_notes(plan: Plan) -> List[Tuple[str, str]]:
    found = []
    reasons = clocked(plan)
    if plan.precision == "float64":
        found.append(("engines", supports("clock", plan)))
    elif reasons:
        found += [("event engine", f"cannot run {name!r}: {why}") for name, why in list(reasons.items())[:4]]
        if len(reasons) > 4:
            found.append(("event engine", f"nor {len(reasons) - 4} more populations"))
        found.append(("", "hybrid runs the others by events, auto takes what is faster"))
    return found


def _notes(bundle: Bundle, there: Optional[Target]) -> List[Tuple[str, str]]:
    plan, found = bundle.plan, []
    if plan.precision == "int8":
        floats = [n for n, k in zip(plan.names, plan.pop_kind.tolist()) if k not in (SOURCE, FIXED)]
        if floats:
            found.append(("int8", f"states stay float32 in {', '.join(map(repr, floats))}; weights are int8"))
    if len(plan.learn_proj):
        names = ", ".join(repr(plan.projections[q]) for q in plan.learn_proj.tolist())
        found.append(("plasticity", f"{names} learn by spikes: one thread, and no int8"))
    cuda = there.cuda if there is not None else bool(identify().gpu_cores)
    if cuda:
        found.append(("CUDA", "the GPU stays unused: all engines run on the CPU"))
    kind = (bundle.encoder or {}).get("kind")
    # a file may hold anything there
    if isinstance(kind, str) and kind in _NEEDS:
        what, package, extra = _NEEDS[kind]
        if there is not None:
            found.append(("extras", f"{what} needs {package} there: pip install neuroedge[{extra}]"))
        elif find_spec(package) is None:
            found.append(("extras", f"{what} needs {package}: pip install neuroedge[{extra}]"))
    if not bundle.has_network:
        found.append(("network", "none, a plan alone: it cannot be shrunk or taught"))
    if bundle.golden is None:
        found.append(("golden input", "none: neuroedge verify has nothing to replay"))
    return found


def _drive_notes(drive: Drive, here: Measured) -> List[Tuple[str, str]]:
    if here.events or not drive.golden:
        return []
    return [("golden input", "brings no synaptic event, so the time here is that of a silent network")]


def rate_of(here: Measured) -> float:
    """Calls a second, one after the other."""
    return here.realtime_factor * 1e3 / here.period
