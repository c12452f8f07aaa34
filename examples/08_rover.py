"""A rover crosses a course of obstacles by spikes: camera, lidar and IMU in, two wheel speeds out, 50 times a second.

The network is the tutorial's robot control network; its weights were trained in simulation by
`neuroedge.applications.control.train_rover`, in about a minute.
"""

import numpy as np

from neuroedge.applications.control import Courses, Rover, SpikingDriver, load_rover

course = Courses(1, seed=2)
rover = Rover(course, seed=2)
pilot = SpikingDriver(load_rover())

x, y = np.meshgrid(np.arange(0.0, course.length, 0.1), np.arange(course.width / 2 - 0.1, -course.width / 2, -0.2))
free = np.array([course.clearance(px[None], py[None])[0] for px, py in zip(x.ravel(), y.ravel())]).reshape(x.shape)
chart = np.where(free > 0.0, " ", "#")

while rover.active.any() and rover.time < 45.0:
    rover.drive(pilot.act(rover.sense(), rover.active))
    row = int(np.argmin(abs(y[:, 0] - rover.y[0])))
    column = int(np.argmin(abs(x[0] - rover.x[0])))
    chart[row, column] = "."

print("\n".join("".join(line) for line in chart))
how = "without a hit" if rover.arrived[0] else "and hit something" if rover.hit[0] else "and did not arrive"
print(f"{rover.x[0]:.1f} m in {rover.time:.1f} s, {how}")
