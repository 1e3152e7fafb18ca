"""PyTorch's side of `npm run bench`: the same networks with the same weights, the same work.

usage: torch_gradient.py NETWORK FOLDER BATCH THREADS REPEAT

FOLDER holds weights.bin (float32, in the order in which the network's functions below take them) and pixels.bin,
(BATCH, 3, 32, 32). Prints one JSON line: PyTorch's version, the logits, and the median seconds of one forward pass
and input gradient of the summed cross-entropy. Any PyTorch from 1.13; the weights have no gradients.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F


class Weights:
    """Hands out the weights one after the other."""

    def __init__(self, file):
        with open(file, "rb") as stream:
            self.rest = torch.frombuffer(bytearray(stream.read()), dtype=torch.float32)

    def __call__(self, *dims):
        n = math.prod(dims)
        taken, self.rest = self.rest[:n].clone().view(dims), self.rest[n:]
        return taken


def wide_resnet(take, depth=16, width=4):
    """Without normalisation, leaky ReLU 0.2, the stride on a block's second convolution."""

    def conv(inputs, outputs, kernel, stride):
        weight, bias = take(outputs, inputs, kernel, kernel), take(outputs)
        return lambda x: F.conv2d(x, weight, bias, stride, kernel // 2)

    stem, blocks, channels = conv(3, 16, 3, 1), [], 16
    for stage in range(3):
        wide = 16 * width * 2**stage
        for block in range((depth - 4) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            inner, outer = conv(channels, wide, 3, 1), conv(wide, wide, 3, stride)
            shortcut = conv(channels, wide, 1, stride) if stride != 1 or channels != wide else None
            blocks.append((inner, outer, shortcut))
            channels = wide
    head, bias = take(10, channels), take(10)

    def forward(x):
        h = stem(2 * x - 1)
        for inner, outer, shortcut in blocks:
            y = outer(F.leaky_relu(inner(F.leaky_relu(h, 0.2)), 0.2))
            h = y + (shortcut(h) if shortcut else h)
        return F.linear(F.leaky_relu(h, 0.2).mean((2, 3)), head, bias)

    return forward


def preact_resnet_18(take):
    """He et al. 2016b; batch normalisation with running statistics."""

    def conv(inputs, outputs, kernel, stride):
        weight = take(outputs, inputs, kernel, kernel)
        return lambda x: F.conv2d(x, weight, None, stride, kernel // 2)

    def activated(channels):
        scale, variance = torch.full((channels,), 0.9), torch.full((channels,), 1.1)
        shift, mean = take(channels), take(channels)
        return lambda x: F.relu(F.batch_norm(x, mean, variance, scale, shift))

    stem, blocks, channels = conv(3, 64, 3, 1), [], 64
    for stage in range(4):
        wide = 64 * 2**stage
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            opening = activated(channels)
            shortcut = conv(channels, wide, 1, stride) if stride != 1 or channels != wide else None
            inner = conv(channels, wide, 3, stride)
            middle = activated(wide)
            blocks.append((opening, shortcut, inner, middle, conv(wide, wide, 3, 1)))
            channels = wide
    closing, head, bias = activated(channels), take(10, channels), take(10)

    def forward(x):
        h = stem(x)
        for opening, shortcut, inner, middle, outer in blocks:
            opened = opening(h)
            h = (outer(middle(inner(opened))) + (shortcut(opened) if shortcut else h)) * math.sqrt(0.5)
        return F.linear(closing(h).mean((2, 3)), head, bias)

    return forward


def vision_transformer(take, width=192, depth=6, heads=3, patch=4):
    """Dosovitskiy et al. 2021: pre-norm blocks; attention is PyTorch's own where it has one (from 2.0)."""
    places = (32 // patch) ** 2

    def linear(inputs, outputs):
        # As rows of the outputs, which is how PyTorch keeps them.
        weight = take(inputs, outputs).t().contiguous()
        bias = take(outputs)
        return lambda x: F.linear(x, weight, bias)

    def normal():
        scale, shift = torch.ones(width), take(width)
        return lambda x: F.layer_norm(x, (width,), scale, shift)

    def attend(query, key, value):
        if hasattr(F, "scaled_dot_product_attention"):
            return F.scaled_dot_product_attention(query, key, value)
        scores = query @ key.transpose(-2, -1) / math.sqrt(width / heads)
        return scores.softmax(-1) @ value

    kernel, position, blocks = take(width, 3, patch, patch), take(1, places, width), []
    for _ in range(depth):
        first = normal()
        query, key, value, out = (linear(width, width) for _ in range(4))
        second = normal()
        blocks.append((first, query, key, value, out, second, linear(width, 4 * width), linear(4 * width, width)))
    closing, head = normal(), linear(width, 10)

    def forward(x):
        h = F.conv2d(x, kernel, None, patch).flatten(2).transpose(1, 2) + position
        for first, query, key, value, out, second, wide, narrow in blocks:
            normed = first(h)
            split = lambda y: y.view(y.shape[0], places, heads, width // heads).transpose(1, 2)
            seen = attend(split(query(normed)), split(key(normed)), split(value(normed)))
            h = h + out(seen.transpose(1, 2).reshape(h.shape))
            h = h + narrow(F.gelu(wide(second(h))))
        return head(closing(h).mean(1))

    return forward


NETWORKS = {"wrn-16-4": wide_resnet, "preact-resnet-18": preact_resnet_18, "vit": vision_transformer}


def main():
    network, folder, batch, threads, repeat = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    torch.set_num_threads(threads)
    take = Weights(f"{folder}/weights.bin")
    forward = NETWORKS[network](take)
    assert len(take.rest) == 0, f"{len(take.rest)} weights are left over"
    pixels = Weights(f"{folder}/pixels.bin")(batch, 3, 32, 32)
    labels = torch.arange(batch) % 10

    def gradient():
        x = pixels.clone().requires_grad_(True)
        logits = forward(x)
        torch.autograd.grad(F.cross_entropy(logits, labels, reduction="sum"), [x])
        return logits

    logits, times = gradient(), []
    for _ in range(repeat):
        start = time.perf_counter()
        gradient()
        times.append(time.perf_counter() - start)
    seconds = sorted(times)[len(times) // 2]
    print(json.dumps(dict(torch=torch.__version__, seconds=seconds, logits=logits.flatten().tolist())))


if __name__ == "__main__":
    main()
