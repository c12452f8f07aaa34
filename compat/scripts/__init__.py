"""Import path of the tutorial: `from scripts.jetson_optimization import JetsonOptimizer`."""
