"""What happens around the calls of a live network: input that waits, sleep, deadlines, a governor."""
