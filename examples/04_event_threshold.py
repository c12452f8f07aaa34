"""What an event threshold saves, and what it costs: one network, with ever more of its small synapses left out."""

import numpy as np

import neuroedge as ne

THRESHOLDS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)

net = ne.Network("threshold", seed=1)
net.add("input", 100, "poisson", rate=20.0)
net.add("cells", 400, "lif")
net.connect("input", "cells", probability=0.2)
# most synapses are weak: a log-normal spread, one in five inhibitory
rng = np.random.default_rng(1)
weights = rng.lognormal(-1.5, 1.0, (400, 400)) * (rng.random((400, 400)) < 0.1)
weights[::5] *= -4.0
net.connect("cells", "cells", weights=weights, delay=2.0)


def run(threshold: float) -> tuple:
    """Spikes as a set of (neuron, tick), and what the run cost, for one threshold."""
    sim = ne.Simulator(net, dt=0.5, event_threshold=threshold)
    recording = sim.run(2000.0)
    train = recording.spikes["cells"]
    return set(zip(train.neurons.tolist(), np.rint(train.times / sim.dt).astype(int).tolist())), recording.performance


exact, _ = run(0.0)
print("threshold  delivered   dropped  spikes  not shared    rate")
for threshold in THRESHOLDS:
    spikes, cost = run(threshold)
    # spikes of either run that the other does not have at that very tick
    apart = len(spikes ^ exact)
    change = len(spikes) / len(exact) - 1.0
    print(
        f"{threshold:>9g} {cost['synaptic_events']:>10,} {cost['dropped_events']:>9,} {len(spikes):>7,} "
        f"{apart:>11,} {change:>+7.1%}"
    )
