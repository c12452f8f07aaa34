"""`NeuromorphicAPI`: networks by layers, as the edge deployment tutorial describes them."""

import math
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import checks
from ..board import identify
from ..engines.library import simd
from ..errors import NeuroedgeError, NotReadyError, warn
from ..formats.bundle import Bundle
from ..learning import History, evaluate, fine_tune, predict, train
from ..learning.lessons import OPTIONS
from ..network.graph import Network as CoreNetwork
from ..network.plasticity import Plasticity
from ..plan.precision import Change, device_precision
from ..plan.recording import Recording
from ..simulator import Simulator
from .engine import Network, recorded
from .live import Live
from .quality import QUALITIES
from .results import SimulationResult
from .stored import read, write
from .wiring import feedforward_pairs, without_input

__all__ = ["NeuromorphicAPI"]

# bytes that a network may take on a board: half of the memory of its smallest model in use
MEMORY_LIMITS: Dict[str, Optional[int]] = {
    "auto": None,
    "cpu": None,
    "cuda": None,
    "jetson": 1 << 30,
    "raspberrypi": 1 << 29,
}
SENSORY = ("lif", "rate", "temporal", "adex", "izhikevich")
PROCESSING = ("lif", "cubalif", "alif", "adex", "izhikevich")
MOTOR = (*PROCESSING, "li")


