"""The nets of the benchmark in PyTorch: three with MatConvNet's layers, pads and learning-rate multipliers, and two with batch norm.

Shapes are PyTorch's, [N,C,H,W]; whether memory is laid out that way or channels-last is the caller's choice.
"""

from dataclasses import dataclass
from typing import Callable

from torch import nn


@dataclass(frozen=True)
class Recipe:
    """A net and what its training step needs: image shape (C,H,W), base rate, weight decay, preset file of `train`.

    build(linear) makes the net; linear says that convolutions whose output is 1×1 are written as nn.Linear, the same
    arithmetic through PyTorch's matrix product instead of its convolution.
    """

    build: Callable[[bool], nn.Module]
    image: tuple[int, int, int]
    rate: float
    decay: float
    preset: str
    has_linear: bool


def prepared(layer, sigma, weight_rate, bias_rate):
    """The layer with weights N(0, sigma²), zero biases and its rate multipliers noted on it."""
    nn.init.normal_(layer.weight, std=sigma)
    nn.init.zeros_(layer.bias)
    layer.rates = (weight_rate, bias_rate)
    return layer


def conv(c_in, c_out, kernel, pad, sigma, weight_rate=1.0, bias_rate=1.0):
    return prepared(nn.Conv2d(c_in, c_out, kernel, padding=pad), sigma, weight_rate, bias_rate)


def dense(linear, c_in, c_out, kernel, sigma, weight_rate=1.0, bias_rate=1.0):
    """A layer over the whole kernel×kernel image, as a convolution or as flatten and nn.Linear."""
    if not linear:
        return [conv(c_in, c_out, kernel, 0, sigma, weight_rate, bias_rate)]
    return [nn.Flatten(), prepared(nn.Linear(c_in * kernel * kernel, c_out), sigma, weight_rate, bias_rate)]


def average_pool(kernel, stride, cropped=False):
    """An average pool that divides by the pixels inside the image.

    cropped: pads 0 1 0 1, which ceil_mode gives on an even side (the last window hangs over the edge).
    """
    return nn.AvgPool2d(kernel, stride, ceil_mode=cropped, count_include_pad=False)


def lenet_mnist(linear):
    return nn.Sequential(
        conv(1, 20, 5, 0, 0.01), nn.MaxPool2d(2),
        conv(20, 50, 5, 0, 0.01), nn.MaxPool2d(2),
        *dense(linear, 50, 500, 4, 0.01), nn.ReLU(inplace=True),
        *dense(linear, 500, 10, 1, 0.01), nn.Flatten(),
    )


def lenet_cifar10(linear):
    return nn.Sequential(
        conv(3, 32, 5, 2, 0.01, 0.1, 2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(inplace=True),
        conv(32, 32, 5, 2, 0.05, 0.1, 2), nn.ReLU(inplace=True), average_pool(3, 2, cropped=True),
        conv(32, 64, 5, 2, 0.05, 0.1, 2), nn.ReLU(inplace=True), average_pool(3, 2, cropped=True),
        *dense(linear, 64, 64, 4, 0.05, 0.1, 2), nn.ReLU(inplace=True),
        *dense(linear, 64, 10, 1, 0.05, 0.01, 0.2), nn.Flatten(),
    )


def nin_cifar10(linear):
    def block(c_in, c_out, kernel):
        sigma = (2 / (kernel * kernel * c_in)) ** 0.5
        return [conv(c_in, c_out, kernel, kernel // 2, sigma, 1, 10), nn.ReLU(inplace=True)]

    if linear:
        raise ValueError("nin-cifar10 has no layer over the whole image that nn.Linear could stand for")
    return nn.Sequential(
        *block(3, 192, 5), *block(192, 160, 1), *block(160, 96, 1), nn.MaxPool2d(3, 2), nn.Dropout(0.5),
        *block(96, 192, 5), *block(192, 192, 1), *block(192, 192, 1), average_pool(3, 2), nn.Dropout(0.5),
        *block(192, 192, 3), *block(192, 192, 1),
        conv(192, 10, 1, 0, 0.1 * (2 / 192) ** 0.5, 0.001, 0.01), average_pool(7, 1), nn.Flatten(),
    )


def normed(c_in, c_out, kernel=3, stride=1):
    """A convolution without bias, as He et al. draw its weights, and its batch norm."""
    layer = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight)
    return [layer, nn.BatchNorm2d(c_out)]


def classifier(channels):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def vgg_small(linear):
    layers, channels = [], 3
    for out in (48, 48, 0, 96, 96, 0, 192, 192, 0, 192):  # 0 is a pool
        layers += [*normed(channels, out), nn.ReLU(inplace=True)] if out else [nn.MaxPool2d(2)]
        channels = out or channels
    return nn.Sequential(*layers, *classifier(channels))


class Residual(nn.Module):
    """Two convolutions around which the input is added, projected where its shape changes."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.body = nn.Sequential(*normed(c_in, c_out, stride=stride), nn.ReLU(inplace=True), *normed(c_out, c_out))
        self.shortcut = nn.Sequential(*normed(c_in, c_out, 1, stride)) if c_in != c_out else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.body(x) + self.shortcut(x))


def resnet20(linear):
    layers, channels = [*normed(3, 16), nn.ReLU(inplace=True)], 16
    for out in (16, 32, 64):
        for _ in range(3):
            layers.append(Residual(channels, out, out // channels))
            channels = out
    return nn.Sequential(*layers, *classifier(channels))


RECIPES = {
    "lenet-mnist": Recipe(lenet_mnist, (1, 28, 28), 0.001, 5e-4, "lenet_mnist.yaml", True),
    "lenet-cifar10": Recipe(lenet_cifar10, (3, 32, 32), 0.05, 1e-4, "lenet_cifar10.yaml", True),
    "vgg-small": Recipe(vgg_small, (3, 32, 32), 0.1, 5e-4, "vgg_small.yaml", False),
    "resnet20-cifar10": Recipe(resnet20, (3, 32, 32), 0.1, 5e-4, "resnet20_cifar10.yaml", False),
    "nin-cifar10": Recipe(nin_cifar10, (3, 32, 32), 0.002, 5e-4, "nin_cifar10.yaml", False),
}


def parameter_groups(net, rate):
    """Groups for torch.optim.SGD: parameters of one rate multiplier together, so that fused updates stay few."""
    groups, tagged = {}, set()
    for layer in net.modules():
        if hasattr(layer, "rates"):
            for multiplier, parameter in zip(layer.rates, (layer.weight, layer.bias)):
                groups.setdefault(multiplier, []).append(parameter)
                tagged.add(parameter)
    others = [parameter for parameter in net.parameters() if parameter not in tagged]
    if others:
        groups.setdefault(1.0, []).extend(others)
    return [{"params": parameters, "lr": rate * multiplier} for multiplier, parameters in groups.items()]
