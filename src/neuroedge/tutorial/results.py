"""The answer of `run_simulation`: reads like a dict, with the same names as attributes."""

from typing import Any, Dict, Iterator, List, Mapping

from ..errors import NotRecordedError, UnknownNameError
from ..plan.recording import Lazy, Recording

__all__ = ["SimulationResult"]


class _NotRecorded(Mapping[str, Any]):
    """An empty mapping that says why it is empty."""

    def __init__(self, what: str, call: str, option: str) -> None:
        self._text = f"{what} were not recorded: {call}(…, {option}=True)"

    def __getitem__(self, key: str) -> Any:
        raise NotRecordedError(self._text)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class SimulationResult(Mapping[str, Any]):
    """duration: ms. layer_spike_times: {layer: [(neuron, ms), …]}, times from the start of the call, empty if not
    recorded. layer_spike_counts: {layer: int64 [n]}. layer_rates: {layer: Hz [n]}. potentials: {layer: mV [ticks, n]}
    and weights: {"pre->post": [pre, post]} where recorded. performance: see `Recording`. recording: the `Recording`.
    """

    def __init__(self, recording: Recording, call: str = "run_simulation") -> None:
        self.recording, self._call = recording, call
        spikes = recording.spikes
        pairs = Lazy(spikes, lambda name: list(spikes[name]))
        self._entries: Dict[str, Any] = {
            "duration": recording.duration,
            "layer_spike_times": pairs if len(spikes) else _NotRecorded("spike times", call, "record_spikes"),
            "layer_spike_counts": recording.counts,
            "layer_rates": recording.rates,
            "performance": recording.performance,
        }
        if recording.potentials:
            self._entries["potentials"] = recording.potentials
        if recording.weights is not None:
            self._entries["weights"] = recording.weights

    def __getitem__(self, key: str) -> Any:
        if key in self._entries:
            return self._entries[key]
        if key in ("potentials", "weights"):
            raise NotRecordedError(f"{key} were not recorded: {self._call}(…, record_{key}=True)")
        raise UnknownNameError("result", key, self._entries)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except UnknownNameError as error:
            raise AttributeError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __dir__(self) -> List[str]:
        return sorted([*super().__dir__(), *self._entries])

    def __repr__(self) -> str:
        return repr(self.recording).replace("Recording(", "SimulationResult(", 1)
