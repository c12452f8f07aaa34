"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.applications.benchmark import benchmark_edge

__all__ = ["benchmark_edge"]
