"""maxgain_callback.py against scripts/pytorch/maxgain.py on the same weights, and training to the same bits with and without it.

    python test_callback.py write weights.npz       # in an environment with TensorFlow
    python test_callback.py compare weights.npz     # in one with PyTorch
"""

import os
import sys
import tempfile

import numpy as np


def write(path):
    import keras
    from maxgain_callback import MaxGain

    def train(callbacks):
        keras.utils.set_random_seed(3)
        images = np.random.default_rng(1).normal(0, 1, (300, 16, 16, 3)).astype("float32")
        labels = (images.mean((1, 2)) @ [1, -2, 1] > 0).astype("int32") + (images[:, :4].mean((1, 2, 3)) > 0)
        layers = keras.layers
        model = keras.Sequential([
            keras.Input((16, 16, 3)), layers.Conv2D(6, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
            layers.Dropout(0.3), layers.Conv2D(8, 3), layers.ReLU(), layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")])
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, epochs=4, batch_size=50, verbose=0, callbacks=callbacks(images, labels))
        return model, images, labels

    with tempfile.TemporaryDirectory() as folder:
        log = []
        plain, *_ = train(lambda x, y: [])
        model, images, labels = train(lambda x, y: log.append(MaxGain(os.path.join(folder, "m.csv"), x, y)) or log)
    for mine, theirs in zip(model.get_weights(), plain.get_weights()):
        np.testing.assert_array_equal(mine, theirs)
    print("watched and unwatched training end with the same bits")
    weights = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    np.savez(path, images=images, labels=labels, row=np.array([log[0].rows[-1]], dtype=object), epsilon=model.layers[1].epsilon, **weights)


def compare(path):
    import torch
    from torch import nn
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pytorch"))
    from maxgain import MaxGain

    file = np.load(path, allow_pickle=True)
    w = [torch.from_numpy(file[f"w{i}"]) for i in range(10)]
    conv1, norm, conv2, dense = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6, eps=float(file["epsilon"])), nn.Conv2d(6, 8, 3), nn.Linear(8, 3)
    model = nn.Sequential(conv1, norm, nn.ReLU(), nn.MaxPool2d(2), conv2, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), dense)
    with torch.no_grad():
        conv1.weight[:], conv1.bias[:] = w[0].permute(3, 2, 0, 1), w[1]
        norm.weight[:], norm.bias[:] = w[2], w[3]
        norm.running_mean[:], norm.running_var[:] = w[4], w[5]
        conv2.weight[:], conv2.bias[:] = w[6].permute(3, 2, 0, 1), w[7]
        dense.weight[:], dense.bias[:] = w[8].T, w[9]
    images = torch.from_numpy(file["images"]).permute(0, 3, 1, 2).contiguous()
    theirs = file["row"][0]
    with tempfile.TemporaryDirectory() as folder:
        mine = MaxGain(os.path.join(folder, "m.csv"), shift=0).epoch(model, images, torch.from_numpy(file["labels"]).long())
    wrong = 0
    for name, value in mine.items():
        if name not in theirs or name == "epoch" or name.startswith("avg_"):
            continue
        allowed = 0.001 if "_db" in name else 1e-5 * abs(value)
        good = abs(theirs[name] - value) <= allowed
        wrong += not good
        print(f"{name:20} Keras {theirs[name]:<20.12g} PyTorch {value:<20.12g}{'' if good else ' DIFFERS'}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    {"write": write, "compare": compare}[sys.argv[1]](sys.argv[2])
