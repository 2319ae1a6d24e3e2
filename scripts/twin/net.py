"""An independent twin of the nets: a checkpoint's float32 weights, float64 arithmetic, PyTorch for the forward pass.

Nothing here is shared with the program. Widths are read from the weights; only the order of layers is written down.
"""

import numpy as np
import torch
from safetensors import safe_open
from torch.nn import functional as F

RELU = ("relu",)
CROPPED_MAX, CROPPED_AVERAGE = ("max", 3, 2, 1), ("average", 3, 2, 1)

# Layers: ("conv", name, padding on every side, stride or 1), ("relu",), ("max" or "average", size, stride, padding below and
# to the right), ("norm", name), ("global",) for the average over all pixels, ("dense", name), ("residual", body, shortcut).
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


def normed(number, stride=1):
    return [("conv", f"conv{number}", 1, stride), ("norm", f"bn{number}")]


def vgg_small():
    layers = []
    for number in range(1, 8):
        layers += [*normed(number), RELU]
        if number in (2, 4, 6):
            layers.append(("max", 2, 2, 0))
    return [*layers, ("global",), ("dense", "fc1")]


def resnet20():
    layers, projections = [*normed(1), RELU], 0
    for block in range(9):
        stride, shortcut = 1, []
        if block in (3, 6):  # where the channels double
            projections += 1
            stride = 2
            shortcut = [("conv", f"shortcut{projections}", 0, 2), ("norm", f"shortcut{projections}_bn")]
        layers += [("residual", [*normed(2 * block + 2, stride), RELU, *normed(2 * block + 3)], shortcut), RELU]
    return [*layers, ("global",), ("dense", "fc1")]


NETS = {"lenet-mnist": LENET_MNIST, "lenet-cifar10": LENET_CIFAR10, "nin-cifar10": NIN_CIFAR10,
        "vgg-small": vgg_small(), "resnet20-cifar10": resnet20()}
IMAGE_SIDE = {"lenet-mnist": 28, "lenet-cifar10": 32, "nin-cifar10": 32, "vgg-small": 32, "resnet20-cifar10": 32}


def layers_of(model):
    """The layers of a model by name; variants such as lenet-cifar10-half differ in widths only."""
    for name, layers in NETS.items():
        if model == name or model.startswith(name + "-"):
            return layers
    raise ValueError(f"model {model!r} is none of the nets that this twin knows")


def flat(layers):
    """The layers with those inside residuals."""
    for layer in layers:
        if layer[0] == "residual":
            yield from flat([*layer[1], *layer[2]])
        else:
            yield layer


def load(path, model=None):
    """A checkpoint's model name and what its layers multiply with and add, as float64.

    {"conv1": (weight [out,in,kh,kw], bias [out]), "fc1": (weight [out, in], bias [out]), "bn1": (scale, shift [channels])};
    scale and shift of a norm are those of its running mean and variance.
    """
    with safe_open(path, framework="numpy") as file:
        model = model or (file.metadata() or {}).get("model")
        if not model:
            raise ValueError(f"{path} does not name its model: give --model")
        there, weights = set(file.keys()), {}
        for kind, *detail in flat(layers_of(model)):
            if kind not in ("conv", "dense", "norm"):
                continue
            name = detail[0]
            values = {end: file.get_tensor(f"{name}.{end}").astype(np.float64)
                      for end in ("weight", "bias", "running_mean", "running_var") if f"{name}.{end}" in there}
            if kind == "norm":
                scale = values["weight"] / np.sqrt(values["running_var"] + 1e-5)
                weights[name] = scale, values["bias"] - values["running_mean"] * scale
            else:
                weights[name] = values["weight"], values.get("bias", np.zeros(len(values["weight"])))
    return model, weights


def side_of(model):
    """Height and width of the model's images in pixels."""
    return next(side for name, side in IMAGE_SIDE.items() if model.startswith(name))


def forward(layers, weights, x):
    """Logits [N,K] of images x [N,C,H,W], both float64 tensors, differentiable."""
    return apply(layers, weights, x).flatten(1)


def apply(layers, weights, x):
    """The layers' result [N,C,H,W]."""
    for kind, *detail in layers:
        if kind == "conv":
            name, pad, stride = (*detail, 1)[:3]
            weight, bias = (torch.as_tensor(value) for value in weights[name])
            x = F.conv2d(x, weight, bias, padding=pad, stride=stride)
        elif kind == "dense":
            weight, bias = (torch.as_tensor(value) for value in weights[detail[0]])
            x = F.linear(x.flatten(1), weight, bias)[:, :, None, None]
        elif kind == "norm":
            scale, shift = (torch.as_tensor(value) for value in weights[detail[0]])
            x = x * scale[:, None, None] + shift[:, None, None]
        elif kind == "residual":
            x = apply(detail[0], weights, x) + apply(detail[1], weights, x)
        elif kind == "global":
            x = x.mean((2, 3), keepdim=True)
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
    return x
