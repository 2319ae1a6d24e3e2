"""The signals of `train diagnose` for a training in Keras 3 on TensorFlow. One file: copy it beside your script.

    model.fit(x, y, epochs=20, callbacks=[MaxGain("metrics.csv", x[:2000], y[:2000])])

The images [N,H,W,C] are training images as the model takes them, not augmented, and the labels [N] whole numbers from 0.
Then: train diagnose metrics.csv. The definitions are those of docs/signals.md. The model must be Sequential or functional; a
softmax at its end is left out. The measured model is a copy: that which is trained, and the random state, do not change.
"""

import csv
import math
import random

import keras
import numpy as np
import tensorflow as tf

SAMPLE = 100  # images of the signals that look at single images


class MaxGain(keras.callbacks.Callback):
    """Measures a classifier after each epoch and writes a row of the table at `path`.

    impulse  value of the bright pixel, in the units of the model's input
    shift    pixels by which an image may be moved and still show what its label says; 0 leaves shift_* out.
             Without it, a sixteenth of the smaller side
    batch    images that go through the model at once
    """

    def __init__(self, path, images, labels, impulse=1.0, shift=None, batch=100):
        super().__init__()
        self.images, self.labels = np.asarray(images), np.asarray(labels)
        if self.images.ndim != 4 or self.labels.shape != self.images.shape[:1] or self.labels.dtype.kind not in "iu":
            raise ValueError(f"images {self.images.shape} and labels {self.labels.dtype} {self.labels.shape}: want [N,H,W,C] and whole numbers [N]")
        index = np.arange(min(len(self.images), SAMPLE)) * max(len(self.images) // SAMPLE, 1)
        self.sample, self.truth = self.images[index].astype(np.float32), self.labels[index]
        self.shift = shift if shift is not None else max(1, min(self.images.shape[1:3]) // 16)
        self.path, self.impulse, self.batch, self.rows, self.previous = path, impulse, batch, [], None

    def on_train_begin(self, logs=None):
        if keras.backend.backend() != "tensorflow" or keras.config.image_data_format() != "channels_last":
            raise ValueError("MaxGain wants Keras on TensorFlow with images [N,H,W,C]; on PyTorch use scripts/pytorch/maxgain.py")
        state = random.getstate(), np.random.get_state()
        self.single, self.double = (logits_of(self.model, dtype) for dtype in ("float32", "float64"))
        random.setstate(state[0])
        np.random.set_state(state[1])

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        for copy in (self.single, self.double):
            copy.set_weights(self.model.get_weights())
        accuracy = next((logs[name] for name in logs if name.endswith(("accuracy", "acc")) and not name.startswith("val_")), None)
        row = {"epoch": epoch + 1, "learning_rate": float(np.asarray(self.model.optimizer.learning_rate)), "train_loss": logs.get("loss"),
               "train_error": None if accuracy is None else 1 - accuracy, "val_loss": logs.get("val_loss")}
        row |= self.at_impulse() | self.at_images() | (self.moved() if self.shift else {})
        classes = np.concatenate([self.single(part, training=False).numpy().argmax(1) for part in self.parts(self.images)])
        row["prediction_changes"] = None if self.previous is None else float((classes != self.previous).mean())
        self.previous = classes
        self.rows.append(row)
        with open(self.path, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(dict.fromkeys(name for row in self.rows for name in row)))
            table.writeheader()
            table.writerows(self.rows)

    def parts(self, images):
        return [images[i:i + self.batch].astype(np.float32) for i in range(0, len(images), self.batch)]

    def at_impulse(self):
        height, width, _ = self.sample.shape[1:]
        x = np.zeros((1, *self.sample.shape[1:]))
        x[0, height // 2, width // 2] = self.impulse
        d = derivatives(self.double, x)[1][0][0]  # of log s[k]
        db = gains(d * np.outer(hann(height), hann(width))[:, :, None])
        return {"gain_db": sum(db) / len(db)} | {f"gain_db_c{k}": v for k, v in enumerate(db)}

    def at_images(self):
        gain, distance, share = [], [], []
        for part in self.parts(self.sample):
            logits, (_, of_logit, of_margin) = derivatives(self.single, part)
            best = np.sort(logits, 1)
            for d, m, g in zip(of_logit, best[:, -1] - best[:, -2], of_margin):
                gain.append(np.mean(gains(d)))
                distance.append(m / np.linalg.norm(g) if g.any() else math.inf if m else math.nan)
                share.append(low_share(d))
        return {"pop_gain_db": float(np.median(gain)), "boundary_distance": float(np.nanmedian(distance)), "low_share": float(np.nanmedian(share))}

    def moved(self):
        s, loss, wrong = self.shift, 0.0, 0
        height, width = self.sample.shape[1:3]
        padded = np.pad(self.sample, ((0, 0), (s, s), (s, s), (0, 0)), mode="edge")
        for top, left in ((0, s), (2 * s, s), (s, 0), (s, 2 * s)):
            images = padded[:, top:top + height, left:left + width]
            z = np.concatenate([self.single(part, training=False).numpy() for part in self.parts(images)]).astype(np.float64)
            top_logit = z.max(1, keepdims=True)
            loss += np.sum(np.log(np.exp(z - top_logit).sum(1)) + top_logit[:, 0] - z[np.arange(len(z)), self.truth])
            wrong += np.sum(z.argmax(1) != self.truth)
        return {"shift_loss": loss / (4 * len(self.truth)), "shift_error": wrong / (4 * len(self.truth))}


def logits_of(model, dtype):
    """A copy of a model in a precision, without a softmax at its end."""
    def copy(layer):
        config = layer.get_config() | {"dtype": dtype}
        if layer is model.layers[-1] and config.get("activation") == "softmax":
            config["activation"] = "linear"
        if layer is model.layers[-1] and isinstance(layer, keras.layers.Softmax):
            return keras.layers.Identity(dtype=dtype)
        return layer.__class__.from_config(config)
    if not isinstance(model, (keras.Sequential, keras.Model)) or not model.built or not hasattr(model, "inputs") or not model.inputs:
        raise ValueError("MaxGain wants a Sequential or functional model that knows the shape of its images")
    return keras.models.clone_model(model, clone_function=copy)


def derivatives(model, images):
    """Logits [N,K], and the derivatives [N,H,W,C] by the images of log s[k], z[k] and the margin of z[k]; k is the winner."""
    x = tf.convert_to_tensor(images)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = tf.reshape(model(x, training=False), (len(images), -1))
    logits = z.numpy().astype(np.float64)
    n, win = np.arange(len(logits)), logits.argmax(1)
    score = np.exp(logits - logits[n, win][:, None])
    score /= score.sum(1, keepdims=True)
    score[n, win] = 0
    log_score, logit = -score, np.zeros_like(score)
    log_score[n, win] = score.sum(1)  # 1 − s[k], from the others: exact where s[k] rounds to 1
    logit[n, win] = 1
    margin, others = logit.copy(), logits.copy()
    others[n, win] = -math.inf
    margin[n, others.argmax(1)] = -1
    seeds = (log_score, logit, margin)
    return logits, [tape.gradient(z, x, tf.convert_to_tensor(seed, z.dtype)).numpy().astype(np.float64) for seed in seeds]


def hann(n):
    return np.ones(1) if n == 1 else 0.5 * (1 - np.cos(2 * np.pi * np.arange(n) / (n - 1)))


def gains(d):
    """Maximum Gain in dB of each channel of a derivative [H,W,C]."""
    with np.errstate(divide="ignore"):
        return [float(v) for v in 20 * np.log10(np.abs(np.fft.fft2(d, axes=(0, 1))).max((0, 1)))]


def low_share(d):
    """Share of the energy at frequencies |u| ≤ ⌊H/8⌋ and |v| ≤ ⌊W/8⌋, all channels together."""
    power = (np.abs(np.fft.fft2(d, axes=(0, 1))) ** 2).sum(2)
    u, v = (np.minimum(np.arange(n), n - np.arange(n)) <= n // 8 for n in power.shape)
    return power[np.ix_(u, v)].sum() / power.sum() if power.any() else math.nan
