"""Compare the program's logits with the twin's on the same images and weights.

    go run ./scripts/twin/export --checkpoint F --data-dir DIR --out DIR2     writes images.npy, labels.npy, logits.npy, loss.json
    python forward.py --checkpoint F --images DIR2/images.npy --logits DIR2/logits.npy
images.npy holds preprocessed images [N,H,W,C]; logits.npy [N,K], or the same as a JSON list of lists. Ends with status 1 if
a logit differs by more than 1e-4 of the largest, or a loss by more than 1e-4 of itself.
"""

import argparse
import json
import sys

import numpy as np
import torch

from net import forward, layers_of, load

TOLERANCE = 1e-4


def read(path):
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            return np.array(json.load(file), dtype=np.float64)
    return np.load(path).astype(np.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--model", help="if the file does not name it")
    parser.add_argument("--images", required=True, help=".npy [N,H,W,C]")
    parser.add_argument("--logits", required=True, help=".npy or .json [N,K]")
    parser.add_argument("--labels", help=".npy [N], with --loss")
    parser.add_argument("--loss", type=float, help="the program's mean loss over the images")
    options = parser.parse_args()
    model, weights = load(options.checkpoint, options.model)
    images = torch.from_numpy(np.ascontiguousarray(read(options.images).transpose(0, 3, 1, 2)))
    mine, its = forward(layers_of(model), weights, images), torch.from_numpy(read(options.logits))
    if mine.shape != its.shape:
        sys.exit(f"{options.logits} has shape {list(its.shape)}, the twin's logits have {list(mine.shape)}")
    largest = mine.abs().max().item()
    worst = (mine - its).abs().max().item()
    agree = (mine.argmax(1) == its.argmax(1)).sum().item()
    print(f"{model}: {len(mine)} images, largest logit {largest:.4g}, worst difference {worst:.3g} "
          f"({worst / largest:.2g} of the largest), same class {agree} of {len(mine)}")
    good = worst <= TOLERANCE * largest
    if options.loss is not None:
        labels = torch.from_numpy(read(options.labels)).long()
        loss = torch.nn.functional.cross_entropy(mine, labels).item()
        print(f"mean loss: twin {loss:.8g}, program {options.loss:.8g}")
        good = good and abs(loss - options.loss) <= TOLERANCE * loss
    sys.exit(not good)


if __name__ == "__main__":
    main()
