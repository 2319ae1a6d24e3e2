"""maxgain.py against formulas written out, and what it must leave alone. python -m unittest test_maxgain"""

import csv
import math
import os
import tempfile
import unittest

import numpy as np
import torch
from torch import nn

import maxgain
from maxgain import MaxGain


class Case(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(5)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "metrics.csv")

    def rows(self):
        with open(self.path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def linear(channels=2, height=6, width=5, classes=3):
    """Logits W·x of an image, and W as [K,C,H,W]."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes, bias=False))
    return model, model[1].weight.detach().double().numpy().reshape(classes, channels, height, width)


def dft(d):
    """Amplitudes of the transform of [H,W], written out."""
    h, w = d.shape
    out = np.zeros((h, w))
    for u in range(h):
        for v in range(w):
            out[u, v] = abs(sum(d[r, c] * np.exp(-2j * np.pi * (u * r / h + v * c / w)) for r in range(h) for c in range(w)))
    return out


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


class Signals(Case):
    """A linear model's derivatives are rows of its weights."""

    def setUp(self):
        super().setUp()
        self.model, self.weight = linear()
        self.images, self.labels = torch.randn(7, 2, 6, 5), torch.tensor([0, 1, 2, 0, 1, 2, 0])

    def measure(self, **options):
        return MaxGain(self.path, **options).epoch(self.model, self.images, self.labels)

    def gain_at(self, row, column, value=1.0):
        x = np.zeros((2, 6, 5))
        x[:, row, column] = value
        z = (self.weight * x).sum(axis=(1, 2, 3))
        k, s = z.argmax(), softmax(z)
        d = self.weight[k] - np.tensordot(s, self.weight, 1)
        window = np.outer([0.5 - 0.5 * math.cos(2 * math.pi * i / 5) for i in range(6)],
                          [0.5 - 0.5 * math.cos(2 * math.pi * i / 4) for i in range(5)])
        return [20 * math.log10(dft(channel * window).max()) for channel in d]

    def test_impulse(self):
        for value in (1.0, 3.0):
            os.path.exists(self.path) and os.remove(self.path)
            row, want = self.measure(impulse=value), self.gain_at(3, 2, value)
            self.assertAlmostEqual(row["gain_db_c0"], want[0], places=9)
            self.assertAlmostEqual(row["gain_db_c1"], want[1], places=9)
            self.assertAlmostEqual(row["gain_db"], sum(want) / 2, places=9)

    def test_positions(self):
        # Fractions of 0.5 + i/1.3247… and 0.5 + i/1.7548…: 0.5, 0.2549, 0.0098 and 0.5, 0.0698, 0.6397.
        self.assertEqual(maxgain.spread(6, 5, 3), [(3, 2), (2, 1), (1, 2)])
        row = self.measure(positions=3)
        means = sorted(sum(self.gain_at(*place)) / 2 for place in ((3, 2), (2, 1), (1, 2)))
        self.assertAlmostEqual(row["gain_positions_median_db"], means[1], places=9)
        self.assertAlmostEqual(row["gain_positions_spread_db"], (means[2] - means[0]) / 2, places=9)  # quartiles lie half-way

    def test_population(self):
        row = self.measure(batch=3)
        gains, distances, shares = [], [], []
        for x in self.images.double().numpy():
            z = (self.weight * x).sum(axis=(1, 2, 3))
            first, second = z.argsort()[::-1][:2]
            spectra = [dft(channel) for channel in self.weight[first]]
            gains.append(sum(20 * math.log10(a.max()) for a in spectra) / 2)
            distances.append((z[first] - z[second]) / np.linalg.norm(self.weight[first] - self.weight[second]))
            shares.append(sum(a[0, 0] ** 2 for a in spectra) / sum((a ** 2).sum() for a in spectra))  # ⌊6/8⌋ = ⌊5/8⌋ = 0
        for name, values in (("pop_gain_db", gains), ("boundary_distance", distances), ("low_share", shares)):
            want = sorted(values)[3]
            self.assertAlmostEqual(row[name], want, delta=1e-5 * abs(want), msg=name)

    def test_low_share_of_white_noise_and_of_a_wave(self):
        impulse = torch.zeros(1, 16, 24, dtype=torch.float64)
        impulse[0, 3, 4] = 1
        self.assertAlmostEqual(maxgain.low_share(impulse), 5 * 7 / (16 * 24), places=12)
        column = torch.arange(24, dtype=torch.float64)
        for frequency, want in ((3, 1), (4, 0)):  # ⌊24/8⌋ = 3
            wave = torch.cos(2 * math.pi * frequency * column / 24).expand(1, 16, 24)
            self.assertAlmostEqual(maxgain.low_share(wave), want, places=12)

    def test_shifts(self):
        row = self.measure(shift=2)
        loss, wrong = 0.0, 0
        for x, y in zip(self.images.double().numpy(), self.labels.tolist()):
            padded = np.pad(x, ((0, 0), (2, 2), (2, 2)), mode="edge")
            for top, left in ((0, 2), (4, 2), (2, 0), (2, 4)):
                z = (self.weight * padded[:, top:top + 6, left:left + 5]).sum(axis=(1, 2, 3))
                loss -= math.log(softmax(z)[y]) / 28
                wrong += (z.argmax() != y) / 28
        self.assertAlmostEqual(row["shift_loss"], loss, places=6)
        self.assertAlmostEqual(row["shift_error"], wrong, places=12)

    def test_no_shifts(self):
        self.assertNotIn("shift_loss", self.measure(shift=0))

    def test_sample_is_every_nth_image(self):
        images, labels = torch.randn(250, 2, 6, 5), torch.zeros(250, dtype=torch.long)
        whole = MaxGain(self.path).epoch(self.model, images, labels)
        part = MaxGain(self.path + "2").epoch(self.model, images[0:200:2], labels[0:200:2])
        for name in ("pop_gain_db", "boundary_distance", "low_share", "shift_loss", "shift_error"):
            self.assertAlmostEqual(whole[name], part[name], places=9, msg=name)


class Changes(Case):
    def test_given_predictions(self):
        model, _ = linear()
        images, labels, log = torch.randn(3, 2, 6, 5), torch.zeros(3, dtype=torch.long), MaxGain(self.path)
        self.assertNotIn("prediction_changes", log.epoch(model, images, labels, predictions=[0, 1, 1, 2]))
        self.assertEqual(log.epoch(model, images, labels, predictions=[0, 2, 1, 0])["prediction_changes"], 0.5)
        self.assertEqual(log.epoch(model, images, labels, predictions=np.array([0, 2, 1, 0]))["prediction_changes"], 0)
        with self.assertRaisesRegex(ValueError, "3 predictions this epoch and 4 in the last"):
            log.epoch(model, images, labels, predictions=[0, 1, 2])

    def test_predicted_anew(self):
        model, weight = linear(classes=2)
        images, labels, log = torch.randn(150, 2, 6, 5), torch.zeros(150, dtype=torch.long), MaxGain(self.path)
        log.epoch(model, images, labels)
        with torch.no_grad():
            model[1].weight[1] = 0
        other = weight.copy()
        other[1] = 0
        pixels = images.double().numpy()
        before, after = ((pixels[:, None] * w).sum(axis=(2, 3, 4)).argmax(1) for w in (weight, other))
        self.assertEqual(log.epoch(model, images, labels)["prediction_changes"], (before != after).mean())


class Mixed(Case):
    def test_random_numbers_are_those_of_go(self):
        """rand.New(rand.NewPCG(0x6d69786564, 0)).Float64(), four times."""
        random = maxgain.Random(0x6D69786564)
        self.assertEqual([random.uniform(0, 1) for _ in range(4)],
                         [0.24169674574044919, 0.56599609455306554, 0.75366472487882341, 0.28914928066497803])

    def test_maps_are_inverses(self):
        """Turned about the centre, enlarged, then shifted: the map goes back from there."""
        class Fixed:
            values = iter((10.0, 0.1, 0.05, -0.08))  # degrees; over 1; of the height; of the width

            def uniform(self, low, high):
                value = next(self.values)
                assert low < value < high
                return value

        rr, rc, r0, cr, cc, c0 = maxgain.transform(Fixed(), 20, 30)
        turn, centre = math.radians(10), np.array([9.5, 14.5])
        forward = 1.1 * np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        for place in ((0, 0), (3, 7), (19, 29)):
            there = forward @ (np.array(place) - centre) + np.array([0.05 * 20, -0.08 * 30])  # from the centre
            back = np.array([[rr, rc], [cr, cc]]) @ there + np.array([r0, c0])
            np.testing.assert_allclose(back, place, atol=1e-12)

    def test_interpolation(self):
        image, a = torch.randn(2, 5, 7), (0.9, -0.2, 1.7, 0.25, 1.1, 2.9)
        got = maxgain.transformed(torch.stack([torch.zeros_like(image), image]), [(1, 0, 2, 0, 1, 3), a])[1]
        for channel in range(2):
            for row in range(5):
                for column in range(7):
                    down, right = row - 2, column - 3
                    at = min(max(0.9 * down - 0.2 * right + 1.7, 0), 4), min(max(0.25 * down + 1.1 * right + 2.9, 0), 6)
                    weights = [(abs(1 - abs(at[0] - r)) if abs(at[0] - r) < 1 else 0) * (abs(1 - abs(at[1] - c)) if abs(at[1] - c) < 1 else 0)
                               for r in range(5) for c in range(7)]
                    want = float((image[channel].flatten().double() * torch.tensor(weights, dtype=torch.float64)).sum())
                    self.assertAlmostEqual(got[channel, row, column].item(), want, places=5)

    def test_loss_error_and_changes(self):
        model, weight = linear(height=8, width=9)
        images, labels, log = torch.randn(150, 2, 8, 9), torch.arange(150) % 3, MaxGain(self.path)
        random = maxgain.Random(maxgain.MIXED_SEED)
        index = [i * 150 // 100 for i in range(100)]  # 100 of 150: a quarter would be too few
        seen = np.stack([maxgain.transformed(images[i:i + 1], [maxgain.transform(random, 8, 9)])[0].double().numpy() for i in index for _ in range(2)])
        truth = np.repeat(labels.numpy()[index], 2)

        def expect(weight):
            z = (seen[:, None] * weight).sum(axis=(2, 3, 4))
            return -np.mean([math.log(softmax(row)[y]) for row, y in zip(z, truth)]), z.argmax(1)

        loss, classes = expect(weight)
        row = log.epoch(model, images, labels)
        self.assertAlmostEqual(row["mixed_loss"], loss, places=6)
        self.assertAlmostEqual(row["mixed_error"], (classes != truth).mean(), places=12)
        self.assertNotIn("mixed_changes", row)
        with torch.no_grad():
            model[1].weight[1] = 0
        other = weight.copy()
        other[1] = 0
        self.assertAlmostEqual(log.epoch(model, images, labels)["mixed_changes"], (expect(other)[1] != classes).mean(), places=12)

    def test_left_out(self):
        model, _ = linear()
        row = MaxGain(self.path, mixed=False).epoch(model, torch.randn(3, 2, 6, 5), torch.zeros(3, dtype=torch.long))
        self.assertFalse([name for name in row if "mixed" in name])


class Averages(Case):
    def train(self, model, log, images, labels, epochs):
        """A training in which the weights jump about; the mean of the last ends of epochs is computed here too."""
        ends, rows = [], []
        for _ in range(epochs):
            with torch.no_grad():
                for value in model.parameters():
                    value += 0.3 * torch.randn_like(value)
            model.train()
            model(images)
            ends.append({name: value.detach().clone() for name, value in model.named_parameters()})
            rows.append(log.epoch(model, images, labels))
        return ends, rows

    def test_mean_of_the_last_epochs(self):
        model, _ = linear()
        images, labels, log = torch.randn(20, 2, 6, 5), torch.arange(20) % 3, MaxGain(self.path, average=2)
        log.epoch(model, images, labels, epoch=0)
        self.assertEqual(log.averaged_state_dict(), {})
        ends, rows = self.train(model, log, images, labels, 3)
        mean = (ends[1]["1.weight"] + ends[2]["1.weight"]) / 2
        torch.testing.assert_close(log.averaged_state_dict()["1.weight"], mean, rtol=0, atol=1e-7)
        model[1].weight.data = mean
        want = MaxGain(self.path + "2").epoch(model, images, labels)
        for name in ("mixed_loss", "mixed_error", "gain_db", "gain_db_c0", "gain_db_c1"):
            self.assertAlmostEqual(rows[2]["avg_" + name], want[name], places=6)
        self.assertNotAlmostEqual(rows[2]["avg_gain_db"], rows[2]["gain_db"], places=2)
        self.assertEqual(rows[0]["avg_mixed_loss"], rows[0]["mixed_loss"])  # the mean of one epoch
        self.assertEqual([row["avg_mixed_loss"] == "" for row in self.rows()], [True, False, False, False])  # none before training

    def test_batch_norms_are_measured_anew(self):
        """As torch.optim.swa_utils.update_bn does it."""
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
        images, labels, log = torch.randn(30, 3, 8, 8), torch.arange(30) % 3, MaxGain(self.path, average=3, batch=10)
        ends, rows = self.train(model, log, images, labels, 3)
        with torch.no_grad():
            for name, value in model.named_parameters():
                value[:] = sum(end[name] for end in ends) / 3
        torch.optim.swa_utils.update_bn(images.split(10), model)
        want = MaxGain(self.path + "2").epoch(model, images, labels)
        self.assertAlmostEqual(rows[2]["avg_mixed_loss"], want["mixed_loss"], places=5)
        self.assertEqual(rows[2]["avg_mixed_error"], want["mixed_error"])

    def test_resumed(self):
        images, labels = torch.randn(20, 2, 6, 5), torch.arange(20) % 3
        model, _ = linear()
        log = MaxGain(self.path, average=3)
        self.train(model, log, images, labels, 2)
        other = MaxGain(self.path, average=3, resume=True)
        other.load_state_dict(log.state_dict())
        row = other.epoch(model, images, labels)
        self.assertEqual(log.epoch(model, images, labels), row)
        self.assertEqual((row["mixed_changes"], row["prediction_changes"]), (0, 0))

    def test_none(self):
        model, _ = linear()
        row = MaxGain(self.path, average=0).epoch(model, torch.randn(3, 2, 6, 5), torch.zeros(3, dtype=torch.long))
        self.assertFalse([name for name in row if name.startswith("avg_")])


class Edges(Case):
    def test_saturated_score(self):
        """Score 1 in float64, yet the derivative of its logarithm is 100·exp(−100)."""
        model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
        with torch.no_grad():
            model[1].weight[:] = torch.tensor([[0.0], [100.0]])
        row = MaxGain(self.path).epoch(model, torch.ones(1, 1, 1, 1), torch.tensor([1]))
        self.assertAlmostEqual(row["gain_db"], 20 * math.log10(100 * math.exp(-100)), places=9)

    def test_no_response(self):
        model, _ = linear()
        nn.init.zeros_(model[1].weight)
        row = MaxGain(self.path).epoch(model, torch.randn(4, 2, 6, 5), torch.zeros(4, dtype=torch.long))
        self.assertEqual((row["gain_db"], row["pop_gain_db"]), (-math.inf, -math.inf))
        self.assertTrue(math.isnan(row["boundary_distance"]) and math.isnan(row["low_share"]))
        self.assertEqual((self.rows()[0]["gain_db"], self.rows()[0]["low_share"]), ("-Inf", "NaN"))

    def test_weights_that_are_no_numbers(self):
        model, _ = linear()
        nn.init.constant_(model[1].weight, math.nan)
        row = MaxGain(self.path).epoch(model, torch.randn(4, 2, 6, 5), torch.zeros(4, dtype=torch.long), train_loss=math.nan)
        self.assertTrue(math.isnan(row["gain_db"]))
        self.assertEqual(self.rows()[0]["train_loss"], "NaN")

    def test_quantile(self):
        inf, nan = math.inf, math.nan
        for values, q, want in (([1, 3], 0.5, 2), ([4, 1, 2], 0.5, 2), ([1, 2, 3, 4], 0.25, 1.75), ([nan, 5], 0.5, 5),
                                ([-inf, 1], 0.5, -inf), ([-inf, -inf, 1], 0.5, -inf), ([-inf, 1, 2], 0.5, 1)):
            self.assertEqual(maxgain.quantile(values, q), want, (values, q))
        self.assertTrue(math.isnan(maxgain.quantile([nan], 0.5)))

    def test_windows(self):
        self.assertEqual(maxgain.hann(1).tolist(), [1])
        np.testing.assert_allclose(maxgain.hann(5), [0, 0.5, 1, 0.5, 0], atol=1e-15)

    def test_scale_of_the_derivative(self):
        d = torch.randn(2, 4, 4, dtype=torch.float64)
        for scale in (1e-200, 1e150):
            for got, base in zip(maxgain.gains(d * scale), maxgain.gains(d)):
                self.assertAlmostEqual(got - base, 20 * math.log10(scale), places=6)


class Noisy(nn.Module):
    """Batch norm, dropout, a first layer that works in place, random numbers and a frozen part."""

    def __init__(self, channels=3, classes=4, wrap=lambda z: z):
        super().__init__()
        self.first, self.conv, self.norm = nn.ReLU(inplace=True), nn.Conv2d(channels, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.drop, self.head, self.wrap = nn.Dropout(0.5), nn.Linear(6, classes), wrap

    def forward(self, x):
        x = self.drop(torch.relu(self.norm(self.conv(self.first(x)))))
        torch.rand(3)
        return self.wrap(self.head(x.mean((2, 3))))


class Undisturbed(Case):
    def check(self, model, log, images, labels):
        core = getattr(model, "module", model)
        core.norm.eval()  # frozen by the user
        before = {name: value.clone() for name, value in model.state_dict().items()}
        kept, modes, state = images.clone(), [m.training for m in model.modules()], torch.get_rng_state()
        core.head.weight.grad = torch.ones_like(core.head.weight)
        log.epoch(model, images, labels)
        self.assertEqual(modes, [m.training for m in model.modules()])
        self.assertTrue(core.training and not core.norm.training)
        self.assertTrue(torch.equal(state, torch.get_rng_state()))
        self.assertTrue(torch.equal(kept, images))
        for name, value in model.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]) and value.dtype == before[name].dtype, name)
        self.assertIsNone(core.conv.weight.grad)
        self.assertTrue(torch.equal(core.head.weight.grad, torch.ones_like(core.head.weight)))

    def test_plain_and_wrapped(self):
        images, labels = torch.randn(9, 3, 8, 8), torch.arange(9) % 4
        for model in (Noisy(), nn.DataParallel(Noisy())):
            with self.subTest(type(model).__name__):
                self.check(model, MaxGain(os.path.join(os.path.dirname(self.path), type(model).__name__)), images, labels)

    def test_the_users_context_does_not_matter(self):
        model, images, labels = Noisy(), torch.randn(9, 3, 8, 8), torch.arange(9) % 4
        want = MaxGain(self.path).epoch(model, images, labels)
        contexts = (torch.no_grad(), torch.inference_mode(), torch.autocast("cpu", torch.bfloat16))
        for i, context in enumerate(contexts):
            with context:
                got = MaxGain(f"{self.path}{i}").epoch(model, images.clone(), labels)
            self.assertEqual(got, want)

    def test_monitored_training_goes_the_same_way(self):
        images, labels, weights = torch.randn(12, 3, 8, 8), torch.arange(12) % 4, []
        for watched in (False, True):
            torch.manual_seed(1)
            model, log = Noisy(), MaxGain(f"{self.path}{watched}")
            optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
            for _ in range(3):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(images.clone()), labels)
                loss.backward()
                optimizer.step()
                if watched:
                    log.epoch(model, images, labels, train_loss=loss.item())
            weights.append(model.state_dict())
        for name, value in weights[0].items():
            self.assertTrue(torch.equal(value, weights[1][name]), name)

    def test_evaluation_mode(self):
        """Dropout and the batch's statistics have no part: the figures are those of the model after eval()."""
        model, images, labels = Noisy(), torch.randn(20, 3, 8, 8), torch.arange(20) % 4
        row = MaxGain(self.path, shift=1).epoch(model, images, labels)
        model.eval()
        moved = [nn.functional.pad(images, pad, mode="replicate") for pad in ((0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 0, 0), (0, 1, 0, 0))]
        moved = [moved[0][:, :, :8], moved[1][:, :, 1:], moved[2][..., :8], moved[3][..., 1:]]
        want = sum(nn.functional.cross_entropy(model(x), labels).item() for x in moved) / 4
        self.assertAlmostEqual(row["shift_loss"], want, places=6)


