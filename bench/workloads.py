"""The three workloads, as networks of neuroedge: the same files that other simulators run (see the data's README)."""

import os
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Tuple

import numpy as np

from neuroedge import LIF, CubaLIF, Exponential, Network, Recording, Simulator, SpikeTrain

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("NEUROEDGE_DATA", ROOT.parent / "shared" / "data")) / "workloads"


class Workload(NamedTuple):
    """once() runs one repeat from the start; seconds: simulated; expected: rates in Hz."""

    name: str
    dt: float
    seconds: float
    once: Callable[[], Recording]
    expected: Dict[str, Tuple[float, float]]
    simulator: Simulator


def missing() -> str:
    """Why the workloads cannot run, or an empty text."""
    names = [n for n in ("w1.npz", "cuba4000.npz", "dense784.npz") if not (DATA / n).exists()]
    return f"{', '.join(names)} not found under {DATA}; set NEUROEDGE_DATA to the data directory" if names else ""


def w1_network() -> Network:
    """100 given inputs at 20 Hz → 800 LIF → 100 LIF, 10,000 delta synapses."""
    z = np.load(DATA / "w1.npz")
    net = Network("w1")
    net.add("input", 100, "rate")
    for name, n in (("hidden", 800), ("output", 100)):
        net.add(name, n, LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0))
    net.connect("input", "hidden", synapses=(z["pre1"], z["post1"], z["w1"]))
    net.connect("hidden", "output", synapses=(z["pre2"], z["post2"], z["w2"]))
    return net


def w1_inputs() -> Dict[str, SpikeTrain]:
    """The given spikes of 10 s."""
    z = np.load(DATA / "w1.npz")
    return {"input": SpikeTrain(z["spike_neuron"], z["spike_ms"].astype(float), size=100)}


def w1(dt: float, engine: str = "auto", precision: str = "float32") -> Workload:
    """W1 for 10 s."""
    sim, inputs = Simulator(w1_network(), dt=dt, engine=engine, precision=precision), w1_inputs()

    def once() -> Recording:
        sim.reset()
        return sim.run(10_000.0, inputs)

    # int8 weights are others, and so are their rates
    expected = {} if precision == "int8" else {"hidden": (7.02, 7.42), "output": (20.0, 20.4)}
    return Workload("w1", dt, 10.0, once, expected, sim)


def w2() -> Workload:
    """Vogels–Abbott CUBA, 4,000 LIF with exponential synapses, 1 s at 0.1 ms."""
    z = np.load(DATA / "cuba4000.npz")
    net = Network("w2")
    cell = CubaLIF(
        tau_m=20.0, v_rest=-49.0, v_reset=-60.0, v_threshold=-50.0, refractory=5.0, v_init=z["v0"].astype(float)
    )
    net.add("all", 4000, cell)
    for sign, weight, tau in (("exc", 1.62, 5.0), ("inh", -9.0, 10.0)):
        pre, post = z[f"{sign}_pre"], z[f"{sign}_post"]
        given = (pre, post, np.full(len(pre), weight, np.float32))
        net.connect("all", "all", synapses=given, synapse=Exponential(tau))
    sim = Simulator(net, dt=0.1)

    def once() -> Recording:
        sim.reset()
        return sim.run(1000.0)

    return Workload("w2", 0.1, 1.0, once, {"all": (5.8, 6.1)}, sim)


def w3_network() -> Network:
    """784-256-10 dense LIF, beta 0.9 a step, reset by subtraction."""
    hidden, out = w3_weights()
    net = Network("w3")
    net.add("input", 784, "rate")
    for name, n in (("hidden", 256), ("output", 10)):
        cell = LIF(
            tau_m=-1.0 / float(np.log(0.9)), v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=0.0, reset="subtract"
        )
        net.add(name, n, cell)
    net.connect("input", "hidden", weights=hidden)
    net.connect("hidden", "output", weights=out)
    return net


def w3_weights() -> Tuple[np.ndarray, np.ndarray]:
    """Of both layers, [pre, post]."""
    z = np.load(DATA / "dense784.npz")
    return np.ascontiguousarray(z["w_hidden"].T, np.float32), np.ascontiguousarray(z["w_out"].T, np.float32)


def w3_raster(percent: int) -> np.ndarray:
    """Four samples of 100 steps, `percent` (5 or 10) of the inputs active: bool [step, sample, input]."""
    z = np.load(DATA / "dense784.npz")
    shape = tuple(z["raster_shape"])
    return np.unpackbits(z[f"raster_{percent}pct"])[: int(np.prod(shape))].reshape(shape).astype(bool)


def w3_samples(percent: int) -> List[SpikeTrain]:
    """The same as spike trains."""
    raster = w3_raster(percent)
    found = [np.nonzero(raster[:, sample]) for sample in range(raster.shape[1])]
    return [SpikeTrain(neuron, step + 1.0, size=784) for step, neuron in found]
