"""Closed loops in simulation: a balancing robot and a rover, each driven by a trained network of the tutorial.

This is the door to `pendulum`, `balance` and `balance_training`, and to `courses`, `rover`, `driving` and
`rover_training`. Trained weights come with the package; `save_weights` writes them, and this makes them anew:

    python3 -c "from neuroedge.applications.control import save_weights; save_weights('src/neuroedge/data')"
"""

from pathlib import Path
from typing import Any, Callable, Dict, Optional, Union

import numpy as np

from .. import checks
from .balance import BalanceResult, ClassicalBalance, SpikingBalance, balance_network, evaluate_balance
from .balance_training import BalanceTraining, train_balance, untrained_balance
from .courses import Courses
from .driving import ClassicalDriver, DriveResult, SpikingDriver, evaluate_rover, rover_network
from .pendulum import BalancingRobot, Build
from .rover import Rover, Senses
from .rover_training import RoverTraining, fixed_layers, train_rover, untrained_rover
from .shipped import shipped

__all__ = [
    "BalanceResult",
    "BalanceTraining",
    "BalancingRobot",
    "Build",
    "ClassicalBalance",
    "ClassicalDriver",
    "Courses",
    "DriveResult",
    "Rover",
    "RoverTraining",
    "Senses",
    "SpikingBalance",
    "SpikingDriver",
    "balance_network",
    "evaluate_balance",
    "evaluate_rover",
    "load_balance",
    "load_rover",
    "rover_network",
    "save_weights",
    "train_balance",
    "train_rover",
    "untrained_balance",
    "untrained_rover",
]

BALANCE_FILE, ROVER_FILE = "balance_weights.npz", "rover_weights.npz"


def load_balance(model: str = "adex") -> Dict[str, np.ndarray]:
    """Trained weights that come with the package, {"imu->integration": [6, 20], "integration->balance": [20, 4]} in mV;
    model: of the integration layer, "adex" or "lif"."""
    checks.known("integration model", model, ("adex", "lif"))
    held = _load(BALANCE_FILE)
    return {name[len(model) + 1 :]: w for name, w in held.items() if name.startswith(model)}


def load_rover() -> Dict[str, np.ndarray]:
    """Trained weights that come with the package, {"pre->post": [pre, post]} in mV for all six projections."""
    held = _load(ROVER_FILE)
    seed = int(held.pop("seed"))
    return {**fixed_layers(seed), **{name: w.astype(np.float32) for name, w in held.items()}}


def _load(name: str) -> Dict[str, np.ndarray]:
    with np.load(shipped(name), allow_pickle=False) as held:
        return {key: held[key] for key in held.files}


def save_weights(
    folder: Union[str, Path], seed: int = 0, progress: Optional[Callable[[str], None]] = None
) -> None:  # fmt: skip
    """Train both robots (some minutes) and write the files that come with the package into a folder."""
    robots = {
        f"{model} {name}": w.astype(np.float32)
        for model in ("adex", "lif")
        for name, w in train_balance(model, seed, progress=progress).weights.items()
    }
    _save(Path(folder) / BALANCE_FILE, robots)
    learnt = train_rover(seed, progress=progress).learnt
    # what is drawn is drawn again from the seed; half the bits tell the rest as well
    halves = {name: w.astype(np.float16) for name, w in learnt.items()}
    _save(Path(folder) / ROVER_FILE, {"seed": np.array(seed), **halves})


def _save(path: Path, arrays: Dict[str, Any]) -> None:
    np.savez_compressed(path, **arrays)
