"""From sensor to actuator in real time: `Loop` reads, encodes, runs a network, decodes and writes, 200 times a second.

A turntable shall face a light that wanders. Two cells tell how far the light is to the left or right, as spike rates;
motor neurons turn the table after it. What was commanded also goes to a CSV file, with the seconds since the start.
"""

import math
import tempfile
from pathlib import Path

import numpy as np

import neuroedge as ne
from neuroedge.encoding import RateEncoder, decode_rate
from neuroedge.runtime.loop import Loop
from neuroedge.runtime.sinks import CallbackSink, CsvSink

PERIOD = 5.0

net = ne.Network()
net.add("eyes", 2, "rate")
net.add("motor", 2, ne.LIF(tau_m=10.0, refractory=0.0))
net.connect("eyes", "motor", weights=np.diag([16.0, 16.0]))
encoder = RateEncoder(max_rate=800.0, mode="regular")

angle, errors = 0.0, []


def look():
    """What the two cells read: the light's share to the left, and to the right."""
    light = 40.0 * math.sin(2.0 * math.pi * len(errors) * PERIOD / 1000.0)
    errors.append(light - angle)
    return np.clip([-errors[-1] / 45.0, errors[-1] / 45.0], 0.0, 1.0)


def decode(results):
    left, right = decode_rate(results.spikes["motor"], 2, PERIOD)
    return right - left


def turn(speed):
    """The motor: degrees in one period."""
    global angle
    angle += 0.02 * speed


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "commands.csv"
    # the motor stands still when the loop ends, whatever the reason
    with CsvSink(path) as table:
        sinks = [CallbackSink(turn, safe=0.0), table]
        loop = Loop(look, lambda shares: encoder.encode(shares, PERIOD), net, decode, sinks, period_ms=PERIOD)
        report = loop.run(for_s=1.0)
    rows = path.read_text(encoding="utf-8").split()

print(f"the light moves by 40 degrees, the table is off by {np.mean(np.abs(errors[50:])):.1f} on average")
print(report)
print(f"network {report.compute.p50:.3f} ms in the median, loop itself {report.overhead.p50:.3f} ms")
print(f"{len(rows) - 1} commands written, the last one: {rows[-1]} (seconds, Hz)")
