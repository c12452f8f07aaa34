"""Projections that learn, as arrays of a plan: coefficients of their rules, and their synapses seen from the target.

Traces, eligibility and dopamine stand in growing frames, as potentials do (`ARCHITECTURE.md`): what decays with tau is
kept as X = x·m(t), m = exp(t/tau). Nothing is done to it until somebody reads X/m or adds m, so learning costs what
spikes cost, and is exact however long they are apart.

Weights under dopamine are kept as what they will be when it is gone: from w' = lr·e·(n − b), e' = −e/tau_e and
n' = −n/tau_n follows that p = w + e·(lr·tau_en·n − lr·b·tau_e), 1/tau_en = 1/tau_e + 1/tau_n, does not change between
events, and w is read as p − e·(…).
"""

from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ..errors import ParameterError, UnsupportedError
from ..network.graph import Network, Projection
from ..network.plasticity import STDP, Plasticity, RewardSTDP
from ..network.synapses import Alpha
from .receptors import FRAME_MAX_DT
from .storage import NEAR, Stored, concatenate

__all__ = [
    "ADDITIVE",
    "DOPAMINE",
    "ELIGIBILITY",
    "FRAMES",
    "Lesson",
    "MULTIPLICATIVE",
    "PARAMS",
    "estimated",
    "laid_out",
    "lessons",
    "must_be_real",
    "storage_of",
]

ADDITIVE, MULTIPLICATIVE, ELIGIBILITY, DOPAMINE = range(4)

# order of the numbers in learn_param; both: lr·tau_en, base: lr·b·tau_e
PARAMS = ("low", "high", "up", "down", "gain", "both", "base", "rate", "jump")

# beyond this a few products would leave float32
MOST = 1e9

# frames of a projection: x, y, eligibility, dopamine
FRAMES = 4


class Lesson(NamedTuple):
    """A projection that learns: its number, rule and coefficients; growth of each frame, 0 where it has none."""

    projection: int
    kind: int
    nearest: bool
    params: Sequence[float]
    rates: Sequence[float]
    stored: Stored
    order: np.ndarray
    shape: Tuple[int, int]


def storage_of(projection: Projection) -> str:
    """Rows: in blocks and dense rows there are entries that are no synapses."""
    return "rows16" if projection.shape[1] <= NEAR else "rows32"


def lessons(network: Network, stored: Sequence[Stored], dt: float) -> List[Lesson]:
    """What is to be learnt, in the order of the projections."""
    found = []
    for q, (projection, rows) in enumerate(zip(network.projections.values(), stored)):
        rule = projection.plasticity
        if rule is not None:
            owner = f"Projection {projection.name!r}"
            rates, order = _rates(owner, rule, dt), _order(projection, dt)
            kind, nearest = _kind(rule), rule.pairing == "nearest"
            params = _params(rule, projection)
            if not max(map(abs, params)) <= MOST:
                raise ParameterError(
                    f"{owner}: learning rates, jumps and bounds must be at most {MOST:g} (got {rule!r})"
                )
            found.append(Lesson(q, kind, nearest, params, rates, rows, order, projection.shape))
    return found


def must_be_real(network: Network, precision: str) -> None:
    """Weights that learn are floats."""
    names = [repr(q.name) for q in network.projections.values() if q.plasticity is not None]
    if names and precision == "int8":
        cure = "use float32 or float16, or connect with plasticity=None"
        raise UnsupportedError(f"int8: weights of {', '.join(names[:5])} learn, and codes cannot change; {cure}")


def _kind(rule: Plasticity) -> int:
    if isinstance(rule, STDP):
        return ADDITIVE if rule.rule == "additive" else MULTIPLICATIVE
    return ELIGIBILITY if rule.mode == "event" else DOPAMINE


def _params(rule: Plasticity, projection: Projection) -> List[float]:
    high, synapse = float(rule.w_max or 0.0), projection.synapse
    # weights of an alpha synapse are peaks, and its rise gets w·e/tau
    gain = 2.718281828459045 / float(synapse.tau) if isinstance(synapse, Alpha) else 1.0
    if isinstance(rule, STDP):
        up = rule.learning_rate * (high if rule.rule == "additive" else 1.0)
        return [0.0, high, up, rule.alpha * up, gain, 0.0, 0.0, 0.0, 0.0]
    lr = float(rule.learning_rate or 0.0)
    both = lr / (1.0 / rule.tau_e + 1.0 / rule.tau_n) if rule.mode == "dopamine" else 0.0
    base = lr * rule.baseline * rule.tau_e if rule.mode == "dopamine" else 0.0
    return [rule.w_min, high, rule.A_plus, rule.A_minus, gain, both, base, lr, 1.0 / rule.tau_n]


