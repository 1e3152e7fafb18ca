"""PyTorch's passes of the trained reference networks, for `npm run bench:attacks -- --torch PYTHON`.

usage: torch_passes.py NETWORK BATCH THREADS SECONDS

NETWORK is trades-mnist, or cifar-*, a wide ResNet 10-1. Weights are random: only the time counts. Prints one JSON line:
PyTorch's version, and the median seconds an image of a forward pass, and of a forward pass with the input gradient of
the summed cross-entropy, in batches of BATCH. Any PyTorch from 1.13.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

from torch_gradient import wide_resnet


def take(*dims):
    return torch.randn(dims) * 0.05


def small_cnn(take):
    """The small network of TRADES: two pairs of convolutions, three linear layers."""
    convolutions = [(take(o, i, 3, 3), take(o)) for i, o in ((1, 32), (32, 32), (32, 64), (64, 64))]
    linears = [(take(o, i), take(o)) for i, o in ((1024, 200), (200, 200), (200, 10))]

    def forward(x):
        for k, (weight, bias) in enumerate(convolutions):
            x = F.relu(F.conv2d(x, weight, bias))
            if k % 2 == 1:
                x = F.max_pool2d(x, 2)
        x = x.flatten(1)
        for k, (weight, bias) in enumerate(linears):
            x = F.linear(x, weight, bias)
            if k < 2:
                x = F.relu(x)
        return x

    return forward


def median_seconds(work, seconds):
    work()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 3:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return sorted(times)[len(times) // 2]


def main(network, batch, threads, seconds):
    torch.set_num_threads(threads)
    digits = network == "trades-mnist"
    forward = small_cnn(take) if digits else wide_resnet(take, depth=10, width=1)
    pixels = torch.rand(batch, 1, 28, 28) if digits else torch.rand(batch, 3, 32, 32)
    labels = torch.zeros(batch, dtype=torch.long)

    def look():
        with torch.no_grad():
            forward(pixels)

    def differentiate():
        x = pixels.clone().requires_grad_()
        torch.autograd.grad(F.cross_entropy(forward(x), labels, reduction="sum"), x)

    answer = {
        "torch": torch.__version__,
        "forward": median_seconds(look, seconds) / batch,
        "gradient": median_seconds(differentiate, seconds) / batch,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
