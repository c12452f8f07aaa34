"""What a plan costs, and why it is laid out as it is, as text."""

from typing import List, Sequence

from .fields import STATE
from .plan import FRAME, SOURCE, Plan
from .plastic import PARAMS
from .storage import BLOCK8, DENSE, LOCAL16, ROWS32, STORAGE_NAMES, padded

__all__ = ["delays", "explain", "megabytes", "projection_bytes", "segments", "synapses"]

# letters of a name that share a line with its figures
_LONGEST = 28

# by learn_rule
_RULES = ("additive STDP", "multiplicative", "rewards", "dopamine")

_STEPS = {SOURCE: "source", FRAME: "growing frame", 2: "per tick", 3: "per tick", 4: "per tick", 5: "integers"}


def megabytes(count: int) -> str:
    """Bytes in the unit that reads best."""
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def projection_bytes(plan: Plan, q: int) -> int:
    """Bytes of weights, targets and rows of one projection."""
    n_pre, kind = int(plan.pop_n[plan.proj_pre[q]]), int(plan.proj_storage[q])
    weight, rows = 2 if plan.proj_half[q] else plan.weight.itemsize, 4 * (n_pre + 1)
    if plan.pop_scale[plan.proj_post[q]] >= 0:
        weight = 1
    if kind == DENSE:
        return rows + n_pre * padded(int(plan.pop_n[plan.proj_post[q]])) * weight
    if kind == BLOCK8:
        return 2 * rows + int(plan.row[plan.proj_row[q] + 2 * n_pre + 1]) * (2 + 8 * weight)
    if plan.proj_segmented[q]:
        rows += (12 if kind == LOCAL16 else 8) * (segments(plan, q) + 1)
    return rows + synapses(plan, q) * (weight + (4 if kind == ROWS32 else 2))


def segments(plan: Plan, q: int) -> int:
    """Runs of one delay and base in the rows of one projection, 0 where there is only one in each."""
    return int(plan.row[plan.proj_row[q] + int(plan.pop_n[plan.proj_pre[q]])]) if plan.proj_segmented[q] else 0


def synapses(plan: Plan, q: int) -> int:
    """Synapses of one projection."""
    last = int(plan.row[plan.proj_row[q] + int(plan.pop_n[plan.proj_pre[q]])])
    return int(plan.segment[plan.proj_segment[q] + last]) if plan.proj_segmented[q] else last


def delays(plan: Plan, q: int) -> str:
    """The delay of one projection, or the shortest and the longest."""
    if not plan.proj_segmented[q]:
        return f"{int(plan.proj_delay[q]) * plan.dt:g} ms"
    first = int(plan.proj_segment[q])
    ticks = plan.segment_delay[first : first + segments(plan, q)]
    low, high = (f"{int(tick) * plan.dt:g}" for tick in (ticks.min(), ticks.max()))
    return f"{low} to {high} ms" if low != high else f"{low} ms"


def _expected(plan: Plan, q: int) -> str:
    """What a spike is estimated to take in each storage that could hold the projection, the least first."""
    ns = sorted((value, name) for name, value in plan.choices[q].ns.items())
    return ", ".join(f"{name} {value:,.0f}" for value, name in ns)


def explain(plan: Plan) -> str:
    """A table of populations, projections and bytes, and why each projection is stored as it is: the estimated time
    of a spike in each storage that could hold it."""
    lines: List[str] = [f"dt {plan.dt:g} ms, {plan.precision}{_threshold(plan)}, {megabytes(plan.nbytes)} in all", ""]
    lines += _populations(plan)
    if plan.projections:
        lines += ["", *_projections(plan)]
    if len(plan.learn_proj):
        lines += ["", *_learning(plan)]
    rings = sum(plan.sizes[f.shape] * f.numpy(plan.precision).itemsize for f in STATE if f.name == "ring")
    rest = plan.nbytes - plan.state_bytes
    lines += [
        "",
        f"state {megabytes(plan.state_bytes)} (of it arrivals {megabytes(rings)}), constants {megabytes(rest)}",
    ]
    return "\n".join(lines)


def _threshold(plan: Plan) -> str:
    if not plan.event_threshold:
        return ""
    return f", event threshold {plan.event_threshold:g} leaves out {int(plan.small.sum()):,} synapses"


def _populations(plan: Plan) -> List[str]:
    rows = [f"{'neurons':>9}  {'model':<12}{'step':<16}{'delay slots':>11}"]
    for k in range(len(plan.names)):
        model, step = plan.models[k].name, _STEPS[int(plan.pop_kind[k])]
        rows.append(f"{int(plan.pop_n[k]):>9,}  {model:<12}{step:<16}{int(plan.pop_depth[k]):>11,}")
    return _table("population", plan.names, rows)


def _projections(plan: Plan) -> List[str]:
    told = [delays(plan, q) for q in range(len(plan.projections))]
    wide = max(len(delay) for delay in [*told, "delay"])
    rows = [f"{'synapses':>11}  {'storage':<9}{'delay':>{wide}}{'bytes':>10}  estimated ns a spike"]
    for q, delay in enumerate(told):
        kind, size = STORAGE_NAMES[int(plan.proj_storage[q])], megabytes(projection_bytes(plan, q))
        rows.append(f"{synapses(plan, q):>11,}  {kind:<9}{delay:>{wide}}{size:>10}  {_expected(plan, q)}")
    return _table("projection", plan.projections, rows)


def _learning(plan: Plan) -> List[str]:
    rows = [f"  {'rule':<16}{'pairs':<9}{'weights':<16}"]
    for k in range(len(plan.learn_proj)):
        low, high = plan.learn_param[len(PARAMS) * k : len(PARAMS) * k + 2].tolist()
        rule, pairs = _RULES[int(plan.learn_rule[k])], ("all", "nearest")[int(plan.learn_nearest[k])]
        rows.append(f"  {rule:<16}{pairs:<9}{f'{low:g} to {high:g}':<16}")
    return [line.rstrip() for line in _table("learning", [plan.projections[q] for q in plan.learn_proj], rows)]


def _table(head: str, names: Sequence[str], rows: List[str]) -> List[str]:
    """Names before their rows; one that is too long for its column takes a line of its own."""
    wide = min(_LONGEST, max(len(name) for name in [head, *names]))
    lines: List[str] = []
    for name, row in zip([head, *names], rows):
        if len(name) > wide:
            lines.append(name)
        lines.append(f"{name if len(name) <= wide else '':<{wide}}{row}")
    return lines
