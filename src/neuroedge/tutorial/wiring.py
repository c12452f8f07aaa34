"""How layers are wired when nobody connected them: sensory → processing, in order of adding → motor."""

from typing import Dict, List, Tuple

from ..network.graph import Network

__all__ = ["feedforward_pairs", "without_input"]


def feedforward_pairs(roles: Dict[str, str]) -> List[Tuple[str, str]]:
    """Pairs (pre, post): each sensory layer to the first processing layer, these in a chain, the last to each motor."""
    sensory = [name for name, role in roles.items() if role == "sensory"]
    chain = [name for name, role in roles.items() if role == "processing"]
    motor = [name for name, role in roles.items() if role == "motor"]
    if not chain:
        return [(s, m) for s in sensory for m in motor]
    pairs = [(s, chain[0]) for s in sensory]
    pairs += list(zip(chain[:-1], chain[1:]))
    return pairs + [(chain[-1], m) for m in motor]


def without_input(network: Network, roles: Dict[str, str]) -> List[str]:
    """Processing and motor layers that no projection reaches."""
    reached = {projection.post.name for projection in network.projections.values()}
    return [name for name, role in roles.items() if role != "sensory" and name not in reached]
