"""The digits classifier in PyTorch: an epoch of BPTT with surrogate gradients, and single inferences.

Run with the Python of an environment that holds torch: `torch_peer.py --data FILE.npz --serve` answers each line on
stdin with a JSON record. FILE.npz: inputs [n, 64] in 0 ... 1, labels [n]. The encoder's spikes are made before the
clock starts, and a spike reaches the next layer within its tick, so that PyTorch has less to do than neuroedge.
"""

import argparse
import json
import sys
import time

import numpy as np
import protocol

HIDDEN, CLASSES, TICKS, BATCH = 128, 10, 16, 32


def spike_function(torch):
    """Heaviside step with the slope 1/(1 + 5|x|)^2."""

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x >= 0).to(x.dtype)

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad / (1 + 5 * x.abs()) ** 2

    return Spike.apply


def encoded(inputs):
    """Regular spikes [ticks, n, features]: the deterministic encoder of neuroedge."""
    level, spikes = np.full(inputs.shape, 0.5, np.float32), []
    for _ in range(TICKS):
        level = level + inputs
        spikes.append((level >= 1).astype(np.float32))
        level = level - spikes[-1]
    return np.stack(spikes)


class Peer:
    """A spiking 64-128-10 network, and a dense one of the same shape (ReLU)."""

    label = "torch"

    def __init__(self, args):
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.torch, self.version, self.build_s = torch, torch.__version__, 0.0
        with np.load(args.data) as held:
            inputs, labels = held["inputs"].astype(np.float32), held["labels"].astype(np.int64)
        self.spikes, self.labels = torch.from_numpy(encoded(inputs)), torch.from_numpy(labels)
        self.inputs = torch.from_numpy(inputs)
        self.w1 = (torch.randn(64, HIDDEN) * 1.5 / 8).requires_grad_()
        self.w2 = (torch.randn(HIDDEN, CLASSES) / HIDDEN**0.5).requires_grad_()
        self.fire = spike_function(torch)
        self.adam = torch.optim.Adam([self.w1, self.w2], lr=5e-3)
        self.dense = torch.nn.Sequential(
            torch.nn.Linear(64, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
        )

    def forward(self, spikes):
        """Mean output of leaky integrators, [n, classes]."""
        v = spikes.new_zeros(spikes.shape[1], HIDDEN)
        o = spikes.new_zeros(spikes.shape[1], CLASSES)
        total = o
        for z in spikes:
            v = 0.875 * v + z @ self.w1
            s = self.fire(v - 1)
            v = v - s.detach()
            o = 0.9375 * o + s @ self.w2
            total = total + o
        return total / len(spikes)

    def epoch(self):
        """Seconds of one pass over all samples."""
        order = self.torch.randperm(len(self.labels))
        began = time.perf_counter()
        for first in range(0, len(order), BATCH):
            some = order[first : first + BATCH]
            loss = self.torch.nn.functional.cross_entropy(0.5 * self.forward(self.spikes[:, some]), self.labels[some])
            self.adam.zero_grad()
            loss.backward()
            self.adam.step()
        return time.perf_counter() - began

    def microseconds(self, answer, inputs, dim):
        """Median of single inferences."""
        walls = []
        with self.torch.no_grad():
            for k in range(100):
                one = inputs.narrow(dim, k, 1)
                began = time.perf_counter()
                answer(one)
                walls.append(time.perf_counter() - began)
        return 1e6 * sorted(walls)[len(walls) // 2]

    def record(self):
        """One repeat of everything."""
        return {
            "peer": self.label, "version": self.version, "wall_s": self.epoch(),
            "spiking_us": self.microseconds(self.forward, self.spikes, 1),
            "dense_us": self.microseconds(self.dense, self.inputs, 0),
        }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="file with inputs and labels")
    parser.add_argument("--serve", action="store_true", help="one repeat for each line of stdin")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    lines = protocol.claim_stdout()
    protocol.one_thread()
    peer = Peer(args)
    for _ in iter(sys.stdin.readline, "") if args.serve else range(args.repeats):
        lines.write(json.dumps(peer.record()) + "\n")
        lines.flush()


if __name__ == "__main__":
    main()
