"""What keeps a network going in time: a pace of fixed periods, a governor of quality, throttling by temperature."""
