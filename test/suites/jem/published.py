"""The scores of the public JEM code's evaluation, written anew in PyTorch: for development, see published.test.ts.

usage: published.py CHECKPOINT PIXELS COUNT

CHECKPOINT is a wide ResNet in the layout of the public JEM code, without normalisation layers. PIXELS holds COUNT images
(3, 32, 32), float32, in [0, 1] but for the noise that is in them already: once clean, then once with noise. Prints one JSON
line: of the noisy images log p(x), max p(y|x) and approximate mass, and the noise's standard deviation in the units of
the network's input.
"""

import json
import sys

import torch
import torch.nn.functional as F


def network(weights):
    """The trunk of the JEM code: pre-activation blocks, leaky ReLU 0.2, the stride on the second convolution."""

    def conv(x, key, stride=1):
        weight = weights[key + ".weight"]
        return F.conv2d(x, weight, weights[key + ".bias"], stride, weight.shape[-1] // 2)

    def forward(x):
        h = conv(x, "f.conv1")
        for stage in (1, 2, 3):
            block = 0
            while f"f.layer{stage}.{block}.conv1.weight" in weights:
                key = f"f.layer{stage}.{block}"
                stride = 2 if stage > 1 and block == 0 else 1
                y = conv(F.leaky_relu(conv(F.leaky_relu(h, 0.2), key + ".conv1"), 0.2), key + ".conv2", stride)
                h = y + (conv(h, key + ".shortcut.0", stride) if key + ".shortcut.0.weight" in weights else h)
                block += 1
        h = F.avg_pool2d(F.leaky_relu(h, 0.2), 8).flatten(1)
        return F.linear(h, weights["class_output.weight"], weights["class_output.bias"])

    return forward


def main():
    checkpoint, pixels, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["model_state_dict"]
    classify = network({name: tensor.double() for name, tensor in weights.items()})
    with open(pixels, "rb") as stream:
        both = torch.frombuffer(bytearray(stream.read()), dtype=torch.float32).view(2, count, 3, 32, 32).double()
    clean, x = (both - 0.5) / 0.5
    x = x.detach().requires_grad_()
    logits = classify(x)
    log_px = logits.logsumexp(1)
    (slope,) = torch.autograd.grad(log_px.sum(), x)
    print(
        json.dumps(
            {
                "log-px": log_px.tolist(),
                "max-softmax": logits.softmax(1).max(1).values.tolist(),
                "approximate-mass": (-slope.flatten(1).norm(dim=1)).tolist(),
                "noise": (x - clean).std().item(),
            }
        )
    )


main()
