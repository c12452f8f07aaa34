"""The reference classifier of digits, trained once for each user: what benchmarks compare configurations of."""

import hashlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Dict, Optional

import numpy as np

from ..network.graph import Network
from .classify import classifier, digits_classifier, load_digits

__all__ = ["reference_classifier"]

_LOG = logging.getLogger(__name__)

# what a cached one was made by; another recipe must have another name
RECIPE = "digits-64-128-10-400"

_made: Dict[int, Network] = {}


def reference_classifier(seed: int = 0, progress: bool = True) -> Network:
    """The digits classifier, a copy that is the caller's. The first call trains it, some ten seconds on a desktop, and
    keeps it in this process, and for others in ~/.cache/neuroedge (or XDG_CACHE_HOME)."""
    if seed not in _made:
        path = _path(seed)
        network = _kept(path, seed)
        if network is None:
            network = digits_classifier(seed, progress=progress)
            _keep(path, network)
        _made[seed] = network
    return _made[seed].copy()


def _path(seed: int) -> Path:
    held = load_digits()
    digest = hashlib.sha256(held.inputs.tobytes() + held.labels.tobytes()).hexdigest()[:12]
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "neuroedge" / f"{RECIPE}-{seed}-{digest}.npz"


def _kept(path: Path, seed: int) -> Optional[Network]:
    """The one in the cache, if it is there and whole."""
    network = classifier(seed=seed, name="digits")
    try:
        with np.load(path, allow_pickle=False) as held:
            weights = {name: np.asarray(held[name]) for name in network.projections}
        network.set_weights(weights)
    except FileNotFoundError:
        return None
    except Exception as error:  # of a file that something else wrote, or half of one
        _LOG.warning("%s is of no use (%s), so it is made anew", path, error)
        return None
    return network


def _keep(path: Path, network: Network) -> None:
    """Whole or not at all; without a place to write it is trained again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=str(path.parent), suffix=".tmp", delete=False) as file:
            np.savez(file, **network.get_weights())
        os.replace(file.name, str(path))
    except OSError as error:
        _LOG.warning("%s cannot be written (%s)", path, error)
