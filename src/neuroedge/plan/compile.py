"""From a `Network` to a `Plan`: constant arrays for one step size and precision."""

from dataclasses import replace
from typing import List, Optional, Tuple

import numpy as np

from .. import checks
from ..errors import BudgetError, ParameterError
from ..network.graph import Network, Population, Projection
from ..network.neurons import AdEx, Izhikevich
from .assemble import Asked, Wiring, assemble
from .coefficients import Coefficients, coefficients
from .integers import Grid, coded, grids, limit_of, runs_in_integers
from .plan import BLOCK, MAX_THREADS, Plan
from .plastic import estimated, must_be_real, storage_of
from .precision import PRECISIONS, Precision
from .precision import precision as precision_of
from .receptors import Receptor, arriving, channel
from .storage import STORAGES, Stored, estimate_bytes, store
from .threshold import counts_of, without_small

__all__ = ["compile_network", "estimate"]

# populations, and projections, that the native core takes
MAX_PARTS = 4096

# neurons are counted in 32 bits, each population rounded up to whole blocks
MAX_NEURONS = 2**31 - 1 - BLOCK * MAX_PARTS

# steps of the longest delay
MAX_DELAY = 1_000_000

# AdEx and Izhikevich take ten substeps a ms, and Ctrl-C is heard between ticks
MAX_CELL_DT = 1000.0


def compile_network(
    network: Network,
    dt: float = 0.1,
    precision: Optional[str] = None,
    memory_limit: Optional[int] = None,
    event_threshold: float = 0.0,
    storage: str = "auto",
) -> Plan:
    """Compile for steps of dt ms. The same network and dt give the same plan.

    precision: by default the one that the network was quantised for, else float32.
    memory_limit: bytes that plan and state may take together, by default what the machine has free; it is checked
    before memory is taken. event_threshold: synapses with |weight| < event_threshold·(threshold − rest) of their target
    are counted, not delivered. storage: "auto" stores each projection as its spikes cost least (see `Plan.explain`),
    "small" in the fewest bytes; "dense", "block8" or "rows" (for more than 65,536 targets also "rows32" or "local16")
    where that can hold it, and others as rows; no result depends on it. Raises BudgetError beyond the limit,
    ParameterError for a network that cannot run.
    """
    dt = checks.positive("compile", "dt", dt, "ms")
    threshold = checks.not_negative("compile", "event_threshold", event_threshold)
    form = _form(network, precision)
    checks.known("storage", storage, STORAGES)
    must_be_real(network, form.name)
    if not network.populations:
        raise ParameterError(f"Network {network.name!r}: nothing to run, add a population first")
    for what, parts in (("populations", network.populations), ("projections", network.projections)):
        if len(parts) > MAX_PARTS:
            raise BudgetError(what, len(parts), 0, MAX_PARTS)
    wiring = _wire(network, dt)
    asked = Asked(dt, form, threshold, storage)
    _check_memory(network, asked, wiring, memory_limit)
    scales: List[Optional[Grid]] = [None] * len(network.populations)
    if form.name == "int8":
        scales = list(grids(network, wiring.receptors, wiring.channels, dt))
    populations = enumerate(network.populations.values())
    cells = [_cell(p, wiring.receptors[k], dt, form, scales[k]) for k, p in populations]
    stored, small = _stored(network, asked, wiring, scales)
    return assemble(network, asked, wiring, cells, stored, counts_of(small), scales)


def _stored(
    network: Network, asked: Asked, wiring: Wiring, scales: List[Optional[Grid]]
) -> Tuple[List[Stored], List[Optional[np.ndarray]]]:
    """Every projection as the engines read it, in codes where its target has scales; and what it does not deliver."""
    names, stored = list(network.populations), []
    small: List[Optional[np.ndarray]] = []
    for channel_of, projection in zip(wiring.channels, network.projections.values()):
        if projection.plasticity is not None:
            stored.append(_learning(projection, asked))
            small.append(None)
            continue
        c, counts = without_small(projection, arriving(projection), asked.threshold)
        grid = scales[names.index(projection.post.name)]
        if grid is not None:
            c = replace(c, weight=coded(c, grid.scale[channel_of], grid.codes))
        stored.append(store(f"Projection {projection.name!r}", c, asked.dt, asked.form, asked.storage))
        small.append(counts)
    return stored, small


def _learning(projection: Projection, asked: Asked) -> Stored:
    """Synapses that learn: in rows, of whole floats, and all of them."""
    owner, form = f"Projection {projection.name!r}", asked.form
    whole = form if form.name == "float64" else PRECISIONS["float32"]
    rows = store(owner, projection.connectivity, asked.dt, whole, storage_of(projection))
    # no -0.0, which bounds would treat in other ways elsewhere
    return rows._replace(weight=rows.weight + rows.weight.dtype.type(0.0), learns=True)


