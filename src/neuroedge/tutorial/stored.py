"""A `NeuromorphicAPI` on disk: the model, and the roles, quality and precision that belong to its layers."""

from typing import Any, Dict, NamedTuple, Optional

from .. import checks
from ..errors import FormatError
from ..formats.bundle import Bundle, load
from ..formats.saving import save
from ..network.graph import Network as CoreNetwork
from ..plan.precision import PRECISIONS
from .engine import Network
from .quality import QUALITIES

__all__ = ["Stored", "read", "write"]

ROLES = ("sensory", "processing", "motor")


class Stored(NamedTuple):
    """What a file says of an api."""

    network: Network
    roles: Dict[str, str]
    quality: str
    precision: Optional[str]
    bundle: Bundle


def write(path: Any, network: CoreNetwork, dt: float, kept: Dict[str, Any], **options: Any) -> int:
    """Save a network with what is kept beside it: roles, quality, precision."""
    for name in options:
        checks.known("option of save", name, ("decoder", "encoder", "golden", "labels", "provenance"))
    return save(path, network, dt=dt, precision=kept["precision"], settings=kept, **options)


def read(path: Any) -> Stored:
    """What `write` wrote; a model that was saved without layers has them by what its populations do."""
    bundle = load(path)
    network = bundle.network_as(Network)
    if bundle.settings is None:
        return Stored(network, _roles(network), "high", bundle.plan.precision, bundle)
    roles, quality, precision = (bundle.settings.get(name) for name in ("roles", "quality", "precision"))
    named = isinstance(roles, dict) and list(roles) == sorted(network.populations) and set(roles.values()) <= set(ROLES)
    if not named or quality not in QUALITIES or precision not in (None, *PRECISIONS):
        raise FormatError(f"{bundle.file}: settings: must name the role of each layer, quality and precision")
    # wiring goes by the order in which layers were added
    return Stored(network, {name: roles[name] for name in network.populations}, quality, precision, bundle)


def _roles(network: CoreNetwork) -> Dict[str, str]:
    sends = {q.pre.name for q in network.projections.values()}
    reached = {q.post.name for q in network.projections.values()}
    return {
        name: "sensory" if name not in reached else "processing" if name in sends else "motor"
        for name in network.populations
    }