class NeuromorphicAPI(Live):
    """Networks by layers: sensory, processing, motor.

    device: "auto", "cpu", "cuda", "jetson" or "raspberrypi". A board's name applies its memory limit; away from that
    board the network runs here, on the CPU, with one warning. seed: of all that is random, default 0. clock: what
    `process_input` and sleep take time from, a function that gives seconds and never goes back (default:
    time.monotonic).
    """

    def __init__(
        self, device: str = "auto", seed: Optional[int] = None, clock: Optional[Callable[[], float]] = None
    ) -> None:
        super().__init__(clock)
        self.device = checks.known("device", device, MEMORY_LIMITS)
        self.seed = 0 if seed is None else checks.whole("NeuromorphicAPI", "seed", seed, least=0)
        self.auto_connect = True
        # None: the one that the network was quantised for, else float32
        self._precision: Optional[str] = None
        self._network: Optional[Network] = None
        self._roles: Dict[str, str] = {}
        self._simulator: Optional[Simulator] = None
        # the level that the simulator was set to
        self._quality = "high"
        self._forget_wiring()
        self._say_where()

    def _say_where(self) -> None:
        board = identify()
        if self.device in ("jetson", "raspberrypi") and board.kind != self.device:
            limit = (MEMORY_LIMITS[self.device] or 0) >> 20
            warnings.warn(
                f"device={self.device!r}: this is {board.name}, so networks run here on the CPU ({simd()}), within "
                f"that board's memory limit ({limit:,} MB)",
                stacklevel=3,
            )
        elif self.device == "cuda":
            warnings.warn("device='cuda': this version has no CUDA engine; networks run on the CPU", stacklevel=3)

    @property
    def network(self) -> Network:
        """The network that the layers make up."""
        if self._network is None:
            raise NotReadyError("there is no network yet: call create_network() first")
        return self._network

    @property
    def simulator(self) -> Simulator:
        """The simulator behind `run_simulation`; there is one after the first run."""
        if self._simulator is None:
            raise NotReadyError("nothing has run yet: call run_simulation() first")
        return self._simulator

    def set_precision(self, precision: str) -> Change:
        """Number format; precision: "float32", "float16" (weights in half the bytes), or "int8" (weights in a quarter,
        and LIF and LI with delta synapses in integers). Any time; the state stays. Returns the bytes before and after,
        which are known once there has been a run."""
        change = Change(device_precision(precision), 0, 0)
        if self._simulator is not None:
            change = self._simulator.set_precision(precision)
        self._precision = precision
        return change

    def create_network(
        self, max_neurons: Optional[int] = None, max_synapses: Optional[int] = None, auto_connect: bool = True
    ) -> Network:
        """Start a new network. The limits max_neurons and max_synapses are checked at the call that would exceed them,
        before memory is taken.

        auto_connect: if no layers are connected before the first run, wire sensory → processing → motor.
        """
        wanted = checks.boolean("create_network", "auto_connect", auto_connect)
        network = Network("network", self.seed, max_neurons, max_synapses)
        self.auto_connect = wanted
        self._network, self._roles, self._simulator = network, {}, None
        self._forget_wiring()
        self._forget_input()
        return network

    def _forget_wiring(self) -> None:
        # the network's version when it was last looked at, and the layers that were named as out of reach
        self._looked_at: Optional[int] = None
        self._named: List[str] = []

    def add_sensory_layer(self, name: str, size: int, kind: str = "lif", **parameters: Any) -> None:
        """An input layer `name` of `size` neurons of a kind.

        lif, adex, izhikevich: an event makes that neuron spike, unless refractory. rate: events pass as they are,
        values (Hz, or shares of max_rate) fire at that rate. temporal: values fire once, larger earlier.
        """
        self._add(name, size, kind, SENSORY, "sensory", parameters)

    def add_processing_layer(self, name: str, size: int, model: str = "lif", **parameters: Any) -> None:
        """A hidden layer `name` of `size` neurons; model: lif, cubalif, alif, adex or izhikevich; parameters by their
        usual names (tau_m, v_rest, v_threshold, v_reset, refractory, reset, …), a number or one per neuron."""
        self._add(name, size, model, PROCESSING, "processing", parameters)

    def add_motor_layer(self, name: str, size: int, model: str = "lif", **parameters: Any) -> None:
        """An output layer `name` of `size` neurons; model: as of a processing layer, or "li", a leaky integrator that
        is read by its potential."""
        self._add(name, size, model, MOTOR, "motor", parameters)

    def _add(self, name: str, size: int, model: str, allowed: Any, role: str, parameters: Dict[str, Any]) -> None:
        network = self.network
        network.add(name, size, checks.known(f"{role} layer model", model, allowed), **parameters)
        self._roles[name] = role

    def connect_layers(
        self,
        pre: str,
        post: str,
        pattern: str = "feedforward",
        connection_probability: float = 1.0,
        weights: Any = None,
        delay: Any = None,
        plasticity: Union[None, str, Plasticity] = None,
    ) -> None:
        """Connect two layers.

        pattern: feedforward, feedback, lateral, random or one_to_one. connection_probability: of each pair, 0 to 1.
        weights: [pre, post] in mV, dense or scipy sparse, or None for default weights. delay: ms, None is one step.
        plasticity: "stdp", "rstdp" (learns by rewards), or neuroedge.STDP(…), neuroedge.RewardSTDP(…); None learns
        nothing.
        """
        for name in (pre, post):
            checks.known("layer", name, self.network.populations)
        self.network.connect(pre, post, pattern, connection_probability, weights, delay=delay, plasticity=plasticity)

    def run_simulation(
        self,
        duration: float,
        dt: Optional[float] = None,
        external_inputs: Optional[Mapping[str, Any]] = None,
        record_spikes: bool = True,
        record_potentials: bool = False,
        record_weights: bool = False,
        progress: bool = False,
        rewards: Optional[Sequence[Tuple[float, float]]] = None,
    ) -> SimulationResult:
        """Run for `duration` ms from where the last call ended; `reset()` starts over.

        dt: step in ms; None is the largest that divides the duration and is at most 0.1 (0.5 at medium quality, 1 at
        low). external_inputs: {layer:
        events}, pairs (neuron, ms from the start of this call), a structured array, an encoder's result, or values
        for rate and temporal layers. record_spikes, record_potentials, record_weights: what the answer holds beside the
        counts of spikes, which it always does. progress: a bar on standard error. rewards: pairs (ms from the start of
        this call, value) for what learns by them.
        """
        network = self.network
        step = self._step(duration, dt)
        inputs = checks.mapping("run_simulation", "external_inputs", external_inputs, "layer: events")
        for name in inputs:
            checks.known("layer", name, network.populations)
        record = recorded("run_simulation", spikes=record_spikes, potentials=record_potentials, weights=record_weights)
        checks.boolean("run_simulation", "progress", progress)
        recording = self._run(duration, step, inputs, record, progress, rewards)
        self._sleep.catch_up()
        return SimulationResult(recording)

    def _simulate(self, duration: float, step: float, inputs: Dict[str, Any]) -> SimulationResult:
        return SimulationResult(self._run(duration, step, inputs, ["spikes"], False, None), "process_input")

    def _run(
        self, duration: float, step: float, inputs: Mapping[str, Any], record: List[str], progress: bool, rewards: Any
    ) -> Recording:
        simulator, level = self._ready(step), self._levels.name
        # between two changes of quality the simulator keeps the threshold that it has been given
        least = None if level == self._quality else QUALITIES[level].event_threshold
        recording = simulator.run(
            duration, inputs, record=record, progress=progress, dt=step, rewards=rewards, event_threshold=least
        )
        self._quality = level
        return recording

    def _ready(self, step: float) -> Simulator:
        self._wired()
        if self._simulator is None:
            limit = MEMORY_LIMITS[self.device]
            self._simulator = Simulator(self.network, step, precision=self._precision, memory_limit=limit)
            self._quality = "high"
        return self._simulator

    def _step(self, duration: float, dt: Optional[float]) -> float:
        ms = checks.positive("run_simulation", "duration", duration, "ms")
        if dt is not None:
            step = checks.positive("run_simulation", "dt", dt, "ms")
        elif ms / self._levels.now.step > checks.MAX_TICKS:
            step = self._levels.now.step
        else:
            step = _dividing(ms, self._levels.now.step)
        checks.ticks_of("run_simulation", duration, step)
        return step

    def _look_at_wiring(self, network: Network) -> None:
        """Before the first run wire what nobody connected; name each layer that nothing reaches, once."""
        if not network.populations:
            raise NotReadyError("the network has no layers yet: call add_sensory_layer() and the like first")
        unwired = self._looked_at is None and not network.projections
        pairs = feedforward_pairs(self._roles) if self.auto_connect and unwired else []
        _connect_all(network, pairs)
        if pairs:
            wiring = ", ".join(f"{pre} -> {post}" for pre, post in pairs)
            warn(f"no layers were connected, so they are now, with default weights: {wiring}")
        silent = [name for name in without_input(network, self._roles) if name not in self._named]
        if silent:
            warn(f"nothing is connected to {', '.join(silent)}: no input reaches it")
        self._named = self._named + silent
        self._looked_at = network.version

    def train(
        self, inputs: Any, labels: Any, epochs: int = 20, duration: float = 16.0, dt: float = 1.0, **options: Any
    ) -> History:
        """Teach the network its classes, in place; returns the history.

        inputs: [samples, features] in 0 … 1, features shared by the sensory layers in order of adding, each sample
        shown for `duration` ms as regular spikes, in steps of dt ms; labels: int [samples], one for each neuron of the
        motor layer. epochs: how often all samples are seen.
        options: those of `neuroedge.train` (rate, batch, seed, validation, vary, decay, threads, memory_limit,
        progress).
        """
        asked = self._options("train", options, OPTIONS)
        with self._asked(None) as (network, _):
            return train(network, inputs, labels, epochs, duration, dt, **asked)

    def fine_tune(
        self, network: CoreNetwork, epochs: int = 10, data: Optional[Tuple[Any, Any]] = None, duration: float = 16.0,
        dt: float = 1.0, **options: Any,
    ) -> History:  # fmt: skip
        """Teach a pruned or quantised network again, in place; returns the history. Pruned synapses stay pruned.

        data: (inputs, labels); without it the network learns to answer as the one that it came from, on the samples
        last seen. epochs: how often all of them; duration, dt: ms, as in `train`. options: those of `train`, and bits,
        as `neuroedge.fine_tune` takes them.
        """
        asked = self._options("fine_tune", options, (*OPTIONS, "bits"))
        return fine_tune(network, epochs, data, duration, dt, **asked)

    def evaluate(
        self, inputs: Any, labels: Any, network: Optional[CoreNetwork] = None, duration: float = 16.0, dt: float = 1.0
    ) -> float:
        """Share of samples whose class is the label, 0 to 1; network: another than this one, a pruned one say. The
        other arguments as for `train`."""
        with self._asked(network) as (asked, precision):
            return evaluate(asked, inputs, labels, duration, dt, precision, MEMORY_LIMITS[self.device])

    def predict(
        self, inputs: Any, network: Optional[CoreNetwork] = None, duration: float = 16.0, dt: float = 1.0
    ) -> np.ndarray:
        """Class of each sample, int64: read by spike counts (ties by potential), or for `li` by mean potential. The
        arguments as for `evaluate`."""
        with self._asked(network) as (asked, precision):
            return predict(asked, inputs, duration, dt, precision, MEMORY_LIMITS[self.device])

    def _wired(self) -> Network:
        """The network, wired if nobody did that."""
        if self._looked_at != self.network.version:
            self._look_at_wiring(self.network)
        return self.network

    @contextmanager
    def _asked(self, network: Optional[CoreNetwork]) -> Iterator[Tuple[CoreNetwork, Optional[str]]]:
        """The network, and the precision to run it in. The own one is wired if nobody did that, and not any more where
        the work is refused: it may be wired by hand then."""
        if network is not None:
            yield network, getattr(network, "precision", None) or self._precision
            return
        own, before, version = self.network, list(self.network.projections), self.network.version
        looked_at, named = self._looked_at, self._named
        try:
            yield self._wired(), own.precision or self._precision
        except NeuroedgeError:
            if looked_at is None:
                for name in [name for name in own.projections if name not in before]:
                    del own.projections[name]
                own.version, self._looked_at, self._named = version, looked_at, named
            raise

    def _options(self, owner: str, options: Dict[str, Any], known: Sequence[str]) -> Dict[str, Any]:
        for name in options:
            checks.known(f"option of {owner}", name, known)
        return {"memory_limit": MEMORY_LIMITS[self.device], **options}

    def reset(self) -> None:
        """Start over: time 0, potentials and learnt weights at their start, nothing pending, no input waiting."""
        if self._simulator is not None:
            self._simulator.reset()
        self._inbox.clear()
        self._sleep.begin()

    def get_weights(self, sparse: bool = False) -> Dict[str, Any]:
        """Weights as they stand now, {"pre->post": array [pre, post] in mV}; scipy CSR matrices if `sparse`."""
        if self._simulator is not None:
            return self._simulator.weights(sparse)
        return self.network.get_weights(sparse)

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Replace weights, in the form that `get_weights` gives."""
        self.network.set_weights(weights)

    def save(self, path: Any, **options: Any) -> int:
        """Write the network, compiled and as it stands, with layers, quality and precision, to one file, `path`;
        returns its bytes. options: encoder, decoder, labels, provenance, golden, as `neuroedge.save` takes them."""
        network = self._wired() if self._simulator is None else self._simulator.taught()
        dt = self._levels.now.step if self._simulator is None else self._simulator.dt
        kept = {"precision": self._precision, "quality": self._levels.name, "roles": self._roles}
        return write(path, network, dt, kept, **options)

    def load(self, path: Any) -> Bundle:
        """Take the network of a file, `path`, that `save` wrote in place of the present one, at time 0; returns all it
        holds."""
        stored = read(path)
        self._network, self._roles, self._simulator = stored.network, stored.roles, None
        self._precision = stored.precision
        self._levels.ask(stored.quality)
        self._forget_wiring()
        self._forget_input()
        return stored.bundle

    def __repr__(self) -> str:
        return (
            f"NeuromorphicAPI(device={self.device!r}, {self._network if self._network is not None else 'no network'})"
        )


def _dividing(duration: float, largest: float) -> float:
    """The largest step that divides a duration and is at most so large, ms."""
    ticks = max(1, math.ceil(duration / largest - 1e-6))
    return largest if abs(duration / largest - ticks) < 1e-6 else duration / ticks


def _connect_all(network: Network, pairs: List[Tuple[str, str]]) -> None:
    """Connect all pairs; or none of them, where one would exceed a limit."""
    added: List[str] = []
    try:
        for pre, post in pairs:
            added.append(network.connect(pre, post).name)
    except NeuroedgeError:
        for name in added:
            del network.projections[name]
        raise
