"""STDP: a neuron learns which of its inputs fire together, and so make it fire, though all fire equally often."""

import numpy as np

import neuroedge as ne

INPUTS, LEADERS, DURATION = 100, 20, 60_000.0

rng = np.random.default_rng(1)
# everybody fires at 10 Hz; the first 20 together, within 1 ms, at random moments; the others each for itself
moments = np.sort(rng.uniform(0.0, DURATION - 10.0, int(DURATION / 100.0)))
together = [(i, t + rng.uniform(0.0, 1.0)) for t in moments for i in range(LEADERS)]
alone = [(i, rng.uniform(0.0, DURATION)) for i in range(LEADERS, INPUTS) for _ in moments]

net = ne.Network("stdp", seed=1)
net.add("input", INPUTS, "rate")
net.add("cell", 1, "lif")
rule = ne.STDP(learning_rate=0.01, alpha=1.5, w_max=2.0)
net.connect("input", "cell", weights=0.7, plasticity=rule)

sim = ne.Simulator(net, dt=0.5)
print("second   spikes   mean weight of the first 20   of the others")
for second in range(0, int(DURATION), 10_000):
    now = [(i, t - second) for i, t in together + alone if second < t <= second + 10_000]
    spikes = len(sim.run(10_000.0, inputs={"input": now}).spikes["cell"])
    weights = sim.weights()["input->cell"][:, 0]
    print(f"{second // 1000 + 10:>6} {spikes:>8} {weights[:LEADERS].mean():>29.2f} {weights[LEADERS:].mean():>15.2f}")
learnt = sim.weights()["input->cell"][:, 0]
print(f"{(learnt[:LEADERS] > 1.0).sum()} of the 20 have grown, {(learnt[LEADERS:] < 1.0).sum()} of the 80 have shrunk")
