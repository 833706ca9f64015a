"""The convolutional network of the published comparison of schedules, trained as its program does, at a constant rate.

The program, `examples/mnist_comprehensive.cpp`, reads no file: its images come from a formula. Two convolutions with a
border of zeros, each with normalisation over the batch, ReLU, pooling and dropout, take 28×28 to 14×14 and to 7×7, so
that 64·7·7 = 3,136 numbers reach the first linear layer. It looks at the test images at every 50th step only.

Choices: 500 of the program's 10,000 test images; every batch is drawn anew (the program sees no image twice before step
468); the test images are normalised by their own mean and variance, where the program keeps running ones; no biases
before a normalisation, which takes them away again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array

SIDE, CLASSES, BATCH, TEST_IMAGES, RATE, RECORDED_EVERY = 28, 10, 128, 500, 0.01, 50
LINEAR_INPUTS = 64 * (SIDE // 4) ** 2
STATED_ACCURACIES = (92.5, 93.1, 93.7, 92.3, 94.0)
STATED_STEPS = (1850, 1720, 1650, 1920, 1580)
"""At best, in percent, and the step of 90 %: constant rate, cosine, warm-up and cosine, steps, homotopy."""


class Record(NamedTuple):
    """What is noted at a step, counted from 0: which share of the test images is recognised, in percent."""

    step: int
    accuracy: float


Back = Callable[[Array], tuple[Array, ...]]
"""From the derivatives by a layer's results to those by what it was given, its arguments in order."""


def train(steps: int, seed: int = 0) -> list[Record]:
    """Return the records of a run of gradient descent with the constant rate."""
    draw = np.random.default_rng(seed)
    params = []
    for inputs, width in ((9, 32), (9 * 32, 64), (LINEAR_INPUTS, 128), (128, CLASSES)):
        weights, shifts = (draw.uniform(-1, 1, shape) / inputs**0.5 for shape in ((inputs, width), width))
        params += [weights, shifts] if inputs in (LINEAR_INPUTS, 128) else [weights, np.ones(width), np.zeros(width)]
    params = [one.astype(np.float32) for one in params]
    test, records = np.arange(TEST_IMAGES) % CLASSES, []
    seen = images(draw, test)
    for step in range(steps + 1):
        labels = draw.integers(0, CLASSES, BATCH)
        scores, back = network(params, images(draw, labels), draw)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        slopes = back((shares / shares.sum(axis=1, keepdims=True) - np.eye(CLASSES)[labels]).astype(np.float32) / BATCH)
        params = [one - np.float32(RATE) * slope for one, slope in zip(params, slopes, strict=True)]
        if step % RECORDED_EVERY == 0:
            found = np.argmax(network(params, seen)[0], axis=1)
            records.append(Record(step, 100 * float(np.mean(found == test))))
    return records


def images(draw: np.random.Generator, labels: Any) -> Array:
    """Return the mean of uniform noise and of (sin fx · cos fy + 1)/2, x and y from 0 to 2π, f = ½ + label/10."""
    angles = 2 * np.pi * (0.5 + labels[:, None] / 10) * np.linspace(0, 1, SIDE)
    pattern = np.cos(angles)[:, :, None] * np.sin(angles)[:, None, :]
    mean: Array = (draw.uniform(size=pattern.shape) + (pattern + 1) / 2) / 2
    return mean.astype(np.float32)[..., None]


def network(params: list[Array], x: Array, dropout: np.random.Generator | None = None) -> tuple[Array, Back]:
    """Return ten numbers for each image, (N, 28, 28, 1), and the way back. dropout: draws it, else none acts."""
    ways, masks = [], []
    for k, share in ((0, 0.75), (3, 0.5)):
        x, back = block(x, *params[k : k + 3])
        kept = np.float32(1) if dropout is None else (dropout.uniform(size=x.shape) < share) / np.float32(share)
        x = x * kept
        ways.append(back)
        masks.append(kept)
    shape, flat = x.shape, x.reshape(len(x), -1)
    hidden: Array = np.maximum(flat @ params[6] + params[7], 0)

    def network_back(slope: Array) -> tuple[Array, ...]:
        below: Array = slope @ params[8].T * (hidden > 0)
        found = (flat.T @ below, below.sum(axis=0), hidden.T @ slope, slope.sum(axis=0))
        below, *second = ways[1]((below @ params[6].T).reshape(shape) * masks[1])
        _, *first = ways[0](below * masks[0])
        return (*first, *second, *found)

    return hidden @ params[8] + params[9], network_back


def block(x: Array, W: Array, scale: Array, shift: Array) -> tuple[Array, Back]:
    """Return the largest of every 2×2 of max(scale·n + shift, 0), n the normalised convolution, and the way back."""
    number, side, *_ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    places = [np.s_[:, i : i + side, j : j + side] for i in range(3) for j in range(3)]
    neighbours = np.concatenate([padded[place] for place in places], axis=3).reshape(-1, len(W))
    z = neighbours @ W
    deviation = np.sqrt(z.var(axis=0) + np.float32(1e-5))
    normal = (z - z.mean(axis=0)) / deviation
    rectified = np.maximum(scale * normal + shift, 0).reshape(number, side // 2, 2, side // 2, 2, -1)
    largest = rectified.max(axis=(2, 4), keepdims=True)

    def block_back(slope: Array) -> tuple[Array, ...]:
        passed = (slope.reshape(largest.shape) * ((rectified == largest) & (rectified > 0))).reshape(z.shape)
        by_shift, by_scale = passed.sum(axis=0), (passed * normal).sum(axis=0)
        by_z = scale / deviation * (passed - by_shift / len(z) - normal * (by_scale / len(z)))
        back = np.zeros_like(padded)
        for place, part in zip(places, np.split((by_z @ W.T).reshape(*x.shape[:3], -1), 9, axis=3), strict=True):
            back[place] += part
        return back[:, 1:-1, 1:-1], neighbours.T @ by_z, by_scale, by_shift

    return largest.reshape(number, side // 2, side // 2, -1), block_back