class Models(Case):
    def test_what_a_model_may_return(self):
        images, labels = torch.randn(5, 3, 8, 8), torch.arange(5) % 4
        torch.manual_seed(2)
        want = MaxGain(self.path).epoch(Noisy(), images, labels)

        class Output:
            def __init__(self, z):
                self.logits = z

        for i, wrap in enumerate((lambda z: (z, None), lambda z: {"logits": z}, Output, lambda z: z[:, :, None, None])):
            torch.manual_seed(2)
            self.assertEqual(MaxGain(f"{self.path}{i}").epoch(Noisy(wrap=wrap), images, labels), want)

    def test_channels_classes_and_precision(self):
        for channels, classes, dtype in ((1, 2, torch.float32), (4, 7, torch.float64), (3, 10, torch.bfloat16)):
            with self.subTest(channels=channels):
                model = Noisy(channels, classes).to(dtype)
                row = MaxGain(f"{self.path}{channels}").epoch(model, torch.randn(5, channels, 9, 7), torch.zeros(5, dtype=torch.int32))
                self.assertIn(f"gain_db_c{channels - 1}", row)
                self.assertTrue(all(math.isfinite(row[name]) for name in ("gain_db", "pop_gain_db", "shift_loss")))

    def test_bad_input(self):
        model, images, labels, log = Noisy(), torch.randn(5, 3, 8, 8), torch.arange(5) % 4, MaxGain(self.path)
        one = nn.Sequential(nn.Flatten(), nn.Linear(192, 1))
        for wrong, message in (((model, images[0], labels), r"\[3, 8, 8\], want .* \[N,C,H,W\]"),
                               ((model, images.byte(), labels), "uint8"),
                               ((model, images[:0], labels[:0]), "images"),
                               ((model, images, labels[:4]), r"labels: got torch.int64 \[4\]"),
                               ((model, images, labels - 1), "labels"),
                               ((model, images, labels + 4), "label 7: the model tells 4 classes apart"),
                               ((one, images, labels), "at least 2 classes")):
            with self.assertRaisesRegex(ValueError, message):
                log.epoch(*wrong)
        self.assertEqual(log.rows, [])
        for options in ({"impulse": 0}, {"impulse": math.inf}, {"shift": -1}, {"batch": 0}, {"positions": -1}):
            with self.assertRaises(ValueError):
                MaxGain(self.path, **options)


