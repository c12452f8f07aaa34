"""Training on the device: the online rule OTTT with Adam, memory constant in the number of steps."""

import time
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import checks
from ..encoding.rate import unit_values
from ..engines.costs import cores, threads_asked, threads_for
from ..engines.library import SHARDS
from ..errors import BudgetError, ParameterError
from ..network.arithmetic import exp
from ..network.graph import Network
from ..plan.compile import compile_network
from ..plan.plan import Plan
from .adam import Adam, schedule
from .layout import Layout
from .lessons import Lessons, Vary, lessons_of
from .places import places, write_back
from .school import Batch, School
from .snap import Snap
from .task import Task, keep_seen, learnable, pair, taught, unit_of, units_of

__all__ = ["Epoch", "HEAT", "History", "chances", "gain_of", "give_lessons", "train"]

# slope of a spike: 1/(1 + 5·|u − threshold|/threshold)^2 (Zenke & Ganguli 2018, doi:10.1162/neco_a_01086)
STEEP = 5.0

# how far chances of classes are driven apart by what the output gives: a mean potential of one threshold, or a spike
# in fifty ticks
GAIN, SPIKING_GAIN = 0.5, 50.0

# heat at which another network's answers are learned
HEAT = 2.0

# steps between two looks at what to prune
THIN_EVERY = 10

# multiplications in a batch from which threads pay for being made
SHARED_FROM = 4_000_000


class Epoch(NamedTuple):
    """loss: mean cross entropy of the training samples, while they were learned; accuracy: share of them that was
    answered rightly, nan where there are no labels; validation: that of held-out samples afterwards, None without."""

    loss: float
    accuracy: float
    validation: Optional[float]


class History:
    """What training did. epochs: one `Epoch` each; best: index of the one whose weights the network has; seconds: wall
    time; nbytes: what the training state took, whatever the number of steps; interrupted: stopped by Ctrl-C."""

    def __init__(self, planned: int, nbytes: int) -> None:
        self.epochs: List[Epoch] = []
        self.planned, self.nbytes = planned, nbytes
        self.best, self.seconds, self.interrupted = -1, 0.0, False

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        if not self.epochs:
            return f"History(no epoch of {self.planned} done)"
        best = self.epochs[self.best]
        held = "" if best.validation is None else f", held out {best.validation:.1%}"
        right = "" if np.isnan(best.accuracy) else f", right {best.accuracy:.1%}"
        stopped = " (interrupted)" if self.interrupted else ""
        return (
            f"History({len(self.epochs)} of {self.planned} epochs{stopped} in {self.seconds:.1f} s, kept epoch "
            f"{self.best + 1}: loss {best.loss:.3g}{right}{held}; {self.nbytes:,} bytes)"
        )


def train(
    network: Network, inputs: Any, labels: Any, epochs: int = 20, duration: float = 16.0, dt: float = 1.0,
    rate: float = 5e-3, batch: int = 32, seed: Optional[int] = None, validation: Optional[Tuple[Any, Any]] = None,
    vary: Optional[Vary] = None, decay: float = 0.0, threads: Optional[int] = None,
    memory_limit: Optional[int] = None, progress: bool = True,
) -> History:  # fmt: skip
    """Teach a network its classes, in place; returns the history.

    inputs: [samples, features] in 0 … 1, each shown for `duration` ms as regular spikes in steps of dt ms; labels: int
    [samples], one for each output neuron. epochs: how often all samples are seen. rate: of learning, in thresholds of
    the target; it falls to 0. batch: samples a step. seed: of the order of samples, default the network's; the same
    seed gives the same network, whatever the machine and the number of threads. validation: (inputs, labels) held out:
    the weights of the epoch that answers them best are kept, without it those of the epoch with the least loss. vary:
    (inputs, epoch) → what that epoch sees in their place, as `Variation` turns pictures. decay: share of each weight
    that goes at each step, times the rate: networks of smaller weights lose less when they are pruned; 0.1 is much.
    Synapses that are not there stay away. Ctrl-C keeps the best weights so far, and then interrupts as usual.
    memory_limit: bytes that training may take. progress: a bar on standard error.
    """
    task = taught("train", network, inputs, labels, duration, dt, least=2)
    options = dict(rate=rate, batch=batch, seed=seed, validation=validation, vary=vary, decay=decay, threads=threads,
                   memory_limit=memory_limit, progress=progress)  # fmt: skip
    return give_lessons("train", network, task, lessons_of("train", network, epochs, options))


