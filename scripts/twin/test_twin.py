"""The loops of gain.py against PyTorch's autograd, and the rules that autograd does not settle. python -m unittest test_twin"""

import unittest

import numpy as np
import torch

import gain
import net

# Channels in and out of each convolution and its size, per model; narrow, so that the test takes seconds.
WIDTHS = {
    "lenet-mnist": (1, [("conv1", 4, 5), ("conv2", 6, 5), ("conv3", 12, 4), ("conv4", 10, 1)]),
    "lenet-cifar10-half": (3, [("conv1", 5, 5), ("conv2", 4, 5), ("conv3", 6, 5), ("conv4", 7, 4), ("conv5", 10, 1)]),
    "nin-cifar10-narrow": (3, [("conv1", 6, 5), ("cccp1", 5, 1), ("cccp2", 4, 1), ("conv2", 6, 5), ("cccp3", 6, 1),
                               ("cccp4", 6, 1), ("conv3", 5, 3), ("cccp5", 6, 1), ("cccp6", 10, 1)]),
}


def random_weights(model, random):
    channels, layers = WIDTHS[model]
    weights = {}
    for name, out, size in layers:
        sigma = (2 / (channels * size * size)) ** 0.5
        weights[name] = (random.normal(0, sigma, (out, channels, size, size)), random.normal(0, 0.1, out))
        channels = out
    return weights


class AgainstAutograd(unittest.TestCase):
    """Random images have no ties, so that both must give the same derivative."""

    def test_norms_and_residuals(self):
        for model in ("vgg-small", "resnet20-cifar10"):
            with self.subTest(model):
                random, layers = np.random.default_rng(7), net.layers_of(model)
                weights, channels = {}, 3
                for kind, *detail in net.flat(layers):
                    name = detail[0] if detail else ""
                    if kind == "conv":
                        into, size = (3, 1) if name.startswith("shortcut") else (channels if name == "conv1" else 3, 3)
                        weights[name] = random.normal(0, 0.4, (3, into, size, size)), np.zeros(3)
                    elif kind == "norm":
                        weights[name] = 1 + random.normal(0, 0.2, 3), random.normal(0, 0.2, 3)
                    elif kind == "dense":
                        weights[name] = random.normal(0, 0.02, (10, 3)), random.normal(0, 0.1, 10)
                x = random.normal(0, 1, (3, 32, 32))
                d, winner, _ = gain.derivative(layers, weights, x, "inverse-score")
                image = torch.from_numpy(x[None]).requires_grad_()
                logits = net.forward(layers, weights, image)
                mine, _ = gain.run(layers, weights, x)
                np.testing.assert_allclose(mine, logits[0].detach().numpy(), rtol=0, atol=1e-12)
                want = torch.autograd.grad(torch.log_softmax(logits[0], 0)[winner], image)[0][0].numpy()
                np.testing.assert_allclose(d, want, rtol=0, atol=1e-12 * abs(want).max())

    def test_nets(self):
        for model in WIDTHS:
            with self.subTest(model):
                random = np.random.default_rng(7)
                weights, layers = random_weights(model, random), net.layers_of(model)
                x = random.normal(0, 1, (weights["conv1"][0].shape[1], net.side_of(model), net.side_of(model)))
                d, winner, score = gain.derivative(layers, weights, x, "inverse-score")
                one, _, _ = gain.derivative(layers, weights, x, "one")
                image = torch.from_numpy(x[None]).requires_grad_()
                logits = net.forward(layers, weights, image)
                mine, _ = gain.run(layers, weights, x)
                np.testing.assert_allclose(mine, logits[0].detach().numpy(), rtol=0, atol=1e-12)
                self.assertEqual(winner, logits[0].argmax().item())
                for got, function in ((d, torch.log_softmax), (one, torch.softmax)):
                    want = torch.autograd.grad(function(logits[0], 0)[winner], image, retain_graph=True)[0][0].numpy()
                    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * abs(want).max())
                self.assertAlmostEqual(score, torch.softmax(logits[0], 0)[winner].item(), places=13)


class Rules(unittest.TestCase):
    def test_first_maximum_takes_the_derivative(self):
        y, backward = gain.pool(np.ones((1, 4, 4)), "max", 3, 2, 1)
        self.assertEqual(y.tolist(), [[[1, 1], [1, 1]]])
        want = [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]
        self.assertEqual(backward(np.array([[[1.0, 2], [3, 4]]])).tolist(), [want])

    def test_average_divides_by_pixels_inside(self):
        x = np.arange(16.0).reshape(1, 4, 4)
        y, backward = gain.pool(x, "average", 3, 2, 1)
        self.assertEqual(y.tolist(), [[[5, 6.5], [11, 12.5]]])
        self.assertEqual(backward(np.array([[[0.0, 0], [0, 8]]]))[0, 2:, 2:].tolist(), [[2, 2], [2, 2]])

    def test_saturated_score_keeps_its_derivative(self):
        weights = {"only": (np.array([[[[0.0]]], [[[100.0]]]]), np.zeros(2))}
        d, winner, score = gain.derivative([("conv", "only", 0)], weights, np.ones((1, 1, 1)), "inverse-score")
        self.assertEqual((winner, score), (1, 1.0))
        np.testing.assert_allclose(d[0, 0, 0], 100 * np.exp(-100), rtol=1e-12)

    def test_response_is_the_unnormalised_transform(self):
        d = np.random.default_rng(3).normal(0, 1, (7, 6))
        np.testing.assert_allclose(gain.response(d), abs(np.fft.fft2(d)), atol=1e-12)
        self.assertEqual(gain.hann(5).round(15).tolist(), [0, 0.5, 1, 0.5, 0])

    def test_differences_are_found(self):
        mine = {"winner": 1, "gain_db": -10.0, "channels_db": [-10.0]}
        self.assertEqual(list(gain.differences(mine, {"winner": 1, "gain_db": -10.0009, "channels_db": [-10.0]})), [])
        off = {"winner": 2, "gain_db": -10.0011, "channels_db": [None]}
        self.assertEqual([name for name, _, _ in gain.differences(mine, off)], ["winner", "gain_db", "channels_db[0]"])


if __name__ == "__main__":
    unittest.main()
