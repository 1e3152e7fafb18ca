"""The full gradient through SGLD chains of ../shared/reference/trained/cifar-jem.pt in PyTorch and float64.

python full_gradient.py SHARED [prints what full-gradient.test.ts holds]. For development only. There is no noise, so
that nothing depends on our streams. Beside autograd (twice), differences of the loss confirm it: at a step of 1e-8, since
between the kinks of a network of rectifiers there is no more room.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

shared = sys.argv[1] if len(sys.argv) > 1 else "../shared"
folder = f"{shared}/reference/trained"
state = torch.load(f"{folder}/cifar-jem.pt", map_location="cpu", weights_only=True)
weights = {name: value.double() for name, value in state["model_state_dict"].items()}
data = np.load(f"{folder}/cifar10-test-500.npz")
names = data.files
images = torch.tensor(next(data[k] for k in names if data[k].ndim == 4)[:4])
labels = torch.tensor(next(data[k] for k in names if data[k].ndim == 1)[:4].astype(np.int64))
if images.shape[-1] == 3:
    images = images.permute(0, 3, 1, 2)
images = images.double() / (255 if images.max() > 1 else 1)
# As our reader gives them: float32.
images = images.float().double()


def conv(x, name, stride=1, padding=1):
    return F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride, padding)


def logits(pixels):
    leaky = lambda value: F.leaky_relu(value, 0.2)
    x = conv((pixels - 0.5) / 0.5, "f.conv1")
    for layer, stride in ((1, 1), (2, 2), (3, 2)):
        block = f"f.layer{layer}.0"
        inner = conv(leaky(conv(leaky(x), f"{block}.conv1")), f"{block}.conv2", stride)
        x = inner + (x if layer == 1 else conv(x, f"{block}.shortcut.0", stride, 0))
    pooled = F.avg_pool2d(leaky(x), 8).flatten(1)
    return F.linear(pooled, weights["class_output.weight"], weights["class_output.bias"])


def loss(pixels, step_size, steps, create):
    x = pixels
    for _ in range(steps):
        x = x if create else x.detach().requires_grad_(True)
        (g,) = torch.autograd.grad(torch.logsumexp(logits(x), 1).sum(), x, create_graph=create)
        x = x + step_size / 4 * g  # the input is 2 pixels - 1
    return F.cross_entropy(logits(x), labels, reduction="none")


for step_size in (0.01, 0.1):
    x = images.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(x, step_size, 5, True).sum(), x)
    lengths = gradient.flatten(1).norm(dim=1)
    along = gradient / lengths[:, None, None, None]
    h = 1e-8
    slopes = (loss(images + h * along, step_size, 5, False) - loss(images - h * along, step_size, 5, False)) / (2 * h)
    assert (slopes.detach() / lengths - 1).abs().max() < 1e-3, slopes.detach() / lengths
    sums = gradient.sum((2, 3))
    print(f"step {step_size}: lengths {lengths.tolist()}")
    print(f"  sums per channel {sums.tolist()}")
