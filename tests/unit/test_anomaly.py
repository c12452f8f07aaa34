"""The sensor node: normal days stay quiet, faults are told, and the alert is the network's own."""

from typing import Any

import numpy as np
import pytest

from neuroedge.applications.anomaly import train_anomaly_detector
from neuroedge.applications.node import FAULTS, SIGMA, Fault, draw_fault, inject, normal_samples
from neuroedge.encoding import sensor_encoder
from neuroedge.errors import NotReadyError, ParameterError
from neuroedge.tutorial.api import NeuromorphicAPI


def node() -> NeuromorphicAPI:
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("temperature", 10, "rate")
    api.add_sensory_layer("humidity", 10, "rate")
    api.add_sensory_layer("motion", 100, "temporal")
    api.add_processing_layer("feature", 50, "lif")
    api.add_processing_layer("anomaly", 20, "adex")
    api.add_motor_layer("alert", 3)
    return api


def levels(api: Any, samples: Any) -> np.ndarray:
    encoders = {name: sensor_encoder(name) for name in samples[0]}
    api.reset()
    answers = []
    for sample in samples:
        inputs = {name: encoders[name].encode(values) for name, values in sample.items()}
        results = api.run_simulation(50.0, external_inputs=inputs)
        answers.append(int(np.argmax(results["layer_rates"]["alert"])))
    return np.array(answers)


@pytest.fixture(scope="module")
def trained() -> NeuromorphicAPI:
    api = node()
    train_anomaly_detector(api, normal_samples(2000, seed=1))
    return api


@pytest.mark.long
def test_other_normal_days_are_quiet(trained: NeuromorphicAPI) -> None:
    alert = levels(trained, normal_samples(1500, seed=2, start=300))
    assert np.count_nonzero(alert == 2) <= 1
    assert np.count_nonzero(alert) <= 15


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_faults_of_one_thermometer_are_critical(trained: NeuromorphicAPI, kind: str) -> None:
    calm = normal_samples(25 + FAULTS[kind], seed=4, start=500)
    fault = Fault(kind, 20, FAULTS[kind], {"temperature": np.array([3])}, {"temperature": 1.0})
    alert = levels(trained, inject(calm, fault, np.random.default_rng(0)))
    assert not alert[:20].any()
    assert alert[20:].max() == 2


@pytest.mark.long
@pytest.mark.parametrize("scope", ["kind", "all"])
def test_whole_sensors_that_fall_silent_are_critical(trained: NeuromorphicAPI, scope: str) -> None:
    rng = np.random.default_rng(3)
    calm = normal_samples(70, seed=5)
    fault = draw_fault("stuck", scope, 20, rng, calm[0])
    alert = levels(trained, inject(calm, fault, rng))
    assert not alert[:20].any() and (alert[30:70] > 0).mean() > 0.9


@pytest.mark.long
def test_without_weights_there_is_no_alert(trained: NeuromorphicAPI) -> None:
    calm = normal_samples(25, seed=6)
    calm[20:] = [{name: values * 0.5 for name, values in sample.items()} for sample in calm[20:]]
    assert levels(trained, calm)[20:].max() == 2
    weights = trained.network.get_weights()
    trained.set_weights({name: 0.0 * matrix for name, matrix in weights.items()})
    assert not levels(trained, calm).any()
    results = trained.run_simulation(50.0)
    assert not results["layer_spike_counts"]["alert"].any()
    train_anomaly_detector(trained, normal_samples(2000, seed=1))


@pytest.mark.long
def test_int8_says_what_it_loses(trained: NeuromorphicAPI) -> None:
    levels(trained, normal_samples(1, seed=6))
    with pytest.warns(UserWarning, match=r"become 0 in feature->feature \(\d\d%\).*or use float32"):
        trained.set_precision("int8")
    trained.set_precision("float32")


@pytest.mark.long
def test_training_twice_is_training_once() -> None:
    samples = normal_samples(600, seed=1)
    once, twice = node(), node()
    for api in (once, twice, twice):
        train_anomaly_detector(api, samples)
    first, second = once.network.get_weights(), twice.network.get_weights()
    assert first.keys() == second.keys()
    assert all((first[name] == second[name]).all() for name in first)


def test_faults_have_the_stated_size() -> None:
    calm = normal_samples(300, seed=1)
    where, sign = {"humidity": np.array([2])}, {"humidity": -1.0}
    for kind, length in FAULTS.items():
        faulty = inject(calm, Fault(kind, 50, length, where, sign), np.random.default_rng(0))
        change = np.array([a["humidity"] - b["humidity"] for a, b in zip(faulty, calm)])
        assert not change[:50].any() and not change[50 + length :].any() and not np.delete(change, 2, axis=1).any()
        if kind in ("spike", "drift"):
            assert change[49 + length, 2] == pytest.approx(-6.0 * SIGMA["humidity"])


@pytest.mark.parametrize(
    "data, text",
    [
        (5, "a list of"),
        (normal_samples(20), "at least 500 samples"),
        ([{"temperature": np.ones(10)}] * 500, "must have values for 'humidity'"),
        ([{"wind": 1.0}] * 500, "unknown sensory layer 'wind'"),
    ],
)
def test_bad_data_is_refused_before_any_work(data: Any, text: str) -> None:
    api = node()
    with pytest.raises((ParameterError, TypeError), match=text):
        train_anomaly_detector(api, data)
    assert not api.network.projections


@pytest.mark.long
def test_a_sensor_that_is_not_a_number_is_refused() -> None:
    samples = normal_samples(500)
    samples[7]["humidity"] = np.full(10, np.nan)
    with pytest.raises(ParameterError, match="encode_humidity"):
        train_anomaly_detector(node(), samples)


def test_other_layers_are_refused_with_the_rule() -> None:
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("temperature", 10, "rate")
    api.add_motor_layer("alert", 3)
    with pytest.raises(NotReadyError, match="one of lif, one of adex"):
        train_anomaly_detector(api, [])


@pytest.mark.long
def test_other_sizes_and_names() -> None:
    api = NeuromorphicAPI()
    api.create_network()
    api.add_sensory_layer("cellar", 4, "rate")
    api.add_processing_layer("f", 12, "lif")
    api.add_processing_layer("a", 8, "adex")
    api.add_motor_layer("out", 3)
    samples = [{"cellar": s["temperature"]} for s in normal_samples(800, seed=3, sizes={"temperature": 4})]
    train_anomaly_detector(api, samples, encoders={"cellar": sensor_encoder("temperature").encode})
    encoder, answers = sensor_encoder("temperature"), []
    for t, sample in enumerate(samples[:60]):
        values = sample["cellar"] + (np.array([0.0, 10.0, 0.0, 0.0]) if t >= 50 else 0.0)
        results = api.run_simulation(50.0, external_inputs={"cellar": encoder.encode(values)})
        answers.append(int(np.argmax(results["layer_rates"]["out"])))
    assert not any(answers[:50]) and max(answers[50:]) == 2
