#!/usr/bin/env python3
"""Which data comes when: the function of runtime/train/SequenceOrder.h.

Other scripts import draw_position. Run alone it prints the values recorded in
SequenceOrderTest.cpp.
"""
MASK = (1 << 64) - 1


def split_mix_64(z):
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def draw_position(seed, index, count):
    """Position in [0, count) of the sequence with global index `index`."""
    return (split_mix_64((split_mix_64(seed) + index) & MASK) * count) >> 64


if __name__ == "__main__":
    for seed, index, count in ((1, 0, 1000), (1, 1, 1000), (1, 2, 1000),
                               (7, 0, 1 << 40), (MASK, MASK, MASK)):
        print(seed, index, count, draw_position(seed, index, count))
    print(split_mix_64(1234567))
