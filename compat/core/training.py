"""Re-exports of neuroedge under the tutorial's import path."""

from neuroedge.applications.anomaly import train_anomaly_detector

__all__ = ["train_anomaly_detector"]