def _cell(
    population: Population, receptors: List[Receptor], dt: float, form: Precision, grid: Optional[Grid]
) -> Coefficients:
    """Coefficients of a population, which the number format of the state must be able to hold."""
    owner, model = population.owner, population.model
    longest = float(np.max(getattr(model, "refractory", 0.0)))
    if longest / dt > 2**30:
        raise ParameterError(f"{owner}: refractory must be at most 2^30 steps of {dt:g} ms (got {longest:g} ms)")
    if dt > MAX_CELL_DT and isinstance(model, (AdEx, Izhikevich)):
        raise ParameterError(f"{owner}: dt must be at most {MAX_CELL_DT:g} ms for {model.name} neurons (got {dt:g} ms)")
    with np.errstate(all="ignore"):
        cell = coefficients(owner, model, receptors, dt, grid)
        # what never spikes has its threshold at infinity
        values = [p for k, p in enumerate(cell.params) if model.spiking or k != 1]
        for value in (*values, cell.start_v, cell.start_u):
            if not np.isfinite(np.asarray(value).astype(form.state)).all():
                kind = f"{model.name} parameters at dt = {dt:g} ms"
                raise ParameterError(f"{owner}: {kind} are beyond {form.state.name}: {model!r:.200}")
    return cell


def _wire(network: Network, dt: float) -> Wiring:
    names = list(network.populations)
    receptors: List[List[Receptor]] = [[] for _ in names]
    depths, channels = [1] * len(names), []
    for projection in network.projections.values():
        post = names.index(projection.post.name)
        channels.append(channel(projection, receptors[post]))
        longest = _longest(projection, dt)
        # what learns is delivered at once when it arrives
        if projection.plasticity is None:
            depths[post] = max(depths[post], longest)
    return Wiring(receptors, channels, depths)


def _longest(projection: Projection, dt: float) -> int:
    delay = 0.0 if projection.delay is None else float(np.max(projection.delay, initial=0.0))
    ticks = max(1.0, np.rint(delay / dt))
    if ticks > MAX_DELAY:
        rule = f"delay must be at most {MAX_DELAY:,} steps of {dt:g} ms"
        raise ParameterError(f"Projection {projection.name!r}: {rule} (got {delay:g} ms)")
    return int(ticks)


def estimate(network: Network, dt: float = 0.1, precision: Optional[str] = None) -> int:
    """Bytes that plan and state will take, without drawing a synapse."""
    dt = checks.positive("estimate", "dt", dt, "ms")
    return _estimate(network, Asked(dt, _form(network, precision), 0.0, "auto"), _wire(network, dt))


def _form(network: Network, precision: Optional[str]) -> Precision:
    name = (network.precision or "float32") if precision is None else precision
    return precision_of(checks.known("precision", name, PRECISIONS))


def _estimate(network: Network, asked: Asked, wiring: Wiring) -> int:
    form = asked.form
    # tables of a fixed size, and what alignment may add
    total = 4096
    for k, p in enumerate(network.populations.values()):
        n, receptors = (p.size + BLOCK - 1) // BLOCK * BLOCK, wiring.receptors[k]
        channels = 1 + len(receptors)
        each = any(np.ndim(value) for value in [*vars(p.model).values(), *(r.tau for r in receptors)])
        # entries of a lane: state and start values, the arrival ring, and parameters where they differ
        entries = 7 + channels * (wiring.depths[k] + 1) + each * (12 + 3 * channels)
        if form.name == "int8":
            fixed = runs_in_integers(p.model, receptors, limit_of(network, asked.dt))
            # arrays of 16 bits, scales, and of LIF in integers rest, unit and gain in place of other parameters
            entries += 5 + channels * (not p.model.source) + (3 - each * (12 + 3 * channels)) * fixed
        total += n * (20 + form.state.itemsize * entries)
        # marks of the ring's slots, lists of whom their arrivals reach, queues of each thread
        depth = wiring.depths[k]
        total += depth * (5 * channels + 4 * max(16, n // 8)) + 8 * MAX_THREADS
    for q in network.projections.values():
        segmented = _segmented(q, asked.dt)
        bytes_of_rows = estimate_bytes(q.shape, q.count, segmented, form, asked.storage)
        if asked.threshold:
            # what is left may be of one delay; and of each source is counted what is not
            other = estimate_bytes(q.shape, q.count, False, form, asked.storage)
            bytes_of_rows = max(bytes_of_rows, other) + 4 * q.shape[0]
        total += bytes_of_rows + estimated(q, _longest(q, asked.dt), form.state.itemsize)
    return total


def _segmented(projection: Projection, dt: float) -> bool:
    """Whether delays differ on this grid."""
    if not isinstance(projection.delay, np.ndarray) or projection.delay.size == 0:
        return False
    return bool(np.ptp(np.maximum(1.0, np.rint(projection.delay / dt))))


def _check_memory(network: Network, asked_for: Asked, wiring: Wiring, limit: Optional[int]) -> None:
    allowed = checks.free_memory() if limit is None else checks.count("compile", "memory_limit", limit, 2**62)
    if network.neurons > MAX_NEURONS:
        raise BudgetError("neurons", network.neurons, 0, MAX_NEURONS, "split the network")
    asked = _estimate(network, asked_for, wiring)
    if asked > allowed:
        weights = {"float16": ", or use int8 weights", "int8": ""}
        smaller = weights.get(asked_for.form.name, ", or use float16 or int8 weights")
        cure = f"make it smaller or sparser, shorten its delays{smaller}"
        raise BudgetError(f"bytes for network {network.name!r}, estimated at most", asked, 0, allowed, cure)
