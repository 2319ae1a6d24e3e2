"""Compare maxgain.py with the program on the same weights: the last row of a run's metrics.csv against the signals of the
weights at the ends of its last epochs, the nets of scripts/twin in PyTorch.

    train --config lenet_mnist.yaml --set data.train_count=1050 --set gain.positions=5 --set train.epochs=12 --out RUN
    go run ./scripts/twin/export -checkpoint RUN/checkpoints/last.safetensors -data mnist -train 1050 -out IMAGES
    python scripts/pytorch/compare.py --run RUN --images IMAGES --shift 2 --positions 5

Ends with status 1 if a gain differs by more than 0.001 dB or another figure by more than 1e-5 of itself.
"""

import argparse
import csv
import os
import sys
import tempfile

import numpy as np
import torch

from maxgain import MaxGain

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "twin"))
import net as twin  # noqa: E402

NOT_OF_WEIGHTS = {"epoch", "learning_rate", "train_loss", "train_error", "val_loss", "val_error", "test_loss", "test_error",
                  "avg_val_loss", "avg_val_error", "avg_test_loss", "avg_test_error", "prediction_changes", "seconds", "images_per_second"}


class Model(torch.nn.Module):
    """A checkpoint's net with float32 weights; take puts in those of another file."""

    def __init__(self, path):
        super().__init__()
        self.name, weights = twin.load(path)
        self.layers = twin.layers_of(self.name)
        for layer, (weight, bias) in weights.items():
            self.register_parameter(layer + "_weight", torch.nn.Parameter(torch.from_numpy(weight).float()))
            self.register_parameter(layer + "_bias", torch.nn.Parameter(torch.from_numpy(bias).float()))

    def take(self, path):
        _, weights = twin.load(path, self.name)
        with torch.no_grad():
            for layer, (weight, bias) in weights.items():
                getattr(self, layer + "_weight")[:] = torch.from_numpy(weight)
                getattr(self, layer + "_bias")[:] = torch.from_numpy(bias)

    def forward(self, x):
        names = [layer[1] for layer in self.layers if layer[0] == "conv"]
        weights = {name: (getattr(self, name + "_weight"), getattr(self, name + "_bias")) for name in names}
        return twin.forward(self.layers, weights, x)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="folder of the run")
    parser.add_argument("--images", required=True, help="folder that scripts/twin/export -train wrote")
    parser.add_argument("--shift", type=int, required=True, help="pixels by which the data set's images are moved")
    parser.add_argument("--positions", type=int, default=0, help="gain.positions of the run")
    options = parser.parse_args()
    images = torch.from_numpy(np.load(os.path.join(options.images, "images.npy")).transpose(0, 3, 1, 2).copy())
    labels = torch.from_numpy(np.load(os.path.join(options.images, "labels.npy")).astype(np.int64))
    with open(os.path.join(options.run, "metrics.csv"), encoding="utf-8") as file:
        theirs = list(csv.DictReader(file))[-1]
    last = int(theirs["epoch"])
    checkpoints = os.path.join(options.run, "checkpoints")
    model = Model(os.path.join(checkpoints, "last.safetensors"))
    with tempfile.TemporaryDirectory() as folder:
        log = MaxGain(os.path.join(folder, "metrics.csv"), shift=options.shift, positions=options.positions)
        for epoch in range(max(1, last - log.average + 1), last + 1):  # the weights that are averaged, the last ones last
            model.take(os.path.join(checkpoints, f"end-{epoch}.safetensors"))
            mine = log.epoch(model, images, labels, epoch=epoch)
    compared = [name for name in theirs if name not in NOT_OF_WEIGHTS]
    wrong = 0
    for name in compared:
        its, value = float(theirs[name]), mine.get(name, float("nan"))
        allowed = 0.001 if name.endswith("_db") or "_db_c" in name else 1e-5 * abs(its)
        good = value == its or abs(value - its) <= allowed
        wrong += not good
        print(f"{name:26} {value:<22.15g} program {its:<22.15g} difference {value - its:9.2g}{'' if good else '  DIFFERS'}")
    print(f"{len(compared) - wrong} of {len(compared)} agree")
    sys.exit(wrong > 0 or not compared)


if __name__ == "__main__":
    main()
