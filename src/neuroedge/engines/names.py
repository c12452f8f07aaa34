"""The engines by name, for those who only list them."""

from typing import Tuple

__all__ = ["ENGINES", "MODES"]

# of the native core. clock: every population in every tick; event: each only where something arrives; hybrid: so where
# it can be
MODES: Tuple[str, ...] = ("clock", "event", "hybrid")
ENGINES: Tuple[str, ...] = (*MODES, "reference")
