#!/usr/bin/env python3
"""Read a run's event file with TensorBoard itself and compare it with metrics.csv.

    pip install tensorboard
    scripts/tensorboard-check/check.py RUN [RUN …]

Every field of metrics.csv must be a scalar of the column's name at the step of
its epoch, equal to the field rounded to float32 (TensorBoard keeps no more),
NaN and infinities included; there must be no other scalar and no step twice.
Every spectrum in spectra/ must have a PNG image at its epoch. Exit 1 if not.
"""
import csv
import pathlib
import sys

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def fields(run):
    """{column: {epoch: value}} of metrics.csv; fields that were not measured are left out."""
    columns = {}
    with open(run / "metrics.csv", newline="") as f:
        for row in csv.DictReader(f):
            epoch = int(row.pop("epoch"))
            for name, text in row.items():
                if text:
                    columns.setdefault(name, {})[epoch] = float(text)
    return columns


def same(a, b):
    return a == b or (a != a and b != b)


def check(run):
    """Returns the number of scalars and images that agree, and what does not."""
    faults = []
    events = EventAccumulator(str(run / "tb"), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    want = fields(run)
    tags = set(events.Tags()["scalars"])
    for name in sorted(tags ^ set(want)):
        faults.append(f"{name}: only in {'tb/' if name in tags else 'metrics.csv'}")
    count = 0
    for name in sorted(tags & set(want)):
        points = events.Scalars(name)
        steps = [p.step for p in points]
        if sorted(steps) != sorted(want[name]):
            faults.append(f"{name}: steps {steps}, want {sorted(want[name])}")
            continue
        for p in points:
            with numpy.errstate(over="ignore"):
                rounded = numpy.float32(want[name][p.step])
            if same(numpy.float32(p.value), rounded):
                count += 1
            else:
                faults.append(f"{name}: {p.value!r} at epoch {p.step}, want {rounded!r}")
    images = {}
    for tag in events.Tags()["images"]:
        for image in events.Images(tag):
            images[image.step] = image
            head = image.encoded_image_string[:24]
            size = (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big"))
            if head[:8] != b"\x89PNG\r\n\x1a\n" or size != (image.width, image.height):
                faults.append(f"image {tag} at epoch {image.step}: no PNG of {image.width}×{image.height}")
    saved = sorted(int(p.stem.split("-")[1]) for p in (run / "spectra").glob("epoch-*[0-9]-c0.npy"))
    if sorted(images) != saved:
        faults.append(f"images at epochs {sorted(images)}, spectra at {saved}")
    return count, len(images), faults


def main(runs):
    if not runs:
        print(__doc__, file=sys.stderr)
        return 2
    bad = False
    for run in map(pathlib.Path, runs):
        scalars, images, faults = check(run)
        print(f"{run}: {scalars} scalars equal after rounding to float32, {images} images, {len(faults)} faults")
        for fault in faults:
            print(f"  {fault}")
        bad = bad or bool(faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
