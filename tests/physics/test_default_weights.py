"""Default weights: what they are, and what layers make of them.

The rule was measured at dt = 1 ms as 1-2, 15-19 and 40-49 Hz out for 5, 20 and 50 Hz in, with K = 10 … 1,000
synapses per neuron. At 0.1 ms spikes are rounded less, which adds up to a tenth. The bands below are those of the
rule, with the scatter of a few hundred neurons around them.
"""

import numpy as np
import pytest

from neuroedge import ALIF, LIF, AdEx, Alpha, CubaLIF, Exponential, Izhikevich, Network, Simulator

RATES_IN = (5.0, 20.0, 50.0)
BANDS = {1.0: [(0.8, 3.5), (15.0, 20.5), (41.0, 51.0)], 0.1: [(0.8, 3.5), (15.0, 22.5), (41.0, 57.0)]}
TARGETS = {
    "LIF": (LIF(), None),
    "LIF, current": (LIF(), Exponential(5.0)),
    "CubaLIF": (CubaLIF(), None),
    "ALIF": (ALIF(), None),
    "AdEx": (AdEx(), None),
    "AdEx, current": (AdEx(), Exponential(5.0)),
    "Izhikevich": (Izhikevich(), None),
    "Izhikevich, current": (Izhikevich(), Exponential(5.0)),
    "LIF, alpha": (LIF(), Alpha(5.0)),
}


def simulate(net, dt, duration=1000.0):
    """Rates after 200 ms, in which the start is forgotten."""
    simulator = Simulator(net, dt=dt, engine="clock")
    simulator.run(200.0, record=())
    return simulator.run(duration, record=()).rates


def one_layer(fan_in, dt, seed, neurons=300):
    """Mean rates of LIF layers under the three input rates."""
    probability = 0.5 if fan_in < 300 else 1.0
    net = Network(seed=seed)
    for k, rate in enumerate(RATES_IN):
        net.add(f"in{k}", round(fan_in / probability), "poisson", rate=rate)
        net.add(f"out{k}", neurons, "lif")
        net.connect(f"in{k}", f"out{k}", probability=probability)
    rates = simulate(net, dt)
    return [rates[f"out{k}"].mean() for k in range(len(RATES_IN))]


def third_layer(model, synapse, rate, neurons=200, fan_in=100):
    """Rates of each neuron three layers deep."""
    net = Network(seed=1)
    net.add("layer0", fan_in, "poisson", rate=rate)
    for k in range(1, 4):
        net.add(f"layer{k}", neurons, model)
        probability = 1.0 if k == 1 else fan_in / neurons
        net.connect(f"layer{k - 1}", f"layer{k}", probability=probability, synapse=synapse)
    return simulate(net, 0.1)["layer3"]


def test_mean_and_spread_are_those_of_the_rule():
    net = Network()
    net.add("in", 1000, "poisson")
    net.add("out", 200, LIF(tau_m=10.0, v_rest=-70.0, v_threshold=-52.0))
    weights = net.connect("in", "out", probability=0.3).connectivity.weight
    load = 300 * 0.02 * 10.0
    mean, spread = 18.0 * 0.5 / load, 18.0 * 0.6 / np.sqrt(load / 2)
    assert weights.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(len(weights)))
    assert weights.std() == pytest.approx(spread, rel=0.02)


@pytest.mark.long
@pytest.mark.parametrize("dt", sorted(BANDS))
@pytest.mark.parametrize("fan_in", [10, 30, 100, 300, 1000])
def test_rates_of_one_layer(fan_in, dt):
    out = np.mean([one_layer(fan_in, dt, seed) for seed in range(3)], axis=0)
    for rate, (low, high) in zip(out, BANDS[dt]):
        assert low < rate < high


@pytest.mark.parametrize("rate,low,high", [(20.0, 10.0, 30.0), (50.0, 40.0, 75.0)])
def test_lif_keeps_its_rate_three_layers_deep(rate, low, high):
    out = third_layer(LIF(), None, rate)
    assert low < out.mean() < high
    assert (out == 0).mean() < 0.25


@pytest.mark.parametrize("rate", [20.0, 50.0])
@pytest.mark.parametrize("name", list(TARGETS))
def test_depth_neither_silences_nor_saturates(name, rate):
    out = third_layer(*TARGETS[name], rate)
    # spikes raise the threshold of ALIF, which is what it is for, so less comes through it
    assert out.mean() > (1.0 if name == "ALIF" else 2.0)
    assert (out == 0).mean() < 0.6
    # far below what the refractory time, or a spike a tick or two, would allow
    assert out.mean() < 100.0


@pytest.mark.parametrize("name", list(TARGETS))
def test_one_to_one_passes_each_spike_on(name):
    model, synapse = TARGETS[name]
    net = Network()
    net.add("in", 1, "rate")
    net.add("out", 1, model)
    net.connect("in", "out", pattern="one_to_one", synapse=synapse)
    simulator = Simulator(net, dt=0.1, engine="clock")
    # AdEx and Izhikevich start beside their rest
    simulator.run(300.0, record=())
    counts = simulator.run(500.0, inputs={"in": [(0, 50.0), (0, 300.0)]}, record=()).counts["out"]
    assert counts.tolist() == [2]
