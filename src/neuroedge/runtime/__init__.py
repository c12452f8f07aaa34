"""What keeps a network going beside its sensors: input that waits, sleep, a pace of fixed periods, a governor of
quality, throttling by temperature."""
