"""A sensor node learns what is normal, and then tells of faults: warning or critical, by the spikes of its network."""

import numpy as np

from neuroedge.applications.anomaly import train_anomaly_detector
from neuroedge.applications.node import Fault, inject, normal_samples
from neuroedge.encoding import encode_humidity, encode_motion, encode_temperature
from neuroedge.tutorial import NeuromorphicAPI

api = NeuromorphicAPI()
api.create_network()
api.add_sensory_layer("temperature", 10, "rate")
api.add_sensory_layer("humidity", 10, "rate")
api.add_sensory_layer("motion", 100, "temporal")
api.add_processing_layer("feature", 50, "lif")
api.add_processing_layer("anomaly", 20, "adex")
api.add_motor_layer("alert", 3)

report = train_anomaly_detector(api, normal_samples(2000, seed=1))
print(f"{report.samples} samples, {len(report.detectors)} detectors, {api.network.synapses} synapses")

# another day, on which one hygrometer freezes at minute 100, and a thermometer jumps by 6 sigma at minute 200
days = normal_samples(260, seed=2, start=480)
rng = np.random.default_rng(0)
days = inject(days, Fault("stuck", 100, 50, {"humidity": np.array([4])}, {"humidity": 1.0}), rng)
days = inject(days, Fault("spike", 200, 3, {"temperature": np.array([7])}, {"temperature": 1.0}), rng)

before = 0
for minute, sample in enumerate(days):
    inputs = {
        "temperature": encode_temperature(sample["temperature"]),
        "humidity": encode_humidity(sample["humidity"]),
        "motion": encode_motion(sample["motion"]),
    }
    results = api.run_simulation(50.0, external_inputs=inputs)
    alert = int(np.argmax(results["layer_rates"]["alert"]))
    if alert != before:
        spikes = results["layer_spike_counts"]["feature"][report.first :]
        heard = ", ".join(name for name, n in zip(report.detectors, spikes) if n) or "a sensor is silent"
        print(f"minute {minute}: {('normal', 'warning', 'critical')[alert]}" + (f" ({heard})" if alert else ""))
    before = alert
