"""A sensor node that was taught what is normal: false alarms on other days, and which injected faults it reports."""

import time
from typing import Dict, Iterator, List, NamedTuple

import numpy as np
from pairs import Row, row

from neuroedge.applications.anomaly import train_anomaly_detector
from neuroedge.applications.node import FAULTS, Samples, draw_fault, inject, normal_samples
from neuroedge.encoding import sensor_encoder
from neuroedge.tutorial.api import NeuromorphicAPI

# samples before a fault that settle the network, and after it in which its alarm still counts
BEFORE, AFTER = 40, 2
SCOPES = ("sensor", "kind", "all")


class Found(NamedTuple):
    """Samples from the begin of a fault to its first warning and critical alarm, −1 where there was none."""

    warning: int
    critical: int


def node() -> NeuromorphicAPI:
    """The tutorial's network."""
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("temperature", 10, "rate")
    api.add_sensory_layer("humidity", 10, "rate")
    api.add_sensory_layer("motion", 100, "temporal")
    api.add_processing_layer("feature", 50, "lif")
    api.add_processing_layer("anomaly", 20, "adex")
    api.add_motor_layer("alert", 3)
    return api


def levels(api: NeuromorphicAPI, samples: Samples) -> np.ndarray:
    """The alert of each sample, from the start."""
    encoders = {name: sensor_encoder(name) for name in samples[0]}
    api.reset()
    answers = []
    for sample in samples:
        inputs = {name: encoders[name].encode(values) for name, values in sample.items()}
        results = api.run_simulation(50.0, external_inputs=inputs, record_spikes=False)
        answers.append(int(np.argmax(results["layer_rates"]["alert"])))
    return np.array(answers)


def faults(api: NeuromorphicAPI, kind: str, scope: str, times: int, seed: int) -> List[Found]:
    """What became of `times` faults of one kind, each at another time of other days."""
    rng = np.random.default_rng([seed, *map(ord, kind + scope)])
    found = []
    for k in range(times):
        length = BEFORE + FAULTS[kind] + AFTER
        calm = normal_samples(length, seed=10_000 + 1_000 * seed + k, start=int(rng.integers(1440)))
        faulty = inject(calm, draw_fault(kind, scope, BEFORE, rng, calm[0]), rng)
        alert = levels(api, faulty)[BEFORE:]
        first = [int(np.argmax(alert >= level)) if (alert >= level).any() else -1 for level in (1, 2)]
        found.append(Found(*first))
    return found


def anomaly(repeats: int, quick: bool) -> Iterator[Row]:
    """All of this file. The network is trained on 2,000 samples, and asked about others."""
    api = node()
    began = time.perf_counter()
    train_anomaly_detector(api, normal_samples(2_000, seed=1))
    yield row("anomaly, training", "s", [time.perf_counter() - began])
    calm = 2_000 if quick else 10_000
    began = time.perf_counter()
    alert = levels(api, normal_samples(calm, seed=2, start=300))
    yield row("anomaly, one sample of 50 ms", "ms", [1e3 * (time.perf_counter() - began) / calm])
    for name, level in (("warning", 1), ("critical", 2)):
        count = int(np.count_nonzero(alert == level))
        yield row(f"false {name}s", "per 10,000", [1e4 * count / calm], f"{count} in {calm:,} normal samples")
    totals: Dict[str, List[Found]] = {}
    for kind in FAULTS:
        for scope in SCOPES:
            found = faults(api, kind, scope, 10 if quick else 100, 1)
            totals.setdefault(scope, []).extend(found)
            yield _share(f"{kind}, {scope}", found)
    for scope, found in totals.items():
        yield _share(f"all faults, {scope}", found)
    yield _share("all faults", [one for found in totals.values() for one in found])


def _share(name: str, found: List[Found]) -> Row:
    reached = {level: [getattr(one, level) for one in found if getattr(one, level) >= 0] for level in Found._fields}
    shares = {level: len(times) / len(found) for level, times in reached.items()}
    delays = {level: float(np.median(times)) if times else float("nan") for level, times in reached.items()}
    note = (
        f"critical {shares['critical']:.1%}; after {delays['warning']:g} and {delays['critical']:g} samples (median); "
        f"{len(found)} faults"
    )
    more = {"critical": shares["critical"], "delay_warning": delays["warning"], "delay_critical": delays["critical"]}
    return row(name, "% warned", [100.0 * shares["warning"]], note, **more)
