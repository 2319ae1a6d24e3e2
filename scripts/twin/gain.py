"""Maximum Gain of a checkpoint by its definition: float64, plain loops, a DFT written as a sum.

    python gain.py --checkpoint last.safetensors
    train gain --checkpoint last.safetensors --json | python gain.py --checkpoint last.safetensors --against -
With --against it ends with status 1 if a channel or the mean differs by more than 0.001 dB.
"""

import argparse
import json
import math
import sys

import numpy as np

from net import layers_of, load, side_of

TOLERANCE_DB = 0.001


def taps(x, row, column, height, width, stride):
    """The padded pixels [H',W'] of x under one weight of every window."""
    return x[row:row + (height - 1) * stride + 1:stride, column:column + (width - 1) * stride + 1:stride]


def conv_forward(x, weight, bias, pad, stride=1):
    """y [O,H',W'] of x [C,H,W]. Every pixel sums its products in the same order, so that equal windows give equal bits."""
    out, channels, size, _ = weight.shape
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    height, width = (x.shape[1] - size) // stride + 1, (x.shape[2] - size) // stride + 1
    y = np.zeros((out, height, width)) + bias[:, None, None]
    for row in range(size):
        for column in range(size):
            for channel in range(channels):
                y += weight[:, channel, row, column, None, None] * taps(x[channel], row, column, height, width, stride)
    return y


def conv_backward(dy, weight, pad, shape, stride=1):
    """dx of the given shape [C,H,W]: each output's derivative goes back along the weights it was made with."""
    _, channels, size, _ = weight.shape
    _, height, width = dy.shape
    dx = np.zeros((channels, shape[1] + 2 * pad, shape[2] + 2 * pad))
    for row in range(size):
        for column in range(size):
            for channel in range(channels):
                share = (weight[:, channel, row, column, None, None] * dy).sum(axis=0)
                taps(dx[channel], row, column, height, width, stride)[...] += share
    return dx[:, pad:pad + shape[1], pad:pad + shape[2]]


