"""Workloads W1 and W2, and networks from files, in NEST.

Run with the Python of an environment that holds nest-simulator; README.md beside this file
tells more.
"""

import time

import numpy as np
import protocol


def connect(nest, pre, post, weight, delay):
    """Connect ids pairwise with one delay."""
    weights = np.broadcast_to(np.asarray(weight, dtype=float), len(pre)).copy()
    synapse = {"synapse_model": "static_synapse", "weight": weights, "delay": np.full(len(pre), delay)}
    nest.Connect(pre, post, "one_to_one", synapse)


def counted(nest, neurons):
    """Return a recorder of all spikes of the population."""
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    return recorder


def w1(nest, data, dt):
    """Build W1, input shifted by one step; return the recorders by name."""
    # C_m = tau_m makes the membrane equation the workload's; delta weights are in mV anyway
    model = {"C_m": 20.0, "tau_m": 20.0, "E_L": 0.0, "V_th": 1.0, "V_reset": 0.0, "t_ref": 0.0, "I_e": 0.0, "V_m": 0.0}
    source = nest.Create("spike_generator", 100)
    for index, node in enumerate(source):
        # NEST takes no spike at time 0, the workload has one
        node.spike_times = data["spike_ms"][data["spike_neuron"] == index] + dt
    hidden = nest.Create("iaf_psc_delta", 800, params=model)
    output = nest.Create("iaf_psc_delta", 100, params=model)
    ids = [np.array(part.tolist()) for part in (source, hidden, output)]
    connect(nest, ids[0][data["pre1"]], ids[1][data["post1"]], data["w1"], dt)
    connect(nest, ids[1][data["pre2"]], ids[2][data["post2"]], data["w2"], dt)
    return {"hidden": counted(nest, hidden), "output": counted(nest, output)}


def w2(nest, data, dt):
    """Build W2; return the recorder by name."""
    # with C_m = tau_m a current of 1 pA is the workload's g of 1 mV
    model = {
        "C_m": 20.0,
        "tau_m": 20.0,
        "E_L": -49.0,
        "V_th": -50.0,
        "V_reset": -60.0,
        "t_ref": 5.0,
        "tau_syn_ex": 5.0,
        "tau_syn_in": 10.0,
        "I_e": 0.0,
    }
    neurons = nest.Create("iaf_psc_exp", 4000, params=model)
    neurons.V_m = data["v0"]
    ids = np.array(neurons.tolist())
    connect(nest, ids[data["exc_pre"]], ids[data["exc_post"]], 1.62, dt)
    connect(nest, ids[data["inh_pre"]], ids[data["inh_post"]], -9.0, dt)
    return {"all": counted(nest, neurons)}


def drawn(nest, data, dt):
    """Build a network from a file, input shifted by one step; return the recorder by name."""
    model = {"C_m": float(data["tau_m"]), "tau_m": float(data["tau_m"]), "E_L": 0.0, "V_m": 0.0, "I_e": 0.0}
    model.update(V_th=float(data["v_threshold"]), V_reset=float(data["v_reset"]), t_ref=float(data["refractory"]))
    cells = nest.Create("iaf_psc_delta", int(data["cells"]), params=model)
    # NEST takes no spike at time 0
    order = np.argsort(data["spike_neuron"], kind="stable")
    ends = np.cumsum(np.bincount(data["spike_neuron"], minlength=int(data["sources"])))[:-1]
    times = np.split(np.round(data["spike_ms"][order] + dt, 1), ends)
    source = nest.Create("spike_generator", int(data["sources"]), params=[{"spike_times": t} for t in times])
    delay = float(data["delay"]) or dt
    ids = np.array(cells.tolist())
    feed = np.array(source.tolist())[data["feed_pre"]], ids[data["feed_post"]]
    connect(nest, *feed, float(data["feed_weight"]), delay)
    for pre, post, weight in protocol.groups(data):
        connect(nest, ids[pre], ids[post], weight, delay)
    return {"cells": counted(nest, cells)}


class NestPeer:
    """NEST cannot go back to an initial state, so each repeat builds the network again."""

    label = "nest"
    build_s = 0.0

    def __init__(self, args):
        import nest

        self.nest, self.version, self.args = nest, nest.__version__, args
        nest.verbosity = nest.VerbosityLevel.ERROR
        self.data = protocol.load(args)

    def build(self):
        nest, dt = self.nest, self.args.dt
        started = time.perf_counter()
        nest.ResetKernel()
        nest.set(resolution=dt, local_num_threads=1)
        recorders = {"w1": w1, "w2": w2, "file": drawn}[self.args.workload](nest, self.data, dt)
        # Prepare also builds the tables that deliver spikes, which Simulate would do inside
        nest.Prepare()
        if self.args.workload != "w2":
            nest.Run(dt)  # the step by which the input is shifted; nothing moves in it
        self.build_s = time.perf_counter() - started
        return recorders

    def run_once(self):
        recorders = self.build()
        started = time.perf_counter()
        self.nest.Run(protocol.SIMULATED_S[self.args.workload] * 1000.0)
        wall_s = time.perf_counter() - started
        counts = {name: recorder.n_events for name, recorder in recorders.items()}
        self.nest.Cleanup()
        return wall_s, counts, {}

    def close(self):
        pass


if __name__ == "__main__":
    protocol.main(NestPeer)
