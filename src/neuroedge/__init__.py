"""neuroedge: spiking networks on the device you have.

A `Network` is described once, compiled once into a constant `Plan`, stepped by an engine that owns a `State`,
and answers with a `Recording`:

    net = Network(seed=1)
    net.add("input", 100, "poisson", rate=20.0)
    net.add("output", 10, "lif")
    net.connect("input", "output")
    print(Simulator(net, dt=1.0).run(1000.0).counts["output"])

Times are ms, potentials and weights mV, rates Hz, unless a name says otherwise. Begin with `Network` and `Simulator`;
then `train`, `NetworkPruner`, `Quantizer`, `save`, and `Loop` for a sensor and an actuator. What is wrong raises a
`NeuroedgeError`. `NeuromorphicAPI` has the layers of the edge deployment tutorial.
"""

import logging
from typing import Any, List

# silent unless the program that uses us wants to hear
logging.getLogger(__name__).addHandler(logging.NullHandler())

__version__ = "0.1.0"

# public names and the rooms they live in; loaded when first used, so that `import neuroedge` stays quick
_ROOMS = {
    "ALIF": "network",
    "AdEx": "network",
    "Alpha": "network",
    "Bundle": "formats",
    "CubaLIF": "network",
    "DVSEncoder": "encoding",
    "Delta": "network",
    "DeltaEncoder": "encoding",
    "EnergyMeter": "board.energy",
    "Exponential": "network",
    "Governor": "runtime.governor",
    "Izhikevich": "network",
    "JetsonOptimizer": "tutorial.jetson",
    "LI": "network",
    "LIF": "network",
    "Loop": "runtime.loop",
    "Network": "network",
    "NetworkPruner": "optimize",
    "NeuroedgeError": "errors",
    "NeuromorphicAPI": "tutorial",
    "Plan": "plan",
    "PoissonSource": "network",
    "PopulationEncoder": "encoding",
    "PowerManager": "tutorial.jetson",
    "Quantizer": "optimize",
    "RateDecoder": "encoding",
    "RateEncoder": "encoding",
    "Recording": "plan",
    "RewardSTDP": "network",
    "STDP": "network",
    "SensorEncoder": "encoding",
    "Simulator": "simulator",
    "SpikePattern": "events",
    "SpikeSource": "network",
    "SpikeTrain": "events",
    "TemporalEncoder": "encoding",
    "TemporalSource": "network",
    "TraceDecoder": "encoding",
    "Variation": "learning",
    "VisionEncoder": "encoding",
    "clipped_values": "encoding",
    "compile_network": "plan.compile",
    "decode_count": "encoding",
    "decode_first_spike": "encoding",
    "decode_motor": "encoding",
    "decode_population": "encoding",
    "decode_rate": "encoding",
    "decode_trace": "encoding",
    "encode_humidity": "encoding",
    "encode_imu": "encoding",
    "encode_lidar": "encoding",
    "encode_motion": "encoding",
    "encode_sensor_data": "encoding",
    "encode_temperature": "encoding",
    "encode_vision": "encoding",
    "evaluate": "learning",
    "fine_tune": "learning",
    "load": "formats",
    "open_sink": "runtime.sinks",
    "open_source": "runtime.sources",
    "predict": "learning",
    "record_golden": "applications.verify",
    "report": "optimize",
    "reset_sensors": "encoding",
    "save": "formats",
    "sensor_encoder": "encoding",
    "train": "learning",
    "verify": "applications.verify",
}

__all__ = sorted([*_ROOMS, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        from importlib import import_module

        value = getattr(import_module(f".{_ROOMS[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'neuroedge' has no attribute {name!r}")


def __dir__() -> List[str]:
    return __all__
