"""Closed loops in simulation: what stands and what crosses, trained, in int8, classical and untrained side by side."""

import time
from typing import Any, Callable, Dict, Iterator

import numpy as np
from pairs import Row, goal, row

from neuroedge.applications.control import (
    ClassicalBalance,
    ClassicalDriver,
    SpikingBalance,
    SpikingDriver,
    evaluate_balance,
    evaluate_rover,
    load_balance,
    load_rover,
    train_balance,
    train_rover,
    untrained_balance,
    untrained_rover,
)


def control(repeats: int, quick: bool) -> Iterator[Row]:
    """All of this file; trainings are left out of a quick run, which tries the weights that come with the package."""
    if quick:
        robots = {model: load_balance(model) for model in ("adex", "lif")}
    else:
        robots = {}
        for model in ("adex", "lif"):
            found = train_balance(model)
            robots[model] = found.weights
            yield _training(f"balance {model}, training", found.seconds)
    yield from balance(robots, 20 if quick else 100, 10.0 if quick else 60.0)
    rover = load_rover()
    if not quick:
        trained = train_rover()
        rover = trained.weights
        yield _training("rover, training", trained.seconds)
    yield from driving(rover, 4 if quick else 100)


def _training(name: str, seconds: float) -> Row:
    text, more = goal(seconds, at_most=180.0)
    return row(name, "s", [seconds], text, **more)


def balance(robots: Dict[str, Dict[str, np.ndarray]], n: int, seconds: float) -> Iterator[Row]:
    """Share of robots that stand to the end, from random starts within ±5°."""
    pilots: Dict[str, Callable[[], Any]] = {
        "AdEx": lambda: SpikingBalance(robots["adex"], n),
        "LIF": lambda: SpikingBalance(robots["lif"], n, "lif"),
        "LIF int8": lambda: SpikingBalance(robots["lif"], n, "lif", "int8"),
        "classical": lambda: ClassicalBalance(n),
        "untrained": lambda: SpikingBalance(untrained_balance(), n),
    }
    for name, make in pilots.items():
        began = time.perf_counter()
        found = evaluate_balance(make(), n, seconds, seed=1001)
        text, more = goal(100.0 * found.standing, at_least=95.0) if name[0].isupper() else ("", {})
        note = f"{n} starts, {seconds:g} s, lean {found.lean:.2f} deg, {time.perf_counter() - began:.0f} s here {text}"
        yield row(f"balance {name}", "% stand", [100.0 * found.standing], note.rstrip(), True, **more)


def driving(weights: Dict[str, np.ndarray], n: int) -> Iterator[Row]:
    """Share of rovers that cross their course without a hit."""
    pilots: Dict[str, Callable[[], Any]] = {
        "trained": lambda: SpikingDriver(weights, n),
        "trained int8": lambda: SpikingDriver(weights, n, "int8"),
        "classical": lambda: ClassicalDriver(n),
        "untrained": lambda: SpikingDriver(untrained_rover(), n),
    }
    for name, make in pilots.items():
        began = time.perf_counter()
        found = evaluate_rover(make(), n, 45.0, seed=1001)
        text, more = goal(100.0 * found.crossed, at_least=90.0) if name == "trained" else ("", {})
        note = f"{n} courses, {found.hit:.0%} hit, {time.perf_counter() - began:.0f} s here {text}"
        yield row(f"rover {name}", "% cross", [100.0 * found.crossed], note.rstrip(), True, **more)
