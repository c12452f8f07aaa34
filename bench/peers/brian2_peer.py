"""Workloads W1 and W2, and networks from files, in Brian2, as a C++ standalone program or through NumPy.

Run with the Python of an environment that holds brian2; README.md beside this file tells more.
"""

import os
import tempfile
import time

import protocol

# what Brian2 itself recommends and sets by default for GCC, named here so that a preference
# file in the user's home cannot change the measurement; state is double, as by default
FLAGS = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11"]

# the order integrate, input, threshold, reset; a synapse without a delay then hands a spike on
# in the next step, which is the workloads' delay of one step
SCHEDULE = ["start", "groups", "synapses", "thresholds", "resets", "end"]

# wall time of the step loop alone, from inside the generated program: the time that Brian2
# reports there comes from std::clock(), which is processor time and so blind to being preempted
START = "const auto bench_start = std::chrono::steady_clock::now();"
STOP = """
const std::chrono::duration<double> bench_wall = std::chrono::steady_clock::now() - bench_start;
{ std::ofstream bench_out(brian::results_dir + "wall.txt"); bench_out.precision(9);
  bench_out << bench_wall.count(); }
"""


def w1(b2, data):
    """Return the objects of W1 and its counting groups by name."""
    eqs = "dv/dt = -v/(20*ms) : 1\nn_fired : integer"
    model = {"threshold": "v >= 1", "reset": "v = 0; n_fired += 1", "method": "exact"}
    # slot 'start' comes before 'synapses', so input arrives one step after its time as well
    source = b2.SpikeGeneratorGroup(100, data["spike_neuron"], data["spike_ms"] * b2.ms, when="start")
    hidden = b2.NeuronGroup(800, eqs, **model)
    output = b2.NeuronGroup(100, eqs, **model)
    first = b2.Synapses(source, hidden, "w : 1", on_pre="v_post += w")
    first.connect(i=data["pre1"], j=data["post1"])
    first.w = data["w1"]
    second = b2.Synapses(hidden, output, "w : 1", on_pre="v_post += w")
    second.connect(i=data["pre2"], j=data["post2"])
    second.w = data["w2"]
    return [source, hidden, output, first, second], {"hidden": hidden, "output": output}


def w2(b2, data):
    """Return the objects of W2 and its counting group by name."""
    eqs = """dv/dt = (ge + gi - (v + 49))/(20*ms) : 1 (unless refractory)
             dge/dt = -ge/(5*ms) : 1
             dgi/dt = -gi/(10*ms) : 1
             n_fired : integer"""
    # Brian2 skips one step fewer than its refractory time has, hence the added dt
    neurons = b2.NeuronGroup(
        4000,
        eqs,
        threshold="v >= -50",
        reset="v = -60; n_fired += 1",
        refractory=5 * b2.ms + b2.defaultclock.dt,
        method="exact",
    )
    neurons.v = data["v0"]
    excite = b2.Synapses(neurons, neurons, on_pre="ge_post += 1.62")
    excite.connect(i=data["exc_pre"], j=data["exc_post"])
    inhibit = b2.Synapses(neurons, neurons, on_pre="gi_post += -9.0")
    inhibit.connect(i=data["inh_pre"], j=data["inh_post"])
    return [neurons, excite, inhibit], {"all": neurons}