def give_lessons(owner: str, network: Network, task: Task, lessons: Lessons) -> History:
    """Train by these lessons; the network changes once, at the end or at Ctrl-C, and not where anything fails."""
    room = _Room(owner, network, task, lessons)
    history = History(lessons.epochs, room.nbytes)
    began = time.perf_counter()
    shown = _bar(lessons.epochs * len(task.inputs)) if lessons.progress else None
    try:
        for _ in range(lessons.epochs):
            room.epoch(history, shown)
    except KeyboardInterrupt:
        history.interrupted = True
        if history.epochs:
            room.graduate(network)
        raise
    finally:
        if shown is not None:
            shown.close()
        history.seconds = time.perf_counter() - began
    room.graduate(network)
    keep_seen(network, task.inputs)
    return history


def _bar(samples: int) -> Any:
    # tqdm is loaded when it is wanted
    from ..progress import bar

    return bar(samples, " samples")


class _Room:
    """Everything that training needs, and the best weights so far."""

    def __init__(self, owner: str, network: Network, task: Task, lessons: Lessons) -> None:
        self.task, self.lessons = task, lessons
        self.soft: Optional[np.ndarray] = None
        self.learned = learnable(network, task.layout)
        self.owner, self.held_out = owner, None
        if lessons.validation is not None:
            given = pair(owner, "validation", lessons.validation)
            self.held_out = taught(f"{owner}: validation", network, *given, task.ticks * task.dt, task.dt)
        # it learns in floats, whatever it is made for
        plan = compile_network(network, task.dt, "float32")
        if not set(plan.proj_storage) <= {0, 2, 3}:
            raise ParameterError(f"{owner}: populations of more than 65,536 neurons do not learn yet")
        self.nbytes = self._must_fit(owner, network, plan)
        every = places(network, plan)
        self.places = {name: every[name] for name in self.learned}
        self.units = units_of(network, task.layout, self.learned)
        self.weights = plan.weight.copy()
        self.snap = None if lessons.bits is None else Snap(network, self.places, lessons.bits)
        # rounding keeps a master copy; without it the engine runs what Adam writes
        self.master = self.weights.copy() if self.snap is not None else self.weights
        self.adam = Adam(plan, self.master, self.places, self.units)
        self.unit = unit_of(network, task.layout)
        threads = _threads(plan, task, lessons)
        self.school = School(network, plan, task.layout, task.ticks, self.learned, self.weights, threads)
        self._round()
        self.knobs = (STEEP, self.unit, gain_of(network, task.layout), lessons.share, HEAT)
        self.rng = np.random.Generator(np.random.PCG64([lessons.seed, 2]))
        self.steps = lessons.epochs * -(-len(task.inputs) // lessons.batch)
        self.done = 0
        self.best: Optional[Tuple[float, np.ndarray, np.ndarray]] = None

    def _must_fit(self, owner: str, network: Network, plan: Plan) -> int:
        """Bytes of the training state: known, and checked, before they are taken."""
        threads = _threads(plan, self.task, self.lessons)
        sized = School.bytes_for(network, plan, self.task.layout, self.learned, threads)
        # weights, master, best (twice), moments, living, what the network gets, shards; places
        copies = 7 + SHARDS + 2 * (self.lessons.bits is not None)
        needed = plan.nbytes + sized + copies * plan.weight.nbytes + 8 * network.synapses
        limit = self.lessons.memory_limit
        allowed = checks.free_memory() if limit is None else checks.count(owner, "memory_limit", limit, 2**62)
        if needed > allowed:
            cure = "give more, or train a smaller or sparser network"
            raise BudgetError(f"{owner}: bytes of the training state", needed, 0, allowed, cure)
        return needed

    def epoch(self, history: History, shown: Any) -> None:
        """Every sample once, in random order."""
        task, lessons = self.task, self.lessons
        inputs = self._seen(len(history.epochs))
        if lessons.advice is not None and (self.soft is None or lessons.vary is not None):
            self.soft = lessons.advice(inputs)
        scores = self.school.take(Batch(inputs, task.labels, self.soft, self.knobs))
        order = self.rng.permutation(len(task.inputs))
        for first in range(0, len(order), lessons.batch):
            some = np.ascontiguousarray(order[first : first + lessons.batch])
            self.school.run(some, self.adam.shards)
            self.adam.step(schedule(lessons.rate, self.done / self.steps), len(some), lessons.decay)
            self.done += 1
            self._thin()
            self._round()
            if shown is not None:
                shown.update(len(some))
        self._remember(history, self._epoch_of(scores.score))

    def _seen(self, epoch: int) -> np.ndarray:
        inputs, vary = self.task.inputs, self.lessons.vary
        if vary is None:
            return inputs
        given = inputs.view()
        # the next epoch starts from them again
        given.flags.writeable = False
        return unit_values(f"{self.owner}: what vary gave for epoch {epoch}", vary(given, epoch), inputs.shape)

    def _thin(self) -> None:
        if self.lessons.thin is None or (self.done % THIN_EVERY and self.done != self.steps):
            return
        weights = {name: self.master[where] for name, where in self.places.items()}
        masks = self.lessons.thin(self.done, self.steps, weights)
        if masks is None:
            return
        before = np.count_nonzero(self.adam.living)
        self.adam.keep(masks)
        if np.count_nonzero(self.adam.living) < before:
            # a denser network is no longer what was asked for
            self.best = None

    def _round(self) -> None:
        if self.snap is not None:
            self.snap(self.master, self.weights)

    def _epoch_of(self, score: np.ndarray) -> Epoch:
        labels = self.task.labels
        loss, right = self._loss(score), float("nan")
        if (labels >= 0).all():
            right = float(np.mean(np.argmax(score, axis=1) == labels))
        validation = None
        if self.held_out is not None:
            found = self.school.take(Batch(self.held_out.inputs, self.held_out.labels, None, self.knobs))
            self.school.run(np.arange(len(self.held_out.inputs), dtype=np.int64))
            validation = float(np.mean(np.argmax(found.score, axis=1) == self.held_out.labels))
        return Epoch(loss, right, validation)

    def _loss(self, score: np.ndarray) -> float:
        """Mean cross entropy, with the labels and with the other network's answers, as the lessons weigh them."""
        each = np.arange(len(score))
        gain = self.knobs[2] / (self.unit * self.task.ticks)
        labels, share = self.task.labels, self.lessons.share if self.soft is not None else 0.0
        total = np.zeros(len(score))
        if share < 1.0:
            total -= (1.0 - share) * log_chances(score * gain)[each, labels]
        if self.soft is not None:
            total -= share * HEAT * HEAT * (self.soft * log_chances(score * (gain / HEAT))).sum(axis=1)
        return float(np.mean(total))

    def _remember(self, history: History, epoch: Epoch) -> None:
        history.epochs.append(epoch)
        value = -epoch.loss if epoch.validation is None else epoch.validation
        if self.best is None or value >= self.best[0]:
            weights, living = self.best[1:] if self.best is not None else (np.empty_like(w) for w in [self.weights] * 2)
            weights[:], living[:] = self.weights, self.adam.living
            self.best = value, weights, living
            history.best = len(history.epochs) - 1

    def graduate(self, network: Network) -> None:
        """Give the network the best weights; what died while training is no synapse any more."""
        _, weights, living = self.best or (0.0, self.weights, self.adam.living)
        write_back(network, self.places, weights, {n: living[where] > 0.0 for n, where in self.places.items()})


def gain_of(network: Network, layout: Layout) -> float:
    """How far chances of classes are driven apart by a mean output of one unit."""
    return SPIKING_GAIN if network.populations[layout.output].model.spiking else GAIN


def log_chances(x: np.ndarray) -> np.ndarray:
    """log softmax of each row."""
    x = x.astype(np.float64) - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def chances(x: np.ndarray) -> np.ndarray:
    """softmax of each row, float32, by our own exp: the same on every machine."""
    e = exp(np.ascontiguousarray(x - x.max(axis=1, keepdims=True), np.float32))
    return np.ascontiguousarray(e / e.sum(axis=1, keepdims=True, dtype=np.float32))


def _threads(plan: Plan, task: Task, lessons: Lessons) -> int:
    """Threads that share the shards of a batch: as asked, else several where a batch is much work."""
    if lessons.threads is not None:
        return min(lessons.threads, SHARDS)
    if threads_asked():
        return min(threads_for(plan), SHARDS)
    work = len(plan.weight) * task.ticks * min(lessons.batch, len(task.inputs))
    return min(cores(), SHARDS) if work >= SHARED_FROM else 1
