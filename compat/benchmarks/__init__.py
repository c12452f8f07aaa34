"""Import path of the tutorial: `from benchmarks.edge_benchmarks import benchmark_edge`."""