def drawn(b2, data):
    """Return the objects of a network from a file and its counting group by name."""
    refractory = " (unless refractory)" if data["refractory"] else ""
    cells = b2.NeuronGroup(
        int(data["cells"]),
        "dv/dt = -v/(%r*ms) : 1%s\nn_fired : integer" % (float(data["tau_m"]), refractory),
        threshold="v >= %r" % float(data["v_threshold"]),
        reset="v = %r; n_fired += 1" % float(data["v_reset"]),
        # Brian2 skips one step fewer than its refractory time has
        refractory=data["refractory"] * b2.ms + b2.defaultclock.dt if data["refractory"] else False,
        method="exact",
    )
    source = b2.SpikeGeneratorGroup(int(data["sources"]), data["spike_neuron"], data["spike_ms"] * b2.ms, when="start")
    objects = [source, cells]
    feed = (data["feed_pre"], data["feed_post"], float(data["feed_weight"]))
    for origin, (pre, post, weight) in [(source, feed)] + [(cells, g) for g in protocol.groups(data)]:
        # what arrives at a refractory neuron is lost
        heard = "*int(not_refractory_post)" if data["refractory"] else ""
        synapses = b2.Synapses(origin, cells, on_pre="v_post += %r%s" % (weight, heard))
        synapses.connect(i=pre, j=post)
        if data["delay"]:
            # the schedule adds a step
            synapses.delay = data["delay"] * b2.ms - b2.defaultclock.dt
        objects.append(synapses)
    return objects, {"cells": cells}


class Brian2Peer:
    """The network as Brian2 holds it; a subclass for each backend runs it.

    Spikes are counted in the reset, which is cheaper than a SpikeMonitor.
    """

    def __init__(self, args):
        import brian2 as b2

        self.b2, self.version = b2, b2.__version__
        data = protocol.load(args)
        self.duration = protocol.SIMULATED_S[args.workload] * b2.second
        started = time.perf_counter()
        self.prepare()
        b2.defaultclock.dt = args.dt * b2.ms
        objects, self.groups = {"w1": w1, "w2": w2, "file": drawn}[args.workload](b2, data)
        self.net = self.network(objects)
        self.net.schedule = SCHEDULE
        self.finish()
        self.build_s = time.perf_counter() - started

    def counts(self):
        return {name: int(sum(group.n_fired[:])) for name, group in self.groups.items()}


class Standalone(Brian2Peer):
    """The generated program, compiled once and started anew for each repeat."""

    label = "brian2-cpp"

    def prepare(self):
        self.folder = tempfile.TemporaryDirectory(prefix="brian2_peer_")
        self.b2.prefs.codegen.cpp.extra_compile_args_gcc = FLAGS
        self.b2.prefs.codegen.cpp.headers = ["<chrono>", "<fstream>"]
        self.b2.prefs.devices.cpp_standalone.openmp_threads = 0
        self.b2.set_device("cpp_standalone", build_on_run=False)

    def network(self, objects):
        return self.b2.Network(objects)

    def finish(self):
        device = self.b2.get_device()
        device.insert_code("before_network_run", START)
        device.insert_code("after_network_run", STOP)
        self.net.run(self.duration)
        device.build(directory=self.folder.name, run=False)

    def run_once(self):
        device = self.b2.get_device()
        wall = os.path.join(device.results_dir, "wall.txt")
        if os.path.exists(wall):
            os.remove(wall)  # else a failed run could hand in the time of the one before
        device.run(with_output=False)
        with open(wall) as stream:
            wall_s = float(stream.read())
        return wall_s, self.counts(), {"cpu_s": device._last_run_time}

    def close(self):
        self.folder.cleanup()


class Runtime(Brian2Peer):
    """Brian2 inside Python with its NumPy target; the state is restored before each repeat."""

    label = "brian2-numpy"

    def prepare(self):
        self.b2.prefs.codegen.target = "numpy"

    def network(self, objects):
        class Timed(self.b2.Network):
            """Clocks the step loop alone: Brian2 generates its code again in before_run."""

            def before_run(self, run_namespace):
                super().before_run(run_namespace)
                self.started = time.perf_counter()

            def after_run(self):
                self.wall_s = time.perf_counter() - self.started
                super().after_run()

        return Timed(objects)

    def finish(self):
        self.net.store()

    def run_once(self):
        self.net.restore()
        self.net.run(self.duration)
        return self.net.wall_s, self.counts(), {}

    def close(self):
        pass


if __name__ == "__main__":
    protocol.main(
        lambda args: (Standalone if args.backend == "cpp_standalone" else Runtime)(args),
        backends=("cpp_standalone", "numpy"),
    )
