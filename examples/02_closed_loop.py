"""A closed loop, one step at a time: spikes in, spikes out, and an action that changes the next input.

A ball moves on a line; two sensor neurons fire when it is left or right of the middle, two motor neurons push it back.
"""

import numpy as np

import neuroedge as ne

net = ne.Network()
net.add("sensor", 2, "rate")
net.add("motor", 2, ne.LIF(tau_m=10.0, refractory=0.0))
# left drives the push to the right and the other way round; two spikes close together make one push
net.connect("sensor", "motor", weights=np.array([[0.0, 10.0], [10.0, 0.0]]))
sim = ne.Simulator(net, dt=1.0)

position, speed = 1.0, 0.0
farthest = []
for tick in range(400):
    side = 0 if position < 0 else 1
    spikes = sim.step({"sensor": np.array([side], np.uint32)} if abs(position) > 0.05 else None)
    # motor 0 pushes to the left, motor 1 to the right; friction does the rest
    push = np.bincount(spikes["motor"], minlength=2)
    speed = 0.9 * speed + 0.02 * (push[1] - push[0])
    position += speed
    farthest.append(abs(position))

print(
    f"distance from the middle: {max(farthest[:50]):.2f} in the first 50 ms, {max(farthest[-50:]):.2f} in the last 50"
)
