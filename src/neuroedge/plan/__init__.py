"""What runs: the compiled plan, its state, and the recording that a run answers with.

The compiler (`plan.compile`) is not loaded here: a device that runs a saved plan has no use for it.
"""

from .plan import Plan, State
from .recording import Recording

__all__ = ["Plan", "Recording", "State"]
