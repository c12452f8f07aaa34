"""A saved model made smaller, and what each step of that cost: `shrink_model(bundle, path, recipe, data)`."""

import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import NeuroedgeError, NotReadyError
from ..formats.atomic import must_be_writable
from ..formats.bundle import Bundle
from ..learning.answers import answered
from ..learning.layout import layout_of
from ..learning.task import asked, features_of
from ..network.graph import Network
from ..optimize import report
from ..optimize.traces import takers
from ..plan.compile import compile_network
from ..simulator import Simulator
from .classify import pictures
from .labelled import Labelled, must_fit
from .remade import carried, golden_samples, save_remade, shown_ms
from .smaller import Recipe, Smaller, Step, augmented, checked_recipe, smaller, why_untaught

__all__ = ["Shrunk", "StepFigures", "recipe_for", "shrink_model"]

# times as long that a sample takes: below it may be chance
_SLOWER = 1.2

# samples that are made up where no data are given: to tune by, and others to compare on
MADE_UP = 512


class StepFigures(NamedTuple):
    """What a step has come to. accuracy: share of test samples answered rightly, None without labels; agreement: share
    that is answered as the given model does, or for models that name no class 1 − Σ|difference of spike counts| / Σ
    counts of its outputs at the golden input, None without one; plan_bytes: of plan and state; additions: of a weight,
    for one sample; microseconds: of one sample, median, measured. None where a model takes no samples."""

    name: str
    precision: str
    accuracy: Optional[float]
    agreement: Optional[float]
    synapses: int
    plan_bytes: int
    additions: Optional[float]
    microseconds: Optional[float]


class Shrunk(NamedTuple):
    """file_bytes_before, file_bytes: of the files; steps: the given model first; measured_on: what accuracy and
    agreement are of, as text; notes: what was left out, and why; seconds: of all of it."""

    file: str
    file_bytes_before: int
    file_bytes: int
    steps: Sequence[StepFigures]
    measured_on: str
    notes: Sequence[str]
    seconds: float


def recipe_for(bundle: Bundle, precision: Optional[str] = None, **options: Any) -> Recipe:
    """A recipe with the step, the duration and, unless given, the precision of a model; options: of `Recipe`."""
    duration = shown_ms(bundle)
    return checked_recipe(
        Recipe(precision=precision or bundle.plan.precision, duration=duration, dt=bundle.plan.dt, **options)
    )


def shrink_model(
    bundle: Bundle, path: Any, recipe: Recipe, data: Optional[Labelled] = None, command: str = "",
    vary: Optional[Tuple[int, int]] = None, storage: str = "auto",
) -> Shrunk:  # fmt: skip
    """Write a smaller model with all that the given one carries; returns what each step cost.

    recipe: see `recipe_for`. data: to fine-tune with, and to measure accuracy on its test part; without, the network
    learns to answer as before on its golden input and on samples that are made up, and only agreement is known.
    command: kept in the provenance. vary: (height, width) of pictures, of which pruning sees variations too. storage:
    "auto", the fastest, or "small", the fewest bytes. Raises StorageError for a path that cannot be written,
    NotReadyError for a bundle of a plan alone, ParameterError for data of another shape: all before any work.
    """
    began = time.perf_counter()
    must_be_writable(path)
    if not bundle.has_network:
        cure = "save it again from its network"
        raise NotReadyError(f"{bundle.file}: holds a plan alone, which cannot be shrunk; {cure}")
    network = bundle.network.copy()
    if data is not None:
        must_fit(data, network, recipe.dt, os.path.basename(bundle.file))
    answers = why_no_classes(network, recipe.dt) is None
    judge: Any = _Classes(network, recipe, data, bundle) if answers else _Counts(network, recipe, bundle)
    calibration = None
    if data is not None:
        calibration = data.inputs if vary is None else augmented(data.inputs, pictures(vary, network.seed))
    else:
        network.seen = judge.seen
    made = smaller(
        network, recipe, None if data is None else (data.inputs, data.labels), calibration, bundle.plan.precision
    )
    figures = judge.figures(made, storage)
    done = {**_done(bundle, recipe, data, command, figures), "measured_on": judge.measured_on}
    sample = None if not answers else data.test_inputs[0] if data is not None else judge.inputs[0]
    nbytes = save_remade(
        path, made.network, carried(bundle), recipe.precision, "shrunk", done, sample, recipe.duration, storage
    )
    notes = [*judge.notes, *made.notes, *_bytes_of_bits(made, recipe), *_no_gain(figures[0], figures[-1], storage)]
    seconds = time.perf_counter() - began
    return Shrunk(str(path), bundle.nbytes, nbytes, figures, judge.measured_on, notes, seconds)


def why_no_classes(network: Network, dt: float) -> Optional[str]:
    """Why a network does not answer samples with classes, or None if it does."""
    try:
        layout_of(network, dt)
    except NeuroedgeError as error:
        return str(error)
    return None


def _done(
    bundle: Bundle, recipe: Recipe, data: Optional[Labelled], command: str, figures: Sequence[StepFigures]
) -> Dict[str, Any]:
    first, last = figures[0], figures[-1]
    given = {} if data is None else {"data": data.title, "data_sha256": data.sha256}
    return {
        "command": command, "from": os.path.basename(bundle.file), "keep": recipe.keep, "precision": recipe.precision,
        "bits": recipe.bits, **given, "accuracy_before": first.accuracy, "accuracy": last.accuracy,
        "agreement": last.agreement, "synapses_before": first.synapses, "synapses": last.synapses,
        "plan_bytes_before": first.plan_bytes, "plan_bytes": last.plan_bytes,
    }  # fmt: skip


