"""What pruning and precision cost a saved model on labelled data: `judge(bundle, data, against)`."""

import os
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import NeuroedgeError, NotReadyError
from ..formats.bundle import Bundle
from ..learning.answers import answered
from ..learning.task import taught
from ..optimize.answers import Samples, answers
from ..plan.compile import compile_network
from ..plan.plan import Plan
from ..simulator import Simulator
from .card import totals
from .labelled import Labelled, must_fit
from .remade import shown_ms

__all__ = ["Form", "Judgement", "Recorded", "judge"]

# precisions that a network is tried in
FORMS = ("float64", "float32", "int8")

# samples that the reference engine answers in float64, some milliseconds each
FEW = 100


class Form(NamedTuple):
    """A model in one precision. samples: that it answered; accuracy: share of them answered rightly; agreement: share
    of them answered as by the model as saved; plan_bytes: of plan and state; additions: of a weight, for one sample,
    None where they are not counted."""

    name: str
    precision: str
    samples: int
    accuracy: float
    agreement: float
    synapses: int
    plan_bytes: int
    additions: Optional[float]


class Recorded(NamedTuple):
    """What a file says that was measured when it was made: accuracy before and after, or None, and on what."""

    step: str
    accuracy_before: Optional[float]
    accuracy: Optional[float]
    measured_on: str


class Judgement(NamedTuple):
    """forms: the model as saved first, then its network in other precisions, and what it was made from last; notes: of
    data, and of precisions that it cannot run in; recorded: in the order in which things were done."""

    data: str
    forms: Sequence[Form]
    notes: Sequence[str]
    recorded: Sequence[Recorded]


def judge(bundle: Bundle, data: Labelled, against: Optional[Bundle] = None) -> Judgement:
    """Answer the test part of data with a saved model, with its network in float64, float32 and int8, and with the
    model that it was made from.

    The first 100 of the samples, evenly over all, are answered in float64. Raises NotReadyError for files of a plan
    alone, ParameterError for data of another shape, and UnsupportedError for models that name no classes.
    """
    for one in (bundle, against):
        if one is not None:
            if not one.has_network:
                raise NotReadyError(f"{one.file}: holds a plan alone; accuracy is told of models with their network")
            must_fit(data, one.network, one.plan.dt, os.path.basename(one.file))
    panel = _Panel(data)
    forms, notes = [panel.form("as saved", bundle, bundle.plan)], list(data.notes)
    for precision in FORMS:
        if precision == bundle.plan.precision:
            continue
        try:
            plan = compile_network(
                bundle.network, bundle.plan.dt, precision, event_threshold=bundle.plan.event_threshold
            )
            forms.append(panel.form("its network", bundle, plan))
        except NeuroedgeError as error:
            notes.append(f"it does not run in {precision}: {error}")
    if against is not None:
        forms.append(panel.form(os.path.basename(against.file), against, against.plan))
    return Judgement(data.title, forms, notes, recorded_of(bundle.provenance or {}))


class _Panel:
    """Answers of several models to the same samples."""

    def __init__(self, data: Labelled) -> None:
        self.inputs, self.labels = data.test_inputs, data.test_labels
        self.few = np.unique(np.linspace(0, len(self.inputs) - 1, min(FEW, len(self.inputs))).astype(np.int64))
        self.first: Optional[np.ndarray] = None

    def form(self, name: str, bundle: Bundle, plan: Plan) -> Form:
        """One model in one precision."""
        which = self.few if plan.precision == "float64" else np.arange(len(self.inputs))
        answer = _reference if plan.precision == "float64" else _native
        classes, events = answer(bundle, plan, self.inputs[which], self.labels[which])
        every = np.full(len(self.inputs), -1, np.int64)
        every[which] = classes
        if self.first is None:
            self.first = every
        return Form(
            name, plan.precision, len(which), float(np.mean(classes == self.labels[which])),
            float(np.mean(classes == self.first[which])), totals(plan)[2], plan.nbytes,
            events,
        )  # fmt: skip


Answered = Tuple[np.ndarray, Optional[float]]


def _native(bundle: Bundle, plan: Plan, inputs: np.ndarray, labels: np.ndarray) -> Answered:
    task = taught("verify", bundle.network, inputs, labels, shown_ms(bundle), plan.dt)
    found = answered(bundle.network, plan, task)
    return found.classes, found.events / len(inputs)


def _reference(bundle: Bundle, plan: Plan, inputs: np.ndarray, labels: np.ndarray) -> Answered:
    ticks = taught("verify", bundle.network, inputs, labels, shown_ms(bundle), plan.dt).ticks
    samples = Samples("verify", bundle.network, inputs, ticks, plan.dt)
    return answers(samples, Simulator(plan, engine="reference")).labels, None


def recorded_of(provenance: Mapping[str, Any]) -> List[Recorded]:
    """What training and shrinking wrote of accuracy; what is not in their words is passed over."""
    found = []
    for step in ("trained", "shrunk"):
        chain = provenance.get(step)
        for entry in chain if isinstance(chain, list) else []:
            if not isinstance(entry, dict):
                continue
            before, after = (entry.get(name) for name in ("accuracy_before", "accuracy"))
            shares = [x if isinstance(x, float) and 0.0 <= x <= 1.0 else None for x in (before, after)]
            if shares != [None, None]:
                told = entry.get("measured_on", f"test samples of {entry.get('data')}")
                found.append(Recorded(step, shares[0], shares[1], str(told)))
    return found
