"""Which engine runs a plan, and why."""

from typing import Dict, Tuple, Type, Union

from .. import checks
from ..errors import UnsupportedError
from ..plan.plan import Plan, State
from .native import NativeEngine
from .reference import ReferenceEngine

__all__ = ["ENGINES", "Engine", "choose", "supports"]

Engine = Union[NativeEngine, ReferenceEngine]
ENGINES: Dict[str, Type[Engine]] = {"native": NativeEngine, "reference": ReferenceEngine}


def supports(engine: str, plan: Plan) -> str:
    """Why an engine cannot run this plan, or an empty text."""
    if engine == "native" and plan.precision == "float64":
        return "float64 runs on the reference engine alone"
    return ""


def choose(name: str, plan: Plan, state: State) -> Tuple[Engine, str]:
    """The engine of that name, or the fastest that can run this plan; and the reason."""
    checks.known("engine", name, ["auto", *ENGINES])
    if name != "auto":
        reason = supports(name, plan)
        if reason:
            raise UnsupportedError(f"engine {name!r}: {reason}")
        return ENGINES[name](plan, state), "asked for"
    reason = supports("native", plan)
    if reason:
        return ReferenceEngine(plan, state), reason
    return NativeEngine(plan, state), "the fastest that runs every model of this network"
