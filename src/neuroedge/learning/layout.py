"""Which populations take a sample, which one answers, and how an error finds its way back to the others."""

from typing import Dict, List, NamedTuple

import numpy as np

from ..errors import ParameterError, UnsupportedError
from ..network.graph import Network, Population, Projection
from ..network.neurons import LI, LIF, PoissonSource

__all__ = ["Layout", "delay_ticks", "layout_of"]


class Layout(NamedTuple):
    """inputs: populations that nothing reaches, in order of adding; they share the values of a sample. output: the one
    that reaches nobody else. order: populations that learn, output first, each before all that feed it forward.
    forward: projections on the way from inputs to output; what is not among them closes a loop. lag: ticks after which
    a spike of a population has reached the output, along the longest way. travel: that of the inputs, at most."""

    inputs: List[str]
    output: str
    order: List[str]
    forward: List[str]
    lag: Dict[str, int]
    travel: int


def delay_ticks(projection: Projection, dt: float) -> int:
    """Delay of a projection in ticks; UnsupportedError where its synapses differ."""
    delay = np.asarray(0.0 if projection.delay is None else projection.delay)
    ticks = np.maximum(1, np.rint(delay / dt)).astype(np.int64)
    if ticks.size and (ticks != ticks.flat[0]).any():
        raise UnsupportedError(f"Projection {projection.name!r}: learning takes one delay for all synapses")
    return int(ticks.flat[0]) if ticks.size else 1


def layout_of(network: Network, dt: float) -> Layout:
    """The layout of a network that has one output and some inputs; an error names what is missing."""
    inputs = _inputs(network)
    output = _output(network, inputs)
    into: Dict[str, List[Projection]] = {name: [] for name in network.populations}
    for projection in network.projections.values():
        into[projection.post.name].append(projection)
    order, back = _backwards(output, into)
    forward = [n for n, q in network.projections.items() if q.post.name in order and n not in back]
    lag = {output: 0}
    for name in order:
        for projection in into[name]:
            if projection.name in forward:
                ticks = lag[name] + delay_ticks(projection, dt)
                lag[projection.pre.name] = max(lag.get(projection.pre.name, 0), ticks)
    reached = [name for name in inputs if name in lag]
    if not reached:
        raise ParameterError(f"Network {network.name!r}: no input reaches {output!r}; connect them")
    learns = [name for name in order if not network.populations[name].model.source and into[name]]
    return Layout(inputs, output, learns, forward, lag, max(lag[name] for name in reached))


def _inputs(network: Network) -> List[str]:
    reached = {q.post.name for q in network.projections.values()}
    return [p.name for p in network.populations.values() if p.name not in reached and _takes_spikes(p)]


def _takes_spikes(population: Population) -> bool:
    return population.model.spiking and not isinstance(population.model, PoissonSource)


def _output(network: Network, inputs: List[str]) -> str:
    feeds = {q.pre.name for q in network.projections.values() if q.pre is not q.post}
    last = [name for name in network.populations if name not in feeds and name not in inputs]
    if len(last) != 1:
        which = ", ".join(last) if last else "none"
        raise ParameterError(
            f"Network {network.name!r}: one population must be the output, fed by others and feeding none (got {which})"
        )
    model = network.populations[last[0]].model
    if not isinstance(model, (LI, LIF)):
        rule = f"{model.name} neurons are not read as an output"
        raise UnsupportedError(f"Population {last[0]!r}: {rule}; use 'lif' or 'li'")
    return last[0]


def _backwards(output: str, into: Dict[str, List[Projection]]) -> "tuple[List[str], List[str]]":
    """Populations from the output back, each before what feeds it, and the projections that close loops."""
    done: Dict[str, None] = {}
    back: List[str] = []
    # what is being followed, each with the projections that are left of it; not by recursion, as chains may be long
    path = {output: iter(into[output])}
    while path:
        name = next(reversed(path))
        for projection in path[name]:
            before = projection.pre.name
            if before in path:
                back.append(projection.name)
            elif before not in done:
                path[before] = iter(into[before])
                break
        else:
            del path[name]
            done[name] = None
    return list(done)[::-1], back
