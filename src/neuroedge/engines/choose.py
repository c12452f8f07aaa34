"""Which engine runs a plan, and why."""

from typing import Dict, Tuple, Union

import numpy as np

from .. import checks
from ..errors import UnsupportedError
from ..network.neurons import ALIF, LI, LIF
from ..plan.plan import FIXED, FRAME, Plan, State
from .costs import costs, threads_asked, threads_for
from .job import Job
from .names import ENGINES
from .native import NativeEngine
from .reference import ReferenceEngine

__all__ = ["ENGINES", "Engine", "choose", "clocked", "must_take", "pick", "supports", "tune"]

Engine = Union[NativeEngine, ReferenceEngine]


def clocked(plan: Plan) -> Dict[str, str]:
    """Populations that need a look in every tick, and why."""
    return {name: _why_clocked(plan, k) for k, name in enumerate(plan.names) if plan.pop_kind[k] > FRAME}


def _why_clocked(plan: Plan, k: int) -> str:
    model = plan.models[k]
    if plan.pop_kind[k] == FIXED:
        return "int8 runs it in integers, which leak in every tick"
    if isinstance(model, LI):
        return "li neurons are read by their potential in every tick"
    if isinstance(model, ALIF):
        return "its threshold adapts"
    if not isinstance(model, LIF):
        return f"{model.name} neurons are integrated in every tick"
    if plan.pop_receptors[k]:
        return "its synapses raise currents that act in every tick"
    if np.ndim(model.tau_m):
        return "it has one tau_m per neuron"
    if not np.all(np.asarray(model.v_rest) < np.asarray(model.v_threshold)):
        return "its v_rest is not below its v_threshold"
    return f"dt = {plan.dt:g} ms is far beyond its tau_m"


def supports(engine: str, plan: Plan) -> str:
    """Why an engine cannot run this plan, or an empty text."""
    if engine != ReferenceEngine.name and plan.precision == "float64":
        return "float64 runs on the reference engine alone"
    reasons = clocked(plan) if engine == "event" else {}
    if reasons:
        return f"not event-driven: {_named(reasons)}; use 'hybrid', which clocks these and only these"
    return ""


def _named(reasons: Dict[str, str]) -> str:
    named = [f"{name!r} ({why})" for name, why in list(reasons.items())[:5]]
    return ", ".join(named) + (f" and {len(reasons) - 5} more" if len(reasons) > 5 else "")


def pick(plan: Plan) -> Tuple[str, str]:
    """The engine to begin with, and the reason."""
    reason = supports("clock", plan)
    if reason:
        return ReferenceEngine.name, reason
    return "clock", "the fastest that runs every model of this network"


def tune(engine: NativeEngine, job: Job) -> str:
    """Clock or events for this run, whichever is expected to be faster, and why; no bit depends on it.

    Stepping all of N neurons in a tick costs N·c_all; stepping those that something reaches, E·c_one. E is what the
    last run had per tick, or what the given spikes will bring at least.
    """
    activity = engine.activity
    if activity.neurons == 0:
        engine.set_mode("clock")
        return f"no population of this network can be event-driven{' in int8' * activity.integers}"
    share = activity.expected(job) / activity.neurons
    cost = costs(activity.neurons)
    # one thread alone passes silence over
    limit = cost.all / cost.one / engine.threads
    if share < limit and activity.whole and job.currents:
        engine.set_mode("clock")
        return "a current acts in every tick"
    engine.set_mode(("event" if activity.whole else "hybrid") if share < limit else "clock")
    word = "below" if share < limit else "not below"
    where = "" if activity.whole else " into populations that can be event-driven"
    return (
        f"{share:.2g} synaptic events per neuron and step{where}, as expected from inputs and the last run, are {word} "
        f"the {limit:.2g} up to which events cost less than stepping all (measured here)"
    )


def choose(name: str, plan: Plan, state: State) -> Tuple[Engine, str]:
    """The engine of that name, or the one that `pick` finds; and the reason."""
    wanted, reason = checks.known("engine", name, ["auto", *ENGINES]), "asked for"
    if wanted == "auto":
        wanted, reason = pick(plan)
    reasons = clocked(plan) if wanted == "hybrid" else {}
    if reasons:
        reason += f"; clocked: {_named(reasons)}"
    missing = supports(wanted, plan)
    if missing:
        raise UnsupportedError(f"engine {wanted!r}: {missing}")
    if wanted == ReferenceEngine.name:
        return ReferenceEngine(plan, state), reason
    return NativeEngine(plan, state, wanted, threads_for(plan), threads_asked()), reason


def must_take(engine: Engine, job: Job) -> None:
    """Raise for what the engine cannot be given."""
    if job.currents and engine.name == "event":
        named = ", ".join(repr(engine.plan.names[k]) for k in job.currents)
        raise UnsupportedError(f"engine 'event': a current acts in every tick (got currents for {named}); use 'hybrid'")