class Table(Case):
    def setUp(self):
        super().setUp()
        self.model, _ = linear()
        self.data = torch.randn(3, 2, 6, 5), torch.zeros(3, dtype=torch.long)

    def test_rows(self):
        log = MaxGain(self.path)
        log.epoch(self.model, *self.data, epoch=0)
        log.epoch(self.model, *self.data, train_loss=1.25, train_error=0.5, learning_rate=0.1, val_loss=math.inf)
        first, second = self.rows()
        self.assertEqual([first[k] for k in ("epoch", "train_loss", "prediction_changes")], ["0", "", ""])
        self.assertEqual([second[k] for k in ("epoch", "train_loss", "train_error", "learning_rate", "val_loss", "val_error")],
                         ["1", "1.25", "0.5", "0.1", "+Inf", ""])
        self.assertEqual(second["prediction_changes"], "0.0")

    def test_resume(self):
        log = MaxGain(self.path)
        for loss in (3.0, 2.0, 1.0):
            log.epoch(self.model, *self.data, train_loss=loss)
        with self.assertRaisesRegex(FileExistsError, "resume=True"):
            MaxGain(self.path)
        MaxGain(self.path, resume=True).epoch(self.model, *self.data, train_loss=1.5, epoch=3)
        self.assertEqual([(r["epoch"], r["train_loss"]) for r in self.rows()], [("1", "3.0"), ("2", "2.0"), ("3", "1.5")])
        MaxGain(self.path, resume=True).epoch(self.model, *self.data)
        self.assertEqual([r["epoch"] for r in self.rows()], ["1", "2", "3", "4"])

    def test_resume_of_something_else(self):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("a,b\n1,2\n")
        with self.assertRaisesRegex(ValueError, "no table of this program"):
            MaxGain(self.path, resume=True)


if __name__ == "__main__":
    unittest.main()
