"""The signals of `train diagnose` for a training in Keras 3 on TensorFlow. One file: copy it beside your script.

    model.fit(x, y, epochs=20, callbacks=[MaxGain("metrics.csv", x[:2000], y[:2000])])

The images [N,H,W,C] are training images as the model takes them, not augmented, and the labels [N] whole numbers from 0. Then: train
diagnose metrics.csv. docs/signals.md has the definitions. The model must be Sequential or functional; a softmax at its end is left
out. The measured model is a copy: that which is trained, and the random state, do not change.
"""

import csv
import random

import keras
import numpy as np
import tensorflow as tf


class MaxGain(keras.callbacks.Callback):
    """Writes a row of the table at `path` after each epoch. impulse: the bright pixel, in the units of the model's input; average:
    epochs over whose ends the weights are averaged for avg_…; batch: images that go through the model at once."""

    def __init__(self, path, images, labels, impulse=1.0, average=10, batch=100):
        super().__init__()
        self.images, self.labels = np.asarray(images, np.float32), np.asarray(labels)
        if self.images.ndim != 4 or self.labels.shape != self.images.shape[:1] or self.labels.dtype.kind not in "iu":
            raise ValueError(f"images {self.images.shape} and labels {self.labels.dtype} {self.labels.shape}: want [N,H,W,C] and whole numbers [N]")
        self.path, self.impulse, self.average, self.batch, self.rows, self.ends, self.classes = path, impulse, average, batch, [], [], None

    def on_train_begin(self, logs=None):
        if keras.backend.backend() != "tensorflow" or keras.config.image_data_format() != "channels_last":
            raise ValueError("MaxGain wants Keras on TensorFlow with images [N,H,W,C]; on PyTorch use scripts/pytorch/maxgain.py")
        state = random.getstate()
        self.single, self.double = (logits_of(self.model, dtype) for dtype in ("float32", "float64"))
        random.setstate(state)

    def on_epoch_end(self, epoch, logs=None):
        logs, weights = logs or {}, self.model.get_weights()
        for copy in (self.single, self.double):
            copy.set_weights(weights)
        accuracy = next((logs[name] for name in logs if name.endswith(("accuracy", "acc")) and not name.startswith("val_")), None)
        row = {"epoch": epoch + 1, "learning_rate": float(np.asarray(self.model.optimizer.learning_rate)), "train_loss": logs.get("loss"),
               "train_error": None if accuracy is None else 1 - accuracy, "val_loss": logs.get("val_loss")}
        row |= self.at_impulse() | {"pop_gain_db": self.population()}
        row["mixed_loss"], row["mixed_error"], classes = self.mixed()
        row["mixed_changes"] = None if self.classes is None else np.mean(self.classes != classes)
        self.classes, self.ends = classes, (self.ends + [weights])[-self.average:]
        self.single.set_weights([np.mean(values, 0) for values in zip(*self.ends)])
        self.measure_norms()
        row["avg_mixed_loss"], row["avg_mixed_error"], _ = self.mixed()
        self.rows.append(row)
        with open(self.path, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(row))
            table.writeheader()
            table.writerows(self.rows)

    def parts(self, images):
        return [images[i:i + self.batch] for i in range(0, len(images), self.batch)]

    def measure_norms(self):
        """Measures the running values of the batch norms anew: the mean over batches."""
        norms = [layer for layer in self.single.layers if isinstance(layer, keras.layers.BatchNormalization)]
        for count, part in enumerate(self.parts(self.images[:2000]) if norms else []):
            for norm in norms:
                norm.momentum = count / (count + 1)
            self.single(part, training=True)

    def at_impulse(self):
        _, height, width, _ = self.images.shape
        x = np.zeros((1, *self.images.shape[1:]))
        x[0, height // 2, width // 2] = self.impulse
        db = gains(derivative(self.double, x, of_score=True)[0] * np.outer(np.hanning(height), np.hanning(width))[:, :, None])
        return {"gain_db": sum(db) / len(db)} | {f"gain_db_c{k}": v for k, v in enumerate(db)}

    def population(self):
        sample = self.images[np.arange(min(len(self.images), 100)) * max(len(self.images) // 100, 1)]
        return float(np.median([np.mean(gains(d)) for part in self.parts(sample) for d in derivative(self.single, part)]))

    def mixed(self):
        """Loss, error and predictions on images rotated, scaled and shifted at random, always in the same way."""
        total, height, width, _ = self.images.shape
        count = min(total, max(100, min(500, total // 4)))
        index, u, loss, classes = np.repeat(np.arange(count) * total // count, 2), uniform(0x6D69786564), 0.0, []
        for part in self.parts(index):
            maps = np.array([(np.radians(30 * next(u) - 15), 0.85 + 0.35 * next(u), height * (0.2 * next(u) - 0.1), width * (0.2 * next(u) - 0.1)) for _ in part])
            z = np.reshape(self.single(transformed(self.images[part], *maps.T[:, :, None, None]), training=False), (len(part), -1)).astype(np.float64)
            z -= z.max(1, keepdims=True)
            loss += np.sum(np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), self.labels[part]])
            classes.append(z.argmax(1))
        classes = np.concatenate(classes)
        return loss / len(index), np.mean(classes != self.labels[index]), classes


def logits_of(model, dtype):
    """A copy of a model in a precision, without dropout and without a softmax at its end."""
    def copy(layer):
        config = layer.get_config() | {"dtype": dtype}
        if "rate" in config:
            config["rate"] = 0
        if layer is model.layers[-1] and config.get("activation") == "softmax":
            config["activation"] = "linear"
        if layer is model.layers[-1] and isinstance(layer, keras.layers.Softmax):
            return keras.layers.Identity(dtype=dtype)
        return layer.__class__.from_config(config)
    return keras.models.clone_model(model, clone_function=copy)


def derivative(model, images, of_score=False):
    """The derivatives [N,H,W,C] by the images of z[k], or of log s[k], k the winner."""
    x = tf.convert_to_tensor(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.reshape(model(x, training=False), (len(images), -1))
    score = tf.nn.softmax(tf.cast(z, tf.float64)).numpy()
    n, win = np.arange(len(score)), z.numpy().argmax(1)
    score[n, win] = 0
    seed = -score * of_score
    seed[n, win] = score.sum(1) if of_score else 1  # 1 − s[k] from the other scores: exact where s[k] rounds to 1
    return tape.gradient(z, x, tf.convert_to_tensor(seed, z.dtype)).numpy().astype(np.float64)


def gains(d):
    """Maximum Gain in dB of each channel of a derivative [H,W,C]."""
    with np.errstate(divide="ignore"):
        return [float(v) for v in 20 * np.log10(np.abs(np.fft.fft2(d, axes=(0, 1))).max((0, 1)))]


def uniform(seed):
    """The numbers in [0, 1) of Go's math/rand/v2 for PCG (seed, 0)."""
    state = seed << 64
    while True:
        state = (state * 0x2360ED051FC65DA44385DF649FCCF645 + 0x5851F42D4C957F2D14057B7EF767814F) % (1 << 128)
        top = ((state >> 64) ^ state >> 96) * 0xDA942042E4DD58B5 % (1 << 64)
        yield (top ^ top >> 48) * (state % (1 << 64) | 1) % (1 << 53) / (1 << 53)


def transformed(images, angle, scale, down, right):
    """Images turned about their centre, enlarged, then shifted: bilinear, the edge's pixels repeated beyond the edge."""
    n, (height, width) = np.arange(len(images))[:, None, None], images.shape[1:3]
    r, c = np.arange(height)[:, None] - (height - 1) / 2 - down, np.arange(width) - (width - 1) / 2 - right
    row = np.clip((np.cos(angle) * r - np.sin(angle) * c) / scale + (height - 1) / 2, 0, height - 1)
    column = np.clip((np.sin(angle) * r + np.cos(angle) * c) / scale + (width - 1) / 2, 0, width - 1)
    top, left = row.astype(int), column.astype(int)
    bottom, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    fr, fc = (row - top)[..., None].astype(np.float32), (column - left)[..., None].astype(np.float32)
    upper = images[n, top, left] + fc * (images[n, top, beside] - images[n, top, left])
    lower = images[n, bottom, left] + fc * (images[n, bottom, beside] - images[n, bottom, left])
    return upper + fr * (lower - upper)
