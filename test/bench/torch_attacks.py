"""A public AutoAttack on PyTorch, for `npm run bench:attacks -- --torch PYTHON --public`: needs torchattacks (3.5).

usage: torch_attacks.py NETWORK CHECKPOINT DATA NORM EPSILON N THREADS METHOD...

NETWORK is trades-mnist, or cifar-*, a wide ResNet 10-1; CHECKPOINT holds its weights, DATA is an .npz of x (bytes) and y,
of which the first N are attacked. The methods are those of AutoAttack, on those that the methods before have left, with
the numbers of steps of the paper: torchattacks' own defaults are 10. Prints one JSON line: versions, which images are
classified correctly and which in the end still are, and for every method seconds and those of the processor.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np
import torch
import torchattacks

from torch_gradient import wide_resnet
from torch_passes import small_cnn

METHODS = {
    "apgd-ce": lambda net, **about: torchattacks.APGD(net, steps=100, loss="ce", **about),
    "apgd-t": lambda net, **about: torchattacks.APGDT(net, steps=100, n_classes=10, **about),
    "fab-t": lambda net, **about: torchattacks.FAB(net, steps=100, multi_targeted=True, n_classes=10, **about),
    "square": lambda net, **about: torchattacks.Square(net, n_queries=5000, **about),
}


class Network(torch.nn.Module):
    def __init__(self, forward, weights):
        super().__init__()
        self.look = forward
        # What it computes on is read from its parameters.
        self.weights = torch.nn.ParameterList(torch.nn.Parameter(w, requires_grad=False) for w in weights)

    def forward(self, x):
        return self.look(x)


def network_of(name, checkpoint):
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    saved = saved.get("model_state_dict", saved)
    # JEM's code makes a last layer that it does not use, and one for the energy.
    weights = [w for key, w in saved.items() if not key.startswith(("f.linear.", "energy_output."))]
    rest = iter(weights)

    def take(*dims):
        weight = next(rest)
        assert tuple(weight.shape) == dims, (tuple(weight.shape), dims)
        return weight

    forward = small_cnn(take) if name == "trades-mnist" else wide_resnet(take, depth=10, width=1)
    return Network(forward, weights).eval()


def main(name, checkpoint, data, norm, epsilon, n, threads, methods):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = network_of(name, checkpoint)
    arrays = np.load(data)
    x = arrays["x"][:n]
    x = x[:, None] if x.ndim == 3 else np.moveaxis(x, 3, 1) if x.shape[-1] in (1, 3) else x
    images = torch.from_numpy(np.ascontiguousarray(x)).float() / 255
    labels = torch.from_numpy(arrays["y"][:n].astype(np.int64))

    def right(some):
        with torch.no_grad():
            return net(some).argmax(1)

    robust = right(images) == labels
    correct, stages = robust.clone(), []
    for method in methods:
        left = robust.nonzero().flatten()
        attack = METHODS[method](net, norm=norm, eps=epsilon, seed=0)
        start, before = time.perf_counter(), time.process_time()
        if len(left) > 0:
            robust[left] = right(attack(images[left], labels[left])) == labels[left]
        spent = {"seconds": time.perf_counter() - start, "processor": time.process_time() - before}
        stages.append({"method": method, "robust": int(robust.sum()), **spent})
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "torchattacks": version("torchattacks"),
                "correct": correct.int().tolist(),
                "robust": robust.int().tolist(),
                "stages": stages,
            }
        )
    )


if __name__ == "__main__":
    name, checkpoint, data, norm, epsilon, n, threads, *methods = sys.argv[1:]
    main(name, checkpoint, data, norm, float(epsilon), int(n), int(threads), methods)
