"""Import path of the tutorial; its benchmarks come with a later version."""
