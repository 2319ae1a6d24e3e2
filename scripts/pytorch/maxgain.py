"""The signals of `train diagnose` for a training in PyTorch. One file, PyTorch only: copy it beside your script.

    log = MaxGain("metrics.csv")
    for epoch in range(epochs):
        ...                                     # train one epoch
        log.epoch(model, images, labels, train_loss=mean_loss, train_error=wrong / seen, learning_rate=rate)

`images` [N,C,H,W] are training images as the model takes them (normalised, not augmented), in the same order at every
epoch, and `labels` [N] their classes. Then: train diagnose metrics.csv

The definitions are those of docs/signals.md. The model is measured in evaluation mode and is left as it was: its modes,
weights, gradients, buffers and the random state do not change.
"""

import contextlib
import csv
import math
import os

import torch
from torch.func import functional_call

SAMPLE = 100  # images of the signals that look at single images
MIXED_LEAST, MIXED_MOST, MIXED_DRAWS, MIXED_SEED = 100, 500, 2, 0x6D69786564  # of the transformed images
NORM_IMAGES = 2000  # images by which the batch norms of averaged weights are measured
PLASTIC, PLASTIC_SQUARED = 1.32471795724474602596, 1.75487766624669276  # p³ = p + 1


class MaxGain:
    """Measures a classifier after each epoch and keeps the table at `path`.

    impulse    value of the bright pixel, in the units of the model's input
    positions  places of the impulse for gain_positions_*; 0 leaves these columns out
    shift      pixels by which an image may be moved and still show what its label says; 0 leaves shift_* out.
               Without it, a sixteenth of the smaller side
    mixed      measure mixed_*, on images rotated, scaled and shifted at random: false if that changes their classes
    average    epochs over whose ends the weights are averaged for avg_*; 0 leaves these columns out
    batch      images that go through the model at once
    resume     go on with the table that is there; see state_dict
    """

    def __init__(self, path, *, impulse=1.0, positions=0, shift=None, mixed=True, average=10, batch=100, resume=False):
        if not impulse > 0 or math.isinf(impulse):
            raise ValueError(f"impulse: got {impulse}, want a number > 0")
        if positions < 0 or batch < 1 or average < 0 or (shift is not None and shift < 0):
            raise ValueError(f"positions {positions}, average {average}, batch {batch}, shift {shift}: want at least 0, 0, 1 and 0")
        self.path, self.impulse, self.positions, self.shift, self.batch = path, impulse, positions, shift, batch
        self.mixed, self.average = mixed, average
        self.rows, self.memory, self.ends = [], {}, []
        if os.path.exists(path):
            if not resume:
                raise FileExistsError(f"{path} exists: give another name, remove it, or resume=True to go on with it")
            with open(path, newline="", encoding="utf-8") as file:
                self.rows = list(csv.DictReader(file))
            if any(not (row.get("epoch") or "").isdigit() for row in self.rows):
                raise ValueError(f"{path} is no table of this program: want a whole number in column epoch of every row")

    def epoch(self, model, images, labels, *, train_loss=None, train_error=None, learning_rate=None, val_loss=None,
              val_error=None, predictions=None, epoch=None):
        """Measures the model after an epoch, adds a row to the table and returns it as a dictionary.

        predictions  class [M] predicted for each training image while it was trained on, in the order of the data set;
                     without them, the model predicts the class of each of `images` anew
        epoch        number of the epoch, counted from 1, 0 for the model before training; without it, the next one.
                     Rows of this and later epochs, left from a run that was interrupted, are replaced
        """
        number = int(epoch) if epoch is not None else max((int(row["epoch"]) for row in self.rows), default=0) + 1
        if number < 0:
            raise ValueError(f"epoch: got {number}, want 0 or more")
        row = {"epoch": number, "learning_rate": learning_rate, "train_loss": train_loss, "train_error": train_error,
               "val_loss": val_loss, "val_error": val_error}
        images, labels = _checked(images, labels)
        with _undisturbed(model) as net:
            row.update(self._signals(net, images, labels, predictions))
            if self.average and number > 0:
                row.update(self._averaged(net, images, labels, number))
        self.rows = [old for old in self.rows if int(old["epoch"]) < number]
        self.rows.append({name: _text(value) for name, value in row.items()})
        self._write()
        return {name: value for name, value in row.items() if value is not None}

    def state_dict(self):
        """What the next epoch needs of those before it, to be saved beside the model for a training that is resumed."""
        return {"memory": dict(self.memory), "ends": list(self.ends)}

    def load_state_dict(self, state):
        """Takes what state_dict returned."""
        self.memory, self.ends = dict(state["memory"]), list(state["ends"])

    def averaged_state_dict(self):
        """The averaged weights [float32] by their names in the model; empty before epoch 1."""
        return _mean([weights for _, weights in self.ends])

    def _signals(self, net, images, labels, predictions):
        shape = tuple(images.shape[1:])
        index = torch.arange(min(len(images), SAMPLE)) * max(len(images) // SAMPLE, 1)
        sample, truth = images[index], labels[index]
        row = self._impulse(net, shape)
        if self.positions:
            gains = [channels_mean(self._gain_at(net, shape, r, c)) for r, c in spread(shape[1], shape[2], self.positions)]
            row["gain_positions_median_db"] = quantile(gains, 0.5)
            row["gain_positions_spread_db"] = quantile(gains, 0.75) - quantile(gains, 0.25)
        row.update(self._population(net, sample))
        pixels = self.shift if self.shift is not None else max(1, min(shape[1:]) // 16)
        if pixels:
            row["shift_loss"], row["shift_error"] = self._shifts(net, sample, truth, pixels)
        if self.mixed:
            row["mixed_loss"], row["mixed_error"], classes = self._mixed(net, images, labels)
            row["mixed_changes"] = self._changes("mixed", classes)
        if predictions is None:
            predictions = torch.cat([net.logits(part).argmax(1) for part in images.split(self.batch)])
        row["prediction_changes"] = self._changes("predictions", torch.as_tensor(predictions).detach().cpu().flatten().clone())
        return row

    def _impulse(self, net, shape):
        channels = self._gain_at(net, shape, shape[1] // 2, shape[2] // 2)
        return {"gain_db": channels_mean(channels)} | {f"gain_db_c{k}": db for k, db in enumerate(channels)}

    def _gain_at(self, net, shape, row, column):
        """Maximum Gain of each channel, in dB, for an impulse at a place; in float64."""
        x = torch.zeros(1, *shape, dtype=torch.float64)
        x[:, :, row, column] = self.impulse
        d = net.derivative(x, "log score")[1][0][0]
        window = torch.outer(hann(shape[1]), hann(shape[2]))
        return gains(d * window)

    def _population(self, net, sample):
        gain, distance, share = [], [], []
        for part in sample.split(self.batch):
            logits, (of_logit, of_margin) = net.derivative(part, "logit", "margin")
            best, others = _best_and_others(logits)
            margins = best - others.amax(1)
            for d, m, g in zip(of_logit, margins, of_margin):
                gain.append(channels_mean(gains(d)))
                share.append(low_share(d))
                distance.append((m / g.square().sum().sqrt()).item())
        return {"pop_gain_db": quantile(gain, 0.5), "boundary_distance": quantile(distance, 0.5),
                "low_share": quantile(share, 0.5)}

    def _shifts(self, net, sample, truth, pixels):
        height, width = sample.shape[2:]
        rows, columns = torch.arange(height), torch.arange(width)
        loss, wrong = 0.0, 0
        for down, right in ((pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)):
            from_row, from_column = (rows - down).clamp(0, height - 1), (columns - right).clamp(0, width - 1)
            moved = sample[:, :, from_row][:, :, :, from_column]
            for x, y in zip(moved.split(self.batch), truth.split(self.batch)):
                more_loss, classes = _evaluate(net, x, y)
                loss, wrong = loss + more_loss, wrong + (classes != y).sum().item()
        return loss / (4 * len(sample)), wrong / (4 * len(sample))

    def _mixed(self, net, images, labels):
        """Loss and error on images rotated, scaled and shifted at random, always in the same way, and the classes predicted."""
        count = min(len(images), max(MIXED_LEAST, min(MIXED_MOST, len(images) // 4)))
        index = [i * len(images) // count for i in range(count) for _ in range(MIXED_DRAWS)]
        random = Random(MIXED_SEED)
        maps = [transform(random, *images.shape[2:]) for _ in index]
        loss, wrong, predicted = 0.0, 0, []
        for at in range(0, len(index), self.batch):
            part = slice(at, at + self.batch)
            x = transformed(images[index[part]], maps[part])
            y = labels[index[part]]
            more_loss, classes = _evaluate(net, x, y)
            loss, wrong = loss + more_loss, wrong + (classes != y).sum().item()
            predicted.append(classes)
        return loss / len(index), wrong / len(index), torch.cat(predicted)

    def _averaged(self, net, images, labels, number):
        """Signals of the mean of the weights at the ends of the last epochs."""
        weights = {name: value.detach().float().cpu().clone() for name, value in net.model.named_parameters()}
        self.ends = ([end for end in self.ends if end[0] < number] + [(number, weights)])[-self.average:]
        with net.holding(self.averaged_state_dict(), images[:NORM_IMAGES].split(self.batch)):
            row = self._impulse(net, tuple(images.shape[1:]))
            if self.mixed:
                row["mixed_loss"], row["mixed_error"], _ = self._mixed(net, images, labels)
        return {f"avg_{name}": value for name, value in row.items()}

    def _changes(self, name, now):
        """Share of the predictions that differ from those of the epoch before; None if there is none."""
        before, self.memory[name] = self.memory.get(name), now
        if before is None:
            return None
        if len(before) != len(now):
            raise ValueError(f"{len(now)} predictions this epoch and {len(before)} in the last: want the same images")
        return (now != before).double().mean().item()

    def _write(self):
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        temporary = f"{self.path}.tmp"
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, names, restval="", lineterminator="\n")
            table.writeheader()
            table.writerows(self.rows)
        os.replace(temporary, self.path)


class _Net:
    """A model's function of its input with copies of its weights and buffers, so that nothing of the model can change."""

    def __init__(self, model):
        self.model, self.kept, self.instead = model, {}, {}
        first = next(model.parameters(), None)
        self.device = first.device if first is not None else torch.device("cpu")

    def _state(self, dtype):
        """Weights and buffers in a precision, and where they are: float64 does not exist on Apple's GPUs."""
        if dtype not in self.kept:
            device = torch.device("cpu") if dtype == torch.float64 and self.device.type == "mps" else self.device
            state = {}
            for name, value in (*self.model.named_parameters(), *self.model.named_buffers()):
                copy = self.instead.get(name, value).detach().clone()
                state[name] = copy.to(device, dtype) if copy.is_floating_point() else copy.to(device)
            self.kept[dtype] = state, device
        return self.kept[dtype]

    @contextlib.contextmanager
    def holding(self, weights, batches):
        """Another set of weights in place of the model's, the running values of whose batch norms are measured on batches."""
        kept, self.kept, self.instead = self.kept, {}, dict(weights)
        norms = [m for m in self.model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm) and m.running_mean is not None]
        momenta = [m.momentum for m in norms]
        try:
            if norms:
                state, _ = self._state(torch.float32)
                for name, value in state.items():
                    if name.endswith("num_batches_tracked"):
                        value.zero_()
                for norm in norms:
                    norm.training, norm.momentum = True, None  # the mean over all batches
                for batch in batches:
                    self.logits(batch)
                self.instead.update({name: value for name, value in state.items() if name not in weights})
            for norm in norms:
                norm.training = False
            yield
        finally:
            for norm, momentum in zip(norms, momenta):
                norm.momentum, norm.training = momentum, False
            self.kept, self.instead = kept, {}

    def _run(self, x):
        state, device = self._state(x.dtype)
        x = x.to(device).detach().clone().requires_grad_()
        out = functional_call(self.model, state, (x.clone(),))  # a copy: a first layer may work in place
        if isinstance(out, dict):
            out = out.get("logits")
        out = getattr(out, "logits", out)
        out = out[0] if isinstance(out, (tuple, list)) else out
        if not torch.is_tensor(out) or len(out) != len(x) or out[0].numel() < 2:
            found = list(out.shape) if torch.is_tensor(out) else type(out).__name__
            raise ValueError(f"the model returns {found} for {len(x)} images: want logits [N,K] of at least 2 classes")
        return x, out.flatten(1)

    def logits(self, x):
        """Logits [N,K] of images in float32, on the CPU in float64."""
        with torch.no_grad():
            return self._run(x)[1].cpu().double()

    def derivative(self, x, *projections):
        """Logits [N,K], and for each projection its derivative [N,C,H,W] by the input; on the CPU in float64."""
        with torch.enable_grad():
            x, z = self._run(x)
            logits = z.detach().cpu().double()
            seeds = [_seed(logits, p).to(z) for p in projections]
            found = [torch.autograd.grad(z, x, seed, retain_graph=seed is not seeds[-1], materialize_grads=True)[0] for seed in seeds]
        return logits, [d.cpu().double() for d in found]


def _evaluate(net, images, labels):
    """Sum of −log softmax at the labels, and the class predicted for each image."""
    logits = net.logits(images)
    if int(labels.max()) >= logits.shape[1]:
        raise ValueError(f"label {int(labels.max())}: the model tells {logits.shape[1]} classes apart, counted from 0")
    return -torch.log_softmax(logits, 1).gather(1, labels[:, None]).sum().item(), logits.argmax(1)


def _mean(sets):
    """The mean of sets of weights, in float64 from the first to the last."""
    if not sets:
        return {}
    return {name: (sum(weights[name].double() for weights in sets) / len(sets)).float() for name in sets[0]}


class Random:
    """The numbers of Go's math/rand/v2: PCG-DXSM with 128 bits of state, seeded by (seed, 0)."""

    def __init__(self, seed):
        self.state = seed << 64

    def uniform(self, low, high):
        """A number from low to high, of 53 random bits."""
        self.state = (self.state * 0x2360ED051FC65DA44385DF649FCCF645 + 0x5851F42D4C957F2D14057B7EF767814F) % (1 << 128)
        top, low_word = self.state >> 64, self.state % (1 << 64)
        top = (top ^ top >> 32) * 0xDA942042E4DD58B5 % (1 << 64)
        top = (top ^ top >> 48) * (low_word | 1) % (1 << 64)
        return low + (high - low) * (top % (1 << 53) / (1 << 53))


def transform(random, height, width):
    """A random rotation by up to 15°, scale from 0.85 to 1.2 and shift by up to a tenth of the sides: the map from a row and column
    of the transformed image, counted from its centre, to a place in the original, as (rr, rc, r0, cr, cc, c0)."""
    angle, scale = math.radians(random.uniform(-15, 15)), 1 + random.uniform(0.85 - 1, 1.2 - 1)
    down, right = random.uniform(-0.1, 0.1) * height, random.uniform(-0.1, 0.1) * width
    rr, rc, cr, cc = math.cos(angle) / scale, -math.sin(angle) / scale, math.sin(angle) / scale, math.cos(angle) / scale
    return rr, rc, (height - 1) / 2 - rr * down - rc * right, cr, cc, (width - 1) / 2 - cr * down - cc * right


def transformed(images, maps):
    """Images [N,C,H,W], each as its map transforms it: bilinear, the edge's pixels repeated beyond the edge."""
    rr, rc, r0, cr, cc, c0 = (v[:, None, None] for v in torch.tensor(maps, dtype=torch.float64).T)
    height, width = images.shape[2:]
    down = (torch.arange(height, dtype=torch.float64) - (height - 1) / 2)[:, None]
    right = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    row = (rr * down + rc * right + r0).clamp(0, height - 1)
    column = (cr * down + cc * right + c0).clamp(0, width - 1)
    top, left = row.long(), column.long()
    bottom, beside = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    fr, fc = (row - top).float()[..., None], (column - left).float()[..., None]
    n = torch.arange(len(images))[:, None, None]
    upper = images[n, :, top, left] + fc * (images[n, :, top, beside] - images[n, :, top, left])
    lower = images[n, :, bottom, left] + fc * (images[n, :, bottom, beside] - images[n, :, bottom, left])
    return (upper + fr * (lower - upper)).permute(0, 3, 1, 2)


def _seed(logits, projection):
    """Derivative [N,K] of a projection by the logits; k is the winner, the first largest logit, s the softmax."""
    n = torch.arange(len(logits))
    win = logits.argmax(1)
    seed = torch.zeros_like(logits)
    if projection == "log score":  # of log s[k], with 1 − s[k] summed from the others: exact where s[k] rounds to 1
        seed = -torch.softmax(logits, 1)
        seed[n, win] = 0
        seed[n, win] = -seed.sum(1)
        return seed
    seed[n, win] = 1  # of z[k]
    if projection == "margin":  # of z[k] minus the next largest logit
        seed[n, _best_and_others(logits)[1].argmax(1)] = -1
    return seed


def _best_and_others(logits):
    """The largest logit [N], and the logits [N,K] with −∞ in its place."""
    win = logits.argmax(1, keepdim=True)
    return logits.gather(1, win)[:, 0], logits.scatter(1, win, -math.inf)


def hann(n):
    """Symmetric Hann window, 0 at both ends."""
    if n == 1:
        return torch.ones(1, dtype=torch.float64)
    return 0.5 * (1 - torch.cos(2 * math.pi * torch.arange(n, dtype=torch.float64) / (n - 1)))


def gains(d):
    """Maximum Gain in dB of each channel of a derivative [C,H,W]: 20·log10 of the largest amplitude of its DFT."""
    largest = d.abs().max().item()
    if largest == 0 or not math.isfinite(largest):
        return [-math.inf if largest == 0 else math.nan] * len(d)
    amplitude = torch.fft.fft2(d / largest).abs().flatten(1).amax(1)  # scaled, so that no square vanishes
    return [20 * (math.log10(a) + math.log10(largest)) if a > 0 else -math.inf for a in amplitude.tolist()]


def channels_mean(db):
    """Mean over the channels, in dB."""
    return sum(db) / len(db)


def low_share(d):
    """Share of the energy of [C,H,W], all channels together, at frequencies |u| ≤ ⌊H/8⌋ and |v| ≤ ⌊W/8⌋."""
    _, height, width = d.shape
    largest = d.abs().max().item()
    if not 0 < largest < math.inf:
        return math.nan
    power = torch.fft.fft2(d / largest).abs().square().sum(0)
    u, v = torch.arange(height), torch.arange(width)
    low = (torch.minimum(u, height - u) <= height // 8)[:, None] & (torch.minimum(v, width - v) <= width // 8)
    return (power[low].sum() / power.sum()).item()


def spread(height, width, n):
    """n places (row, column) in the middle half of an image, the first one its centre."""
    def part(i, root):
        return 0.25 + math.modf(0.5 + i / root)[0] / 2
    return [(int(height * part(i, PLASTIC)), int(width * part(i, PLASTIC_SQUARED))) for i in range(n)]


def quantile(values, q):
    """Quantile between order statistics, linear; NaN is left out, and beside ±∞ the result is ±∞."""
    kept = sorted(v for v in values if not math.isnan(v))
    if not kept:
        return math.nan
    at = q * (len(kept) - 1)
    low = int(at)
    high = min(low + 1, len(kept) - 1)
    if at == low or kept[low] == kept[high]:
        return kept[low]
    if math.isinf(kept[low]) or math.isinf(kept[high]):
        return kept[low] + kept[high]
    return kept[low] + (at - low) * (kept[high] - kept[low])


@contextlib.contextmanager
def _undisturbed(model):
    """Evaluation mode without autocast, TF32 or another random state, all of it put back at the end."""
    for wrapper in ("_orig_mod", "module"):  # of torch.compile, and of the parallel wrappers
        inner = getattr(model, wrapper, None)
        model = inner if isinstance(inner, torch.nn.Module) else model
    net = _Net(model)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    gpu = net.device.type if net.device.type not in ("cpu", "meta") else None
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng(None if gpu else [], device_type=gpu or "cuda"))
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.autocast(net.device.type, enabled=False))
            stack.enter_context(torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled, allow_tf32=False))
            precision = torch.get_float32_matmul_precision()
            stack.callback(torch.set_float32_matmul_precision, precision)
            torch.set_float32_matmul_precision("highest")
            yield net
    finally:
        for module, training in modes:
            module.training = training


def _checked(images, labels):
    """Images as float32 and labels as whole numbers, or what is wrong with them."""
    images, labels = torch.as_tensor(images).detach(), torch.as_tensor(labels).detach().cpu()
    if images.dim() != 4 or 0 in images.shape or not images.is_floating_point():
        raise ValueError(f"images: got {images.dtype} {list(images.shape)}, want floating-point numbers [N,C,H,W], as the model takes them")
    if labels.shape != images.shape[:1] or labels.is_floating_point() or labels.is_complex() or labels.min() < 0:
        raise ValueError(f"labels: got {labels.dtype} {list(labels.shape)}, want the class, from 0, of each of the {len(images)} images")
    return images.float(), labels.long()


def _text(value):
    """A number as the table has it; what was not measured is empty."""
    if value is None:
        return ""
    number = float(value)
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    if math.isnan(number):
        return "NaN"
    return str(value) if isinstance(value, int) else repr(number)
