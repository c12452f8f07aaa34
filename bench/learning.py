"""Learning on the digits that come with the package, and on MNIST: time beside PyTorch, accuracy, drops, memory."""

import os
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np
from pairs import Row, goal, in_turn, peers, row, say_skipped

import neuroedge
from neuroedge.applications.classify import Digits, classifier, digits_classifier, load_digits
from neuroedge.optimize import NetworkPruner, report

SEEDS = (0, 1, 2)
SPARSITIES = (0.8, 0.9, 0.95)
DATA = Path(os.environ.get("NEUROEDGE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))

# most points of accuracy that pruning, ten epochs and int8 may cost
DIGITS_DROPS = dict(zip(SPARSITIES, (1.0, 2.0, 5.0)))
MNIST_DROPS = dict(zip(SPARSITIES, (0.6, 1.2, 2.2)))


# most points by which integers may change accuracy, by bits of what arrives in a tick
CURRENTS = {8: 0.5, 16: 0.2}

# pictures of 28 × 28 are shifted a pixel at most while they are tuned
MNIST_TUNING = neuroedge.Variation((28, 28), turn=0.0, shear=0.0, stretch=0.0, shift=1.0)


class Samples(NamedTuple):
    inputs: np.ndarray
    labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray


def learning(repeats: int, quick: bool) -> Iterator[Row]:
    """All of this file."""
    warnings.filterwarnings("ignore", "int8", UserWarning)
    yield from epochs(repeats, not quick)
    yield state()
    seeds = SEEDS[:1] if quick else SEEDS
    yield from digits(seeds)
    if quick:
        say_skipped("MNIST: --quick")
    elif (DATA / "images" / "mnist_train20000.npz").exists():
        yield from mnist(seeds)
    else:
        say_skipped(f"MNIST: no images/mnist_train20000.npz under {DATA} (NEUROEDGE_DATA)")


def epochs(repeats: int, beside: bool) -> Iterator[Row]:
    """ms of one epoch of 64-128-10 on 1,257 digits, batches of 32, beside BPTT in PyTorch; and of fine-tuning."""
    digits = load_digits()
    network = classifier()

    def ours() -> float:
        return float(neuroedge.train(network, digits.inputs, digits.labels, 1, threads=1, progress=False).seconds)

    ours()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, inputs=digits.inputs, labels=digits.labels)
        with peers(str(path), "digits", 1.0, beside, ("torch",)) as others:
            walls = in_turn({"neuroedge": ours, **others}, repeats)
    note, more = "", {}
    if "torch" in walls:
        ratio = statistics.median(b / a for a, b in zip(walls["neuroedge"], walls["torch"]))
        text, more = goal(ratio, at_least=3.0)
        note = f"{ratio:.1f}x as fast as BPTT in PyTorch, {text}"
    yield row("digits, an epoch", "ms", [1e3 * w for w in walls["neuroedge"]], note, **more)
    if "torch" in walls:
        yield row("digits, an epoch, PyTorch", "ms", [1e3 * w for w in walls["torch"]])
    neuroedge.train(network, digits.inputs, digits.labels, 20, threads=1, progress=False)
    sparse = NetworkPruner(sparsity_target=0.9, calibration=digits.inputs).prune(network)
    seconds = [tuned(sparse, digits.inputs, digits.labels, 16.0)[1] for _ in range(min(repeats, 5))]
    text, more = goal(statistics.median(seconds), at_most=1.5)
    yield row("digits, 90 % pruned, 10 epochs", "s", seconds, text, **more)


def tuned(network: neuroedge.Network, inputs: np.ndarray, labels: np.ndarray, duration: float) -> Tuple[Any, float]:
    """A pruned network after ten epochs that round weights to 8 bits, and their seconds."""
    fresh = network.copy()
    vary = MNIST_TUNING if inputs.shape[1] == 784 else None
    rate = 2e-3 if vary is None else 5e-3
    history = neuroedge.fine_tune(
        fresh, 10, (inputs, labels), duration, rate=rate, bits=8, vary=vary, threads=1, progress=False
    )
    return fresh, history.seconds


def state() -> Row:
    """Bytes of the training state, 16 ticks a sample and 1,600."""
    digits = load_digits()
    found = []
    for duration in (16.0, 1600.0):
        some = digits.inputs[:64], digits.labels[:64]
        history = neuroedge.train(classifier(), *some, 1, duration, progress=False)
        found.append(history.nbytes)
    same = "equal" if found[0] == found[1] else "DIFFER"
    return row("digits, training state", "B", found, f"16 and 1,600 ticks, {same}")


def digits(seeds: Tuple[int, ...]) -> Iterator[Row]:
    """Accuracy of the reference classifier, and what pruning, ten epochs and int8 cost: tested on other writers, as the
    digits come, and with writers mixed."""
    for name, samples in (("digits", Samples(*load_digits())), ("mixed digits", mixed())):
        dense, seconds = [], []
        for seed in seeds:
            began = time.perf_counter()
            dense.append(digits_classifier(seed, progress=False, digits=Digits(*samples)))
            seconds.append(time.perf_counter() - began)
        yield row(f"{name}, training", "s", seconds)
        yield from _drops(name, dense, samples, 16.0, "weight", DIGITS_DROPS, 97.5)


def mixed() -> Samples:
    """The same digits in random order, as much of the literature splits them: writers are in both parts."""
    held = load_digits()
    inputs = np.concatenate([held.inputs, held.test_inputs])
    labels = np.concatenate([held.labels, held.test_labels])
    order, n = np.random.Generator(np.random.PCG64(0)).permutation(len(labels)), len(held.labels)
    return Samples(inputs[order[:n]], labels[order[:n]], inputs[order[n:]], labels[order[n:]])


def mnist(seeds: Tuple[int, ...]) -> Iterator[Row]:
    """The same for MNIST 784-128-10 in 8 ticks, trained on 20,000 pictures, pruned in blocks of 8; and one-shot."""
    samples = mnist_samples()
    dense, seconds = [], []
    for seed in seeds:
        dense.append(classifier([784, 128, 10], seed=seed))
        history = mnist_training(dense[-1], samples)
        seconds.append(history.seconds)
    text, more = goal(statistics.median(seconds), at_most=60.0)
    yield row("MNIST, training", "s", seconds, text, **more)
    yield from _drops("MNIST", dense, samples, 8.0, "block8", MNIST_DROPS, 96.5)
    once = []
    for network in dense:
        sparse = pruned(network, samples, 0.9, "weight", 8.0)
        once.append(100.0 * neuroedge.evaluate(sparse, samples.test_inputs, samples.test_labels, 8.0))
    text, more = goal(statistics.mean(once), at_least=90.0)
    yield row("MNIST, 90 % one-shot", "%", once, f"mean {statistics.mean(once):.2f}, {text}", True, **more)


def mnist_training(network: neuroedge.Network, samples: Samples) -> Any:
    """Twenty epochs on one core."""
    return neuroedge.train(
        network, samples.inputs, samples.labels, 20, 8.0, rate=3e-3, threads=1, progress=False,
        vary=neuroedge.Variation((28, 28), turn=0.0, shear=0.0, stretch=0.0, shift=1.5, seed=network.seed),
    )  # fmt: skip


def mnist_samples() -> Samples:
    """20,000 pictures to learn from, 5,000 to test with."""
    found: List[np.ndarray] = []
    for name in ("mnist_train20000", "mnist_t10k_first5000"):
        with np.load(DATA / "images" / f"{name}.npz") as held:
            pictures = held["images"].reshape(-1, 784).astype(np.float32) / np.float32(255.0)
            found += [pictures, held["labels"].astype(np.int64)]
    return Samples(*found)


def pruned(
    network: neuroedge.Network, samples: Samples, sparsity: float, granularity: str, duration: float
) -> neuroedge.Network:
    """Pruned without labels, by training samples; digits are few, so they are varied too."""
    some = samples.inputs[:1024]
    if samples.inputs.shape[1] == 64:
        vary = neuroedge.Variation((8, 8), turn=0.35, shear=0.3, stretch=0.2, shift=0.5)
        some = np.concatenate([samples.inputs, vary(samples.inputs, 0), vary(samples.inputs, 1)])
    pruner = NetworkPruner(sparsity_target=sparsity, granularity=granularity, calibration=some, duration=duration)
    return pruner.prune(network)


def _drops(
    name: str, dense: List[neuroedge.Network], samples: Samples, duration: float, granularity: str,
    most: Dict[float, float], least: float,
) -> Iterator[Row]:  # fmt: skip
    full = [100.0 * neuroedge.evaluate(n, samples.test_inputs, samples.test_labels, duration) for n in dense]
    text, more = goal(statistics.mean(full), at_least=least)
    yield row(f"{name}, dense", "%", full, f"mean {statistics.mean(full):.2f}, {text}", True, **more)
    yield from _bits(name, dense, full, samples, duration)
    for sparsity in SPARSITIES:
        drops, sizes = [], []
        for network, before in zip(dense, full):
            sparse = pruned(network, samples, sparsity, granularity, duration)
            fresh, _ = tuned(sparse, samples.inputs, samples.labels, duration)
            found = report({"": (fresh, "int8")}, samples.test_inputs, samples.test_labels, duration).steps[0]
            drops.append(before - 100.0 * found.accuracy)
            sizes.append(found.weight_bytes)
        text, more = goal(statistics.mean(drops), at_most=most[sparsity])
        size = f"{statistics.mean(sizes) / 1e3:.1f} kB of weights"
        yield row(f"{name}, {sparsity:.0%} {granularity} int8", "points", drops,
                  f"mean {statistics.mean(drops):.2f} lost, {text}, {size}", **more)  # fmt: skip


def _bits(
    name: str, dense: List[neuroedge.Network], full: List[float], samples: Samples, duration: float
) -> Iterator[Row]:
    """Points lost by integers alone, potentials of 16 bits, calibrated on 256 training samples."""
    some = samples.inputs[:256]
    for current, most in CURRENTS.items():
        lost = []
        for network, before in zip(dense, full):
            fewer = neuroedge.Quantizer().quantize_neurons(
                network, voltage_bits=16, current_bits=current, calibration=some, duration=int(duration)
            )
            lost.append(before - 100.0 * neuroedge.evaluate(fewer, samples.test_inputs, samples.test_labels, duration))
        text, more = goal(abs(statistics.mean(lost)), at_most=most)
        note = f"mean {statistics.mean(lost):+.2f} lost, {text}"
        yield row(f"{name}, integers, {current}-bit sums", "points", lost, note, **more)
