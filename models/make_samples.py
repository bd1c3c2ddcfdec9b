#!/usr/bin/env python3
"""Data for the models that are no language models.

    make_samples.py --out FOLDER     writes mlp.npy and cnn.npy

Each row is one sample: its data, then its targets, float32. Everything follows
from the seeds below.

mlp.npy  [4096, 32 + 32]: standard normal vectors and what a fixed random
         perceptron with tanh makes of them
cnn.npy  [2048, 256 + 1]: 16 x 16 pixels of one of eight figures, 8 x 8 pixels
         at a random place, in noise; and the number of the figure
"""
import argparse
import os

import numpy

FIGURES = [
    lambda i, j: i == 3,                        # a line
    lambda i, j: j == 3,                        # a column
    lambda i, j: i == j,                        # diagonals
    lambda i, j: i + j == 7,
    lambda i, j: i == 3 or j == 3,              # crosses
    lambda i, j: i == j or i + j == 7,
    lambda i, j: i in (0, 7) or j in (0, 7),    # a frame
    lambda i, j: 2 <= i <= 5 and 2 <= j <= 5,   # a square
]


def mlp_samples(count=4096):
    random = numpy.random.RandomState(1)
    first = random.normal(0, 1 / numpy.sqrt(32), (32, 64))
    second = random.normal(0, 1 / numpy.sqrt(64), (64, 32))
    x = random.normal(0, 1, (count, 32))
    return numpy.concatenate([x, numpy.tanh(2 * x @ first) @ second], axis=1)


def cnn_samples(count=2048):
    random = numpy.random.RandomState(2)
    figures = numpy.array([[[float(drawn(i, j)) for j in range(8)] for i in range(8)]
                           for drawn in FIGURES])
    rows = random.normal(0, 0.2, (count, 257))
    for row in rows:
        figure, top, left = random.randint(8), random.randint(9), random.randint(9)
        row[:256].reshape(16, 16)[top:top + 8, left:left + 8] += figures[figure]
        row[256] = figure
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, help="folder of the files")
    folder = parser.parse_args().out
    os.makedirs(folder, exist_ok=True)
    for name, rows in (("mlp", mlp_samples()), ("cnn", cnn_samples())):
        numpy.save(os.path.join(folder, name + ".npy"), rows.astype(numpy.float32))


if __name__ == "__main__":
    main()
