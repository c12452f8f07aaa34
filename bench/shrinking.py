"""Digits in fewer bits and with fewer synapses: {float32, float16, int8} x {0 … 95 %} x {weight, block8}, a table and a
picture. Pruned networks are tuned for ten epochs; beside them a dense network in PyTorch, where it is installed."""

import statistics
import tempfile
import warnings
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
from learning import SEEDS, Samples, pruned, tuned
from pairs import Row, peers, row, say_skipped

import neuroedge
from neuroedge.applications.classify import digits_classifier, load_digits
from neuroedge.optimize import Figures, report

SPARSITIES = (0.0, 0.5, 0.8, 0.9, 0.95)
PRECISIONS = ("float32", "float16", "int8")
GRANULARITIES = ("weight", "block8")
PICTURE = Path("bench/results/shrinking.png")

# of synapses: the fastest, and the smallest
STORAGES = ("auto", "small")


def shrinking(repeats: int, quick: bool) -> Iterator[Row]:
    """A row for each configuration: accuracy, and what it takes in the fastest and in the smallest storage."""
    warnings.filterwarnings("ignore", "int8", UserWarning)
    held = load_digits()
    samples = Samples(held.inputs, held.labels, held.test_inputs, held.test_labels)
    dense = [digits_classifier(seed, progress=False) for seed in (SEEDS[:1] if quick else SEEDS)]
    others = [] if quick else list(beside(samples))
    yield from others
    rows: List[Row] = []
    for granularity, sparsity in configurations():
        networks = dense if not sparsity else [smaller(n, samples, sparsity, granularity) for n in dense]
        for precision in PRECISIONS:
            found = figures(networks, samples, precision, granularity, sparsity)
            rows.append(found)
            yield found
    try:
        from shrinking_picture import draw
    except ImportError:
        say_skipped("picture: pip install neuroedge[plot]")
        return
    draw(rows, others, PICTURE)


def configurations() -> List[Tuple[str, float]]:
    """Granularity and sparsity; without pruning there is one granularity."""
    return [(g, s) for s in SPARSITIES for g in GRANULARITIES if s or g == GRANULARITIES[0]]


def smaller(dense: neuroedge.Network, samples: Samples, sparsity: float, granularity: str) -> neuroedge.Network:
    """Pruned and tuned."""
    return tuned(pruned(dense, samples, sparsity, granularity, 16.0), samples.inputs, samples.labels, 16.0)[0]


def figures(
    networks: List[neuroedge.Network], samples: Samples, precision: str, granularity: str, sparsity: float
) -> Row:
    """Means over seeds."""
    held: Dict[str, List[Figures]] = {
        storage: [
            report({"": (n, precision)}, samples.test_inputs, samples.test_labels, storage=storage).steps[0]
            for n in networks
        ]
        for storage in STORAGES
    }
    accuracy = [100.0 * f.accuracy for f in held["auto"]]
    size, speed = ({s: _mean(held[s], field) for s in STORAGES} for field in ("weight_bytes", "microseconds"))
    note = (
        f"mean {statistics.mean(accuracy):.2f} ± {statistics.pstdev(accuracy):.2f}; "
        f"fastest {size['auto'] / 1e3:.1f} kB {speed['auto']:.1f} us; "
        f"smallest {size['small'] / 1e3:.1f} kB {speed['small']:.1f} us; "
        f"{_mean(held['auto'], 'effective_acs'):,.0f} events"
    )
    name = f"digits {precision} {sparsity:.0%}" + (f" {granularity}" if sparsity else "")
    return row(
        name, "%", accuracy, note, True, precision=precision, sparsity=sparsity, granularity=granularity,
        weight_bytes=size, microseconds=speed, mean=statistics.mean(accuracy),
    )  # fmt: skip


def _mean(found: List[Figures], field: str) -> float:
    return statistics.mean(float(getattr(f, field)) for f in found)


def beside(samples: Samples) -> Iterator[Row]:
    """Single inferences of networks of the same shape in PyTorch: one that spikes, and a dense one without time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, inputs=samples.inputs, labels=samples.labels)
        with peers(str(path), "digits", 1.0, True, ("torch",), whole=True) as others:
            for name, run in others.items():
                records = [run() for _ in range(3)]
                for field, text in (("spiking_us", "spiking"), ("dense_us", "dense")):
                    yield row(f"{name}, {text}", "us", [float(r[field]) for r in records], "a single inference")