def _bytes_of_bits(made: Smaller, recipe: Recipe) -> List[str]:
    if recipe.bits is None or recipe.bits == 8 or made.network.widths is None:
        return []
    return [f"weights of {recipe.bits} bits take a byte each in the plan: smaller codes, not fewer bytes"]


def _no_gain(first: StepFigures, last: StepFigures, storage: str) -> List[str]:
    """What to do about a model that has become no smaller, or slower."""
    told = []
    if last.plan_bytes >= first.plan_bytes:
        told.append(f"no smaller ({first.plan_bytes:,} -> {last.plan_bytes:,} bytes of plan and state)")
    if first.microseconds and last.microseconds and last.microseconds > _SLOWER * first.microseconds:
        told.append(f"slower ({first.microseconds:.1f} -> {last.microseconds:.1f} us a sample, measured)")
    if not told:
        return []
    cures = ["larger networks gain, and a smaller --keep"]
    if storage != "small" and last.plan_bytes >= first.plan_bytes:
        cures.append("--storage small takes fewer bytes")
    if last.precision != first.precision:
        cures.append(f"or keep {first.precision}")
    return [f"it has become {' and '.join(told)}: {', '.join(cures)}"]


class _Classes:
    """Judges networks that answer samples with classes."""

    def __init__(self, network: Network, recipe: Recipe, data: Optional[Labelled], bundle: Bundle) -> None:
        self.recipe, self.original, self.notes = recipe, bundle, []
        layout = layout_of(network, recipe.dt)
        features = features_of(network, layout)
        self.labels: Optional[np.ndarray] = None
        if data is not None:
            self.inputs, self.labels, self.notes = data.test_inputs, data.test_labels, list(data.notes)
            self.measured_on = f"{len(self.inputs):,} test samples of {data.title}"
            self.seen = data.inputs
            return
        made = made_up(network.seed, features)
        shown = golden_samples(bundle.golden, network, layout.inputs, recipe.duration, recipe.dt)
        self.seen, self.inputs = np.concatenate([shown, made[:MADE_UP]]), made[MADE_UP:]
        self.measured_on = f"{MADE_UP} samples that are made up (seed {network.seed})"
        taught = "it is fine-tuned to answer as before on" if why_untaught(network, recipe.dt) is None else "it saw"
        self.notes = [
            f"no labels were given, so accuracy is not known; {taught} its golden input and {MADE_UP} made-up samples"
        ]

    def figures(self, made: Smaller, storage: str) -> List[StepFigures]:
        """Of each step."""
        classes = [self._classes(step) for step in made.steps]
        labels = classes[0] if self.labels is None else self.labels
        steps = [(step.name, (step.network, step.precision)) for step in made.steps]
        found = report(steps, self.inputs, labels, self.recipe.duration, self.recipe.dt, storage).steps
        return [
            StepFigures(
                f.name, f.precision, None if self.labels is None else f.accuracy, float(np.mean(mine == classes[0])),
                f.synapses, f.nbytes, f.effective_acs, f.microseconds,
            )
            for f, mine in zip(found, classes)
        ]  # fmt: skip

    def _classes(self, step: Step) -> np.ndarray:
        task = asked("shrink", step.network, self.inputs, self.recipe.duration, self.recipe.dt)
        return answered(step.network, compile_network(step.network, task.dt, step.precision), task).classes


class _Counts:
    """Judges other networks: by how often their outputs spike at the golden input."""

    def __init__(self, network: Network, recipe: Recipe, bundle: Bundle) -> None:
        self.recipe, self.golden = recipe, bundle.golden
        feeds = {q.pre.name for q in network.projections.values() if q.pre is not q.post}
        self.outputs = [p.name for p in network.populations.values() if p.name not in feeds and p.model.spiking]
        inputs = takers(network)
        features = sum(p.size for p in inputs)
        shown = golden_samples(self.golden, network, [p.name for p in inputs], recipe.duration, recipe.dt)
        # what it is made for, if there is enough of it
        few = len(shown) < MADE_UP // 16
        self.seen = np.concatenate([shown, made_up(network.seed, features)[:MADE_UP]]) if few else shown
        self.inputs, self.measured_on = self.seen, "the spike counts of its outputs at the golden input"
        self.notes = [f"it does not answer samples with classes: {why_no_classes(network, recipe.dt)}"]
        if self.golden is None:
            self.measured_on = "nothing: there is no golden input"

    def figures(self, made: Smaller, storage: str) -> List[StepFigures]:
        """Of each step."""
        counts = [self._counts(step) for step in made.steps]
        if counts[0] is not None:
            # of few spikes each weighs much
            self.measured_on += f", {counts[0].sum():,.0f} as given"
        found = []
        for step, mine in zip(made.steps, counts):
            alike = None
            if mine is not None and counts[0] is not None and (mine.sum() + counts[0].sum()) > 0:
                alike = float(1.0 - np.abs(mine - counts[0]).sum() / (mine.sum() + counts[0].sum()))
            plan = compile_network(step.network, self.recipe.dt, step.precision, storage=storage)
            found.append(
                StepFigures(step.name, step.precision, None, alike, step.network.synapses, plan.nbytes, None, None)
            )
        return found

    def _counts(self, step: Step) -> Optional[np.ndarray]:
        if self.golden is None or not self.outputs:
            return None
        simulator = Simulator(step.network, self.recipe.dt, "auto", step.precision)
        run = simulator.run(self.golden.duration, self.golden.inputs, record=("spikes",))
        return np.concatenate([run.counts[name] for name in self.outputs]).astype(np.float64)


def made_up(seed: int, features: int) -> np.ndarray:
    """Twice MADE_UP samples: most values are low, as they are in pictures and sensors."""
    rng = np.random.Generator(np.random.PCG64([seed, 5]))
    return (rng.random((2 * MADE_UP, features), np.float32) ** 2).astype(np.float32)
