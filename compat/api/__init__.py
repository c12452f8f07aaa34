"""Import path of the tutorial: `from api.neuromorphic_api import NeuromorphicAPI`."""
