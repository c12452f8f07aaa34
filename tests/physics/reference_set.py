"""The stored results of other simulators, and the networks of ours that must repeat them.

Units differ: the set has currents in pA, membranes in pF and nS. Our LIF family takes currents in mV (resistance
times current), so pA are divided by g_L, and tau_m = C/g_L. AdEx takes the set's units, Izhikevich has none.
The cases of one family run side by side as neurons of one population, each with its parameters and its input.
"""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from neuroedge import ALIF, LIF, AdEx, CubaLIF, Delta, Exponential, Izhikevich, Network, Simulator

FOLDER = Path(__file__).resolve().parent.parent / "reference_data"
PARAMS = json.loads((FOLDER / "params.json").read_text(encoding="utf-8"))
DURATION = PARAMS["T"]

# lif_exp_poisson is the one LIF case whose synapses are currents
FAMILIES = {"lif": [], "lif_exp": [], "cubalif": [], "alif": [], "adex": [], "izh": []}
for _case in PARAMS["neurons"]:
    FAMILIES["lif_exp" if _case.startswith("lif_exp") else _case.split("_")[0]].append(_case)
FAMILY = {case: family for family, cases in FAMILIES.items() for case in cases}
LINEAR = [case for case, family in FAMILY.items() if family not in ("adex", "izh")]
ADEX, IZHIKEVICH = FAMILIES["adex"], FAMILIES["izh"]
NEURONS = list(FAMILY)


@lru_cache(maxsize=None)
def stored(name):
    """All arrays of one file of the set."""
    with np.load(str(FOLDER / f"{name}.npz")) as file:
        return {key: file[key] for key in file.files}


def spikes_of(case, source):
    """Spike times of a neuron case, ms, from "exact", "brian2_0p1", "nest_0p1" …; None where it was not run."""
    return stored("neurons").get(f"{case}/spikes_{source}")


def ticks(times, dt):
    """Times that lie on the grid, as whole ticks."""
    whole = np.rint(np.asarray(times) / dt)
    assert np.abs(whole * dt - times).max(initial=0.0) < 1e-6
    return whole.astype(np.int64)


def parameters(cases):
    """Parameters of several cases: a number where all agree, else an array with one value per case."""
    sets = [PARAMS["neurons"][case]["par"] for case in cases]
    values = {key: [p[key] for p in sets] for key in sets[0]}
    return {key: v[0] if len(set(v)) == 1 else np.array(v) for key, v in values.items()}


def membrane(p):
    """What the LIF family shares, in our names."""
    return {
        "tau_m": p["C"] / p["g_L"],
        "v_rest": p["E_L"],
        "v_reset": p["V_reset"],
        "v_threshold": p["V_th"],
        "refractory": p["t_ref"],
    }


def model_of(family, p):
    """Our model with the set's parameters."""
    if family == "izh":
        return Izhikevich(a=p["a"], b=p["b"], c=p["c"], d=p["d"], v_peak=p["V_peak"])
    if family == "adex":
        same = {name: p[name] for name in ("C", "g_L", "E_L", "V_T", "a", "b", "tau_w")}
        return AdEx(delta_T=p["D_T"], v_reset=p["V_reset"], v_peak=p["V_peak"], refractory=p["t_ref"], **same)
    if family == "alif":
        return ALIF(tau_a=p["tau_a"], threshold_step=p["d_th"], **membrane(p))
    return CubaLIF(tau_syn=p["tau_ex"], **membrane(p)) if family == "cubalif" else LIF(**membrane(p))


def network_of(family):
    """One neuron per case, and for each a line of excitatory and a line of inhibitory spikes."""
    cases = FAMILIES[family]
    p = parameters(cases)
    net = Network(family)
    net.add("in", 2 * len(cases), "rate")
    net.add("cell", len(cases), model_of(family, p))
    for line, (sign, tau) in enumerate([(1.0, "tau_ex"), (-1.0, "tau_in")]):
        synapse = Exponential(p[tau]) if tau in p else Delta()
        scale = p["g_L"] if tau in p else 1.0
        synapses = np.array([(2 * k + line, k, w / scale) for k, w in _weights(cases, sign)]).reshape(-1, 3)
        if len(synapses):
            pre, post = synapses[:, :2].astype(int).T
            net.connect("in", "cell", synapses=(pre, post, synapses[:, 2]), synapse=synapse)
    return net


def _weights(cases, sign):
    """The one weight that each case's spikes of that sign have, for the cases that have such spikes."""
    for k, case in enumerate(cases):
        weights = np.unique(stored("inputs")[f"{case}/spk_w"])
        for weight in weights[weights * sign > 0]:
            yield k, weight


def input_spikes(cases, dt, duration):
    """The cases' spikes as events of the source: what it sends one tick earlier arrives in time."""
    inputs = stored("inputs")
    return [
        (2 * k + (w < 0), t - dt)
        for k, case in enumerate(cases)
        for t, w in zip(inputs[f"{case}/spk_t"], inputs[f"{case}/spk_w"])
        if t <= duration
    ]


def input_current(case, dt, duration):
    """The case's current at the start of each tick, in our units."""
    since, level = (stored("inputs")[f"{case}/{part}"] for part in ("I_t", "I"))
    # half a tick of margin, because k·dt is not exact
    start = (np.arange(round(duration / dt)) + 0.5) * dt
    scale = PARAMS["neurons"][case]["par"]["g_L"] if case in LINEAR else 1.0
    return np.concatenate(([0.0], level / scale))[np.searchsorted(since, start, side="right")]


@lru_cache(maxsize=None)
def run(family, engine, precision, dt, duration):
    """A recording of all cases of a family."""
    cases = FAMILIES[family]
    simulator = Simulator(network_of(family), dt=dt, engine=engine, precision=precision)
    currents = np.stack([input_current(case, dt, duration) for case in cases], axis=1)
    return simulator.run(
        duration,
        inputs={"in": input_spikes(cases, dt, duration)},
        currents={"cell": currents},
        record=("spikes", "potentials"),
        record_from=["cell"],
    )


def result(case, engine, precision, dt=0.1, duration=DURATION):
    """Spike times of a case in ms, and its potential at dt, 2 dt, … in mV."""
    recording = run(FAMILY[case], engine, precision, dt, duration)
    k = FAMILIES[FAMILY[case]].index(case)
    spikes = recording.spikes["cell"]
    return spikes.times[spikes.neurons == k], recording.potentials["cell"][:, k]
