"""An independent twin of the nets: a checkpoint's float32 weights, float64 arithmetic, PyTorch for the forward pass.

Nothing here is shared with the program. Widths are read from the weights; only the order of layers is written down.
"""

import numpy as np
import torch
from safetensors import safe_open
from torch.nn import functional as F

RELU = ("relu",)
CROPPED_MAX, CROPPED_AVERAGE = ("max", 3, 2, 1), ("average", 3, 2, 1)

# Layers: ("conv", name, padding on every side), ("relu",), ("max" or "average", size, stride, padding below and to the right).
LENET_MNIST = [
    ("conv", "conv1", 0), ("max", 2, 2, 0), ("conv", "conv2", 0), ("max", 2, 2, 0),
    ("conv", "conv3", 0), RELU, ("conv", "conv4", 0),
]
LENET_CIFAR10 = [
    ("conv", "conv1", 2), CROPPED_MAX, RELU, ("conv", "conv2", 2), RELU, CROPPED_AVERAGE,
    ("conv", "conv3", 2), RELU, CROPPED_AVERAGE, ("conv", "conv4", 0), RELU, ("conv", "conv5", 0),
]
NIN_CIFAR10 = [
    ("conv", "conv1", 2), RELU, ("conv", "cccp1", 0), RELU, ("conv", "cccp2", 0), RELU, ("max", 3, 2, 0),
    ("conv", "conv2", 2), RELU, ("conv", "cccp3", 0), RELU, ("conv", "cccp4", 0), RELU, ("average", 3, 2, 0),
    ("conv", "conv3", 1), RELU, ("conv", "cccp5", 0), RELU, ("conv", "cccp6", 0), ("average", 7, 1, 0),
]
IMAGE_SIDE = {"lenet-mnist": 28, "lenet-cifar10": 32, "nin-cifar10": 32}


def layers_of(model):
    """The layers of a model by name; variants such as lenet-cifar10-half differ in widths only."""
    for name, layers in (("lenet-mnist", LENET_MNIST), ("lenet-cifar10", LENET_CIFAR10), ("nin-cifar10", NIN_CIFAR10)):
        if model == name or model.startswith(name + "-"):
            return layers
    raise ValueError(f"model {model!r} is none of the nets that this twin knows")


def load(path, model=None):
    """A checkpoint's model name and its weights and biases as float64: {"conv1": (weight [out,in,kh,kw], bias [out])}."""
    with safe_open(path, framework="numpy") as file:
        model = model or (file.metadata() or {}).get("model")
        if not model:
            raise ValueError(f"{path} does not name its model: give --model")
        names = [layer[1] for layer in layers_of(model) if layer[0] == "conv"]
        weights = {name: (file.get_tensor(name + ".weight").astype(np.float64),
                          file.get_tensor(name + ".bias").astype(np.float64)) for name in names}
    return model, weights


def side_of(model):
    """Height and width of the model's images in pixels."""
    return next(side for name, side in IMAGE_SIDE.items() if model.startswith(name))


def forward(layers, weights, x):
    """Logits [N,K] of images x [N,C,H,W], both float64 tensors, differentiable."""
    for kind, *detail in layers:
        if kind == "conv":
            name, pad = detail
            weight, bias = (torch.as_tensor(value) for value in weights[name])
            x = F.conv2d(x, weight, bias, padding=pad)
        elif kind == "relu":
            x = F.relu(x)
        elif kind == "max":
            size, stride, pad = detail
            x = F.max_pool2d(F.pad(x, (0, pad, 0, pad), value=-torch.inf), size, stride)
        else:
            size, stride, pad = detail
            inside = F.pad(torch.ones_like(x[:1, :1]), (0, pad, 0, pad))
            total = F.avg_pool2d(F.pad(x, (0, pad, 0, pad)), size, stride, divisor_override=1)
            x = total / F.avg_pool2d(inside, size, stride, divisor_override=1)
    return x.flatten(1)