def windows(shape, size, stride, pad):
    """(i, j, rows, columns) of each pooling window, cropped to the image; pad lies below and to the right."""
    for i in range((shape[1] + pad - size) // stride + 1):
        for j in range((shape[2] + pad - size) // stride + 1):
            top, left = i * stride, j * stride
            yield i, j, slice(top, min(top + size, shape[1])), slice(left, min(left + size, shape[2]))


def pool(x, kind, size, stride, pad):
    """(y, backward): the pooled maps [C,H',W'] and the function that takes their derivative back to x's.

    The derivative of a maximum goes to the first of equals in row-major order; an average divides by the pixels inside.
    """
    places = list(windows(x.shape, size, stride, pad))
    y = np.zeros((x.shape[0], places[-1][0] + 1, places[-1][1] + 1))
    winners = {}
    for i, j, rows, columns in places:
        part = x[:, rows, columns].reshape(len(x), -1)
        winners[i, j] = part.argmax(axis=1)  # numpy's argmax is the first maximum
        y[:, i, j] = part.max(axis=1) if kind == "max" else part.sum(axis=1) / part.shape[1]

    def backward(dy):
        dx = np.zeros(x.shape)
        for i, j, rows, columns in places:
            if kind == "average":
                area = (rows.stop - rows.start) * (columns.stop - columns.start)
                dx[:, rows, columns] += dy[:, i, j, None, None] / area
                continue
            wide = columns.stop - columns.start
            for channel, winner in enumerate(winners[i, j]):
                dx[channel, rows.start + winner // wide, columns.start + winner % wide] += dy[channel, i, j]
        return dx

    return y, backward


def chain(layers, weights, x):
    """(y, pull): the layers' result [C,H,W] and the function that takes its derivative back to x's."""
    steps = []
    for kind, *detail in layers:
        if kind in ("conv", "dense"):
            weight, bias = weights[detail[0]]
            if kind == "dense":
                weight = weight.reshape(len(weight), *x.shape)  # a Flatten before it goes by channel, row, column
            pad, stride = (0, 1) if kind == "dense" else (*detail[1:], 1)[:2]
            steps.append(lambda dy, weight=weight, pad=pad, stride=stride, shape=x.shape:
                         conv_backward(dy, weight, pad, shape, stride))
            x = conv_forward(x, weight, bias, pad, stride)
        elif kind == "norm":
            scale, shift = weights[detail[0]]
            steps.append(lambda dy, scale=scale: dy * scale[:, None, None])
            x = x * scale[:, None, None] + shift[:, None, None]
        elif kind == "residual":
            y, body = chain(detail[0], weights, x)
            skip, shortcut = chain(detail[1], weights, x)
            steps.append(lambda dy, body=body, shortcut=shortcut: body(dy) + shortcut(dy))
            x = y + skip
        elif kind == "relu":
            steps.append(lambda dy, open_=x > 0: dy * open_)
            x = np.maximum(x, 0)
        elif kind == "global":
            x, backward = pool(x, "average", x.shape[1], 1, 0)
            steps.append(backward)
        else:
            x, backward = pool(x, kind, *detail)
            steps.append(backward)

    def pull(d):
        for step in reversed(steps):
            d = step(d)
        return d

    return x, pull


def run(layers, weights, x):
    """(logits [K], pull): pull(e [K]) is Jᵀe [C,H,W], J the derivative of the logits by the image x [C,H,W]."""
    y, pull = chain(layers, weights, x)
    return y.ravel(), lambda e: pull(e.reshape(y.shape))


def derivative(layers, weights, x, projection):
    """(d [C,H,W], winner, score): ∂⟨p, s⟩/∂x for p = 1/s (inverse-score) or 1 (one) at the winner, 0 elsewhere."""
    logits, pull = run(layers, weights, x)
    winner = int(logits.argmax())
    powers = np.exp(logits - logits[winner])
    scores = powers / powers.sum()
    e = -scores
    e[winner] = sum(score for k, score in enumerate(scores) if k != winner)  # 1 − s without cancellation
    d = pull(e)
    return (d if projection == "inverse-score" else d * scores[winner]), winner, float(scores[winner])


def hann(n):
    return np.array([0.5 * (1 - math.cos(2 * math.pi * i / (n - 1))) for i in range(n)])


def response(d):
    """|DFT2| [H,W] of d [H,W]: Σ d(m,n)·exp(−2πi(um/H + vn/W)), unnormalised."""
    height, width = d.shape
    rows = np.array([[np.exp(-2j * np.pi * (u * m % height) / height) for m in range(height)] for u in range(height)])
    columns = np.array([[np.exp(-2j * np.pi * (v * n % width) / width) for n in range(width)] for v in range(width)])
    out = np.zeros((height, width))
    for u in range(height):
        for v in range(width):
            out[u, v] = abs((rows[u][:, None] * columns[v][None, :] * d).sum())
    return out


def decibels(amplitude):
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


def impulse(channels, side, value):
    """[C,H,W]: one pixel of the value at (⌊H/2⌋, ⌊W/2⌋) of every channel."""
    x = np.zeros((channels, side, side))
    x[:, side // 2, side // 2] = value
    return x


def measure(model, weights, x, projection="inverse-score", window="hann"):
    """The Maximum Gain of image x [C,H,W] as a dictionary with the keys of `train gain --json`."""
    d, winner, score = derivative(layers_of(model), weights, x, projection)
    if window == "hann":
        d = d * np.outer(hann(d.shape[1]), hann(d.shape[2]))
    channels = [decibels(response(plane).max()) for plane in d]
    return {"gain_db": sum(channels) / len(channels), "channels_db": channels, "winner": winner, "score": score, "model": model}


def differences(ours, theirs):
    """(name, twin's dB, program's dB) of every figure that differs by more than TOLERANCE_DB, or of a different winner."""
    if ours["winner"] != theirs["winner"]:
        yield "winner", ours["winner"], theirs["winner"]
    names = ["gain_db"] + [f"channels_db[{i}]" for i in range(len(ours["channels_db"]))]
    for name, mine, its in zip(names, [ours["gain_db"], *ours["channels_db"]], [theirs["gain_db"], *theirs["channels_db"]], strict=True):
        its = math.nan if its is None else float(its)  # "-Inf" reads as a number; null is the program's NaN
        if mine != its and not abs(mine - its) <= TOLERANCE_DB:
            yield name, mine, its


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--model", help="if the file does not name it")
    parser.add_argument("--impulse", type=float, default=1)
    parser.add_argument("--window", default="hann", choices=["hann", "none"])
    parser.add_argument("--projection", default="inverse-score", choices=["inverse-score", "one"])
    parser.add_argument("--against", type=argparse.FileType(), help="JSON of `train gain --json`, - for standard input")
    options = parser.parse_args()
    model, weights = load(options.checkpoint, options.model)
    x = impulse(weights["conv1"][0].shape[1], side_of(model), options.impulse)
    result = measure(model, weights, x, options.projection, options.window)
    print(json.dumps(result))
    if options.against:
        theirs = json.load(options.against)
        wrong = list(differences(result, theirs))
        for name, mine, its in wrong:
            print(f"{name}: twin {mine}, program {its}", file=sys.stderr)
        print(f"program: gain_db {theirs['gain_db']}; {'DIFFERS' if wrong else f'within {TOLERANCE_DB} dB'}", file=sys.stderr)
        sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
