"""A balancing robot driven by spikes: readings of an IMU in, the duty of its motors out, a hundred times a second.

The network is the tutorial's: imu 6 -> integration 20 (AdEx) -> balance 4. Its weights were trained in simulation by
`neuroedge.applications.control.train_balance`, in about a minute.
"""

import numpy as np

from neuroedge.applications.control import (
    BalancingRobot,
    ClassicalBalance,
    SpikingBalance,
    evaluate_balance,
    load_balance,
    untrained_balance,
)

robot = BalancingRobot(seed=4, lean=np.radians(5.0))
pilot = SpikingBalance(load_balance("adex"))
for step in range(500):
    if step % 50 == 0:
        column = int(np.clip(30 + 4 * np.degrees(robot.lean[0]), 0, 60))
        print(f"{robot.time:4.1f} s {np.degrees(robot.lean[0]):+5.1f} deg " + " " * column + "|")
    robot.drive(pilot.act(robot.read()))

pilots = {
    "trained, AdEx": SpikingBalance(load_balance("adex"), 10),
    "trained, LIF in int8": SpikingBalance(load_balance("lif"), 10, "lif", "int8"),
    "classical": ClassicalBalance(10),
    "untrained": SpikingBalance(untrained_balance(), 10),
}
for name, pilot in pilots.items():
    found = evaluate_balance(pilot, 10, seconds=5.0, seed=1)
    print(f"{name:<22}{found.standing:5.0%} stand after 5 s, mean lean {found.lean:.1f} degrees")
