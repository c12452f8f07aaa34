"""Frames become events, events make spikes, spikes tell which way something moves."""

import numpy as np

from neuroedge import DVSEncoder, Simulator
from neuroedge.applications.motion import build_motion_network, moving_bar, read_motion

sim = Simulator(build_motion_network(), dt=1.0)
camera = DVSEncoder(resolution=(64, 64), threshold=0.2)

for direction in ("up", "right", "down-left"):
    sim.reset()
    camera.reset()
    votes = np.zeros(10, int)
    for k, frame in enumerate(moving_bar(direction, speed=50.0)):
        events = camera.encode(frame, timestamp=(k + 1) * 40.0)
        votes += sim.run(40.0, inputs={"retina": events}).counts["output"]
    motion = read_motion(votes)
    print(f"a bar that moves {direction}: {motion.direction}, {motion.speed}, margin {motion.margin:.0%}")
