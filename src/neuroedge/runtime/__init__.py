"""What keeps a network going beside its sensors: the loop from sensor to actuator with its sources and sinks, a pace of
fixed periods, a governor of quality, throttling by temperature, input that waits, sleep."""
