"""What runs: the compiled plan, its state, and the recording that a run answers with."""

from .compile import compile_network, estimate
from .plan import Plan, State
from .recording import Recording

__all__ = ["Plan", "Recording", "State", "compile_network", "estimate"]
