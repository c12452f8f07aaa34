"""Describe a network, look at what it costs, run it, read what came out."""

import neuroedge as ne

net = ne.Network("first", seed=1)
net.add("input", 100, "poisson", rate=20.0)
net.add("hidden", 50, "lif", tau_m=20.0, refractory=2.0)
net.add("output", 10, "lif")

# default weights for the expected number of inputs: they neither silence nor saturate
net.connect("input", "hidden", probability=0.5)
net.connect("hidden", "hidden", pattern="lateral", probability=0.2, delay=1.5)
net.connect("hidden", "output")

sim = ne.Simulator(net, dt=0.1)
print(sim.plan.explain(), "\n")

recording = sim.run(1000.0, record=("spikes", "potentials"), record_from=["output"])
print(recording)
for name, rates in recording.rates.items():
    print(f"{name:<8} {rates.mean():5.1f} Hz")
neuron, time = next(iter(recording.spikes["output"]))
print(f"first output spike: neuron {neuron} at {time:g} ms")
print(f"potentials: {recording.potentials['output'].shape}, highest {recording.potentials['output'].max():.1f} mV")