def _rates(owner: str, rule: Plasticity, dt: float) -> List[float]:
    """Growth of each frame in powers of two per tick."""
    names = ["tau_plus", "tau_minus"]
    if isinstance(rule, RewardSTDP):
        names += ["tau_e"] + ["tau_n"] * (rule.mode == "dopamine")
    rates = []
    for name in names:
        tau = float(getattr(rule, name))
        if dt / tau > FRAME_MAX_DT:
            least = f"{name} must be at least dt/{FRAME_MAX_DT:g} = {dt / FRAME_MAX_DT:g} ms"
            raise ParameterError(f"{owner}: {least} (got {tau:g}); use a smaller dt")
        rates.append(dt / (tau * 0.693147180559945309417))
    return rates + [0.0] * (FRAMES - len(rates))


def _order(projection: Projection, dt: float) -> np.ndarray:
    """Index of each stored synapse among those described: rows with several delays are sorted by them."""
    c = projection.connectivity
    if not isinstance(c.delay, np.ndarray):
        return np.arange(c.count)
    return np.lexsort((np.maximum(1, np.rint(c.delay / dt)), c.pre()))


def laid_out(found: Sequence[Lesson], rates: List[float]) -> Tuple[Dict[str, np.ndarray], Dict[str, int]]:
    """The arrays of the field table, and the entries of its shapes."""
    n = [len(s.stored.weight) for s in found]
    eligible = [count * (s.kind >= ELIGIBILITY) for s, count in zip(found, n)]
    runs, posts = [len(_begins(s)) - 1 for s in found], [s.shape[1] for s in found]
    lags = [_lags(s) for s in found]
    depths = [int(each[0]) for each in lags]
    kept = [depth * s.shape[0] for s, depth in zip(found, depths)]
    inward = [_inward(s) for s in found]
    numbers = {
        "learn_proj": [s.projection for s in found],
        "learn_rule": [s.kind for s in found],
        "learn_depth": depths,
    }
    starts = {"syn": n, "eligible": eligible, "run": runs, "post": posts, "kept": kept, "slot": depths}
    arrays: Dict[str, np.ndarray] = {
        **{name: np.array(values, np.int32) for name, values in numbers.items()},
        **{f"learn_{name}": _starts(sizes) for name, sizes in starts.items()},
        "learn_nearest": np.array([s.nearest for s in found], np.int32),
        "learn_lag": _starts([len(each) for each in lags]),
        "learn_lags": np.array([len(each) for each in lags], np.int32),
        "learn_in": _starts([posts_of + 1 for posts_of in posts]),
        "learn_frame": np.array([rates.index(r) if r else -1 for s in found for r in s.rates], np.int32),
        "learn_param": np.array([p for s in found for p in s.params]),
        "lag": concatenate(lags, np.int32),
        "in_row": concatenate([part[0] for part in inward], np.uint32),
        "in_syn": concatenate([part[1] for part in inward], np.uint32),
        "in_run": concatenate([part[2] for part in inward], np.uint32),
        "learned_start": concatenate([s.stored.weight for s in found], np.float64),
        "learn_order": concatenate([s.order for s in found], np.uint32),
    }
    sizes = {"learners": len(found), "learn_frames": FRAMES * len(found), "learned": sum(n), "runs": sum(runs)}
    sizes.update(eligibles=sum(eligible), posts=sum(posts), kept=sum(kept), kept_slots=sum(depths))
    return arrays, sizes


def _starts(sizes: Sequence[int]) -> np.ndarray:
    return np.cumsum([0, *sizes])[:-1].astype(np.int64)


def _begins(lesson: Lesson) -> np.ndarray:
    """First synapse of each run of one source and delay, and the end of the last."""
    s = lesson.stored
    return (s.segment if len(s.segment) else s.row).astype(np.int64)


def _lags(lesson: Lesson) -> np.ndarray:
    """Delays in ticks, the longest first."""
    s = lesson.stored
    return np.unique(s.segment_delay[:-1] if len(s.segment) else np.array([s.delay]))[::-1].astype(np.int32)


def _inward(lesson: Lesson) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each target its first synapse in the list of all that come in; the list; and the run of each."""
    target, begins = lesson.stored.target, _begins(lesson)
    run = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
    order = np.argsort(target, kind="stable")
    row = np.concatenate(([0], np.cumsum(np.bincount(target, minlength=lesson.shape[1]))))
    return row, order, run[order]


def estimated(projection: Projection, depth: int, real: int) -> int:
    """Bytes at most of what learning adds to plan and state."""
    if projection.plasticity is None:
        return 0
    n, (n_pre, n_post) = projection.count, projection.shape
    runs = n if isinstance(projection.delay, np.ndarray) else n_pre
    # what is kept for the targets' spikes, weights and eligibility, traces, spikes on their way
    return n * (14 + 2 * real) + (runs + n_post) * (real + 4) + n_pre * depth * 8 + depth * 12 + 512
